"""Makes the vector tiles of a layer of pins."""

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import F, FloatField, Func

from geo.catalog import Compiled, FeatureSource
from geo.plane.tiles import Tile, tile
from geo.queries import tiles

# One row a group, so of one value the least is that value. There is no min() of truth values in PostgreSQL 15.
_AGGREGATE = {"boolean": "bool_or"}


def vector_tile(source: FeatureSource, z: int, x: int, y: int) -> bytes:
    """The Mapbox vector tile of these pins, one layer ``pins`` with ``n``, ``w``, for a single pin its columns, and
    for a group how many are of each slot.

    Shape    at most 4,096 features, each in exactly one tile of a zoom; no bytes where no pin lies.
    Raises   BadTile; ValueError for a layer that is not of points.
    Cost     of a counted layer that of its cells, however many pins there are.
    """
    wanted = tile(z, x, y)
    if not source.has_pins:
        raise ValueError(f"layer {source.id} has no points")
    kinds = {column.name: column.kind for column in source.columns}
    own = {name: (field, _AGGREGATE.get(kinds[name], "min")) for name, field in source.names_of(source.pin).items()}
    names = source.slots.names if source.slots else {}
    if source.counted is not None and wanted.z in tiles.COUNTED_ZOOMS:
        return tiles.counted(source.counted, source.alone, own, wanted, names=names) if source.alone else b""
    return _grouped(source, own, wanted)


def _grouped(source: FeatureSource, own: tiles.Own, wanted: Tile) -> bytes:
    """The tile counted pin by pin."""
    question = source.placed if source.stored else _around(source, str(source.geometry), wanted)
    if question is None:
        return b""
    names = source.slots.names if source.slots else {}
    return tiles.pins(question, own, wanted, names=names, stored=source.stored is not None)


def _around(source: FeatureSource, geometry: str, wanted: Tile) -> Compiled | None:
    """The rows in the box of a tile, by the index on their geometry."""
    # && compares boxes by the index alone; that it does so in single precision is allowed for in search_box.
    around = GEOSGeometry(memoryview(shapely.to_wkb(wanted.search_box().outline())), srid=4326)
    lon, lat = (Func(F(geometry), function=axis, output_field=FloatField()) for axis in ("ST_X", "ST_Y"))
    rows = source.weighed(kp_lon=lon, kp_lat=lat)
    return source.grouped(rows.filter(**{f"{geometry}__bboverlaps": around}))
