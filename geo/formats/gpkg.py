"""GeoPackage: one SQLite file with places, in and out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely

from geo.catalog import Column, Feature
from geo.formats import gdal
from geo.formats.rows import Row
from geo.plane.crs import Crs

TYPE = "application/geopackage+sqlite3"

# Features written at a time: GDAL opens the file anew for each, so they are large.
BATCH = 20_000

# How GDAL calls a layer of different kinds of places.
_NAMES = {"Geometry": "Unknown"}
_NUMPY: dict[str, Any] = {"text": object, "integer": np.int64, "number": np.float64, "boolean": np.bool_}


def write(
    features: Iterable[Feature], columns: Sequence[Column], path: Path, *, crs: Crs, geometry_type: str | None
) -> None:
    """Write features whose places are in ``crs`` already, as one layer named as the file."""
    several = iter(features)
    batch, append = list(islice(several, BATCH)), False
    while batch or not append:  # an empty layer is a layer too, with its columns
        arrays = [_array([feature.attributes[column.name] for feature in batch], column.kind) for column in columns]
        pyogrio.raw.write(
            path,
            geometry=np.array([shapely.to_wkb(feature.geometry) for feature in batch], dtype=object),
            field_data=[values for values, _ in arrays],
            fields=np.array([column.name for column in columns], dtype=object),
            field_mask=[missing for _, missing in arrays],
            layer=path.stem,
            driver="GPKG",
            geometry_type=_NAMES.get(geometry_type or "", geometry_type) or "Unknown",
            crs=crs.name,
            promote_to_multi=(geometry_type or "").startswith("Multi"),
            append=append,
        )
        batch, append = list(islice(several, BATCH)), True


def _array(values: list[Any], kind: str) -> tuple[Any, Any]:
    missing = np.array([value is None for value in values], dtype=np.bool_)
    if kind == "date":
        days = [np.datetime64(value.isoformat() if isinstance(value, date) else "NaT", "D") for value in values]
        return np.array(days, dtype="datetime64[D]"), missing
    filler: Any = "" if kind == "text" else 0
    return np.array([filler if value is None else value for value in values], dtype=_NUMPY[kind]), missing


# --- in ----------------------------------------------------------------------------------------------

# The first bytes of SQLite 3, and the application's mark: GDAL goes by content, so a file of another kind that is
# called .gpkg must not get as far as GDAL.
_SQLITE = b"SQLite format 3\0"
_MARKS = {b"GPKG", b"GP10", b"GP11"}
_DRIVER, _CODE = "GPKG", "file.not_gpkg"


def is_geopackage(start: bytes) -> bool:
    """Do the first 100 bytes of a file claim to be a GeoPackage?"""
    return start.startswith(_SQLITE) and start[68:72] in _MARKS


def layers(path: Path) -> list[str]:
    """The layers that have places."""
    return gdal.layers(path, driver=_DRIVER, code=_CODE)


def crs_of(path: Path, layer: str) -> str | None:
    """The plane a layer says it is in."""
    return gdal.crs_of(path, layer, code=_CODE)


def read(path: Path, *, layer: str | None = None, crs: Crs | None = None) -> Iterator[Row]:
    """The features of a layer, of the first that has places when none is named; numbered from 1.

    CRS      the layer's own, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    yield from gdal.rows(path, layer or layers(path)[0], crs=crs, code=_CODE)
