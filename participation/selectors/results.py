"""What an outcome means: ranked options with their places, per neighbourhood, and how many took part."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from participation.models import Area, Phase, Proposal
from participation.selectors.projects import n_voters, options


@dataclass(frozen=True, slots=True)
class Ranked:
    """One option where it stands."""

    rank: int
    proposal: Proposal
    score: int
    is_winner: bool


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
class Result:
    """The outcome of one vote."""

    rows: list[Ranked]
    areas: list[AreaResult]
    n_people: int

    @property
    def winners(self) -> list[Ranked]:
        """The options that come first."""
        return [row for row in self.rows if row.is_winner]

    @property
    def most(self) -> int:
        """What the first got, the length of the longest bar."""
        return max((row.score for row in self.rows), default=0)


def result_of(vote: Phase, order: Sequence[int], scores: Mapping[int, int], winners: Collection[int]) -> Result:
    """Put an outcome (by proposal number) together with what the options are.

    Order    winners first, in the order given, then the others; areas with the most votes first, and those without
             any option last.
    """
    by_number = {option.number: option for option in options(vote.project)}
    wins = set(winners)
    shown = [number for number in order if number in wins] + [number for number in order if number not in wins]
    rows = [
        Ranked(rank, by_number[number], scores[number], number in wins)
        for rank, number in enumerate((number for number in shown if number in by_number), start=1)
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
    return Result(rows, areas, n_voters(vote))
