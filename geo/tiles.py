"""Makes the vector tiles of a layer of pins."""

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import BigIntegerField, F, FloatField, Func, Value
from django.db.models.functions import Coalesce

from geo.catalog import FeatureSource, compiled
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
    if source.geometry is None or source.geometry_type != "Point":
        raise ValueError(f"layer {source.id} has no points")
    kinds = {column.name: column.kind for column in source.columns}
    own = {name: (field, _AGGREGATE.get(kinds[name], "min")) for name, field in source.names_of(source.pin).items()}
    names = source.slots.names if source.slots else {}
    if source.counted is not None and wanted.z in tiles.COUNTED_ZOOMS:
        return tiles.counted(source.counted, source.alone, own, wanted, names=names) if source.alone else b""
    return _grouped(source, own, wanted)


def _grouped(source: FeatureSource, own: tiles.Own, wanted: Tile) -> bytes:
    """The tile counted pin by pin."""
    slot = source.slots.column if source.slots else None
    rows = source.shaped.annotate(
        kp_weight=F(source.weight) if source.weight else Value(1),
        kp_slot=Coalesce(F(slot), Value(0)) if slot else Value(0, output_field=BigIntegerField()),
    )
    if source.stored is not None:
        rows = rows.filter(**{f"{source.stored.morton}__range": wanted.morton_range()})
        places = {"kp_x": F(source.stored.x), "kp_y": F(source.stored.y)}
    else:
        # && compares boxes by the index alone; that it does so in single precision is allowed for in search_box.
        around = GEOSGeometry(memoryview(shapely.to_wkb(wanted.search_box().outline())), srid=4326)
        rows = rows.filter(**{f"{source.geometry}__bboverlaps": around})
        places = {
            name: Func(F(source.geometry), function=function, output_field=FloatField())  # type: ignore[misc]
            for name, function in (("kp_lon", "ST_X"), ("kp_lat", "ST_Y"))
        }
    columns = ("kp_key", "kp_weight", "kp_slot", *places, *(column for column, _ in own.values()))
    question = compiled(rows.annotate(**places).values(*columns))
    if question is None:
        return b""
    names = source.slots.names if source.slots else {}
    return tiles.pins(question, own, wanted, names=names, stored=source.stored is not None)
