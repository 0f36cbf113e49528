"""What studies found, as layers: the candidates with their scores, and what each scenario would build and reach.

Of a study that everybody may read everybody gets the scores; scenarios are for staff. All of them are made from
results that never change once they are there.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import shapely
from django.db.models import QuerySet
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from geo.catalog import Asker, DerivedSource
from geo.columns import Column, Feature
from participation import public
from participation.models import Project
from participation.rules.text import in_language
from siting.models import Criterion, Scenario, Study
from siting.models.naming import VERDICTS, criterion_name
from siting.rules.criteria import Kind, Verdict
from siting.rules.scenarios import Model
from siting.selectors.outcomes import outlines_now, total_weight
from siting.selectors.remembered import remembered
from siting.selectors.studies import catalogued_studies, scored

SITE_COLUMNS = (
    Column("number", "", "integer", gettext_lazy("Number of the candidate")),
    Column("title", "", "text", gettext_lazy("Title")),
    Column("area", "", "text", gettext_lazy("Neighbourhood")),
    Column("score", "", "number", gettext_lazy("Score, 0 to 1")),
    Column("verdict", "", "text", gettext_lazy("What the excluding criteria say"), codes=tuple(VERDICTS.items())),
)
SCORE_COLUMNS = (
    Column("rank", "", "integer", gettext_lazy("Rank (empty where excluded)")),
    *SITE_COLUMNS,
    Column("unknown_share", "", "number", gettext_lazy("How much higher the score can become, 0 to 1")),
    Column("is_first", "", "boolean", gettext_lazy("Among the first of the study")),
    Column("fails", "", "text", gettext_lazy("Criteria that exclude it")),
)
STEP = Column("step", "", "integer", gettext_lazy("Order of building"))
# A scenario that makes the way shorter adds metres saved; all others add demand within reach.
REACH_COLUMNS = (
    STEP,
    *SITE_COLUMNS,
    Column("gain_share", "", "number", gettext_lazy("Share of demand that this place adds, 0 to 1")),
    Column("gain_weight", "", "number", gettext_lazy("Demand that this place adds")),
    Column("share_covered", "", "number", gettext_lazy("Share of demand within reach once it is built, 0 to 1")),
    Column("weight_covered", "", "number", gettext_lazy("Demand within reach once it is built")),
)
WAY_COLUMNS = (
    STEP,
    *SITE_COLUMNS,
    Column("gain_m", "", "number", gettext_lazy("Metres that this place saves, on average")),
    Column("saved_m", "", "number", gettext_lazy("Metres saved on average once it is built")),
)
VILLAGE_COLUMNS = (
    Column("name", "", "text", gettext_lazy("Neighbourhood")),
    Column("population", "", "integer", gettext_lazy("Inhabitants")),
    Column("weight", "", "number", gettext_lazy("Demand")),
    Column("weight_before", "", "number", gettext_lazy("Demand within reach before")),
    Column("weight_after", "", "number", gettext_lazy("Demand within reach after")),
    Column("share_before", "", "number", gettext_lazy("Share of demand within reach before, 0 to 1")),
    Column("share_after", "", "number", gettext_lazy("Share of demand within reach after, 0 to 1")),
    Column("n_chosen", "", "integer", gettext_lazy("Places chosen")),
    Column("n_existing", "", "integer", gettext_lazy("Places there already")),
)
# Parts of shares are told to a millionth, as everywhere.
DIGITS = 6


def study_layers(asker: Asker) -> Iterator[DerivedSource]:
    """The scores of each study that this asker may read, and for staff its scenarios."""
    mine, projects = public.projects_of_staff(asker.organisation, asker.person), public.public_maps(asker.organisation)
    if mine:
        yield from layers_of_studies(projects.filter(pk__in=mine), staff=True)
        projects = projects.exclude(pk__in=mine)
    yield from layers_of_studies(projects, staff=mine is None)


def layers_of_studies(projects: QuerySet[Project], *, staff: bool) -> Iterator[DerivedSource]:
    """The layers of the studies of these projects, for staff or for everybody."""
    for study in catalogued_studies(projects, staff=staff):
        yield scores_layer(study)
        for scenario in study.finished:  # type: ignore[attr-defined]
            yield scenario_layer(study, scenario)
            yield villages_layer(study, scenario)


def scores_layer(study: Study) -> DerivedSource:
    """The candidates as a study saw them: score, rank, and what each criterion adds."""
    parts = {row.code: name for row, name in _named(study)}
    added = tuple(
        Column(
            parts[row.code],
            "",
            "number",
            _("Part of the score: %(criterion)s") % {"criterion": criterion_name(row)},
        )
        for row in study.criteria.all()
        if row.kind == Kind.SCORED
    )
    # What a criterion is called is in the reader's language.
    known = ("scores", study.pk, study.result_hash, study.n_first, get_language())
    facts = _facts(study)
    return DerivedSource(
        id=f"{study.project.slug}-study-{study.number}-scores",
        title=_("%(project)s: scores of study %(n)s, %(study)s") % facts,
        description=_("The candidates held against the criteria of this study. A score is no decision."),
        geometry_type="Point",
        columns=(*SCORE_COLUMNS, *added),
        updated=f"study.{study.pk}.{study.result_hash}",
        compute=lambda: remembered(study.project, known, partial(_scores, study, parts)),
        fingerprint=_print(known),
        dataset=study.project.slug,
        around=partial(public.box_of, study.project),
    )


def scenario_layer(study: Study, scenario: Scenario) -> DerivedSource:
    """The places that a scenario would build, in their order, with what each adds."""
    is_way = scenario.asked["model"] == Model.MEDIAN
    return DerivedSource(
        id=_of(study, scenario),
        title=_("%(project)s: scenario %(n)s.%(m)s, %(scenario)s") % _facts(study, scenario),
        description=(
            _("The places of this scenario in the order in which they make the way shorter soonest.")
            if is_way
            else _("The places of this scenario in the order in which they reach most demand soonest.")
        ),
        geometry_type="Point",
        columns=WAY_COLUMNS if is_way else REACH_COLUMNS,
        updated=f"scenario.{scenario.pk}.{scenario.result_hash}",
        compute=partial(_steps, scenario, is_way=is_way),
        fingerprint=_print("scenario", scenario.pk, scenario.result_hash),
        dataset=study.project.slug,
        around=partial(public.box_of, study.project),
    )


def villages_layer(study: Study, scenario: Scenario) -> DerivedSource:
    """The neighbourhoods with how much of their demand is within reach before a scenario and after."""
    return DerivedSource(
        id=f"{_of(study, scenario)}-areas",
        title=_("%(project)s: scenario %(n)s.%(m)s per neighbourhood, %(scenario)s") % _facts(study, scenario),
        description=_("How much demand of each neighbourhood is within reach before this scenario and after it."),
        geometry_type="MultiPolygon",
        columns=VILLAGE_COLUMNS,
        updated=f"scenario.{scenario.pk}.{scenario.result_hash}",
        compute=partial(_villages, study.project, scenario),
        fingerprint=_print("areas", scenario.pk, scenario.result_hash, study.project.organisation.revision),
        dataset=study.project.slug,
        around=partial(public.box_of_neighbourhoods, study.project),
    )


def _of(study: Study, scenario: Scenario) -> str:
    return f"{study.project.slug}-study-{study.number}-scenario-{scenario.number}"


def _facts(study: Study, scenario: Scenario | None = None) -> dict[str, object]:
    name = in_language(study.project.title, get_language() or "nl")
    facts: dict[str, object] = {"project": name, "n": study.number, "study": study.title}
    return facts if scenario is None else facts | {"m": scenario.number, "scenario": scenario.title}


def _named(study: Study) -> list[tuple[Criterion, str]]:
    """The criteria, each with a name that any format takes for a column, and no other has."""
    found: list[tuple[Criterion, str]] = []
    for row in study.criteria.all():
        name = "part_" + re.sub(r"[^a-z0-9]+", "_", row.code.lower())
        taken = {other for _row, other in found}
        found.append((row, name if name not in taken else f"{name}_{row.position}"))
    return found


def _scores(study: Study, names: dict[str, str]) -> Sequence[Feature]:
    found = scored(study)
    rank = {at: place for place, at in enumerate(found.order, start=1)}
    criteria = {row.code: criterion_name(row) for row in found.criteria}
    features = []
    for at, (site, score) in enumerate(zip(found.sites, found.scores, strict=True)):
        place = rank.get(at)
        facts: dict[str, Any] = {
            "rank": place,
            "number": site.number,
            "title": site.title,
            "area": site.area,
            "score": round(score.total, DIGITS),
            "verdict": score.verdict.value,
            "unknown_share": round(score.unknown_share, DIGITS),
            "is_first": place is not None and place <= study.n_first,
            "fails": ", ".join(criteria[check.code] for check in score.checks if check.verdict is Verdict.FAIL),
        }
        facts |= {names[part.code]: None if part.worth is None else round(part.points, DIGITS) for part in score.parts}
        features.append(Feature(site.number, shapely.Point(site.lon, site.lat), facts))
    return features


def _steps(scenario: Scenario, *, is_way: bool) -> Sequence[Feature]:
    result: dict[str, Any] = scenario.result or {}
    whole = total_weight(result)
    features = []
    for step, site in enumerate(result["chosen"], start=1):
        facts = {"step": step} | {name: site[name] for name in ("number", "title", "area", "score", "verdict")}
        if is_way:
            facts |= {"gain_m": site["gain"], "saved_m": site["total"]}
        else:
            facts |= {
                "gain_share": site["gain"],
                "gain_weight": round(site["gain"] * whole, DIGITS),
                "share_covered": site["total"],
                "weight_covered": round(site["total"] * whole, DIGITS),
            }
        features.append(Feature(step, shapely.Point(site["lon"], site["lat"]), facts))
    return features


def _villages(project: Project, scenario: Scenario) -> Sequence[Feature]:
    rows = (scenario.result or {})["areas"]
    outlines = outlines_now(project, [row["name"] for row in rows])
    return [
        Feature(
            number,
            outline,
            {
                "name": row["name"],
                "population": row["population"],
                "weight": row["weight"],
                "weight_before": row["before"],
                "weight_after": row["after"],
                "share_before": round(row["before"] / row["weight"], DIGITS) if row["weight"] else None,
                "share_after": round(row["after"] / row["weight"], DIGITS) if row["weight"] else None,
                "n_chosen": row["n_chosen"],
                "n_existing": row["n_existing"],
            },
        )
        for number, (row, outline) in enumerate(zip(rows, outlines, strict=True), start=1)
    ]


def _print(*of: object) -> str:
    return sha256(repr(of).encode()).hexdigest()[:24]
