"""Studies and their scenarios: begun, computed by a worker, read with every figure."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from participation.api import shapes
from participation.api.asking import (
    REPEATABLE,
    desk_project_called,
    doing_once,
    knowing,
    project_called,
    require_valid,
    someone,
)
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.web.asking import now
from siting.models import Scenario, Study
from siting.models.naming import criterion_name
from siting.selectors.runs import is_lost
from siting.selectors.studies import (
    public_study,
    scenario_numbered,
    scored,
    sites_of,
    studies_of,
    study_numbered,
)
from siting.services import scenarios, studies
from siting.web import study_pages as pages
from siting.web.study_forms import ScenarioForm, StudyForm
from siting.web.study_words import failure

router = Router(tags=["studies"])
STUDIES = "/desk/projects/{slug:slug}/studies"
STUDY = STUDIES + "/{int:number}"
SCENARIO = STUDY + "/scenarios/{int:scenario}"

Title = Annotated[shapes.Words, Field(max_length=120)]
Share = Annotated[float, Field(ge=0, le=1e6)]
Whole = Annotated[int, Field(ge=0, le=10**9)]


class StudyShape(Schema):
    """A study: what it asks and how far it is. “lost”: its worker is gone, start it again."""

    number: int
    title: str
    question: str
    state: str
    progress: float
    lost: bool
    failure: str
    is_public: bool
    n_first: int
    made_on: date


class StudyPage(Schema):
    """A page of studies; “next” is the cursor of the page behind it."""

    items: list[StudyShape]
    next: str | None


class NewStudy(Schema):
    """What a study asks; “template” names the set of criteria it begins with, “area” a neighbourhood by its code."""

    title: Annotated[shapes.Words, Field(min_length=1, max_length=120)]
    question: Annotated[shapes.Words, Field(max_length=1000)] = ""
    template: Annotated[shapes.Words, Field(max_length=20)] = "plain"
    area: Annotated[shapes.Words, Field(max_length=40)] = ""
    existing_layer: Annotated[shapes.Words, Field(max_length=60)] = ""
    n_first: Annotated[int, Field(ge=1, le=500)] = 12


class StudyAct(Schema):
    """What is done with a study: compute it, stop that, copy it to change it, show it to everybody or staff alone."""

    act: Literal["start", "stop", "copy", "publish", "withdraw"]


class CriterionShape(Schema):
    """One criterion of a study, with its share of the whole."""

    code: str
    name: str
    kind: str
    weight: float
    measure: str


class SiteShape(Schema):
    """A candidate as a study saw it: its rank (none: excluded), its score, and what each criterion gave."""

    number: int
    title: str
    lon: float
    lat: float
    area: str
    rank: int | None
    score: float
    verdict: str
    points: dict[str, float]


class StudyResult(Schema):
    """A study with its criteria, and the candidates it judged: the best first, then those excluded."""

    study: StudyShape
    criteria: list[CriterionShape]
    sites: list[SiteShape]


class ScenarioShape(Schema):
    """A scenario: what it asks, how far it is, its figures and the places it chose, in the order of building."""

    number: int
    title: str
    state: str
    progress: float
    lost: bool
    failure: str
    asked: dict[str, Any]
    figures: dict[str, Any]
    chosen: list[dict[str, Any]]


class ScenarioPage(Schema):
    """A page of scenarios; “next” is the cursor of the page behind it."""

    items: list[ScenarioShape]
    next: str | None


class NewScenario(Schema):
    """What a scenario asks, as the form of the page does: the model, how many, for whom, under which conditions."""

    title: Annotated[shapes.Words, Field(min_length=1, max_length=120)]
    model: Literal["cover", "median", "fewest", "voted"] = "cover"
    k: Annotated[int | None, Field(ge=1, le=500)] = None
    radius_m: Annotated[int, Field(ge=25, le=20_000)] = 250
    supports: Share = 100
    pins: Share = 0
    votes: Share = 0
    people: Share = 0
    people_of: Annotated[shapes.Words, Field(max_length=200)] = ""
    uses_existing: bool = True
    uses_built: bool = True
    at_least_per_area: Annotated[int, Field(ge=0, le=20)] = 0
    spacing_m: Annotated[int, Field(ge=0, le=20_000)] = 0
    budget: Whole | None = None
    price: Annotated[int | None, Field(ge=0, le=10**8)] = None
    must: Annotated[list[shapes.Number], Field(max_length=500)] = []
    must_not: Annotated[list[shapes.Number], Field(max_length=500)] = []


class ScenarioAct(Schema):
    """What is done with a scenario: compute it again, or stop that."""

    act: Literal["start", "stop"]


def _study(request: HttpRequest, slug: str, number: int, act: DeskAct) -> Study:
    project = desk_project_called(request, slug, act)
    found = study_numbered(project, number)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return found


def _told(row: Study) -> Told:
    return {
        "number": row.number,
        "title": row.title,
        "question": row.question,
        "state": row.state,
        "progress": row.progress / 100,
        "lost": is_lost(row, now=now()),
        "failure": failure(row.failure),
        "is_public": row.is_public,
        "n_first": row.n_first,
        "made_on": row.created_at.date().isoformat(),
    }


def _result(study: Study) -> Told:
    criteria = list(study.criteria.all())
    told = {
        "study": _told(study),
        "criteria": [
            {
                "code": row.code,
                "name": str(criterion_name(row)),
                "kind": row.kind,
                "weight": row.weight,
                "measure": row.measure,
            }
            for row in criteria
        ],
    }
    if study.state != Study.State.DONE:
        return told | {"sites": []}
    found = scored(study)
    ranks = {at: rank for rank, at in enumerate(found.order, start=1)}
    order = [*found.order, *(at for at in range(len(found.sites)) if at not in ranks)]
    sites = [
        {
            "number": found.sites[at].number,
            "title": found.sites[at].title,
            "lon": found.sites[at].lon,
            "lat": found.sites[at].lat,
            "area": found.sites[at].area,
            "rank": ranks.get(at),
            "score": found.scores[at].total,
            "verdict": found.scores[at].verdict.value,
            "points": {part.code: part.points for part in found.scores[at].parts},
        }
        for at in order
    ]
    return told | {"sites": sites}


@router.get(STUDIES, response=StudyPage, auth=knowing(Scope.READ), url_name="api_desk_studies")
def list_studies(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the studies of a project, the latest first."""
    rows = studies_of(desk_project_called(request, slug, DeskAct.SEE))
    found, behind = page(rows, ("-number",), cursor=cursor, limit=limit)
    return {"items": [_told(each) for each in found], "next": behind}


@router.post(
    STUDIES,
    response={201: StudyShape},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_studies",
)
def begin_study(request: HttpRequest, slug: str, asked: NewStudy) -> Status[Told]:
    """Begin a study with a set of criteria; which ones count for how much is set in the pages, or it is started so."""
    project = desk_project_called(request, slug, DeskAct.SITE)

    def act() -> Told:
        area = project.organisation.areas.filter(code=asked.area).first() if asked.area else None
        if asked.area and area is None:
            raise Refused(Code.REQUEST_NOT_FOUND)
        form = StudyForm(asked.model_dump() | {"area": area.pk if area else ""}, project=project)
        require_valid(form)
        made = studies.create_study(
            project=project,
            by=someone(request),
            settings=form.settings(),
            template=form.cleaned_data["template"],
            now=now(),
        )
        return _told(made)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


@router.get(STUDY, response=StudyResult, auth=knowing(Scope.READ), url_name="api_desk_study")
def one_study(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Read a study, how far it is, and what came out once it is done."""
    return _result(_study(request, slug, number, DeskAct.SEE))


@router.post(
    f"{STUDY}/acts",
    response=StudyShape,
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_study_acts",
)
def act_on_study(request: HttpRequest, slug: str, number: shapes.Number, asked: StudyAct) -> Told:
    """Start, stop, copy or publish a study; gives back the study, or its copy."""
    study, by = _study(request, slug, number, DeskAct.SITE), someone(request)

    def act() -> Told:
        match asked.act:
            case "start":
                studies.start_study(study=study, by=by, now=now())
            case "stop":
                studies.stop_study(study=study, by=by, now=now())
            case "copy":
                return _told(studies.clone_study(study=study, by=by, now=now()))
            case _:
                studies.publish_study(study=study, is_public=asked.act == "publish", by=by)
        study.refresh_from_db()
        return _told(study)

    return doing_once(request, asked.act, act)


@router.get("/projects/{slug:slug}/studies/{int:number}", response=StudyResult, url_name="api_study")
def read_public_study(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Read the criteria and scores of a study that the town shows to everybody."""
    found = public_study(project_called(request, slug), number)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return _result(found)


# --- scenarios --------------------------------------------------------------------------------------------------------


def _scenario_told(row: Scenario) -> Told:
    result = row.result or {}
    return {
        "number": row.number,
        "title": row.title,
        "state": row.state,
        "progress": row.progress / 100,
        "lost": is_lost(row, now=now()),
        "failure": failure(row.failure),
        "asked": row.asked,
        "figures": result.get("figures", {}),
        "chosen": result.get("chosen", []),
    }


def _scenario(request: HttpRequest, slug: str, number: int, scenario: int, act: DeskAct) -> Scenario:
    found = scenario_numbered(_study(request, slug, number, act), scenario)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return found


@router.get(f"{STUDY}/scenarios", response=ScenarioPage, auth=knowing(Scope.READ), url_name="api_desk_scenarios")
def list_scenarios(
    request: HttpRequest, slug: str, number: shapes.Number, limit: Limit = A_PAGE, cursor: Cursor = None
) -> Told:
    """List the scenarios of a study by number, each with the same figures."""
    rows = _study(request, slug, number, DeskAct.SEE).scenarios.all()
    found, behind = page(rows, ("number",), cursor=cursor, limit=limit)
    return {"items": [_scenario_told(each) for each in found], "next": behind}


@router.post(
    f"{STUDY}/scenarios",
    response={202: ScenarioShape},
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_scenarios",
)
def begin_scenario(request: HttpRequest, slug: str, number: shapes.Number, asked: NewScenario) -> Status[Told]:
    """Have a worker choose among the candidates of a study that is done."""
    study = _study(request, slug, number, DeskAct.SITE)

    def act() -> Told:
        given = {name: value for name, value in asked.model_dump().items() if value not in (None, False)}
        form = ScenarioForm(given, layers=pages.current_layers(study.project), sites=sites_of(study))
        require_valid(form)
        made = scenarios.create_scenario(
            study=study, title=form.cleaned_data["title"], wanted=form.wanted(), by=someone(request), now=now()
        )
        return _scenario_told(made)

    return Status(202, doing_once(request, asked.model_dump_json(), act))


@router.get(SCENARIO, response=ScenarioShape, auth=knowing(Scope.READ), url_name="api_desk_scenario")
def one_scenario(request: HttpRequest, slug: str, number: shapes.Number, scenario: shapes.Number) -> Told:
    """Read a scenario: how far it is, or what came out."""
    return _scenario_told(_scenario(request, slug, number, scenario, DeskAct.SEE))


@router.post(
    f"{SCENARIO}/acts",
    response=ScenarioShape,
    auth=knowing(Scope.DECIDE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_scenario_acts",
)
def act_on_scenario(
    request: HttpRequest, slug: str, number: shapes.Number, scenario: shapes.Number, asked: ScenarioAct
) -> Told:
    """Start a scenario again that was stopped or failed, or stop one that is being computed."""
    row = _scenario(request, slug, number, scenario, DeskAct.SITE)

    def act() -> Told:
        if asked.act == "start":
            scenarios.start_scenario(scenario=row, by=someone(request), now=now())
        else:
            scenarios.stop_scenario(scenario=row, by=someone(request), now=now())
        row.refresh_from_db()
        return _scenario_told(row)

    return doing_once(request, asked.act, act)


@router.delete(SCENARIO, response={204: None}, auth=knowing(Scope.DECIDE), url_name="api_desk_scenario")
def take_away(request: HttpRequest, slug: str, number: shapes.Number, scenario: shapes.Number) -> Status[None]:
    """Take a scenario away."""
    scenarios.drop_scenario(scenario=_scenario(request, slug, number, scenario, DeskAct.SITE), by=someone(request))
    return Status(204, None)
