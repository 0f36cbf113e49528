"""Where many places lie at once: inside a project's area or how far outside, and in which neighbourhood."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from django.contrib.gis.db import models as gis
from django.contrib.gis.geos import MultiPoint, MultiPolygon, Point
from django.db.models import F, FloatField, Func, IntegerField, Value
from django.db.models.functions import Cast
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.plane.boxes import LEAST_DEGREE_M
from participation.models import Area, Organisation, Project
from participation.selectors.proposals import _STRAIGHT_PIECE_DEGREES


@dataclass(frozen=True)
class Ground:
    """The area of a project and the neighbourhoods of its town, kept at hand for many questions."""

    project: Project
    area: BaseGeometry | None
    neighbourhoods: Sequence[tuple[int, BaseGeometry]]

    def holds(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of these places lie in the area, border included, without any tolerance?"""
        if self.area is None:
            return np.ones(len(lons), dtype=bool)
        found: NDArray[np.bool_] = shapely.intersects_xy(self.area, lons, lats)
        return found

    def outside_by_m(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far outside the area does each place lie?

        Units    metres on the ellipsoid, as selectors.proposals.place_verdict measures; 0 inside.
        Cost     one statement for all that do not lie inside.
        """
        away = np.zeros(len(lons))
        outside = np.flatnonzero(~self.holds(lons, lats))
        if not len(outside):
            return away
        spots = Value(
            MultiPoint([Point(lons[at], lats[at]) for at in outside], srid=4326),
            output_field=gis.MultiPointField(srid=4326),
        )
        dump = "(ST_Dump(%(expressions)s))"
        area = Func(
            F("area"),
            Value(_STRAIGHT_PIECE_DEGREES),
            function="ST_Segmentize",
            output_field=gis.MultiPolygonField(srid=4326),
        )
        spot = Func(spots, template=f"{dump}.geom", output_field=gis.PointField(srid=4326))
        rows = (
            Project.objects.filter(pk=self.project.pk)
            .annotate(
                at=Func(spots, template=f"{dump}.path[1]", output_field=IntegerField()),
                away=Func(
                    Cast(area, gis.MultiPolygonField(geography=True, srid=4326)),
                    Cast(spot, gis.PointField(geography=True, srid=4326)),
                    function="ST_Distance",
                    output_field=FloatField(),
                ),
            )
            .values_list("at", "away")
        )
        for at, metres in rows:
            away[outside[at - 1]] = metres
        return away

    def neighbourhood_ids(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> list[int | None]:
        """In which neighbourhood does each place lie, or within a metre of which, as nearest_area says?"""
        ids: list[int | None] = [None] * len(lons)
        open_places = np.ones(len(lons), dtype=bool)
        for beside in (False, True):
            for area_id, outline in self.neighbourhoods:
                left = np.flatnonzero(open_places)
                if not len(left):
                    return ids
                if beside:
                    points = shapely.points(lons[left], lats[left])
                    hits = left[shapely.dwithin(outline, points, 1 / LEAST_DEGREE_M)]
                else:
                    hits = left[shapely.intersects_xy(outline, lons[left], lats[left])]
                for hit in hits:
                    ids[hit] = area_id
                open_places[hits] = False
        return ids


def _prepared(outline: MultiPolygon | None) -> BaseGeometry | None:
    if outline is None:
        return None
    shape = shapely.from_wkb(bytes(outline.wkb))
    shapely.prepare(shape)
    return shape


def neighbourhoods_of(organisation: Organisation) -> list[tuple[int, BaseGeometry]]:
    """The neighbourhoods of a town by name, each with its outline: where borders touch, the first counts."""
    rows = Area.objects.filter(organisation=organisation).order_by("name").values_list("pk", "outline")
    return [(pk, _prepared(outline)) for pk, outline in rows]


def fence_of(project: Project) -> Ground:
    """The area of a project alone, for few questions."""
    return Ground(project, _prepared(project.area), ())


def ground_of(project: Project) -> Ground:
    """The area of a project and the neighbourhoods of its town."""
    return Ground(project, _prepared(project.area), neighbourhoods_of(project.organisation))
