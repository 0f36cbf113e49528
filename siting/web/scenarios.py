"""Scenarios of a study: made, computed, side by side with the same six figures, and moved by hand."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Project
from participation.rules.roles import DeskAct
from participation.web.asking import desk, now
from participation.web.desk import clerk, desk_items
from participation.web.maps import map_config
from participation.web.words import grouped
from siting.models import Scenario, Study
from siting.models.naming import VERDICTS
from siting.rules.scenarios import Model, Source
from siting.rules.stamps import differences
from siting.selectors.outcomes import stamp_of_scenario
from siting.selectors.runs import is_lost
from siting.selectors.studies import scenario_numbered, sites_of
from siting.services import scenarios as services
from siting.web import study_pages as pages
from siting.web import study_words as words
from siting.web.studies import desk_study_of
from siting.web.study_forms import ScenarioForm


def _scenario(request: HttpRequest, slug: str, number: int, scenario: int) -> tuple[Project, Study, Scenario]:
    project, study = desk_study_of(request, slug, number)
    found = scenario_numbered(study, scenario)
    if found is None:
        raise Http404("no such scenario")
    found.study = study
    return project, study, found


@desk(DeskAct.SEE)
def compare_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the scenarios of a study side by side."""
    project, study = desk_study_of(request, slug, number)
    rows = list(study.scenarios.all())
    done = [row for row in rows if row.result]
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "study": study,
        "scenarios": rows,
        "waiting": [row for row in rows if not row.result],
        "under_way": any(row.is_under_way for row in rows),
        "columns": [_column(row) for row in done],
        "figures": side_by_side(done),
        "places": places_of(done),
        "map": _map(project, done),
    }
    return render(request, "siting/scenarios.html", context)


def _column(row: Scenario) -> dict[str, Any]:
    assert row.result is not None
    return {
        "scenario": row,
        "model": words.MODELS[Model(row.asked["model"])],
        "sentence": words.scenario_sentence(row.title, row.asked, row.result),
        "notes": [words.note(one) for one in row.result["notes"]],
    }


def figures_of(row: Scenario) -> list[dict[str, Any]]:
    """The six figures of a scenario, each with what it is made of."""
    assert row.result is not None
    got, chosen, areas = row.result["figures"], row.result["chosen"], row.result["areas"]
    cost = words.cost(got["cost_cents"])
    return [
        {
            "name": _("New places"),
            "value": str(got["n_sites"]),
            "note": cost,
            "parts": [(site["title"], site["area"]) for site in chosen],
        },
        {
            "name": _("Demand within reach"),
            "value": words.percent(got["covered_after"]),
            "note": gettext("now %(share)s") % {"share": words.percent(got["covered_before"])},
            "parts": [(demand_name(part), _of(part)) for part in row.result["demand"]],
        },
        {
            "name": _("Average distance to the nearest place"),
            "value": "–" if got["mean_m"] is None else words.metres(got["mean_m"]),
            "note": gettext("now %(metres)s") % {"metres": words.metres(got["mean_m_before"])}
            if got["mean_m_before"] is not None
            else "",
            "parts": [(gettext("Straight line, from every place of demand, by its weight"), "")],
        },
        {
            "name": _("Neighbourhoods with a place"),
            "value": gettext("%(n)s of %(all)s") % {"n": got["n_areas_with"], "all": got["n_areas"]},
            "note": gettext("new in %(n)s") % {"n": got["n_areas_chosen"]},
            "parts": [(area["name"], str(area["n_chosen"] + area["n_existing"])) for area in areas],
        },
        {
            "name": _("Average score of the places"),
            "value": "–" if got["score"] is None else words.number(round(got["score"], 2)),
            "note": gettext("by the criteria of the study"),
            "parts": [(site["title"], words.number(round(site["score"], 2))) for site in chosen],
        },
        {
            "name": _("Distance to the best possible"),
            "value": "–" if got["gap"] is None else words.percent(got["gap"]),
            "note": gettext("not computed") if got["gap"] is None else gettext("proven, at most"),
            "parts": [(words.proof_sentence(row.asked["model"], got), "")]
            + (
                []
                if got["gap"] is None
                else [
                    (gettext("this choice"), words.number(round(got["objective"], 1))),
                    (gettext("no choice can beat"), words.number(round(got["bound"], 1))),
                ]
            ),
        },
    ]


def demand_name(part: dict[str, Any]) -> str:
    """What an ingredient of the demand is called."""
    said = str(words.SOURCES[Source(part["source"])])
    return f"{said} ({part['attribute']})" if part["attribute"] else said


def _of(part: dict[str, Any]) -> str:
    return gettext("%(after)s of %(total)s, now %(before)s") % {
        name: grouped(round(part[name])) for name in ("after", "total", "before")
    }


def side_by_side(done: Sequence[Scenario]) -> list[dict[str, Any]]:
    """The six figures as rows, a cell for each scenario."""
    columns = [figures_of(row) for row in done]
    return [{"name": cells[0]["name"], "cells": cells} for cells in zip(*columns, strict=True)]


def places_of(done: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Every place that some scenario has, with its turn in each; those not in all of them first."""
    rows: dict[int, dict[str, Any]] = {}
    for at, scenario in enumerate(done):
        assert scenario.result is not None
        for turn, site in enumerate(scenario.result["chosen"], start=1):
            row = rows.setdefault(
                site["number"], {"title": site["title"], "area": site["area"], "turns": ["–"] * len(done), "n": 0}
            )
            row["turns"][at] = str(turn)
            row["n"] += 1
            row["number"] = site["number"]
    found = sorted(rows.values(), key=lambda row: (row["n"], row["title"]))
    for row in found:
        row["in_all"] = row["n"] == len(done)
    return found


def _map(project: Project, done: Sequence[Scenario]) -> dict[str, Any] | None:
    """The differences on one map: places in all scenarios full, the others hollow; what is written is the scenarios."""
    if project.area is None or not done:
        return None
    spots: dict[tuple[int, float, float], list[int]] = {}
    titles = {}
    for scenario in done:
        assert scenario.result is not None
        for site in scenario.result["chosen"]:
            spots.setdefault((site["number"], site["lon"], site["lat"]), []).append(scenario.number)
            titles[site["number"]] = site["title"]
    pins = [
        {
            "number": number,
            "title": f"{titles[number]}: {', '.join(str(n) for n in inside)}",
            "text": "·".join(str(n) for n in inside) if len(inside) < len(done) else "✓",
            "lon": lon,
            "lat": lat,
            "later": len(inside) < len(done),
        }
        for (number, lon, lat), inside in spots.items()
    ]
    return map_config(project, tiles=None, pins=pins, apart=1, **pages.bounds_of(pins))


@desk(DeskAct.SITE)
def new_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask for a scenario."""
    project, study = desk_study_of(request, slug, number)
    sites = sites_of(study)
    form = ScenarioForm(request.POST or None, layers=pages.current_layers(project), sites=sites)
    if request.method == "POST" and form.is_valid():
        services.create_scenario(
            study=study, title=form.cleaned_data["title"], wanted=form.wanted(), by=clerk(request), now=now()
        )
        return redirect("desk_scenarios", slug=slug, number=number)
    context = {"project": project, "desk_items": desk_items(request, project), "study": study, "form": form}
    return render(request, "siting/scenario_new.html", context, status=422 if form.errors else 200)


class MoveForm(forms.Form):
    """Where a place must go."""

    site = forms.TypedChoiceField(label=_("Which place"), coerce=int)
    lon = forms.FloatField(label=_("Longitude"), min_value=-180, max_value=180, widget=forms.TextInput)
    lat = forms.FloatField(label=_("Latitude"), min_value=-85, max_value=85, widget=forms.TextInput)

    def __init__(self, *args: Any, chosen: Sequence[dict[str, Any]], **kwargs: Any) -> None:
        """Offer the places of the scenario."""
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(site["number"]), site["title"]) for site in chosen]


@desk(DeskAct.SEE)
def scenario_page(request: HttpRequest, slug: str, number: int, scenario: int) -> HttpResponse:
    """Show one scenario: its figures opened, its places in the order of building, and every neighbourhood."""
    project, study, row = _scenario(request, slug, number, scenario)
    context: dict[str, Any] = {
        "project": project,
        "desk_items": desk_items(request, project),
        "study": study,
        "scenario": row,
        "model": words.MODELS[Model(row.asked["model"])],
        "failure": words.failure(row.failure),
        "is_lost": is_lost(row, now=now()),
    }
    if row.result:
        names = pages.layer_names(project)
        context |= _column(row) | _opened(project, row) | {"form": _move_form(request, row)}
        context["changed"] = words.changed(differences(row.stamp, stamp_of_scenario(row)), names)
    return render(request, "siting/scenario.html", context)


def _move_form(request: HttpRequest, row: Scenario) -> MoveForm:
    """The form to move a place, with where it lies now when one was named."""
    assert row.result is not None
    asked, chosen = request.GET.get("site", ""), row.result["chosen"]
    site = next((one for one in chosen if str(one["number"]) == asked), chosen[0] if chosen else None)
    initial = {"site": site["number"], "lon": site["lon"], "lat": site["lat"]} if site else {}
    return MoveForm(chosen=row.result["chosen"], initial=initial)


def _opened(project: Project, row: Scenario) -> dict[str, Any]:
    assert row.result is not None
    total = sum(area["weight"] for area in row.result["areas"])
    pins = [
        {"number": turn, "title": site["title"], "lon": site["lon"], "lat": site["lat"], "later": False}
        for turn, site in enumerate(row.result["chosen"], start=1)
    ]
    return {
        "figures": figures_of(row),
        "chosen": [
            {
                "turn": turn,
                "site": site,
                "gain": words.gain(row.asked["model"], site["gain"]),
                "total": words.gain(row.asked["model"], site["total"]),
                "score": words.number(round(site["score"], 2)),
                "verdict": VERDICTS[site["verdict"]],
            }
            for turn, site in enumerate(row.result["chosen"], start=1)
        ],
        "areas": [
            {
                "area": area,
                "share": words.percent(area["weight"] / total) if total else "–",
                "before": words.percent(area["before"] / area["weight"]) if area["weight"] else "–",
                "after": words.percent(area["after"] / area["weight"]) if area["weight"] else "–",
            }
            for area in row.result["areas"]
        ],
        "map": map_config(project, tiles=None, apart=1, pins=pins, **pages.bounds_of(pins)) if project.area else None,
    }


@desk(DeskAct.SEE)
def progress_page(request: HttpRequest, slug: str, number: int, scenario: int) -> HttpResponse:
    """Say how far a scenario is."""
    _project, _study, row = _scenario(request, slug, number, scenario)
    response = render(request, "siting/run_progress.html", {"run": row, "address": request.path})
    if not row.is_under_way or is_lost(row, now=now()):
        response["HX-Refresh"] = "true"
    return response


@require_POST
@desk(DeskAct.SITE)
def act(request: HttpRequest, slug: str, number: int, scenario: int) -> HttpResponse:
    """Start a scenario again, stop it, delete it, or move one of its places."""
    _project, _study, row = _scenario(request, slug, number, scenario)
    match request.POST.get("act"):
        case "start":
            services.start_scenario(scenario=row, by=clerk(request), now=now())
        case "stop":
            services.stop_scenario(scenario=row, by=clerk(request), now=now())
        case "drop":
            services.drop_scenario(scenario=row, by=clerk(request))
            return redirect("desk_scenarios", slug=slug, number=number)
        case "move" if row.result:
            return _moved(request, row)
    return redirect("desk_scenario", slug=slug, number=number, scenario=scenario)


def _moved(request: HttpRequest, row: Scenario) -> HttpResponse:
    assert row.result is not None
    slug, number = row.study.project.slug, row.study.number
    form = MoveForm(request.POST, chosen=row.result["chosen"])
    if not form.is_valid():
        messages.error(request, gettext("Choose a place, and give its new longitude and latitude as numbers."))
        return redirect("desk_scenario", slug=slug, number=number, scenario=row.number)
    before = row.result["figures"]["covered_after"]
    moved = services.move_site(
        scenario=row,
        number=form.cleaned_data["site"],
        lon=form.cleaned_data["lon"],
        lat=form.cleaned_data["lat"],
        title=gettext("%(title)s, moved by hand") % {"title": row.title[:80]},
        by=clerk(request),
        clock=now,
    )
    if moved.result:
        shares = {"before": words.percent(before), "after": words.percent(moved.result["figures"]["covered_after"])}
        messages.success(request, gettext("Demand within reach: %(after)s; before the move %(before)s.") % shares)
    return redirect("desk_scenario", slug=slug, number=number, scenario=moved.number)
