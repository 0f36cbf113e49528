"""The decision dossier: everything a decision rests on as plain facts in no language, so that it can be frozen.

Its content is {"town", "project": {"slug", "title", "question", "asked_on", "n_asked", "n_people"}, "origins": {kind:
how many candidates}, "areas": [{"name", "outline" (WKT), "population"}], "study": {...}, "layers": {slug: {"name",
"source", "licence", "version"}}, "criteria": [fields of Criterion], "sites": [{"site", "parts", "checks"}], "order":
[place], "firm": [...], "scenarios": [{"number", "title", "asked", "result", ...}], "vote": {...} or null, "decisions":
[...]}. It names nobody, holds nothing of a vote that was not counted, and only decisions that were published. ``told``
makes rows of it again that stand in no table, so that a frozen dossier is shown by the same words as a living study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import shapely
from django.db.models import Q, QuerySet

from participation import public
from participation.models import Project
from siting.models import Criterion, Decision, Dossier, Layer, Origin, Scenario, Study
from siting.rules.criteria import Check, Part, Score, Verdict
from siting.rules.sensitivity import Firmness, Swap
from siting.rules.stamps import differences
from siting.selectors.decisions import Place, outcome_of
from siting.selectors.heard import told as told_people
from siting.selectors.measuring import stamp_of
from siting.selectors.outcomes import stamp_of_scenario
from siting.selectors.studies import Scored, Site, scored, sites_of

# About 20 m: less than a line's width on a page as wide as a town.
OUTLINE_DEGREES = 0.0002
OUTLINE_DIGITS = 5
CRITERION = (
    "code", "name", "kind", "weight", "worth", "least", "most", "measure", "layer", "attribute", "radius_m", "unit",
    "source",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A dossier's content as pages know it: a study, its criteria and scores and its scenarios, none of them saved."""

    content: Mapping[str, Any]
    study: Study
    found: Scored
    scenarios: list[Scenario]

    @property
    def layer_names(self) -> dict[str, str]:
        """What the layers were called, by slug."""
        return {slug: layer["name"] for slug, layer in self.content["layers"].items()}

    @property
    def undecided(self) -> list[Site]:
        """The candidates about which nothing was published, best score first, those left out at the end."""
        about = {row["candidate"] for row in self.content["decisions"] if row["candidate"] is not None}
        rest = [at for at in range(len(self.found.sites)) if at not in set(self.found.order)]
        return [self.found.sites[at] for at in (*self.found.order, *rest) if self.found.sites[at].number not in about]

    @property
    def winners_undecided(self) -> list[dict[str, Any]]:
        """What was voted first and has no decision yet."""
        vote = self.content["vote"]
        answered = {number for row in self.content["decisions"] for number in row["proposals"]}
        return [row for row in vote["options"] if row["is_winner"] and row["number"] not in answered] if vote else []


# --- which there are ----------------------------------------------------------------------------------------------


def studies_done(project: Project) -> QuerySet[Study]:
    """The studies that a dossier can be about: the latest that everybody may read first, then the latest."""
    return (
        Study.objects.filter(project=project, state=Study.State.DONE)
        .select_related("project__organisation", "area")
        .order_by("-is_public", "-number")
    )


def scenarios_done(study: Study) -> QuerySet[Scenario]:
    """The scenarios of a study that were computed, by number."""
    return Scenario.objects.filter(study=study, state=Scenario.State.DONE).order_by("number")


def dossiers_of(project: Project) -> QuerySet[Dossier]:
    """All versions that were published, the latest first; without what they hold, which is large."""
    return Dossier.objects.filter(project=project).defer("content").order_by("-version")


def has_dossier(project: Project) -> bool:
    """Was a dossier of this project published?"""
    return Dossier.objects.filter(project=project).exists()


def dossier_of(project: Project, version: int | None = None) -> Dossier | None:
    """This version, or the latest; a draft project shows none to anybody."""
    rows = Dossier.objects.filter(project=project).exclude(project__state=Project.State.DRAFT).order_by("-version")
    return (rows if version is None else rows.filter(version=version)).first()


# --- freezing -----------------------------------------------------------------------------------------------------


def contents(project: Project, study: Study, scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Put together what a decision rests on, as it stands now.

    Shape    as this module says; the same facts for the same rows, whoever asks and when.
    Cost     about 0.2 s for 50 candidates, 20 criteria and 3 scenarios.
    """
    outcome = outcome_of(project)
    numbers = list(public.proposals_by_number(project).values_list("number", flat=True))
    slugs = dict(study.stamp.get("layers", {}))
    for row in scenarios:
        slugs |= row.stamp.get("layers", {})
    return {
        "town": project.organisation.name,
        "project": {
            "slug": project.slug,
            "title": project.title,
            "question": project.question,
            "asked_on": _day(project.created_at),
            "n_asked": outcome.n_asked,
            "n_people": told_people(public.n_people_behind(project, numbers)),
        },
        "origins": _origins(project, study),
        "areas": [
            {"name": part.name, "outline": _outline(part.outline), "population": part.population}
            for part in public.neighbourhoods(project)
        ],
        "study": _study(study),
        "layers": _layers(project, slugs),
        **_judged(study),
        "scenarios": [_scenario(row) for row in scenarios],
        "vote": _vote(project),
        "decisions": [_decision(place) for place in outcome.places],
    }


def _day(moment: date | datetime | None) -> str | None:
    return None if moment is None else (moment.date() if isinstance(moment, datetime) else moment).isoformat()


def _outline(shape: shapely.Geometry) -> str:
    return str(shapely.to_wkt(shapely.simplify(shape, OUTLINE_DEGREES), rounding_precision=OUTLINE_DIGITS))


def _origins(project: Project, study: Study) -> dict[str, int]:
    """From what the candidates of a study came, and how many from each."""
    kinds: dict[str, set[int]] = {}
    rows = Origin.objects.filter(candidate__project=project, candidate__number__in=[s.number for s in sites_of(study)])
    for kind, number in rows.order_by("kind").values_list("kind", "candidate__number"):
        kinds.setdefault(kind, set()).add(number)
    return {kind: len(numbers) for kind, numbers in kinds.items()}


def _run(row: Study | Scenario) -> dict[str, Any]:
    return {
        "stamp": row.stamp,
        "stamp_hash": row.stamp_hash,
        "result_hash": row.result_hash,
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }


def _study(study: Study) -> dict[str, Any]:
    return {
        "number": study.number,
        "title": study.title,
        "question": study.question,
        "area": study.area.name if study.area else "",
        "existing_layer": study.existing_layer,
        "n_first": study.n_first,
        "is_public": study.is_public,
        "gone": (study.result or {}).get("gone", {}),
        "changed": differences(study.stamp, stamp_of(study)),
    } | _run(study)


def _scenario(row: Scenario) -> dict[str, Any]:
    return {
        "number": row.number,
        "title": row.title,
        "asked": row.asked,
        "result": row.result,
        "changed": differences(row.stamp, stamp_of_scenario(row)),
    } | _run(row)


def _layers(project: Project, versions: Mapping[str, int | None]) -> dict[str, Any]:
    """What the layers that were read are called, in the version that was read."""
    read = Q(pk__in=[])
    for slug, version in versions.items():
        read |= Q(slug=slug, version=version)
    rows = {row.slug: row for row in Layer.objects.filter(read, organisation=project.organisation_id)}
    return {
        slug: {
            "name": rows[slug].name if slug in rows else slug,
            "source": rows[slug].source if slug in rows else "",
            "licence": rows[slug].licence if slug in rows else "",
            "version": version,
        }
        for slug, version in sorted(versions.items())
    }


def _judged(study: Study) -> dict[str, Any]:
    """Criteria and scores, with every part as it was: a later rule of counting does not change them."""
    found = scored(study)
    return {
        "criteria": [{name: getattr(row, name) for name in CRITERION} for row in found.criteria],
        "sites": [
            {
                "site": asdict(site),
                "parts": [[part.code, part.value, part.worth, part.share] for part in score.parts],
                "checks": [[check.code, check.value, check.verdict.value] for check in score.checks],
            }
            for site, score in zip(found.sites, found.scores, strict=True)
        ],
        "order": found.order,
        "firm": [asdict(one) for one in found.firm],
    }


def _vote(project: Project) -> dict[str, Any] | None:
    outcome = public.vote_outcome(project)
    if outcome is None:
        return None
    turnout = outcome.turnout
    return {
        "opened_at": outcome.opened_at.isoformat(),
        "closed_at": outcome.closed_at.isoformat(),
        "method": outcome.method.value,
        "rule": outcome.rule.value,
        "one_per_area": outcome.one_per_area,
        "options": [asdict(row) for row in outcome.options],
        "areas": [
            {
                "name": area.name,
                "score": area.score,
                "n_chosen": area.n_chosen,
                "population": area.population,
                "is_estimate": area.population_is_estimate,
            }
            for area in outcome.areas
        ],
        "n_people": turnout.n_people,
        "n_of": turnout.n_of,
        "of_inhabitants": turnout.of_inhabitants,
        "channels": {channel.value: n for channel, n in turnout.channels.items()},
    }


def _decision(place: Place) -> dict[str, Any]:
    row: Decision = place.decision
    return {
        "candidate": row.candidate.number if row.candidate else None,
        "proposal": row.proposal.number if row.proposal else None,
        "title": place.title,
        "point": list(place.point) if place.point else None,
        "state": place.state,
        "reason": row.reason,
        "council_link": row.council_link,
        "published_on": _day(row.published_at),
        "proposals": place.proposals,
        "earlier": [{"published_on": _day(one.published_at), "reason": one.reason} for one in place.earlier],
        "roll_outs": [{"state": one.state, "on": _day(one.on), "note": one.note} for one in place.roll_outs],
    }


# --- reading what was frozen ------------------------------------------------------------------------------------


def told(content: Mapping[str, Any]) -> Told:
    """Make rows of frozen content again; they are read and never saved."""
    about = content["study"]
    study = Study(
        number=about["number"],
        title=about["title"],
        question=about["question"],
        existing_layer=about["existing_layer"],
        n_first=about["n_first"],
        is_public=about["is_public"],
        state=Study.State.DONE,
        stamp=about["stamp"],
        stamp_hash=about["stamp_hash"],
        result={"gone": about["gone"]},
        result_hash=about["result_hash"],
        finished_at=_moment(about["finished_at"]),
    )
    found = Scored(
        criteria=[Criterion(**facts) for facts in content["criteria"]],
        sites=[Site(**row["site"]) for row in content["sites"]],
        scores=[
            Score(
                checks=tuple(Check(code, value, Verdict(verdict)) for code, value, verdict in row["checks"]),
                parts=tuple(Part(*part) for part in row["parts"]),
            )
            for row in content["sites"]
        ],
        order=list(content["order"]),
        firm=[Firmness(row["code"], row["share"], _swap(row["below"]), _swap(row["above"])) for row in content["firm"]],
    )
    scenarios = [
        Scenario(
            number=row["number"],
            title=row["title"],
            asked=row["asked"],
            state=Scenario.State.DONE,
            stamp=row["stamp"],
            stamp_hash=row["stamp_hash"],
            result=row["result"],
            result_hash=row["result_hash"],
            finished_at=_moment(row["finished_at"]),
        )
        for row in content["scenarios"]
    ]
    return Told(content, study, found, scenarios)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _swap(facts: Mapping[str, Any] | None) -> Swap | None:
    return Swap(**facts) if facts else None


def without_hidden(project: Project, content: Mapping[str, Any]) -> dict[str, Any]:
    """Content as it may be read now: what staff took out of sight since it was published keeps its number and place in
    the order, and loses its words.
    """
    named = {row["proposal"] for row in content["decisions"] if row["proposal"] is not None}
    if content["vote"]:
        named |= {row["number"] for row in content["vote"]["options"]}
    seen = set(public.proposals_by_number(project, named).values_list("number", flat=True))
    shown = dict(content)
    if content["vote"]:
        options = [row if row["number"] in seen else row | {"title": ""} for row in content["vote"]["options"]]
        shown["vote"] = content["vote"] | {"options": options}
    shown["decisions"] = [
        row if row["proposal"] is None or row["proposal"] in seen else row | {"title": "", "point": None}
        for row in content["decisions"]
    ]
    return shown
