"""Asks the database for vector tiles."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from psycopg import sql

from geo.plane.tiles import MAX_LAT, Tile
from geo.queries import text

# With more features than this a tile gives places and numbers only, and its pins say their names one zoom deeper:
# 4,096 pins with titles of 120 letters would weigh over 500 kB (test_a_tile_full_of_long_titles_stays_small).
MOST_NAMED = 500


def pins(rows: "QuerySet[Any, Any]", own: Mapping[str, tuple[str, str]], tile: Tile) -> bytes:
    """The vector tile of these rows.

    Shape    rows give kp_key, kp_lon, kp_lat, kp_weight and the columns of ``own``: attribute -> (column, aggregate).
    CRS      EPSG:4326.
    """
    try:
        compiled, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return b""
    # A group has no title: only a pin that stands alone carries its own columns, and only where few enough stand.
    attributes = sql.SQL("").join(
        sql.SQL(", CASE WHEN count(*) = 1 AND count(*) OVER () <= {} THEN {}({}) END AS {}").format(
            sql.Literal(MOST_NAMED), sql.SQL(aggregate), sql.Identifier(column), sql.Identifier(name)
        )
        for name, (column, aggregate) in own.items()
    )
    question = sql.SQL(text("tile")).format(
        size=sql.Literal(2**tile.z * tile.cells),
        per_tile=sql.Literal(tile.cells),
        x=sql.Literal(tile.x),
        y=sql.Literal(tile.y),
        max_lat=sql.Literal(MAX_LAT),
        attributes=attributes,
        rows=sql.SQL(compiled),
    )
    connection = connections[rows.db]
    with connection.cursor() as cursor:
        cursor.execute(question.as_string(connection.connection), values)
        (tile_bytes,) = cursor.fetchone()
    return bytes(tile_bytes)
