"""Clusters of what a project's residents ask for; computed once for each state of the project."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.analysis.clusters import Clusters, clusters
from geo.analysis.hdbscan import hierarchical_clusters
from geo.plane.crs import CRS84, transform
from participation import public
from participation.models import Project
from siting.rules.settings import Grouping, Method, Sieve
from siting.rules.words import standing_out
from siting.selectors.demand import EVERYTHING, MeasuredDemand, measured_demand, weights
from siting.selectors.remembered import remembered

Ints = NDArray[np.int64]

# A centimetre.
DIGITS = 7
# Words of so many texts on either side are compared: enough to tell, and quick in the largest project.
TEXTS_COMPARED = 500


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


def clusters_of(project: Project, how: Grouping, sieve: Sieve = EVERYTHING) -> ClusterMap:
    """Group the pins of a project that pass the sieve.

    Order    heaviest first, then westernmost.
    Raises   InvalidRadius, InvalidMinimum (geo.analysis.clusters); VotesNotCounted.
    """
    return remembered(project, ("clusters", how, sieve), partial(_group, project, how, sieve))


def _group(project: Project, how: Grouping, sieve: Sieve) -> ClusterMap:
    pins = measured_demand(project, sieve)
    heavy = weights(project, pins, how.weigh)
    if how.method is Method.HDBSCAN:
        found = hierarchical_clusters(pins.points_m, heavy, min_count=how.min_count, apart_m=how.radius_m)
    else:
        found = clusters(pins.points_m, heavy, radius_m=how.radius_m, min_count=how.min_count, ids=pins.numbers)
    return described(pins, found)


def described(pins: MeasuredDemand, found: Clusters) -> ClusterMap:
    """Say of each group where it lies on the globe and which pins it holds."""
    if not found.groups:
        return ClusterMap((), pins.numbers, pins.n_supports, found.labels)
    member = found.labels >= 0
    n_supports = np.bincount(found.labels[member], pins.n_supports[member], minlength=len(found.groups))
    pin = pins.numbers[member][np.unique(found.labels[member], return_index=True)[1]]
    # All at once: one by one, a thousand clusters would take longer to bring to the globe than to find.
    middles = transform(np.array([(group.x, group.y) for group in found.groups]), pins.crs, CRS84).round(DIGITS)
    flat = np.array([group.hull for group in found.groups], dtype=object)
    hulls = shapely.transform(flat, lambda points: transform(points, pins.crs, CRS84))
    areas = shapely.area(flat)
    groups = tuple(
        Cluster(
            number=group.number,
            pin=int(pin[at]),
            n=group.n,
            weight=group.weight,
            n_supports=int(n_supports[at]),
            lon=float(middles[at, 0]),
            lat=float(middles[at, 1]),
            hull=hulls[at],
            area_m2=float(areas[at]),
        )
        for at, group in enumerate(found.groups)
    )
    return ClusterMap(groups, pins.numbers, pins.n_supports, found.labels)


def people_in(project: Project, found: ClusterMap) -> list[int]:
    """How many different people propose or support something in each cluster, in its order?"""

    def count() -> list[int]:
        counted = public.people_per_group(project, found.numbers, found.labels, len(found.groups))
        return [int(n) for n in counted]

    # By what is in which cluster: the same groups are counted once, however they were found.
    return remembered(project, ("people", sha256(found.numbers.tobytes() + found.labels.tobytes()).hexdigest()), count)


def words_of(project: Project, found: ClusterMap, cluster: Cluster, *, limit: int) -> list[str]:
    """Which words stand out in the texts of a cluster, held against the other pins that are looked at?"""

    def texts(numbers: list[int]) -> list[str]:
        return [f"{place.title} {place.body}" for place in public.asked_places(project, numbers)]

    here = texts(found.members(cluster, TEXTS_COMPARED))
    return standing_out(here, texts(found.others(cluster, TEXTS_COMPARED)), limit=limit)
