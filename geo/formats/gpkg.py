"""GeoPackage: one SQLite file with places, in and out."""

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.errors
import pyogrio.raw
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.catalog import Column, Feature
from geo.formats.rows import Row, RowFault, UnreadableFile, placed, text_fault
from geo.plane.crs import Crs

TYPE = "application/geopackage+sqlite3"

# Features written at a time: GDAL opens the file anew for each, so they are large.
BATCH = 20_000

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
            geometry_type=geometry_type or "Unknown",
            crs=crs.name,
            promote_to_multi=geometry_type == "MultiPolygon",
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


def is_geopackage(start: bytes) -> bool:
    """Do the first 100 bytes of a file claim to be a GeoPackage?"""
    return start.startswith(_SQLITE) and start[68:72] in _MARKS


def read(path: Path, *, crs: Crs | None = None) -> Iterator[Row]:
    """The features of the first layer that has places, numbered from 1.

    CRS      the layer's own, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    try:
        own_crs, place_name, batches = _content(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        raise UnreadableFile("file.not_gpkg") from error
    change = None if crs is not None else _to_degrees(own_crs)
    found = (row for batch in batches for row in batch.to_pylist())
    for number, values in enumerate(found, start=1):
        wkb = values.pop(place_name)
        attributes = {str(name)[:200]: _scalar(value) for name, value in values.items()}
        if fault := text_fault(attributes):
            yield Row(number, {name: str(value)[:200] for name, value in attributes.items()}, None, fault)
            continue
        try:
            geometry = None if wkb is None else shapely.from_wkb(wkb)
        except (shapely.errors.ShapelyError, ValueError):
            yield Row(number, attributes, None, RowFault("row.geometry_bad"))
            continue
        if geometry is None or geometry.is_empty:
            yield Row(number, attributes, None)
            continue
        if change is not None:
            geometry = _changed(geometry, change)
        result = placed(geometry, crs)
        is_fault = isinstance(result, RowFault)
        yield Row(number, attributes, None if is_fault else result, result if is_fault else None)


def _content(path: Path) -> tuple[str | None, str, list[Any]]:
    """The plane, the name of the places (WKB) and the rows, batch by batch, of the first layer that has places."""
    with warnings.catch_warnings():
        # GDAL warns of oddities of a stranger's file; what matters of them comes out as a fault.
        warnings.simplefilter("ignore")
        layer = next((name for name, kind in pyogrio.list_layers(path) if kind is not None), None)
        if layer is None:
            raise UnreadableFile("file.no_layer")
        if pyogrio.read_info(path, layer=layer)["driver"] != "GPKG":
            raise UnreadableFile("file.not_gpkg")
        # By Arrow, because numpy has no whole number that is missing.
        about, table = pyogrio.raw.read_arrow(path, layer=layer)
    return about["crs"], about["geometry_name"] or "wkb_geometry", table.to_batches(max_chunksize=BATCH)


def _to_degrees(crs: str | None) -> Transformer | None:
    """The way from the layer's own plane; none where it has none, or is in degrees already."""
    if not crs:
        return None
    try:
        own = CRS.from_user_input(crs)
        if own.to_epsg() == 4326:
            return None
        return Transformer.from_crs(own, CRS.from_epsg(4326), always_xy=True)
    except CRSError as error:
        raise UnreadableFile("file.crs_unknown", crs=crs) from error


def _changed(geometry: Any, change: Transformer) -> Any:
    flat = shapely.force_2d(geometry)
    return shapely.transform(flat, lambda points: np.column_stack(change.transform(points[:, 0], points[:, 1])))


def _scalar(value: Any) -> object:
    """A field as text, number, truth value or none."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, default=str) if isinstance(value, list | dict) else value
