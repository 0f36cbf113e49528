"""Hands a layer out as a file, with the text that goes with it."""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from geo import problems
from geo.catalog import AnyLayer, Raster
from geo.export import EVERYTHING, FORMATS, TYPES, Asked, about, file_name, formats_of, write
from geo.ogc import parameters
from geo.ogc.answers import any_layer, leaving, reading
from geo.plane.crs import ALL, Crs
from geo.slots import EXPORTS

# What a file of numbers on a grid can be asked for: it has no rows to choose from, only a part of its extent.
OF_A_GRID = ("crs", "bbox", "bbox-crs")
# The parameters of a file that are no columns.
OWN = (*OF_A_GRID, "datetime", "filter", "filter-lang", "filter-crs")


@reading
def export(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file ``layer.format``: in the plane of ``crs``, the part that touches ``bbox`` and passes the filters."""
    layer, format_name = _named(request, name)
    given = parameters.known(request, _known(layer))
    crs, asked = parameters.crs(given.get("crs"), among=ALL), asked_of(layer, given)
    response = file_of(layer, format_name, crs, asked, noted=partial(noted, request, layer, format_name, asked))
    describe(response, request.build_absolute_uri(about_address(layer.id, format_name, given)))
    return response


def about_address(layer: str, format_name: str, given: Mapping[str, str]) -> str:
    """Where the text stands that goes with the file of these parameters."""
    same = f"?{urlencode(given)}" if given else ""
    return reverse("export_about", args=(f"{layer}.{format_name}",)) + same


def describe(file: HttpResponseBase, about: str) -> None:
    """Let a file say where it is told what it holds, for whoever wants to know (RFC 8288, POWDER)."""
    file["Link"] = f'<{about}>; rel="describedby"; type="text/plain"'


@reading
def export_about(request: HttpRequest, name: str) -> HttpResponseBase:
    """The text that goes with the file of the same parameters."""
    layer, format_name = _named(request, name)
    given = parameters.known(request, _known(layer))
    text = about(layer, format_name, parameters.crs(given.get("crs"), among=ALL), asked_of(layer, given))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{name}.txt"'
    response["Cache-Control"] = "no-store"
    return response


def asked_of(layer: AnyLayer, given: Mapping[str, str]) -> Asked:
    """Which rows of a layer these parameters ask for.

    Raises   BoxBad, CrsUnknown, ParameterBad, and what a filter is refused for; ParameterUnknown, when a grid is asked
             for what only rows can answer.
    """
    if isinstance(layer, Raster):
        for name in given.keys() - set(OF_A_GRID):
            raise problems.ParameterUnknown(name=name, known=", ".join(sorted(OF_A_GRID)))
        return Asked(box=parameters.box(given), words=_words(given))
    columns = [column for column in layer.columns if column.name not in OWN]
    return Asked(
        box=parameters.box(given),
        where=parameters.where(given, columns),
        condition=parameters.condition(
            given, layer.columns, has_geometry=layer.geometry_type is not None, time=layer.time
        ),
        words=_words(given),
    )


def noted(
    request: HttpRequest,
    layer: AnyLayer,
    format_name: str,
    asked: Asked = EVERYTHING,
    *,
    of: AnyLayer | None = None,
) -> None:
    """Tell the watchers that these features of a layer leave as a file; ``of`` is the layer they were chosen from."""
    count = None
    if not isinstance(layer, Raster):
        count = partial(layer.count, asked.box, where=asked.where, condition=asked.condition)
    leaving(request, of or layer, format_name, count)


@EXPORTS.until_sent
def file_of(
    layer: AnyLayer, format_name: str, crs: Crs, asked: Asked = EVERYTHING, *, noted: Callable[[], None]
) -> FileResponse:
    """The answer with a layer as a file; ``noted`` is called when it is whole and has not left yet.

    Raises   ServerBusy, and what ``geo.export.write`` raises.
    """
    # On disk, because GDAL writes files only, and because half a file must not look like a whole one; gone from the
    # folder as soon as it is open, so nothing stays behind when the line breaks.
    try:
        with tempfile.TemporaryDirectory(prefix="kiesplek-export-") as folder:
            path = Path(folder) / f"{layer.id}.{format_name}"
            write(layer, format_name, crs, asked, path)
            noted()
            file = path.open("rb")
    except OSError as error:
        raise problems.DiskFull from error
    response = FileResponse(
        file,
        as_attachment=True,
        filename=file_name(layer, format_name, crs),
        content_type=TYPES[format_name],
    )
    response["Cache-Control"] = "no-store"
    return response


def _named(request: HttpRequest, name: str) -> tuple[AnyLayer, str]:
    stem, _, format_name = name.rpartition(".")
    layer = any_layer(request, stem)
    if format_name not in FORMATS:
        raise problems.FormatUnknown(format=format_name, known=", ".join(formats_of(layer)))
    return layer, format_name


def _known(layer: AnyLayer) -> list[str]:
    """The parameters that a file of this layer takes."""
    return list(OF_A_GRID) if isinstance(layer, Raster) else [*OWN, *(column.name for column in layer.columns)]


def _words(given: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in given.items() if name != "crs")
