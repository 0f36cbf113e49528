"""The documents of OGC API Features as plain data; knows no request."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from geo.catalog import FeatureSource, Layer
from geo.export import NAMES, TYPES, formats_of, is_possible
from geo.ogc.cql import GEOMETRY
from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008, SERVED

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CONFORMS_TO = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
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
SCHEMA = "application/schema+json"
# The relation that leads from a layer to what a filter may ask of it (Features part 3, 6.2).
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

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
        link(QUERYABLES, address("ogc_queryables", layer.id), SCHEMA, _("What can be asked")),
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
    if isinstance(layer, FeatureSource) and layer.has_pins:
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


# The planes that a page offers files in, in few words; an address takes more.
OFFERED = {CRS84: "WGS 84", LAMBERT_72: "Lambert 72", LAMBERT_2008: "Lambert 2008"}


def files(address: Address, layer: Layer) -> list[tuple[str, list[tuple[str, str]], str]]:
    """The files of a layer for people: format, address by plane, and where it is said what is in them."""
    found = []
    for name in formats_of(layer):
        href = address("export", f"{layer.id}.{name}")
        planes = [(said, f"{href}?crs={crs.name}") for crs, said in OFFERED.items() if is_possible(name, crs)]
        found.append((NAMES[name], planes, address("export_about", f"{layer.id}.{name}")))
    return found


JSON_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}


def queryables(address: Address, layer: Layer) -> dict[str, Any]:
    """What a filter may ask of one layer: its columns and where its features lie, nothing else."""
    shape = (layer.geometry_type or "").lower()
    place = {GEOMETRY: {"format": f"geometry-{'any' if shape == 'geometry' else shape}"}} if shape else {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address("ogc_queryables", layer.id),
        "type": "object",
        "title": str(layer.title),
        "properties": place
        | {
            column.name: JSON_TYPES[column.kind]
            | {"title": str(column.title)}
            # What the codes mean stands in the text that goes with every file.
            | ({"enum": [code for code, _meaning in column.codes]} if column.codes and column.kind == "text" else {})
            for column in layer.columns
        },
        "additionalProperties": False,
    }
