"""KML: what Google Earth and phones read; out and in."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from django.utils.translation import gettext_lazy as _

from geo.formats import gdal, gdal_out
from geo.formats.frames import Frame, Heading, changed, schema
from geo.formats.rows import Row
from geo.plane.crs import CRS84, Crs

TYPE = "application/vnd.google-earth.kml+xml"
# KML is in longitude and latitude by its standard (OGC 12-007r2, 6.2), so Lambert cannot be.
PLANES = (CRS84.code,)
LOSSES = (
    _("KML is always in longitude and latitude."),
    _("Days become text; yes and no become 1 and 0."),
    _("Line ends and signs that XML does not know become spaces."),
    _("Whole numbers are kept as text, decimals to fifteen digits."),
)
# What gives a mark its name on the map, and what it is called in KML.
_NAMED_BY, _NAME = ("title", "name"), "Name"
_STRANGE = r"[\x00-\x1f\x7f\x{fffe}\x{ffff}]"


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write one folder of placemarks."""
    named = next((column for column in heading.columns if column.name in _NAMED_BY and column.kind == "text"), None)
    fields = schema(heading.columns, described=False)
    for at, column in enumerate(heading.columns):
        if column.kind in {"integer", "boolean", "date"}:
            fields = fields.set(at, pa.field(column.name, pa.int32() if column.kind == "boolean" else pa.string()))
    if named is not None:
        fields = fields.append(pa.field(_NAME, pa.string()))

    def fitting(frame: Frame) -> Frame:
        cells = []
        for field, values in zip(fields, frame.values.columns, strict=False):
            told = values.cast(field.type)
            cells.append(changed(told, _STRANGE, _plain) if field.type == pa.string() else told)
        if named is not None:
            cells.append(cells[heading.columns.index(named)])
        return frame._replace(values=pa.RecordBatch.from_arrays(cells, schema=fields))

    # A name that XML takes, else GDAL makes one and says so.
    heading = replace(heading, name=re.sub(r"\W", "_", heading.name))
    gdal_out.write(map(fitting, frames), heading, path, driver="KML", fields=fields)


def _plain(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\ufffe\uffff]", " ", text)


# --- in ----------------------------------------------------------------------------------------------

# The reader that knows what marks say beside their names.
_DRIVER, _CODE = "LIBKML", "file.not_kml"
# What the reader says of how a mark is drawn; nothing that anybody filled in.
_DRAWN = {
    "id", "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon",
}  # fmt: skip


def is_kml(start: bytes) -> bool:
    """Do the first bytes of a file claim to be KML?"""
    bare = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return bare.startswith((b"<?xml", b"<kml")) and b"<kml" in bare


def layers(path: Path) -> list[str]:
    """The folders."""
    return gdal.layers(path, driver=_DRIVER, code=_CODE, placed=False)


def crs_of(path: Path, layer: str) -> str | None:
    """Longitude and latitude, by the standard."""
    return CRS84.name


def read(path: Path, *, layer: str | None = None, crs: Crs | None = None) -> Iterator[Row]:
    """The placemarks of a folder, numbered from 1, with their name, their description and what else they say.

    Raises   UnreadableFile, also when reading has begun.
    """
    for row in gdal.rows(path, layer or layers(path)[0], crs=crs or CRS84, code=_CODE):
        kept = {name: value for name, value in row.attributes.items() if name not in _DRAWN}
        # Our own files say the name twice.
        if _NAME in kept and any(kept.get(name) == kept[_NAME] for name in _NAMED_BY):
            del kept[_NAME]
        yield row._replace(attributes={name.lower() if name == _NAME else name: kept[name] for name in kept})
