"""FlatGeobuf: one layer in one file with an index of its places, in and out."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyogrio
from django.utils.translation import gettext_lazy as _

from geo.formats import gdal, gdal_out
from geo.formats.frames import Frame, Heading
from geo.formats.rows import Row
from geo.plane.crs import Crs

TYPE = "application/flatgeobuf"
LOSSES = (
    _("Days become moments at midnight."),
    _("The rows stand in the order of their places, not of their numbers."),
    _("A layer with rows that have no place has no index of its places."),
)

# The magic bytes of version 3; the last one says which patch.
_MARK = b"fgb\x03fgb"
_DRIVER, _CODE = "FlatGeobuf", "file.not_fgb"

# GDAL's quick way to read it stumbles over rows without a place (3.12).
pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES"})


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write one layer, ordered by where its features lie, with an index of that.

    Cost     memory grows with the number of features: their boxes are sorted.
    """
    # The index holds no row without a place; a layer with such rows goes without.
    is_indexed = heading.geometry_type is not None and not heading.has_gaps()
    options = {"TITLE": heading.title, "DESCRIPTION": heading.description, "TEMPORARY_DIR": str(path.parent)}
    options |= {"SPATIAL_INDEX": "YES" if is_indexed else "NO"}
    gdal_out.write(frames, heading, path, driver=_DRIVER, layer_options=options)


def is_flatgeobuf(start: bytes) -> bool:
    """Do the first bytes of a file claim to be FlatGeobuf?"""
    return start.startswith(_MARK)


def layers(path: Path) -> list[str]:
    """The one layer, by its name."""
    return gdal.layers(path, driver=_DRIVER, code=_CODE)


def crs_of(path: Path, layer: str) -> str | None:
    """The plane the file says it is in."""
    return gdal.crs_of(path, layer, code=_CODE)


def read(path: Path, *, layer: str | None = None, crs: Crs | None = None) -> Iterator[Row]:
    """The features, numbered from 1.

    CRS      the file's own, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    yield from gdal.rows(path, layer or layers(path)[0], crs=crs, code=_CODE)
