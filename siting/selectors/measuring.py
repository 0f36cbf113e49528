"""Gives every criterion its values: from layers, from what residents ask for, from checks and from what was typed.

Distances are as the crow flies, in the metric plane of the place. What cannot be measured, because its layer is gone
or was never named, is unknown for every site, and why is said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB

from geo.analysis.measures import Floats, Shapes, below, nearest_m, totals_within
from geo.plane.crs import CRS84, LAMBERT_72, Crs, metric_for, transform
from participation import public
from participation.models import Project
from siting.models import Candidate, Check, Layer, LayerFeature, Study
from siting.rules.criteria import Value
from siting.rules.measures import NEEDS_LAYER, READS_LAYER, Asked, Measure, lacks
from siting.rules.stamps import digest, plain
from siting.selectors.attributes import value_of
from siting.selectors.demand import measured_demand
from siting.selectors.studies import asking, candidates_for, hand_values, layer_in_use, layers_in_use

CHUNK = 5000
# What the outcome of a check is worth: an answer that has not come is no answer.
OUTCOMES = {Check.Outcome.FINE: 1.0, Check.Outcome.CONDITIONS: 1.0, Check.Outcome.AGAINST: 0.0}
# Why a criterion has no values.
NO_LAYER, LAYER_GONE, ATTRIBUTE_GONE, NOT_SAID = "no_layer", "layer_gone", "attribute_gone", "not_said"
# What of a criterion changes the outcome; its name and source do not.
STAMPED = ("code", "kind", "weight", "worth", "least", "most", "measure", "layer", "attribute", "radius_m")
Tell = Callable[[float], None]


@dataclass(frozen=True)
class LayerShapes:
    """The features of a layer that have a place, in metres of the plane asked for, with one of their columns."""

    shapes: Shapes
    values: list[Any]

    @property
    def numbers(self) -> Floats:
        """The column as numbers; NaN for what is none."""
        return np.array([_number(value) for value in self.values], dtype=np.float64)


def _number(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        return np.nan


def shapes_of(layer: Layer, crs: Crs, attribute: str = "") -> LayerShapes:
    """Read the features of a layer in a metric plane; what cannot be expressed there is left out.

    Cost     about 2 s for 100,000 features.
    """
    rows = (
        LayerFeature.objects.filter(layer=layer, geometry__isnull=False).order_by("key").annotate(wkb=AsWKB("geometry"))
    )
    fields = ["wkb", value_of(attribute)] if attribute else ["wkb"]
    wkb, values = [], []
    for row in rows.values_list(*fields).iterator(chunk_size=CHUNK):
        wkb.append(bytes(row[0]))
        values.append(row[1] if attribute else None)
    shapes = shapely.force_2d(shapely.from_wkb(np.array(wkb, dtype=object)))
    shapes = shapely.transform(shapes, lambda points: transform(points, CRS84, crs))
    good = np.isfinite(shapely.bounds(shapes)).all(axis=1) if len(shapes) else np.empty(0, dtype=np.bool_)
    return LayerShapes(shapes[good], [value for value, fits in zip(values, good, strict=True) if fits])


def points_in(project: Project, crs: Crs) -> tuple[Floats, Floats]:
    """The pins of a project in a plane, and how many support each.

    Shape    (n, 2) metres, (n,).
    """
    pins = measured_demand(project)
    return transform(pins.points_m, pins.crs, crs), pins.n_supports.astype(np.float64)


def plane_for(lon_lat: Floats) -> Crs:
    """The plane to measure in around these places."""
    return metric_for(*np.median(lon_lat, axis=0)) if len(lon_lat) else LAMBERT_72


def stamp_of(study: Study) -> dict[str, Any]:
    """With which data and settings would this study be computed now? The same stamp gives the same outcome."""
    criteria = list(study.criteria.all())
    slugs = sorted(
        {asked.layer for row in criteria if (asked := asking(row, study)).measure in READS_LAYER and asked.layer}
    )
    versions = {slug: (layer.version if (layer := layer_in_use(study.project, slug)) else None) for slug in slugs}
    # Also for what is read next: demand is kept by revision.
    study.project.refresh_from_db(fields=["revision"])
    sites = [[c.number, c.title, c.point.x, c.point.y] for c in candidates_for(study)]
    return {
        "settings": {
            "area": study.area.code if study.area else None,
            "criteria": [[getattr(row, name) for name in STAMPED] for row in criteria],
            "existing": study.existing_layer,
            "first": study.n_first,
        },
        "revision": study.project.revision,
        "layers": versions,
        "candidates": digest(sites),
        "checks": digest(sorted(_checks(study).items())),
        "hand": digest({code: sorted(typed.items()) for code, typed in hand_values(study).items()}),
    }  # fmt: skip


def versions_of(project: Project, slugs: Sequence[str]) -> dict[str, int | None]:
    """Which version of each layer is in use now; None for one that is gone."""
    found = dict(layers_in_use(project).filter(slug__in=slugs).values_list("slug", "version"))
    return {slug: found.get(slug) for slug in slugs}


def _checks(study: Study) -> dict[str, float | None]:
    """The latest outcome of each check of each candidate, as "number kind"."""
    rows = Check.objects.filter(candidate__project=study.project_id).order_by("checked_on", "pk")
    return {
        f"{number} {kind}": OUTCOMES.get(Check.Outcome(outcome))
        for number, kind, outcome in rows.values_list("candidate__number", "kind", "outcome")
    }


@dataclass(frozen=True)
class _Places:
    """The candidates of a study, and where they are in metres."""

    study: Study
    rows: list[Candidate]
    points_m: Floats
    crs: Crs


def measured(study: Study, tell: Tell) -> dict[str, Any]:
    """Measure every criterion of every candidate of a study; ``tell`` hears how far it is, 0..1, and may end it.

    Shape    as Study.result.
    """
    rows = list(candidates_for(study))
    lon_lat = np.array([(row.point.x, row.point.y) for row in rows], dtype=np.float64).reshape(-1, 2)
    crs = plane_for(lon_lat)
    places = _Places(study, rows, transform(lon_lat, CRS84, crs), crs)
    criteria = list(study.criteria.all())
    values: dict[str, list[Value]] = {}
    gone: dict[str, str] = {}
    for at, row in enumerate(criteria):
        tell(at / len(criteria))
        found = _values(places, row.code, asking(row, study))
        if isinstance(found, str):
            gone[row.code] = found
            values[row.code] = [None] * len(rows)
        else:
            values[row.code] = found
    names = area_names(study.project, lon_lat)
    sites = [
        {"number": row.number, "title": row.title, "lon": row.point.x, "lat": row.point.y, "area": name}
        for row, name in zip(rows, names, strict=True)
    ]
    return {"candidates": sites, "values": values, "gone": gone}


def area_names(project: Project, lon_lat: Floats) -> list[str]:
    """In which part of the town does each place lie; empty outside all of them."""
    names = np.full(len(lon_lat), "", dtype=object)
    for part in reversed(public.neighbourhoods(project)):
        names[shapely.intersects_xy(part.outline, lon_lat[:, 0], lon_lat[:, 1])] = part.name
    return [str(name) for name in names]


def _values(places: _Places, code: str, asked: Asked) -> list[Value] | str:
    """The value of one criterion for every candidate, or why there is none."""
    if asked.measure is Measure.HAND:
        typed = hand_values(places.study).get(code, {})
        return [typed.get(row.number) for row in places.rows]
    if asked.measure is Measure.CHECK:
        checks = _checks(places.study)
        return [checks.get(f"{row.number} {asked.attribute}") for row in places.rows]
    if missing := lacks(asked):
        return NO_LAYER if "layer" in missing else NOT_SAID
    if asked.measure is Measure.EXISTING and not asked.layer:
        return NO_LAYER
    if asked.measure in NEEDS_LAYER | {Measure.EXISTING}:
        layer = layer_in_use(places.study.project, asked.layer)
        if layer is None:
            return LAYER_GONE
        return _from_layer(places, layer, asked)
    points, n_supports = points_in(places.study.project, places.crs)
    worth = n_supports if asked.measure is Measure.SUPPORTS else np.ones(len(points))
    return _numbers(totals_within(places.points_m, shapely.points(points), worth, radius_m=float(asked.radius_m or 0)))


def _from_layer(places: _Places, layer: Layer, asked: Asked) -> list[Value] | str:
    reads = asked.attribute if asked.measure in {Measure.SUM, Measure.BELOW} else ""
    if reads and reads not in {column["name"] for column in layer.attributes}:
        return ATTRIBUTE_GONE
    found = shapes_of(layer, places.crs, reads)
    points, radius_m = places.points_m, float(asked.radius_m or 0)
    if asked.measure is Measure.COUNT:
        return _numbers(totals_within(points, found.shapes, np.ones(len(found.shapes)), radius_m=radius_m))
    if asked.measure is Measure.SUM:
        return _numbers(totals_within(points, found.shapes, found.numbers, radius_m=radius_m))
    if asked.measure in {Measure.INSIDE, Measure.BELOW}:
        at = below(points, found.shapes)
        if asked.measure is Measure.INSIDE:
            return [float(place >= 0) for place in at.tolist()]
        return [_value(found.values[place]) if place >= 0 else None for place in at.tolist()]
    return _numbers(nearest_m(points, found.shapes))


def _value(found: object) -> Value:
    """A number where it is one, else the text as it stands."""
    if found is None or found == "":
        return None
    number = _number(found)
    return plain(number) if number == number else str(found)


def _numbers(found: Sequence[float] | Floats) -> list[Value]:
    return [plain(number) for number in found]
