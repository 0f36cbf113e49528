"""What every import shares: rows and their refusals, the tally of what became of them, the persons behind names."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from django.utils.crypto import salted_hmac
from numpy.typing import NDArray

from geo.formats.rows import Row, RowFault
from geo.intake.apart import rows_in
from participation.models import Import, Organisation, Person
from participation.rules.places import LonLat
from participation.rules.refusals import Refused

BATCH = 1000
# The column of our own files by which a proposal is known again.
NUMBER = "number"
# More digits than the database's whole numbers hold are no count of people.
WHOLE_DIGITS = 9
PSEUDONYM_DOMAIN = "import.invalid"


class RefusedRow(NamedTuple):
    """A row that did not come in, by its line and key in the file, and why."""

    line: int
    key: str
    why: Refused | RowFault

    @property
    def code(self) -> str:
        """The code of the refusal, whoever gave it."""
        return str(self.why.code)


OnRefused = Callable[[RefusedRow], None]


@dataclass
class Counts:
    """What became of the rows: read = imported + repeats + passed_over + all refused."""

    read: int = 0
    imported: int = 0
    repeats: int = 0
    passed_over: int = 0
    undated: int = 0
    swapped: int = 0
    supports_left_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)


T = TypeVar("T")


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    several = iter(rows)
    while batch := list(islice(several, size)):
        yield batch


def rows_path(of: Import) -> Path:
    """Where the rows of a draft lie once they were read: beside its file."""
    return Path(f"{of.file.path}.rows")


def kept_rows(of: Import) -> Iterator[Row]:
    """The rows of a draft, as they were read in a process apart."""
    return rows_in(rows_path(of))


def pseudonym(organisation: Organisation, name: str) -> str:
    """Give someone known only by the name in a file a mail address that leads nowhere and tells nothing.

    Keyed with the installation's secret, because a bare hash of a mail address is guessed in seconds. The same
    name is the same person in all files of one town, until the secret changes.
    """
    mark = salted_hmac("participation.importing", f"{organisation.slug}:{name}", algorithm="sha256").hexdigest()
    return f"{mark[:40]}@{PSEUDONYM_DOMAIN}"


class People:
    """The persons behind the names in a file: inactive accounts under a pseudonym, made when first met."""

    def __init__(self, organisation: Organisation, language: str) -> None:
        self.organisation, self.language = organisation, language
        self.ids: dict[str, int] = {}

    def meet(self, names: Iterable[str]) -> None:
        """Find or make all these persons, so that ``ids`` knows them."""
        emails = {pseudonym(self.organisation, name): name for name in set(names) - {""} - self.ids.keys()}
        if not emails:
            return
        there = set(Person.objects.filter(email__in=emails).values_list("email", flat=True))
        strangers = [
            Person(email=email, language=self.language, is_active=False) for email in emails if email not in there
        ]
        for person in strangers:
            person.set_unusable_password()
        Person.objects.bulk_create(strangers, ignore_conflicts=True)
        for email, pk in Person.objects.filter(email__in=emails).values_list("email", "pk"):
            self.ids[emails[str(email)]] = pk


def whole(text: str) -> int:
    """Read a whole number of a table; what is none counts as 0."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= WHOLE_DIGITS else 0


def lons(places: Sequence[LonLat]) -> NDArray[np.float64]:
    """The longitudes of these places. Shape (n,)."""
    return np.array([place.lon for place in places], dtype=np.float64)


def lats(places: Sequence[LonLat]) -> NDArray[np.float64]:
    """The latitudes of these places. Shape (n,)."""
    return np.array([place.lat for place in places], dtype=np.float64)
