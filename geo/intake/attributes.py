"""Attributes of a stranger's features: clean names, plain values, and what kind each attribute is over all rows."""

import math
import re
from dataclasses import dataclass, field

from geo.formats.rows import UnreadableFile

MOST_ATTRIBUTES = 500
NAME_LENGTH = 60
TEXT_LENGTH = 2000
# Names that GeoPackage keeps for itself.
_TAKEN = {"fid", "geom", "ogc_fid"}
# Postcodes may begin with a zero, and telephone numbers with a plus: these stay texts.
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,14})[.,]\d{1,15}", re.ASCII)
# What PostgreSQL's bigint holds; a longer number is kept as text.
_LARGEST = 2**63 - 1


@dataclass
class Seen:
    """What came by under one name."""

    name: str
    kinds: set[str] = field(default_factory=set)
    n: int = 0

    @property
    def kind(self) -> str:
        """The kind that holds every value seen."""
        if self.kinds == {"boolean"}:
            return "boolean"
        if self.kinds <= {"integer"} and self.kinds:
            return "integer"
        return "number" if self.kinds <= {"integer", "number"} and self.kinds else "text"


class Attributes:
    """Collects the attributes of a file row by row."""

    def __init__(self, text_length: int = TEXT_LENGTH) -> None:
        self.text_length = text_length
        self.seen: dict[str, Seen] = {}
        self.n_emptied = 0
        self._names: set[str] = set()

    def take(self, raw: dict[str, object]) -> dict[str, object]:
        """The values of one row under clean names; what is empty, or no number (NaN), is left out.

        Raises   UnreadableFile: file.too_many_columns.
        """
        found: dict[str, object] = {}
        for name, value in raw.items():
            plain, kind = self._plain(value)
            seen = self.seen.get(name)
            if seen is None:
                if len(self.seen) >= MOST_ATTRIBUTES:
                    raise UnreadableFile("file.too_many_columns", most=MOST_ATTRIBUTES)
                seen = self.seen[name] = Seen(self._clean(name))
            if plain is not None:
                seen.kinds.add(kind)
                seen.n += 1
                found[seen.name] = plain
        return found

    def listed(self, n_rows: int) -> list[dict[str, object]]:
        """The attributes that hold anything, in the order of the file."""
        return [
            {"name": seen.name, "kind": seen.kind, "n_empty": n_rows - seen.n} for seen in self.seen.values() if seen.n
        ]

    def _plain(self, value: object) -> tuple[object, str]:
        if value is None:
            return None, ""
        if isinstance(value, bool):
            return value, "boolean"
        if isinstance(value, int):
            return (value, "integer") if abs(value) <= _LARGEST else (str(value)[: self.text_length], "text")
        if isinstance(value, float):
            if math.isfinite(value):
                return value, "number"
            self.n_emptied += 1
            return None, ""
        text = str(value).strip()
        if not text:
            return None, ""
        if text.lower() in {"nan", "null"}:
            self.n_emptied += 1
            return None, ""
        kind = "integer" if _WHOLE.fullmatch(text) else "number" if _DECIMAL.fullmatch(text) else "text"
        return text[: self.text_length], kind

    def _clean(self, name: str) -> str:
        """A name that no other attribute has, in whatever letters."""
        bare = "".join(sign if sign.isprintable() else " " for sign in name).strip()[:NAME_LENGTH] or "column"
        if bare.lower() in _TAKEN:
            bare += "_"
        found, again = bare, 2
        while found.lower() in self._names:
            found, again = f"{bare}_{again}", again + 1
        self._names.add(found.lower())
        return found


def as_kind(value: object, kind: str) -> object:
    """A value as its attribute's kind: a table writes "3,5" where a number is meant."""
    if kind == "text":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str):
        return int(value) if kind == "integer" else float(value.replace(",", "."))
    return float(value) if kind == "number" and isinstance(value, int) else value
