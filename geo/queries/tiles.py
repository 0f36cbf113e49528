"""Asks the database for vector tiles."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections
from psycopg import sql

from geo.catalog import Compiled
from geo.plane.tiles import MAX_LAT, WORLD_BITS, Tile
from geo.queries import text

# With more features than this a tile gives places and numbers only, and its pins say their names one zoom deeper:
# 4,096 pins with titles of 120 letters would weigh over 500 kB (test_a_tile_full_of_long_titles_stays_small).
MOST_NAMED = 500
# The finest level of the pyramid of counted cells (geo_key in the migration), and the zooms it serves.
FINEST = 18
COUNTED_ZOOMS = range(17)

Own = Mapping[str, tuple[str, str]]


def pins(rows: Compiled, own: Own, tile: Tile, *, names: Mapping[int, str], stored: bool) -> bytes:
    """The vector tile of these rows.

    Shape    rows give kp_key, kp_weight, kp_slot, the columns of ``own``: attribute -> (column, aggregate), and their
             place: kp_lon and kp_lat (EPSG:4326), or kp_x, kp_y and kp_morton where ``stored`` (2**31 along the world).
             ``names``: slot -> the property that says how many of a group are of that slot.
    """
    first, last = tile.morton_range()
    question = sql.SQL(text("ranged" if stored else "tile")).format(
        **_corner(tile),
        first=sql.Literal(first),
        last=sql.Literal(last),
        # One cell of the tile, in whole numbers each way: two bits of the Morton code for each halving.
        shift=sql.Literal(2 * (WORLD_BITS - _level(tile))),
        size=sql.Literal(2**tile.z * tile.cells),
        per_tile=sql.Literal(tile.cells),
        column=sql.Literal(tile.x),
        row=sql.Literal(tile.y),
        max_lat=sql.Literal(MAX_LAT),
        names=_slots(names),
        columns=sql.SQL("").join(
            sql.SQL(", {0}({1}) AS {1}").format(sql.SQL(aggregate), sql.Identifier(column))
            for column, aggregate in own.values()
        ),
        # A group has no title: only a pin that stands alone carries its own columns, and only where few enough stand.
        attributes=sql.SQL("").join(
            sql.SQL(", CASE WHEN sum(n) = 1 AND count(*) OVER () <= {} THEN {}({}) END AS {}").format(
                sql.Literal(MOST_NAMED), sql.SQL(aggregate), sql.Identifier(column), sql.Identifier(name)
            )
            for name, (column, aggregate) in own.items()
        ),
        rows=sql.SQL(rows.text),
    )
    (content,) = _asked(rows.using, question, rows.values)
    return bytes(content)


def counted(layer: int, rows: Compiled, own: Own, tile: Tile, *, names: Mapping[int, str]) -> bytes:
    """The same tile from the cells counted beforehand; for the zooms of ``COUNTED_ZOOMS``.

    Shape    as ``pins``; rows are asked only for pins that stand alone, by kp_morton.
    """
    cells = tile.cells**2
    first = (4**tile.z | tile.morton) * cells
    values = _corner(tile) | {
        "layer": sql.Literal(layer),
        "first": sql.Literal(first),
        "last": sql.Literal(first + cells - 1),
        "shift": sql.Literal(2 * (FINEST - _level(tile))),
        "names": _slots(names),
    }
    nothing = sql.SQL("")
    question = sql.SQL(text("counted"))
    # Where nobody stands alone, which is nearly everywhere that many are, the rows are never spoken of.
    content, anybody_alone = _asked(rows.using, question.format(**values, attributes=nothing, own=nothing), ())
    if not anybody_alone:
        return bytes(content)
    attributes = sql.SQL(", own.kp_key AS id") + nothing.join(
        sql.SQL(", own.{} AS {}").format(sql.Identifier(column), sql.Identifier(name))
        for name, (column, _aggregate) in own.items()
    )
    alone = sql.SQL(text("alone")).format(rows=sql.SQL(rows.text))
    content, _ = _asked(rows.using, question.format(**values, attributes=attributes, own=alone), rows.values)
    return bytes(content)


def _level(tile: Tile) -> int:
    """How often the world is halved for the cells of a tile."""
    return tile.z + tile.cells.bit_length() - 1


def _corner(tile: Tile) -> dict[str, sql.Composable]:
    """Where a tile lies in whole numbers, and how many of them are one of its 4096 units."""
    size: float = 2 ** (WORLD_BITS - tile.z)
    unit = size / 4096
    return {
        "x": sql.Literal(int(tile.x * size)),
        "y": sql.Literal(int(tile.y * size)),
        "unit": sql.Literal(int(unit) if unit >= 1 else unit),
    }


def _slots(names: Mapping[int, str]) -> sql.Composable:
    # A per cent sign would be taken for the place of a value.
    return sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(names).replace("%", "\\u0025")))


def _asked(using: str, question: sql.Composed, values: Sequence[Any]) -> Any:
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(question.as_string(connection.connection), values)
        return cursor.fetchone()
