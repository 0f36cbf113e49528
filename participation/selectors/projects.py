"""Projects, their phases, and where each stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, DateTimeField, Exists, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from participation.models import Ballot, BallotCast, Organisation, Person, Phase, Project, Proposal, Vote
from participation.rules.phases import Act, PhaseFacts, PhaseKind, open_acts, require_open
from participation.rules.text import in_language
from participation.rules.voting import BallotRules, Choice, Method, OptionFacts


def projects_of(organisation: Organisation) -> QuerySet[Project]:
    """Which projects may everyone read, newest first, with their phases?"""
    return (
        Project.objects.filter(organisation=organisation)
        .exclude(state=Project.State.DRAFT)
        .prefetch_related("phases")
        .order_by("-created_at", "-pk")
    )


def with_counts(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The same with how many public proposals each has (``n_proposals``)."""
    public = Proposal.objects.filter(project=OuterRef("pk"), state=Proposal.State.PUBLISHED).order_by()
    n = public.values("project").annotate(n=Count("pk")).values("n")
    return projects.annotate(n_proposals=Coalesce(Subquery(n), 0))


def project_named(organisation: Organisation, slug: str) -> Project | None:
    """Find a public project by its address."""
    project = (
        Project.objects.filter(organisation=organisation, slug=slug)
        .exclude(state=Project.State.DRAFT)
        .prefetch_related("phases", "themes")
        .first()
    )
    if project is not None:
        project.organisation = organisation  # at hand already: saves every page a query
    return project


def vote_named(organisation: Organisation, slug: str) -> Phase | None:
    """Find, in one query, the vote of a public project that ``Standing.vote`` would find, with its project's key.

    Cost     made for casting, where every query is paid for by everybody at once: no texts, no outlines.
    """
    phases = list(
        Phase.objects.filter(project__organisation=organisation, project__slug=slug, kind=PhaseKind.VOTE)
        .exclude(project__state=Project.State.DRAFT)
        .defer("name")
        .annotate(asked_at=Func(function="clock_timestamp", output_field=DateTimeField()))
        .order_by("position")
    )
    return Standing(phases, phases[0].asked_at).vote if phases else None


def facts(phase: Phase) -> PhaseFacts:
    """Give the rules what they need to know of a phase; a counted phase is over whatever its date says."""
    closes_at = min(t for t in (phase.closes_at, phase.closed_at) if t) if phase.closes_at or phase.closed_at else None
    return PhaseFacts(PhaseKind(phase.kind), phase.opens_at, closes_at, phase.write_ins, phase.write_ins_join)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project is in its process at one moment."""

    phases: Sequence[Phase]
    now: datetime

    @property
    def current(self) -> Phase | None:
        """The phase that runs; the last to open where several do."""
        return next((phase for phase in reversed(self.phases) if facts(phase).is_open(self.now)), None)

    @property
    def next(self) -> Phase | None:
        """The first phase still to open."""
        return next((phase for phase in self.phases if phase.opens_at > self.now), None)

    @property
    def vote(self) -> Phase | None:
        """The vote that runs, else the latest that ran, else the first to come."""
        votes = [phase for phase in self.phases if phase.kind == PhaseKind.VOTE]
        begun = [phase for phase in votes if phase.opens_at <= self.now]
        return begun[-1] if begun else (votes[0] if votes else None)

    @property
    def vote_is_over(self) -> bool:
        """Has the project's vote run its time?"""
        vote = self.vote
        return vote is not None and vote.opens_at <= self.now and not facts(vote).is_open(self.now)

    @property
    def is_over(self) -> bool:
        """Did the last phase run its time?"""
        return bool(self.phases) and self.current is None and self.next is None

    @property
    def is_shortlisting(self) -> bool:
        """Has the choice of what can be voted on begun, and the vote not yet?"""
        chosen = any(phase.kind == PhaseKind.SHORTLIST and phase.opens_at <= self.now for phase in self.phases)
        return chosen and self.vote is not None and self.vote.opens_at > self.now

    @property
    def acts(self) -> frozenset[Act]:
        """What may be done now."""
        return open_acts([facts(phase) for phase in self.phases], self.now)

    def acts_of(self, phase: Phase) -> frozenset[Act]:
        """What does this phase open while it runs?"""
        return facts(phase).acts

    def state_of(self, phase: Phase) -> str:
        """Is this phase done, now or next?"""
        if facts(phase).is_open(self.now):
            return "now"
        return "next" if phase.opens_at > self.now else "done"

    def opening(self, act: Act) -> Phase | None:
        """The running phase that opens an act; the last to open where several do."""
        running = (phase for phase in reversed(self.phases) if facts(phase).is_open(self.now))
        return next((phase for phase in running if act in facts(phase).acts), None)

    def require(self, act: Act) -> None:
        """Refuse an act that no running phase opens, saying when it will be open if it will.

        Refuses  the codes of the act in rules.phases.CLOSED.
        """
        require_open([facts(phase) for phase in self.phases], act, self.now)


def standing(project: Project, now: datetime) -> Standing:
    """Where does this project stand at this moment (the database's clock)?"""
    return Standing(list(project.phases.all()), now)


def options(project: Project) -> QuerySet[Proposal]:
    """Which proposals are on the ballot?"""
    return (
        Proposal.objects.filter(project=project, on_ballot=True, state=Proposal.State.PUBLISHED)
        .select_related("area", "theme")
        .order_by("number")
    )


def ballot_rules(phase: Phase) -> BallotRules:
    """What may one ballot of this phase hold?"""
    return BallotRules(
        method=Method(phase.method),
        cap=phase.cap,
        floor=phase.floor,
        points=phase.points,
        points_max=phase.points_max,
        budget_cents=phase.budget_cents,
        cap_per_area=phase.cap_per_area,
        cap_per_theme=phase.cap_per_theme,
    )


def option_facts(project_id: int, choices: Sequence[Choice]) -> dict[int, OptionFacts]:
    """What do the limits of a ballot need to know of these options?"""
    rows = Proposal.objects.filter(project_id=project_id, number__in=[choice.number for choice in choices])
    return {
        row.number: OptionFacts(
            row.cost_cents,
            row.area.name if row.area else "",
            in_language(row.theme.name, get_language() or "nl") if row.theme else "",
        )
        for row in rows.select_related("area", "theme").defer("area__outline")
    }


def choices_cast(phase: Phase, person: Person | AnonymousUser | None) -> list[Choice] | None:
    """What did this person last cast, in order? None when nothing was cast; [] when withdrawn."""
    if not isinstance(person, Person):
        return None
    last = BallotCast.objects.filter(ballot__phase=phase, ballot__person=person).order_by("-seq").first()
    if last is None:
        return None
    votes = Vote.objects.filter(cast=last).order_by("position").values_list("proposal__number", "value")
    return [Choice(number, value) for number, value in votes]


def n_voters(phase: Phase) -> int:
    """How many people have a ballot that counts: last cast not empty?"""
    filled = Vote.objects.filter(cast=OuterRef("pk"))
    newer = BallotCast.objects.filter(ballot=OuterRef("ballot"), seq__gt=OuterRef("seq"))
    return BallotCast.objects.filter(phase=phase).filter(Exists(filled), ~Exists(newer)).count()


def ballots_of(person: Person, organisation: Organisation) -> QuerySet[Ballot]:
    """Which ballots did this person cast in this town?"""
    return (
        Ballot.objects.filter(person=person, phase__project__organisation=organisation)
        .select_related("phase__project")
        .order_by("-pk")
    )
