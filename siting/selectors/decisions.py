"""What was decided about which place, what waits to be published, and what became of it since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from participation import public
from participation.models import Project, Proposal
from siting.models import Candidate, Decision, Origin, RollOut
from siting.selectors.candidates import proposals_behind

_UNSEEN = (Proposal.State.SUBMITTED, Proposal.State.HIDDEN)


def decisions_of(project: Project) -> QuerySet[Decision]:
    """All decisions of a project, the latest first, with what was built since."""
    return (
        Decision.objects.filter(project=project)
        .select_related("candidate", "proposal__area", "decided_by")
        .defer("proposal__area__outline")
        .prefetch_related(Prefetch("roll_outs", queryset=RollOut.objects.all()))
    )


def unpublished(project: Project) -> QuerySet[Decision]:
    """The decisions that wait to be published, in the order they were taken."""
    return decisions_of(project).filter(published_at__isnull=True).order_by("decided_at", "pk")


def has_published(project: Project) -> bool:
    """Did the town publish any decision of this project?"""
    return Decision.objects.filter(project=project, published_at__isnull=False).exists()


def decision_in(project: Project, pk: int) -> Decision | None:
    """The decision of this key, when it is one of this project."""
    return Decision.objects.filter(project=project, pk=pk).select_related("candidate", "proposal").first()


def proposals_without_candidate(project: Project) -> QuerySet[Proposal]:
    """The public proposals that no candidate is about, most supported first."""
    rows = public.proposals_by_number(project).filter(
        ~Exists(Origin.objects.filter(proposal=OuterRef("pk"), candidate__project=project))
    )
    return rows.order_by("-n_supports", "number")


@dataclass
class Place:
    """One place the town published a decision about: the latest one, and everything that was said before."""

    decision: Decision
    proposals: list[int]
    earlier: list[Decision] = field(default_factory=list)
    roll_outs: list[RollOut] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What the place is called."""
        about = self.decision.candidate or self.decision.proposal
        return about.title if about else ""

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude, where there is a place."""
        about = self.decision.candidate or self.decision.proposal
        return (about.point.x, about.point.y) if about and about.point else None

    @property
    def state(self) -> str:
        """How far it has come: a state of roll-out, or the decision's own word where nothing is to be built."""
        if self.decision.outcome != Decision.Outcome.BUILD:
            return str(self.decision.outcome)
        return str(self.roll_outs[0].state) if self.roll_outs else str(RollOut.State.PLANNED)


@dataclass(frozen=True)
class Happened:
    """One line of the timeline."""

    on: date
    n_decided: int = 0
    place: Place | None = None
    roll_out: RollOut | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of what was asked for in a project."""

    places: list[Place]
    n_asked: int
    n_answered: int

    def count(self, *states: str) -> int:
        """How many places are in one of these states?"""
        return sum(place.state in states for place in self.places)

    @property
    def timeline(self) -> list[Happened]:
        """What happened, the latest first; decisions of one day together."""
        days: dict[date, int] = {}
        found = []
        for place in self.places:
            for decision in (place.decision, *place.earlier):
                if decision.published_at is not None:
                    day = decision.published_at.date()
                    days[day] = days.get(day, 0) + 1
            found += [
                Happened(on=row.on, place=place, roll_out=row)
                for row in place.roll_outs
                if row.state != RollOut.State.PLANNED
            ]
        found += [Happened(on=day, n_decided=n) for day, n in days.items()]
        return sorted(found, key=lambda each: each.on, reverse=True)


def outcome_of(project: Project) -> Outcome:
    """What the town published about the places of a project.

    Order    built first, then being built, planned, later, no; then by title.
    """
    rows = decisions_of(project).filter(published_at__isnull=False)
    # A proposal that staff took out of sight since is not shown here either.
    places = _places(list(rows.exclude(proposal__isnull=False, proposal__state__in=_UNSEEN)))
    return Outcome(
        places=places,
        n_asked=public.proposals_by_number(project).count(),
        n_answered=len({number for place in places for number in place.proposals}),
    )


def built_places(project: Project) -> list[tuple[float, float]]:
    """Longitude and latitude of what was decided on and stands, published or not.

    Order    rising.
    """
    places = _places(list(decisions_of(project)))
    return sorted(place.point for place in places if place.state == RollOut.State.BUILT and place.point is not None)


def _places(decisions: Sequence[Decision]) -> list[Place]:
    behind = proposals_behind([d.candidate for d in decisions if isinstance(d.candidate, Candidate)])
    found: dict[tuple[int | None, int | None], Place] = {}
    for decision in decisions:
        key = (decision.candidate_id, decision.proposal_id)
        place = found.get(key)
        if place is None:
            numbers = [decision.proposal.number] if decision.proposal else behind.get(decision.candidate_id or 0, [])
            place = found[key] = Place(decision, numbers)
        else:
            place.earlier.append(decision)
        place.roll_outs += decision.roll_outs.all()
    for place in found.values():
        place.roll_outs.sort(key=lambda row: (row.on, row.pk), reverse=True)
    order = ["built", "building", "planned", "later", "gone", "not"]
    return sorted(found.values(), key=lambda place: (order.index(place.state), place.title.lower()))
