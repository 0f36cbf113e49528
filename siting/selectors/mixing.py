"""What sites are chosen for: pins, supporters, counted votes, people of a layer, or a mix that says its shares."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geo.analysis.measures import Floats
from geo.plane.crs import Crs, transform
from participation import public
from participation.models import Project
from siting.models import Layer
from siting.rules.scenarios import Ingredient, Source, mixed
from siting.selectors.demand import measured_demand
from siting.selectors.measuring import shapes_of
from siting.selectors.studies import layer_in_use


class NoSuchDemand(LookupError):  # noqa: N818 -- an answer about what was asked
    """An ingredient cannot be had: its layer or column is gone, or no vote was counted."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Part:
    """One ingredient: where it is in metres (n, 2), and how much (n,)."""

    asked: Ingredient
    points_m: Floats
    amounts: Floats

    @property
    def total(self) -> float:
        """How much there is of it."""
        return float(self.amounts.sum())


@dataclass(frozen=True)
class DemandMix:
    """All places where something is asked for, each place once.

    Shape    points_m (n, 2); weights (n,) in the mix; amounts (parts, n) of each ingredient in its own unit.
    """

    parts: list[Part]
    points_m: Floats
    weights: Floats
    amounts: Floats


def demand_mix(project: Project, mix: tuple[Ingredient, ...], crs: Crs) -> DemandMix:
    """Bring the ingredients together; places that are the same become one, which changes no answer.

    Raises   NoSuchDemand.
    """
    parts = [_part(project, asked, crs) for asked in mix]
    factors = mixed([part.total for part in parts], [part.asked.share for part in parts])
    everywhere = np.concatenate([part.points_m for part in parts]) if parts else np.empty((0, 2))
    # To a millimetre: what came through a transformation differs by less.
    places, at = np.unique(np.round(everywhere, 3), axis=0, return_inverse=True)
    at = at.ravel()
    amounts = np.zeros((len(parts), len(places)))
    start = 0
    for number, part in enumerate(parts):
        stop = start + len(part.points_m)
        amounts[number] = np.bincount(at[start:stop], part.amounts, minlength=len(places))
        start = stop
    weights = np.asarray(factors) @ amounts if parts else np.zeros(len(places))
    asked = weights > 0
    return DemandMix(parts, places[asked], weights[asked], amounts[:, asked])


def _part(project: Project, asked: Ingredient, crs: Crs) -> Part:
    if asked.source is Source.LAYER:
        return _of_layer(project, asked, crs)
    pins = measured_demand(project)
    points = transform(pins.points_m, pins.crs, crs)
    if asked.source is Source.PINS:
        return Part(asked, points, np.ones(len(points)))
    if asked.source is Source.SUPPORTS:
        return Part(asked, points, pins.n_supports.astype(np.float64))
    votes = public.counted_votes(project)
    if votes is None:
        raise NoSuchDemand("no_counted_vote")
    got = dict(zip(votes.numbers.tolist(), votes.n_votes.tolist(), strict=True))
    return Part(asked, points, np.array([got.get(number, 0) for number in pins.numbers.tolist()], dtype=np.float64))


def _of_layer(project: Project, asked: Ingredient, crs: Crs) -> Part:
    """The people of a layer, each at the middle of its feature (a square of a grid, a house)."""
    layer: Layer | None = layer_in_use(project, asked.layer)
    if layer is None:
        raise NoSuchDemand("demand_layer_gone", layer=asked.layer)
    if asked.attribute not in {column["name"] for column in layer.attributes}:
        raise NoSuchDemand("demand_column_gone", layer=layer.name, column=asked.attribute)
    found = shapes_of(layer, crs, asked.attribute)
    middles = shapely.get_coordinates(shapely.centroid(found.shapes)) if len(found.shapes) else np.empty((0, 2))
    # Less than nobody lives nowhere; grids mark "unknown" so.
    amounts = np.clip(np.nan_to_num(found.numbers), 0, None) if len(middles) else np.empty(0)
    return Part(asked, middles, amounts)
