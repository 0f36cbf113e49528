"""The desk: what waits, publishing, hiding, and what goes on the ballot."""

from typing import Literal

from django.http import HttpRequest
from ninja import Router

from participation.api import shapes
from participation.api.asking import desk_project_called, knowing, someone
from participation.api.paging import page
from participation.api.projects import Cursor, Limit
from participation.api.told import Told, proposal_told
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.queue import in_state
from participation.services.proposals import hide_proposal, publish_proposal, set_shortlist

router = Router(tags=["desk"])
DESK = "/desk/projects/{slug:slug}"


@router.get(f"{DESK}/queue", response=shapes.ProposalPage, auth=knowing(Scope.READ), url_name="api_desk_queue")
def read_queue(
    request: HttpRequest,
    slug: str,
    state: Literal["submitted", "published", "hidden", "merged"] = "submitted",
    limit: Limit = shapes.A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """List the proposals of one state; what waits longest comes first, what was decided last comes first."""
    project = desk_project_called(request, slug, DeskAct.SEE)
    first = "created_at" if state == "submitted" else "-created_at"
    found, behind = page(in_state(project, state), (first, "number"), cursor=cursor, limit=limit)
    return {"items": [proposal_told(request, each, slug) for each in found], "next": behind}


@router.post(
    DESK + "/proposals/{int:number}/publish",
    response=shapes.ProposalShape,
    auth=knowing(Scope.MODERATE),
    url_name="api_desk_publish",
)
def publish(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Make a proposal public; doing it again changes nothing."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)
    return proposal_told(request, publish_proposal(project=project, number=number, by=someone(request)), slug)


@router.post(
    DESK + "/proposals/{int:number}/hide",
    response=shapes.ProposalShape,
    auth=knowing(Scope.MODERATE),
    url_name="api_desk_hide",
)
def hide(request: HttpRequest, slug: str, number: shapes.Number, asked: shapes.Hiding) -> Told:
    """Take a proposal off the public pages, with a reason that its author can read; it leaves the ballot too."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)
    hidden = hide_proposal(project=project, number=number, reason=asked.reason, by=someone(request))
    return proposal_told(request, hidden, slug)


@router.put(f"{DESK}/shortlist", response=shapes.Changed, auth=knowing(Scope.MODERATE), url_name="api_desk_shortlist")
def shortlist(request: HttpRequest, slug: str, asked: shapes.Shortlisting) -> Told:
    """Put public proposals on the ballot, or take them off it; gives back the numbers that changed."""
    project = desk_project_called(request, slug, DeskAct.SHORTLIST)
    numbers = set_shortlist(project=project, numbers=asked.numbers, on_ballot=asked.on_ballot, by=someone(request))
    return {"numbers": numbers}
