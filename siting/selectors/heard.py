"""Who takes part, per neighbourhood and for each thousand inhabitants; small counts of people are not told."""

from dataclasses import dataclass

import numpy as np

from participation import public
from participation.models import Project
from siting.rules.settings import LEAST_PEOPLE_SHOWN, Sieve
from siting.selectors.demand import MeasuredDemand, VotesNotCounted, measured_demand, n_votes, neighbourhoods
from siting.selectors.remembered import remembered

PER = 1000


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard about places in one neighbourhood.

    People are counted where their places are, once in each neighbourhood: where anybody lives is not known here.
    ``n_people`` is None where some, but fewer than five, take part; ``n_votes`` is None before votes are counted.
    """

    part: public.Neighbourhood
    n_pins: int
    n_supports: int
    n_people: int | None
    n_votes: int | None

    def _share(self, n: int | None) -> float | None:
        return PER * n / self.part.population if n is not None and self.part.population else None

    @property
    def pins_per_thousand(self) -> float | None:
        """Pins per 1,000 inhabitants; None where these are not known."""
        return self._share(self.n_pins)

    @property
    def people_per_thousand(self) -> float | None:
        """People per 1,000 inhabitants; None where either is not known or not told."""
        return self._share(self.n_people)

    @property
    def votes_per_thousand(self) -> float | None:
        """Votes per 1,000 inhabitants; None where either is not known."""
        return self._share(self.n_votes)

    @property
    def is_silent(self) -> bool:
        """Is nothing asked for here yet?"""
        return self.n_pins == 0


@dataclass(frozen=True, slots=True)
class Turnout:
    """Every neighbourhood, not heard ones first; over all whose inhabitants are known, pins and people per 1,000."""

    rows: tuple[Heard, ...]
    pins_per_thousand: float | None
    people_per_thousand: float | None
    has_votes: bool


def turnout(project: Project, sieve: Sieve) -> Turnout:
    """Who takes part where?

    Order    neighbourhoods without a pin first, then those with too few people to tell, then by people for each
             inhabitant, fewest first; where the inhabitants are not known, last.
    """
    return remembered(
        project, ("heard", sieve, project.organisation.revision, _vote(project)), lambda: _count(project, sieve)
    )


def _vote(project: Project) -> int | None:
    votes = public.counted_votes(project)
    return votes.phase if votes else None


def _count(project: Project, sieve: Sieve) -> Turnout:
    parts = neighbourhoods(project)
    pins = measured_demand(project, sieve)
    place_of = groups(pins, parts)
    inside = place_of >= 0
    n_pins = np.bincount(place_of[inside], minlength=len(parts))
    n_supports = np.bincount(place_of[inside], pins.n_supports[inside], minlength=len(parts))
    n_people = public.people_per_group(project, pins.numbers, place_of, len(parts))
    try:
        voted = np.bincount(place_of[inside], n_votes(project, pins)[inside], minlength=len(parts)).astype(int)
        votes: list[int | None] = list(voted.tolist())
    except VotesNotCounted:
        votes = [None] * len(parts)
    rows = [
        Heard(part, int(n_pins[at]), int(n_supports[at]), told(int(n_people[at])), votes[at])
        for at, part in enumerate(parts)
    ]
    known = [at for at, part in enumerate(parts) if part.population]
    inhabitants = sum(parts[at].population or 0 for at in known)
    return Turnout(
        tuple(sorted(rows, key=_quiet_first)),
        PER * int(n_pins[known].sum()) / inhabitants if inhabitants else None,
        PER * int(n_people[known].sum()) / inhabitants if inhabitants else None,
        votes[:1] != [None] if votes else False,
    )


def told(n_people: int) -> int | None:
    """A count of people, or None where it is too small to be told: a few people can be recognised."""
    return n_people if n_people == 0 or n_people >= LEAST_PEOPLE_SHOWN else None


def groups(
    pins: MeasuredDemand, parts: list[public.Neighbourhood]
) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """The place of each pin's neighbourhood in the list, -1 for none."""
    keys = np.array([part.key for part in parts], dtype=np.int64)
    if not len(keys):
        return np.full(len(pins.areas), -1, dtype=np.int64)
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys[order], pins.areas), len(keys) - 1)
    return np.where(keys[order][at] == pins.areas, order[at], -1)


def _quiet_first(row: Heard) -> tuple[bool, bool, bool, float, str]:
    return (
        not row.part.population and not row.is_silent,
        not row.is_silent,
        row.n_people is not None,
        row.people_per_thousand or row.pins_per_thousand or 0.0,
        row.part.name,
    )
