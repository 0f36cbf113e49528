"""Setting a project up: begun as a draft, changed step by step, published."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime

from participation.api import shapes
from participation.api.asking import (
    REPEATABLE,
    desk_of,
    desk_project_called,
    doing_once,
    knowing,
    require_languages,
    require_valid,
    someone,
)
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told
from participation.models import Project
from participation.queries.voting import database_now
from participation.rules.phases import PhaseKind, check_in_reach
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.templates import TEMPLATES, Consider, Step
from participation.rules.tokens import Scope
from participation.rules.wording import BODY_MAX, TITLE_MAX
from participation.selectors.queue import projects_at_the_desk
from participation.selectors.roles import roles_in
from participation.selectors.setup import missing, phases_of, project_of_desk, votes_of
from participation.services import setup as services
from participation.web.asking import town_of
from participation.web.closing import METHODS, RULES
from participation.web.sentences import sentence
from participation.web.setup import next_monday
from participation.web.setup_forms import VoteForm

router = Router(tags=["setup"])
DESK = "/desk/projects/{slug:slug}"
SETUP = f"{DESK}/setup"

Language = Annotated[str, Field(min_length=2, max_length=7, pattern="^[a-z-]+$")]
Line = Annotated[dict[Language, Annotated[shapes.Words, Field(max_length=4 * TITLE_MAX)]], Field(max_length=20)]
Text = Annotated[dict[Language, Annotated[shapes.Words, Field(max_length=2 * BODY_MAX)]], Field(max_length=20)]
Slug = Annotated[shapes.Words, Field(max_length=60)]
Levels = Annotated[dict[Slug, Slug], Field(max_length=20)]
Colour = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]
TEXTS = ("title", "question", "summary", "rules", "outcome")


class DeskProject(Schema):
    """A project at the desk: a draft, public, or put away; how many proposals wait."""

    slug: str
    state: str
    title: dict[str, str]
    n_waiting: int


class DeskProjectPage(Schema):
    """A page of projects; “next” is the cursor of the page behind it."""

    items: list[DeskProject]
    next: str | None


class NewProject(Schema):
    """A project to begin, from a template or as a copy of another one's structure."""

    title: shapes.Words = Field(max_length=4 * TITLE_MAX)
    template: Literal[
        "", "charging-points", "benches", "utility-boxes", "village-centre", "line-up", "leisure-pass"
    ] = ""
    copy_of: Slug = ""
    starts_at: AwareDatetime | None = None


class PhaseSet(Schema):
    """A phase as it is set; “access” where it asks for another level than the project."""

    id: int
    kind: str
    name: dict[str, str]
    opens_at: datetime
    closes_at: datetime | None
    access: dict[str, str]


class VoteSet(Schema):
    """The rules of a vote, by the names of the page's fields; “budget” in euros."""

    method: Slug
    rule: Slug
    cap: int
    floor: int
    points: int
    points_max: int
    budget: int | None = None
    cap_per_area: int | None = None
    cap_per_theme: int | None = None
    n_winners: int
    one_per_area: bool = False
    eligibility: Slug
    min_age: int | None = None
    n_eligible: int | None = None
    takes_paper: bool = False
    write_ins: bool = False
    write_ins_join: bool = False
    hides_tally: bool = True


class VoteOf(Schema):
    """The rules of the vote of one phase."""

    phase: int
    rules: VoteSet


class ThemeSet(Schema):
    """A kind of proposal; “id” of one that is there, none for a new one."""

    id: shapes.Number | None = None
    name: Line
    colour: Colour


class Gap(Schema):
    """What stands between a draft and the public."""

    step: str
    code: str
    why: str


class SetupShape(Schema):
    """All that is set of a project, and what is missing before it can be public."""

    slug: str
    state: str
    texts: dict[str, dict[str, str]]
    area: dict[str, Any]
    phases: list[PhaseSet]
    access: dict[str, str]
    moderated_first: bool
    themes: list[ThemeSet]
    votes: list[VoteOf]
    considered: dict[str, str]
    missing: list[Gap]


class TextsSet(Schema):
    """Texts by name and language; what is left out stays as it is."""

    title: Line | None = None
    question: Line | None = None
    summary: Text | None = None
    rules: Text | None = None
    outcome: Text | None = None


class PhaseRow(Schema):
    """Name and times of a phase that is there."""

    id: shapes.Number
    name: Line = {}
    opens_at: AwareDatetime
    closes_at: AwareDatetime | None = None


class PhasesSet(Schema):
    """All phases of a project, in their order."""

    phases: list[PhaseRow] = Field(max_length=50)


class NewPhase(Schema):
    """A phase to add behind the last one."""

    kind: Literal["inform", "propose", "discuss", "shortlist", "vote", "decide", "roll_out"]
    name: Line = {}
    opens_at: AwareDatetime
    days: Annotated[int | None, Field(ge=1, le=3650)] = None


class AccessSet(Schema):
    """How well somebody must be known for each act (anyone, mail, verified): in the project, and by phase."""

    levels: Levels
    by_phase: dict[Annotated[str, Field(pattern="^[0-9]{1,9}$")], Levels] = {}
    moderated_first: bool


class ThemesSet(Schema):
    """The themes of a project in their order; one without a name goes."""

    themes: list[ThemeSet] = Field(max_length=50)


class Considered(Schema):
    """What the planner answered to the three critical questions."""

    promise: shapes.Words = Field("", max_length=2 * BODY_MAX)
    missing: shapes.Words = Field("", max_length=2 * BODY_MAX)
    change: shapes.Words = Field("", max_length=2 * BODY_MAX)


def setup_of(request: HttpRequest, slug: str, act: DeskAct) -> Project:
    """The project that is set up, with its phases and themes, for somebody who may.

    Refuses  as desk_project_called.
    """
    desk_project_called(request, slug, act)
    found = project_of_desk(town_of(request), slug)
    if found is None:
        raise Refused(Code.PROJECT_NOT_FOUND, {"slug": slug[:60]})
    return found


def setup_told(request: HttpRequest, slug: str, act: DeskAct) -> Told:
    """All that is set of a project, as it stands now."""
    project = setup_of(request, slug, act)
    return {
        "slug": project.slug,
        "state": project.state,
        "texts": {name: getattr(project, name) for name in TEXTS},
        "area": project.area_source,
        "phases": [
            {
                "id": phase.pk,
                "kind": phase.kind,
                "name": phase.name,
                "opens_at": phase.opens_at.isoformat(),
                "closes_at": phase.closes_at and phase.closes_at.isoformat(),
                "access": phase.access,
            }
            for phase in phases_of(project)
        ],
        "access": project.access,
        "moderated_first": project.moderated_first,
        "themes": [{"id": row.pk, "name": row.name, "colour": row.colour} for row in project.themes.all()],
        "votes": [{"phase": vote.pk, "rules": _rules_told(vote)} for vote in votes_of(project)],
        "considered": project.considered,
        "missing": [
            {"step": step, "code": why.code.value, "why": sentence(why.code, why.facts)}
            for step, why in missing(project)
        ],
    }


def _rules_told(vote: Any) -> Told:
    settings = services.settings_of(vote)
    told = {name: getattr(settings, name) for name in services.VOTE_FIELDS}
    told |= {name: str(told[name]) for name in ("method", "rule", "eligibility")}
    cents = told.pop("budget_cents")
    return told | {"budget": cents // 100 if cents else None}


@router.get("/desk/projects", response=DeskProjectPage, auth=knowing(Scope.READ), url_name="api_desk_projects")
def list_desk_projects(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List all projects of the town, drafts included, the newest first."""
    town = desk_of(request, DeskAct.SEE, anywhere=True)
    where = roles_in(town, someone(request)).where(DeskAct.SEE)
    rows = projects_at_the_desk(town, where).prefetch_related(None)
    found, behind = page(rows, ("-id",), cursor=cursor, limit=limit)
    items = [
        {"slug": each.slug, "state": each.state, "title": each.title, "n_waiting": each.n_waiting}  # type: ignore[attr-defined]
        for each in found
    ]
    return {"items": items, "next": behind}


@router.post(
    "/desk/projects",
    response={201: SetupShape},
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_desk_projects",
)
def begin(request: HttpRequest, asked: NewProject) -> Status[Told]:
    """Begin a project as a draft; its phases begin next Monday, or at “starts_at”."""
    town = desk_of(request, DeskAct.SETUP)

    def act() -> Told:
        starts_at = asked.starts_at or next_monday(database_now())
        check_in_reach(starts_at)
        copied = project_of_desk(town, asked.copy_of) if asked.copy_of else None
        if asked.copy_of and copied is None:
            raise Refused(Code.PROJECT_NOT_FOUND, {"slug": asked.copy_of})
        made = services.begin_project(
            organisation=town,
            title=asked.title,
            template=TEMPLATES[asked.template] if asked.template and copied is None else None,
            copy_of=copied,
            starts_at=starts_at,
            by=someone(request),
        )
        return setup_told(request, made.slug, DeskAct.SETUP)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


@router.get(SETUP, response=SetupShape, auth=knowing(Scope.READ), url_name="api_desk_setup")
def read_setup(request: HttpRequest, slug: str) -> Told:
    """Read all that is set of a project, and what is missing before it can be public."""
    return setup_told(request, slug, DeskAct.WORDS)


@router.put(f"{SETUP}/texts", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_texts")
def set_texts(request: HttpRequest, slug: str, asked: TextsSet) -> Told:
    """Set title, question, summary, rules or promise, in the languages of the town."""
    project = setup_of(request, slug, DeskAct.WORDS)
    given = {name: text for name, text in asked.model_dump().items() if text is not None}
    require_languages(project.organisation, *given.values())
    services.set_texts(project=project, texts=given, by=someone(request))
    return setup_told(request, slug, DeskAct.WORDS)


@router.put(
    f"{SETUP}/considered", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_considered"
)
def set_considered(request: HttpRequest, slug: str, asked: Considered) -> Told:
    """Answer the three critical questions; kept for staff."""
    project = setup_of(request, slug, DeskAct.WORDS)
    answers = {ask.value: getattr(asked, ask.value) for ask in Consider}
    services.set_considered(project=project, answers=answers, by=someone(request))
    return setup_told(request, slug, DeskAct.WORDS)


@router.put(f"{SETUP}/phases", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_phases")
def set_phases(request: HttpRequest, slug: str, asked: PhasesSet) -> Told:
    """Set names, times and order of all phases."""
    project = setup_of(request, slug, DeskAct.SETUP)
    for row in asked.phases:
        require_languages(project.organisation, row.name)
        check_in_reach(row.opens_at)
        check_in_reach(row.closes_at or row.opens_at)
    rows = [services.PhaseRow(row.id, row.name, row.opens_at, row.closes_at) for row in asked.phases]
    services.set_phases(project=project, rows=rows, by=someone(request), now=database_now())
    return setup_told(request, slug, DeskAct.SETUP)


@router.post(
    f"{SETUP}/phases",
    response={201: SetupShape},
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_desk_setup_phases",
)
def add_phase(request: HttpRequest, slug: str, asked: NewPhase) -> Status[Told]:
    """Add a phase behind the last one."""
    project = setup_of(request, slug, DeskAct.SETUP)

    def act() -> Told:
        require_languages(project.organisation, asked.name)
        check_in_reach(asked.opens_at)
        steps = [Step(PhaseKind(asked.kind), 0, asked.days, asked.name)]
        services.add_phases(project=project, steps=steps, starts_at=asked.opens_at, by=someone(request))
        return setup_told(request, slug, DeskAct.SETUP)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


@router.delete(
    f"{SETUP}/phases/{{int:phase}}",
    response=SetupShape,
    auth=knowing(Scope.SET_UP),
    url_name="api_desk_setup_phase",
)
def remove_phase(request: HttpRequest, slug: str, phase: shapes.Number) -> Told:
    """Take a phase out that has not begun, or any of a draft."""
    project = setup_of(request, slug, DeskAct.SETUP)
    services.remove_phase(project=project, key=phase, by=someone(request), now=database_now())
    return setup_told(request, slug, DeskAct.SETUP)


@router.put(f"{SETUP}/access", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_access")
def set_access(request: HttpRequest, slug: str, asked: AccessSet) -> Told:
    """Say how well somebody must be known for each act."""
    project = setup_of(request, slug, DeskAct.SETUP)
    services.set_access(
        project=project,
        levels=asked.levels,
        by_phase={int(key): levels for key, levels in asked.by_phase.items()},
        moderated_first=asked.moderated_first,
        by=someone(request),
    )
    return setup_told(request, slug, DeskAct.SETUP)


@router.put(f"{SETUP}/themes", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_themes")
def set_themes(request: HttpRequest, slug: str, asked: ThemesSet) -> Told:
    """Set the themes in their order."""
    project = setup_of(request, slug, DeskAct.SETUP)
    require_languages(project.organisation, *(row.name for row in asked.themes))
    rows = [services.ThemeRow(row.id, row.name, row.colour) for row in asked.themes]
    services.set_themes(project=project, rows=rows, by=someone(request))
    return setup_told(request, slug, DeskAct.SETUP)


@router.put(
    f"{SETUP}/votes/{{int:phase}}", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_vote"
)
def set_vote(request: HttpRequest, slug: str, phase: shapes.Number, asked: VoteSet) -> Told:
    """Set the rules of a vote, before anybody voted."""
    project = setup_of(request, slug, DeskAct.SETUP)
    vote = next((row for row in votes_of(project) if row.pk == phase), None)
    if vote is None:
        raise Refused(Code.SETUP_PHASE_UNKNOWN)
    given = {name: value for name, value in asked.model_dump().items() if value not in (None, False)}
    form = VoteForm(given, now=services.settings_of(vote), methods=METHODS, rules=RULES)
    require_valid(form)
    settings = services.with_method(vote, form.settings())
    services.set_vote(project=project, key=phase, settings=settings, by=someone(request))
    return setup_told(request, slug, DeskAct.SETUP)


@router.post(
    f"{DESK}/publish",
    response=SetupShape,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_desk_publish_project",
)
def publish(request: HttpRequest, slug: str) -> Told:
    """Make a draft public; its phases open by their dates."""
    project = setup_of(request, slug, DeskAct.SETUP)

    @transaction.atomic
    def act() -> Told:
        services.publish_project(project=project, by=someone(request))
        return setup_told(request, slug, DeskAct.SETUP)

    return doing_once(request, "", act)
