"""Explains whatever was clicked: a cluster, a pin, a hexagon, a neighbourhood, a feature of a layer, a candidate."""

import json
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import shapely
from django.utils.translation import gettext as _

from participation import public
from participation.models import Project
from siting.models import Layer
from siting.rules.settings import WORDS_LISTED
from siting.selectors.candidates import candidate_numbered, candidates_of
from siting.selectors.clusters import Cluster, ClusterMap, people_in, words_of
from siting.selectors.demand import neighbourhoods
from siting.selectors.heard import turnout
from siting.selectors.hotspots import Verdict, hot_spots
from siting.selectors.surroundings import around, feature_of, metres_to
from siting.web.asked import LAYER, Asked, Seen
from siting.web.drawn import outline

# So many are read by people; the files hold them all.
PROPOSALS_LISTED = 25
M2_PER_HA = 10_000

Context = dict[str, Any]


class Looked(NamedTuple):
    """Where something is looked at: the view, its clusters, the town's layers."""

    project: Project
    view: Asked
    found: ClusterMap
    layers: list[Layer]


def inspected(project: Project, view: Asked, found: ClusterMap, layers: list[Layer]) -> Context | None:
    """What is shown of the thing looked at: its template's name as ``kind``, its place as ``chosen``, its facts.

    Nothing named means the heaviest cluster; None where there is nothing to show.
    """
    see = view.see
    if see is None:
        cluster = next(iter(found.groups), None)
        return _cluster(Looked(project, view, found, layers), cluster) if cluster else None
    shown = {
        "cluster": _cluster_of_pin,
        "pin": _pin,
        "hex": _spot,
        "area": _area,
        "layer": _feature,
        "candidate": _candidate,
    }[see.kind](Looked(project, view, found, layers), see)
    return shown if shown is not None else {"kind": "gone", "see": see}


def part_names(project: Project, lon: list[float], lat: list[float]) -> list[str]:
    """In which part of the town does each place lie; empty outside all of them."""
    names = np.full(len(lon), "", dtype=object)
    for part in reversed(neighbourhoods(project)):
        names[shapely.contains_xy(part.outline, np.array(lon), np.array(lat))] = part.name
    return [str(name) for name in names]


def _chosen(shape: shapely.Geometry) -> str:
    return json.dumps({"type": "Feature", "geometry": outline(shape), "properties": {}})


def _to_layers(at: Looked, *, lon: float, lat: float) -> list[tuple[str, float]]:
    """How far the nearest feature of each layer is that is on the map, or that says what is there already."""
    return [
        (layer.name, away)
        for layer in at.layers
        if (LAYER + layer.slug in at.view.show or layer.kind == Layer.Kind.EXISTING)
        and (away := metres_to(layer, lon=lon, lat=lat)) is not None
    ]


def _cluster_of_pin(at: Looked, see: Seen) -> Context | None:
    cluster = at.found.holding(see.number)
    return _cluster(at, cluster) if cluster else {"kind": "alone", "number": see.number}


def _cluster(at: Looked, cluster: Cluster) -> Context:
    places = public.asked_places(at.project, at.found.members(cluster, PROPOSALS_LISTED))
    return {
        "kind": "cluster",
        "cluster": cluster,
        # What most people there asked for says best where it is.
        "title": places[0].title if places else "",
        "part": part_names(at.project, [cluster.lon], [cluster.lat])[0],
        "n_people": people_in(at.project, at.found)[cluster.number - 1],
        "area_ha": cluster.area_m2 / M2_PER_HA,
        "words": words_of(at.project, at.found, cluster, limit=WORDS_LISTED),
        "places": _linked(at.view, places),
        "n_more": cluster.n - len(places),
        "distances": _to_layers(at, lon=cluster.lon, lat=cluster.lat),
        "chosen": _chosen(cluster.hull),
    }


def _linked(view: Asked, places: list[public.AskedPlace]) -> list[tuple[public.AskedPlace, str, str]]:
    """Each place with what it is called in the address, and the address that shows it."""
    named = [(place, Seen("pin", "", place.number)) for place in places]
    return [(place, str(see), view.query(see=see)) for place, see in named]


def _pin(at: Looked, see: Seen) -> Context | None:
    place = next(iter(public.asked_places(at.project, [see.number])), None)
    if place is None or place.lon is None or place.lat is None:
        return None
    cluster = at.found.holding(see.number)
    point = shapely.Point(place.lon, place.lat)
    return {
        "kind": "pin",
        "place": place,
        "cluster": cluster,
        "cluster_query": at.view.query(see=Seen("cluster", "", see.number)),
        "around": around(at.project, at.view.sieve, point),
        "distances": _to_layers(at, lon=place.lon, lat=place.lat),
        "chosen": _chosen(point),
    }


def _spot(at: Looked, see: Seen) -> Context | None:
    spots = hot_spots(at.project, at.view.spots, at.view.sieve)
    spot = next((spot for spot in spots.spots if spot.number == see.number), None)
    if spot is None:
        return None
    middle = spot.outline.centroid
    places = public.asked_places(at.project, spots.members(spot.number - 1, PROPOSALS_LISTED))
    return {
        "kind": "hex",
        "spot": spot,
        "spots": spots,
        "part": part_names(at.project, [middle.x], [middle.y])[0],
        "is_hot": spot.verdict is Verdict.HOT,
        "is_cold": spot.verdict is Verdict.COLD,
        "places": _linked(at.view, places),
        "n_more": spot.n_pins - len(places),
        "distances": _to_layers(at, lon=middle.x, lat=middle.y),
        "chosen": _chosen(spot.outline),
    }


def _area(at: Looked, see: Seen) -> Context | None:
    everywhere = turnout(at.project, at.view.sieve)
    row = next((row for row in everywhere.rows if row.part.code == see.name), None)
    if row is None:
        return None
    middles = shapely.points([(cluster.lon, cluster.lat) for cluster in at.found.groups]) if at.found.groups else []
    return {
        "kind": "area",
        "row": row,
        "everywhere": everywhere,
        "filter_query": at.view.query(sieve=replace(at.view.sieve, area=row.part.code)),
        "n_clusters": int(np.count_nonzero(shapely.contains(row.part.outline, middles))) if at.found.groups else 0,
        "n_candidates": sum(
            row.part.outline.contains(shapely.Point(c.point.x, c.point.y)) for c in candidates_of(at.project)
        ),
        "chosen": _chosen(shapely.simplify(row.part.outline, 0.0001)),
    }


def _feature(at: Looked, see: Seen) -> Context | None:
    layer = next((layer for layer in at.layers if layer.slug == see.name), None)
    feature = feature_of(layer, see.number) if layer else None
    if layer is None or feature is None:
        return None
    context: Context = {
        "kind": "layer",
        "layer": layer,
        "feature": feature,
        "facts": [(name, _plain(value)) for name, value in feature.properties.items() if value not in (None, "")],
    }
    if feature.geometry is not None:
        shape = shapely.from_wkb(bytes(feature.geometry.wkb))
        context |= {"chosen": _chosen(shape), "around": around(at.project, at.view.sieve, shape)}
    return context


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value


def _candidate(at: Looked, see: Seen) -> Context | None:
    candidate = candidate_numbered(at.project, see.number)
    if candidate is None:
        return None
    point = shapely.Point(candidate.point.x, candidate.point.y)
    return {
        "kind": "candidate",
        "candidate": candidate,
        "part": part_names(at.project, [point.x], [point.y])[0],
        "checks": candidate.checks.all(),
        "around": around(at.project, at.view.sieve, point),
        "distances": _to_layers(at, lon=point.x, lat=point.y),
        "chosen": _chosen(point),
    }
