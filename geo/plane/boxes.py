"""Bounding boxes in any of the planes, and their outline on the globe."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.plane.crs import CRS84, Crs, transform

# A straight edge in one plane is a curve in another: over 15 km at 51° the middle of an edge lies 5 m off,
# cut in 32 parts 5 mm.
EDGE_PARTS = 32

# No plane of ours reaches further than half way round the globe; beyond, projections answer nonsense.
FURTHEST_M = 20_100_000.0

# A degree of latitude is 110.6 km at the equator and more elsewhere.
LEAST_DEGREE_M = 110_500


class BadBox(ValueError):  # noqa: N818 -- an answer about what was asked
    """Four numbers that make no box."""


class Box(NamedTuple):
    """A box in the plane ``crs``, x before y. In degrees ``min_x`` > ``max_x`` means: across the 180° meridian."""

    min_x: float
    min_y: float
    max_x: float
    max_y: float
    crs: Crs = CRS84

    def outline(self) -> BaseGeometry:
        """Its outline in lon, lat: a polygon, or two where it crosses the 180° meridian."""
        if not self.crs.is_metric:
            if self.min_x <= self.max_x:
                return shapely.box(self.min_x, self.min_y, self.max_x, self.max_y)
            return shapely.MultiPolygon(
                [
                    shapely.box(self.min_x, self.min_y, 180, self.max_y),
                    shapely.box(-180, self.min_y, self.max_x, self.max_y),
                ]
            )
        ring = shapely.box(self.min_x, self.min_y, self.max_x, self.max_y)
        longest = max(self.max_x - self.min_x, self.max_y - self.min_y)
        if longest > 0:
            ring = shapely.segmentize(ring, longest / EDGE_PARTS)
        points = transform(shapely.get_coordinates(ring), self.crs, CRS84)
        if not np.isfinite(points).all():
            raise BadBox("outside the plane")
        return shapely.Polygon(points)

    def contains(self, geometry: BaseGeometry) -> bool:
        """Does a geometry in lon, lat touch this box?"""
        return bool(shapely.intersects(self.outline(), geometry))


def parse(text: str, crs: Crs = CRS84, *, flips: bool | None = None) -> Box:
    """Read ``west,south,east,north`` (six numbers: heights are left out), in the axis order of ``crs``.

    Raises   BadBox.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadBox(text[:100]) from error
    return checked(numbers, crs, flips=flips)


def checked(numbers: Sequence[float], crs: Crs = CRS84, *, flips: bool | None = None) -> Box:
    """The box of four numbers, or of six without their heights, in the axis order of ``crs``.

    Raises   BadBox.
    """
    said = ",".join(map(str, numbers))[:100]
    if len(numbers) == 6:
        numbers = [*numbers[0:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        raise BadBox(said)
    if crs.flips if flips is None else flips:
        numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
    box = Box(numbers[0], numbers[1], numbers[2], numbers[3], crs)
    across = box.min_x > box.max_x
    if box.min_y > box.max_y or (across and crs.is_metric):
        raise BadBox(said)
    if crs.is_metric and max(abs(number) for number in numbers) > FURTHEST_M:
        raise BadBox(said)
    if not crs.is_metric and not (
        -180 <= box.min_x <= 180 and -180 <= box.max_x <= 180 and box.min_y >= -90 and box.max_y <= 90
    ):
        raise BadBox(said)
    return box


def around(lon: float, lat: float, metres: float) -> Box:
    """A box in degrees that holds all that lies within so many metres of a place."""
    dy = metres / LEAST_DEGREE_M
    # East-west degrees shrink with latitude; 89 keeps the division finite at a pole.
    dx = dy / math.cos(math.radians(min(abs(lat), 89.0)))
    return Box(lon - dx, lat - dy, lon + dx, lat + dy)
