"""What a scenario is computed from: candidates, demand, sites that are there already, in one metric plane."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.analysis.allocation.models import Solution
from geo.analysis.measures import Floats, Ints, Shapes, nearest_m
from geo.plane.crs import CRS84, Crs, reproject, transform
from participation import public
from participation.models import Project
from siting.models import Origin, Study
from siting.rules.scenarios import Model, Wanted
from siting.selectors.decisions import built_places
from siting.selectors.measuring import plane_for, shapes_of
from siting.selectors.mixing import DemandMix, NoSuchDemand, demand_mix
from siting.selectors.studies import Scored, layer_in_use, scored

Bools = NDArray[np.bool_]

# Places that are reached and the sites that reach them, and distances: both stay within some hundred megabytes.
MOST_PAIRS, MOST_DISTANCES = 4_000_000, 6_000_000
# A place that was built and one of the layer that are nearer than this are the same.
SAME_M = 15.0
# Where there are more, demand is put together in squares of so many metres.
CELLS_M = (25, 50, 100, 200, 400, 800, 1600)


class Unsolvable(Exception):  # noqa: N818 -- an answer about what was asked
    """There is no such choice, because of ``code``; ``facts`` fill its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Stage:
    """Everything that a choice is made from, in one metric plane."""

    project: Project
    wanted: Wanted
    scored: Scored
    sites_m: Floats
    demand: DemandMix
    crs: Crs
    existing: Shapes
    nearest_m: Floats | None
    outlines: Shapes
    parts: list[public.Neighbourhood]
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def covered(self) -> Bools:
        """What sites that are there already reach."""
        if self.nearest_m is None:
            return np.zeros(len(self.demand.weights), dtype=np.bool_)
        return self.nearest_m <= self.wanted.radius_m

    def note(self, code: str, **facts: Any) -> None:
        """Remember something that the reader should know."""
        self.notes.append({"code": code, "facts": facts})


@dataclass(frozen=True)
class Chosen:
    """The sites of a scenario: candidates by place in the study, where each lies, and how good the choice is."""

    at: Ints
    points_m: Floats
    solution: Solution | None


def stage_of(study: Study, wanted: Wanted) -> Stage:
    found = scored(study)
    lon_lat = np.array([(site.lon, site.lat) for site in found.sites], dtype=np.float64).reshape(-1, 2)
    crs = plane_for(lon_lat)
    try:
        demand = demand_mix(study.project, wanted.mix, crs)
    except NoSuchDemand as missing:
        raise Unsolvable(missing.code, **missing.facts) from missing
    if not len(demand.weights):
        raise Unsolvable("no_demand")
    existing = _existing(study, wanted, crs)
    nearest = nearest_m(demand.points_m, existing) if len(existing) else None
    parts = public.neighbourhoods(study.project)
    outlines = np.array([reproject(part.outline, CRS84, crs) for part in parts], dtype=object)
    sites_m = transform(lon_lat, CRS84, crs)
    return Stage(study.project, wanted, found, sites_m, demand, crs, existing, nearest, outlines, parts)


def _existing(study: Study, wanted: Wanted, crs: Crs) -> Shapes:
    """What is there already: what the layer says, and what was built since and is not in the layer yet."""
    existing: Shapes = np.empty(0, dtype=object)
    if wanted.uses_existing and study.existing_layer:
        layer = layer_in_use(study.project, study.existing_layer)
        if layer is None:
            raise Unsolvable("existing_layer_gone", layer=study.existing_layer)
        existing = shapes_of(layer, crs).shapes
    if wanted.uses_built and (built := built_places(study.project)):
        points_m = transform(np.array(built, dtype=np.float64), CRS84, crs)
        is_new = nearest_m(points_m, existing) > SAME_M if len(existing) else np.ones(len(points_m), dtype=np.bool_)
        existing = np.concatenate([existing, shapely.points(points_m[is_new])])
    return existing


def manageable(stage: Stage) -> tuple[Floats, Floats, Floats | None]:
    """The demand as it is handed to the solver: put together in squares where it would be too much otherwise.

    Its figures are told from the demand as it is, never from the squares.
    """
    points, weights = stage.demand.points_m, stage.demand.weights
    nearest = stage.nearest_m
    for cell_m in (0, *CELLS_M):
        if cell_m:
            points, weights = _in_squares(stage.demand.points_m, stage.demand.weights, cell_m)
            nearest = None if stage.nearest_m is None else nearest_m(points, stage.existing)
        if _fits(stage, points):
            if cell_m:
                stage.note("put_together", cell_m=cell_m)
            return points, weights, nearest
    raise Unsolvable("too_large")


def _fits(stage: Stage, points: Floats) -> bool:
    if stage.wanted.model is Model.MEDIAN:
        return len(points) * len(stage.sites_m) <= MOST_DISTANCES
    n_pairs = cKDTree(points).count_neighbors(cKDTree(stage.sites_m), stage.wanted.radius_m)
    return int(n_pairs) <= MOST_PAIRS


def _in_squares(points: Floats, weights: Floats, cell_m: float) -> tuple[Floats, Floats]:
    """One place for each square that holds some, at the weighted middle of what it holds."""
    _cells, at = np.unique(np.floor(points / cell_m), axis=0, return_inverse=True)
    at = at.ravel()
    together = np.bincount(at, weights).astype(np.float64)
    middles = np.column_stack([np.bincount(at, weights * points[:, axis]) / together for axis in (0, 1)])
    return middles, together


def for_sites(stage: Stage, n_sites: int) -> tuple[Floats, Floats, Floats | None]:
    """The demand put together far enough for so many sites' distances."""
    points, weights, nearest = stage.demand.points_m, stage.demand.weights, stage.nearest_m
    if len(points) * n_sites > MOST_DISTANCES:
        points, weights = _in_squares(points, weights, CELLS_M[2])
        nearest = None if nearest is None else nearest_m(points, stage.existing)
    return points, weights, nearest


def origins_of(study_project: int) -> dict[int, list[int]]:
    """The proposals that each candidate came from, by number."""
    rows = Origin.objects.filter(candidate__project=study_project, proposal__isnull=False)
    found: dict[int, list[int]] = {}
    for candidate, proposal in rows.values_list("candidate__number", "proposal__number"):
        found.setdefault(candidate, []).append(proposal)
    return found


def costs_of(stage: Stage) -> list[int | None]:
    """What each site costs: the dearest of the proposals it came from, where that is known."""
    project = stage.project
    known, origins = public.costs(project), origins_of(project.pk)
    return [
        max((known[number] for number in origins.get(site.number, []) if number in known), default=None)
        for site in stage.scored.sites
    ]
