"""The documents of OGC API Tiles and of TileJSON as plain data; knows no request."""

from typing import Any

from django.utils.translation import gettext as _

from geo.catalog import FeatureSource
from geo.ogc.documents import JSON, Address, link
from geo.plane.tiles import MAX_ZOOM

MATRIX = "WebMercatorQuad"
MATRIX_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
MERCATOR_URI = "http://www.opengis.net/def/crs/EPSG/0/3857"
MVT = "application/vnd.mapbox-vector-tile"
SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
# Half the world in the metres of Web Mercator: pi times the earth's radius of 6,378,137 m.
HALF_M = 20037508.3427892
TILE_PIXELS = 256
# A pixel of OGC's standard screen is 0.28 mm.
PIXEL_M = 0.00028


def matrix_sets(address: Address) -> dict[str, Any]:
    """The list of ways to cut the world."""
    here = link("self", address("ogc_matrix_set", MATRIX), JSON)
    return {
        "tileMatrixSets": [{"id": MATRIX, "title": MATRIX, "uri": MATRIX_URI, "crs": MERCATOR_URI, "links": [here]}]
    }


def matrix_set() -> dict[str, Any]:
    """How WebMercatorQuad cuts the world (OGC Two Dimensional Tile Matrix Set, annex D.1)."""
    return {
        "id": MATRIX,
        "title": MATRIX,
        "uri": MATRIX_URI,
        "crs": MERCATOR_URI,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(z),
                "scaleDenominator": 2 * HALF_M / TILE_PIXELS / 2**z / PIXEL_M,
                "cellSize": 2 * HALF_M / TILE_PIXELS / 2**z,
                "pointOfOrigin": [-HALF_M, HALF_M],
                "tileWidth": TILE_PIXELS,
                "tileHeight": TILE_PIXELS,
                "matrixWidth": 2**z,
                "matrixHeight": 2**z,
            }
            for z in range(MAX_ZOOM + 1)
        ],
    }


def of_layer(address: Address, layer: FeatureSource) -> dict[str, Any]:
    """The sets of tiles of a layer: one."""
    return {
        "links": [link("self", address("tile_sets", layer.id), JSON)],
        "tilesets": [_head(layer) | {"links": _links(address, layer)}],
    }


def tile_set(address: Address, layer: FeatureSource) -> dict[str, Any]:
    """What the tiles of a layer hold."""
    tiles = _tiles(address, layer).replace("{z}/{y}/{x}", "{tileMatrix}/{tileRow}/{tileCol}")
    limits = [
        {"tileMatrix": str(z), "minTileRow": 0, "maxTileRow": 2**z - 1, "minTileCol": 0, "maxTileCol": 2**z - 1}
        for z in range(MAX_ZOOM + 1)
    ]
    fields = {
        name: {"title": title, "type": "string" if kind == "String" else kind.lower()}
        for name, (kind, title) in _fields(layer).items()
    }
    return _head(layer) | {
        "links": [*_links(address, layer), {"rel": "item", "href": tiles, "type": MVT, "templated": True}],
        "tileMatrixSetLimits": limits,
        "layers": [
            {
                "id": "pins",
                "title": str(layer.title),
                "dataType": "vector",
                "geometryDimension": 0,
                "propertiesSchema": {"type": "object", "properties": fields},
            }
        ],
    }


def tile_json(address: Address, layer: FeatureSource) -> dict[str, Any]:
    """The same as TileJSON 3.0.0 says it."""
    return {
        "tilejson": "3.0.0",
        "name": str(layer.title),
        "description": str(layer.description),
        "scheme": "xyz",
        "tiles": [_tiles(address, layer)],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "vector_layers": [
            {
                "id": "pins",
                "description": str(layer.title),
                "minzoom": 0,
                "maxzoom": MAX_ZOOM,
                "fields": {name: kind for name, (kind, _title) in _fields(layer).items()},
            }
        ],
    }


def _fields(layer: FeatureSource) -> dict[str, tuple[str, str]]:
    """What a feature of a tile can carry: its kind as TileJSON calls it, and what it is."""
    kinds = {"boolean": "Boolean", "integer": "Number", "number": "Number"}
    found = {
        "n": ("Number", _("How many stand here together")),
        "w": ("Number", _("What they weigh together")),
        "id": ("Number", _("The number of one that stands alone")),
    }
    found |= {c.name: (kinds.get(c.kind, "String"), str(c.title)) for c in layer.columns if c.name in layer.pin}
    if layer.slots is not None:
        found |= {name: ("Number", _("How many of them are of this kind")) for name in layer.slots.names.values()}
    return found


def _tiles(address: Address, layer: FeatureSource) -> str:
    # Filled in by hand, because {z} would come out of the URL resolver written as %7Bz%7D.
    return address("tile", layer.id, MATRIX, 0, 0, 0).removesuffix("0/0/0") + "{z}/{y}/{x}"


def _head(layer: FeatureSource) -> dict[str, Any]:
    return {
        "title": str(layer.title),
        "dataType": "vector",
        "crs": MERCATOR_URI,
        "tileMatrixSetURI": MATRIX_URI,
    }


def _links(address: Address, layer: FeatureSource) -> list[dict[str, str]]:
    here = address("tile_set", layer.id, MATRIX)
    return [
        link("self", here, JSON, layer.title),
        link("alternate", f"{here}?f=tilejson", JSON, "TileJSON"),
        link(SCHEME, address("ogc_matrix_set", MATRIX), JSON, MATRIX),
        link("geodata", address("ogc_collection", layer.id), JSON, layer.title),
    ]
