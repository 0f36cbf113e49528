"""Where clearly more, or less, is asked for than chance would give."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from geo.analysis import hotspots as analysis
from geo.plane.crs import CRS84, transform
from participation.models import Project
from siting.rules.settings import Sieve, Spots
from siting.selectors.demand import EVERYTHING, measured_demand, weights
from siting.selectors.remembered import remembered

Ints = NDArray[np.int64]

# Less sure than this is not called a hot spot here.
LEAST_SURE = 95


class Verdict(StrEnum):
    """What a hexagon is, with the six around it, over all hexagons together."""

    HOT = "hot"
    COLD = "cold"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class Spot:
    """One hexagon (lon, lat). ``z`` is its Gi*, ``p`` the probability of so much by chance for this one alone,
    ``p_corrected`` with all of them taken together, ``sure`` how many per cent sure the verdict is (0 for even)."""

    number: int
    outline: BaseGeometry
    n_pins: int
    weight: float
    z: float
    p: float
    p_corrected: float
    verdict: Verdict
    sure: int


@dataclass(frozen=True, slots=True)
class SpotMap:
    """The hexagons that hold a pin or stand out, and how many were compared. ``cell_m`` is the width used: never so
    small that there would be too many. ``labels`` (n,) is the place of each pin's hexagon in ``spots``."""

    spots: tuple[Spot, ...]
    n_tested: int
    cell_m: float
    is_enough: bool
    numbers: Ints
    n_supports: Ints
    labels: Ints

    @property
    def n_hot(self) -> int:
        """How many hexagons have clearly more."""
        return sum(spot.verdict is Verdict.HOT for spot in self.spots)

    def members(self, at: int, limit: int) -> list[int]:
        """The proposals in the hexagon at this place, those with most supporters first."""
        inside = self.labels == at
        order = np.argsort(-self.n_supports[inside], kind="stable")
        found: list[int] = self.numbers[inside][order][:limit].tolist()
        return found


def hot_spots(project: Project, how: Spots, sieve: Sieve = EVERYTHING) -> SpotMap:
    """Which hexagons of the project's area have more or less than chance gives? Each is held against all of them.

    Order    from south to north, then from west to east; numbered so.
    Raises   VotesNotCounted.
    """
    return remembered(project, ("hotspots", how, sieve), partial(_look, project, how, sieve))


def _look(project: Project, how: Spots, sieve: Sieve) -> SpotMap:
    pins = measured_demand(project, sieve)
    heavy = weights(project, pins, how.weigh)
    area_m = None
    if project.area is not None:
        outline = shapely.from_wkb(bytes(project.area.wkb))
        area_m = shapely.transform(outline, lambda points: transform(points, CRS84, pins.crs))
    cell_m = float(how.cell_m)
    while True:
        try:
            found = analysis.hot_spots(pins.points_m, heavy, cell_m=cell_m, area_m=area_m)
            break
        except analysis.InvalidCell:
            # A province in hexagons of 100 m: nobody could read so many.
            cell_m *= 2
    n_pins, at = _held(pins.points_m, found)
    shown = np.flatnonzero((np.abs(found.levels) >= LEAST_SURE) | (n_pins > 0))
    place = np.full(len(found.values), -1, dtype=np.int64)
    place[shown] = np.arange(len(shown))
    outlines = shapely.transform(found.outlines()[shown], lambda points: transform(points, pins.crs, CRS84))
    spots = []
    for number, cell in enumerate(shown, start=1):
        level = int(found.levels[cell])
        sure = abs(level) if abs(level) >= LEAST_SURE else 0
        spots.append(
            Spot(
                number=number,
                outline=outlines[number - 1],
                n_pins=int(n_pins[cell]),
                weight=float(found.values[cell]),
                z=float(found.z[cell]),
                p=float(found.p[cell]),
                p_corrected=float(found.p_corrected[cell]),
                verdict=Verdict.EVEN if not sure else Verdict.HOT if level > 0 else Verdict.COLD,
                sure=sure,
            )
        )
    is_enough = int(np.count_nonzero(heavy)) >= analysis.LEAST_PINS
    return SpotMap(
        tuple(spots), len(found.values), cell_m, is_enough, pins.numbers, pins.n_supports, place[at] if len(at) else at
    )


def _held(points_m: NDArray[np.float64], found: analysis.HotSpots) -> tuple[Ints, Ints]:
    """How many pins each hexagon holds, and in which hexagon each pin lies."""
    if not len(points_m):
        return np.zeros(len(found.values), dtype=np.int64), np.empty(0, dtype=np.int64)
    # Of hexagons in a grid, the one whose middle is nearest is the one a point lies in.
    at = cKDTree(found.middles).query(points_m)[1].astype(np.int64)
    return np.bincount(at, minlength=len(found.values)), at
