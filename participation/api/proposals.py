"""Proposals: reading them, looking for what is alike, sending one in, supporting it."""

from datetime import date
from typing import Annotated, Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Field, Router, Status
from pydantic import BeforeValidator

from geo.plane.boxes import BadBox
from geo.problems import BoxBad
from participation.api import shapes
from participation.api.asking import (
    REPEATABLE,
    doing_once,
    knowing,
    project_called,
    proposal_called,
    someone,
)
from participation.api.drafts import draft_of
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.questions import explaining, raw_of, write_answers
from participation.api.told import Told, one_proposal_told, place_told, proposal_told
from participation.models import Draft
from participation.queries.voting import database_now
from participation.rules.places import Chosen, Given, drawn_from, lon_lat
from participation.rules.questions import Asked
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.selectors.doubles import alike
from participation.selectors.proposals import nearby, public_proposals, supported_by
from participation.selectors.zones import objects_called, objects_to_choose
from participation.services.drafts import keep_draft
from participation.services.places import checked_place
from participation.services.proposals import send_draft, support, take_back_support
from participation.web.filters import Filters, State, box_of, day_of

router = Router(tags=["proposals"])
NEAR = 5

Text = Annotated[shapes.Words, Field(max_length=100)]


def _day(given: object) -> object:
    """A day as the page reads it; pydantic alone would take the seconds of a clock for one."""
    if given is None or given == "":
        return None
    found = day_of(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError("a day is written as 2026-01-31")
    return found


Day = Annotated[date | None, BeforeValidator(_day)]
ORDERS = {"number": ("number",), "new": ("-created_at", "-number"), "most": ("-n_supports", "number")}


@router.get("/projects/{slug:slug}/proposals", response=shapes.ProposalPage, url_name="api_proposals")
def list_proposals(
    request: HttpRequest,
    slug: str,
    q: Annotated[Text, Field(description="Words that stand in the title, the text or the neighbourhood’s name")] = "",
    area: Annotated[Text, Field(description="The code of a neighbourhood")] = "",
    theme: Annotated[Text, Field(description="The short name (slug) of a theme")] = "",
    state: Annotated[
        State | Literal[""],
        Field(description="On the ballot, chosen in the vote, answered so, or not answered yet (open)"),
    ] = "",
    since: Annotated[Day, Field(description="Proposed on this day or later")] = None,
    until: Annotated[Day, Field(description="Proposed on this day or earlier")] = None,
    bbox: Annotated[str, Field(max_length=200, description="Lies within west,south,east,north, in degrees")] = "",
    sort: Literal["number", "new", "most"] = "number",
    limit: Limit = A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """List the public proposals, narrowed as the list on the project’s page is."""
    project = project_called(request, slug)
    try:
        filters = Filters(q, area, theme, "", state, since, until, box_of(bbox) if bbox else None)
    except BadBox as error:
        raise BoxBad(bbox=bbox) from error
    rows = filters.among(supported_by(public_proposals(project), request.user))
    found, behind = page(rows.defer("area__outline"), ORDERS[sort], cursor=cursor, limit=limit)
    return {"items": [proposal_told(request, each, slug) for each in found], "next": behind}


@router.post(
    "/projects/{slug:slug}/proposals",
    response={201: shapes.ProposalShape},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_proposals",
)
def create_proposal(request: HttpRequest, slug: str, asked: shapes.NewProposal) -> Status[Told]:
    """Send a proposal in, in the name of whoever asks; with the answers to what is asked with every proposal."""
    project, person = project_called(request, slug), someone(request)

    @transaction.atomic
    def act() -> Told:
        place, raw = _place(asked), raw_of(asked.answers)
        if asked.draft:
            draft = draft_of(request, project, Draft.Kind.PROPOSAL, asked.draft)
        else:
            draft = keep_draft(token=None, project=project, kind=Draft.Kind.PROPOSAL, person=person, content={})
        draft = write_answers(draft, raw, asked=Asked.PROPOSAL, version=asked.version)
        with explaining(draft, Asked.PROPOSAL):
            made = send_draft(
                token=str(draft.token),
                project=project,
                person=person,
                title=asked.title,
                body=asked.body,
                place=place,
                theme=asked.theme,
                language=get_language() or "nl",
                now=database_now(),
            )
        if made is None:  # the draft was sent by another request meanwhile
            raise Refused(Code.REQUEST_NOT_FOUND)
        return proposal_told(request, made, slug)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


def _place(asked: shapes.NewProposal) -> Given | None:
    if asked.shape is not None:
        return drawn_from(asked.shape)
    if asked.inventory_object is not None:
        return Chosen(asked.inventory_object)
    return lon_lat(asked.place.lon, asked.place.lat) if asked.place else None


@router.get("/projects/{slug:slug}/alike", response=shapes.AlikeShape, url_name="api_alike")
def look_first(
    request: HttpRequest, slug: str, title: Text = "", lon: float | None = None, lat: float | None = None
) -> Told:
    """Look, before proposing, what is called alike, what lies near, and whether something can come there."""
    project = project_called(request, slug)
    is_placed = lon is not None and lat is not None
    try:
        place = lon_lat(lon, lat) if is_placed else None
    except Refused:
        # Why it is no place is told below.
        place = None
    near = supported_by(nearby(project, place), request.user)[:NEAR] if place else ()
    return {
        "alike": [proposal_told(request, each, slug) for each in alike(project, title, place, limit=NEAR)],
        "near": [proposal_told(request, each, slug) for each in near],
        "place": place_told(lambda: checked_place(project, lon_lat(lon, lat))) if is_placed else None,
    }


@router.get("/projects/{slug:slug}/inventory", response=shapes.ObjectPage, url_name="api_inventory")
def list_objects(request: HttpRequest, slug: str, q: Text = "", limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the objects that a proposal can be about, where a project asks for one of its inventory."""
    project = project_called(request, slug)
    free = objects_to_choose(project).filter(is_free=True)
    found, behind = page(objects_called(free, q), ("number",), cursor=cursor, limit=limit)
    return {"items": [{"number": each.number, "name": each.name} for each in found], "next": behind}


@router.get("/projects/{slug:slug}/proposals/{int:number}", response=shapes.OneProposal, url_name="api_proposal")
def one_proposal(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Read one proposal, with its photos, what was answered with it, and what became of it."""
    return one_proposal_told(request, proposal_called(request, slug, number), slug)


def _supported(request: HttpRequest, slug: str, number: int) -> Told:
    found = proposal_called(request, slug, number)
    told = proposal_told(request, found, slug)
    return {name: told[name] for name in ("number", "supported_by_me", "n_supports")}


@router.put(
    "/projects/{slug:slug}/proposals/{int:number}/support",
    response=shapes.Supported,
    auth=knowing(Scope.CONTRIBUTE),
    url_name="api_support",
)
def support_it(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Support a proposal; doing it again changes nothing."""
    support(proposal=proposal_called(request, slug, number), person=someone(request), now=database_now())
    return _supported(request, slug, number)


@router.delete(
    "/projects/{slug:slug}/proposals/{int:number}/support",
    response=shapes.Supported,
    auth=knowing(Scope.CONTRIBUTE),
    url_name="api_support",
)
def stop_supporting(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Take the support back; doing it again changes nothing."""
    take_back_support(proposal=proposal_called(request, slug, number), person=someone(request), now=database_now())
    return _supported(request, slug, number)
