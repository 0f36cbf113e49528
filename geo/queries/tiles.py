"""Asks the database for vector tiles."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import Formatter
from typing import Any

from django.db import connections
from psycopg import ClientCursor, sql

from geo.catalog import Compiled
from geo.plane.tiles import MAX_LAT, WORLD_BITS, Tile
from geo.queries import text

# With more features than this a tile gives places and numbers only, and its pins say their names one zoom deeper:
# 4,096 pins with titles of 120 letters would weigh over 500 kB (test_a_tile_full_of_long_titles_stays_small).
MOST_NAMED = 500
# The finest level of the pyramid of counted cells (geo_key in the migration), and the zooms it serves.
FINEST = 18
COUNTED_ZOOMS = range(17)

# Layers, and what they are filtered by, whose questions are remembered.
KEPT_QUESTIONS = 256

Own = Mapping[str, tuple[str, str]]


def pins(rows: Compiled, own: Own, tile: Tile, *, names: Mapping[int, str], stored: bool) -> bytes:
    """The vector tile of these rows.

    Shape    rows give kp_key, kp_weight, kp_slot, the columns of ``own``: attribute -> (column, aggregate), and their
             place: kp_lon and kp_lat (EPSG:4326), or kp_x, kp_y and kp_morton where ``stored`` (2**31 along the world).
             ``names``: slot -> the property that says how many of a group are of that slot.
    """
    question = _grouping(rows, tuple(own.items()), tuple(names.items()), "ranged" if stored else "tile")
    first, last = tile.morton_range()
    (content,) = _asked(
        rows.using,
        question,
        **_corner(tile),
        first=first,
        last=last,
        # One cell of the tile, in whole numbers each way: two bits of the Morton code for each halving.
        shift=2 * (WORLD_BITS - _level(tile)),
        size=2**tile.z * tile.cells,
        per_tile=tile.cells,
        column=tile.x,
        row=tile.y,
    )
    return bytes(content)


def counted(layer: int, rows: Compiled, own: Own, tile: Tile, *, names: Mapping[int, str]) -> bytes:
    """The same tile from the cells counted beforehand; for the zooms of ``COUNTED_ZOOMS``.

    Shape    as ``pins``; rows are asked only for pins that stand alone, by kp_morton.
    """
    cells = tile.cells**2
    first = (4**tile.z | tile.morton) * cells
    where = _corner(tile) | {
        "layer": layer,
        "first": first,
        "last": first + cells - 1,
        "shift": 2 * (FINEST - _level(tile)),
    }
    known = tuple(names.items())
    # Where nobody stands alone, which is nearly everywhere that many are, the rows are never spoken of.
    content, anybody_alone = _asked(rows.using, _cells(None, (), known), **where)
    if anybody_alone:
        content, _ = _asked(rows.using, _cells(rows, tuple(own.items()), known), **where)
    return bytes(content)


# --- questions with all in them but the numbers of a tile: putting them together takes longer than asking ---

_Own = tuple[tuple[str, tuple[str, str]], ...]
_Names = tuple[tuple[int, str], ...]


class _Numbers(dict[str, sql.SQL]):
    """Leaves a place for each number that is not known yet: between two signs that no text in a database holds."""

    def __missing__(self, name: str) -> sql.SQL:
        return sql.SQL(f"\0{name}\0")


@lru_cache(KEPT_QUESTIONS)
def _grouping(rows: Compiled, own: _Own, names: _Names, question: str) -> str:
    known = _Numbers(
        max_lat=sql.SQL(str(MAX_LAT)),
        names=_slots(names),
        columns=_joined(", {0}({1}) AS {1}", ((sql.SQL(how), sql.Identifier(column)) for _, (column, how) in own)),
        # A group has no title: only a pin that stands alone carries its own columns, and only where few enough stand.
        attributes=_joined(
            ", CASE WHEN sum(n) = 1 AND count(*) OVER () <= {} THEN {}({}) END AS {}",
            (
                (sql.Literal(MOST_NAMED), sql.SQL(how), sql.Identifier(column), sql.Identifier(name))
                for name, (column, how) in own
            ),
        ),
        rows=_merged(rows),
    )
    return _filled(question, known)


@lru_cache(KEPT_QUESTIONS)
def _cells(rows: Compiled | None, own: _Own, names: _Names) -> str:
    known = _Numbers(names=_slots(names), attributes=sql.SQL(""), own=sql.SQL(""))
    if rows is not None:
        attributes = _joined(
            ", own.{} AS {}", ((sql.Identifier(column), sql.Identifier(name)) for name, (column, _how) in own)
        )
        known["attributes"] = sql.SQL(", own.kp_key AS id" + attributes.as_string(None))
        known["own"] = sql.SQL(_filled("alone", _Numbers(rows=_merged(rows))))
    return _filled("counted", known)


def _filled(question: str, known: _Numbers) -> str:
    fields = {field for _, field, _, _ in Formatter().parse(text(question)) if field}
    return sql.SQL(text(question)).format(**{field: known[field] for field in fields}).as_string(None)


def _joined(part: str, several: Iterable[tuple[sql.Composable, ...]]) -> sql.SQL:
    return sql.SQL("".join(sql.SQL(part).format(*facts).as_string(None) for facts in several))


def _merged(rows: Compiled) -> sql.SQL:
    """The rows with their values in them, as Django's own cursor would send them."""
    connection = connections[rows.using]
    connection.ensure_connection()
    return sql.SQL(ClientCursor(connection.connection).mogrify(rows.text, rows.values))


def _slots(names: _Names) -> sql.SQL:
    return sql.SQL(sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(dict(names)))).as_string(None))


def _level(tile: Tile) -> int:
    """How often the world is halved for the cells of a tile."""
    return tile.z + tile.cells.bit_length() - 1


def _corner(tile: Tile) -> dict[str, float]:
    """Where a tile lies in whole numbers, and how many of them are one of its 4096 units."""
    size: float = 2 ** (WORLD_BITS - tile.z)
    unit = size / 4096
    return {"x": int(tile.x * size), "y": int(tile.y * size), "unit": int(unit) if unit >= 1 else unit}


def _asked(using: str, question: str, **numbers: float) -> Any:
    for name, number in numbers.items():
        question = question.replace(f"\0{name}\0", str(number))
    with connections[using].cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()
