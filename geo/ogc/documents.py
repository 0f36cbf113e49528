"""The documents of OGC API Features as plain data; knows no request."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from geo.catalog import Column, FeatureSource, Layer
from geo.export import TYPES, formats_of
from geo.ogc.parameters import DEFAULT_LIMIT, MAX_LIMIT
from geo.plane.crs import CRS84, SERVED

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
]
JSON, HTML, GEOJSON = "application/json", "text/html", "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

# Gives the whole address of a page here: name of the URL, its arguments.
Address = Callable[..., str]


def link(rel: str, href: str, type: str, title: "str | _StrPromise" = "") -> dict[str, str]:  # noqa: A002
    """One link."""
    found = {"rel": rel, "href": href, "type": type}
    return found | ({"title": str(title)} if title else {})


def self_links(href: str, type: str, other: str) -> list[dict[str, str]]:  # noqa: A002
    """This page, and the same for people or for machines."""
    mark = "&" if "?" in href else "?"
    return [link("self", href, type), link("alternate", f"{href}{mark}f={'json' if other != HTML else 'html'}", other)]


def landing(address: Address, town: str) -> dict[str, Any]:
    """The door: where everything stands."""
    return {
        "title": _("Open data of %(town)s") % {"town": town},
        "description": _("The layers of the map, as files and live: paste this address into QGIS or ArcGIS."),
        "links": [
            *self_links(address("ogc_landing"), JSON, HTML),
            link("service-desc", address("ogc_api"), OPENAPI, _("How to ask (OpenAPI)")),
            link("service-doc", address("ogc_collections") + "?f=html", HTML, _("The layers, to read")),
            link("conformance", address("ogc_conformance"), JSON, _("Standards kept")),
            link("data", address("ogc_collections"), JSON, _("The layers")),
            link("http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", address("ogc_matrix_sets"), JSON),
        ],
    }


def conformance(address: Address) -> dict[str, Any]:
    """The standards kept."""
    return {"conformsTo": CONFORMS_TO, "links": self_links(address("ogc_conformance"), JSON, HTML)}


def collections(address: Address, layers: Iterable[Layer]) -> dict[str, Any]:
    """All layers of features."""
    return {
        "links": self_links(address("ogc_collections"), JSON, HTML),
        "crs": [crs.uri for crs in SERVED],
        "collections": [collection(address, layer) for layer in layers],
    }


def collection(address: Address, layer: Layer) -> dict[str, Any]:
    """One layer: what it is, where it lies, how to get it."""
    here, items = address("ogc_collection", layer.id), address("ogc_items", layer.id)
    links = [
        *self_links(here, JSON, HTML),
        link("items", items, GEOJSON, layer.title),
        link("items", f"{items}?f=html", HTML, layer.title),
        *(
            link("enclosure", address("export", f"{layer.id}.{name}"), TYPES[name], name.upper())
            for name in formats_of(layer)
        ),
    ]
    found: dict[str, Any] = {
        "id": layer.id,
        "title": str(layer.title),
        "description": str(layer.description),
        "itemType": "feature",
        "crs": [crs.uri for crs in SERVED],
        "storageCrs": CRS84.uri,
        "links": links,
    }
    if isinstance(layer, FeatureSource) and layer.geometry_type == "Point":
        # Filled in by hand, because {z} would come out of the URL resolver written as %7Bz%7D.
        tiles = address("tile", layer.id, "WebMercatorQuad", 0, 0, 0).removesuffix("0/0/0") + "{z}/{y}/{x}"
        found["links"] += [
            {"rel": "item", "href": tiles, "type": "application/vnd.mapbox-vector-tile", "templated": True},
            link("http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector", address("tile_sets", layer.id), JSON),
        ]
    extent = layer.extent()
    if extent is not None:
        found["extent"] = {"spatial": {"bbox": [list(extent[:4])], "crs": CRS84.uri}}
    return found


_JSON_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}


def _query(name: str, schema: dict[str, Any], words: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": words} | more


def _filters(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [_query(column.name, _JSON_TYPES[column.kind], str(column.title)) for column in columns]


def _get(words: str, content: dict[str, Any], parameters: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    problem = {
        "description": _("Refused, with a code and a sentence"),
        "content": {"application/problem+json": {"schema": {"type": "object"}}},
    }
    answers = {"200": {"description": words, "content": content}, "400": problem, "404": problem}
    return {"get": {"summary": words, "parameters": parameters, "responses": answers} | more}


def api(address: Address, town: str, layers: Iterable[Layer]) -> dict[str, Any]:
    """The OpenAPI description of all this: only what is really there, layer by layer."""
    json_content = {JSON: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}}
    geojson = {GEOJSON: {"schema": {"type": "object"}}, HTML: {"schema": {"type": "string"}}}
    form = _query("f", {"type": "string", "enum": ["json", "html"]}, _("The form of the answer"))
    planes = {"type": "string", "format": "uri", "enum": [crs.uri for crs in SERVED], "default": CRS84.uri}
    crs = _query("crs", planes, _("The coordinate system of the answer"))
    four = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    page = [
        _query("bbox", four, _("Only what touches this box"), style="form", explode=False),
        _query("bbox-crs", planes, _("The coordinate system of the box")),
        _query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            _("How many features a page holds"),
        ),
        _query("after", {"type": "integer"}, _("Only features behind this one: taken from the link to the next page")),
        _query("datetime", {"type": "string"}, _("Accepted; nothing here has a time"), style="form", explode=False),
    ]
    root = address("ogc_landing").rstrip("/")
    paths = {
        "/": _get(_("The door"), json_content, [form], operationId="landing"),
        "/conformance": _get(_("Standards kept"), json_content, [form], operationId="conformance"),
        "/collections": _get(_("The layers"), json_content, [form], operationId="collections"),
    }
    for layer in layers:
        at, name = f"/collections/{layer.id}", str(layer.title)
        number = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "integer"}}
        paths[at] = _get(name, json_content, [form], operationId=f"describe.{layer.id}")
        paths[f"{at}/items"] = _get(
            name, geojson, [*page, crs, form, *_filters(layer.columns)], operationId=f"features.{layer.id}"
        )
        paths[f"{at}/items/{{featureId}}"] = _get(name, geojson, [number, crs, form], operationId=f"feature.{layer.id}")
    return {
        "openapi": "3.0.3",
        "info": {"title": _("Open data of %(town)s") % {"town": town}, "version": "1.0.0"},
        "servers": [{"url": root}],
        "paths": paths,
    }
