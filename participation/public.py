"""The one door through which siting enters: demand as places, weights and counts of distinct people, never persons;
and the way back, by which the town's answers reach the proposals.

Only public proposals pass, and of those who stand behind them only how many they are. Votes pass when they were
counted, as one number a proposal; how a vote stands that still runs is nobody's to know.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import numpy as np
import shapely
from django.contrib.gis.db.models import Extent
from django.contrib.gis.db.models.functions import Envelope
from django.db.models import F, FloatField, Func, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce, TruncDate
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.analysis.counting import distinct
from geo.catalog import FeatureSource
from geo.memory import kept
from geo.plane.boxes import Box
from geo.queries.numbers import numbers
from participation.models import Area, Organisation, Person, Project, Proposal, Support, TallyRow
from participation.rules.roles import DeskAct
from participation.rules.voting import Method, Rule
from participation.selectors.answer_layers import layers_of_answers
from participation.selectors.layers import counted_vote, proposals_layer
from participation.selectors.projects import n_voters
from participation.selectors.proposals import filtered
from participation.selectors.results import AreaResult, Turnout, result_of
from participation.selectors.roles import roles_in
from participation.services.project_setup import organisation_or_refused
from participation.services.records import record_act
from participation.services.responses import Answer, publish_answers

__all__ = [
    "Answer",
    "AskedPlace",
    "CountedVotes",
    "Demand",
    "Neighbourhood",
    "VoteOutcome",
    "VotedOption",
    "asked_places",
    "box_of",
    "box_of_neighbourhoods",
    "chosen",
    "costs",
    "counted_votes",
    "demand",
    "has_votes",
    "layer_of",
    "layers_of_answers",
    "n_people_behind",
    "neighbourhood_names",
    "neighbourhoods",
    "numbers_of",
    "organisation_or_refused",
    "people_per_group",
    "projects_of_staff",
    "proposals_by_number",
    "public_maps",
    "publish_answers",
    "record_act",
    "turnout",
    "vote_outcome",
]

Ints = NDArray[np.int64]

LON = Func(F("point"), function="ST_X", output_field=FloatField())
LAT = Func(F("point"), function="ST_Y", output_field=FloatField())


@dataclass(frozen=True, slots=True)
class Demand:
    """The places asked for in a project, and by what they can be told apart.

    Shape    numbers (n,) of the proposals, rising; points (n, 2) lon, lat; n_supports (n,). areas and themes (n,)
             are keys of their tables, -1 for none; days (n,) since 1 January 1970.
    """

    numbers: Ints
    points: NDArray[np.float64]
    n_supports: Ints
    areas: Ints
    themes: Ints
    days: Ints


@dataclass(frozen=True, slots=True)
class CountedVotes:
    """The latest vote of a project that was counted.

    Shape    numbers (n,) of the public proposals by rank, n_votes (n,) what each got; winners, in their order.
    """

    phase: int
    numbers: Ints
    n_votes: Ints
    winners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VotedOption:
    """One option where it stands after the count; ``title`` is empty when it is not public any more."""

    rank: int
    number: int
    title: str
    area: str
    n_votes: int
    is_winner: bool


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """What a counted vote came to, as everyone may read it: who took part is told as ``Turnout`` tells it."""

    phase: int
    opened_at: datetime
    closed_at: datetime
    method: Method
    rule: Rule
    one_per_area: bool
    options: tuple[VotedOption, ...]
    areas: tuple[AreaResult, ...]
    turnout: Turnout


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """What one public proposal says."""

    number: int
    title: str
    body: str
    n_supports: int
    area: str
    theme: dict[str, str] | None
    created_on: date
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """One part of the town. ``outline`` is in lon, lat; ``key`` is what ``Demand.areas`` holds."""

    key: int
    code: str
    name: str
    outline: BaseGeometry
    population: int | None
    population_is_estimate: bool


def public_maps(organisation: str) -> QuerySet[Project]:
    """The public projects of a town (by slug) that ask for places; without their outlines, which are large, but with
    the box around each (``around``)."""
    return (
        Project.objects.filter(organisation__slug=organisation, area__isnull=False)
        .exclude(state=Project.State.DRAFT)
        .only("slug", "title", "revision", "organisation_id")
        .annotate(around=Envelope("area"))
        .order_by("slug")
    )


def box_of(project: Project) -> Box | None:
    """The box around the area of a project; looked up where ``public_maps`` did not."""
    around = project.around if hasattr(project, "around") else project.area
    return Box(*around.extent) if around is not None else None


def box_of_neighbourhoods(project: Project) -> Box | None:
    """The box around the neighbourhoods of a project's town."""
    parts = Area.objects.filter(organisation=project.organisation_id)
    found = parts.aggregate(around=Extent("outline"))["around"]
    return Box(*found) if found else None


def _public(project: Project) -> QuerySet[Proposal]:
    return Proposal.objects.filter(project=project, state=Proposal.State.PUBLISHED)


def demand(project: Project) -> Demand:
    """Where do the public proposals of a project ask for something, and how many support each?

    Cost     about 0.2 s for 100,000; keep the answer until the project's revision changes.
    """
    day = Func(TruncDate("created_at"), template="(%(expressions)s - DATE '1970-01-01')", output_field=IntegerField())
    rows = (
        _public(project)
        .annotate(lon=LON, lat=LAT, day=day, part=Coalesce("area_id", Value(-1)), kind=Coalesce("theme_id", Value(-1)))
        .filter(lon__isnull=False)
        .order_by("number")
        .values_list("number", "lon", "lat", "n_supports", "part", "kind", "day")
    )
    found = numbers(rows, 7)
    whole = found[:, [0, *range(3, 7)]].astype(np.int64)
    return Demand(
        numbers=whole[:, 0],
        points=found[:, 1:3],
        n_supports=whole[:, 1],
        areas=whole[:, 2],
        themes=whole[:, 3],
        days=whole[:, 4],
    )


def chosen(
    project: Project,
    *,
    theme: str = "",
    area: str = "",
    origin: str = "",
    on_ballot: bool | None = None,
    since: date | None = None,
    until: date | None = None,
    text: str = "",
) -> QuerySet[Proposal]:
    """The public proposals with a place that are of this theme (slug), area (code) and origin, on the ballot or not,
    proposed on or between these days, and hold these words; what is not said lets all through.

    For layers, which say themselves which columns leave the house.
    """
    placed = _public(project).filter(point__isnull=False)
    rows = filtered(placed, text=text, area=area, theme=theme, since=since, until=until)
    if origin:
        rows = rows.filter(origin=origin)
    if on_ballot is not None:
        rows = rows.filter(on_ballot=on_ballot)
    return rows


def layer_of(project: Project, rows: QuerySet[Proposal] | None = None) -> FeatureSource:
    """The public proposals of a project, or some of them, as a layer with the columns that may leave the house."""
    layer = proposals_layer(project, has_map=True)
    return layer if rows is None else layer.only(rows)


def numbers_of(rows: QuerySet[Proposal]) -> Ints:
    """The numbers of these proposals, rising."""
    return numbers(rows.order_by("number").values_list("number"), 1)[:, 0].astype(np.int64)


def counted_votes(project: Project) -> CountedVotes | None:
    """What did each option get in the latest vote that was counted? None before a vote of this project was counted.

    Order    by rank, as the rule that binds counted.
    """
    vote = counted_vote(project)
    if vote is None:
        return None
    rows = TallyRow.objects.filter(phase=vote, proposal__state=Proposal.State.PUBLISHED).order_by("rank")
    found = list(rows.values_list("proposal__number", "n_votes", "is_winner"))
    numbers = np.array([(number, n) for number, n, _wins in found], dtype=np.int64).reshape(-1, 2)
    return CountedVotes(
        vote.pk, numbers[:, 0], numbers[:, 1], tuple(number for number, _n, is_winner in found if is_winner)
    )


def vote_outcome(project: Project) -> VoteOutcome | None:
    """What came of the latest vote that was counted? None before: nothing of a running vote passes this door.

    Order    options by rank; areas as ``result_of`` puts them.
    """
    vote = counted_vote(project)
    if vote is None or vote.closed_at is None:
        return None
    vote.project = project
    rows = list(
        TallyRow.objects.filter(phase=vote).order_by("rank").values_list("proposal__number", "n_votes", "is_winner")
    )
    found = result_of(
        vote,
        [number for number, _n, _wins in rows],
        {number: n for number, n, _wins in rows},
        [number for number, _n, wins in rows if wins],
    )
    options = tuple(
        VotedOption(
            rank=row.rank,
            number=row.proposal.number,
            title=row.proposal.title if row.is_public else "",
            area=row.proposal.area.name if row.proposal.area else "",
            n_votes=row.score,
            is_winner=row.is_winner,
        )
        for row in found.rows
    )
    return VoteOutcome(
        vote.pk,
        vote.opens_at,
        vote.closed_at,
        Method(vote.method),
        Rule(vote.rule),
        vote.one_per_area,
        options,
        tuple(found.areas),
        found.turnout,
    )


def has_votes(project: Project) -> bool:
    """Was a vote of this project counted?"""
    return counted_vote(project) is not None


def turnout(project: Project, moment: datetime) -> int | None:
    """How many people have cast a ballot in the vote that runs at this moment? None when none runs."""
    running = [
        phase
        for phase in project.phases.all()
        if phase.kind == "vote" and phase.opens_at <= moment and (phase.closes_at is None or moment < phase.closes_at)
    ]
    return n_voters(running[-1]) if running else None


def asked_places(project: Project, numbers: Sequence[int]) -> list[AskedPlace]:
    """What do these public proposals say?

    Order    as the numbers.
    Cost     about 30 ms for a thousand; choose before asking for more.
    """
    rows = (
        _public(project)
        .filter(number__in=numbers)
        .annotate(part=Coalesce("area__name", Value("")), day=TruncDate("created_at"), lon=LON, lat=LAT)
        .values_list("number", "title", "body", "n_supports", "part", "theme__name", "day", "lon", "lat")
    )
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


def projects_of_staff(organisation: str, person: object) -> frozenset[int] | None:
    """The keys of those projects of the town of this slug whose desk this person may see; None for the whole town."""
    town = Organisation.objects.filter(slug=organisation).only("pk").first() if isinstance(person, Person) else None
    return roles_in(town, person).where(DeskAct.SEE) if town and isinstance(person, Person) else frozenset()


def people_per_group(project: Project, numbers: Ints, groups: Ints, n_groups: int) -> Ints:
    """How many different people propose or support something in each group of proposals?

    Shape    numbers (n,) of proposals, rising; groups (n,) from 0, -1 for none; the answer (n_groups,).
    """
    of_proposal, someone = _backers(project)
    if len(numbers) == 0 or len(someone) == 0:
        return np.zeros(n_groups, dtype=np.int64)
    # By its number, not by searching it: of half a million pairs the search would take longest.
    group_of = np.full(max(int(numbers[-1]), int(of_proposal.max())) + 1, -1, dtype=np.int64)
    group_of[numbers] = groups
    return distinct(group_of[of_proposal], someone, n_groups)


def neighbourhoods(project: Project) -> list[Neighbourhood]:
    """The parts of the project's town, by name."""
    return [
        Neighbourhood(
            key=area.pk,
            code=area.code,
            name=area.name,
            outline=shapely.from_wkb(bytes(area.outline.wkb)),
            population=area.population,
            population_is_estimate=area.population_is_estimate,
        )
        for area in Area.objects.filter(organisation=project.organisation_id).order_by("name", "pk")
    ]


def neighbourhood_names(project: Project) -> list[str]:
    """What the parts of the project's town are called."""
    rows = Area.objects.filter(organisation=project.organisation_id)
    return list(rows.order_by("name").values_list("name", flat=True))


def costs(project: Project) -> dict[int, int]:
    """What the public proposals of a project cost, in cents, where that is known."""
    rows = _public(project).values_list("number", "cost_cents")
    return {number: cents for number, cents in rows if cents is not None}


def _backers(project: Project) -> tuple[Ints, Ints]:
    """Pairs of a proposal's number and someone who proposed or supports it, those of one person next to each other.

    Someone is counted from 0 within this answer: no person's own number is kept or leaves this file. Staff who
    entered the city's or a paper proposal do not count as people who asked for it.
    """
    return kept(f"backers.{project.pk}.{project.revision}", partial(_read_backers, project))


def _read_backers(project: Project) -> tuple[Ints, Ints]:
    # What was joined with a public proposal speaks for that one.
    heard = Proposal.objects.filter(project=project).order_by()
    heard = heard.filter(Q(state=Proposal.State.PUBLISHED) | Q(merged_into__state=Proposal.State.PUBLISHED))
    supports = Support.objects.filter(proposal__in=heard).order_by()
    supports = supports.values_list(Coalesce("proposal__merged_into__number", "proposal__number"), "person_id")
    authors = heard.filter(origin=Proposal.Origin.RESIDENT, author__isnull=False)
    authors = authors.values_list(Coalesce("merged_into__number", "number"), "author_id")
    pairs = np.concatenate([numbers(supports, 2), numbers(authors, 2)])
    pairs = pairs[np.argsort(pairs[:, 1], kind="stable")].astype(np.int64)
    return pairs[:, 0].copy(), np.unique(pairs[:, 1], return_inverse=True)[1].astype(np.int64)
