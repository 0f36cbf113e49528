"""Settles where a proposal lies: inside the fence, by the rules of its zones, and how exactly everybody may know."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from django.contrib.gis.geos import GEOSGeometry, Point
from shapely.geometry.base import BaseGeometry

from participation.models import Area, ExactPlace, InventoryObject, Project, Proposal
from participation.rules.blurring import blurred
from participation.rules.places import (
    BORDER_TOLERANCE_M,
    Chosen,
    Drawn,
    Given,
    LonLat,
    Shape,
    drawn,
    lies_in,
    mark_of,
)
from participation.rules.refusals import Code, Refused
from participation.selectors.places import fence_of
from participation.selectors.proposals import geos_point, nearest_area
from participation.selectors.zones import ZonesMet, asks_for_shapes, from_geos, n_proposals_on, to_geos, zones_met

NO_ZONES = ZonesMet()
# From the system's own source: whoever knows the program must not be able to draw the same.
CHANCE = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Checked:
    """A place that can be proposed, and what holds there; ``mark`` is where it stands on the map."""

    geometry: BaseGeometry
    mark: LonLat
    area: Area | None
    zones: ZonesMet = NO_ZONES
    chosen: InventoryObject | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A place as it is kept. ``exact`` is set where ``point`` and ``shape`` are only near it."""

    point: Point | None = None
    shape: GEOSGeometry | None = None
    exact: GEOSGeometry | None = None
    area: Area | None = None
    zones: ZonesMet = NO_ZONES
    chosen: InventoryObject | None = None


def settled(project: Project, given: Given | None) -> Settled:
    """Say where a proposal lies, how exactly everybody may know, and what its zones ask.

    In a project that blurs places chance is drawn here, once: what is kept is never drawn again.

    Refuses  pin.missing or object.not_chosen (unless a place is not required), place.shape_not_asked, what
             checked_place refuses.
    """
    if project.area is None or (given is None and project.place_optional):
        return Settled()
    if project.from_inventory and not isinstance(given, Chosen):
        raise Refused(Code.OBJECT_NOT_CHOSEN)
    if given is None:
        raise Refused(Code.PIN_MISSING)
    asked = project.from_inventory if isinstance(given, Chosen) else drawn(given).shape in project.shapes
    if not asked:
        raise Refused(Code.PLACE_SHAPE_NOT_ASKED)
    found = checked_place(project, given)
    point, shape, exact = public_place(project, found.geometry, found.mark, found.area)
    return Settled(point, shape, exact, found.area, found.zones, found.chosen)


def checked_place(project: Project, given: Given) -> Checked:
    """Say whether something can come there, and what lies around; for a project with a map.

    Refuses  what Drawn.geometry refuses, pin.outside_area with ``metres`` outside, place.part_outside, zone.barred,
             object.*.
    """
    if isinstance(given, Chosen):
        return _of_object(project, given)
    geometry = checked_shape(project, drawn(given))
    zones = zones_met(project, geometry)
    if zones.barred:
        raise Refused(Code.ZONE_BARRED, {"name": zones.barred[0].name, "why": zones.barred[0].why})
    mark = mark_of(geometry)
    return Checked(geometry, mark, nearest_area(project.organisation, geos_point(mark)), zones)


def checked_shape(project: Project, place: Drawn) -> BaseGeometry:
    """Make the geometry of what was drawn.

    Refuses  what Drawn.geometry refuses, pin.outside_area, place.part_outside.
    Cost     one statement for all spots that lie outside.
    """
    geometry = place.geometry
    ground = fence_of(project)
    lons = np.array([spot.lon for spot in place.spots])
    lats = np.array([spot.lat for spot in place.spots])
    farthest = float(ground.outside_by_m(lons, lats).max())
    if farthest > BORDER_TOLERANCE_M:
        raise Refused(Code.PIN_OUTSIDE_AREA, {"metres": farthest})
    if place.shape in {Shape.LINE, Shape.AREA} and ground.area is not None and not lies_in(geometry, ground.area):
        raise Refused(Code.PLACE_PART_OUTSIDE)
    return geometry


def _of_object(project: Project, given: Chosen) -> Checked:
    """Find an object of the inventory; zones say nothing of it, for the town put it on the list itself.

    Refuses  object.unknown, object.no_permission, object.taken.
    """
    chosen = InventoryObject.objects.filter(project=project, number=given.number).first()
    if chosen is None:
        raise Refused(Code.OBJECT_UNKNOWN, {"number": given.number})
    if chosen.permission == InventoryObject.Permission.REFUSED:
        raise Refused(Code.OBJECT_NO_PERMISSION, {"name": chosen.name})
    require_free(project, chosen)
    geometry = from_geos(chosen.place)
    mark = mark_of(geometry)
    return Checked(geometry, mark, nearest_area(project.organisation, geos_point(mark)), chosen=chosen)


def require_free(project: Project, chosen: InventoryObject) -> None:
    """Refuse an object that was proposed as often as it may be.

    Holds only while nobody else can propose: under the lock of next_number.

    Refuses  object.taken.
    """
    if project.per_object is not None and n_proposals_on(chosen) >= project.per_object:
        raise Refused(Code.OBJECT_TAKEN, {"name": chosen.name})


def public_place(
    project: Project, geometry: BaseGeometry, mark: LonLat, area: Area | None
) -> tuple[Point, GEOSGeometry | None, GEOSGeometry | None]:
    """What everybody may see of a place, and the exact one where that is another: point, shape, exact."""
    if project.blur_m is None:
        return geos_point(mark), to_geos(geometry) if asks_for_shapes(project) else None, None
    inside = [from_geos(outline) for outline in (project.area, area.outline if area else None) if outline is not None]
    point = geos_point(blurred(mark, blur_m=project.blur_m, inside=inside, chance=CHANCE))
    # Of a shape the form alone can tell where it is, such as that of a garden: only a spot is shown.
    return point, point if asks_for_shapes(project) else None, to_geos(geometry)


def keep_exact(rows: Iterable[tuple[Proposal, GEOSGeometry | None]]) -> None:
    """Keep the exact places of new proposals, where they are not what everybody sees."""
    ExactPlace.objects.bulk_create(
        [ExactPlace(proposal=proposal, place=exact) for proposal, exact in rows if exact is not None]
    )
