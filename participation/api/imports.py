"""Proposals from a file: upload, say which column is what, see row by row what becomes of it, take in, take back."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, File, Router, Schema, Status
from ninja.files import UploadedFile

from geo.intake.apart import MAX_BYTES
from participation.api import shapes
from participation.api.asking import REPEATABLE, desk_project_called, doing_once, knowing, someone
from participation.api.drafts import digest_of
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told
from participation.models import Import, ImportedRow
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.imports import import_of, imports_of, rows_of
from participation.services.importing.desk import (
    carry_out_import,
    delete_import,
    plan_import,
    read_import,
    undo_import,
    upload_import,
)
from participation.web.imports import why_refused

router = Router(tags=["imports"])
IMPORTS = "/desk/projects/{slug:slug}/imports"
IMPORT = IMPORTS + "/{int:import_id}"
Name = Annotated[shapes.Words, Field(max_length=200)]


class ImportShape(Schema):
    """A file of proposals: “needs” is what is still to be said of it, “names” its columns, “counts” what becomes of
    its rows (new, changed, same, refused).
    """

    id: int
    state: str
    file_name: str
    needs: str
    layers: list[str]
    crs: str
    names: list[str]
    columns: dict[str, str]
    counts: dict[str, Any]
    uploaded_at: datetime
    done_at: datetime | None
    undone_at: datetime | None


class ImportPage(Schema):
    """A page of files; “next” is the cursor of the page behind it."""

    items: list[ImportShape]
    next: str | None


class Reading(Schema):
    """How to read a file that does not say it itself: which layer, which plane, which columns hold its places."""

    layer: Name = ""
    crs: Annotated[shapes.Words, Field(max_length=20)] = ""
    lon: Name = ""
    lat: Name = ""


class ColumnsOf(Schema):
    """Which column of the file holds what; empty for none. “key” is that by which a row is known again."""

    title: Name = ""
    body: Name = ""
    theme: Name = ""
    date: Name = ""
    key: Name = ""


class RowShape(Schema):
    """What becomes of one row, or became of it; “code” and “why” of one that is refused."""

    line: int
    key: str
    act: str
    number: int | None
    before: dict[str, Any]
    after: dict[str, Any]
    code: str
    why: str
    left: str


class RowPage(Schema):
    """A page of rows in the order of the file; “next” is the cursor of the page behind it."""

    items: list[RowShape]
    next: str | None


def _told(row: Import) -> Told:
    report = row.report
    return {
        "id": row.pk,
        "state": row.state,
        "file_name": row.file_name,
        "needs": str(report.get("needs", "")),
        "layers": [str(each) for each in report.get("layers", [])],
        "crs": row.crs,
        "names": [str(each) for each in report.get("names", [])],
        "columns": {name: str(column) for name, column in row.columns.items() if name in ColumnsOf.model_fields},
        "counts": row.counts,
        "uploaded_at": row.uploaded_at.isoformat(),
        "done_at": row.done_at and row.done_at.isoformat(),
        "undone_at": row.undone_at and row.undone_at.isoformat(),
    }


def _import(request: HttpRequest, slug: str, key: int) -> Import:
    found = import_of(desk_project_called(request, slug, DeskAct.LAYERS), key)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return found


@router.get(IMPORTS, response=ImportPage, auth=knowing(Scope.READ), url_name="api_imports")
def list_imports(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the files of proposals that were uploaded, the latest first."""
    rows = imports_of(desk_project_called(request, slug, DeskAct.LAYERS)).filter(kind=Import.Kind.PROPOSALS)
    found, behind = page(rows, ("-id",), cursor=cursor, limit=limit)
    return {"items": [_told(each) for each in found], "next": behind}


@router.post(
    IMPORTS, response={201: ImportShape}, auth=knowing(Scope.SET_UP), openapi_extra=REPEATABLE, url_name="api_imports"
)
def upload(request: HttpRequest, slug: str, file: File[UploadedFile]) -> Status[Told]:
    """Upload a file of proposals (CSV, XLSX, GeoPackage, Shapefile in a zip, GeoJSON, FlatGeobuf, GeoParquet, KML);
    nothing is taken in yet.
    """
    project = desk_project_called(request, slug, DeskAct.LAYERS)
    if (file.size or 0) > MAX_BYTES:
        raise Refused(Code.ANSWER_FILE_TOO_LARGE, {"max": MAX_BYTES // 1024**2})

    def act() -> Told:
        made = upload_import(
            of=project, file=file, file_name=str(file.name or ""), by=someone(request), now=database_now()
        )
        return _told(made)

    return Status(201, doing_once(request, digest_of(file), act))


@router.get(IMPORT, response=ImportShape, auth=knowing(Scope.READ), url_name="api_import")
def one_import(request: HttpRequest, slug: str, import_id: shapes.Number) -> Told:
    """Read what a file is, what is still to be said of it, and what becomes of its rows."""
    return _told(_import(request, slug, import_id))


@router.delete(IMPORT, response={204: None}, auth=knowing(Scope.SET_UP), url_name="api_import")
def throw_away(request: HttpRequest, slug: str, import_id: shapes.Number) -> Status[None]:
    """Throw a file away that was not taken in."""
    delete_import(draft=_import(request, slug, import_id), by=someone(request))
    return Status(204, None)


@router.put(f"{IMPORT}/reading", response=ImportShape, auth=knowing(Scope.SET_UP), url_name="api_import_reading")
def read_otherwise(request: HttpRequest, slug: str, import_id: shapes.Number, asked: Reading) -> Told:
    """Read the file anew: another layer of it, another plane, places by other columns."""
    found = _import(request, slug, import_id)
    chosen = asked.model_dump(exclude={"layer"})
    read_import(found, file_layer=asked.layer, **chosen, by=someone(request))
    return _told(found)


@router.put(f"{IMPORT}/columns", response=ImportShape, auth=knowing(Scope.SET_UP), url_name="api_import_columns")
def say_columns(request: HttpRequest, slug: str, import_id: shapes.Number, asked: ColumnsOf) -> Told:
    """Say which column holds what: the dry run. What becomes of each row stands in “rows”; nothing is taken in yet."""
    found = _import(request, slug, import_id)
    plan_import(draft=found, columns=asked.model_dump(), by=someone(request), now=database_now())
    found.refresh_from_db()
    return _told(found)


@router.get(f"{IMPORT}/rows", response=RowPage, auth=knowing(Scope.READ), url_name="api_import_rows")
def list_rows(
    request: HttpRequest,
    slug: str,
    import_id: shapes.Number,
    act: Literal["new", "changed", "same", "refused", ""] = "",
    limit: Limit = A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """List what becomes of each row, or became of it."""
    rows = rows_of(_import(request, slug, import_id), *([act] if act else []))
    found, behind = page(rows, ("line", "id"), cursor=cursor, limit=limit)
    return {"items": [_row_told(each) for each in found], "next": behind}


def _row_told(row: ImportedRow) -> Told:
    return {
        "line": row.line,
        "key": row.key,
        "act": row.act,
        "number": row.number,
        "before": row.before,
        "after": row.after,
        "code": row.code,
        "why": why_refused(row) if row.code else "",
        "left": row.left,
    }


@router.post(
    f"{IMPORT}/carry-out",
    response=ImportShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_import_carry_out",
)
def carry_out(request: HttpRequest, slug: str, import_id: shapes.Number) -> Told:
    """Take the file in, just as the dry run showed it; refused where something changed since."""
    found = _import(request, slug, import_id)

    def act() -> Told:
        return _told(carry_out_import(draft=found, by=someone(request), now=database_now()))

    return doing_once(request, "", act)


@router.post(
    f"{IMPORT}/undo",
    response=ImportShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_import_undo",
)
def undo(request: HttpRequest, slug: str, import_id: shapes.Number) -> Told:
    """Take back what a file brought, as far as nobody built on it since."""
    found = _import(request, slug, import_id)

    def act() -> Told:
        return _told(undo_import(done=found, by=someone(request), now=database_now()))

    return doing_once(request, "", act)
