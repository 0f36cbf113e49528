"""What the map of the workbench draws, for a machine: places with their numbers, pictures, tiles, files."""

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from typing import Any, ParamSpec

import numpy as np
import shapely
from django.db.models import prefetch_related_objects
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from geo.catalog import AnyLayer
from geo.export import formats_of
from geo.ogc.answers import refusal
from geo.ogc.downloads import file_of, noted
from geo.plane.crs import ALL
from geo.plane.tiles import BadTile
from geo.problems import Problem, ServerBusy
from geo.slots import FEATURES, TILES, Slots
from geo.tiles import vector_tile
from participation import public
from participation.models import Project
from participation.rules.roles import DeskAct
from participation.web.asking import desk, town_of
from participation.web.desk import desk_project
from siting.layers import areas_layer, cluster_layer, heat_layer, spots_layer
from siting.models import Layer
from siting.selectors.candidates import candidates_of
from siting.selectors.clusters import Cluster, ClusterMap, clusters_of
from siting.selectors.demand import rows_of
from siting.selectors.heard import Heard, Turnout, turnout
from siting.selectors.heat import heat_picture
from siting.selectors.hotspots import hot_spots
from siting.selectors.kept import clusters_of_run, run_of
from siting.selectors.layers import current_layers, drawn
from siting.web.asked import AREAS, CANDIDATES, CLUSTERS, LAYER, PINS, SPOTS, Asked, SettingsForm, asked
from siting.web.there import there_of

# So many clusters are drawn, the heaviest; more could not be told apart, and would make the map slow.
CLUSTERS_DRAWN = 500
# With more hexagons than this only those that stand out are drawn.
HEXAGONS_DRAWN = 600
# So many features of a town's layer are drawn, spread over all of it; its file holds them all.
FEATURES_DRAWN = 5000
# Drawn lines leave out what is nearer than this to a straight one (degrees; about 2 m).
DRAWN_TOLERANCE = 0.00002
# As many pins as can be drawn as dots; above that the map draws tiles.
DOTS_AT_MOST = 1000
# A decimetre: enough to draw.
DRAWN_DIGITS = 6
NO_STORE = {"Cache-Control": "private, no-cache"}
KEEP = {"Cache-Control": "private, max-age=3600"}
# Beside the average per inhabitant: from where a neighbourhood counts as heard less, or more.
LESS, MORE = 0.5, 1.5
GEOJSON = "application/geo+json"
# How hard a tile is compressed.
LEVEL = 5

JsonObject = dict[str, Any]
P = ParamSpec("P")


def view_of(request: HttpRequest, slug: str) -> tuple[Project, Asked, SettingsForm]:
    """The project of an address, and what was set."""
    project = desk_project(request, slug)
    project.organisation = town_of(request)
    prefetch_related_objects([project], "phases", "themes")
    return project, *asked(request.GET, there_of(project))


@desk(DeskAct.SEE)
def drawn_geojson(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Answer what one layer of the map shows with these settings and filters."""
    project, view, form = view_of(request, slug)
    if form.errors:
        return problem(form)
    if name.startswith(LAYER):
        layer = next(
            (layer for layer in current_layers(project.organisation) if layer.slug == name.removeprefix(LAYER)), None
        )
        if layer is None:
            raise Http404("no such layer")
        return _collection(_town_layer(layer), headers=KEEP)
    draw = DRAWN.get(name)
    if draw is None:
        raise Http404("no such layer")
    return draw(project, view)


def _collection(features: Iterable[JsonObject], headers: dict[str, str] = NO_STORE, **more: Any) -> HttpResponse:
    answer = {"type": "FeatureCollection", "features": list(features)} | more
    return JsonResponse(answer, content_type=GEOJSON, headers=headers)


def _feature(see: str, geometry: JsonObject, **facts: Any) -> JsonObject:
    return {"type": "Feature", "geometry": geometry, "properties": {"see": see} | facts}


def _point(lon: float, lat: float) -> JsonObject:
    return {"type": "Point", "coordinates": [round(float(lon), DRAWN_DIGITS), round(float(lat), DRAWN_DIGITS)]}


def outline(shape: shapely.Geometry) -> JsonObject:
    """A shape for drawing."""
    drawn: JsonObject = json.loads(
        shapely.to_geojson(shapely.set_precision(shape, 10**-DRAWN_DIGITS, mode="pointwise"))
    )
    return drawn


def outlines(shapes: Sequence[BaseGeometry]) -> list[JsonObject]:
    """Polygons of one ring each for drawing; many at once, because one by one they take longer than to find them."""
    corners, of_shape = shapely.get_coordinates(shapes, return_index=True)
    ends = np.searchsorted(of_shape, np.arange(1, len(shapes)))
    rings = np.split(np.round(corners, DRAWN_DIGITS), ends)
    return [{"type": "Polygon", "coordinates": [ring.tolist()]} for ring in rings[: len(shapes)]]


def grouping_of(project: Project, view: Asked) -> ClusterMap:
    """The clusters that this view shows: those of its background run, else DBSCAN's."""
    run = run_of(project, view.run)
    return clusters_of_run(project, run) if run else clusters_of(project, view.grouping, view.sieve)


def _clusters(project: Project, view: Asked) -> HttpResponse:
    found = grouping_of(project, view)
    heaviest = found.groups[:CLUSTERS_DRAWN]
    rings = outlines([cluster.hull for cluster in heaviest])
    features = [_cluster(cluster, ring) for cluster, ring in zip(heaviest, rings, strict=True)]
    features += [
        _cluster(cluster, {"type": "Point", "coordinates": [cluster.lon, cluster.lat]}) for cluster in heaviest
    ]
    return _collection(
        features, n_points=len(found.labels), n_clusters=len(found.groups), n_noise=found.n_noise, n_drawn=len(heaviest)
    )


def _cluster(cluster: Cluster, geometry: JsonObject) -> JsonObject:
    return _feature(f"cluster:{cluster.pin}", geometry, number=cluster.number, n=cluster.n, weight=cluster.weight)


def _pins(project: Project, view: Asked) -> HttpResponse:
    rows = rows_of(project, view.sieve).order_by("number")[:DOTS_AT_MOST]
    return _collection(
        _feature(f"pin:{row.number}", _point(row.point.x, row.point.y), title=row.title, number=row.number)
        for row in rows
        if row.point is not None
    )


def _spots(project: Project, view: Asked) -> HttpResponse:
    found = hot_spots(project, view.spots, view.sieve)
    spots = found.spots
    if len(spots) > HEXAGONS_DRAWN:
        spots = tuple(spot for spot in spots if spot.sure)
    return _collection(
        _feature(f"hex:{spot.number}", ring, step=f"{spot.verdict}{spot.sure or ''}")
        for spot, ring in zip(spots, outlines([spot.outline for spot in spots]), strict=True)
    )


def heard_step(row: Heard, everywhere: Turnout) -> str:
    """How a neighbourhood compares with the town: silent, less, like, more, or unknown."""
    average, own = everywhere.pins_per_thousand, row.pins_per_thousand
    if row.is_silent:
        return "silent"
    if not average or own is None:
        return "unknown"
    return "less" if own < LESS * average else "more" if own > MORE * average else "like"


def _areas(project: Project, view: Asked) -> HttpResponse:
    found = turnout(project, view.sieve)
    return _collection(
        _feature(
            f"area:{row.part.code}",
            outline(shapely.simplify(row.part.outline, DRAWN_TOLERANCE)),
            name=row.part.name,
            step=heard_step(row, found),
        )
        for row in found.rows
    )


def _candidates(project: Project, view: Asked) -> HttpResponse:
    return _collection(
        _feature(f"candidate:{c.number}", _point(c.point.x, c.point.y), number=c.number, title=c.title, step=c.state)
        for c in candidates_of(project)
    )


def _town_layer(layer: Layer) -> Iterable[JsonObject]:
    for key, place, label in drawn(layer, FEATURES_DRAWN, in_town=True):
        shape = shapely.from_wkb(place)
        shown = shape if shape.geom_type.endswith("Point") else shapely.simplify(shape, DRAWN_TOLERANCE)
        yield _feature(f"layer:{layer.slug}:{key}", outline(shown), label=label or layer.name)


DRAWN: dict[str, Callable[[Project, Asked], HttpResponse]] = {
    PINS: _pins,
    CLUSTERS: _clusters,
    SPOTS: _spots,
    AREAS: _areas,
    CANDIDATES: _candidates,
}


def in_slot(slots: Slots) -> Callable[[Callable[P, HttpResponse]], Callable[P, HttpResponse]]:
    """Let so many draw at a time, as all heavy reads of a process do; who finds no slot free is told to ask again."""

    def around(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
        @wraps(view)
        def within(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                with slots:
                    return view(*args, **kwargs)
            except ServerBusy as busy:
                return refusal(busy)

        return within

    return around


@desk(DeskAct.SEE)
@in_slot(FEATURES)
def heat_png(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the heat map as a picture for the map; where it lies stands in the page that names it."""
    project, view, form = view_of(request, slug)
    if form.errors:
        return problem(form)
    # The page names it with the project's revision, so that it may be kept.
    return HttpResponse(heat_picture(project, view.heat, view.sieve).png, content_type="image/png", headers=KEEP)


@desk(DeskAct.SEE)
@in_slot(TILES)
def pins_tile(request: HttpRequest, slug: str, z: int, y: int, x: int) -> HttpResponse:
    """Show one vector tile of the pins that pass the filters."""
    project, view, form = view_of(request, slug)
    if form.errors:
        return problem(form)
    # Without filters these are the rows that are counted beforehand.
    rows = rows_of(project, view.sieve) if view.sieve.told() else None
    try:
        with TILES:
            content = vector_tile(public.layer_of(project, rows), z, x, y)
    except BadTile as error:
        raise Http404("no such tile") from error
    except ServerBusy as busy:
        return refusal(busy)
    return HttpResponse(
        gzip.compress(content, LEVEL, mtime=0),
        content_type="application/vnd.mapbox-vector-tile",
        headers=KEEP | {"Content-Encoding": "gzip"},
    )


@desk(DeskAct.SEE)
def view_file(request: HttpRequest, slug: str) -> HttpResponse | FileResponse:
    """Hand out one layer of this view as a file: the same settings and filters as on the screen."""
    project, view, form = view_of(request, slug)
    if form.errors:
        return problem(form)
    name, format_name = request.GET.get("layer", PINS), request.GET.get("format", "geojson")
    crs = next((crs for crs in ALL if f"EPSG:{crs.code}" == request.GET.get("crs", "EPSG:4326")), None)
    layer = _layer(project, view, name)
    if layer is None or crs is None or format_name not in formats_of(layer):
        raise Http404("no such file")
    try:
        told = partial(noted, request, layer, format_name, of=_by_default(project, name) or layer)
        return file_of(layer, format_name, crs, noted=told)
    except Problem as refused:
        return refusal(refused)


def _layer(project: Project, view: Asked, name: str) -> AnyLayer | None:
    match name:
        case "pins":
            return public.layer_of(project, rows_of(project, view.sieve))
        case "clusters" | "cluster-hulls":
            return cluster_layer(project, "points" if name == "clusters" else "hulls", view.grouping, view.sieve)
        case "hotspots":
            return spots_layer(project, view.spots, view.sieve)
        case "areas":
            return areas_layer(project, view.sieve)
        case "heat":
            return heat_layer(project, view.heat, view.sieve)
    return None


def _by_default(project: Project, name: str) -> AnyLayer | None:
    """The live layer that a view is one way to look at: who may have all its pins, may choose and group them too."""
    match name:
        case "pins":
            return public.layer_of(project, None)
        case "clusters" | "cluster-hulls":
            return cluster_layer(project, "points" if name == "clusters" else "hulls")
        case "hotspots":
            return spots_layer(project)
        case "heat":
            return heat_layer(project)
    return None


def sentence(form: SettingsForm) -> str:
    """Why these settings cannot be."""
    return " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences)


def problem(form: SettingsForm) -> HttpResponse:
    """Refuse settings that cannot be, for a machine (RFC 9457)."""
    answer = {
        "type": "about:blank",
        "title": _("This setting is not possible."),
        "status": 422,
        "code": "parameter.bad",
        "detail": sentence(form),
    }
    return JsonResponse(answer, status=422, content_type="application/problem+json")
