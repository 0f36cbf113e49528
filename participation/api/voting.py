"""The vote at the desk: a later closing time by two officers, and ballots on paper that a clerk types in."""

from datetime import date, datetime
from typing import Annotated
from uuid import uuid4

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localdate
from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime

from participation.api import shapes
from participation.api.asking import REPEATABLE, desk_project_called, doing_once, knowing, someone
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told
from participation.models import Extension, Phase, Project
from participation.queries.voting import database_now
from participation.rules.phases import Act, check_in_reach
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.rules.voting import Choice
from participation.rules.wording import REASON_MAX
from participation.selectors.closing import extensions_of, vote_of_desk
from participation.selectors.projects import options, standing
from participation.services.closing import agree_extension, ask_extension
from participation.services.paper import Who, cast_on_paper, try_on_paper

router = Router(tags=["voting"])
DESK = "/desk/projects/{slug:slug}"
Text = Annotated[shapes.Words, Field(max_length=254)]


class ExtensionShape(Schema):
    """A later closing time that an officer asked for; it holds once another one agreed."""

    id: int
    closes_at: datetime
    reason: str
    asked_by: str
    agreed_by: str
    agreed_at: datetime | None


class ExtensionPage(Schema):
    """A page of closing times asked for; “next” is the cursor of the page behind it."""

    items: list[ExtensionShape]
    next: str | None


class NewExtension(Schema):
    """When a vote is to close, and why everybody reads that it does so later."""

    closes_at: AwareDatetime
    reason: shapes.Words = Field(max_length=2 * REASON_MAX)


class PaperBallot(Schema):
    """A ballot on paper: who voted (one of mail address, code of a letter, name and day of birth), and what for."""

    email: Text = ""
    code: Annotated[shapes.Words, Field(max_length=60)] = ""
    name: Annotated[shapes.Words, Field(max_length=200)] = ""
    born_on: Annotated[date | None, Field(ge=date(1850, 1, 1), le=date(2999, 12, 31))] = None
    choices: list[shapes.ChoiceShape] = Field(min_length=1, max_length=1000)
    of_age: bool = False


class PaperTaken(Schema):
    """That a ballot is in the box, as the how-many-th of this person; what they chose before stays theirs."""

    cast: int


class PaperGood(Schema):
    """That a ballot can be cast."""

    good: bool


def _told(row: Extension) -> Told:
    return {
        "id": row.pk,
        "closes_at": row.closes_at.isoformat(),
        "reason": row.reason,
        "asked_by": str(row.asked_by or ""),
        "agreed_by": str(row.agreed_by or ""),
        "agreed_at": row.agreed_at and row.agreed_at.isoformat(),
    }


@router.get(f"{DESK}/extensions", response=ExtensionPage, auth=knowing(Scope.READ), url_name="api_desk_extensions")
def list_extensions(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the later closing times that were asked for, the latest first."""
    vote = vote_of_desk(desk_project_called(request, slug, DeskAct.SEE), database_now())
    if vote is None:
        return {"items": [], "next": None}
    found, behind = page(extensions_of(vote), ("-id",), cursor=cursor, limit=limit)
    return {"items": [_told(each) for each in found], "next": behind}


@router.post(
    f"{DESK}/extensions",
    response={201: ExtensionShape},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_extensions",
)
def ask_later(request: HttpRequest, slug: str, asked: NewExtension) -> Status[Told]:
    """Ask that the vote closes later, with a reason; another officer has to agree."""
    project = desk_project_called(request, slug, DeskAct.EXTEND)

    def act() -> Told:
        check_in_reach(asked.closes_at)
        made = ask_extension(project=project, closes_at=asked.closes_at, reason=asked.reason, by=someone(request))
        return _told(made)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


@router.post(
    f"{DESK}/extensions/{{int:extension}}/agree",
    response=ExtensionShape,
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_extension_agree",
)
def agree(request: HttpRequest, slug: str, extension: shapes.Number) -> Told:
    """Agree to what another officer asked: the vote closes later, and everybody reads so."""
    project = desk_project_called(request, slug, DeskAct.EXTEND)

    def act() -> Told:
        return _told(agree_extension(project=project, key=extension, by=someone(request)))

    return doing_once(request, "", act)


def _paper(request: HttpRequest, slug: str, asked: PaperBallot) -> tuple[Project, Phase, Who, list[Choice]]:
    """The vote that takes paper, who voted and what for.

    Refuses  vote.no_paper, vote.*, vote.option_gone.
    """
    project = desk_project_called(request, slug, DeskAct.PAPER)
    where = standing(project, database_now())
    vote = where.vote
    if vote is None or not vote.takes_paper:
        raise Refused(Code.VOTE_NO_PAPER)
    where.require(Act.VOTE)
    vote.project = project
    choices = [Choice(each.number, each.points) for each in asked.choices]
    known = set(options(project).values_list("number", flat=True))
    gone = [choice.number for choice in choices if choice.number not in known]
    if gone:
        raise Refused(Code.VOTE_OPTION_GONE, {"numbers": gone})
    return project, vote, Who(asked.email, asked.code, asked.name, asked.born_on), choices


@router.post(f"{DESK}/paper/check", response=PaperGood, auth=knowing(Scope.DECIDE), url_name="api_desk_paper_check")
def check_paper(request: HttpRequest, slug: str, asked: PaperBallot) -> Told:
    """Say what is wrong with a ballot on paper before it is cast; nothing is kept."""
    _project, vote, who, choices = _paper(request, slug, asked)
    moment = database_now()
    today = localdate(moment)
    try_on_paper(phase=vote, who=who, choices=choices, of_age=asked.of_age, now=moment, today=today)
    return {"good": True}


@router.post(
    f"{DESK}/paper",
    response={201: PaperTaken},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_paper",
)
def take_paper(request: HttpRequest, slug: str, asked: PaperBallot) -> Status[Told]:
    """Cast a ballot on paper under your name; it is the same ballot as on the site, whoever comes last counts."""
    project, vote, who, choices = _paper(request, slug, asked)
    moment = database_now()

    def act() -> Told:
        receipt = cast_on_paper(
            phase=vote,
            who=who,
            choices=choices,
            # The key of the request belongs to the clerk: that of the ballot is a new one.
            nonce=uuid4(),
            of_age=asked.of_age,
            clerk=someone(request),
            ballot_url=request.build_absolute_uri(reverse("ballot", args=(project.slug,))),
            now=moment,
            today=localdate(moment),
        )
        return {"cast": receipt.seq}

    return Status(201, doing_once(request, asked.model_dump_json(), act))
