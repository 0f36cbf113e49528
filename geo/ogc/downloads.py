"""Hands a layer out as a file."""

import tempfile
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponseBase

from geo import problems
from geo.catalog import AnyLayer
from geo.export import TYPES, formats_of, write
from geo.ogc import parameters
from geo.ogc.answers import any_layer, reading
from geo.plane.boxes import Box
from geo.plane.crs import ALL, Crs
from geo.slots import EXPORTS


@reading
def export(request: HttpRequest, name: str) -> HttpResponseBase:
    """The file ``layer.format``: in the plane of ``crs``, the part that touches ``bbox``."""
    given = parameters.known(request, ["crs", "bbox", "bbox-crs"])
    crs, box = parameters.crs(given.get("crs"), among=ALL), parameters.box(given)
    stem, _, format_name = name.rpartition(".")
    layer = any_layer(request, stem)
    if format_name not in TYPES:
        raise problems.FormatUnknown(format=format_name, known=", ".join(formats_of(layer)))
    return file_of(layer, format_name, crs, box)


@EXPORTS.until_sent
def file_of(layer: AnyLayer, format_name: str, crs: Crs, box: Box | None) -> FileResponse:
    """The answer with a layer as a file.

    Raises   ServerBusy, and what ``geo.export.write`` raises.
    """
    # On disk, because GDAL writes files only; gone from the folder as soon as it is open, so nothing stays behind
    # when the line breaks.
    with tempfile.TemporaryDirectory(prefix="kiesplek-export-") as folder:
        path = Path(folder) / f"{layer.id}.{format_name}"
        write(layer, format_name, crs, box, path)
        file = path.open("rb")
    response = FileResponse(
        file,
        as_attachment=True,
        filename=f"{layer.id}_epsg{crs.code}.{format_name}",
        content_type=TYPES[format_name],
    )
    response["Cache-Control"] = "no-store"
    return response
