"""The town's own layers at the desk: uploading, looking before use, versions, who sees them."""

from typing import Any

import shapely
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from geo.formats.rows import RowFault
from geo.intake.apart import MAX_BYTES
from participation.models import Organisation
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.rows import cell
from participation.web.asking import desk, now, town_of
from participation.web.desk import clerk, town_items
from participation.web.differences import SHOWN, table
from participation.web.maps import town_map
from participation.web.reading import PLANES, asked_reading
from participation.web.sentences import sentence, status_of
from participation.web.taken import take_file
from siting.models import Layer
from siting.selectors.layers import (
    candidates_using,
    current_layers,
    drawn,
    extent_of,
    first_rows,
    in_use,
    layer_of,
    layers_of,
    touches_town,
    versions_of,
)
from siting.services.layers import (
    accept_layer,
    choose_columns,
    compare_layer,
    delete_layer,
    draft_layer,
    read_again,
    refused_rows,
    restore_layer,
    show_layer,
)
from siting.web import compared

_MB = 1024 * 1024
ROWS_SHOWN, COLUMNS_SHOWN, DRAWN = 8, 12, 1500
# A tenth of a metre to a metre is enough to see where something lies.
_DRAWN_DEGREES = 0.00001

TYPE_NAMES = {
    "Point": _("points"),
    "MultiPoint": _("groups of points"),
    "LineString": _("lines"),
    "MultiLineString": _("lines of several parts"),
    "Polygon": _("surfaces"),
    "MultiPolygon": _("surfaces of several parts"),
    "GeometryCollection": _("mixed collections"),
}
KIND_NAMES = {"text": _("text"), "integer": _("whole number"), "number": _("number"), "boolean": _("yes or no")}


class UploadForm(forms.Form):
    """A file with places, where it comes from, and under which terms it may be used."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "GeoPackage, Shapefile (its parts in one zip), GeoJSON, FlatGeobuf, GeoParquet, KML, Excel or CSV with "
            "coordinates, or OCPI; at most 100 MB."
        ),
    )
    replaces = forms.ModelChoiceField(
        queryset=Layer.objects.none(),
        label=_("Is it a new version of a layer?"),
        required=False,
        empty_label=_("No, a new layer"),
        help_text=_("The old version is kept: what was measured with it can be looked up."),
    )
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("What it holds"), choices=Layer.Kind.choices, initial=Layer.Kind.CONTEXT)
    source = forms.CharField(label=_("Source"), max_length=300, help_text=_("Who made it, and when."))
    licence = forms.CharField(
        label=_("Licence"),
        max_length=200,
        help_text=_("Under which terms it may be used, such as “Modellicentie Gratis Hergebruik”."),
    )
    crs = forms.ChoiceField(
        label=_("Coordinate system"),
        required=False,
        choices=[("", _("As the file says")), *PLANES],
        help_text=_("You are asked when the file does not say."),
    )
    is_public = forms.BooleanField(label=_("Everybody may see this layer and take it along"), required=False)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replaces"].queryset = current_layers(organisation)  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Refuse what is too large before it is looked at."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(gettext("The file is larger than %(mb)s MB.") % {"mb": MAX_BYTES // _MB})
        return file


def _layer_or_404(request: HttpRequest, pk: int) -> Layer:
    found = layer_of(town_of(request), pk)
    if found is None:
        raise Http404("no such layer")
    return found


@desk(DeskAct.SEE)
def layers_page(request: HttpRequest) -> HttpResponseBase:
    """Show the town's layers, and take a new one in."""
    town = town_of(request)
    form = UploadForm(request.POST or None, request.FILES or None, organisation=town)
    if request.method == "POST":
        return _upload(request, town, form)
    return _list(request, town, form)


@desk(DeskAct.LAYERS)
def _upload(request: HttpRequest, town: Organisation, form: UploadForm) -> HttpResponse:
    if form.is_valid():
        clean = form.cleaned_data
        try:
            layer = draft_layer(
                organisation=town,
                file=clean["file"],
                file_name=clean["file"].name,
                name=clean["name"],
                kind=clean["kind"],
                source=clean["source"],
                licence=clean["licence"],
                is_public=clean["is_public"],
                crs=clean["crs"],
                replaces=clean["replaces"],
                by=clerk(request),
                now=now(),
            )
        except Refused as refused:
            form.add_error("file", sentence(refused.code, refused.facts))
        else:
            return redirect("desk_layer", pk=layer.pk)
    return _list(request, town, form, status=422)


def _list(request: HttpRequest, town: Organisation, form: UploadForm, *, status: int = 200) -> HttpResponse:
    context = {"layers": layers_of(town), "form": form, "desk_items": town_items(request)}
    return render(request, "siting/layers.html", context, status=status)


@desk(DeskAct.SEE)
def layer_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one layer: where it lies, its first rows, what is wrong with it, its versions."""
    return _shown(request, _layer_or_404(request, pk))


def _shown(request: HttpRequest, layer: Layer, *, refused: str = "", status: int = 200) -> HttpResponse:
    report = layer.report
    columns = layer.attributes[:COLUMNS_SHOWN]
    needs = report.get("needs", "")
    first = first_rows(layer, ROWS_SHOWN)
    rows = [[row.get(column["name"]) for column in columns] for row in first]
    context: dict[str, Any] = {
        "layer": layer,
        "desk_items": town_items(request),
        "refused": refused,
        "change_url": reverse("desk_layer_change", args=(layer.pk,)),
        "needs": needs,
        "is_draft": layer.state == Layer.State.DRAFT,
        "planes": PLANES,
        "crs_asked": layer.crs if layer.crs != report.get("crs_in_file") else "",
        "plane": dict(PLANES).get(layer.crs, layer.crs),
        "types": [(TYPE_NAMES.get(name, name), n) for name, n in report.get("types", {}).items()],
        "faults": [
            {"line": each["line"], "words": RowFault(each["code"], each["facts"]).sentence}
            for each in report.get("examples", ())
        ],
        "n_faults": sum(report.get("faults", {}).values()),
        "columns": columns,
        "rows": rows,
        "attributes": [_attribute(layer, each, first) for each in layer.attributes],
        "columns_gone": _columns_gone(layer),
        "differs": compared.context(layer),
        "reads_anew": bool(needs) or not layer.n_features,
        "shown_most": SHOWN,
        "n_columns": len(layer.attributes),
        "versions": versions_of(layer),
        "n_used": candidates_using(layer),
        "live": request.build_absolute_uri(reverse("ogc_landing")),
    }
    if not needs:
        in_town = touches_town(layer)
        context |= {"is_elsewhere": not in_town and layer.n_features > 0} | _map(layer, in_town=in_town)
    return render(request, "siting/layer.html", context, status=status)


def _attribute(layer: Layer, each: dict[str, Any], first: list[dict[str, Any]]) -> dict[str, Any]:
    """An attribute as it is chosen: what it is called, what it holds, such as what, and whether everybody sees it."""
    name = each["name"]
    example = next((row[name] for row in first if row.get(name) not in (None, "")), "")
    is_shown = name in layer.shown
    return each | {"kind_name": KIND_NAMES[each["kind"]], "example": cell(example)[:60], "is_shown": is_shown}


def _columns_gone(layer: Layer) -> list[str]:
    """What everybody sees of the version in use and a draft does not have any more."""
    former = in_use(layer) if layer.state == Layer.State.DRAFT else None
    return [name for name in former.shown if name not in layer.names] if former else []


def _map(layer: Layer, *, in_town: bool) -> dict[str, Any]:
    """The layer over the town, or where it lies when it lies elsewhere; as many features as a map can show."""
    outline = layer.organisation.outline
    box = outline.extent if in_town and outline else extent_of(layer)
    if box is None:
        return {"map": None, "n_drawn": layer.n_features}
    pins: list[dict[str, object]] = []
    shapes: list[dict[str, object]] = []
    for key, wkb, label in drawn(layer, DRAWN, in_town=in_town):
        shape = shapely.from_wkb(wkb)
        if shape.geom_type == "Point":
            pins.append({"number": key, "lon": shape.x, "lat": shape.y, "title": label or f"{key}"})
        else:
            plain = shapely.set_precision(shape.simplify(_DRAWN_DEGREES * 5), _DRAWN_DEGREES, mode="pointwise")
            shapes.append({"type": "Feature", "geometry": shapely.geometry.mapping(plain), "properties": {}})
    config = town_map(layer.organisation)
    west, south, east, north = box
    pad = 0.002
    config |= {"bounds": [west - pad, south - pad, east + pad, north + pad], "pins": pins}
    if shapes:
        config["areas"] = {"type": "FeatureCollection", "features": shapes}
    return {"map": config, "n_drawn": len(pins) + len(shapes)}


@require_POST
@desk(DeskAct.LAYERS)
def change_layer(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a draft otherwise, put it to use, show it or not, or delete it."""
    layer = _layer_or_404(request, pk)
    act = request.POST.get("act", "")
    try:
        if act == "read":
            read_again(layer=layer, **asked_reading(request.POST), by=clerk(request))
        elif act == "compare":
            compare_layer(layer=layer, key_column=request.POST.get("key_column", ""), by=clerk(request))
        elif act == "accept":
            _accept(request, layer)
            messages.success(request, gettext("“%(name)s” is in use now.") % {"name": layer.name})
        elif act == "restore":
            restore_layer(layer=layer, by=clerk(request))
            messages.success(request, gettext("“%(name)s” is in use now.") % {"name": layer.name})
        elif act in {"show", "keep"}:
            show_layer(layer=layer, is_public=act == "show", by=clerk(request))
            messages.success(request, gettext("“%(name)s” was changed.") % {"name": layer.name})
        elif act == "columns":
            choose_columns(layer=layer, shown=request.POST.getlist("shown"), by=clerk(request))
            messages.success(request, gettext("“%(name)s” was changed.") % {"name": layer.name})
        elif act == "delete":
            delete_layer(layer=layer, by=clerk(request))
            messages.info(request, gettext("“%(name)s” was deleted.") % {"name": layer.name})
            return redirect("desk_layers")
    except Refused as refused:
        layer.refresh_from_db()
        return _shown(request, layer, refused=sentence(refused.code, refused.facts), status=status_of(refused))
    return redirect("desk_layer", pk=pk)


def _accept(request: HttpRequest, layer: Layer) -> None:
    """Put a draft to use; where another version came into use since it was compared, compare it anew first."""
    try:
        accept_layer(layer=layer, shown=request.POST.getlist("shown"), by=clerk(request))
    except Refused as refused:
        if refused.code is Code.IMPORT_CHANGED:
            compare_layer(layer=layer, key_column=layer.key_column, by=clerk(request))
        raise


@desk(DeskAct.SEE)
def refused_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand out every row of a layer's file that was left out and why, as CSV."""
    layer = _layer_or_404(request, pk)

    rows = ((line, fault.code, fault.sentence) for line, fault in refused_rows(layer))
    take_file(request, "refused", layer=layer.name, version=layer.version, format="csv")
    answer = StreamingHttpResponse(table(("line", "code", "sentence"), rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="layer-{layer.pk}-refused.csv"'
    return answer


@desk(DeskAct.SEE)
def differences_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand out every row that differs from the version that a layer was compared with, as CSV."""
    layer = _layer_or_404(request, pk)
    take_file(request, "differences", layer=layer.name, version=layer.version, format="csv")
    answer = StreamingHttpResponse(compared.lines(layer), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="layer-{layer.pk}-differences.csv"'
    return answer
