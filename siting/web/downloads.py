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
from geo.export import NAMES, check, formats_of
from geo.ogc.downloads import asked_of
from geo.plane.crs import parse
from geo.problems import PlaneUnfit
from participation import public
from participation.models import Project
from participation.rules.roles import DeskAct
from participation.rules.text import in_language
from participation.web.asking import desk, may_do, town_of
from participation.web.desk import desk_items, desk_project
from participation.web.exports import MOST_AT_ONCE
from siting.layers import layers_of

FORMATS = {
    "gpkg": gettext_lazy("GeoPackage, for QGIS and ArcGIS (keeps everything, with its style)"),
    "geojson": gettext_lazy("GeoJSON, for maps on the web"),
    "geojsonseq": gettext_lazy("GeoJSON sequence, a feature a line"),
    "shp": gettext_lazy("Shapefile, in a zip"),
    "fgb": gettext_lazy("FlatGeobuf, for large maps"),
    "parquet": gettext_lazy("GeoParquet, for analysis (keeps everything)"),
    "kml": gettext_lazy("KML, for Google Earth and phones"),
    "xlsx": gettext_lazy("Excel (XLSX), a table"),
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
    """Which layer, in which format and plane; of layers that have themes, neighbourhoods or days, which rows."""

    layer = forms.ChoiceField(label=gettext_lazy("What"))
    format = forms.ChoiceField(label=gettext_lazy("Format"))
    crs = forms.ChoiceField(label=gettext_lazy("Coordinate system"), choices=list(PLANES.items()))
    theme = forms.ChoiceField(label=gettext_lazy("Theme"), required=False)
    area = forms.ChoiceField(label=gettext_lazy("Neighbourhood"), required=False)
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=gettext_lazy("Up to and including"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data: Any, layers: dict[str, AnyLayer], names: dict[str, str], project: Project) -> None:
        super().__init__(data)
        self.layers = layers
        themes = [(theme.slug, in_language(theme.name, get_language() or "nl")) for theme in project.themes.all()]
        areas = [(name, name) for name in public.neighbourhood_names(project)]
        self._offer("layer", list(names.items()))
        self._offer("format", [(name, str(said)) for name, said in FORMATS.items()])
        self._offer("theme", [("", _("All")), *themes])
        self._offer("area", [("", _("All")), *areas])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a format that the layer cannot be written in, a plane it cannot be in, rows it cannot choose."""
        clean = self.cleaned_data
        shown = self.layers.get(clean.get("layer", ""))
        if shown is None:
            return clean
        possible = formats_of(shown)
        if "format" in clean and clean["format"] not in possible:
            names = ", ".join(format_name(name) for name in possible)
            self.add_error("format", _("This layer comes as: %(formats)s.") % {"formats": names})
        elif "format" in clean and "crs" in clean:
            try:
                check(shown, clean["format"], parse(clean["crs"]))
            except PlaneUnfit as unfit:
                self.add_error("crs", str(unfit))
        columns = set() if isinstance(shown, Raster) else {column.name for column in shown.columns}
        times = {"since", "until"} if isinstance(shown, Raster) or not shown.time else set()
        for name in ({"theme", "area"} - columns) | times:
            if clean.get(name):
                self.add_error(name, _("The rows of this layer cannot be chosen by that."))
        return clean

    def asked(self) -> dict[str, str]:
        """The parameters of the file."""
        clean = self.cleaned_data
        found = {"crs": clean["crs"]} | {name: clean[name] for name in ("theme", "area") if clean[name]}
        if clean["since"] or clean["until"]:
            found["datetime"] = "/".join(str(day) if day else ".." for day in (clean["since"], clean["until"]))
        return found


def format_name(name: str) -> str:
    """What a format is called, in a word or two."""
    return NAMES[name]


@desk(DeskAct.SEE)
def export_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what can be taken along and how; once chosen, send to the file."""
    project = desk_project(request, slug)
    layers = _layers(request, project)
    names = {name: _named(project, name, layer) for name, layer in layers.items()}
    form = ExportForm(request.GET or None, layers, names, project)
    n_large, hidden = 0, {}
    if form.is_valid():
        clean, asked = form.cleaned_data, form.asked()
        shown = layers[clean["layer"]]
        file = f"{shown.id}.{clean['format']}"
        if request.GET.get("show") == "about":
            return redirect(f"{reverse('export_about', args=(file,))}?{urlencode(asked)}")
        rows = asked_of(shown, asked)
        n = 0 if isinstance(shown, Raster) else shown.count(where=rows.where, condition=rows.condition)
        if n <= MOST_AT_ONCE:
            return redirect(f"{reverse('export', args=(file,))}?{urlencode(asked)}")
        n_large, hidden = n, asked | {"layer": shown.id, "format": clean["format"]}
    everybodys = {"proposals", *(layer.id for layer in layers_of(town_of(request).slug, project, staff=False))}
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "form": form,
        "n_large": n_large,
        "hidden": hidden,
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
    answers = public.layers_of_answers(project) if may_do(request, DeskAct.EXPORT, project) else []
    found = [proposals, *answers, *layers_of(town, project, staff=True)]
    return {layer.id.removeprefix(f"{project.slug}-"): layer for layer in found}


def _named(project: Project, name: str, layer: AnyLayer) -> str:
    title = PROPOSALS if name == "proposals" else layer.title
    return capfirst(str(title).removeprefix(in_language(project.title, get_language() or "nl") + ": "))
