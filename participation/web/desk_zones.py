"""The desk's pages of places: zones with their rules, the inventory with what its owners say, one exact place."""

import json
from collections.abc import Sequence

import shapely
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST
from shapely.geometry.base import BaseGeometry

from geo.intake.apart import Taken
from participation.models import InventoryObject, Project
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.zones import ZoneKind
from participation.selectors.zones import exact_place, inventory_of, objects_called, zones_of
from participation.services.zones import (
    ObjectRow,
    ZoneRow,
    add_zones,
    change_zone,
    load_inventory,
    note_exact_place_seen,
    remove_object,
    remove_zone,
    set_permission,
)
from participation.web.asking import desk, may_do
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.files import places_in
from participation.web.maps import around, map_config
from participation.web.places import KIND_NAMES, object_pins, on_map, zones_drawn
from participation.web.proposals import proposal_or_404
from participation.web.sentences import refusal, status_of
from participation.web.setup_forms import languages_of
from participation.web.zone_forms import InventoryForm, NewZoneForm, ZoneForm, drawing_of

A_PAGE, DRAWN = 50, 2000
KEY_DIGITS = 10


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < KEY_DIGITS else 0


# --- zones ----------------------------------------------------------------------------------------------------------


@desk(DeskAct.SETUP)
def zones_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the zones of a project on the map and in words; a POST adds, changes or removes some."""
    project = desk_project(request, slug)
    languages = languages_of(project.organisation)
    act = request.POST.get("act", "")
    adds, key = act == "add", request.POST.get("zone", "")
    form = NewZoneForm(request.POST if adds else None, request.FILES if adds else None, languages=languages)
    refused = None
    if request.method == "POST":
        try:
            if adds and form.is_valid():
                n = add_zones(project=project, zones=_new_zones(form), by=clerk(request))
                messages.success(request, ngettext("%(n)s zone was added.", "%(n)s zones were added.", n) % {"n": n})
                return redirect("desk_zones", slug=slug)
            if act in {"keep", "remove"} and _changed(request, project, languages, act):
                messages.success(request, gettext("It was kept."))
                return redirect("desk_zones", slug=slug)
        except Refused as why:
            refused = why
    zones = list(zones_of(project))
    config = map_config(project, tiles=None, **on_map(zones_drawn(zones)))
    if project.area is not None:
        config |= {"outline": json.loads(project.area.geojson), "areas": None}
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "form": form,
        "refusal": refusal(refused) if refused else None,
        "zones": [
            {
                "zone": zone,
                "rule": KIND_NAMES[ZoneKind(zone.kind)],
                # After a refusal as it was sent, so that nothing typed is lost.
                "is_open": (is_this := refused is not None and act == "keep" and _number(key) == zone.pk),
                "form": ZoneForm(
                    request.POST if is_this else None,
                    languages=languages,
                    initial=ZoneForm.initial_of(zone.kind, zone.name, zone.why),
                    auto_id=f"id_{zone.pk}_%s",
                ),
            }
            for zone in zones
        ],
        "map": config if project.area is not None else None,
    }
    status = status_of(refused) if refused else 422 if form.errors else 200
    return render(request, "participation/desk_zones.html", context, status=status)


def _changed(request: HttpRequest, project: Project, languages: Sequence[tuple[str, str]], act: str) -> bool:
    key = _number(request.POST.get("zone", ""))
    if act == "remove":
        remove_zone(project=project, key=key, by=clerk(request))
        return True
    form = ZoneForm(request.POST, languages=languages)
    if not form.is_valid():
        raise Refused(Code.ZONE_NAME_MISSING, {"max": form.fields[f"name_{languages[0][0]}"].max_length})  # type: ignore[attr-defined]
    change_zone(project=project, key=key, row=form.row(), by=clerk(request))
    return True


def _new_zones(form: NewZoneForm) -> list[tuple[ZoneRow, BaseGeometry]]:
    """What was drawn, or the surfaces of the file: one zone, or one for each name in a column.

    Refuses  area.not_a_surface, file.unreadable, file.field_unknown.
    """
    given = form.cleaned_data
    if not given["file"]:
        return [(form.row(), drawing_of(given["corners"]))]
    taken = places_in(given["file"], given["crs"])
    column = given["name_field"]
    if column:
        _require_column(taken, column)
    by_name: dict[str, list[BaseGeometry]] = {}
    for one in taken:
        name = str(one.attributes.get(column) or "") if column else ""
        by_name.setdefault(name, []).append(shapely.make_valid(one.geometry))
    return [(form.row(name), shapely.union_all(shapes)) for name, shapes in by_name.items()]


def _require_column(taken: Sequence[Taken], column: str) -> None:
    known = {name for one in taken for name in one.attributes}
    if column not in known:
        raise Refused(Code.FIELD_UNKNOWN, {"field": column, "fields": sorted(known)[:30]})


# --- inventory ------------------------------------------------------------------------------------------------------


@desk(DeskAct.SEE)
def inventory_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the objects that may be proposed: whose they are, what the owner says, how often they were proposed."""
    return _inventory(request, desk_project(request, slug), InventoryForm(None))


def _inventory(
    request: HttpRequest, project: Project, form: InventoryForm, refused: Refused | None = None
) -> HttpResponse:
    text = request.GET.get("q", "")[:100].replace("\x00", "")
    permission = request.GET.get("permission", "")
    rows = objects_called(inventory_of(project), text)
    if permission in InventoryObject.Permission.values:
        rows = rows.filter(permission=permission)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "form": form,
        "refusal": refusal(refused) if refused else None,
        "page": page,
        "objects": list(page.object_list),
        "n_found": page.paginator.count,
        "text": text,
        "permissions": InventoryObject.Permission.choices,
        "permission": permission,
        "may_set_up": may_do(request, DeskAct.SETUP, project),
        "may_moderate": may_do(request, DeskAct.MODERATE, project),
        "map": map_config(project, tiles=None, detail=None, pins=object_pins(rows[:DRAWN])) if project.area else None,
    }
    status = status_of(refused) if refused else 422 if form.errors else 200
    return render(request, "participation/desk_inventory.html", context, status=status)


@require_POST
@desk(DeskAct.SETUP)
def inventory_change(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a file of objects in, or take one off the list."""
    project = desk_project(request, slug)
    if number := _number(request.POST.get("remove", "")):
        remove_object(project=project, number=number, by=clerk(request))
        return redirect("desk_inventory", slug=slug)
    form = InventoryForm(request.POST, request.FILES)
    if not form.is_valid():
        return _inventory(request, project, form)
    try:
        n, n_outside = load_inventory(project=project, rows=_object_rows(form), by=clerk(request))
    except Refused as refused:
        return _inventory(request, project, form, refused)
    messages.success(request, ngettext("%(n)s object is there.", "%(n)s objects are there.", n) % {"n": n})
    if n_outside:
        said = ngettext("%(n)s lies outside the area.", "%(n)s lie outside the area.", n_outside)
        messages.warning(request, said % {"n": n_outside})
    return redirect("desk_inventory", slug=slug)


def _object_rows(form: InventoryForm) -> list[ObjectRow]:
    """The objects of the file.

    Refuses  file.unreadable, file.field_unknown.
    """
    given = form.cleaned_data
    taken = places_in(given["file"], given["crs"])
    columns = {name: given[f"{name}_field"] for name in ("name", "owner", "key")}
    _require_column(taken, columns["name"])
    if columns["key"]:
        _require_column(taken, columns["key"])

    def said(one: Taken, what: str) -> str:
        value = one.attributes.get(columns[what]) if columns[what] else None
        return "" if value is None else str(value)

    return [
        ObjectRow(said(one, "key") or said(one, "name") or f"{one.key}", said(one, "name"), said(one, "owner"), place)
        for one in taken
        if (place := one.geometry) is not None
    ]


@require_POST
@desk(DeskAct.MODERATE)
def inventory_permission(request: HttpRequest, slug: str) -> HttpResponse:
    """Note what the owner of an object says."""
    project = desk_project(request, slug)
    permission = request.POST.get("permission", "")
    set_permission(
        project=project, number=_number(request.POST.get("number", "")), permission=permission, by=clerk(request)
    )
    messages.success(request, gettext("It was kept."))
    return redirect("desk_inventory", slug=slug)


# --- one exact place ------------------------------------------------------------------------------------------------


@require_POST
@desk(DeskAct.MODERATE)
def exact_place_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show where a proposal really is, and write down who looked."""
    project = desk_project(request, slug)
    proposal = proposal_or_404(request, project, number)
    place = exact_place(proposal)
    if place is None:
        raise Http404("shown exactly already, or nowhere")
    proposal.project = project
    note_exact_place_seen(proposal=proposal, by=clerk(request))
    features = [{"type": "Feature", "geometry": json.loads(place.geojson), "properties": {"kind": "spot"}}]
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "proposal": proposal,
        "lon_lat": place.centroid,
        "map": map_config(project, tiles=None, bounds=around(place.centroid, 300), **on_map(features)),
    }
    answer = render(request, "participation/desk_exact_place.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
