"""The town's own layers and the candidates of a project, as they are laid over the map and looked at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.db.models import Count, QuerySet
from django.db.models.functions import Cast

from geo.plane.crs import CRS84, transform
from participation import public
from participation.models import Project
from siting.models import Candidate, Layer, LayerFeature
from siting.rules.settings import Sieve
from siting.selectors.demand import MeasuredDemand, measured_demand
from siting.selectors.heard import told

# So many features of a layer are drawn; its file holds them all.
MOST_DRAWN = 5000
# Drawn lines leave out what is nearer than this to a straight one (degrees; about 2 m).
DRAWN_TOLERANCE = 0.00002
# What lies within a walk that people make without thinking about it.
AROUND_M = 250


@dataclass(frozen=True, slots=True)
class Around:
    """What is asked for within ``radius_m`` of a place; ``n_people`` is None where they are too few to tell."""

    radius_m: int
    n_pins: int
    n_supports: int
    n_people: int | None


def overlays(project: Project) -> list[Layer]:
    """The layers in use in the project's town, by name."""
    return list(
        Layer.objects.filter(organisation=project.organisation_id, state=Layer.State.CURRENT).order_by("name", "pk")
    )


def features_drawn(layer: Layer) -> list[LayerFeature]:
    """The features of a layer that have a place, the first ones of a very large layer."""
    return list(LayerFeature.objects.filter(layer=layer, geometry__isnull=False).order_by("key")[:MOST_DRAWN])


def feature_of(layer: Layer, key: int) -> LayerFeature | None:
    """One feature of a layer."""
    return LayerFeature.objects.filter(layer=layer, key=key).first()


def metres_to(layer: Layer, *, lon: float, lat: float) -> float | None:
    """How far is the nearest feature of a layer, on the globe? None where it has no place.

    Cost     about 10 ms for some thousands of features.
    """
    globe: GeometryField[Any, Any] = GeometryField(geography=True, srid=4326)
    away = Distance(Cast("geometry", globe), Cast(Point(lon, lat, srid=4326), globe))
    rows = LayerFeature.objects.filter(layer=layer, geometry__isnull=False).annotate(away=away).order_by("away")
    found = rows.values_list("away", flat=True).first()
    return None if found is None else float(found.m)


def candidates(project: Project) -> "QuerySet[Candidate]":
    """The sites that are looked into, by number."""
    return Candidate.objects.filter(project=project).annotate(n_origins=Count("origins")).order_by("number")


def around(project: Project, sieve: Sieve, geometry: shapely.Geometry, *, radius_m: int = AROUND_M) -> Around:
    """What is asked for within a distance of a place (lon, lat)?"""
    pins = measured_demand(project, sieve)
    flat = shapely.transform(geometry, lambda points: transform(points, CRS84, pins.crs))
    near = shapely.dwithin(shapely.points(pins.points_m), flat, radius_m)
    return Around(radius_m, int(near.sum()), int(pins.n_supports[near].sum()), told(_people(project, pins, near)))


def _people(project: Project, pins: MeasuredDemand, near: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> int:
    counted = public.people_per_group(project, pins.numbers, np.where(near, 0, -1), 1)
    return int(counted[0])
