"""The planner's workbench: clusters and heat over the map, what is in them, and where nobody was heard yet."""

import json
from typing import Any

import numpy as np
import shapely
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from participation import public
from participation.models import Project
from participation.rules.roles import DeskAct
from participation.web.asking import desk
from participation.web.desk import desk_items, desk_project
from participation.web.maps import map_config
from siting.rules.settings import (
    LEAST_MIN_COUNT,
    MAX_BANDWIDTH_M,
    MAX_RADIUS_M,
    MIN_BANDWIDTH_M,
    MIN_RADIUS_M,
    MOST_MIN_COUNT,
)
from siting.rules.words import standing_out
from siting.selectors.clusters import Cluster, ClusterMap, clusters_of, heat_picture, people_in
from siting.web.asked import CLUSTERS, HEAT, PINS, Asked, SettingsForm, asked

# So many rows are read by people; the files hold them all.
CLUSTERS_LISTED, PROPOSALS_LISTED, WORDS_LISTED = 100, 25, 6
# Words of so many texts on either side are compared: enough to tell, and quick in the largest project.
TEXTS_COMPARED = 500
DOTS_AT_MOST = 1000
M2_PER_HA = 10_000
# A decimetre: enough to draw.
DRAWN_DIGITS = 6


@vary_on_headers("HX-Request")
@desk(DeskAct.SEE)
def map_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the workbench; asked by a moving slider, only what the settings change."""
    project = desk_project(request, slug)
    view, form = asked(request.GET)
    status = 422 if form.errors else 200
    context: dict[str, Any] = {"project": project, "desk_items": desk_items(request, project), "form": form}
    if project.area is None:
        return render(request, "siting/map_none.html", context, status=status)
    context |= {"asked": view, "sentence": _sentence(form)} | _results(project, view)
    if request.headers.get("HX-Request"):
        return render(request, "siting/map_results.html", context, status=status)
    context |= {
        "map": map_config(project),
        "addresses": {
            "clusters": reverse("desk_clusters", args=(slug,)),
            "page": reverse("desk_map", args=(slug,)),
            "pins": _dots(project, context["found"]),
        },
        "layers": {name: name in view.show for name in (PINS, CLUSTERS, HEAT)},
        "sliders": _sliders(view, form),
    }
    return render(request, "siting/map.html", context, status=status)


@desk(DeskAct.SEE)
def clusters_geojson(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer a moving slider: the outlines of the clusters, then their middles."""
    project = desk_project(request, slug)
    view, form = asked(request.GET)
    if form.errors:
        return _problem(form)
    found = clusters_of(project, view.grouping)
    outlines = [_feature(cluster, _outline(cluster)) for cluster in found.groups]
    middles = [
        _feature(cluster, {"type": "Point", "coordinates": [cluster.lon, cluster.lat]}) for cluster in found.groups
    ]
    answer = {
        "type": "FeatureCollection",
        "features": outlines + middles,
        "n_points": len(found.labels),
        "n_clusters": len(found.groups),
        "n_noise": found.n_noise,
    }
    return JsonResponse(answer, content_type="application/geo+json", headers={"Cache-Control": "private, no-cache"})


@desk(DeskAct.SEE)
def heat_png(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the heat map as a picture for the map; where it lies stands in the page that names it."""
    project = desk_project(request, slug)
    view, form = asked(request.GET)
    if form.errors:
        return _problem(form)
    png = heat_picture(project, view.heat).png
    # The page names it with the project's revision, so that it may be kept.
    return HttpResponse(png, content_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _dots(project: Project, found: ClusterMap) -> str:
    """Where the map finds every pin, as long as they can all be drawn as dots; else it draws its tiles."""
    if not 0 < len(found.numbers) <= DOTS_AT_MOST:
        return ""
    return f"{reverse('ogc_items', args=(f'{project.slug}-proposals',))}?f=json&limit={DOTS_AT_MOST}"


def _outline(cluster: Cluster) -> dict[str, Any]:
    ring = np.round(shapely.get_coordinates(cluster.hull), DRAWN_DIGITS).tolist()
    return {"type": "Polygon", "coordinates": [ring]}


def _feature(cluster: Cluster, geometry: dict[str, Any]) -> dict[str, Any]:
    facts = {"number": cluster.number, "n": cluster.n, "weight": cluster.weight, "pin": cluster.pin}
    return {"type": "Feature", "id": cluster.number, "geometry": geometry, "properties": facts}


def _sentence(form: SettingsForm) -> str:
    return " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences)


def _problem(form: SettingsForm) -> HttpResponse:
    """Refuse settings that cannot be, for a machine (RFC 9457)."""
    answer = {
        "type": "about:blank",
        "title": _("This setting is not possible."),
        "status": 422,
        "code": "parameter.bad",
        "detail": _sentence(form),
    }
    return JsonResponse(answer, status=422, content_type="application/problem+json")


def _sliders(view: Asked, form: SettingsForm) -> dict[str, dict[str, Any]]:
    """What each slider shows: as set where it can be, else as it was written, with the reason why not."""
    limits = {
        "radius_m": (MIN_RADIUS_M, MAX_RADIUS_M, int(view.grouping.radius_m)),
        "min_count": (LEAST_MIN_COUNT, MOST_MIN_COUNT, view.grouping.min_count),
        "bandwidth_m": (MIN_BANDWIDTH_M, MAX_BANDWIDTH_M, int(view.heat.bandwidth_m)),
    }
    return {
        name: {"name": name, "least": least, "most": most, "value": value, "errors": form.errors.get(name, [])}
        for name, (least, most, value) in limits.items()
    }


def _results(project: Project, view: Asked) -> dict[str, Any]:
    """Everything that changes with the settings: the clusters, the chosen one, who was heard, the heat map's key."""
    found = clusters_of(project, view.grouping)
    n_people = people_in(project, found)
    parts = public.neighbourhoods(project)
    listed = found.groups[:CLUSTERS_LISTED]
    chosen = found.holding(view.pin) if view.pin is not None else next(iter(found.groups), None)
    seen = {cluster.number: cluster for cluster in (*listed, *([chosen] if chosen else []))}
    names = dict(zip(seen, _part_names(parts, list(seen.values())), strict=True))
    rows = [
        {
            "cluster": cluster,
            "part": names[cluster.number],
            "n_people": n_people[cluster.number - 1],
            "query": view.query(pin=cluster.pin),
            "is_chosen": cluster is chosen,
        }
        for cluster in listed
    ]
    return {
        "found": found,
        "rows": rows,
        "n_more": len(found.groups) - len(listed),
        "inspected": _inspected(project, found, chosen, names, n_people) if chosen else None,
        "heard": _heard(parts),
    } | _heat(project, view)


def _part_names(parts: list[public.Neighbourhood], clusters: list[Cluster]) -> list[str]:
    """In which part of the town the middle of each cluster lies; empty outside all of them."""
    names = np.full(len(clusters), "", dtype=object)
    lon, lat = np.array([c.lon for c in clusters]), np.array([c.lat for c in clusters])
    for part in reversed(parts):
        names[shapely.contains_xy(part.outline, lon, lat)] = part.name
    return [str(name) for name in names]


def _inspected(
    project: Project, found: ClusterMap, cluster: Cluster, names: dict[int, str], n_people: list[int]
) -> dict[str, Any]:
    places = public.asked_places(project, found.members(cluster, TEXTS_COMPARED))
    others = public.asked_places(project, found.others(cluster, TEXTS_COMPARED))
    here, elsewhere = ([f"{place.title} {place.body}" for place in some] for some in (places, others))
    return {
        "cluster": cluster,
        # What most people there asked for says best where it is.
        "title": places[0].title if places else "",
        "part": names[cluster.number],
        "n_people": n_people[cluster.number - 1],
        "area_ha": cluster.area_m2 / M2_PER_HA,
        "words": standing_out(here, elsewhere, limit=WORDS_LISTED),
        "places": places[:PROPOSALS_LISTED],
        "n_more": cluster.n - min(len(places), PROPOSALS_LISTED),
        "hull": json.dumps(_feature(cluster, _outline(cluster))),
    }


def _heard(parts: list[public.Neighbourhood]) -> dict[str, Any]:
    """Who was heard in each part of the town, the least first; where the inhabitants are not known, last."""

    def per_thousand(n: int, population: int | None) -> float | None:
        return 1000 * n / population if population else None

    rows = [
        {
            "part": part,
            "proposals": per_thousand(part.n_proposals, part.population),
            "people": per_thousand(part.n_people, part.population),
        }
        for part in parts
    ]
    rows.sort(
        key=lambda row: (row["people"] is None, row["people"] or 0, row["proposals"] or 0, row["part"].name)  # type: ignore[union-attr]
    )
    known = [part for part in parts if part.population]
    inhabitants = sum(part.population or 0 for part in known)
    return {"rows": rows, "average": per_thousand(sum(part.n_proposals for part in known), inhabitants)}


def _heat(project: Project, view: Asked) -> dict[str, Any]:
    """Where the heat map's picture is, where it lies, and what its colours mean; or that there is nothing to show."""
    if HEAT not in view.show:
        return {}
    picture = heat_picture(project, view.heat)
    if not picture.legend:
        return {"heat_is_empty": True}
    query = f"bandwidth_m={int(view.heat.bandwidth_m)}&weigh={view.heat.weigh.value}&v={project.revision}"
    key = {
        "src": f"{reverse('desk_heat', args=(project.slug,))}?{query}",
        "bounds": json.dumps([round(edge, DRAWN_DIGITS) for edge in picture.box[:4]]),
        "steps": picture.legend,
    }
    return {"heat": key}
