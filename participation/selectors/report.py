"""What goes into a reaction report: every contribution without a name, and what the town answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from participation.models import Project, Proposal, Response, Support


@dataclass(frozen=True, slots=True)
class Contribution:
    """One proposal and the answer that counts now; a hidden one is only its number and why it is not shown."""

    proposal: Proposal
    response: Response | None

    @property
    def is_hidden(self) -> bool:
        """Is its content not shown?"""
        return self.proposal.state == Proposal.State.HIDDEN


@dataclass(frozen=True, slots=True)
class Chapter:
    """The contributions about places in one neighbourhood; ``name`` is empty for those without one."""

    name: str
    contributions: list[Contribution]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many contributions there are, how many of them the town answered, and how many people stand behind them."""

    n_contributions: int
    n_answered: int
    n_people: int


def contributions(project: Project) -> QuerySet[Proposal]:
    """Every contribution that was looked at, with its answers, the one that counts first.

    Order    by neighbourhood, then number.
    """
    return (
        Proposal.objects.filter(project=project, state__in=[Proposal.State.PUBLISHED, Proposal.State.HIDDEN])
        .select_related("area", "theme")
        .defer("area__outline")
        .prefetch_related(Prefetch("responses", Response.objects.order_by("-published_at", "-pk")))
        .order_by("area__name", "number")
    )


def chapters(rows: Sequence[Proposal]) -> list[Chapter]:
    """Put contributions, in the order of ``contributions``, under their neighbourhoods."""
    found: list[Chapter] = []
    for row in rows:
        name = row.area.name if row.area else ""
        if not found or found[-1].name != name:
            found.append(Chapter(name, []))
        found[-1].contributions.append(Contribution(row, next(iter(row.responses.all()), None)))
    return found


def counts(project: Project) -> Counts:
    """How much came in, and how much was answered? Whoever proposes and supports counts as one person."""
    # What was joined with a public proposal speaks for that one.
    public = Q(state=Proposal.State.PUBLISHED) | Q(merged_into__state=Proposal.State.PUBLISHED)
    rows = Proposal.objects.filter(public, project=project)
    authors = rows.filter(origin=Proposal.Origin.RESIDENT, author__isnull=False).order_by().values("author_id")
    people = authors.union(Support.objects.filter(proposal__in=rows).values("person_id"))
    return Counts(
        n_contributions=contributions(project).count(),
        n_answered=contributions(project).filter(responses__isnull=False).distinct().count(),
        n_people=people.count(),
    )


def has_answers(project: Project) -> bool:
    """Did the town answer anything yet?"""
    return Response.objects.filter(proposal__project=project).exists()
