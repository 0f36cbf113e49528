"""What the rows of a layer look like: columns, features, and how they are drawn. Knows no database, so that a process
that only reads a file has it at hand at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shapely.geometry.base import BaseGeometry

if TYPE_CHECKING:
    from django.db.models import Q
    from django.db.models.expressions import Combinable
    from django.utils.functional import _StrPromise

Kind = Literal["text", "integer", "number", "date", "boolean"]
# "Geometry": of different kinds.
GeometryType = Literal["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "Geometry"]


@dataclass(frozen=True, slots=True)
class Column:
    """One public attribute of a layer. Only what stands here leaves the house.

    ``found`` says which rows have exactly this value, where that is found quicker than by looking at ``path`` of each.
    ``codes`` are the values of a column that holds codes, each with what it means.
    """

    name: str
    path: "str | Combinable"
    kind: Kind
    title: "str | _StrPromise"
    found: "Callable[[Any], Q] | None" = None
    codes: "tuple[tuple[str, str | _StrPromise], ...]" = ()


class Feature(NamedTuple):
    """One row of a layer: its public number, its place in lon, lat (or none), its attributes in column order."""

    key: int
    geometry: BaseGeometry | None
    attributes: dict[str, Any]


class Look(NamedTuple):
    """How features are drawn where a file can say so: in one colour, or by the values of a column, each with what it
    is called and its colour."""

    colour: str = "#1f5c3a"
    column: str = ""
    values: tuple[tuple[str, str, str], ...] = ()
