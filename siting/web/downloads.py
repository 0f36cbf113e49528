"""Taking the layers of a project along: as a file in the format and plane of choice, or as a live layer."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.catalog import AnyLayer, Asker, Raster, layers_for
from geo.export import formats_of
from participation.rules.roles import DeskAct
from participation.web.asking import desk, town_of
from participation.web.desk import desk_items, desk_project
from siting.rules.settings import Grouping, Heat

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
# What belongs to a project, by what follows its name in the layer's name.
LAYERS = {
    "proposals": gettext_lazy("Proposals"),
    "clusters": gettext_lazy("Clusters, their middles"),
    "cluster-hulls": gettext_lazy("Clusters, their outlines"),
    "hotspots": gettext_lazy("Hot spots"),
    "heat": gettext_lazy("Heat map"),
}


class ExportForm(forms.Form):
    """Which layer, in which format and plane."""

    layer = forms.ChoiceField(label=gettext_lazy("What"))
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=list(FORMATS.items()))
    crs = forms.ChoiceField(label=gettext_lazy("Coordinate system"), choices=list(PLANES.items()))

    def __init__(self, data: Any, layers: dict[str, AnyLayer]) -> None:
        super().__init__(data)
        self.layers = layers
        self.fields["layer"].choices = [(name, LAYERS[name]) for name in layers]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a format that the layer cannot be written in."""
        clean = self.cleaned_data
        if "layer" in clean and "format" in clean:
            possible = formats_of(self.layers[clean["layer"]])
            if clean["format"] not in possible:
                names = ", ".join(str(FORMATS[name]) for name in possible if name in FORMATS)
                self.add_error("format", _("This layer comes as: %(formats)s.") % {"formats": names})
        return clean


@desk(DeskAct.SEE)
def export_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what can be taken along and how; once chosen, send to the file."""
    project = desk_project(request, slug)
    every = {layer.id: layer for layer in layers_for(Asker(town_of(request).slug, request.user))}
    layers = {name: every[f"{slug}-{name}"] for name in LAYERS if f"{slug}-{name}" in every}
    form = ExportForm(request.GET or None, layers)
    if form.is_valid():
        clean = form.cleaned_data
        file = reverse("export", args=(f"{slug}-{clean['layer']}.{clean['format']}",))
        return redirect(f"{file}?{urlencode({'crs': clean['crs']})}")
    live = [(name, layer) for name, layer in layers.items() if not isinstance(layer, Raster)]
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "form": form,
        "layers": layers,
        "has_map": project.area is not None,
        "grouping": Grouping(),
        "heat": Heat(),
        "live": request.build_absolute_uri(reverse("ogc_landing")),
        "columns": [{"label": _("Layer")}, {"label": _("Name in QGIS")}],
        "rows": [[LAYERS[name], layer.id] for name, layer in live],
    }
    return render(request, "siting/export.html", context, status=422 if form.errors else 200)
