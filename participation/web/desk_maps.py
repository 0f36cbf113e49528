"""The desk's page of the town's maps and data: what lies under the maps, the address search, the licence."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.rules.address_search import FIRST_SERVICE
from participation.rules.base_maps import (
    ATTRIBUTION_MAX,
    LAYER_MAX,
    LEAST_ZOOM,
    MOST_ZOOM,
    NAME_MAX,
    PRESETS,
    USUAL_ZOOM,
    Kind,
    own_map,
)
from participation.rules.licences import LICENCES
from participation.rules.outgoing import URL_MAX
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.selectors.base_maps import base_maps_of
from participation.services.town_data import add_base_map, move_base_map, set_data
from participation.web.addresses import service_of
from participation.web.asking import desk, may_do, town_of
from participation.web.desk import clerk, town_items
from participation.web.maps import PRESET_NAMES, name_of, town_map
from participation.web.sentences import refusal, status_of

KINDS = {
    Kind.XYZ: _("XYZ: an address with {z}, {x} and {y}"),
    Kind.WMTS: _("WMTS: the address of the service"),
    Kind.WMS: _("WMS: the address of the service"),
}
SERVICE_NAMES = {
    "geolocation": _("Flanders' geolocation service"),
    "photon": "Photon (OpenStreetMap)",
    "nominatim": "Nominatim (OpenStreetMap)",
}


class OwnMapForm(forms.Form):
    """Asks for a map service that is none of the presets; the rules say what is missing."""

    kind = forms.ChoiceField(
        label=_("What kind of service?"), choices=[(kind.value, said) for kind, said in KINDS.items()]
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("As people see it, such as “Aerial photo 2025”."),
        max_length=NAME_MAX,
        required=False,
    )
    url = forms.CharField(label=_("Address"), max_length=URL_MAX, required=False)
    attribution = forms.CharField(
        label=_("Whose map is it?"), help_text=_("Stands in its corner, such as “© Digitaal Vlaanderen”."),
        max_length=ATTRIBUTION_MAX, required=False,
    )  # fmt: skip
    layer = forms.CharField(label=_("Layer (WMTS, WMS)"), max_length=LAYER_MAX, required=False)
    matrix_set = forms.CharField(
        label=_("Matrix set (WMTS)"), help_text=_("The one of Web Mercator, such as GoogleMapsVL."),
        max_length=LAYER_MAX, required=False,
    )  # fmt: skip
    max_zoom = forms.IntegerField(
        label=_("Deepest zoom"), min_value=LEAST_ZOOM, max_value=MOST_ZOOM, initial=USUAL_ZOOM,
        error_messages=dict.fromkeys(
            ("invalid", "required", "min_value", "max_value"), _("The deepest zoom is a whole number from 10 to 22.")
        ),
    )  # fmt: skip


def _searches(current: str) -> list[tuple[str, str, bool]]:
    """The choices of an address search: (value, label, is it chosen)."""
    names = [(FIRST_SERVICE, gettext("The first one that the operator named"))] if settings.ADDRESS_SEARCH else []
    names += [(name, str(SERVICE_NAMES[name])) for name in settings.ADDRESS_SEARCH]
    return [(name, said, name == current) for name, said in [("", gettext("Only the town's own places")), *names]]


@desk(DeskAct.SEE)
def maps_page(request: HttpRequest) -> HttpResponse:
    """Show the backgrounds of the maps, the address search and the licence; a POST adds one of the town's own."""
    town, may_set = town_of(request), may_do(request, DeskAct.LAYERS)
    form = OwnMapForm(request.POST or None)
    said, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                add_base_map(organisation=town, entry=own_map(**form.cleaned_data), by=clerk(request))
            except Refused as refused:
                said, status = refusal(refused), status_of(refused)
            else:
                return _kept(request)
    town.refresh_from_db(fields=["base_maps", "licence", "address_search"])
    rows: list[dict[str, Any]] = [
        {"at": at, "name": name_of(entry), "map": each} for at, (entry, each) in enumerate(base_maps_of(town))
    ]
    context = {
        "desk_items": town_items(request),
        "form": form,
        "refusal": said,
        "rows": rows,
        "is_usual": not town.base_maps,
        "presets": [(name, PRESET_NAMES[name]) for name in PRESETS if {"preset": name} not in town.base_maps],
        "map": town_map(town),
        "searches": _searches(town.address_search if service_of(town) or not town.address_search else ""),
        "licences": [(each.code, each.name, each.code == town.licence) for each in LICENCES.values()],
        "may_set": may_set,
    }
    return render(request, "participation/desk_maps.html", context, status=status)


def _kept(request: HttpRequest) -> HttpResponse:
    messages.success(request, gettext("Kept. It holds within some seconds."))
    return redirect("desk_maps")


@require_POST
@desk(DeskAct.LAYERS)
def change(request: HttpRequest) -> HttpResponse:
    """Add a preset, put a background first or take it off, or keep the address search and the licence."""
    town, by, act = town_of(request), clerk(request), request.POST.get("act", "")
    if act == "preset":
        add_base_map(organisation=town, entry={"preset": request.POST.get("preset", "")[:40]}, by=by)
    elif act == "data":
        licence, search = request.POST.get("licence", ""), request.POST.get("address_search", "")
        set_data(organisation=town, licence=licence, address_search=search, by=by)
    else:
        at = request.POST.get("at", "")
        number = int(at) if at.isascii() and at.isdecimal() and len(at) < 4 else -1
        move_base_map(organisation=town, at=number, act=act, by=by)
    return _kept(request)
