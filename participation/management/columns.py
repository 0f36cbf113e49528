"""Which column of a file is meant: the one named, or the one that is called so."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from geo.formats.reading import Row
from participation.rules.refusals import Code, Refused

# The rows of a GeoJSON file need not have the same fields: so many are looked at to know the names.
PEEKED = 500

TITLES = ("title", "titel", "titre", "name", "naam", "nom")
BODIES = ("body", "description", "omschrijving", "beschrijving", "text", "tekst", "comments", "comment")
NAMES = ("name", "naam", "nom", "title")


def peeked(rows: Iterator[Row]) -> tuple[list[str], Iterable[Row]]:
    """The names of the columns, and all rows.

    Raises   UnreadableFile.
    """
    first = list(islice(rows, PEEKED))
    names = dict.fromkeys(name for row in first for name in row.attributes)
    return list(names), chain(first, rows)


def chosen(field: str, names: Sequence[str], *, guesses: Sequence[str] = (), wanted: str = "") -> str:
    """The column named; else the first that is called like a guess; "" when nothing was named or wanted.

    Refuses  file.field_unknown.
    Raises   CommandError when no guess fits and ``wanted`` (the option) says that one is needed.
    """
    if field:
        # A file without rows has no fields either, and nothing to import.
        if names and field not in names:
            raise Refused(Code.FIELD_UNKNOWN, {"field": field, "fields": list(names[:30])})
        return field
    lower = {name.lower(): name for name in reversed(names)}
    found = next((lower[guess] for guess in guesses if guess in lower), "")
    if not found and wanted and names:
        raise CommandError(
            _("Say which column it is with %(option)s. The file has: %(fields)s.")
            % {"option": wanted, "fields": ", ".join(names[:30])}
        )
    return found
