"""FlatGeobuf: one layer in one file, in."""

from collections.abc import Iterator
from pathlib import Path

from geo.formats import gdal
from geo.formats.rows import Row
from geo.plane.crs import Crs

# The magic bytes of version 3; the last one says which patch.
_MARK = b"fgb\x03fgb"
_DRIVER, _CODE = "FlatGeobuf", "file.not_fgb"


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
