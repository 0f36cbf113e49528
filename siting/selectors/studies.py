"""Studies as they are read: who finds which, what they ask, and the scores that follow from what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from participation.models import Project
from siting.models import Candidate, Criterion, HandValue, Layer, Scenario, Study
from siting.rules import criteria as rules
from siting.rules.criteria import Score, Value
from siting.rules.measures import Asked, Measure
from siting.rules.sensitivity import Firmness, firmness


def studies_of(project: Project) -> QuerySet[Study]:
    """The studies of a project, for its staff, the latest first; without what they hold, which is large."""
    return (
        Study.objects.filter(project=project)
        .defer("result", "stamp")
        .annotate(n_scenarios=Count("scenarios"))
        .select_related("created_by", "cloned_from")
        .order_by("-number")
    )


def study_numbered(project: Project, number: int) -> Study | None:
    """The study of this number, for the project's staff."""
    return (
        Study.objects.select_related("project__organisation", "area", "cloned_from")
        .filter(project=project, number=number)
        .first()
    )


def public_study(project: Project, number: int) -> Study | None:
    """The study of this number if everybody may read it."""
    return (
        Study.objects.select_related("project__organisation", "area")
        .filter(project=project, number=number, is_public=True)
        .exclude(project__state=Project.State.DRAFT)
        .first()
    )


def catalogued_studies(projects: QuerySet[Project], *, staff: bool) -> QuerySet[Study]:
    """The finished studies of these projects with their criteria and finished scenarios, without what they hold.

    For everybody the studies that everybody may read, and no scenarios: what could be built is for staff to weigh
    until it is decided.

    Order    by project, then number.
    """
    shown = Scenario.objects.filter(state=Scenario.State.DONE) if staff else Scenario.objects.none()
    rows = Study.objects.filter(project__in=projects.values("pk"), state=Study.State.DONE)
    return (
        (rows if staff else rows.filter(is_public=True))
        .select_related("project__organisation")
        .defer("result", "stamp", "project__area", "project__organisation__outline")
        .prefetch_related("criteria", Prefetch("scenarios", shown.defer("result", "stamp"), to_attr="finished"))
        .order_by("project__slug", "number")
    )


def scenario_numbered(study: Study, number: int) -> Scenario | None:
    """The scenario of this number in a study."""
    return Scenario.objects.filter(study=study, number=number).first()


def candidates_for(study: Study) -> QuerySet[Candidate]:
    """The candidates that a study is about: those that were not dropped, in its neighbourhood if it has one."""
    rows = Candidate.objects.filter(project=study.project_id).exclude(state=Candidate.State.DROPPED)
    if study.area is not None:
        rows = rows.filter(point__intersects=study.area.outline)
    return rows.order_by("number")


def layers_in_use(project: Project) -> QuerySet[Layer]:
    """The layers of the town that may be measured against."""
    return Layer.objects.filter(organisation=project.organisation_id, state=Layer.State.CURRENT).order_by("name")


def layer_in_use(project: Project, slug: str) -> Layer | None:
    """The version of a layer that is in use now; none when it is gone."""
    return layers_in_use(project).filter(slug=slug).first() if slug else None


def worth_of(kept: Mapping[str, Any]) -> rules.Worth | None:
    """Read what a value is worth as it is kept with a criterion."""
    if kept.get("curve"):
        return rules.Curve(tuple((float(x), float(y)) for x, y in kept["curve"]))
    if kept.get("levels"):
        return rules.Levels(tuple((str(name), float(y)) for name, y in kept["levels"]))
    return None


def kept_worth(worth: rules.Worth | None) -> dict[str, Any]:
    """Write what a value is worth as it is kept with a criterion."""
    if isinstance(worth, rules.Curve):
        return {"curve": [list(point) for point in worth.points]}
    if isinstance(worth, rules.Levels):
        return {"levels": [list(level) for level in worth.worths]}
    return {}


def judging(row: Criterion) -> rules.Criterion:
    """A criterion as the rules know it."""
    return rules.Criterion(
        code=row.code,
        kind=rules.Kind(row.kind),
        weight=row.weight,
        worth=worth_of(row.worth),
        least=row.least,
        most=row.most,
    )


def asking(row: Criterion, study: Study) -> Asked:
    """How a criterion is measured; what is there already is read from the study's own layer."""
    layer = study.existing_layer if row.measure == Measure.EXISTING else row.layer
    return Asked(Measure(row.measure), layer, row.attribute, row.radius_m)


def hand_values(study: Study) -> dict[str, dict[int, Value]]:
    """What was typed in: by criterion and number of the candidate."""
    found: dict[str, dict[int, Value]] = {}
    rows = HandValue.objects.filter(criterion__study=study).values_list("criterion__code", "candidate__number", "value")
    for code, number, value in rows:
        found.setdefault(code, {})[number] = value
    return found


@dataclass(frozen=True, slots=True)
class Site:
    """One candidate as a study saw it."""

    number: int
    title: str
    lon: float
    lat: float
    area: str


@dataclass(frozen=True)
class Scored:
    """A study that is done: its sites, their scores, the order of those that are not excluded, and how firm it is."""

    criteria: list[Criterion]
    sites: list[Site]
    scores: list[Score]
    order: list[int]
    firm: list[Firmness]

    def by_number(self) -> dict[int, int]:
        """The place of each site in the lists, by its number."""
        return {site.number: at for at, site in enumerate(self.sites)}


def sites_of(study: Study) -> list[Site]:
    """The candidates as a study that is done saw them."""
    kept: list[dict[str, Any]] = study.result["candidates"] if study.result else []
    return [Site(**one) for one in kept]


def scored(study: Study) -> Scored:
    """Judge the sites of a study that is done, from the values it keeps.

    Cost     about 100 ms for 2,000 sites and 20 criteria.
    """
    rows = list(study.criteria.all())
    judges = [judging(row) for row in rows]
    sites = sites_of(study)
    columns: Mapping[str, Sequence[Value]] = study.result["values"] if study.result else {}
    scores = [rules.judge(judges, {code: values[at] for code, values in columns.items()}) for at in range(len(sites))]
    order = rules.ranked(scores)
    return Scored(rows, sites, scores, order, firmness(scores, order, study.n_first))


def n_under_way(project: Project) -> int:
    """How many studies and scenarios of a project wait or are being computed."""
    states = [Study.State.QUEUED, Study.State.RUNNING]
    return (
        Study.objects.filter(project=project, state__in=states).count()
        + Scenario.objects.filter(Q(study__project=project), state__in=states).count()
    )
