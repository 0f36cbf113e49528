"""What came out of a counted vote: the ranked list, per neighbourhood, and how many took part."""

from dataclasses import dataclass

from participation.models import Area, Phase, TallyRow
from participation.selectors.projects import n_voters


@dataclass(frozen=True, slots=True)
class AreaResult:
    """What one neighbourhood got; ``per_thousand`` votes for its places per 1,000 inhabitants."""

    name: str
    n_options: int
    n_chosen: int
    n_votes: int
    population: int | None
    population_is_estimate: bool

    @property
    def per_thousand(self) -> float | None:
        """Votes for places here per 1,000 inhabitants; unknown where the inhabitants are."""
        return 1000 * self.n_votes / self.population if self.population else None


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one vote."""

    rows: list[TallyRow]
    areas: list[AreaResult]
    n_people: int
    n_votes: int

    @property
    def winners(self) -> list[TallyRow]:
        """The options that come first."""
        return [row for row in self.rows if row.is_winner]

    @property
    def most(self) -> int:
        """The votes of the first, the length of the longest bar."""
        return max((row.n_votes for row in self.rows), default=0)


def result_of(vote: Phase) -> Result:
    """Read the outcome of a counted vote.

    Order    rows by rank; areas with the most votes first, and those without any option last.
    """
    rows = list(
        TallyRow.objects.filter(phase=vote).select_related("proposal__area", "proposal__theme").order_by("rank")
    )
    areas = []
    for area in Area.objects.filter(organisation_id=vote.project.organisation_id).defer("outline"):
        here = [row for row in rows if row.proposal.area_id == area.pk]
        areas.append(
            AreaResult(
                area.name,
                len(here),
                sum(row.is_winner for row in here),
                sum(row.n_votes for row in here),
                area.population,
                area.population_is_estimate,
            )
        )
    areas.sort(key=lambda area: (-area.n_votes, -area.n_options, area.name))
    return Result(rows, areas, n_voters(vote), sum(row.n_votes for row in rows))
