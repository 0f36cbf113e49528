"""Clusters and heat maps of what a project's residents ask for; computed once for each state of the project."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import shapely
from django.core.cache import cache
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.analysis.clusters import clusters
from geo.analysis.density import Density, Picture, density, picture
from geo.analysis.hdbscan import hierarchical_clusters
from geo.plane.crs import CRS84, LAMBERT_72, Crs, metric_for, reproject, transform
from participation import public
from participation.models import Project
from siting.rules.settings import Grouping, Heat, Method, Weigh

T = TypeVar("T")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A changed project has new keys; this only says how long unused answers are kept.
KEPT_SECONDS = 3600
# A centimetre.
DIGITS = 7


@dataclass(frozen=True, slots=True)
class MeasuredDemand:
    """Demand in metres of the plane ``crs``: numbers (n,) rising, points_m (n, 2), n_supports (n,)."""

    numbers: Ints
    points_m: Floats
    n_supports: Ints
    crs: Crs

    def weights(self, weigh: Weigh) -> Floats:
        """What each pin weighs."""
        return np.ones(len(self.numbers)) if weigh is Weigh.PINS else self.n_supports.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: its weighted middle and its outline (lon, lat), its pins and what they weigh together.

    ``pin`` is the lowest number of its proposals: by it a cluster is found again when its own number changes.
    """

    number: int
    pin: int
    n: int
    weight: float
    n_supports: int
    lon: float
    lat: float
    hull: BaseGeometry
    area_m2: float


@dataclass(frozen=True, slots=True)
class ClusterMap:
    """The clusters of a project in their order, and of each proposal the place of its cluster (-1 for none)."""

    groups: tuple[Cluster, ...]
    numbers: Ints
    n_supports: Ints
    labels: Ints

    @property
    def n_noise(self) -> int:
        """How many pins belong to no cluster."""
        return int(np.count_nonzero(self.labels < 0))

    def members(self, cluster: Cluster, limit: int | None = None) -> list[int]:
        """The proposals in a cluster, those with most supporters first."""
        inside = self.labels == cluster.number - 1
        order = np.argsort(-self.n_supports[inside], kind="stable")
        found: list[int] = self.numbers[inside][order][:limit].tolist()
        return found

    def others(self, cluster: Cluster, limit: int) -> list[int]:
        """So many of the proposals that are not in a cluster, spread evenly over all of them."""
        outside = self.numbers[self.labels != cluster.number - 1]
        found: list[int] = outside[:: max(-(-len(outside) // limit), 1)].tolist()
        return found

    def holding(self, number: int) -> Cluster | None:
        """The cluster in which this proposal is."""
        at = int(np.searchsorted(self.numbers, number))
        if at == len(self.numbers) or self.numbers[at] != number or self.labels[at] < 0:
            return None
        return self.groups[int(self.labels[at])]


def _kept(project: Project, what: tuple[object, ...], make: Callable[[], T]) -> T:
    key = f"siting.{project.pk}.{project.revision}.{'.'.join(str(part) for part in what)}"
    found: T | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, KEPT_SECONDS)
    return found


def measured_demand(project: Project) -> MeasuredDemand:
    """Where is something asked for: in Lambert 72 in Belgium, else in the UTM zone of the middle."""
    return _kept(project, ("demand",), partial(_measure, project))


def _measure(project: Project) -> MeasuredDemand:
    found = public.demand(project)
    crs = metric_for(*np.median(found.points, axis=0)) if len(found.numbers) else LAMBERT_72
    points_m = transform(found.points, CRS84, crs)
    reachable = np.isfinite(points_m).all(axis=1)
    return MeasuredDemand(found.numbers[reachable], points_m[reachable], found.n_supports[reachable], crs)


def clusters_of(project: Project, how: Grouping) -> ClusterMap:
    """Group the pins of a project.

    Order    heaviest first, then westernmost.
    Raises   InvalidRadius, InvalidMinimum (geo.analysis.clusters).
    """
    what = ("clusters", float(how.radius_m), how.min_count, how.weigh, how.method)
    return _kept(project, what, partial(_group, project, how))


def _group(project: Project, how: Grouping) -> ClusterMap:
    pins = measured_demand(project)
    weights = pins.weights(how.weigh)
    if how.method is Method.HDBSCAN:
        found = hierarchical_clusters(pins.points_m, weights, min_count=how.min_count, apart_m=how.radius_m)
    else:
        found = clusters(pins.points_m, weights, radius_m=how.radius_m, min_count=how.min_count, ids=pins.numbers)
    member = found.labels >= 0
    n_supports = np.bincount(found.labels[member], pins.n_supports[member], minlength=len(found.groups))
    first = np.unique(found.labels[member], return_index=True)[1]
    pin = pins.numbers[member][first]
    groups = []
    for group in found.groups:
        middle = reproject(shapely.Point(group.x, group.y), pins.crs, CRS84)
        groups.append(
            Cluster(
                number=group.number,
                pin=int(pin[group.number - 1]),
                n=group.n,
                weight=group.weight,
                n_supports=int(n_supports[group.number - 1]),
                lon=round(middle.x, DIGITS),
                lat=round(middle.y, DIGITS),
                hull=reproject(group.hull, pins.crs, CRS84),
                area_m2=float(group.hull.area),
            )
        )
    return ClusterMap(tuple(groups), pins.numbers, pins.n_supports, found.labels)


def people_in(project: Project, found: ClusterMap) -> list[int]:
    """How many different people propose or support something in each cluster, in its order?"""
    counted: list[int] = public.people_per_group(project, found.numbers, found.labels, len(found.groups)).tolist()
    return counted


def density_of(project: Project, how: Heat) -> Density:
    """How much is asked for around each place?

    Raises   InvalidBandwidth.
    """
    pins = measured_demand(project)
    return density(pins.points_m, pins.weights(how.weigh), bandwidth_m=how.bandwidth_m, crs=pins.crs)


def heat_picture(project: Project, how: Heat) -> Picture:
    """The heat map as a picture for the map.

    Raises   InvalidBandwidth.
    """
    return _kept(project, ("heat", float(how.bandwidth_m), how.weigh), lambda: picture(density_of(project, how)))
