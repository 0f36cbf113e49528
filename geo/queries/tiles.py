"""Asks the database for vector tiles."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

from django.db import connections
from psycopg import ClientCursor, Cursor, sql
from psycopg.types.numeric import Int8

from geo.catalog import Compiled
from geo.plane.tiles import MAX_LAT, WORLD_BITS, Tile
from geo.queries import text

# With more features than this a tile gives of each pin its place, its number and how it is drawn; the page asks for the
# name of one that is looked at:
# 4,096 pins with titles of 120 letters would weigh over 500 kB (test_a_tile_full_of_long_titles_stays_small).
MOST_NAMED = 500
# The finest level of the pyramid of counted cells (geo_key in the migration), and the zooms it serves.
FINEST = 18
COUNTED_ZOOMS = range(17)

# Layers, and what they are filtered by, whose questions are remembered.
KEPT_QUESTIONS = 256


class Told(NamedTuple):
    """What a tile tells of its pins.

    ``own``: of a pin that stands alone, (attribute, column of the rows, aggregate). ``names``: (slot, the property that
    says how many of a group are of that slot). ``drawn_by``: the attribute without which a pin cannot be drawn.
    """

    own: tuple[tuple[str, str, str], ...]
    names: tuple[tuple[int, str], ...]
    drawn_by: str

    @property
    def drawn(self) -> frozenset[str]:
        """The attributes that a pin keeps in the largest crowd."""
        return frozenset({self.drawn_by})


def pins(rows: Compiled, told: Told, tile: Tile) -> bytes:
    """The vector tile of these rows.

    Shape    rows give kp_key, kp_weight, kp_slot, their place as kp_lon and kp_lat (EPSG:4326), and the columns of
             ``told``.
    """
    where = {"size": 2**tile.z * tile.cells, "per_tile": tile.cells, "column": tile.x, "row": tile.y}
    (content,) = _asked(rows.using, _grouping(rows, told), where, few=False)
    return bytes(content)


def ranged(sums: Compiled, alone: Compiled, told: Told, tile: Tile) -> bytes:
    """The same tile from places that were stored as whole numbers (2**31 along the world).

    Shape    sums give kp_weight, kp_slot, kp_x, kp_y and kp_morton; ``alone`` kp_key, kp_morton and the columns of
             ``told``, and is asked only for pins that stand alone.
    """
    first, last = tile.morton_range()
    # One cell of the tile, in whole numbers each way: two bits of the Morton code for each halving.
    shift = 2 * (WORLD_BITS - _level(tile))
    where = _corner(tile) | {"first": first, "last": last, "shift": shift}
    content, _ = _asked(sums.using, _ranges(sums, alone, told), where, few=tile.z not in COUNTED_ZOOMS)
    return bytes(content)


def counted(layer: int, slot: int | None, alone: Compiled, told: Told, tile: Tile) -> bytes:
    """The same tile from the cells counted beforehand, all of them or those of one slot; for ``COUNTED_ZOOMS``."""
    cells = tile.cells**2
    first = (4**tile.z | tile.morton) * cells
    where = _corner(tile) | {
        "layer": layer,
        "first": first,
        "last": first + cells - 1,
        "shift": 2 * (FINEST - _level(tile)),
        "slot": slot or 0,
    }
    question = "cells" if slot is None else "slot_cells"
    # Where nobody stands alone, which is nearly everywhere that many are, the rows are never spoken of.
    content, anybody_alone = _asked(alone.using, _cells(question, None, told), where, few=True)
    if anybody_alone:
        content, _ = _asked(alone.using, _cells(question, alone, told), where, few=True)
    return bytes(content)


# --- questions with all in them but the numbers of a tile: putting them together takes longer than asking ---


class _Numbers(dict[str, sql.SQL]):
    """Leaves a place for each number that is not known yet: between two signs that no text in a database holds."""

    def __missing__(self, name: str) -> sql.SQL:
        return sql.SQL(f"\0{name}\0")


def _asking(question: str) -> str:
    """The question with the places of its numbers as psycopg names them."""
    return re.sub("\0(.*?)\0", r"%(\1)s", question.replace("%", "%%"))


@lru_cache(KEPT_QUESTIONS)
def _grouping(rows: Compiled, told: Told) -> str:
    # A group has no title: only a pin that stands alone carries its own columns.
    attributes = (
        sql.SQL(", CASE WHEN {} THEN {}({}) END AS {}").format(
            sql.SQL("sum(n) = 1" if name in told.drawn else f"sum(n) = 1 AND count(*) OVER () <= {MOST_NAMED}"),
            sql.SQL(how),
            sql.Identifier(column),
            sql.Identifier(name),
        )
        for name, column, how in told.own
    )
    known = _Numbers(
        max_lat=sql.SQL(str(MAX_LAT)),
        names=_slots(told),
        columns=_joined(
            sql.SQL(", {0}({1}) AS {1}").format(sql.SQL(how), sql.Identifier(column)) for _, column, how in told.own
        ),
        attributes=_joined(attributes),
        rows=_merged(rows),
    )
    return _asking(_filled("tile", known))


@lru_cache(KEPT_QUESTIONS)
def _ranges(sums: Compiled, alone: Compiled, told: Told) -> str:
    few = sql.SQL("cell.n_cells <= {}").format(sql.Literal(MOST_NAMED))
    counts = (
        sql.SQL(", sum(n) FILTER (WHERE slot = {})::bigint AS {}").format(sql.Literal(slot), sql.Identifier(name))
        for slot, name in told.names
    )
    shares = (
        sql.SQL(", CASE WHEN cell.n > 1 THEN cell.{0} END AS {0}").format(sql.Identifier(name))
        for _, name in told.names
    )
    grouped = sql.SQL(_filled("ranged", _Numbers(slots=_joined(counts), rows=_merged(sums))))
    return _drawn(grouped, _joined(shares), sql.SQL("cell.morton"), alone, told, few)


@lru_cache(KEPT_QUESTIONS)
def _cells(question: str, alone: Compiled | None, told: Told) -> str:
    # So few cells has a tile of these zooms that each pin can say its name.
    place = sql.SQL("geo_morton(cell.sx::integer, cell.sy::integer)")
    cells = sql.SQL(_filled(question, _Numbers(names=_slots(told))))
    # A text of names and counts becomes a property for each of them.
    shares = sql.SQL(", CASE WHEN cell.n > 1 THEN cell.slots END AS slots")
    return _drawn(cells, shares, place, alone, told, sql.SQL("true"))


def _drawn(
    cells: sql.SQL, shares: sql.SQL, morton: sql.SQL, alone: Compiled | None, told: Told, is_named: sql.Composable
) -> str:
    """Draw cells, those of many with the share of each slot, those of one pin with what it says of itself."""
    known = _Numbers(cells=cells, shares=shares, attributes=sql.SQL(""), own=sql.SQL(""))
    if alone is not None:
        attributes = (
            sql.SQL(", CASE WHEN {} THEN own.{} END AS {}").format(
                sql.SQL("true") if name in told.drawn else is_named, sql.Identifier(column), sql.Identifier(name)
            )
            for name, column, _how in told.own
        )
        known["attributes"] = sql.SQL(", own.kp_key AS id" + _joined(attributes).as_string(None))
        known["own"] = sql.SQL(_filled("alone", _Numbers(rows=_merged(alone), morton=morton)))
    return _asking(_filled("drawn", known))


def _filled(question: str, known: _Numbers) -> str:
    fields = {field for _, field, _, _ in Formatter().parse(text(question)) if field}
    return sql.SQL(text(question)).format(**{field: known[field] for field in fields}).as_string(None)


def _joined(parts: Iterable[sql.Composable]) -> sql.SQL:
    return sql.SQL("".join(part.as_string(None) for part in parts))


def _merged(rows: Compiled) -> sql.SQL:
    """The rows with their values in them, as Django's own cursor would send them."""
    connection = connections[rows.using]
    connection.ensure_connection()
    return sql.SQL(ClientCursor(connection.connection).mogrify(rows.text, rows.values))


def _slots(told: Told) -> sql.SQL:
    return sql.SQL(sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(dict(told.names)))).as_string(None))


def _level(tile: Tile) -> int:
    """How often the world is halved for the cells of a tile."""
    return tile.z + tile.cells.bit_length() - 1


def _corner(tile: Tile) -> dict[str, float]:
    """Where a tile lies in whole numbers, and how many of them are one of its 4096 units."""
    size: float = 2 ** (WORLD_BITS - tile.z)
    unit = size / 4096
    return {"x": int(tile.x * size), "y": int(tile.y * size), "unit": int(unit) if unit >= 1 else unit}


def _asked(using: str, question: str, numbers: Mapping[str, float], *, few: bool) -> Any:
    """One row. ``few``: the numbers find so few rows that one plan serves all of them; else PostgreSQL looks at them.

    For a tile of few rows planning takes longer than asking. psycopg's own cursor prepares, Django's never does (as in
    participation.queries.voting.cast); where the connection may not prepare (config/settings.py), psycopg does not.
    """
    connection = connections[using]
    # Always of one type, or each size of number would be a statement of its own.
    values = {name: Int8(number) if isinstance(number, int) else number for name, number in numbers.items()}
    if not few:
        with connection.cursor() as cursor:
            cursor.execute(question, values)
            return cursor.fetchone()
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as prepared:
        return prepared.execute(question, values, binary=True).fetchone()
