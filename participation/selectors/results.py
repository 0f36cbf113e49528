"""What an outcome means: ranked options with their places, per neighbourhood, and how many took part."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from participation.models import Area, BallotCast, Phase, Proposal, Vote
from participation.rules.electorate import Channel, Eligibility
from participation.rules.small_cells import without_small
from participation.selectors.projects import options


@dataclass(frozen=True, slots=True)
class Ranked:
    """One option where it stands; what was hidden since the count keeps its place and loses its name."""

    rank: int
    proposal: Proposal
    score: int
    is_winner: bool

    @property
    def is_public(self) -> bool:
        """May everyone still read what this was?"""
        return bool(self.proposal.state == Proposal.State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class AreaResult:
    """What one neighbourhood got; ``per_thousand`` votes for its places per 1,000 inhabitants."""

    name: str
    n_options: int
    n_chosen: int
    score: int
    population: int | None
    population_is_estimate: bool

    @property
    def per_thousand(self) -> float | None:
        """Votes for places here per 1,000 inhabitants; unknown where the inhabitants are."""
        return 1000 * self.score / self.population if self.population else None


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many people's ballots count, by which road their last cast came, and of how many.

    ``channels`` holds None where so few came that the figure would speak of somebody; empty where there is one road
    only. ``n_of`` are who may vote where that is known, else the inhabitants (``of_inhabitants``).
    """

    n_people: int
    channels: dict[Channel, int | None]
    n_of: int | None
    of_inhabitants: bool

    @property
    def share(self) -> float | None:
        """Which part took part, 0..1?"""
        return self.n_people / self.n_of if self.n_of else None

    @property
    def one_in(self) -> int | None:
        """One in how many took part? None where it were all or nobody."""
        if not self.n_of or not self.n_people or self.n_people * 2 > self.n_of:
            return None
        return round(self.n_of / self.n_people)

    @property
    def hides_some(self) -> bool:
        """Is a figure kept back?"""
        return None in self.channels.values()


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one vote."""

    rows: list[Ranked]
    areas: list[AreaResult]
    turnout: Turnout

    @property
    def winners(self) -> list[Ranked]:
        """The options that come first."""
        return [row for row in self.rows if row.is_winner]

    @property
    def most(self) -> int:
        """What the first got, the length of the longest bar."""
        return max((row.score for row in self.rows), default=0)

    @property
    def spent_cents(self) -> int:
        """What the chosen ones cost together."""
        return sum(row.proposal.cost_cents or 0 for row in self.winners)


def counted_options(vote: Phase) -> QuerySet[Proposal]:
    """Which options does this vote count: what was counted when it closed, until then what is on the ballot?"""
    if vote.closed_at is None:
        return options(vote.project)
    return Proposal.objects.filter(tally__phase=vote).select_related("area", "theme").order_by("number")


def turnout(vote: Phase) -> Turnout:
    """Who took part in a counted vote, by channel of the last cast?"""
    filled = Vote.objects.filter(cast=OuterRef("pk"), proposal__tally__phase=vote)
    newer = BallotCast.objects.filter(ballot=OuterRef("ballot"), seq__gt=OuterRef("seq"))
    casts = BallotCast.objects.filter(phase=vote).filter(Exists(filled), ~Exists(newer))
    counts = Counter(dict(casts.order_by().values_list("channel").annotate(n=Count("pk"))))
    roads = [Channel.WEB]
    if vote.eligibility == Eligibility.CODE or counts[Channel.CODE]:
        roads.append(Channel.CODE)
    if vote.takes_paper or counts[Channel.PAPER]:
        roads.append(Channel.PAPER)
    n_of = vote.n_eligible or vote.project.organisation.population
    return Turnout(
        n_people=counts.total(),
        channels=without_small({road: counts[road] for road in roads}) if len(roads) > 1 else {},
        n_of=n_of,
        of_inhabitants=vote.n_eligible is None,
    )


def result_of(vote: Phase, order: Sequence[int], scores: Mapping[int, int], winners: Collection[int]) -> Result:
    """Put an outcome (by proposal number) together with what the options are.

    Order    winners first, in the order given, then the others; areas with the most votes first, and those without
             any option last.
    """
    by_number = {option.number: option for option in counted_options(vote).defer("area__outline")}
    wins = set(winners)
    shown = [number for number in order if number in wins] + [number for number in order if number not in wins]
    rows = [
        Ranked(rank, by_number[number], scores[number], number in wins) for rank, number in enumerate(shown, start=1)
    ]
    areas = []
    for area in Area.objects.filter(organisation_id=vote.project.organisation_id).defer("outline"):
        here = [row for row in rows if row.proposal.area_id == area.pk]
        areas.append(
            AreaResult(
                area.name,
                len(here),
                sum(row.is_winner for row in here),
                sum(row.score for row in here),
                area.population,
                area.population_is_estimate,
            )
        )
    areas.sort(key=lambda area: (-area.score, -area.n_options, area.name))
    return Result(rows, areas, turnout(vote))
