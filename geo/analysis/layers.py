"""Makes layers out of a layer of pins: clusters as points or outlines, a heat map. Computed only when read."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from geo.analysis.clusters import Clusters, clusters
from geo.analysis.density import Density, density
from geo.catalog import Column, DerivedSource, Feature, FeatureSource, Raster
from geo.plane.crs import CRS84, LAMBERT_72, Crs, metric_for, reproject, transform
from geo.plane.grids import Grid

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Pins:
    """The places of a layer in metres, their weights, and the plane they are measured in."""

    points_m: NDArray[np.float64]
    weights: NDArray[np.float64]
    crs: Crs


def pins_of(source: FeatureSource) -> Pins:
    """Read the pins of a layer for measuring: in Lambert 72 in Belgium, else in the UTM zone of their middle."""
    points, weights = source.points()
    if len(points) == 0:
        return Pins(points, weights, LAMBERT_72)
    crs = metric_for(*np.median(points, axis=0))
    points_m = transform(points, CRS84, crs)
    reachable = np.isfinite(points_m).all(axis=1)
    return Pins(points_m[reachable], weights[reachable], crs)


def clusters_of(source: FeatureSource, *, radius_m: float, min_count: int) -> tuple[Clusters, Crs]:
    """The clusters of a layer of pins, and the plane they are in.

    Raises   InvalidRadius, InvalidMinimum.
    """
    pins = pins_of(source)
    return clusters(pins.points_m, pins.weights, radius_m=radius_m, min_count=min_count), pins.crs


def density_of(source: FeatureSource, *, bandwidth_m: float) -> Density:
    """The heat map of a layer of pins.

    Raises   InvalidBandwidth.
    """
    pins = pins_of(source)
    return density(pins.points_m, pins.weights, bandwidth_m=bandwidth_m, crs=pins.crs)


def cluster_layer(
    source: FeatureSource,
    *,
    shape: Literal["points", "hulls"],
    radius_m: float,
    min_count: int,
    id: str | None = None,  # noqa: A002 -- it is what it is called everywhere
    title: "str | _StrPromise" = "",
    description: "str | _StrPromise" = "",
) -> DerivedSource:
    """The clusters of a layer of pins as a layer: their middles, or their outlines.

    The weight is a column only where the pins are weighed: what is hidden there stays hidden here.
    """
    columns = [
        Column("number", "", "integer", _("number")),
        Column("n", "", "integer", _("number of pins")),
        *([Column("weight", "", "number", _("weight"))] if source.weight else []),
    ]
    return DerivedSource(
        id=id or f"{source.id}-cluster-{shape}",
        title=title or _("Clusters"),
        description=description,
        geometry_type="Point" if shape == "points" else "Polygon",
        columns=tuple(columns),
        updated=source.updated,
        compute=partial(_cluster_features, source, shape, radius_m, min_count),
        fingerprint=_fingerprint(source, shape, radius_m, min_count),
    )


def heat_layer(
    source: FeatureSource,
    *,
    bandwidth_m: float,
    id: str | None = None,  # noqa: A002 -- it is what it is called everywhere
    title: "str | _StrPromise" = "",
    description: "str | _StrPromise" = "",
) -> Raster:
    """The heat map of a layer of pins as a layer."""
    return Raster(
        id=id or f"{source.id}-heat",
        title=title or _("Heat map"),
        description=description,
        updated=source.updated,
        compute=partial(_grid, source, bandwidth_m),
        fingerprint=_fingerprint(source, "heat", bandwidth_m),
    )


def _cluster_features(
    source: FeatureSource, shape: Literal["points", "hulls"], radius_m: float, min_count: int
) -> list[Feature]:
    found, crs = clusters_of(source, radius_m=radius_m, min_count=min_count)
    features = []
    for group in found.groups:
        attributes: dict[str, int | float] = {"number": group.number, "n": group.n}
        if source.weight:
            attributes["weight"] = group.weight
        place = shapely.Point(group.x, group.y) if shape == "points" else group.hull
        features.append(Feature(group.number, reproject(place, crs, CRS84), attributes))
    return features


def _grid(source: FeatureSource, bandwidth_m: float) -> Grid:
    return density_of(source, bandwidth_m=bandwidth_m).grid


def _fingerprint(source: FeatureSource, *how: object) -> str:
    return sha256(repr((source.fingerprint, how)).encode()).hexdigest()[:24]
