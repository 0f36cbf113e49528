"""Which candidates a project has, what they came from, and how many people stand behind each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from participation import public
from participation.models import Project, Proposal
from siting.models import Candidate, Check, Decision, Origin, RollOut


def candidates_of(project: Project) -> QuerySet[Candidate]:
    """All candidates of a project by number, with how many checks speak against each, and how many wait."""
    return (
        Candidate.objects.filter(project=project)
        .annotate(
            n_checks=Count("checks"),
            n_against=Count("checks", filter=Q(checks__outcome=Check.Outcome.AGAINST)),
            n_asked=Count("checks", filter=Q(checks__outcome=Check.Outcome.ASKED)),
        )
        .order_by("number")
    )


def options_without_candidate(project: Project) -> QuerySet[Proposal]:
    """The options of the ballot that have a place and that no candidate is about, by number."""
    taken = Origin.objects.filter(candidate__project=project, proposal__isnull=False).values("proposal")
    rows = public.proposals_by_number(project).filter(on_ballot=True, point__isnull=False)
    return rows.exclude(pk__in=taken).order_by("number")


def candidate_numbered(project: Project, number: int) -> Candidate | None:
    """The candidate of this number, with its checks and origins."""
    origins = Origin.objects.select_related("feature__layer")
    return (
        Candidate.objects.filter(project=project, number=number)
        .select_related("created_by")
        .prefetch_related(Prefetch("origins", queryset=origins), "checks__recorded_by")
        .first()
    )


def catalogued_candidates(project: Project, *, staff: bool) -> QuerySet[Candidate]:
    """The candidates with the published ``outcome`` and the ``roll_out``; for everybody only those that have one."""
    latest = Decision.objects.filter(candidate=OuterRef("pk"), published_at__isnull=False)
    built = RollOut.objects.filter(decision__candidate=OuterRef("pk"))
    rows = Candidate.objects.filter(project=project).annotate(
        outcome=Coalesce(Subquery(latest.values("outcome")[:1]), Value("")),
        decided_on=Subquery(latest.values("published_at")[:1]),
        roll_out=Coalesce(Subquery(built.values("state")[:1]), Value("")),
    )
    return rows if staff else rows.filter(decided_on__isnull=False)


def candidates_revision(project: Project) -> str:
    """A short text that changes whenever a candidate, a decision or what was built does."""
    trail = project.records.filter(Q(act__startswith="candidate.") | Q(act__startswith="decision."))
    return f"candidates.{project.pk}.{trail.aggregate(latest=Max('pk'))['latest']}"


def next_candidate_number(project: Project) -> int:
    """Which number has the next candidate?"""
    highest = Candidate.objects.filter(project=project).aggregate(top=Max("number"))["top"]
    return int(highest or 0) + 1


def proposals_behind(candidates: Collection[Candidate]) -> Mapping[int, list[int]]:
    """The numbers of the public proposals that each candidate (by its key) came from, rising."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = Origin.objects.filter(
        candidate__in=candidates, proposal__isnull=False, proposal__state=Proposal.State.PUBLISHED
    )
    for candidate, number in rows.order_by("proposal__number").values_list("candidate_id", "proposal__number"):
        found[candidate].append(number)
    return found


def people_behind(project: Project, candidates: Sequence[Candidate]) -> dict[int, int]:
    """How many different people propose or support what each candidate (by its key) came from?"""
    behind = proposals_behind(candidates)
    return {each.pk: public.n_people_behind(project, behind.get(each.pk, ())) for each in candidates}
