"""Setting what a project asks: questions are added, changed, put in another place, and asked no more."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from participation.api import shapes
from participation.api.asking import REPEATABLE, doing_once, knowing, require_languages, someone
from participation.api.setup import SETUP, Line, setup_of
from participation.api.told import Told
from participation.models import Project
from participation.rules.questions import OPTIONS_MAX, WITH_OPTIONS, Asked, Kind, Option, Question, When, written
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.forms import last_option, questions_of
from participation.services.questions import NEW, move_question, remove_question, set_question

router = Router(tags=["setup"])
QUESTIONS = f"{SETUP}/questions/{{slug:asked}}"
Bound = Annotated[float | None, Field(ge=-1e12, le=1e12)]
OptionKey = Annotated[str, Field(pattern="^(o[0-9]{1,6})?$")]


class OptionSet(Schema):
    """One answer to choose; “key” of one that is there, empty for a new one."""

    key: OptionKey = ""
    text: Line


class WhenSet(Schema):
    """The question is asked when one of these options of an earlier one was chosen."""

    question: shapes.QuestionKey
    options: Annotated[list[Annotated[shapes.Words, Field(max_length=10)]], Field(max_length=OPTIONS_MAX)]


class QuestionSet(Schema):
    """One question in the languages of the town; its kind never changes."""

    kind: Kind
    label: Line
    help: Line = {}
    options: Annotated[list[OptionSet], Field(max_length=2 * OPTIONS_MAX)] = []
    is_required: bool = False
    is_public: bool = False
    when: WhenSet | None = None
    at_least: Bound = None
    at_most: Bound = None


class KeptQuestion(QuestionSet):
    """A question as it is set, with its key."""

    key: str


class KeptQuestions(Schema):
    """All that a project asks, in its order."""

    questions: list[KeptQuestion]


class Moved(Schema):
    """Whether a question changes places with the one before it or behind it."""

    direction: Literal["up", "down"]


def _asked(name: str) -> Asked:
    if name not in set(Asked):
        raise Refused(Code.REQUEST_NOT_FOUND)
    return Asked(name)


def _told(project: Project, asked: Asked) -> Told:
    return {"questions": written(questions_of(project, asked))}


def _question(project: Project, asked: Asked, key: str, given: QuestionSet) -> Question:
    """The question as it is to be set; a new option gets a number that none ever had.

    Refuses  request.bad for a language that is none of the town's, or an option that is not there.
    """
    require_languages(project.organisation, given.label, given.help, *(row.text for row in given.options))
    before = next((one for one in questions_of(project, asked) if one.key == key), None)
    known = {option.key for option in before.options} if before else set()
    highest, options = last_option(project, asked, key), []
    for row in given.options:
        if row.key and row.key not in known:
            raise Refused(Code.REQUEST_BAD)
        highest += not row.key
        options.append(Option(row.key or f"o{highest}", _words(row.text)))
    kind = before.kind if before else given.kind
    return Question(
        key=key,
        kind=kind,
        label=_words(given.label),
        help=_words(given.help),
        options=tuple(options) if kind in WITH_OPTIONS else (),
        is_required=given.is_required,
        is_public=given.is_public,
        when=When(given.when.question, tuple(given.when.options)) if given.when else None,
        at_least=given.at_least if kind is Kind.NUMBER else None,
        at_most=given.at_most if kind is Kind.NUMBER else None,
    )


def _words(text: dict[str, str]) -> dict[str, str]:
    return {language: line for language, words in text.items() if (line := " ".join(words.split()))}


@router.get(QUESTIONS, response=KeptQuestions, auth=knowing(Scope.READ), url_name="api_desk_questions")
def read_questions(request: HttpRequest, slug: str, asked: str) -> Told:
    """Read what a project asks: in a form of its own (“alone”), or with every proposal (“proposal”)."""
    return _told(setup_of(request, slug, DeskAct.SETUP), _asked(asked))


@router.post(
    QUESTIONS,
    response={201: KeptQuestions},
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_desk_questions",
)
def add_question(request: HttpRequest, slug: str, asked: str, given: QuestionSet) -> Status[Told]:
    """Ask something more, behind the other questions."""
    project, where = setup_of(request, slug, DeskAct.SETUP), _asked(asked)

    def act() -> Told:
        question = _question(project, where, NEW, given)
        set_question(project=project, asked=where, question=question, by=someone(request))
        return _told(project, where)

    return Status(201, doing_once(request, given.model_dump_json(), act))


@router.put(
    f"{QUESTIONS}/{{slug:key}}", response=KeptQuestions, auth=knowing(Scope.SET_UP), url_name="api_desk_question"
)
def change_question(request: HttpRequest, slug: str, asked: str, key: str, given: QuestionSet) -> Told:
    """Change a question; what was answered to it before is kept as it was asked."""
    project, where = setup_of(request, slug, DeskAct.SETUP), _asked(asked)
    if key not in {one.key for one in questions_of(project, where)}:
        raise Refused(Code.QUESTION_GONE)
    question = _question(project, where, key, given)
    set_question(project=project, asked=where, question=question, by=someone(request))
    return _told(project, where)


@router.delete(
    f"{QUESTIONS}/{{slug:key}}", response=KeptQuestions, auth=knowing(Scope.SET_UP), url_name="api_desk_question"
)
def drop_question(request: HttpRequest, slug: str, asked: str, key: str) -> Told:
    """Ask something no more; what was answered to it is kept."""
    project, where = setup_of(request, slug, DeskAct.SETUP), _asked(asked)
    remove_question(project=project, asked=where, key=key, by=someone(request))
    return _told(project, where)


@router.post(
    f"{QUESTIONS}/{{slug:key}}/move",
    response=KeptQuestions,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_desk_question_move",
)
def move(request: HttpRequest, slug: str, asked: str, key: str, given: Moved) -> Told:
    """Let a question change places with the one before or behind it."""
    project, where = setup_of(request, slug, DeskAct.SETUP), _asked(asked)

    def act() -> Told:
        move_question(project=project, asked=where, key=key, up=given.direction == "up", by=someone(request))
        return _told(project, where)

    return doing_once(request, given.direction, act)
