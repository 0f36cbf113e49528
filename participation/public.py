"""The one door through which siting enters: demand as places, weights and counts of distinct people, never persons;
and the way back, by which the town's answers reach the proposals.

Only public proposals pass, and of those who stand behind them only how many they are. Votes pass when they were
counted, as one number a proposal; how a vote stands that still runs is nobody's to know.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from django.core.cache import cache
from django.db.models import Count, F, FloatField, Func, Q, QuerySet
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from participation.models import Area, Organisation, Person, Phase, Project, Proposal, Support, TallyRow
from participation.rules.roles import DeskAct, may
from participation.selectors.organisations import role_in
from participation.services.project_setup import organisation_or_refused
from participation.services.records import record_act
from participation.services.responses import Answer, publish_answers

__all__ = [
    "Answer",
    "AskedPlace",
    "CountedVotes",
    "Demand",
    "Neighbourhood",
    "asked_places",
    "costs",
    "counted_votes",
    "demand",
    "is_staff",
    "n_people_behind",
    "neighbourhoods",
    "organisation_or_refused",
    "people_per_group",
    "proposals_by_number",
    "public_maps",
    "publish_answers",
    "record_act",
]

Ints = NDArray[np.int64]

# Counted again with every change of the project; this only says how long an unused answer is kept.
KEPT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Demand:
    """The places asked for in a project.

    Shape    numbers (n,) of the proposals, rising; points (n, 2) lon, lat; n_supports (n,).
    """

    numbers: Ints
    points: NDArray[np.float64]
    n_supports: Ints


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """What one public proposal says."""

    number: int
    title: str
    body: str
    n_supports: int


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """One part of the town, and how many public proposals and people are about places in it.

    People are counted where their places are: where anybody lives is not known here. ``outline`` is in lon, lat.
    """

    name: str
    outline: BaseGeometry
    population: int | None
    population_is_estimate: bool
    n_proposals: int
    n_people: int


def public_maps(organisation: str) -> QuerySet[Project]:
    """The public projects of a town (by slug) that ask for places; without their outlines, which are large."""
    return (
        Project.objects.filter(organisation__slug=organisation, area__isnull=False)
        .exclude(state=Project.State.DRAFT)
        .only("slug", "title", "revision", "organisation_id")
        .order_by("slug")
    )


def _public(project: Project) -> QuerySet[Proposal]:
    return Proposal.objects.filter(project=project, state=Proposal.State.PUBLISHED)


def demand(project: Project) -> Demand:
    """Where do the public proposals of a project ask for something, and how many support each?"""
    lon = Func(F("point"), function="ST_X", output_field=FloatField())
    lat = Func(F("point"), function="ST_Y", output_field=FloatField())
    rows = _public(project).annotate(lon=lon, lat=lat).filter(lon__isnull=False).order_by("number")
    found = np.array(list(rows.values_list("number", "n_supports", "lon", "lat").iterator()), dtype=np.float64)
    found = found.reshape(-1, 4)
    return Demand(found[:, 0].astype(np.int64), found[:, 2:], found[:, 1].astype(np.int64))


def asked_places(project: Project, numbers: Sequence[int]) -> list[AskedPlace]:
    """What do these public proposals say?

    Order    as the numbers.
    Cost     about 30 ms for a thousand; choose before asking for more.
    """
    rows = _public(project).filter(number__in=numbers).values_list("number", "title", "body", "n_supports")
    found = {row[0]: AskedPlace(*row) for row in rows}
    return [found[number] for number in numbers if number in found]


def proposals_by_number(project: Project, numbers: Collection[int] | None = None) -> QuerySet[Proposal]:
    """The public proposals of these numbers, or all of them, by number; without who made them."""
    rows = _public(project).select_related("area").defer("author", "area__outline").order_by("number")
    return rows if numbers is None else rows.filter(number__in=numbers)


def n_people_behind(project: Project, numbers: Collection[int]) -> int:
    """How many different people propose or support one of these?"""
    each = np.array(sorted(set(numbers)), dtype=np.int64)
    return int(people_per_group(project, each, np.zeros(len(each), dtype=np.int64), 1)[0])


def is_staff(organisation: Organisation | str, person: object) -> bool:
    """May this person see the desk of this town (or the town of this slug)?"""
    if not isinstance(person, Person):
        return False
    town = (
        Organisation.objects.filter(slug=organisation).only("pk").first()
        if isinstance(organisation, str)
        else organisation
    )
    return town is not None and may(role_in(town, person), DeskAct.SEE)


def people_per_group(project: Project, numbers: Ints, groups: Ints, n_groups: int) -> Ints:
    """How many different people propose or support something in each group of proposals?

    Shape    numbers (n,) of proposals, rising; groups (n,) from 0, -1 for none; the answer (n_groups,).
    """
    of_proposal, someone = _backers(project)
    if len(numbers) == 0 or len(someone) == 0:
        return np.zeros(n_groups, dtype=np.int64)
    at = np.minimum(np.searchsorted(numbers, of_proposal), len(numbers) - 1)
    counted = (numbers[at] == of_proposal) & (groups[at] >= 0)
    n_people = int(someone.max()) + 1
    distinct = np.unique(groups[at[counted]] * n_people + someone[counted])
    return np.bincount(distinct // n_people, minlength=n_groups)


def neighbourhoods(project: Project) -> list[Neighbourhood]:
    """The parts of the project's town with what was asked for in each, by name."""
    areas = list(
        Area.objects.filter(organisation=project.organisation_id)
        .annotate(
            n_proposals=Count(
                "proposals", filter=Q(proposals__project=project, proposals__state=Proposal.State.PUBLISHED)
            )
        )
        .order_by("name", "pk")
    )
    place_of = {area.pk: at for at, area in enumerate(areas)}
    rows = list(_public(project).order_by("number").values_list("number", "area_id"))
    numbers = np.array([number for number, _area in rows], dtype=np.int64)
    groups = np.array([place_of.get(area, -1) for _number, area in rows], dtype=np.int64)
    n_people = people_per_group(project, numbers, groups, len(areas))
    return [
        Neighbourhood(
            name=area.name,
            outline=shapely.from_wkb(bytes(area.outline.wkb)),
            population=area.population,
            population_is_estimate=area.population_is_estimate,
            n_proposals=area.n_proposals,
            n_people=int(n_people[at]),
        )
        for at, area in enumerate(areas)
    ]


@dataclass(frozen=True, slots=True)
class CountedVotes:
    """A vote that is over.

    Shape    numbers (n,) of the proposals by rank, n_votes (n,) what each got; winners, in their order.
    """

    phase: int
    numbers: Ints
    n_votes: Ints
    winners: tuple[int, ...]


def counted_votes(project: Project) -> CountedVotes | None:
    """What did each option get in the last vote of a project that was counted? None while there is no such vote.

    Order    by rank, as the rule that binds counted.
    """
    vote = Phase.objects.filter(project=project, closed_at__isnull=False).order_by("-position").first()
    if vote is None:
        return None
    rows = list(
        TallyRow.objects.filter(phase=vote, proposal__state=Proposal.State.PUBLISHED)
        .order_by("rank")
        .values_list("proposal__number", "n_votes", "is_winner")
    )
    if not rows:
        return None
    return CountedVotes(
        vote.pk,
        np.array([number for number, _n, _wins in rows], dtype=np.int64),
        np.array([n for _number, n, _wins in rows], dtype=np.int64),
        tuple(number for number, _n, wins in rows if wins),
    )


def costs(project: Project) -> dict[int, int]:
    """What the public proposals of a project cost, in cents, where that is known."""
    rows = _public(project).values_list("number", "cost_cents")
    return {number: cents for number, cents in rows if cents is not None}


def _backers(project: Project) -> tuple[Ints, Ints]:
    """Pairs of a proposal's number and someone who proposed or supports it, kept until the project changes.

    Someone is counted from 0 within this answer: no person's own number is kept or leaves this file. Staff who
    entered the city's or a paper proposal do not count as people who asked for it.
    """
    key = f"backers.{project.pk}.{project.revision}"
    found: tuple[Ints, Ints] | None = cache.get(key)
    if found is None:
        public = _public(project)
        supports = Support.objects.filter(proposal__in=public).values_list("proposal__number", "person_id")
        authors = public.filter(origin=Proposal.Origin.RESIDENT, author__isnull=False).order_by()
        pairs = np.array([*supports.iterator(), *authors.values_list("number", "author_id").iterator()], np.int64)
        pairs = pairs.reshape(-1, 2)
        found = (pairs[:, 0].copy(), np.unique(pairs[:, 1], return_inverse=True)[1].astype(np.int64))
        cache.set(key, found, KEPT_SECONDS)
    return found
