"""What the town decides about places: taken, published with an answer to everyone concerned, built."""

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from participation.api import shapes
from participation.api.asking import (
    REPEATABLE,
    desk_project_called,
    doing_once,
    knowing,
    project_called,
    require_languages,
    someone,
)
from participation.api.paging import A_PAGE, Cursor, Limit, page, page_of_names
from participation.api.told import Told, in_words
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.rules.wording import REASON_MAX
from participation.web.asking import now
from siting.models import Decision
from siting.selectors.decisions import Place, decision_in, decisions_of, outcome_of
from siting.services.decisions import (
    ROLL_OUT_NOTE_MAX,
    About,
    decide,
    publish_decisions,
    roll_out,
    withdraw_decision,
)

router = Router(tags=["decisions"])
DECISIONS = "/desk/projects/{slug:slug}/decisions"

Language = Annotated[str, Field(min_length=2, max_length=7, pattern="^[a-z-]+$")]
Numbers = Annotated[list[shapes.Number], Field(max_length=1000)]
Texts = Annotated[dict[Language, Annotated[shapes.Words, Field(max_length=2 * REASON_MAX)]], Field(max_length=20)]
# A day in the database's calendar.
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]


class RollOutShape(Schema):
    """How far a place has come, and since when."""

    state: str
    on: date
    note: str


class DecisionShape(Schema):
    """A decision about one candidate or one proposal; not published: staff alone knows of it."""

    id: int
    candidate: int | None
    proposal: int | None
    outcome: str
    reason: dict[str, str]
    council_link: str
    decided_on: date
    published_on: date | None
    roll_outs: list[RollOutShape]


class DecisionPage(Schema):
    """A page of decisions; “next” is the cursor of the page behind it."""

    items: list[DecisionShape]
    next: str | None


class NewDecision(Schema):
    """The same decision about all of these, with a reason in the town's languages."""

    candidates: Numbers = []
    proposals: Numbers = []
    outcome: Literal["build", "later", "not"]
    reason: Texts
    council_link: Annotated[shapes.Words, Field(max_length=600)] = ""


class Decided(Schema):
    """About how many places it was decided."""

    n: int


class Published(Schema):
    """How many decisions everybody reads now, and how many proposals got their answer."""

    n_decisions: int
    n_answers: int


class NewRollOut(Schema):
    """How far a place has come; with “tell” everyone concerned gets these words by mail."""

    state: Literal["planned", "building", "built", "gone"]
    on: Day
    note: Annotated[shapes.Words, Field(max_length=2 * ROLL_OUT_NOTE_MAX)] = ""
    tell: Texts = {}


class PlaceShape(Schema):
    """One place that was decided about, as everybody reads it."""

    title: str
    lon: float | None
    lat: float | None
    state: str
    reason: str
    council_link: str
    proposals: list[int]
    roll_outs: list[RollOutShape]


class OutcomePage(Schema):
    """What became of the places of a project: how many were asked for and answered, and a page of places."""

    n_asked: int
    n_answered: int
    items: list[PlaceShape]
    next: str | None


def _told(row: Decision) -> Told:
    return {
        "id": row.pk,
        "candidate": row.candidate.number if row.candidate else None,
        "proposal": row.proposal.number if row.proposal else None,
        "outcome": row.outcome,
        "reason": row.reason,
        "council_link": row.council_link,
        "decided_on": row.decided_at.date(),
        "published_on": row.published_at.date() if row.published_at else None,
        "roll_outs": [{"state": each.state, "on": each.on, "note": each.note} for each in row.roll_outs.all()],
    }


@router.get(DECISIONS, response=DecisionPage, auth=knowing(Scope.READ), url_name="api_desk_decisions")
def list_decisions(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the decisions of a project, those that wait to be published too; the latest first."""
    rows = decisions_of(desk_project_called(request, slug, DeskAct.SEE))
    found, behind = page(rows, ("-decided_at", "-id"), cursor=cursor, limit=limit)
    return {"items": [_told(each) for each in found], "next": behind}


@router.post(
    DECISIONS,
    response={201: Decided},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_decisions",
)
def take_decision(request: HttpRequest, slug: str, asked: NewDecision) -> Status[Told]:
    """Decide the same about candidates and proposals; nobody sees it before it is published."""
    project = desk_project_called(request, slug, DeskAct.DECIDE)

    def act() -> Told:
        require_languages(project.organisation, asked.reason)
        n = decide(
            project=project,
            about=About(sorted(set(asked.candidates)), sorted(set(asked.proposals))),
            outcome=asked.outcome,
            reason=asked.reason,
            council_link=asked.council_link,
            by=someone(request),
            now=now(),
        )
        return {"n": n}

    return Status(201, doing_once(request, asked.model_dump_json(), act))


@router.delete(
    f"{DECISIONS}/{{int:decision}}", response={204: None}, auth=knowing(Scope.DECIDE), url_name="api_desk_decision"
)
def take_back(request: HttpRequest, slug: str, decision: shapes.Number) -> Status[None]:
    """Take back a decision that was not published; doing it again changes nothing."""
    project = desk_project_called(request, slug, DeskAct.DECIDE)
    withdraw_decision(project=project, pk=decision, by=someone(request))
    return Status(204, None)


@router.post(
    f"{DECISIONS}/publish",
    response=Published,
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_decisions_publish",
)
def publish(request: HttpRequest, slug: str) -> Told:
    """Publish all decisions that wait: each proposal gets its answer, and everyone concerned a mail."""
    project = desk_project_called(request, slug, DeskAct.DECIDE)

    def act() -> Told:
        n_decisions, n_answers = publish_decisions(
            project=project, by=someone(request), base_url=request.build_absolute_uri("/"), now=now()
        )
        return {"n_decisions": n_decisions, "n_answers": n_answers}

    return doing_once(request, "", act)


@router.post(
    f"{DECISIONS}/{{int:decision}}/roll-outs",
    response={201: RollOutShape},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_roll_outs",
)
def note_roll_out(request: HttpRequest, slug: str, decision: shapes.Number, asked: NewRollOut) -> Status[Told]:
    """Say how far a place has come that will be built."""
    project = desk_project_called(request, slug, DeskAct.DECIDE)
    found = decision_in(project, decision)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)

    def act() -> Told:
        require_languages(project.organisation, asked.tell)
        made = roll_out(
            project=project,
            decision=found,
            state=asked.state,
            on=asked.on,
            note=asked.note,
            tell=asked.tell or None,
            by=someone(request),
            base_url=request.build_absolute_uri("/"),
            now=now(),
        )
        return {"state": made.state, "on": made.on.isoformat(), "note": made.note}

    return Status(201, doing_once(request, asked.model_dump_json(), act))


def _place_told(place: Place) -> Told:
    lon, lat = place.point or (None, None)
    return {
        "title": place.title,
        "lon": lon,
        "lat": lat,
        "state": place.state,
        "reason": in_words(place.decision.reason),
        "council_link": place.decision.council_link,
        "proposals": place.proposals,
        "roll_outs": [{"state": each.state, "on": each.on, "note": each.note} for each in place.roll_outs],
    }


@router.get("/projects/{slug:slug}/outcome", response=OutcomePage, url_name="api_outcome")
def outcome(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """Read what became of the places of a project, as the town published it."""
    found = outcome_of(project_called(request, slug))
    places = {f"{place.decision.pk:012}": place for place in found.places}
    keys, behind = page_of_names(places, cursor=cursor, limit=limit)
    return {
        "n_asked": found.n_asked,
        "n_answered": found.n_answered,
        "items": [_place_told(places[key]) for key in keys],
        "next": behind,
    }
