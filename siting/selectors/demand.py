"""What residents ask for, in metres, and the part of it that a planner looks at."""

from dataclasses import dataclass, fields
from datetime import date
from functools import partial

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from geo.plane.crs import CRS84, LAMBERT_72, Crs, metric_for, transform
from participation import public
from participation.models import Project, Proposal
from siting.rules.settings import Ballot, Sieve, Weigh
from siting.selectors.remembered import remembered

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

EVERYTHING = Sieve()
FIRST_DAY = date(1970, 1, 1).toordinal()


class VotesNotCounted(LookupError):  # noqa: N818 -- an answer about what was asked
    """No vote of this project was counted yet, so nothing can be weighed by votes."""


@dataclass(frozen=True, slots=True)
class MeasuredDemand:
    """Demand in metres of the plane ``crs``.

    Shape    numbers (n,) rising, points_m (n, 2), n_supports (n,); areas, themes and days (n,) as in
             ``public.Demand``.
    """

    numbers: Ints
    points_m: Floats
    n_supports: Ints
    areas: Ints
    themes: Ints
    days: Ints
    crs: Crs

    def only(self, chosen: Bools) -> "MeasuredDemand":
        """The chosen pins alone."""
        cut = {field.name: getattr(self, field.name)[chosen] for field in fields(self) if field.name != "crs"}
        return MeasuredDemand(**cut, crs=self.crs)


def measured_demand(project: Project, sieve: Sieve = EVERYTHING) -> MeasuredDemand:
    """Where is something asked for: in Lambert 72 in Belgium, else in the UTM zone of the middle."""
    found = remembered(project, "demand", partial(_measure, project))
    if sieve == EVERYTHING:
        return found
    return remembered(project, ("demand", sieve), lambda: found.only(_passing(project, sieve, found)))


def _passing(project: Project, sieve: Sieve, among: MeasuredDemand) -> Bools:
    return np.isin(among.numbers, public.numbers_of(rows_of(project, sieve)), assume_unique=True)


def neighbourhoods(project: Project) -> list[public.Neighbourhood]:
    """The parts of the project's town, by name."""
    revision = project.organisation.revision
    return remembered(project, ("neighbourhoods", revision), partial(public.neighbourhoods, project))


def rows_of(project: Project, sieve: Sieve) -> QuerySet[Proposal]:
    """The proposals that pass the sieve, as rows of the database."""
    return public.chosen(
        project,
        theme=sieve.theme,
        area=sieve.area,
        origin=sieve.origin,
        on_ballot=None if sieve.ballot is None else sieve.ballot is Ballot.ON,
        since=sieve.since,
        until=sieve.until,
        text=sieve.text,
    )


def _measure(project: Project) -> MeasuredDemand:
    found = public.demand(project)
    crs = metric_for(*np.median(found.points, axis=0)) if len(found.numbers) else LAMBERT_72
    points_m = transform(found.points, CRS84, crs)
    measured = MeasuredDemand(found.numbers, points_m, found.n_supports, found.areas, found.themes, found.days, crs)
    reachable: Bools = np.asarray(np.isfinite(points_m).all(axis=1))
    return measured.only(reachable)


def weights(project: Project, pins: MeasuredDemand, weigh: Weigh) -> Floats:
    """What does each pin weigh?

    Raises   VotesNotCounted.
    """
    if weigh is Weigh.PINS:
        return np.ones(len(pins.numbers))
    return (pins.n_supports if weigh is Weigh.SUPPORTERS else n_votes(project, pins)).astype(np.float64)


def n_votes(project: Project, pins: MeasuredDemand) -> Ints:
    """How many counted votes has each pin?

    Raises   VotesNotCounted.
    """
    votes = public.counted_votes(project)
    if votes is None:
        raise VotesNotCounted
    if not len(votes.numbers):
        return np.zeros(len(pins.numbers), dtype=np.int64)
    rising = np.argsort(votes.numbers)
    at = rising[np.minimum(np.searchsorted(votes.numbers, pins.numbers, sorter=rising), len(rising) - 1)]
    return np.where(votes.numbers[at] == pins.numbers, votes.n_votes[at], 0)
