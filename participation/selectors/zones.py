"""Which zones and which objects a project has, and what they say about a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import BooleanField, Case, Count, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, When
from shapely.geometry.base import BaseGeometry

from participation.models import ExactPlace, InventoryObject, Project, Proposal, Zone
from participation.rules.places import PlaceSettings, Shape
from participation.rules.zones import ZoneFacts, ZoneKind, verdict

# What was hidden leaves its object to others.
COUNTED = Q(proposals__state__in=(Proposal.State.SUBMITTED, Proposal.State.PUBLISHED))


def settings_of(project: Project) -> PlaceSettings:
    """What a project asks of a place."""
    return PlaceSettings(
        shapes=tuple(Shape(shape) for shape in project.shapes),
        optional=project.place_optional,
        blur_m=project.blur_m,
        from_inventory=project.from_inventory,
        per_object=project.per_object,
        near_m=project.nearby_radius_m,
    )


def asks_for_shapes(project: Project) -> bool:
    """Does a project ask for more than a spot, so that its proposals have a shape? Where it has a map at all."""
    return project.shapes != [Shape.POINT] and not project.from_inventory


def to_geos(geometry: BaseGeometry) -> GEOSGeometry:
    """Make the database's geometry of a shape in lon, lat."""
    return GEOSGeometry(memoryview(shapely.to_wkb(geometry)), srid=4326)


def from_geos(geometry: GEOSGeometry) -> BaseGeometry:
    """Read the database's geometry."""
    return shapely.from_wkb(bytes(geometry.wkb))


def zones_of(project: Project) -> QuerySet[Zone]:
    """The zones of a project in their order."""
    return Zone.objects.filter(project=project).order_by("position", "pk")


@dataclass(frozen=True, slots=True)
class ZonesMet:
    """The zones a place lies in, by what they ask for."""

    barred: Sequence[Zone] = ()
    reason: Sequence[Zone] = ()
    look: Sequence[Zone] = ()


def zones_met(project: Project, place: BaseGeometry) -> ZonesMet:
    """What do the zones of a project say about a place?

    Cost     one query, by the index on outlines.
    """
    return zones_among(list(zones_of(project).filter(outline__intersects=to_geos(place))), place)


def zones_among(rows: Sequence[Zone], place: BaseGeometry) -> ZonesMet:
    """What do these zones say about a place?"""
    if not rows:
        return ZonesMet()
    said = verdict(place, [ZoneFacts(row.pk, ZoneKind(row.kind), from_geos(row.outline)) for row in rows])
    by_key = {row.pk: row for row in rows}
    return ZonesMet(*([by_key[key] for key in keys] for keys in (said.barred, said.reason, said.look)))


class ZonesAtHand:
    """The zones of a project, kept at hand for many places."""

    def __init__(self, project: Project) -> None:
        self.rows = {row.pk: row for row in zones_of(project)}
        self.facts = [ZoneFacts(row.pk, ZoneKind(row.kind), from_geos(row.outline)) for row in self.rows.values()]
        self.tree = shapely.STRtree([zone.outline for zone in self.facts])

    def met(self, places: Sequence[BaseGeometry]) -> list[ZonesMet]:
        """What do the zones say about each of these places, as zones_met says of one?

        Cost     no query; an index over the outlines.
        """
        near: dict[int, list[ZoneFacts]] = {}
        if self.facts and places:
            for at, zone in sorted(zip(*self.tree.query(places, predicate="intersects").tolist(), strict=True)):
                near.setdefault(at, []).append(self.facts[zone])
        return [self._said(place, near[at]) if at in near else ZonesMet() for at, place in enumerate(places)]

    def _said(self, place: BaseGeometry, zones: Sequence[ZoneFacts]) -> ZonesMet:
        said = verdict(place, zones)
        return ZonesMet(*([self.rows[key] for key in keys] for keys in (said.barred, said.reason, said.look)))


def inventory_of(project: Project) -> "QuerySet[Any, Any]":
    """The objects of a project by number, each with how many proposals it has (``n_proposals``)."""
    rows = InventoryObject.objects.filter(project=project).order_by("number")
    return rows.annotate(n_proposals=Count("proposals", filter=COUNTED))


def objects_to_choose(project: Project) -> "QuerySet[Any, Any]":
    """The objects of a project, first those that can be proposed (``is_free``): the owner did not refuse, and there is
    room for one proposal more. ``proposal_number`` is the first public proposal of each, if any.
    """
    room = Q() if project.per_object is None else Q(n_proposals__lt=project.per_object)
    free = When(~Q(permission=InventoryObject.Permission.REFUSED) & room, then=True)
    public = Proposal.objects.filter(inventory_object=OuterRef("pk"), state=Proposal.State.PUBLISHED).order_by("number")
    rows = inventory_of(project).annotate(
        is_free=Case(free, default=False, output_field=BooleanField()),
        proposal_number=Subquery(public.values("number")[:1]),
    )
    found: QuerySet[Any, Any] = rows.order_by("-is_free", "number")
    return found


def objects_called(rows: "QuerySet[Any, Any]", text: str) -> "QuerySet[Any, Any]":
    """Keep the objects whose name or owner holds these words."""
    for word in text.split()[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(owner__icontains=word) | Q(key__icontains=word))
    return rows


def n_proposals_on(chosen: InventoryObject) -> int:
    """How many proposals that were not hidden does an object have?"""
    return InventoryObject.objects.filter(pk=chosen.pk).aggregate(n=Count("proposals", filter=COUNTED))["n"] or 0


def exact_place(proposal: Proposal) -> GEOSGeometry | None:
    """Where a proposal really is, for the desk alone; None where the public place is the exact one."""
    return ExactPlace.objects.filter(proposal=proposal).values_list("place", flat=True).first()


def has_places(project: Project) -> bool:
    """Has any proposal of a project a place?"""
    return Proposal.objects.filter(project=project, point__isnull=False).exists()


_SHAPES = {"ST_MultiPoint": Shape.POINTS, "ST_LineString": Shape.LINE, "ST_Polygon": Shape.AREA}


def shapes_in_use(project: Project) -> set[Shape]:
    """Which shapes have its proposals that are more than a spot?"""
    kind = Func(F("shape"), function="ST_GeometryType", output_field=TextField())
    rows = Proposal.objects.filter(project=project, shape__isnull=False).values_list(kind, flat=True)
    return {_SHAPES[name] for name in rows.order_by().distinct() if name in _SHAPES}
