"""What the sites of a scenario do: whom they reach, how far it is, what they add in which order.

A result is plain facts: {"chosen": [{"number", "title", "lon", "lat", "area", "score", "verdict", "gain", "total"}] in
the order of building, "figures": {...}, "demand": [{"source", "layer", "attribute", "share", "total", "before",
"after"}], "areas": [{"name", "population", "weight", "before", "after", "n_chosen", "n_existing"}],
"notes": [{"code", "facts"}]}.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from geo.analysis.allocation.costs import distances, within
from geo.analysis.allocation.effects import Step, order_by_coverage, order_by_distance, shares
from geo.analysis.allocation.models import Solution
from geo.analysis.measures import Floats, Shapes, below
from geo.plane.crs import CRS84, transform
from participation import public
from participation.models import Project
from siting.models import Scenario
from siting.rules.scenarios import Model, Source, read
from siting.rules.stamps import plain
from siting.selectors.allocating import choose
from siting.selectors.decisions import built_places
from siting.selectors.measuring import Tell, versions_of
from siting.selectors.stage import Bools, Chosen, Stage, costs_of, for_sites, stage_of

# Shares, and what is counted in parts of people.
SHARE_DIGITS = 6


def stamp_of_scenario(scenario: Scenario) -> dict[str, Any]:
    """With which data and settings would this scenario be computed now?"""
    study = scenario.study
    wanted = read(scenario.asked)
    slugs = {part.layer for part in wanted.mix if part.layer}
    if wanted.uses_existing and study.existing_layer:
        slugs.add(study.existing_layer)
    votes = public.counted_votes(study.project)
    needs_votes = wanted.model is Model.VOTED or any(part.source is Source.VOTES for part in wanted.mix)
    study.project.refresh_from_db(fields=["revision"])
    built = {"built": [list(place) for place in built_places(study.project)]} if wanted.uses_built else {}
    return built | {
        "study": study.result_hash,
        "settings": scenario.asked,
        "revision": study.project.revision,
        "layers": versions_of(study.project, sorted(slugs)),
        "vote": votes.phase if votes and needs_votes else None,
    }


def computed(scenario: Scenario, tell: Tell) -> dict[str, Any]:
    """Choose the sites of a scenario and say what they do.

    Raises   Unsolvable; whatever ``tell`` raises.
    Cost     twenty seconds for the choice, and what reading the layers takes; memory under 500 MB whatever is asked.
    """
    tell(0.02)
    stage = stage_of(scenario.study, read(scenario.asked))
    tell(0.3)
    chosen = choose(stage)
    tell(0.9)
    return _outcome(stage, chosen)


def outlines_now(project: Project, names: Sequence[str]) -> list[BaseGeometry | None]:
    """Where the neighbourhoods of these names lie; none for one that is not there any more."""
    at: defaultdict[str, list[BaseGeometry]] = defaultdict(list)
    for part in reversed(public.neighbourhoods(project)):
        at[part.name].append(part.outline)
    return [at[name].pop() if at[name] else None for name in names]


def total_weight(result: Mapping[str, Any]) -> float:
    """How much demand a scenario was made for: of one kind as it is, of several mixed to 100."""
    parts = result["demand"]
    return float(parts[0]["total"]) if len(parts) == 1 else 100.0


def _outcome(stage: Stage, chosen: Chosen) -> dict[str, Any]:
    demand, radius_m = stage.demand, stage.wanted.radius_m
    everything = np.arange(len(chosen.at))
    cover = within(demand.points_m, chosen.points_m, radius_m)
    covered = stage.covered
    after = covered | (np.asarray(cover.sum(axis=1)).ravel() > 0)
    to_chosen = _nearest(demand.points_m, chosen.points_m)
    before_m = stage.nearest_m
    after_m = to_chosen if before_m is None else np.fmin(before_m, to_chosen)
    steps = _steps(stage, chosen, cover, covered)
    groups = below(demand.points_m, stage.outlines)
    of_site = below(chosen.points_m, stage.outlines)
    of_existing = below(_middles(stage.existing), stage.outlines)
    by_group = {one.group: one for one in shares(cover, demand.weights, groups, everything, covered=covered)}
    areas = [
        {
            "name": part.name,
            "population": part.population,
            "weight": _rounded(by_group[at].weight if at in by_group else 0.0),
            "before": _rounded(by_group[at].before if at in by_group else 0.0),
            "after": _rounded(by_group[at].after if at in by_group else 0.0),
            "n_chosen": int((of_site == at).sum()),
            "n_existing": int((of_existing == at).sum()),
        }
        for at, part in enumerate(stage.parts)
    ]
    total = float(demand.weights.sum())
    figures = {
        "n_sites": len(chosen.at),
        "n_existing": len(stage.existing),
        "covered_before": _rounded(float(demand.weights[covered].sum()) / total),
        "covered_after": _rounded(float(demand.weights[after].sum()) / total),
        "mean_m_before": None if before_m is None else _mean(before_m, demand.weights),
        "mean_m": _mean(after_m, demand.weights),
        "n_areas": len(areas),
        "n_areas_with": sum(bool(area["n_chosen"] or area["n_existing"]) for area in areas),
        "n_areas_chosen": sum(bool(area["n_chosen"]) for area in areas),
        "score": _mean_score(stage, chosen),
        "cost_cents": _cost(stage, chosen),
    } | _proof(chosen.solution)
    ingredients = [
        {
            "source": part.asked.source.value,
            "layer": part.asked.layer,
            "attribute": part.asked.attribute,
            "share": part.asked.share,
            "total": _rounded(part.total),
            "before": _rounded(float(demand.amounts[at, covered].sum())),
            "after": _rounded(float(demand.amounts[at, after].sum())),
        }
        for at, part in enumerate(demand.parts)
    ]
    return {
        "chosen": [_told(stage, chosen, step, total) for step in steps],
        "figures": figures,
        "demand": ingredients,
        "areas": areas,
        "notes": stage.notes,
    }


def _steps(stage: Stage, chosen: Chosen, cover: Any, covered: Bools) -> tuple[Step, ...]:
    """The order of building: each next site adds most."""
    everything = np.arange(len(chosen.at))
    if stage.wanted.model is not Model.MEDIAN:
        return order_by_coverage(cover, stage.demand.weights, everything, covered=covered)
    points, weights, nearest = for_sites(stage, len(chosen.at))
    return order_by_distance(distances(points, chosen.points_m), weights, everything, nearest=nearest)


def _told(stage: Stage, chosen: Chosen, step: Step, total: float) -> dict[str, Any]:
    place = int(chosen.at[step.site])
    site = stage.scored.sites[place]
    lon, lat = transform(chosen.points_m[[step.site]], stage.crs, CRS84)[0].tolist()
    return {
        "number": site.number,
        "title": site.title,
        "lon": round(lon, 7),
        "lat": round(lat, 7),
        "area": site.area,
        "score": _rounded(stage.scored.scores[place].total),
        "verdict": stage.scored.scores[place].verdict.value,
        "gain": _rounded(step.gain / total),
        "total": _rounded(step.total / total),
    }


def _proof(solution: Solution | None) -> dict[str, Any]:
    if solution is None:
        return {"gap": None, "objective": None, "bound": None, "is_best": None}
    return {
        "gap": _rounded(solution.gap),
        "objective": plain(solution.objective),
        "bound": plain(solution.bound),
        "is_best": solution.status.value == "optimal",
    }


def _nearest(points: Floats, sites: Floats) -> Floats:
    return np.asarray(cKDTree(sites).query(points)[0], dtype=np.float64) if len(sites) else np.full(len(points), np.nan)


def _middles(shapes: Shapes) -> Floats:
    return shapely.get_coordinates(shapely.point_on_surface(shapes)) if len(shapes) else np.empty((0, 2))


def _mean(metres: Floats, weights: Floats) -> float | None:
    known = np.isfinite(metres)
    return plain(float(np.average(metres[known], weights=weights[known]))) if known.any() else None


def _mean_score(stage: Stage, chosen: Chosen) -> float | None:
    scores = [stage.scored.scores[at].total for at in chosen.at.tolist()]
    return _rounded(sum(scores) / len(scores)) if scores else None


def _cost(stage: Stage, chosen: Chosen) -> int | None:
    """What all chosen sites cost together; unknown when the cost of one is."""
    costs = costs_of(stage)
    found = [costs[at] if costs[at] is not None else stage.wanted.price_cents for at in chosen.at.tolist()]
    known = [cost for cost in found if cost is not None]
    return sum(known) if found and len(known) == len(found) else None


def _rounded(number: float) -> float:
    return round(float(number), SHARE_DIGITS)
