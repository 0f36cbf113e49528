"""Which candidates a project has, what they came from, and how many people stand behind each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count, Max, Prefetch, Q, QuerySet

from participation import public
from participation.models import Project, Proposal
from siting.models import Candidate, Check, Origin


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


def candidate_numbered(project: Project, number: int) -> Candidate | None:
    """The candidate of this number, with its checks and origins."""
    origins = Origin.objects.select_related("feature__layer")
    return (
        Candidate.objects.filter(project=project, number=number)
        .select_related("created_by")
        .prefetch_related(Prefetch("origins", queryset=origins), "checks__recorded_by")
        .first()
    )


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
