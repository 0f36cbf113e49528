"""What features have to be like, as a tree without negations over named columns and the geometry; and the two ways to
hold a layer against it: in the database, and row by row.

What stands in no column answers no question, neither yes nor no, as in SQL: it never matches. Whoever builds a tree
(``geo/ogc/cql.py``) carries a "not" down to its leaves, so that this holds for the opposite of a question too.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import Q
from shapely.geometry.base import BaseGeometry

Sign = Literal["=", "<>", "<", "<=", ">", ">="]
Value = str | int | float | bool | date


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a value; ``nocase`` for texts in which capitals do not count."""

    column: str
    sign: Sign
    value: Value
    nocase: bool = False


@dataclass(frozen=True, slots=True)
class Like:
    """A text against a pattern with ``%`` (anything) and ``_`` (one sign); ``\\`` takes a sign as it is."""

    column: str
    pattern: str
    nocase: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """Does the column say something (or, negated, nothing)? The geometry is the column named ""."""

    column: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Lies:
    """How the geometry lies to a place in lon, lat: "intersects", "within" ..."""

    relation: str
    place: BaseGeometry
    negated: bool


@dataclass(frozen=True, slots=True)
class Both:
    """All of these (an empty tuple: everything matches)."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these (an empty tuple: nothing matches)."""

    parts: "tuple[Condition, ...]"


Condition = Compare | Like | Filled | Lies | Both | Either

_LOOKUPS = {"=": "exact", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
NOTHING = Q(pk__in=())
# Not an empty Q, which "or" would leave out.
EVERYTHING = ~NOTHING
RELATIONS = ("intersects", "disjoint", "contains", "within", "touches", "crosses", "overlaps", "equals")


def pattern_text(pattern: str) -> str:
    """The pattern of a ``Like`` as a regular expression that PostgreSQL and Python read alike."""
    parts, taken_as_is = [], False
    for sign in pattern:
        if not taken_as_is and sign == "\\":
            taken_as_is = True
            continue
        wild = {"%": ".*", "_": "."}.get(sign) if not taken_as_is else None
        # Letters and figures mean themselves; behind a backslash they would not.
        parts.append(wild or (sign if sign.isalnum() or ord(sign) > 127 else f"\\{sign}"))
        taken_as_is = False
    return "^" + "".join(parts) + "$"


def in_query(condition: Condition, names: Mapping[str, str], geometry: str | None) -> Q:
    """The condition for a queryset in which the columns have these names."""
    match condition:
        case Both(()):
            return EVERYTHING
        case Both(parts):
            found = Q()
            for part in parts:
                found &= in_query(part, names, geometry)
            return found
        case Either(parts):
            found = NOTHING
            for part in parts:
                found |= in_query(part, names, geometry)
            return found
        case Compare(column, sign, value, nocase):
            name = names[column]
            if sign == "<>":
                return ~Q(**{f"{name}__iexact" if nocase else name: value}) & Q(**{f"{name}__isnull": False})
            return Q(**{f"{name}__{'iexact' if nocase else _LOOKUPS[sign]}": value})
        case Like(column, pattern, nocase, negated):
            name = names[column]
            found = Q(**{f"{name}__{'iregex' if nocase else 'regex'}": pattern_text(pattern)})
            return ~found & Q(**{f"{name}__isnull": False}) if negated else found
        case Filled(column, negated):
            wanted = names[column] if column else geometry
            if wanted is None:
                return EVERYTHING if negated else NOTHING
            return Q(**{f"{wanted}__isnull": negated})
        case Lies(relation, place, negated):
            if geometry is None:
                return NOTHING
            found = Q(**{f"{geometry}__{relation}": GEOSGeometry(memoryview(shapely.to_wkb(place)), srid=4326)})
            return ~found & Q(**{f"{geometry}__isnull": False}) if negated else found


def matches(condition: Condition, attributes: Mapping[str, Any], geometry: BaseGeometry | None) -> bool:
    """Is a feature with these attributes and this place like that?"""
    match condition:
        case Both(parts):
            return all(matches(part, attributes, geometry) for part in parts)
        case Either(parts):
            return any(matches(part, attributes, geometry) for part in parts)
        case Compare(column, sign, value, nocase):
            held = attributes.get(column)
            if held is None:
                return False
            return _SIGNS[sign](held.upper(), str(value).upper()) if nocase else _SIGNS[sign](held, value)
        case Like(column, pattern, nocase, negated):
            held = attributes.get(column)
            flags = re.DOTALL | (re.IGNORECASE if nocase else 0)
            return held is not None and bool(re.fullmatch(pattern_text(pattern), held, flags)) != negated
        case Filled(column, negated):
            return ((attributes.get(column) if column else geometry) is None) == negated
        case Lies(relation, place, negated):
            return geometry is not None and bool(getattr(geometry, relation)(place)) != negated
