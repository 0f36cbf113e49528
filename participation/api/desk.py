"""The desk: what waits, publishing, hiding, and what goes on the ballot."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Router

from participation.api import shapes
from participation.api.asking import REPEATABLE, desk_of, desk_project_called, doing_once, knowing, someone
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told, proposal_told
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.queue import Pile, Sieve, Whose, in_state, queue
from participation.selectors.roles import roles_in
from participation.services.proposals import hide_proposal, publish_proposal, set_shortlist

router = Router(tags=["desk"])
DESK = "/desk/projects/{slug:slug}"

Words = Annotated[shapes.Words, Field(max_length=60)]


@router.get("/desk/queue", response=shapes.ProposalPage, auth=knowing(Scope.READ), url_name="api_desk_town_queue")
def read_town_queue(
    request: HttpRequest,
    state: Pile = Pile.WAITING,
    project: Words = "",
    tag: Words = "",
    whose: Whose = Whose.ANYBODY,
    q: Words = "",
    limit: Limit = A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """List what waits in all projects of the town, or was reported, with its comments; what waits longest first."""
    town = desk_of(request, DeskAct.SEE, anywhere=True)
    where = roles_in(town, someone(request)).where(DeskAct.SEE)
    sieve = Sieve(pile=state, project=project, tag=tag.casefold(), whose=whose, text=q)
    first = "created_at" if state in {Pile.WAITING, Pile.REPORTED} else "-created_at"
    rows = queue(town, sieve, someone(request), where).select_related("project", "area", "theme", "inventory_object")
    found, behind = page(rows.defer("area__outline", "project__area"), (first, "id"), cursor=cursor, limit=limit)
    return {"items": [proposal_told(request, each, each.project.slug) for each in found], "next": behind}


@router.get(f"{DESK}/queue", response=shapes.ProposalPage, auth=knowing(Scope.READ), url_name="api_desk_queue")
def read_queue(
    request: HttpRequest,
    slug: str,
    state: Literal["submitted", "published", "hidden", "merged"] = "submitted",
    limit: Limit = A_PAGE,
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
    openapi_extra=REPEATABLE,
    url_name="api_desk_publish",
)
def publish(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Make a proposal public; doing it again changes nothing."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)

    def act() -> Told:
        return proposal_told(request, publish_proposal(project=project, number=number, by=someone(request)), slug)

    return doing_once(request, "", act)


@router.post(
    DESK + "/proposals/{int:number}/hide",
    response=shapes.ProposalShape,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_hide",
)
def hide(request: HttpRequest, slug: str, number: shapes.Number, asked: shapes.Hiding) -> Told:
    """Take a proposal off the public pages, with a reason that everybody can read; it leaves the ballot too."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)

    def act() -> Told:
        hidden = hide_proposal(project=project, number=number, reason=asked.reason, by=someone(request))
        return proposal_told(request, hidden, slug)

    return doing_once(request, asked.reason, act)


@router.put(f"{DESK}/shortlist", response=shapes.Changed, auth=knowing(Scope.MODERATE), url_name="api_desk_shortlist")
def shortlist(request: HttpRequest, slug: str, asked: shapes.Shortlisting) -> Told:
    """Put public proposals on the ballot, or take them off it; gives back the numbers that changed."""
    project = desk_project_called(request, slug, DeskAct.SHORTLIST)
    numbers = set_shortlist(project=project, numbers=asked.numbers, on_ballot=asked.on_ballot, by=someone(request))
    return {"numbers": numbers}
