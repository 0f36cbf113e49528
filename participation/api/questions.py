"""The questions of a project, and the answers to its form."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Field, Router, Schema

from participation.api import shapes
from participation.api.asking import (
    REPEATABLE,
    RefusedWith,
    desk_project_called,
    doing_once,
    knowing,
    project_called,
    someone,
)
from participation.api.drafts import draft_of
from participation.api.told import Told, in_words
from participation.models import AnswerSheet, Draft, FormVersion
from participation.queries.voting import database_now
from participation.rules.questions import (
    UPLOADS,
    Asked,
    Question,
    Raw,
    as_typed,
    read,
)
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.rules.wording import REASON_MAX
from participation.selectors.forms import sheet_of, version_of
from participation.services.answers import ANSWERS, VERSION, checked, leave_out, send_answers, take_back, typed_in
from participation.services.drafts import keep_draft
from participation.web.questions import option_name
from participation.web.sentences import sentence

router = Router(tags=["questions"])


class OptionShape(Schema):
    """One answer to choose."""

    key: str
    text: str


class WhenShape(Schema):
    """The question is asked when one of these options of an earlier one was chosen."""

    question: str
    options: list[str]


class QuestionShape(Schema):
    """One question: of which kind, and between what its answer must lie."""

    key: str
    kind: str
    label: str
    help: str
    options: list[OptionShape]
    is_required: bool
    is_public: bool
    when: WhenShape | None
    at_least: float | None
    at_most: float | None


class QuestionsShape(Schema):
    """What is asked now; “version” is sent along with the answers. Version 0: nothing is."""

    version: int
    questions: list[QuestionShape]


class NewAnswers(Schema):
    """The answers by key of their question, under the version that was read; “draft” holds the files that answer."""

    version: shapes.Number
    answers: shapes.Answers
    draft: UUID | None = None


class SheetShape(Schema):
    """What was answered, by key of the question; a file is there as its key. Version 0: nothing yet."""

    version: int
    answers: dict[str, Any]
    sent_on: str | None


def raw_of(given: shapes.Answers) -> dict[str, str | list[str]]:
    """Answers as they would be typed into the form.

    Refuses  place.unreadable for a shape that is none.
    """
    return {key: _typed(value) for key, value in given.items()}


def _typed(value: shapes.Answered) -> str | list[str]:
    if not isinstance(value, shapes.Drawn):
        return as_typed(value)
    if value.type == "Polygon" and len(value.coordinates) != 1:
        raise Refused(Code.PLACE_UNREADABLE)
    try:
        return as_typed(value.model_dump())
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise Refused(Code.PLACE_UNREADABLE) from error


def kept_files(version: FormVersion | None, raw: Raw, sheet: AnswerSheet | None) -> Raw:
    """What was typed, without keys of files that are not those of the sheet: nobody answers with another's file."""
    mine = {str(file.key) for file in sheet.files.all()} if sheet else set()
    uploads = {one.key for one in read(version.questions) if one.kind in UPLOADS} if version else set()
    return {key: value for key, value in raw.items() if key not in uploads or value in mine}


def write_answers(
    draft: Draft, raw: Raw, *, asked: Asked, version: int | None, sheet: AnswerSheet | None = None
) -> Draft:
    """Write what was answered into a draft, as the form does."""
    project, current = draft.project, version_of(draft.project, asked)
    number = version or (current.number if current else None)
    content = {ANSWERS: dict(kept_files(current, raw, sheet)), VERSION: number}
    kind = Draft.Kind(draft.kind)
    return keep_draft(token=str(draft.token), project=project, kind=kind, person=draft.person, content=content)


@contextmanager
def explaining(draft: Draft, asked: Asked) -> Iterator[None]:
    """Say of answers that are refused what is wrong with each of them."""
    try:
        yield
    except Refused as refused:
        version = version_of(draft.project, asked)
        if refused.code is not Code.ANSWERS_INCOMPLETE or version is None:
            raise
        found = checked(draft.project, read(version.questions), typed_in(draft)).refusals
        said = [
            {"at": [key], "code": why.code.value, "why": sentence(why.code, why.facts)} for key, why in found.items()
        ]
        raise RefusedWith(refused.code, refused.facts, said) from refused


def _question_told(one: Question) -> Told:
    return {
        "key": one.key,
        "kind": one.kind.value,
        "label": in_words(dict(one.label)),
        "help": in_words(dict(one.help)),
        "options": [{"key": key, "text": option_name(one, key)} for key in one.option_keys],
        "is_required": one.is_required,
        "is_public": one.is_public,
        "when": {"question": one.when.question, "options": list(one.when.options)} if one.when else None,
        "at_least": one.at_least,
        "at_most": one.at_most,
    }


@router.get("/projects/{slug:slug}/questions", response=QuestionsShape, url_name="api_questions")
def list_questions(request: HttpRequest, slug: str, asked: Literal["alone", "proposal"] = "alone") -> Told:
    """Read what is asked: in a form of its own (“alone”), or with every proposal; all of it, in the order asked."""
    version = version_of(project_called(request, slug), Asked(asked))
    if version is None:
        return {"version": 0, "questions": []}
    return {"version": version.number, "questions": [_question_told(one) for one in read(version.questions)]}


def _sheet_told(sheet: AnswerSheet | None) -> Told:
    if sheet is None:
        return {"version": 0, "answers": {}, "sent_on": None}
    return {
        "version": sheet.version.number,
        "answers": sheet.answers,
        "sent_on": (sheet.changed_at or sheet.sent_at).date().isoformat(),
    }


@router.get("/projects/{slug:slug}/form", response=SheetShape, auth=knowing(Scope.CONTRIBUTE), url_name="api_form")
def my_answers(request: HttpRequest, slug: str) -> Told:
    """Read what you answered in the form."""
    return _sheet_told(sheet_of(project_called(request, slug), someone(request)))


@router.put(
    "/projects/{slug:slug}/form",
    response=SheetShape,
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_form",
)
def answer(request: HttpRequest, slug: str, asked: NewAnswers) -> Told:
    """Send the answers to the form; sending it again takes the place of what was sent before."""
    project, person = project_called(request, slug), someone(request)
    raw = raw_of(asked.answers)

    @transaction.atomic
    def act() -> Told:
        if asked.draft:
            draft = draft_of(request, project, Draft.Kind.FORM, asked.draft)
        else:
            draft = keep_draft(token=None, project=project, kind=Draft.Kind.FORM, person=person, content={})
        draft = write_answers(draft, raw, asked=Asked.ALONE, version=asked.version, sheet=sheet_of(project, person))
        with explaining(draft, Asked.ALONE):
            sheet = send_answers(
                token=str(draft.token),
                project=project,
                person=person,
                language=get_language() or "nl",
                now=database_now(),
            )
        return _sheet_told(sheet)

    return doing_once(request, asked.model_dump_json(), act)


class LeavingOut(Schema):
    """Why these answers do not count; who sent them reads it."""

    reason: shapes.Words = Field(max_length=2 * REASON_MAX)


class Counting(Schema):
    """Whether what was answered under this number counts, and why not."""

    number: int
    left_out_because: str


def _counting_told(sheet: AnswerSheet) -> Told:
    return {"number": sheet.pk, "left_out_because": sheet.left_out_because}


SHEET = "/desk/projects/{slug:slug}/form/{int:number}"


@router.post(
    f"{SHEET}/leave-out",
    response=Counting,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_leave_out",
)
def leave_answers_out(request: HttpRequest, slug: str, number: shapes.Number, asked: LeavingOut) -> Told:
    """Leave what somebody answered out of all counts and files, with a reason that they read."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)

    def act() -> Told:
        return _counting_told(leave_out(project=project, number=number, reason=asked.reason, by=someone(request)))

    return doing_once(request, asked.model_dump_json(), act)


@router.post(
    f"{SHEET}/take-back",
    response=Counting,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_take_back",
)
def count_answers_again(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Count again what was left out."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)

    def act() -> Told:
        return _counting_told(take_back(project=project, number=number, by=someone(request)))

    return doing_once(request, "", act)
