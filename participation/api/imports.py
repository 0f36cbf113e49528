"""Proposals and supports of a project and neighbourhoods of a town from a file: upload, say which column is what, see
row by row what becomes of it, take in, take back."""

from datetime import datetime
from typing import Annotated, Any, Literal

import shapely
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from geo.intake.apart import MAX_BYTES
from participation.api import shapes
from participation.api.asking import REPEATABLE, desk_of, desk_project_called, doing_once, knowing, someone
from participation.api.drafts import digest_of
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told
from participation.models import Import, ImportedRow, Organisation, Project
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.imports import area_imports_of, import_of, imports_of, rows_of
from participation.services.importing.desk import (
    WAYS,
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
AREA_IMPORTS = "/desk/areas/imports"
AREA_IMPORT = AREA_IMPORTS + "/{int:import_id}"
# The rows that there can be, by what becomes of them; all where none is named.
Fate = Literal["new", "changed", "same", "refused", ""]
Name = Annotated[shapes.Words, Field(max_length=200)]


class ImportShape(Schema):
    """A file; “kind” is proposals, supports or areas (neighbourhoods). “needs” is what is still to be said of it,
    “names” its columns, “counts” what becomes of its rows (new, changed, same, refused).
    """

    id: int
    kind: str
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
    """Which column of the file holds what; empty for none.

    Of proposals: “key” is that by which a row is known again, “object” names one of the inventory. Of supports: “key”
    is the number or the key of the proposal, “person” says who, and is not kept.
    """

    title: Name = ""
    body: Name = ""
    theme: Name = ""
    date: Name = ""
    object: Name = ""
    key: Name = ""
    person: Name = ""


class AreaColumnsOf(Schema):
    """Which column of a file of neighbourhoods holds what; empty for none. One is known again by “code”, or by name."""

    name: Name = ""
    code: Name = ""
    population: Name = ""


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
        "kind": row.kind,
        "state": row.state,
        "file_name": row.file_name,
        "needs": str(report.get("needs", "")),
        "layers": [str(each) for each in report.get("layers", [])],
        "crs": row.crs,
        "names": [str(each) for each in report.get("names", [])],
        "columns": {
            name: str(row.columns[name]) for name in WAYS[Import.Kind(row.kind)].columns if name in row.columns
        },
        "counts": row.counts,
        "uploaded_at": row.uploaded_at.isoformat(),
        "done_at": row.done_at and row.done_at.isoformat(),
        "undone_at": row.undone_at and row.undone_at.isoformat(),
    }


def _row_told(row: ImportedRow) -> Told:
    return {
        "line": row.line,
        "key": row.key,
        "act": row.act,
        "number": row.number,
        "before": _held(row.before),
        "after": _held(row.after),
        "code": row.code,
        "why": why_refused(row) if row.code else "",
        "left": row.left,
    }


def _held(fields: dict[str, Any]) -> Told:
    """What a row changes; an outline as GeoJSON."""
    outline = fields.get("outline")
    return fields | ({"outline": shapely.geometry.mapping(shapely.from_wkb(outline))} if outline else {})


def _import(request: HttpRequest, slug: str, key: int) -> Import:
    return _there(import_of(desk_project_called(request, slug, DeskAct.LAYERS), key))


def _area_import(request: HttpRequest, key: int) -> Import:
    return _there(area_imports_of(desk_of(request, DeskAct.LAYERS)).filter(pk=key).first())


def _there(found: Import | None) -> Import:
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return found


# --- what is done with a file, of a project or of a town -------------------------------------------------------------


def _listed(rows: QuerySet[Import], limit: int, cursor: str | None) -> Told:
    found, behind = page(rows, ("-id",), cursor=cursor, limit=limit)
    return {"items": [_told(each) for each in found], "next": behind}


def _uploaded(request: HttpRequest, of: Project | Organisation, kind: str, file: UploadedFile) -> Status[Told]:
    if (file.size or 0) > MAX_BYTES:
        raise Refused(Code.ANSWER_FILE_TOO_LARGE, {"max": MAX_BYTES // 1024**2})

    def act() -> Told:
        name = str(file.name or "")
        made = upload_import(of=of, kind=kind, file=file, file_name=name, by=someone(request), now=database_now())
        return _told(made)

    return Status(201, doing_once(request, f"{kind} {digest_of(file)}", act))


def _read_otherwise(request: HttpRequest, found: Import, asked: Reading) -> Told:
    chosen = asked.model_dump(exclude={"layer"})
    read_import(found, file_layer=asked.layer, **chosen, by=someone(request))
    return _told(found)


def _planned(request: HttpRequest, found: Import, asked: ColumnsOf | AreaColumnsOf) -> Told:
    plan_import(draft=found, columns=asked.model_dump(), by=someone(request), now=database_now())
    found.refresh_from_db()
    return _told(found)


def _rows(found: Import, act: str, limit: int, cursor: str | None) -> Told:
    rows, behind = page(rows_of(found, *([act] if act else [])), ("line", "id"), cursor=cursor, limit=limit)
    return {"items": [_row_told(each) for each in rows], "next": behind}


def _carried_out(request: HttpRequest, found: Import) -> Told:
    def act() -> Told:
        return _told(carry_out_import(draft=found, by=someone(request), now=database_now()))

    return doing_once(request, "", act)


def _undone(request: HttpRequest, found: Import) -> Told:
    def act() -> Told:
        return _told(undo_import(done=found, by=someone(request), now=database_now()))

    return doing_once(request, "", act)


# --- of a project -----------------------------------------------------------------------------------------------------


@router.get(IMPORTS, response=ImportPage, auth=knowing(Scope.READ), url_name="api_imports")
def list_imports(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the files of proposals and supports that were uploaded, the latest first."""
    return _listed(imports_of(desk_project_called(request, slug, DeskAct.LAYERS)), limit, cursor)


@router.post(
    IMPORTS, response={201: ImportShape}, auth=knowing(Scope.SET_UP), openapi_extra=REPEATABLE, url_name="api_imports"
)
def upload(
    request: HttpRequest,
    slug: str,
    file: File[UploadedFile],
    kind: Form[Literal["proposals", "supports"]] = "proposals",
) -> Status[Told]:
    """Upload a file of proposals, or of who supports which proposal (CSV, XLSX, GeoPackage, Shapefile in a zip,
    GeoJSON, FlatGeobuf, GeoParquet, KML); nothing is taken in yet.
    """
    return _uploaded(request, desk_project_called(request, slug, DeskAct.LAYERS), kind, file)


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
    return _read_otherwise(request, _import(request, slug, import_id), asked)


@router.put(f"{IMPORT}/columns", response=ImportShape, auth=knowing(Scope.SET_UP), url_name="api_import_columns")
def say_columns(request: HttpRequest, slug: str, import_id: shapes.Number, asked: ColumnsOf) -> Told:
    """Say which column holds what: the dry run. What becomes of each row stands in “rows”; nothing is taken in yet."""
    return _planned(request, _import(request, slug, import_id), asked)


@router.get(f"{IMPORT}/rows", response=RowPage, auth=knowing(Scope.READ), url_name="api_import_rows")
def list_rows(
    request: HttpRequest,
    slug: str,
    import_id: shapes.Number,
    act: Fate = "",
    limit: Limit = A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """List what becomes of each row, or became of it."""
    return _rows(_import(request, slug, import_id), act, limit, cursor)


@router.post(
    f"{IMPORT}/carry-out",
    response=ImportShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_import_carry_out",
)
def carry_out(request: HttpRequest, slug: str, import_id: shapes.Number) -> Told:
    """Take the file in, just as the dry run showed it; refused where something changed since."""
    return _carried_out(request, _import(request, slug, import_id))


@router.post(
    f"{IMPORT}/undo",
    response=ImportShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_import_undo",
)
def undo(request: HttpRequest, slug: str, import_id: shapes.Number) -> Told:
    """Take back what a file brought, as far as nobody built on it since."""
    return _undone(request, _import(request, slug, import_id))


# --- neighbourhoods of a town -----------------------------------------------------------------------------------------


@router.get(AREA_IMPORTS, response=ImportPage, auth=knowing(Scope.READ), url_name="api_area_imports")
def list_area_imports(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the files of neighbourhoods that were uploaded, the latest first."""
    return _listed(area_imports_of(desk_of(request, DeskAct.LAYERS)), limit, cursor)


@router.post(
    AREA_IMPORTS,
    response={201: ImportShape},
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_area_imports",
)
def upload_areas(request: HttpRequest, file: File[UploadedFile]) -> Status[Told]:
    """Upload a file of neighbourhoods (GeoPackage, Shapefile in a zip, GeoJSON, FlatGeobuf, GeoParquet, KML); nothing
    is taken in yet.
    """
    return _uploaded(request, desk_of(request, DeskAct.LAYERS), Import.Kind.AREAS, file)


@router.get(AREA_IMPORT, response=ImportShape, auth=knowing(Scope.READ), url_name="api_area_import")
def one_area_import(request: HttpRequest, import_id: shapes.Number) -> Told:
    """Read what a file of neighbourhoods is, what is still to be said of it, and what becomes of its rows."""
    return _told(_area_import(request, import_id))


@router.delete(AREA_IMPORT, response={204: None}, auth=knowing(Scope.SET_UP), url_name="api_area_import")
def throw_areas_away(request: HttpRequest, import_id: shapes.Number) -> Status[None]:
    """Throw a file of neighbourhoods away that was not taken in."""
    delete_import(draft=_area_import(request, import_id), by=someone(request))
    return Status(204, None)


@router.put(
    f"{AREA_IMPORT}/reading", response=ImportShape, auth=knowing(Scope.SET_UP), url_name="api_area_import_reading"
)
def read_areas_otherwise(request: HttpRequest, import_id: shapes.Number, asked: Reading) -> Told:
    """Read a file of neighbourhoods anew: another layer of it, another plane."""
    return _read_otherwise(request, _area_import(request, import_id), asked)


@router.put(
    f"{AREA_IMPORT}/columns", response=ImportShape, auth=knowing(Scope.SET_UP), url_name="api_area_import_columns"
)
def say_area_columns(request: HttpRequest, import_id: shapes.Number, asked: AreaColumnsOf) -> Told:
    """Say which column holds what of a neighbourhood: the dry run; nothing is taken in yet."""
    return _planned(request, _area_import(request, import_id), asked)


@router.get(f"{AREA_IMPORT}/rows", response=RowPage, auth=knowing(Scope.READ), url_name="api_area_import_rows")
def list_area_rows(
    request: HttpRequest, import_id: shapes.Number, act: Fate = "", limit: Limit = A_PAGE, cursor: Cursor = None
) -> Told:
    """List what becomes of each neighbourhood, or became of it; outlines as GeoJSON."""
    return _rows(_area_import(request, import_id), act, limit, cursor)


@router.post(
    f"{AREA_IMPORT}/carry-out",
    response=ImportShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_area_import_carry_out",
)
def carry_areas_out(request: HttpRequest, import_id: shapes.Number) -> Told:
    """Take the neighbourhoods in, just as the dry run showed them; all proposals are told anew where they lie."""
    return _carried_out(request, _area_import(request, import_id))


@router.post(
    f"{AREA_IMPORT}/undo",
    response=ImportShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_area_import_undo",
)
def undo_areas(request: HttpRequest, import_id: shapes.Number) -> Told:
    """Take back the neighbourhoods that a file brought, as far as nobody built on them since."""
    return _undone(request, _area_import(request, import_id))
