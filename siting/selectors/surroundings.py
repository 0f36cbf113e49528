"""What lies around a place: how far the nearest feature of a layer is, and what is asked for close by."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.db.models import Value
from django.db.models.functions import Cast

from geo.plane.crs import CRS84, transform
from participation import public
from participation.models import Project
from siting.models import Layer, LayerFeature
from siting.rules.settings import Sieve
from siting.selectors.demand import MeasuredDemand, measured_demand
from siting.selectors.heard import told

# What lies within a walk that people make without thinking about it.
AROUND_M = 250


@dataclass(frozen=True, slots=True)
class Around:
    """What is asked for within ``radius_m`` of a place; ``n_people`` is None where they are too few to tell."""

    radius_m: int
    n_pins: int
    n_supports: int
    n_people: int | None


def feature_of(layer: Layer, key: int) -> LayerFeature | None:
    """One feature of a layer."""
    return LayerFeature.objects.filter(layer=layer, key=key).first()


def metres_to(layer: Layer, *, lon: float, lat: float) -> float | None:
    """How far is the nearest feature of a layer, on the globe? None where it has no place.

    Cost     about 10 ms for some thousands of features.
    """
    globe: GeometryField[Any, Any] = GeometryField(geography=True, srid=4326)
    here = Value(Point(lon, lat, srid=4326), output_field=GeometryField(srid=4326))
    away = Distance(Cast("geometry", globe), Cast(here, globe))
    rows = LayerFeature.objects.filter(layer=layer, geometry__isnull=False).annotate(away=away).order_by("away")
    found = rows.values_list("away", flat=True).first()
    return None if found is None else float(found.m)


def around(project: Project, sieve: Sieve, geometry: shapely.Geometry, *, radius_m: int = AROUND_M) -> Around:
    """What is asked for within a distance of a place (lon, lat)?"""
    pins = measured_demand(project, sieve)
    flat = shapely.transform(geometry, lambda points: transform(points, CRS84, pins.crs))
    near = shapely.dwithin(shapely.points(pins.points_m), flat, radius_m)
    return Around(radius_m, int(near.sum()), int(pins.n_supports[near].sum()), told(_people(project, pins, near)))


def _people(project: Project, pins: MeasuredDemand, near: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> int:
    counted = public.people_per_group(project, pins.numbers, np.where(near, 0, -1), 1)
    return int(counted[0])
