"""Candidates: the planner's file about each site."""

from typing import Annotated, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from participation.api import shapes
from participation.api.asking import REPEATABLE, desk_project_called, doing_once, knowing, someone
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told
from participation.models import Project
from participation.rules.places import lon_lat
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.rules.wording import BODY_MAX, TITLE_MAX
from participation.web.asking import now
from siting.models import Candidate
from siting.selectors.candidates import candidate_numbered, candidates_of, proposals_behind
from siting.services.candidates import (
    From,
    add_proposals,
    change_candidate,
    make_candidate,
    make_candidates_of_ballot,
)

router = Router(tags=["candidates"])
CANDIDATES = "/desk/projects/{slug:slug}/candidates"
Numbers = Annotated[list[shapes.Number], Field(max_length=500)]


class CandidateShape(Schema):
    """A site that is looked into, and the public proposals it is about."""

    number: int
    title: str
    place: shapes.Place
    notes: str
    state: str
    proposals: list[int]


class CandidatePage(Schema):
    """A page of candidates; “next” is the cursor of the page behind it."""

    items: list[CandidateShape]
    next: str | None


class NewCandidate(Schema):
    """A site to look into, and the proposals it comes from."""

    title: shapes.Words = Field(max_length=4 * TITLE_MAX)
    place: shapes.Place
    notes: shapes.Words = Field("", max_length=2 * BODY_MAX)
    proposals: Numbers = []


class ChangedCandidate(Schema):
    """What a file says from now on; “proposals” are added to those that are there."""

    title: shapes.Words = Field(max_length=4 * TITLE_MAX)
    place: shapes.Place
    notes: shapes.Words = Field("", max_length=2 * BODY_MAX)
    state: Literal["open", "shortlist", "dropped"] = "open"
    proposals: Numbers = []


class Made(Schema):
    """The numbers of the candidates that were made."""

    numbers: list[int]


def _told(row: Candidate, proposals: list[int]) -> Told:
    return {
        "number": row.number,
        "title": row.title,
        "place": {"lon": row.point.x, "lat": row.point.y},
        "notes": row.notes,
        "state": row.state,
        "proposals": proposals,
    }


def _whole(project: Project, number: int) -> Told:
    found = _candidate(project, number)
    return _told(found, proposals_behind([found]).get(found.pk, []))


def _candidate(project: Project, number: int) -> Candidate:
    found = candidate_numbered(project, number)
    if found is None:
        raise Refused(Code.CANDIDATE_NOT_FOUND, {"number": number})
    found.project = project
    return found


@router.get(CANDIDATES, response=CandidatePage, auth=knowing(Scope.READ), url_name="api_desk_candidates")
def list_candidates(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the candidates of a project by number."""
    rows = candidates_of(desk_project_called(request, slug, DeskAct.SEE))
    found, behind = page(rows, ("number",), cursor=cursor, limit=limit)
    numbers = proposals_behind(found)
    return {"items": [_told(each, numbers.get(each.pk, [])) for each in found], "next": behind}


@router.post(
    CANDIDATES,
    response={201: CandidateShape},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_candidates",
)
def begin_candidate(request: HttpRequest, slug: str, asked: NewCandidate) -> Status[Told]:
    """Begin the file of a site, from proposals or from nothing."""
    project = desk_project_called(request, slug, DeskAct.SITE)

    def act() -> Told:
        made = make_candidate(
            project=project,
            title=asked.title,
            place=lon_lat(asked.place.lon, asked.place.lat),
            notes=asked.notes,
            came_from=From(proposals=asked.proposals),
            by=someone(request),
            now=now(),
        )
        return _whole(project, made.number)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


@router.post(
    f"{CANDIDATES}/from-ballot",
    response={201: Made},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_candidates_ballot",
)
def from_ballot(request: HttpRequest, slug: str) -> Status[Told]:
    """Begin the file of every option of the ballot that has a place and no file yet."""
    project = desk_project_called(request, slug, DeskAct.SITE)

    def act() -> Told:
        made = make_candidates_of_ballot(project=project, by=someone(request), now=now())
        return {"numbers": [each.number for each in made]}

    return Status(201, doing_once(request, "", act))


@router.get(
    f"{CANDIDATES}/{{int:number}}", response=CandidateShape, auth=knowing(Scope.READ), url_name="api_desk_candidate"
)
def one_candidate(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Read the file of one site."""
    return _whole(desk_project_called(request, slug, DeskAct.SEE), number)


@router.put(
    f"{CANDIDATES}/{{int:number}}", response=CandidateShape, auth=knowing(Scope.DECIDE), url_name="api_desk_candidate"
)
def set_candidate(request: HttpRequest, slug: str, number: shapes.Number, asked: ChangedCandidate) -> Told:
    """Change what the file says, and add proposals to it."""
    project = desk_project_called(request, slug, DeskAct.SITE)
    with transaction.atomic():
        change_candidate(
            candidate=_candidate(project, number),
            title=asked.title,
            place=lon_lat(asked.place.lon, asked.place.lat),
            notes=asked.notes,
            state=asked.state,
            by=someone(request),
        )
        if asked.proposals:
            add_proposals(
                candidate=_candidate(project, number), project=project, numbers=asked.proposals, by=someone(request)
            )
    return _whole(project, number)
