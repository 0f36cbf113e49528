"""What the pages of studies show: rows of candidates whose scores open into parts, the order's firmness, the map."""

from collections.abc import Sequence
from typing import Any

from participation.models import Project
from participation.web.maps import map_config
from siting.models import Criterion, Layer, Study
from siting.models.naming import VERDICTS, criterion_name
from siting.rules.criteria import Kind, Part, Score, Verdict
from siting.rules.stamps import differences
from siting.selectors.measuring import stamp_of
from siting.selectors.studies import Scored, layers_in_use
from siting.web import study_words as words

A_PAGE = 50
# More numbers on a map are not read.
DRAWN = 500
# About a kilometre: a single place is shown with what lies around it.
LEAST_DEGREES = 0.01


def layer_names(project: Project) -> dict[str, str]:
    """What the town's layers are called, by slug."""
    return {layer.slug: layer.name for layer in layers_in_use(project)}


def criteria_rows(study: Study, criteria: Sequence[Criterion], names: dict[str, str]) -> list[dict[str, Any]]:
    """What each criterion of a study asks, with its share of the score and where it comes from."""
    gone = (study.result or {}).get("gone", {})
    total = sum(row.weight for row in criteria if row.kind == Kind.SCORED)
    return [
        {
            "row": row,
            "name": criterion_name(row),
            "is_hard": row.kind == Kind.HARD,
            "share": words.percent(row.weight / total) if total and row.kind == Kind.SCORED else "",
            "asks": words.asks(row),
            "how": words.how_measured(row, names, study.existing_layer),
            "gone": words.GONE.get(gone.get(row.code, ""), ""),
        }
        for row in criteria
    ]


def site_rows(found: Scored, start: int = 0, stop: int | None = None) -> list[dict[str, Any]]:
    """The candidates in their order, each with the parts of its score."""
    units = {row.code: row for row in found.criteria}
    return [
        {
            "rank": rank,
            "site": found.sites[at],
            "score": words.number(round(found.scores[at].total, 2)),
            "total": found.scores[at].total,
            "possible": found.scores[at].total + found.scores[at].unknown_share,
            "values": _values(found, at),
            "together": words.exact(found.scores[at].total),
            "unknown": words.number(round(found.scores[at].unknown_share, 2)) if found.scores[at].unknown_share else "",
            "verdict": VERDICTS[found.scores[at].verdict],
            "fits": found.scores[at].verdict is Verdict.PASS,
            "parts": [_part(part, units[part.code]) for part in found.scores[at].parts],
            "checks": _checks(found.scores[at], units),
        }
        for rank, at in enumerate(found.order[start:stop], start=start + 1)
    ]


def _values(found: Scored, at: int) -> list[str]:
    """What was found of one candidate, in the order of the criteria."""
    score = found.scores[at]
    values = {part.code: part.value for part in score.parts} | {check.code: check.value for check in score.checks}
    return [words.value(values[row.code], row.unit) for row in found.criteria]


def _part(part: Part, row: Criterion) -> dict[str, Any]:
    return {
        "name": criterion_name(row),
        "value": words.value(part.value, row.unit),
        "share": words.percent(part.share),
        "worth": "" if part.worth is None else words.number(round(part.worth, 2)),
        "points": "" if part.worth is None else words.exact(part.points),
    }


def _checks(score: Score, units: dict[str, Criterion]) -> list[dict[str, Any]]:
    return [
        {
            "name": criterion_name(units[one.code]),
            "value": words.value(one.value, units[one.code].unit),
            "verdict": VERDICTS[one.verdict],
            "asks": words.limits(units[one.code]),
            "is_fail": one.verdict is Verdict.FAIL,
            "is_unknown": one.verdict is Verdict.UNKNOWN,
        }
        for one in score.checks
    ]


def excluded_rows(found: Scored) -> list[dict[str, Any]]:
    """The candidates that fail a criterion, each with why."""
    units = {row.code: row for row in found.criteria}
    return [
        {"site": site, "why": [one for one in _checks(score, units) if one["is_fail"]]}
        for site, score in zip(found.sites, found.scores, strict=True)
        if score.verdict is Verdict.FAIL
    ]


def firmness_of(found: Scored, study: Study) -> dict[str, list[str]]:
    """How firm the order is: a sentence for each weight that could turn it, the nearest first; the others by name."""
    names = {row.code: criterion_name(row) for row in found.criteria}
    titles = [site.title for site in found.sites]
    turning = [firm for firm in found.firm if not firm.is_firm]
    turning.sort(key=lambda firm: min(abs(swap.share - firm.share) for swap in (firm.below, firm.above) if swap))
    return {
        "changing": [words.firmness_sentence(firm, names[firm.code], titles) for firm in turning],
        "holding": [names[firm.code] for firm in found.firm if firm.is_firm],
    }


def bounds_of(pins: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The part of the map that holds these pins, with air around; nothing to say where there are none."""
    if not pins:
        return {}
    lon, lat = [pin["lon"] for pin in pins], [pin["lat"] for pin in pins]
    air = 0.2 * max(max(lon) - min(lon), max(lat) - min(lat), LEAST_DEGREES)
    return {"bounds": [min(lon) - air, min(lat) - air, max(lon) + air, max(lat) + air]}


def sites_map(project: Project, found: Scored, n_first: int) -> dict[str, Any] | None:
    """The candidates on the map by their place in the order; later ones hollow."""
    if project.area is None:
        return None
    pins = [
        {"number": rank, "title": site.title, "lon": site.lon, "lat": site.lat, "later": rank > n_first}
        for rank, site in enumerate((found.sites[at] for at in found.order[:DRAWN]), start=1)
    ]
    return map_config(project, tiles=None, pins=pins, apart=1, **bounds_of(pins))


def freshness(study: Study, names: dict[str, str]) -> list[str]:
    """Which data changed since a study was computed?"""
    return words.changed(differences(study.stamp, stamp_of(study)), names)


def current_layers(project: Project) -> list[Layer]:
    """The layers that can be measured against."""
    return list(layers_in_use(project))
