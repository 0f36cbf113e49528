"""Draws a public place near an exact one, so that nobody can tell which house is meant."""

import math
import random
from collections.abc import Iterable

import shapely
from shapely.geometry.base import BaseGeometry

from participation.rules.places import LonLat

# The nearer third of the distance is left out: a public place may not lie on the exact one by chance.
NEAREST = 1 / 3
# How many metres a degree of latitude has; east to west it shrinks with the cosine.
DEGREE_M = 111_320
# Corners of a quarter circle: the ring drawn in differs from a round one by less than a thousandth.
_CORNERS = 16
# A strip so thin that a thousand tries miss it is left for any spot inside it.
_TRIES = 1000


def blurred(exact: LonLat, *, blur_m: int, inside: Iterable[BaseGeometry | None], chance: random.Random) -> LonLat:
    """Draw a place between a third of ``blur_m`` and ``blur_m`` away, inside these outlines (lon, lat) if possible.

    Every spot of that ring inside is equally likely. Where an outline leaves nothing of it, the outline is left out.

    Source   donut geomasking: Hampton et al. 2010, American Journal of Epidemiology 172(9).
    """
    shrink = math.cos(math.radians(min(abs(exact.lat), 89.0)))

    def disc(radius_m: float) -> BaseGeometry:
        degrees = radius_m / DEGREE_M
        circle = shapely.Point(0, 0).buffer(degrees, quad_segs=_CORNERS)
        return shapely.transform(circle, lambda at: at * (1 / shrink, 1) + (exact.lon, exact.lat))

    ground = disc(blur_m).difference(disc(blur_m * NEAREST))
    for outline in inside:
        if outline is not None:
            part = ground.intersection(outline)
            ground = part if part.area > 0 else ground
    west, south, east, north = ground.bounds
    shapely.prepare(ground)
    for _try in range(_TRIES):
        spot = shapely.Point(chance.uniform(west, east), chance.uniform(south, north))
        if ground.contains(spot):
            return LonLat(spot.x, spot.y)
    spot = ground.representative_point()
    return LonLat(spot.x, spot.y)
