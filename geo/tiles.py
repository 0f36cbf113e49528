"""Makes the vector tiles of a layer of pins."""

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import F, FloatField, Func, Value

from geo.catalog import FeatureSource
from geo.plane.tiles import tile
from geo.queries import tiles

# One row a group, so of one value the least is that value. There is no min() of truth values in PostgreSQL 15.
_AGGREGATE = {"boolean": "bool_or"}


def vector_tile(source: FeatureSource, z: int, x: int, y: int) -> bytes:
    """The Mapbox vector tile of these pins, one layer ``pins`` with ``n``, ``w`` and, for a single pin, its columns.

    Shape    at most 4,096 features, each in exactly one tile of a zoom; no bytes where no pin lies.
    Raises   BadTile; ValueError for a layer that is not of points.
    """
    wanted = tile(z, x, y)
    if source.geometry is None or source.geometry_type != "Point":
        raise ValueError(f"layer {source.id} has no points")
    # && compares boxes by the index alone; that it does so in single precision is allowed for in search_box.
    around = GEOSGeometry(memoryview(shapely.to_wkb(wanted.search_box().outline())), srid=4326)
    kinds = {column.name: column.kind for column in source.columns}
    own = {name: (field, _AGGREGATE.get(kinds[name], "min")) for name, field in source.names_of(source.pin).items()}
    rows = (
        source.shaped.filter(**{f"{source.geometry}__bboverlaps": around})
        .annotate(
            kp_lon=Func(F(source.geometry), function="ST_X", output_field=FloatField()),
            kp_lat=Func(F(source.geometry), function="ST_Y", output_field=FloatField()),
            kp_weight=F(source.weight) if source.weight else Value(1),
        )
        .values("kp_key", "kp_lon", "kp_lat", "kp_weight", *(column for column, _ in own.values()))
    )
    return tiles.pins(rows, own, wanted)
