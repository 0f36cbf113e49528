"""What a dossier is set from, on screen as on paper: chapters of texts, lists, tables, pictures and entries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

MOST_ROWS_TOGETHER = 14
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; the lead is set larger, a note smaller."""

    words: str
    dress: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a chapter."""

    words: str
    kind: str = "heading"


@dataclass(frozen=True, slots=True)
class Link:
    """Where something can be read."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list; each point may lead somewhere."""

    items: Sequence[tuple[str, Link | None]]
    kind: str = "points"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; its first column names the rows. ``numbers`` are the columns of figures, from 0."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    kind: str = "grid"

    @property
    def is_short(self) -> bool:
        """Does it stay whole on one page?"""
        return len(self.rows) <= MOST_ROWS_TOGETHER

    @property
    def is_coded(self) -> bool:
        """Is one of its columns letters without a blank, which may be broken anywhere?"""
        return any(len(cell) > LONGEST_WORD and " " not in cell for row in self.rows for cell in row)

    @property
    def heads(self) -> list[tuple[str, bool]]:
        """The heads, and whether figures stand under each."""
        return [(label, at in self.numbers) for at, label in enumerate(self.columns)]

    @property
    def lines(self) -> list[list[tuple[str, bool]]]:
        """The rows, and whether each cell is a figure."""
        return [[(cell, at in self.numbers) for at, cell in enumerate(row)] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Picture:
    """A map or chart, by its name; ``alt`` says what it shows and where the same stands in words."""

    name: str
    alt: str
    caption: str
    src: str = ""
    is_map: bool = False
    kind: str = "picture"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing with a title of its own: facts in small, words, where to read more, what came before."""

    title: str
    facts: str
    words: str
    link: Link | None = None
    more: Sequence[str] = ()
    kind: str = "entry"


Block = Text | Heading | Points | Grid | Picture | Entry


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter; ``key`` is its place in an address."""

    key: str
    title: str
    blocks: Sequence[Block] = field(default_factory=list)


def map_and_detail(name: str, alt: str, caption: str) -> tuple[Picture, Picture]:
    """A map of the whole town, and where marks hide one another one of them nearer by."""
    nearer = gettext("The same, nearer by, where the marks lie close together.")
    return Picture(name, alt, caption, is_map=True), Picture(f"{name}-detail", f"{alt} {nearer}", nearer, is_map=True)


def point(words: str, link: Link | None = None) -> tuple[str, Link | None]:
    """One point of a list."""
    return words, link


def day(iso: str | None) -> str:
    """Say a day that was kept as text: with its year, for a document is read for long."""
    if not iso:
        return "–"
    found = datetime.fromisoformat(iso) if "T" in iso else date.fromisoformat(iso)
    return str(date_format(localtime(found) if isinstance(found, datetime) else found, "DATE_FORMAT"))
