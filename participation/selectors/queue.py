"""What waits for staff."""

from django.db.models import Count, Q, QuerySet

from participation.models import Organisation, Project, Proposal


def projects_at_the_desk(organisation: Organisation) -> QuerySet[Project]:
    """All projects of a town, drafts included, with how many proposals wait (``n_waiting``)."""
    return (
        Project.objects.filter(organisation=organisation)
        .defer("area")
        .prefetch_related("phases")
        .annotate(
            n_waiting=Count("proposals", filter=Q(proposals__state=Proposal.State.SUBMITTED)),
            n_public=Count("proposals", filter=Q(proposals__state=Proposal.State.PUBLISHED)),
            n_on_ballot=Count("proposals", filter=Q(proposals__on_ballot=True)),
        )
        .order_by("-n_waiting", "slug")
    )


def queue(project: Project, state: str) -> QuerySet[Proposal]:
    """The proposals of one state; what waits longest comes first, what was decided last comes first."""
    order = "created_at" if state == Proposal.State.SUBMITTED else "-created_at"
    return (
        Proposal.objects.filter(project=project, state=state)
        .select_related("area", "theme", "author")
        .order_by(order, "number")
    )
