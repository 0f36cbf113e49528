"""What pages say and draw of places: the spots somebody put down, the zones around them, shapes on the map."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from participation.models import InventoryObject, Project, Proposal, Zone
from participation.rules.places import Chosen, Drawn, Given, LonLat, Shape, mark_of
from participation.rules.text import in_language
from participation.rules.zones import ZoneKind
from participation.selectors.zones import from_geos, zones_of
from participation.web.maps import around

# About two metres: less than a line on the map is wide.
DRAWN_DEGREES = 0.00002

SHAPE_NAMES = {
    Shape.POINT: _("One spot"),
    Shape.POINTS: _("Several spots"),
    Shape.LINE: _("A line"),
    Shape.AREA: _("An area"),
}
SHAPE_HELP = {
    Shape.POINTS: _("Add each spot that belongs to your proposal."),
    Shape.LINE: _("Add the spots that the line goes along, one after the other."),
    Shape.AREA: _("Add the corners of the area, one after the other, going around."),
}
KIND_NAMES = {
    ZoneKind.FREE: _("Everything goes here"),
    ZoneKind.BARRED: _("Nothing can come here"),
    ZoneKind.REASON: _("Here you must say why"),
    ZoneKind.LOOK: _("Staff look at it first here"),
}


def shape_in(project: Project, draft: Mapping[str, object]) -> Shape:
    """Which shape is being drawn? The first that the project asks for, until another is chosen."""
    asked = draft.get("shape")
    return Shape(str(asked)) if asked in project.shapes else Shape(project.shapes[0])


def spots_in(draft: Mapping[str, object]) -> tuple[LonLat, ...]:
    """The spots that were put down so far."""
    kept = draft.get("spots")
    return tuple(LonLat(lon, lat) for lon, lat in kept) if isinstance(kept, list) else ()


def cross_in(draft: Mapping[str, object]) -> LonLat | None:
    """Where the cross of the map stood last."""
    lon, lat = draft.get("lon"), draft.get("lat")
    return LonLat(lon, lat) if isinstance(lon, float) and isinstance(lat, float) else None


def given_in(project: Project, draft: Mapping[str, object]) -> Given | None:
    """What place stands in a draft, if any?"""
    if draft.get("nowhere") and project.place_optional:
        return None
    number = draft.get("object")
    if project.from_inventory:
        return Chosen(number) if isinstance(number, int) else None
    shape, spots = shape_in(project, draft), spots_in(draft)
    if shape is Shape.POINT:
        return cross_in(draft)
    return Drawn(shape, spots) if spots else None


def is_placed(project: Project, draft: Mapping[str, object]) -> bool:
    """Was the question where answered, be it with no place?"""
    return bool(draft.get("nowhere") and project.place_optional) or given_in(project, draft) is not None


def drawing(given: Given | None) -> list[dict[str, Any]]:
    """What was put down so far, for the map: the shape as far as it is one, and its spots."""
    if not isinstance(given, Drawn):
        return []
    at = [[spot.lon, spot.lat] for spot in given.spots]
    features = [_feature({"type": "MultiPoint", "coordinates": at}, "spot")]
    if given.shape is Shape.AREA and len(at) > 2:
        features.append(_feature({"type": "Polygon", "coordinates": [[*at, at[0]]]}, "mine"))
    elif given.shape in {Shape.LINE, Shape.AREA} and len(at) > 1:
        features.append(_feature({"type": "LineString", "coordinates": at}, "mine"))
    return features


def zones_drawn(zones: Iterable[Zone]) -> list[dict[str, Any]]:
    """Zones for the map, each in the manner of its kind; as fine as a map can show."""
    plain = [(zone.kind, shapely.simplify(from_geos(zone.outline), DRAWN_DEGREES)) for zone in zones]
    return [
        _feature(json.loads(shapely.to_geojson(shapely.set_precision(outline, DRAWN_DEGREES / 2))), kind)
        for kind, outline in plain
    ]


def shape_drawn(proposal: Proposal) -> list[dict[str, Any]]:
    """The shape of a proposal for the map; a spot has its pin."""
    if proposal.shape is None or proposal.shape.geom_type == "Point":
        return []
    return [_feature(json.loads(proposal.shape.geojson), "mine")]


def bounds_of(proposal: Proposal) -> list[float] | None:
    """What a map of one proposal shows: what lies around its mark, and all of its shape."""
    if proposal.point is None:
        return None
    west, south, east, north = around(proposal.point)
    if proposal.shape is not None:
        left, low, right, high = proposal.shape.extent
        west, south, east, north = min(west, left), min(south, low), max(east, right), max(north, high)
    return [west, south, east, north]


def on_map(*features: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a map draws beside its pins, as kp-map.js takes it; nothing where there is nothing."""
    found = [feature for some in features for feature in some]
    return {"drawn": {"type": "FeatureCollection", "features": found}} if found else {}


def _feature(geometry: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind}}


def object_pins(objects: Iterable[InventoryObject]) -> list[dict[str, object]]:
    """Objects of the inventory as pins for the map."""
    marks = [(row, mark_of(from_geos(row.place))) for row in objects]
    return [{"number": row.number, "title": row.name, "lon": mark.lon, "lat": mark.lat} for row, mark in marks]


def zone_lines(zones: Iterable[Zone]) -> list[dict[str, object]]:
    """Zones in words: what holds there, where, and why."""
    language = get_language() or "nl"
    return [
        {
            "key": zone.pk,
            "kind": zone.kind,
            "rule": KIND_NAMES[ZoneKind(zone.kind)],
            "name": in_language(zone.name, language),
            "why": in_language(zone.why, language),
            "said": ". ".join(filter(None, (in_language(zone.name, language), in_language(zone.why, language)))),
        }
        for zone in zones
    ]


def zones_shown(project: Project) -> tuple[list[dict[str, object]], list[dict[str, Any]]]:
    """The zones of a project in words, and for the map."""
    rows = list(zones_of(project)) if project.area is not None else []
    return zone_lines(rows), zones_drawn(rows)
