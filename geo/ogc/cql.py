"""Reads the ``filter`` of a request (CQL2 text) as a condition over the columns of one layer.

What is read becomes a tree of pygeofilter; each leaf of it is then looked up among the layer's own columns, so that a
filter can ask about nothing that the layer does not show.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

import shapely
from django.utils.timezone import get_current_timezone
from lark import Lark, v_args
from lark.exceptions import LarkError
from pygeofilter import ast
from pygeofilter.parsers.cql2_text.parser import CQLTransformer
from pygeofilter.values import Interval
from shapely.geometry.base import BaseGeometry

from geo import problems
from geo.columns import Column
from geo.conditions import Both, Compare, Condition, Either, Filled, Lies, Like, Sign, Value
from geo.plane.boxes import BadBox, checked
from geo.plane.crs import CRS84, Crs, flip, reproject

# Longer than any that a person writes, and an outline of some hundred corners still fits.
MAX_LENGTH = 8000
# Brackets within one another, and conditions in one filter: each costs a frame here and one in PostgreSQL.
MAX_DEPTH, MAX_CONDITIONS = 20, 100
# Each "%" makes a pattern slower to try.
MAX_WILD = 8
# What the geometry is called in a filter (Features part 3 leaves it to the server; most clients ask queryables).
GEOMETRY = "geometry"


_TEMPORAL = {
    "t_after": ast.TimeAfter,
    "t_before": ast.TimeBefore,
    "t_disjoint": ast.TimeDisjoint,
    "t_during": ast.TimeDuring,
    "t_equals": ast.TimeEquals,
    "t_intersects": ast.TimeOverlaps,
}


class _Corners(NamedTuple):
    """The numbers of a box: what they enclose depends on the plane of the filter, which the grammar does not know."""

    numbers: tuple[float, ...]


_Place: TypeAlias = BaseGeometry | _Corners


@v_args(inline=True)
class _Reading(CQLTransformer):  # type: ignore[misc]
    """Gives pygeofilter's tree to what the grammar beside this file finds."""

    def text(self, token: str) -> str:
        return token[1:-1].replace("''", "'")

    # Quotes stay on until ``text`` or ``quoted`` takes them off.
    SINGLE_QUOTED = DOUBLE_QUOTED = str

    def quoted(self, token: str) -> Any:
        return ast.Attribute(token[1:-1].replace('""', '"'))

    def BOOLEAN(self, token: str) -> bool:  # noqa: N802 -- as the grammar calls it
        return token.lower() == "true"

    def boolean(self, value: bool) -> bool:
        return value

    def truth(self, value: bool) -> Any:
        return ast.Include(not value)

    def number(self, token: str) -> int | float:
        return int(token) if token.lstrip("+-").isdigit() else float(token)

    def date_(self, token: str) -> date:
        return date.fromisoformat(self.text(token))

    def timestamp_(self, token: str) -> date:
        """The day of a moment, here: no column holds anything finer."""
        moment = datetime.fromisoformat(self.text(token).replace("Z", "+00:00"))
        zone = get_current_timezone()
        return (moment.astimezone(zone) if moment.tzinfo else moment).date()

    def interval_(self, start: str, end: str) -> Interval:
        ends = [None if self.text(each) in {"", ".."} else self._day(each) for each in (start, end)]
        return Interval(*ends)

    def _day(self, token: str) -> date:
        return self.date_(token) if len(token) == len("'2023-01-31'") else self.timestamp_(token)

    def casei(self, value: Any) -> Any:
        return ast.Function("casei", [value])

    def wkt(self, token: str) -> BaseGeometry:
        return shapely.from_wkt(str(token))

    def box(self, *numbers: float) -> _Corners:
        return _Corners(numbers)

    def temporal(self, name: str, one: Any, other: Any) -> Any:
        return _TEMPORAL[name.lower()](one, other)


_parser = Lark(
    (Path(__file__).with_name("cql2.lark")).read_text(),
    parser="lalr",
    lexer="contextual",
    transformer=_Reading(),
    maybe_placeholders=False,
)


def condition(text: str, columns: Iterable[Column], *, has_geometry: bool, crs: Crs = CRS84) -> Condition:
    """The condition that a filter says, places given in ``crs``.

    Raises   FilterTooLong, FilterTooDeep, FilterBad, FilterUnknownColumn.
    """
    if len(text) > MAX_LENGTH:
        raise problems.FilterTooLong(max=MAX_LENGTH)
    if _depth(text) > MAX_DEPTH:
        raise problems.FilterTooDeep(max=MAX_DEPTH)
    if "\0" in text:
        raise problems.FilterBad(why="\\0")
    try:
        tree = _parser.parse(text)
    except LarkError as error:
        where = getattr(error, "pos_in_stream", None)
        raise problems.FilterBad(why=text[where : where + 40] if isinstance(where, int) else "") from error
    except (ValueError, OverflowError, shapely.errors.ShapelyError) as error:
        raise problems.FilterBad(why=str(error)[:80]) from error
    if _weight(tree) > MAX_CONDITIONS:
        raise problems.FilterTooDeep(max=MAX_CONDITIONS)
    return _Columns({column.name: column for column in columns}, has_geometry, crs).said(tree, negated=False)


def _depth(text: str) -> int:
    """How deep brackets and "not" stand within one another, texts in quotes left out."""
    depth = deepest = 0
    for at, piece in enumerate(text.split("'")):
        for sign in piece if at % 2 == 0 else "":
            depth += (sign == "(") - (sign == ")")
            deepest = max(deepest, depth)
    return deepest


def _weight(tree: Any) -> int:
    """How many conditions the tree holds, and "not"s; walked without going down into it."""
    found, left = 0, [tree]
    while left:
        node = left.pop()
        found += 1
        if isinstance(node, ast.And | ast.Or):
            left += [node.lhs, node.rhs]
            found -= 1
        elif isinstance(node, ast.Not):
            left.append(node.sub_node)
        elif isinstance(node, ast.In):
            found += len(node.sub_nodes) - 1
    return found


_SIGN_OF: dict[type, Sign] = {
    ast.Equal: "=",
    ast.NotEqual: "<>",
    ast.LessThan: "<",
    ast.LessEqual: "<=",
    ast.GreaterThan: ">",
    ast.GreaterEqual: ">=",
}
_OPPOSITE: dict[Sign, Sign] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: dict[Sign, Sign] = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_RELATION_OF = {
    ast.GeometryIntersects: "intersects",
    ast.GeometryDisjoint: "disjoint",
    ast.GeometryContains: "contains",
    ast.GeometryWithin: "within",
    ast.GeometryTouches: "touches",
    ast.GeometryCrosses: "crosses",
    ast.GeometryOverlaps: "overlaps",
    ast.GeometryEquals: "equals",
}
# The same relation seen from the other side.
_SEEN_BACK = {"contains": "within", "within": "contains"}


class _Columns(NamedTuple):
    """The columns a filter may name, and how its places are to be read."""

    known: dict[str, Column]
    has_geometry: bool
    crs: Crs

    def said(self, node: Any, *, negated: bool) -> Condition:
        """The condition of a node, or its opposite."""
        match node:
            case ast.And() | ast.Or():
                parts = tuple(self.said(each, negated=negated) for each in (node.lhs, node.rhs))
                return Either(parts) if isinstance(node, ast.Or) != negated else Both(parts)
            case ast.Not():
                return self.said(node.sub_node, negated=not negated)
            case ast.Include():
                return Either(()) if node.not_ != negated else Both(())
            case ast.Between():
                bounds = ast.And(ast.GreaterEqual(node.lhs, node.low), ast.LessEqual(node.lhs, node.high))
                return self.said(bounds, negated=node.not_ != negated)
            case ast.In():
                ways = [self._compared(node.lhs, "=", each, negated=node.not_ != negated) for each in node.sub_nodes]
                return Both(tuple(ways)) if node.not_ != negated else Either(tuple(ways))
            case ast.IsNull():
                name = self._name(node.lhs)
                return Filled("" if name is None else name, negated=node.not_ == negated)
            case ast.Like():
                return self._like(node, negated=node.not_ != negated)
            case ast.Comparison():
                return self._compared(node.lhs, _SIGN_OF[type(node)], node.rhs, negated=negated)
            case ast.SpatialComparisonPredicate():
                return self._lies(node, negated=negated)
            case ast.TemporalPredicate():
                return self._dated(node, negated=negated)
        raise problems.FilterBad(why=type(node).__name__)

    def _name(self, node: Any) -> str | None:
        """The column that a node names; none for the geometry."""
        if not isinstance(node, ast.Attribute):
            raise problems.FilterBad(why=str(node)[:40])
        if self.has_geometry and node.name == GEOMETRY and GEOMETRY not in self.known:
            return None
        if node.name not in self.known:
            known = [*self.known, *([GEOMETRY] if self.has_geometry else [])]
            raise problems.FilterUnknownColumn(name=node.name, known=", ".join(known))
        return str(node.name)

    def _column(self, node: Any) -> tuple[Column, bool]:
        """The column of a scalar, and whether capitals do not count."""
        nocase = isinstance(node, ast.Function)
        name = self._name(node.arguments[0] if nocase else node)
        if name is None or (nocase and self.known[name].kind != "text"):
            raise problems.FilterBad(why=name or GEOMETRY)
        return self.known[name], nocase

    def _compared(self, one: Any, sign: Sign, other: Any, *, negated: bool) -> Condition:
        if not _names_a_column(one):
            one, other, sign = other, one, _MIRRORED[sign]
        column, nocase = self._column(one)
        if isinstance(other, ast.Function):
            if not nocase:
                raise problems.FilterBad(why="casei")
            other = other.arguments[0]
        value = _value(column, other)
        if nocase and sign not in {"=", "<>"}:
            raise problems.FilterBad(why="casei")
        return Compare(column.name, _OPPOSITE[sign] if negated else sign, value, nocase)

    def _like(self, node: Any, *, negated: bool) -> Condition:
        column, nocase = self._column(node.lhs)
        pattern = node.pattern.arguments[0] if isinstance(node.pattern, ast.Function) else node.pattern
        if column.kind != "text" or not isinstance(pattern, str) or pattern.count("%") > MAX_WILD:
            raise problems.FilterBad(why=f"{column.name} LIKE {pattern}")
        return Like(column.name, pattern, nocase, negated)

    def _lies(self, node: Any, *, negated: bool) -> Condition:
        one, other, relation = node.lhs, node.rhs, _RELATION_OF[type(node)]
        if isinstance(one, _Place):
            one, other, relation = other, one, _SEEN_BACK.get(relation, relation)
        if not isinstance(one, ast.Attribute) or self._name(one) is not None or not isinstance(other, _Place):
            raise problems.FilterBad(why=str(one)[:40])
        return Lies(relation, self._place(other), negated)

    def _place(self, given: _Place) -> BaseGeometry:
        """What a filter says of a place, in lon, lat."""
        if isinstance(given, _Corners):
            try:
                place, said = checked(given.numbers, self.crs).outline(), f"BBOX{given.numbers}"
            except BadBox as error:
                raise problems.FilterBad(why=f"BBOX({error})") from error
        else:
            place, said = reproject(flip(given) if self.crs.flips else given, self.crs, CRS84), given.wkt
        if place.is_empty or not place.is_valid or not all(map(_is_number, place.bounds)):
            raise problems.FilterBad(why=said[:40])
        return place

    def _dated(self, node: Any, *, negated: bool) -> Condition:
        one, other, kind = node.lhs, node.rhs, type(node)
        if not isinstance(one, ast.Attribute):
            one, other = other, one
            kind = {ast.TimeAfter: ast.TimeBefore, ast.TimeBefore: ast.TimeAfter}.get(kind, kind)
        column, _nocase = self._column(one)
        if column.kind != "date" or not isinstance(other, date | Interval):
            raise problems.FilterBad(why=column.name)
        first, last = (other.start, other.end) if isinstance(other, Interval) else (other, other)
        compare: Callable[[Sign, Any], Condition] = partial(Compare, column.name)
        before: Condition = compare("<", first) if first else Either(())
        after: Condition = compare(">", last) if last else Either(())
        since: Condition = compare(">=", first) if first else Filled(column.name, negated=False)
        until: Condition = compare("<=", last) if last else Filled(column.name, negated=False)
        # (what is asked, its opposite)
        during, outside = Both((since, until)), Either((before, after))
        ways: dict[type, tuple[Condition, Condition]] = {
            ast.TimeBefore: (before, since),
            ast.TimeAfter: (after, until),
            ast.TimeDisjoint: (outside, during),
        }
        return ways.get(kind, (during, outside))[negated]


def _is_number(value: float) -> bool:
    return abs(value) < float("inf")


def _names_a_column(node: Any) -> bool:
    inner = node.arguments[0] if isinstance(node, ast.Function) else node
    return isinstance(inner, ast.Attribute)


# PostgreSQL's largest whole number; a longer one is in no column.
MAX_INTEGER = 2**63 - 1


def _value(column: Column, given: Any) -> Value:
    """The value that a column is compared with.

    Raises   FilterBad, when it is none of its kind.
    """
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    fits = {
        "text": isinstance(given, str),
        "integer": is_number and abs(given) <= MAX_INTEGER,
        "number": is_number and _is_number(given),
        "boolean": isinstance(given, bool),
        "date": isinstance(given, date | str),
    }[column.kind]
    if column.kind == "date" and isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            fits = False
    if not fits:
        raise problems.FilterBad(why=f"{column.name}, {given}"[:80])
    return cast(Value, given)
