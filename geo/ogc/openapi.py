"""The OpenAPI description of the live layers: only what is really there, layer by layer; knows no request."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from geo.catalog import FeatureSource, Layer
from geo.columns import Column
from geo.ogc.documents import GEOJSON, HTML, JSON, JSON_TYPES, SCHEMA, Address
from geo.ogc.parameters import DEFAULT_LIMIT, MAX_LIMIT
from geo.ogc.tilesets import MATRIX, MVT
from geo.plane.crs import CRS84, SERVED
from geo.plane.tiles import MAX_ZOOM

PROBLEM = "application/problem+json"
# What of a page of features can be asked of a tile too.
_OF_A_TILE = ("datetime", "filter", "filter-lang", "filter-crs")


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    # OpenAPI 3.0 wants no empty list of what is required.
    return {"type": "object"} | ({"required": required} if required else {}) | {"properties": properties}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


_TEXT: dict[str, Any] = {"type": "string"}
_LINKS = _list(_ref("link"))
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
SCHEMAS: dict[str, Any] = {
    "link": _object(["href", "rel"], href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT, templated={"type": "boolean"}),
    "landingPage": _object(["links"], title=_TEXT, description=_TEXT, links=_LINKS),
    "confClasses": _object(["conformsTo"], conformsTo=_list(_TEXT), links=_LINKS),
    "extent": _object(
        [],
        spatial=_object([], bbox=_list(_list({"type": "number"})), crs=_TEXT),
        temporal=_object([], interval=_list(_list(_TEXT | {"nullable": True})), trs=_TEXT),
    ),
    "collection": _object(
        ["id", "links"],
        id=_TEXT,
        title=_TEXT,
        description=_TEXT,
        itemType=_TEXT,
        links=_LINKS,
        extent=_ref("extent"),
        crs=_list(_TEXT),
        storageCrs=_TEXT,
    ),
    "collections": _object(
        ["links", "collections"], links=_LINKS, collections=_list(_ref("collection")), crs=_list(_TEXT)
    ),
    "geometry": _object(["type", "coordinates"], type=_TEXT, coordinates={"type": "array", "items": {}})
    | {"nullable": True},
    "problem": _object(
        ["title", "status", "code", "detail"], type=_TEXT, title=_TEXT, status=_COUNT, code=_TEXT, detail=_TEXT
    ),
    "queryables": {"type": "object"},
    "tileMatrixSets": _object(["tileMatrixSets"], tileMatrixSets=_list({"type": "object"})),
    "tileMatrixSet": _object(
        ["id", "crs", "tileMatrices"], id=_TEXT, crs=_TEXT, tileMatrices=_list({"type": "object"})
    ),
    "tileSets": _object(["tilesets"], links=_LINKS, tilesets=_list({"type": "object"})),
    # As OGC API Tiles says it, or as TileJSON.
    "tileSet": {"type": "object"},
    "tile": {"type": "string", "format": "binary"},
}


def _feature(columns: Iterable[Column]) -> dict[str, Any]:
    """What one feature of a layer is: any column may be empty."""
    properties = {
        column.name: JSON_TYPES[column.kind] | {"title": str(column.title), "nullable": True} for column in columns
    }
    return _object(
        ["type", "geometry", "properties"],
        type={"type": "string", "enum": ["Feature"]},
        id={"type": "integer"},
        geometry=_ref("geometry"),
        properties={"type": "object", "properties": properties},
        links=_LINKS,
    )


def _page_of(feature: dict[str, Any]) -> dict[str, Any]:
    return _object(
        ["type", "features"],
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=_list(feature),
        links=_LINKS,
        timeStamp=_TEXT | {"format": "date-time"},
        numberMatched=_COUNT,
        numberReturned=_COUNT,
    )


def _query(name: str, schema: dict[str, Any], words: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": words} | more


def _said(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _get(
    words: str, machine: str, schema: dict[str, Any], parameters: list[dict[str, Any]], operation: str, tag: str
) -> dict[str, Any]:
    content = {machine: {"schema": schema}, HTML: {"schema": _TEXT}}
    answers = {"200": {"description": words, "content": content}}
    answers |= {
        status: {"$ref": "#/components/responses/problem"} for status in ("400", "401", "403", "404", "406", "503")
    }
    return {
        "get": {
            "summary": words,
            "operationId": operation,
            "tags": [tag],
            "parameters": parameters,
            "responses": answers,
        }
    }


def _may_stay(operation: dict[str, Any]) -> dict[str, Any]:
    """An answer that whoever holds it need not be sent again."""
    get = operation["get"]
    get["parameters"] = [
        *get["parameters"],
        {"name": "If-None-Match", "in": "header", "required": False, "schema": _TEXT},
    ]
    get["responses"] |= {"304": {"description": _("What you hold is still right")}}
    return operation


def _for_programs(operation: dict[str, Any]) -> dict[str, Any]:
    """An answer that is no page for people."""
    del operation["get"]["responses"]["200"]["content"][HTML]
    return operation


def _tiles(layer: FeatureSource, at: str, equal: list[dict[str, Any]]) -> dict[str, Any]:
    """The tiles of a layer of pins: their sets, what one holds, and a tile."""
    name, matrix = str(layer.title), f"{at}/tiles/{MATRIX}"
    told = _query("f", _said("json", "tilejson"), _("The form of the answer"))
    place = [
        {"name": name, "in": "path", "required": True, "schema": _COUNT | more}
        for name, more in (("tileMatrix", {"maximum": MAX_ZOOM}), ("tileRow", {}), ("tileCol", {}))
    ]
    asked = [each for each in _page_parameters(layer.columns) if each["name"] in _OF_A_TILE]
    if not layer.time:
        asked = [each for each in asked if each["name"] != "datetime"]
    tile = _may_stay(_get(name, MVT, _ref("tile"), [*place, *asked, *equal], f"tile.{layer.id}", layer.id))
    tile["get"]["responses"]["204"] = {"description": _("Nothing lies in this tile")}
    return {
        at: _for_programs(operation)
        for at, operation in (
            (f"{at}/tiles", _get(name, JSON, _ref("tileSets"), [], f"tileSets.{layer.id}", layer.id)),
            (matrix, _get(name, JSON, _ref("tileSet"), [told], f"tileSet.{layer.id}", layer.id)),
            (f"{matrix}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", tile),
        )
    }


def _page_parameters(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """What can be asked of a page of features."""
    names = [column.name for column in columns]
    four = _list({"type": "number"}) | {"minItems": 4, "maxItems": 6}
    planes = _planes()
    flat = {"style": "form", "explode": False}
    few = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    sorts = _list(_said(*names, *(f"-{name}" for name in names)))
    parameters = [
        _query("bbox", four, _("Only what touches this box"), **flat),
        _query("bbox-crs", planes, _("The coordinate system of the box")),
        _query("limit", few, _("How many features a page holds"), **flat),
        _query("after", _TEXT, _("Only features behind this one: taken from the link to the next page")),
        _query("datetime", _TEXT, _("Only features of this day or time; those without a time match any"), **flat),
        _query("filter", _TEXT, _("A filter in CQL2 text; see the queryables of the layer")),
        _query("filter-lang", _said("cql2-text") | {"default": "cql2-text"}, _("The language of the filter")),
        _query("filter-crs", planes, _("The coordinate system of places in the filter")),
        _query("crs", planes, _("The coordinate system of the answer")),
    ]
    if names:
        parameters += [
            _query("sortby", sorts, _("The columns to sort by, with a minus from high to low"), **flat),
            _query("properties", _list(_said(*names)), _("Only these columns"), **flat),
        ]
    return parameters


def _planes() -> dict[str, Any]:
    return _said(*(crs.uri for crs in SERVED)) | {"format": "uri", "default": CRS84.uri}


def api(address: Address, town: str, layers: Iterable[Layer]) -> dict[str, Any]:
    """The description (OpenAPI 3.0)."""
    form = _query("f", _said("json", "html"), _("The form of the answer"))
    crs = _query("crs", _planes(), _("The coordinate system of the answer"))
    number = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/": _get(_("The door"), JSON, _ref("landingPage"), [form], "landing", "capabilities"),
        "/conformance": _get(_("Standards kept"), JSON, _ref("confClasses"), [form], "conformance", "capabilities"),
        "/collections": _get(_("The layers"), JSON, _ref("collections"), [form], "collections", "capabilities"),
        "/tileMatrixSets": _for_programs(
            _get(_("How the world is cut"), JSON, _ref("tileMatrixSets"), [], "tileMatrixSets", "tiles")
        ),
        f"/tileMatrixSets/{MATRIX}": _for_programs(
            _get(_("How the world is cut"), JSON, _ref("tileMatrixSet"), [], "tileMatrixSet", "tiles")
        ),
    }
    for layer in layers:
        at, name, feature = f"/collections/{layer.id}", str(layer.title), _feature(layer.columns)
        asked = _page_parameters(layer.columns)
        taken = {parameter["name"] for parameter in asked} | {"f"}
        equal = [
            _query(column.name, JSON_TYPES[column.kind], str(column.title))
            for column in layer.columns
            if column.name not in taken
        ]
        paths[at] = _get(name, JSON, _ref("collection"), [form], f"describe.{layer.id}", layer.id)
        paths[f"{at}/queryables"] = _get(
            _("What can be asked"), SCHEMA, _ref("queryables"), [form], f"queryables.{layer.id}", layer.id
        )
        page = _get(name, GEOJSON, _page_of(feature), [*asked, form, *equal], f"features.{layer.id}", layer.id)
        paths[f"{at}/items"] = _may_stay(page)
        paths[f"{at}/items/{{featureId}}"] = _get(
            name, GEOJSON, feature, [number, crs, form], f"feature.{layer.id}", layer.id
        )
        if isinstance(layer, FeatureSource) and layer.has_pins:
            paths |= _tiles(layer, at, equal)
    refused = {
        "description": _("Refused, with a code and a sentence"),
        "content": {PROBLEM: {"schema": _ref("problem")}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": _("Open data of %(town)s") % {"town": town}, "version": "1.0.0"},
        "servers": [{"url": address("ogc_landing").rstrip("/")}],
        # Everything public is there for everybody; staff see more with a token of the desk.
        "security": [{}, {"token": []}, {"tokenAsPassword": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": {"problem": refused},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "tokenAsPassword": {"type": "http", "scheme": "basic"},
            },
        },
    }
