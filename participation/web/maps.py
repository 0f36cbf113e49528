"""What the map element of a page needs to know, as plain data."""

from typing import Any

import shapely
from django.contrib.gis.geos import Point
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from geo.plane import boxes
from participation.models import Area, Organisation, Place, Project
from participation.rules.base_maps import Entry
from participation.rules.text import in_language
from participation.selectors.base_maps import base_maps_of

# Five decimals of a degree are about a metre: enough to draw, and a third of the bytes.
_DISPLAY_DEGREES = 0.00001
_LABELLED_PLACES = 60

PRESET_NAMES = {
    "grb": _("Map (GRB)"),
    "grb-grey": _("Map in grey (GRB)"),
    "orthophoto": _("Aerial photo"),
    "osm": "OpenStreetMap",
}


def name_of(entry: Entry) -> str:
    """What a background is called: one of the town's own by its own name."""
    return str(PRESET_NAMES[entry["preset"]] if "preset" in entry else entry.get("name") or _("Map"))


def areas_geojson(organisation: Organisation) -> dict[str, Any]:
    """The neighbourhoods as GeoJSON for drawing, coordinates to five decimals (a metre)."""
    rows = Area.objects.filter(organisation=organisation)
    features = []
    for area in rows:
        geometry = shapely.set_precision(shapely.from_wkb(bytes(area.outline.wkb)), _DISPLAY_DEGREES)
        label = geometry.representative_point()
        features.append(
            {
                "type": "Feature",
                "id": area.code,
                "geometry": shapely.geometry.mapping(geometry),
                "properties": {"name": area.name, "label": [round(label.x, 5), round(label.y, 5)]},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _frame(organisation: Organisation) -> dict[str, Any]:
    return {
        "bounds": list(organisation.outline.extent) if organisation.outline else None,
        "areas": areas_geojson(organisation),
        "places": [
            {"name": place.name, "lon": place.point.x, "lat": place.point.y}
            for place in Place.objects.filter(organisation=organisation).order_by("pk")[:_LABELLED_PLACES]
        ],
        "base_maps": [each.shown() | {"name": name_of(entry)} for entry, each in base_maps_of(organisation)],
    }


def map_config(project: Project, *, tiles_query: str = "", **more: Any) -> dict[str, Any]:
    """Everything ``<kp-map>`` needs for one project; ``more`` adds to it or takes its place."""
    themes, language = list(project.themes.all()), get_language() or "nl"
    config = _frame(project.organisation) | {
        "tiles": reverse("tile", args=(f"{project.slug}-proposals", "WebMercatorQuad", 0, 1, 2)).replace(
            "/0/1/2", "/{z}/{y}/{x}"
        ),
        "themes": {theme.slug: theme.colour for theme in themes},
        "theme_names": {theme.slug: in_language(theme.name, language) for theme in themes},
        "shapes": {theme.slug: theme.position for theme in themes},
        "list": reverse("project", args=(project.slug,)),
        "detail": reverse("proposal", args=(project.slug, 0)).replace("/0/", "/{id}/"),
    }
    # Whoever says what is to be seen needs no outline, which is large to fetch.
    if "bounds" not in more and project.area is not None:
        config["bounds"] = list(project.area.extent)
    # What the list beside is filtered by, the pins are as well.
    config["tiles"] = str(config["tiles"]) + tiles_query
    return config | more


def around(point: Point, metres: float = 700) -> list[float]:
    """A box around a place, degrees WGS 84: what a map of one proposal shows."""
    return list(boxes.around(point.x, point.y, metres)[:4])


def town_map(organisation: Organisation) -> dict[str, Any]:
    """Everything ``<kp-map>`` needs to draw the town alone."""
    return _frame(organisation)
