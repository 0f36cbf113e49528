"""What waits for staff."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from participation.models import Organisation, Project, Proposal


def projects_at_the_desk(organisation: Organisation) -> QuerySet[Project]:
    """All projects of a town, drafts included, with how many proposals wait (``n_waiting``).

    Cost     a few milliseconds however many proposals are public: every page of the desk asks this.
    """
    return (
        Project.objects.filter(organisation=organisation)
        .defer("area")
        .prefetch_related("phases")
        .annotate(n_waiting=_n_proposals(state=Proposal.State.SUBMITTED))
        .order_by("-n_waiting", "slug")
    )


def with_counts(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The same projects, also with how many proposals are public and on the ballot (``n_public``, ``n_on_ballot``)."""
    return projects.annotate(
        n_public=_n_proposals(state=Proposal.State.PUBLISHED), n_on_ballot=_n_proposals(on_ballot=True)
    )


def _n_proposals(**which: object) -> Coalesce:
    rows = Proposal.objects.filter(project=OuterRef("pk"), **which).order_by().values("project")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def queue(project: Project, state: str) -> QuerySet[Proposal]:
    """The proposals of one state; what waits longest comes first, what was decided last comes first."""
    order = "created_at" if state == Proposal.State.SUBMITTED else "-created_at"
    return (
        Proposal.objects.filter(project=project, state=state)
        .select_related("area", "theme", "author", "inventory_object")
        .order_by(order, "number")
    )
