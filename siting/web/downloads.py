"""Taking the layers of a project along: as a file in the format and plane of choice, or as a live layer."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from geo import catalog
from geo.catalog import AnyLayer, Asker, Raster, UnknownLayer
from geo.export import TYPES, formats_of
from participation import public
from participation.models import Project
from participation.rules.roles import DeskAct
from participation.rules.text import in_language
from participation.web.asking import desk, may_do, town_of
from participation.web.desk import desk_items, desk_project
from siting.layers import layers_of

FORMATS = {
    "geojson": "GeoJSON",
    "gpkg": "GeoPackage",
    "csv": gettext_lazy("CSV, a table"),
    "tif": gettext_lazy("GeoTIFF, for the heat map"),
}
PLANES = {
    "EPSG:31370": gettext_lazy("Belgian Lambert 72 (EPSG:31370)"),
    "EPSG:3812": gettext_lazy("Belgian Lambert 2008 (EPSG:3812)"),
    "EPSG:4326": gettext_lazy("WGS 84, longitude and latitude (EPSG:4326)"),
}
# Their titles are read where the project's name stands above them already.
PROPOSALS = gettext_lazy("Proposals")


class ExportForm(forms.Form):
    """Which layer, in which format and plane."""

    layer = forms.ChoiceField(label=gettext_lazy("What"))
    format = forms.ChoiceField(label=gettext_lazy("Format"))
    crs = forms.ChoiceField(label=gettext_lazy("Coordinate system"), choices=list(PLANES.items()))

    def __init__(self, data: Any, layers: dict[str, AnyLayer], names: dict[str, str]) -> None:
        super().__init__(data)
        self.layers = layers
        self.fields["layer"].choices = list(names.items())  # type: ignore[attr-defined]
        self.fields["format"].choices = [(name, format_name(name)) for name in TYPES]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a format that the layer cannot be written in."""
        clean = self.cleaned_data
        if "layer" in clean and "format" in clean:
            possible = formats_of(self.layers[clean["layer"]])
            if clean["format"] not in possible:
                names = ", ".join(format_name(name) for name in possible)
                self.add_error("format", _("This layer comes as: %(formats)s.") % {"formats": names})
        return clean


def format_name(name: str) -> str:
    """What a format is called."""
    return str(FORMATS.get(name, name.upper()))


@desk(DeskAct.SEE)
def export_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what can be taken along and how; once chosen, send to the file."""
    project = desk_project(request, slug)
    layers = _layers(request, project)
    names = {name: _named(project, name, layer) for name, layer in layers.items()}
    form = ExportForm(request.GET or None, layers, names)
    if form.is_valid():
        clean = form.cleaned_data
        file = reverse("export", args=(f"{slug}-{clean['layer']}.{clean['format']}",))
        return redirect(f"{file}?{urlencode({'crs': clean['crs']})}")
    everybodys = {"proposals", *(layer.id for layer in layers_of(town_of(request).slug, project, staff=False))}
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "form": form,
        "layers": layers,
        "live": request.build_absolute_uri(reverse("ogc_landing")),
        "columns": [
            {"label": _("Layer")},
            {"label": _("What it is")},
            {"label": _("Who sees it")},
            {"label": _("Name in QGIS")},
        ],
        "rows": [
            [
                names[name],
                layer.description,
                _("everybody") if {name, layer.id} & everybodys else _("staff"),
                _("only as a file") if isinstance(layer, Raster) else layer.id,
            ]
            for name, layer in layers.items()
        ],
    }
    return render(request, "siting/export.html", context, status=422 if form.errors else 200)


def _layers(request: HttpRequest, project: Project) -> dict[str, AnyLayer]:
    """What belongs to a project, by what follows the project's name in the layer's name."""
    town = town_of(request).slug
    try:
        proposals = catalog.layer(Asker(town, request.user), f"{project.slug}-proposals")
    except UnknownLayer:
        return {}
    answers = public.layers_of_answers(project) if may_do(request, DeskAct.EXPORT) else []
    found = [proposals, *answers, *layers_of(town, project, staff=True)]
    return {layer.id.removeprefix(f"{project.slug}-"): layer for layer in found}


def _named(project: Project, name: str, layer: AnyLayer) -> str:
    title = PROPOSALS if name == "proposals" else layer.title
    return capfirst(str(title).removeprefix(in_language(project.title, get_language() or "nl") + ": "))
