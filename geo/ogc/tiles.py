"""Serves vector tiles (OGC API Tiles): remembered by the content of the layer, so that a warm one costs no query."""

import gzip

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from geo import problems
from geo.ogc import parameters, tilesets
from geo.ogc.answers import address_of, is_unchanged, json_answer, keep, leaving, pin_layer, reading, tag
from geo.plane.tiles import MAX_ZOOM, BadTile, tile
from geo.slots import TILES
from geo.tiles import vector_tile

TYPE = "application/vnd.mapbox-vector-tile"
# How long a browser may show a tile without asking: short, because a resident looks for the pin just placed.
FRESH_SECONDS = 10
# A tile whose layer has changed is never asked for again; this is when it may leave the memory.
KEPT_SECONDS = 3600
# Below this a tile fits in one packet, and compressing it only costs time.
SMALL_BYTES = 1000
LEVEL = 5
_FILTERS = ("filter", "filter-lang", "filter-crs")


def whole_number(text: str) -> int:
    """The number, or -1 for what is none; one of many digits is no tile either, and slow to read."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 8 else -1


def _known_matrix(matrix: str) -> None:
    if matrix != tilesets.MATRIX:
        raise problems.TileMatrixUnknown(matrix=matrix)


@reading
def vector(request: HttpRequest, layer: str, matrix: str, z: str, y: str, x: str) -> HttpResponseBase:
    """One tile of a layer of pins; 204 where no pin lies (OGC API Tiles, 7.1.7.B).

    Filters are those of the features: a column and its value, ``datetime``, or ``filter`` in CQL2 text.
    """
    _known_matrix(matrix)
    try:
        # Before anything is asked of the database.
        wanted = tile(*(whole_number(part) for part in (z, x, y)))
    except BadTile as error:
        raise problems.TileOutsideWorld(tile=f"{z}/{y}/{x}", max_zoom=MAX_ZOOM) from error
    source = pin_layer(request, layer)
    leaving(request, source)
    given = parameters.known(
        request, [*(column.name for column in source.columns), *_FILTERS, *(["datetime"] * bool(source.time))]
    )
    if given:
        source = source.where(parameters.where(given, source.columns), parameters.days(given.get("datetime")))
        asked = {name: given[name] for name in _FILTERS if name in given}
        condition = parameters.condition(asked, source.columns, has_geometry=True, time="")
        if condition is not None:
            source = source.only(source.within(None, condition=condition))
    etag = tag("tile", source.fingerprint, *wanted)
    if is_unchanged(request, etag):
        response = HttpResponse(status=304)
        keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept-Encoding"])
        return response
    # The town is part of the fingerprint: its rows are in the query.
    key = f"geo.tile.{source.fingerprint}.{wanted.z}.{wanted.x}.{wanted.y}"
    packed: bytes | None = cache.get(key)
    if packed is None:
        with TILES:
            content = vector_tile(source, *wanted)
        packed = gzip.compress(content, LEVEL, mtime=0) if len(content) > SMALL_BYTES else content
        cache.set(key, packed, KEPT_SECONDS)
    response = HttpResponse(packed, content_type=TYPE, status=200 if packed else 204)
    if packed.startswith(b"\x1f\x8b"):
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response["Content-Encoding"] = "gzip"
        else:
            response.content = gzip.decompress(packed)
    response["Content-Length"] = str(len(response.content))
    keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept-Encoding"])
    return response


@reading
def matrix_sets(request: HttpRequest) -> HttpResponseBase:
    """Which ways there are to cut the world into tiles: one."""
    parameters.known(request, ["f"])
    return _told(request, tilesets.matrix_sets(address_of(request)))


@reading
def matrix_set(request: HttpRequest, matrix: str) -> HttpResponseBase:
    """How the world is cut."""
    parameters.known(request, ["f"])
    _known_matrix(matrix)
    return _told(request, tilesets.matrix_set())


@reading
def tile_sets(request: HttpRequest, layer: str) -> HttpResponseBase:
    """The sets of tiles of a layer."""
    parameters.known(request, ["f"])
    return _told(request, tilesets.of_layer(address_of(request), pin_layer(request, layer)))


@reading
def tile_set(request: HttpRequest, layer: str, matrix: str) -> HttpResponseBase:
    """What the tiles of a layer hold: as OGC API Tiles says it, or as TileJSON."""
    given = parameters.known(request, ["f"])
    _known_matrix(matrix)
    source = pin_layer(request, layer)
    match given.get("f", "json"):
        case "json":
            return _told(request, tilesets.tile_set(address_of(request), source))
        case "tilejson":
            return _told(request, tilesets.tile_json(address_of(request), source))
        case other:
            raise problems.FormatUnknown(format=other, known="json, tilejson")


def _told(request: HttpRequest, content: object) -> HttpResponse:
    response = json_answer(content)
    keep(request, response, tag(content), seconds=FRESH_SECONDS, varies=["Accept-Language"])
    return response
