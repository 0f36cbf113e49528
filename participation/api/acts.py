"""Who did what at the desk, undoing it, and the town's words for answers."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from participation.api import shapes
from participation.api.asking import (
    REPEATABLE,
    desk_of,
    desk_project_called,
    doing_once,
    knowing,
    require_languages,
    someone,
)
from participation.api.paging import A_PAGE, Cursor, Limit, page, page_of_names
from participation.api.told import Told
from participation.models import AnswerTemplate, Record
from participation.queries.voting import database_now
from participation.rules.limits import MAIL_MAX
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.organisations import address_of
from participation.selectors.queue import moderators, templates_of
from participation.selectors.staff import Asked, trail
from participation.selectors.undoing import UNDOABLE, last_act
from participation.services.moderation import drop_template, keep_template
from participation.services.undoing import undo
from participation.web import acts

router = Router(tags=["acts"])

Name = Annotated[shapes.Words, Field(max_length=100)]
Language = Annotated[str, Field(min_length=2, max_length=7, pattern="^[a-z-]+$")]


class RecordShape(Schema):
    """One line of the audit trail; “kind_can_be_undone”: such an act can, while nothing else was done since."""

    id: int
    at: datetime
    act: str
    by: str
    project: str
    subject: str
    detail: dict[str, Any]
    said: str
    kind_can_be_undone: bool


class RecordPage(Schema):
    """A page of the audit trail; “next” is the cursor of the page behind it."""

    items: list[RecordShape]
    next: str | None


class LastAct(Schema):
    """What whoever asks did last at the desk, while it can still be undone."""

    act: RecordShape | None


class Undone(Schema):
    """Which act was undone."""

    id: int
    act: str


class Colleague(Schema):
    """Somebody to whom a proposal can be handed over."""

    id: int
    name: str


class ColleaguePage(Schema):
    """A page of colleagues; “next” is the cursor of the page behind it."""

    items: list[Colleague]
    next: str | None


class TemplateShape(Schema):
    """Words for an answer, by language."""

    id: int
    name: str
    text: dict[str, str]


class TemplatePage(Schema):
    """A page of templates; “next” is the cursor of the page behind it."""

    items: list[TemplateShape]
    next: str | None


class NewTemplate(Schema):
    """Words to keep under a name; those of the same name are written over."""

    name: Name
    text: dict[Language, Annotated[shapes.Words, Field(max_length=2 * MAIL_MAX)]] = Field(max_length=20)


def record_told(record: Record) -> Told:
    """One line of the audit trail."""
    return {
        "id": record.pk,
        "at": record.at,
        "act": record.act,
        "by": str(record.person or ""),
        "project": record.project.slug if record.project else "",
        "subject": record.subject,
        "detail": record.detail,
        "said": str(acts.said(record)),
        "kind_can_be_undone": record.act in UNDOABLE,
    }


@router.get("/desk/acts", response=RecordPage, auth=knowing(Scope.READ), url_name="api_desk_acts")
def list_acts(
    request: HttpRequest,
    act: Name = "",
    project: Name = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: Limit = A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """Read who did what at the desk, the latest first; times with their offset."""
    town = desk_of(request, DeskAct.AUDIT)
    if any(moment is not None and moment.tzinfo is None for moment in (since, until)):
        raise Refused(Code.REQUEST_BAD)
    asked = Asked(act=act, project=project, since=since, until=until)
    found, behind = page(trail(town, asked), ("-at", "-id"), cursor=cursor, limit=limit)
    return {"items": [record_told(each) for each in found], "next": behind}


@router.get("/desk/acts/last", response=LastAct, auth=knowing(Scope.MODERATE), url_name="api_desk_last_act")
def my_last_act(request: HttpRequest) -> Told:
    """Read what you did last, if it can still be undone; half an hour long."""
    found = last_act(desk_of(request, DeskAct.MODERATE, anywhere=True), someone(request))
    return {"act": record_told(found) if found else None}


@router.post(
    "/desk/acts/{int:record}/undo",
    response=Undone,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_undo",
)
def undo_act(request: HttpRequest, record: shapes.Number) -> Told:
    """Undo an act, while nothing else was done with the same since."""
    town = desk_of(request, DeskAct.MODERATE, anywhere=True)

    def act() -> Told:
        done = undo(
            organisation=town, record_id=record, by=someone(request), base_url=address_of(town), now=database_now()
        )
        return {"id": done.pk, "act": done.act}

    return doing_once(request, "", act)


@router.get(
    "/desk/projects/{slug:slug}/colleagues",
    response=ColleaguePage,
    auth=knowing(Scope.MODERATE),
    url_name="api_desk_colleagues",
)
def list_colleagues(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List to whom a proposal of this project can be handed over."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)
    known = {f"{each.pk:012}": each for each in moderators(project)}
    keys, behind = page_of_names(known, cursor=cursor, limit=limit)
    return {"items": [{"id": known[key].pk, "name": str(known[key])} for key in keys], "next": behind}


def _template_told(row: AnswerTemplate) -> Told:
    return {"id": row.pk, "name": row.name, "text": row.text}


@router.get("/desk/templates", response=TemplatePage, auth=knowing(Scope.READ), url_name="api_desk_templates")
def list_templates(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the town's words for answers."""
    rows = templates_of(desk_of(request, DeskAct.MODERATE, anywhere=True))
    found, behind = page(rows, ("id",), cursor=cursor, limit=limit)
    return {"items": [_template_told(each) for each in found], "next": behind}


@router.put("/desk/templates", response=TemplateShape, auth=knowing(Scope.MODERATE), url_name="api_desk_templates")
def set_template(request: HttpRequest, asked: NewTemplate) -> Told:
    """Keep words for answers under a name."""
    town = desk_of(request, DeskAct.MODERATE)
    require_languages(town, asked.text)
    return _template_told(keep_template(organisation=town, name=asked.name, text=asked.text, by=someone(request)))


@router.delete(
    "/desk/templates/{int:template}", response={204: None}, auth=knowing(Scope.MODERATE), url_name="api_desk_template"
)
def forget_template(request: HttpRequest, template: shapes.Number) -> Status[None]:
    """Forget a template; doing it again changes nothing."""
    drop_template(organisation=desk_of(request, DeskAct.MODERATE), pk=template, by=someone(request))
    return Status(204, None)
