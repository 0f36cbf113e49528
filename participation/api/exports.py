"""Files of layers, made in the background: asked for, watched, taken along."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language
from ninja import Field, Router, Schema, Status

from geo.catalog import Asker, UnknownLayer, layer
from geo.export import TYPES
from geo.ogc import parameters
from geo.plane.crs import ALL
from geo.problems import LayerNotFound
from participation.api import shapes
from participation.api.asking import REPEATABLE, doing_once, knowing, someone
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told, absolute
from participation.models import Export
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.selectors.exports import all_exports_of, export_of, is_lost
from participation.services.exports import ask_export, cancel_export
from participation.web.asking import town_of
from participation.web.exports import CHOOSING, handed_out

router = Router(tags=["files"])
Words = Annotated[shapes.Words, Field(max_length=2000)]


class NewExport(Schema):
    """Which layer (“/layers”), in which format and plane; “chosen” are the filters of the live layer, by name."""

    layer: Annotated[shapes.Words, Field(max_length=200)]
    format: Literal["geojson", "geojsonseq", "gpkg", "fgb", "parquet", "shp", "kml", "csv", "xlsx", "tif"]
    crs: Annotated[shapes.Words, Field(max_length=100)] = "EPSG:4326"
    chosen: Annotated[dict[str, Words], Field(max_length=50)] = {}


class ExportShape(Schema):
    """How far a file is; “file” leads to it when it is ready. “lost”: nobody is at it any more, ask again."""

    id: int
    layer: str
    format: str
    crs: str
    state: str
    lost: bool
    n_rows: int
    percent: int
    n_bytes: int
    why: str
    expires_at: datetime
    file: str | None


class ExportPage(Schema):
    """A page of files; “next” is the cursor of the page behind it."""

    items: list[ExportShape]
    next: str | None


def _told(request: HttpRequest, row: Export) -> Told:
    now = database_now()
    ready = row.state == Export.State.DONE and row.expires_at > now
    return {
        "id": row.pk,
        "layer": row.layer,
        "format": row.format,
        "crs": row.crs,
        "state": row.state,
        "lost": is_lost(row, now=now),
        "n_rows": row.n_rows,
        "percent": row.percent,
        "n_bytes": row.n_bytes,
        "why": row.why,
        "expires_at": row.expires_at.isoformat(),
        "file": absolute(request, "api_export_file", row.pk) if ready else None,
    }


def _mine(request: HttpRequest, key: int) -> Export:
    found = export_of(someone(request), town_of(request), key)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return found


@router.get("/exports", response=ExportPage, auth=knowing(Scope.READ), url_name="api_exports")
def list_exports(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the files that you asked for, the latest first."""
    rows = all_exports_of(someone(request), town_of(request))
    found, behind = page(rows, ("-id",), cursor=cursor, limit=limit)
    return {"items": [_told(request, each) for each in found], "next": behind}


@router.post(
    "/exports",
    response={202: ExportShape},
    auth=knowing(Scope.READ),
    openapi_extra=REPEATABLE,
    url_name="api_exports",
)
def start_export(request: HttpRequest, asked: NewExport) -> Status[Told]:
    """Have a file made of a layer that you may see; it is there for a day, for you alone."""
    town, person = town_of(request), someone(request)

    def act() -> Told:
        try:
            shown = layer(Asker(town.slug, person), asked.layer)
        except UnknownLayer as error:
            raise LayerNotFound(layer=asked.layer) from error
        columns = [column.name for column in getattr(shown, "columns", ())]
        if not asked.chosen.keys() <= {*CHOOSING, *columns}:
            raise Refused(Code.REQUEST_BAD)
        made = ask_export(
            organisation=town,
            person=person,
            shown=shown,
            format_name=asked.format,
            crs=parameters.crs(asked.crs, among=ALL),
            asked={name: value for name, value in asked.chosen.items() if value},
            language=get_language() or "nl",
            now=database_now(),
        )
        return _told(request, made)

    return Status(202, doing_once(request, asked.model_dump_json(), act))


@router.get("/exports/{int:export}", response=ExportShape, auth=knowing(Scope.READ), url_name="api_export")
def one_export(request: HttpRequest, export: shapes.Number) -> Told:
    """Read how far a file is."""
    return _told(request, _mine(request, export))


@router.delete("/exports/{int:export}", response={204: None}, auth=knowing(Scope.READ), url_name="api_export")
def stop_export(request: HttpRequest, export: shapes.Number) -> Status[None]:
    """Stop making a file, or delete it; doing it again changes nothing."""
    cancel_export(export=_mine(request, export))
    return Status(204, None)


FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted({*TYPES.values()})},
        },
        503: {"description": "Too many files are handed out just now; come again after Retry-After"},
    }
}


@router.get(
    "/exports/{int:export}/file",
    auth=knowing(Scope.READ),
    openapi_extra=FILE,
    url_name="api_export_file",
)
def take_export(request: HttpRequest, export: shapes.Number) -> HttpResponseBase:
    """Take the file along, when it is ready."""
    found = _mine(request, export)
    if found.expires_at <= database_now():
        raise Refused(Code.EXPORT_EXPIRED)
    try:
        return handed_out(request, found)
    except UnknownLayer as error:
        raise Refused(Code.REQUEST_NOT_FOUND) from error
