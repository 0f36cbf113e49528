"""What the town answered: on one proposal, on all that concern a person."""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from participation.models import Organisation, Person, Project, Proposal, Response
from participation.selectors.follows import followed_by


def responses_on(proposal: Proposal) -> QuerySet[Response]:
    """What was answered on this proposal, the latest first?"""
    return Response.objects.filter(proposal=proposal)


def published_in(project: Project) -> QuerySet[Response]:
    """What was answered on the public proposals of a project, the latest first?"""
    return Response.objects.filter(proposal__project=project, proposal__state=Proposal.State.PUBLISHED).select_related(
        "proposal"
    )


def responses_for(person: Person, organisation: Organisation) -> QuerySet[Response]:
    """What was answered on proposals this person made, supports or follows, the latest first?"""
    return (
        Response.objects.filter(proposal__in=followed_by(person), proposal__project__organisation=organisation)
        .filter(Q(proposal__state=Proposal.State.PUBLISHED) | Q(proposal__author=person))
        .select_related("proposal__project")
    )


def told_to(person: Person, responses: Collection[int]) -> list[Response]:
    """Which of these answers concern this person, in the order of their proposals?"""
    return list(
        Response.objects.filter(pk__in=responses, proposal__in=followed_by(person))
        .select_related("proposal__project__organisation")
        .order_by("proposal__project_id", "proposal__number", "pk")
    )
