"""Shapefile: places in .shp, attributes in .dbf beside it, the plane in .prj; in."""

from collections.abc import Iterator
from pathlib import Path

from geo.formats import gdal
from geo.formats.rows import Row
from geo.plane.crs import Crs

# ESRI Shapefile Technical Description (1998), table 1: file code 9994, big-endian.
_MARK = b"\x00\x00\x27\x0a"
_DRIVER, _CODE = "ESRI Shapefile", "file.not_shp"


def is_shapefile(start: bytes) -> bool:
    """Do the first bytes of a file claim to be the .shp of a Shapefile?"""
    return start.startswith(_MARK)


def layers(path: Path) -> list[str]:
    """The one layer, by its name."""
    return gdal.layers(path, driver=_DRIVER, code=_CODE)


def crs_of(path: Path, layer: str) -> str | None:
    """The plane that the .prj beside it names."""
    return gdal.crs_of(path, layer, code=_CODE)


def read(path: Path, *, layer: str | None = None, crs: Crs | None = None) -> Iterator[Row]:
    """The features, numbered from 1.

    CRS      the one of the .prj, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    yield from gdal.rows(path, layer or layers(path)[0], crs=crs, code=_CODE)
