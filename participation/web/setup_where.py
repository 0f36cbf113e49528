"""The two steps of a project's set-up that are more than a form: its area on the map, its phases with their dates."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import shapely
from django.contrib.gis.geos import MultiPolygon
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, localtime, make_aware
from django.utils.translation import gettext_lazy as _

from participation.models import Phase, Project
from participation.rules.phases import PhaseKind
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.templates import PRESETS, Step
from participation.selectors.closing import is_frozen
from participation.selectors.projects import Standing
from participation.selectors.proposals import public_proposals, supported_by
from participation.selectors.setup import areas_of, phases_of
from participation.selectors.zones import settings_of
from participation.services.importing.areas import surface
from participation.services.setup import (
    PhaseRow,
    add_phases,
    area_of_neighbourhoods,
    remove_phase,
    set_phases,
)
from participation.services.zones import set_ground
from participation.web.asking import desk, now, town_of
from participation.web.desk import clerk
from participation.web.files import places_in
from participation.web.filters import SORT_NAMES, Filters
from participation.web.form_summary import form_summary
from participation.web.maps import map_config, town_map
from participation.web.projects import process_context
from participation.web.sentences import moment as moment_said
from participation.web.setup import as_sent, asked_project, kept, next_monday, page
from participation.web.setup_forms import AreaForm, languages_of
from participation.web.zone_forms import PlaceForm, drawing_of

KIND_NAMES = {
    PhaseKind.INFORM: _("inform"),
    PhaseKind.PROPOSE: _("propose"),
    PhaseKind.DISCUSS: _("discuss"),
    PhaseKind.SHORTLIST: _("shortlist"),
    PhaseKind.VOTE: _("vote"),
    PhaseKind.DECIDE: _("decide"),
    PhaseKind.ROLL_OUT: _("roll out"),
}
PRESET_NAMES = {
    "propose_vote": _("propose, shortlist, vote, decide, roll out"),
    "vote": _("inform, vote, decide, roll out"),
    "ask": _("inform, ask questions, decide"),
    "discuss": _("inform, propose, discuss, decide"),
    "all": _("all seven, one after the other"),
}
# A new phase lasts so long until somebody says otherwise.
NEW_PHASE_DAYS = 21
# The outline is drawn, not measured: a tenth of a metre is enough.
_DRAWN_DEGREES = 0.00001
PROPOSALS_SHOWN = 30


# --- area -----------------------------------------------------------------------------------------------------------


@desk(DeskAct.SETUP)
def area(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask where proposals may lie: the town, neighbourhoods, a drawing, a file, or no place at all."""
    project = asked_project(request, slug)
    town = town_of(request)
    source = project.area_source
    initial = {"kind": source.get("kind", "none" if project.area is None else "town"), "areas": source.get("codes", [])}
    initial["corners"] = _corners(project) if initial["kind"] == "drawn" else ""
    choices = [(row.code, row.name) for row in areas_of(town)]
    form = AreaForm(request.POST or None, request.FILES or None, initial=initial, areas=choices)
    asked = PlaceForm(request.POST or None, now=settings_of(project))
    refused = None
    if request.method == "POST" and form.is_valid() and asked.is_valid():
        try:
            found, how = _chosen_area(request, project, form)
            set_ground(project=project, area=found, source=how, places=asked.settings(), by=clerk(request))
            return kept(request, project, "area")
        except Refused as why:
            refused = why
    config = town_map(town) | {"tiles": None}
    if project.area is not None:
        config |= {"outline": json.loads(project.area.geojson), "bounds": list(project.area.extent)}
    return page(request, project, "area", {"form": form, "asked": asked, "map": config, "source": source}, refused)


def _corners(project: Project) -> str:
    if project.area is None or len(project.area) != 1:
        return ""
    ring = list(project.area[0][0].coords)[:-1]
    return "\n".join(f"{lat:.6f}, {lon:.6f}" for lon, lat, *_rest in ring)


def _chosen_area(
    request: HttpRequest, project: Project, form: AreaForm
) -> tuple[MultiPolygon | None, Mapping[str, object]]:
    """The area that was asked for, and how; the file that was read before stays where none is given.

    Refuses  setup.area_missing, area.not_a_surface, file.unreadable.
    """
    kind, town = form.cleaned_data["kind"], town_of(request)
    if kind == "none":
        return None, {"kind": kind}
    if kind == "town" and town.outline is not None:
        return town.outline, {"kind": kind}
    if kind == "areas":
        codes = form.cleaned_data["areas"]
        found = area_of_neighbourhoods(town, codes)
        if found is not None:
            return found, {"kind": kind, "codes": codes}
    if kind == "drawn":
        return surface(drawing_of(form.cleaned_data["corners"]))[0], {"kind": kind}
    if kind == "file":
        file = form.cleaned_data["file"]
        if file:
            return _read(file, form.cleaned_data["crs"]), {"kind": kind, "name": str(file.name)[-100:]}
        if project.area is not None and project.area_source.get("kind") == kind:
            return project.area, project.area_source
    raise Refused(Code.SETUP_AREA_MISSING)


def _read(file: "UploadedFile[Any]", crs: str) -> MultiPolygon:
    """Join the surfaces of a stranger's file."""
    shapes = [taken.geometry for taken in places_in(file, crs)]
    surfaces = [shape for shape in map(shapely.make_valid, shapes) if shape.area > 0]
    return surface(shapely.union_all(surfaces) if surfaces else None)[0]


# --- phases ---------------------------------------------------------------------------------------------------------


def _typed(text: str) -> datetime | None:
    try:
        found = parse_datetime(text.strip()[:40])
    except ValueError:
        found = None
    return make_aware(found) if found and is_naive(found) else found


def _rows(request: HttpRequest, project: Project) -> list[PhaseRow]:
    """The rows of the form, in the order they stood there; a time that cannot be read stays as it was."""
    known = {phase.pk: phase for phase in phases_of(project)}
    languages = [code for code, _name in languages_of(project.organisation)]
    rows = []
    for text in request.POST.getlist("phase")[:50]:
        phase = known.get(int(text)) if text.isdecimal() and len(text) < 12 else None
        if phase is None:
            raise Refused(Code.SETUP_PHASE_UNKNOWN)
        name = {code: request.POST.get(f"{phase.pk}-name-{code}", phase.name.get(code, ""))[:200] for code in languages}
        opens_at = _typed(request.POST.get(f"{phase.pk}-opens", "")) or phase.opens_at
        # A page shows minutes; what was not touched keeps its seconds.
        if _minute(opens_at) == _minute(phase.opens_at):
            opens_at = phase.opens_at
        closes = request.POST.get(f"{phase.pk}-closes", "")
        closes_at = (_typed(closes) or phase.closes_at) if closes.strip() else None
        if closes_at and phase.closes_at and _minute(closes_at) == _minute(phase.closes_at):
            closes_at = phase.closes_at
        rows.append(PhaseRow(phase.pk, name, opens_at, closes_at))
    return rows


def _minute(at: datetime) -> str:
    return localtime(at).strftime("%Y-%m-%dT%H:%M")


def _moved(rows: list[PhaseRow], key: int, by: int) -> list[PhaseRow]:
    at = next((index for index, row in enumerate(rows) if row.key == key), None)
    if at is not None and 0 <= at + by < len(rows):
        rows[at], rows[at + by] = rows[at + by], rows[at]
    return rows


@desk(DeskAct.SETUP)
def phases(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask which phases there are, in which order, with their dates."""
    project = asked_project(request, slug)
    moment, refused = now(), None
    if request.method == "POST":
        act, _colon, about = request.POST.get("act", "").partition(":")
        key = int(about) if about.isdecimal() and len(about) < 12 else 0
        try:
            rows = _rows(request, project)
            if act in {"up", "down"}:
                rows = _moved(rows, key, -1 if act == "up" else 1)
            set_phases(project=project, rows=rows, by=clerk(request), now=moment)
            if act == "remove":
                remove_phase(project=project, key=key, by=clerk(request), now=moment)
            elif act == "add" and request.POST.get("kind") in list(PhaseKind):
                steps: tuple[Step, ...] = (Step(PhaseKind(request.POST["kind"]), 0, NEW_PHASE_DAYS),)
                add_phases(project=project, steps=steps, starts_at=_after(project, moment), by=clerk(request))
            elif act == "preset" and request.POST.get("preset") in PRESETS:
                steps = PRESETS[request.POST["preset"]]
                add_phases(project=project, steps=steps, starts_at=_after(project, moment), by=clerk(request))
            if act:
                return redirect("desk_setup_phases", slug=slug)
            return kept(request, project, "phases")
        except Refused as why:
            refused = why
    languages = languages_of(project.organisation)
    found, typed = phases_of(project), as_sent(request, refused)
    # In the order they were sent in, too.
    sent = {key: at for at, key in enumerate(request.POST.getlist("phase"))} if refused else {}
    found.sort(key=lambda phase: sent.get(str(phase.pk), len(sent)))
    context = {
        "rows": [_row(phase, project, moment, languages, n, len(found), typed) for n, phase in enumerate(found, 1)],
        "kinds": [(kind.value, said) for kind, said in KIND_NAMES.items()],
        "presets": list(PRESET_NAMES.items()),
    }
    return page(request, project, "phases", context, refused)


def _after(project: Project, moment: datetime) -> datetime:
    """When a new phase begins: when the last one ends, else next Monday at nine."""
    last = max((phase.closes_at or phase.opens_at + timedelta(days=1) for phase in phases_of(project)), default=None)
    return last if last and last > moment else next_monday(moment)


def _row(
    phase: Phase,
    project: Project,
    moment: datetime,
    languages: list[tuple[str, str]],
    number: int,
    n: int,
    typed: Callable[[str, Any], Any],
) -> dict[str, object]:
    began = project.state != Project.State.DRAFT and phase.opens_at <= moment
    return {
        "phase": phase,
        "number": number,
        "kind": KIND_NAMES[PhaseKind(phase.kind)],
        "names": [(c, name, typed(f"{phase.pk}-name-{c}", phase.name.get(c, ""))) for c, name in languages],
        "opens": typed(f"{phase.pk}-opens", _minute(phase.opens_at)),
        "closes": typed(f"{phase.pk}-closes", _minute(phase.closes_at) if phase.closes_at else ""),
        "began": began,
        "frozen": phase.kind == PhaseKind.VOTE and is_frozen(phase),
        "is_first": number == 1,
        "is_last": number == n,
    }


# --- preview --------------------------------------------------------------------------------------------------------


@desk(DeskAct.WORDS)
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the public page to staff, as it looks now or when a phase opens."""
    project = asked_project(request, slug)
    rows = phases_of(project)
    asked = next((phase for phase in rows if str(phase.pk) == request.GET.get("phase", "")), None)
    moment = asked.opens_at if asked else now()
    context = process_context(request, project, Standing(rows, moment))
    proposals = list(supported_by(public_proposals(project), request.user).order_by("number")[:PROPOSALS_SHOWN])
    pins = [
        {"number": row.number, "title": row.title, "lon": row.point.x, "lat": row.point.y}
        for row in proposals
        if row.point
    ]
    context |= {
        "filters": Filters(),
        "sorts": {name: said for name, said in SORT_NAMES.items() if name != "drawn"},
        "map": map_config(project, tiles=None, pins=pins) if project.area else None,
        "proposals": proposals,
        "n_found": len(proposals),
        "seen_at": moment_said(moment) if asked else "",
    }
    if context["is_form_alone"]:
        context |= form_summary(project, Standing(rows, moment)) | {"preview_of": "participation/project_form.html"}
    return render(request, "participation/setup_preview.html", context)
