"""The planner's workbench: everything residents asked for, on one map, in lists and in figures, filtered together."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.vary import vary_on_headers

from geo.export import FEATURE_FORMATS
from participation import public
from participation.models import Project
from participation.rules.roles import DeskAct
from participation.web.asking import desk, may_do, now
from participation.web.desk import desk_items
from participation.web.maps import map_config
from siting.models import Layer
from siting.rules.settings import (
    GROUP_PINS,
    LEAST_MIN_COUNT,
    MAX_BANDWIDTH_M,
    MAX_CELL_M,
    MAX_RADIUS_M,
    MIN_BANDWIDTH_M,
    MIN_CELL_M,
    MIN_RADIUS_M,
    MOST_MIN_COUNT,
    Sieve,
)
from siting.selectors.clusters import people_in
from siting.selectors.demand import measured_demand
from siting.selectors.figures import Figures, figures, last_day
from siting.selectors.heard import turnout
from siting.selectors.hotspots import SpotMap, Verdict, hot_spots
from siting.selectors.kept import latest_runs, run_of, saved_clusters
from siting.selectors.layers import current_layers
from siting.web.asked import AREAS, CANDIDATES, HEAT, LAYER, OWN_LAYERS, PINS, SPOTS, Asked, Seen, SettingsForm
from siting.web.downloads import PLANES, format_name
from siting.web.drawn import CLUSTERS_DRAWN, grouping_of, sentence, view_of
from siting.web.inspector import inspected, part_names
from siting.web.legend import AREA_STEPS, CANDIDATE_STEPS, LAYER_COLOURS, SPOT_STEPS, heat_key, pins_key

# So many rows are read by people; the files hold them all.
CLUSTERS_LISTED, SPOTS_LISTED, PINS_A_PAGE = 100, 50, 25

Context = dict[str, Any]


@vary_on_headers("HX-Request")
@desk(DeskAct.SEE)
def map_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the workbench; asked by a moving slider, only what the settings change."""
    project, view, form = view_of(request, slug)
    status = 422 if form.errors else 200
    context: Context = {"project": project, "desk_items": desk_items(request, project), "form": form}
    if project.area is None:
        return render(request, "siting/map_none.html", context, status=status)
    context |= {
        "asked": view,
        "sentence": sentence(form),
        "may_keep": may_do(request, DeskAct.SITE, project),
        "may_run": may_do(request, DeskAct.EXPORT, project),
    } | results(project, view)
    if request.headers.get("HX-Request"):
        return render(request, "siting/map_results.html", context, status=status)
    context |= {
        "map": map_config(project),
        "addresses": {
            "page": reverse("desk_map", args=(slug,)),
            "clusters": reverse("desk_drawn", args=(slug, "clusters")),
            "file": reverse("desk_view_file", args=(slug,)),
        },
        "layers": {name: name in view.show for name in OWN_LAYERS},
        "sliders": _sliders(view, form),
        "there": form.there,
        "group_pins": GROUP_PINS,
        "formats": [(name, format_name(name)) for name in FEATURE_FORMATS],
        "planes": list(PLANES.items()),
    }
    return render(request, "siting/map.html", context, status=status)


def results(project: Project, view: Asked) -> Context:
    """Everything that changes with the settings and filters."""
    found = grouping_of(project, view)
    shown = figures(project, view.sieve)
    layers = list(current_layers(project.organisation))
    context: Context = {
        "found": found,
        "figures": _bars(shown, view),
        "inspected": inspected(project, view, found, layers),
        "turnout": _heard(project, view),
        "town_layers": _town_layers(view, layers),
        "run": run_of(project, view.run),
        "runs": latest_runs(project),
        "n_saved": saved_clusters(project).count(),
        "query": view.query(),
        "clear_query": view.query(sieve=Sieve()),
        "drawn": json.dumps(_drawn(project, view, shown, layers)),
        "spots": hot_spots(project, view.spots, view.sieve) if SPOTS in view.show else None,
        "heat": heat_key(project, view) if HEAT in view.show else None,
        "spot_steps": SPOT_STEPS,
        "area_steps": AREA_STEPS,
        "candidate_steps": CANDIDATE_STEPS,
    }
    context["spot_rows"] = _spot_rows(project, view, context["spots"])
    return context | _cluster_rows(project, view, context) | _pin_rows(project, view)


def _spot_rows(project: Project, view: Asked, found: SpotMap | None) -> list[Context]:
    """The hexagons that stand out, the most unusual first: what the map shows, in words."""
    listed = sorted((spot for spot in found.spots if spot.sure), key=lambda spot: -spot.z) if found else []
    listed = listed[:SPOTS_LISTED]
    middles = [spot.outline.centroid for spot in listed]
    names = part_names(project, [middle.x for middle in middles], [middle.y for middle in middles])
    rows = []
    for spot, part in zip(listed, names, strict=True):
        see = Seen("hex", "", spot.number)
        rows.append(
            {
                "spot": spot,
                "part": part,
                "is_hot": spot.verdict is Verdict.HOT,
                "see": str(see),
                "query": view.query(see=see),
                "is_chosen": see == view.see,
            }
        )
    return rows


def _cluster_rows(project: Project, view: Asked, context: Context) -> Context:
    found, looked_at = context["found"], context["inspected"]
    n_people = people_in(project, found)
    listed = found.groups[:CLUSTERS_LISTED]
    names = part_names(project, [c.lon for c in listed], [c.lat for c in listed]) if listed else []
    chosen = looked_at["cluster"] if looked_at and looked_at["kind"] == "cluster" else None
    rows = []
    for cluster, part in zip(listed, names, strict=True):
        see = Seen("cluster", "", cluster.pin)
        rows.append(
            {
                "cluster": cluster,
                "part": part,
                "n_people": n_people[cluster.number - 1],
                "see": str(see),
                "query": view.query(see=see),
                "is_chosen": cluster is chosen,
            }
        )
    return {
        "rows": rows,
        "n_more": len(found.groups) - len(listed),
        "n_drawn": CLUSTERS_DRAWN if len(found.groups) > CLUSTERS_DRAWN else None,
    }


def _pin_rows(project: Project, view: Asked) -> Context:
    """The pins with most supporters first, a page at a time."""
    pins = measured_demand(project, view.sieve)
    order = pins.numbers[np.argsort(-pins.n_supports, kind="stable")]
    page = Paginator(order, PINS_A_PAGE).get_page(view.page)
    rows = []
    for place in public.asked_places(project, [int(number) for number in page.object_list]):
        see = Seen("pin", "", place.number)
        rows.append({"place": place, "see": str(see), "query": view.query(see=see), "is_chosen": see == view.see})
    return {
        "pin_rows": rows,
        "pin_page": page,
        "previous_query": view.query(page=page.number - 1) if page.has_previous() else "",
        "next_query": view.query(page=page.number + 1) if page.has_next() else "",
    }


def _bars(shown: Figures, view: Asked) -> Context:
    """The figures as bars that lead on: a neighbourhood opens, a theme and a time filter."""
    sieve = view.sieve
    areas = [
        {"bar": bar, "see": f"area:{bar.name}", "query": view.query(see=Seen("area", bar.name))} for bar in shown.areas
    ]
    themes = [
        {"bar": bar, "theme": theme, "query": view.query(sieve=replace(sieve, theme=theme.slug)) if theme else ""}
        for theme, bar in shown.themes
    ]
    times = [
        {
            "bar": bar,
            "query": view.query(sieve=replace(sieve, since=bar.first_day, until=last_day(bar, shown.step))),
            "x": at,
        }
        for at, bar in enumerate(shown.times)
    ]
    tops = {
        "top_area": max((bar.n_pins for bar in shown.areas), default=0),
        "top_theme": max((bar.n_pins for _theme, bar in shown.themes), default=0),
        "top_time": max((bar.n_pins for bar in shown.times), default=0),
    }
    return {"shown": shown, "areas": areas, "themes": themes, "times": times} | tops


def _heard(project: Project, view: Asked) -> Context:
    """Who takes part where, and in which phase that is."""
    moment = now()
    found = turnout(project, view.sieve)
    running = [
        phase
        for phase in project.phases.all()
        if phase.opens_at <= moment and (phase.closes_at is None or moment < phase.closes_at)
    ]
    return {
        "rows": [
            {"row": row, "see": f"area:{row.part.code}", "query": view.query(see=Seen("area", row.part.code))}
            for row in found.rows
        ],
        "found": found,
        "silent": [row.part.name for row in found.rows if row.is_silent],
        "phase": running[-1] if running else None,
        "n_voters": public.turnout(project, moment),
    }


def _drawn(project: Project, view: Asked, shown: Figures, layers: list[Layer]) -> dict[str, Any]:
    """Where the map finds each layer that is ticked, and how it looks; the addresses change when the answer does."""
    filters = view.sieve.told()

    def address(name: str, **settings: object) -> str:
        query = urlencode({**settings, **filters, "v": project.revision})
        return f"{reverse('desk_drawn', args=(project.slug, name))}?{query}"

    weigh = view.grouping.weigh.value
    drawn: dict[str, Any] = {}
    if PINS in view.show:
        drawn[PINS] = pins_key(project, view, shown.n_pins, address(PINS))
    if HEAT in view.show and (key := heat_key(project, view)) and key["steps"]:
        drawn[HEAT] = {"image": key["src"], "bounds": key["bounds"]}
    if SPOTS in view.show:
        drawn[SPOTS] = {
            "url": address(SPOTS, cell_m=int(view.spots.cell_m), weigh=weigh),
            "under": True,
            "steps": {step.name: step.style for step in SPOT_STEPS},
        }
    if AREAS in view.show:
        drawn[AREAS] = {
            "url": address(AREAS),
            "under": True,
            "label": "name",
            "steps": {step.name: step.style for step in AREA_STEPS},
        }
    if CANDIDATES in view.show:
        url = reverse("desk_drawn", args=(project.slug, CANDIDATES))
        drawn[CANDIDATES] = {"url": url, "mark": "number", "className": "ks-candidate"}
    for at, layer in enumerate(layers):
        if (name := LAYER + layer.slug) in view.show:
            colour = LAYER_COLOURS[at % len(LAYER_COLOURS)]
            url = f"{reverse('desk_drawn', args=(project.slug, name))}?v={layer.pk}"
            drawn[name] = {"url": url, "colour": colour, "label": "label"}
    return drawn


def _town_layers(view: Asked, layers: list[Layer]) -> list[Context]:
    return [
        {
            "name": LAYER + layer.slug,
            "layer": layer,
            "is_shown": LAYER + layer.slug in view.show,
            "colour": LAYER_COLOURS[at % len(LAYER_COLOURS)],
        }
        for at, layer in enumerate(layers)
    ]


def _sliders(view: Asked, form: SettingsForm) -> dict[str, Context]:
    """What each slider shows: as set where it can be, else as it was written, with the reason why not."""
    limits = {
        "radius_m": (MIN_RADIUS_M, MAX_RADIUS_M, int(view.grouping.radius_m)),
        "min_count": (LEAST_MIN_COUNT, MOST_MIN_COUNT, view.grouping.min_count),
        "bandwidth_m": (MIN_BANDWIDTH_M, MAX_BANDWIDTH_M, int(view.heat.bandwidth_m)),
        "cell_m": (MIN_CELL_M, MAX_CELL_M, int(view.spots.cell_m)),
    }
    return {
        name: {"name": name, "least": least, "most": most, "value": value, "errors": form.errors.get(name, [])}
        for name, (least, most, value) in limits.items()
    }
