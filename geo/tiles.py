"""Makes the vector tiles of a layer of pins."""

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import Q

from geo.catalog import FeatureSource
from geo.plane.tiles import tile
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
    told = tiles.Told(
        tuple((name, field, _AGGREGATE.get(kinds[name], "min")) for name, field in source.names_of(source.pin).items()),
        tuple(source.slots.names.items()) if source.slots else (),
        source.look.column if source.look else "",
    )
    if source.stored is None:
        around = GEOSGeometry(memoryview(shapely.to_wkb(wanted.search_box().outline())), srid=4326)
        # && compares boxes by the index alone; that it does so in single precision is allowed for in search_box.
        rows = source.placed(Q(**{f"{source.geometry}__bboverlaps": around}))
        return tiles.pins(rows, told, wanted) if rows else b""
    if source.alone is None or source.sums is None:
        return b""
    if source.counted is not None and wanted.z in tiles.COUNTED_ZOOMS:
        return tiles.counted(source.counted, source.slot, source.alone, told, wanted)
    return tiles.ranged(source.sums, source.alone, told, wanted)
