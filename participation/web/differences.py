"""What a file changes, row by row: the first of each kind on a page, all of them as a table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely
from django.utils.translation import gettext

from geo.formats.formulas import inert
from participation.web.files import csv_line

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Of each kind of row so many are shown; the file with all rows holds them all.
SHOWN = 100


@dataclass(frozen=True)
class Line:
    """One thing that a row says otherwise, as people read it."""

    name: "str | _StrPromise"
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """A row: where it stands, what differs, and what is to be said of it; ``code`` of one that is refused."""

    where: str
    lines: list[Line] = field(default_factory=list)
    href: str = ""
    why: str = ""
    code: str = ""
    notes: "tuple[str | _StrPromise, ...]" = ()


@dataclass(frozen=True)
class Part:
    """The first rows of one kind, of so many; ``is_change`` where each has something before and after."""

    title: "str | _StrPromise"
    rows: list[Told]
    n: int
    is_change: bool = False


def place_words(n_corners: int, lon: float, lat: float) -> str:
    """A place in few words: a point as it is, a line or an area by its corners and its middle."""
    middle = f"{lon:.6f}, {lat:.6f}"
    if n_corners == 1:
        return middle
    facts = {"n": n_corners, "lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    return gettext("%(n)s corners around %(lon)s, %(lat)s") % facts


def shape_words(shape: shapely.Geometry) -> str:
    """The same of a shape."""
    middle = shape.centroid
    return place_words(int(shapely.get_num_coordinates(shape)), middle.x, middle.y)


def held(values: Mapping[str, str]) -> str:
    """What a row holds, in one cell."""
    return "; ".join(f"{name}: {value}" for name, value in values.items())


def table(heading: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines of a CSV of all rows; what a spreadsheet would compute stays text."""
    yield "\ufeff" + csv_line(*heading)
    for row in rows:
        yield csv_line(*(inert(cell) if isinstance(cell, str) else cell for cell in row))
