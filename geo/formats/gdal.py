"""What the formats read by GDAL have in common: layers, their plane, and rows by batches.

GDAL goes by content and reads many formats, some of which point to other files: whoever calls has looked at the first
bytes, and the driver found is compared with the one expected.
"""

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.errors
import pyogrio.raw
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.formats.rows import Row, RowFault, UnreadableFile, looks_like, placed, text_fault
from geo.plane.crs import CRS84, Crs, UnknownCrs, parse, transform

# Features taken over at a time.
BATCH = 20_000
# ESRI writes planes without their number; below this likeness another one is meant.
_LIKENESS = 70

_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError)


@contextmanager
def _reading(code: str) -> Iterator[None]:
    with warnings.catch_warnings():
        # GDAL warns of oddities of a stranger's file; what matters of them comes out as a fault.
        warnings.simplefilter("ignore")
        try:
            yield
        except UnreadableFile:
            raise
        except _ERRORS as error:
            raise UnreadableFile(code) from error


def layers(path: Path, *, driver: str, code: str, placed: bool = True) -> list[str]:
    """The names of the layers, of those that have places when ``placed``.

    Raises   UnreadableFile with ``code``; file.no_layer.
    """
    with _reading(code):
        found = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None or not placed]
        if not found:
            raise UnreadableFile("file.no_layer")
        if pyogrio.read_info(path, layer=found[0])["driver"] != driver:
            raise UnreadableFile(code)
    return found


def crs_of(path: Path, layer: str, *, code: str) -> str | None:
    """The plane that a layer says it is in: ``EPSG:n``, or the text of the file where it has no number."""
    with _reading(code):
        text: str | None = pyogrio.read_info(path, layer=layer)["crs"]
    if not text:
        return None
    try:
        own = CRS.from_user_input(text)
    except CRSError:
        return None
    # GeoPackage's way of saying that nobody knows.
    if own.is_engineering or own.name.lower().startswith("undefined"):
        return None
    number = own.to_epsg(min_confidence=_LIKENESS)
    return f"EPSG:{number}" if number else text


def rows(path: Path, layer: str, *, crs: Crs | None, code: str) -> Iterator[Row]:
    """The features of a layer, numbered from 1.

    CRS      the layer's own, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    plane, change = (crs, None) if crs is not None else own_plane(crs_of(path, layer, code=code))
    with _reading(code):
        # By Arrow, because numpy has no whole number that is missing.
        about, table = pyogrio.raw.read_arrow(path, layer=layer)
    place_name = about["geometry_name"] or "wkb_geometry"
    number = 0
    for batch in table.to_batches(max_chunksize=BATCH):
        values = batch.to_pylist()
        yield from placed_rows([row.pop(place_name, None) for row in values], values, plane, change, after=number)
        number += len(values)


def placed_rows(
    wkb: Sequence[bytes | None],
    values: Sequence[dict[str, Any]],
    plane: Crs | None,
    change: Transformer | None,
    *,
    after: int,
) -> Iterator[Row]:
    """Rows with their places brought to lon, lat, numbered from the one behind ``after``."""
    raws = np.array(wkb, dtype=object)
    places = shapely.from_wkb(raws, on_invalid="ignore")
    moved, sound = _moved(places, plane, change)
    for number, (raw, place, there, is_sound, row) in enumerate(
        zip(raws, places, moved, sound, values, strict=True), start=after + 1
    ):
        attributes = {str(name)[:200]: scalar(value) for name, value in row.items()}
        if fault := text_fault(attributes):
            yield Row(number, {name: str(value)[:200] for name, value in attributes.items()}, None, fault)
        elif raw is not None and place is None:
            yield Row(number, attributes, None, RowFault("row.geometry_bad"))
        elif place is None or place.is_empty:
            yield Row(number, attributes, None)
        elif is_sound:
            yield Row(number, attributes, there)
        else:
            # Slowly, to say what is wrong with this one.
            found = placed(place if change is None else there, plane)
            is_fault = isinstance(found, RowFault)
            yield Row(number, attributes, None if is_fault else found, found if is_fault else None)


def own_plane(text: str | None) -> tuple[Crs | None, Transformer | None]:
    """The plane of a layer where it is one of ours, else the way from it to degrees."""
    if text is None:
        return None, None
    try:
        return parse(text), None
    except UnknownCrs:
        pass
    try:
        return None, Transformer.from_crs(CRS.from_user_input(text), CRS.from_epsg(4326), always_xy=True)
    except CRSError as error:
        raise UnreadableFile("file.crs_unknown", crs=text) from error


def _moved(places: Any, plane: Crs | None, change: Transformer | None) -> tuple[Any, NDArray[np.bool_]]:
    """All places brought to degrees at once, and which of them arrived well."""
    flat = shapely.force_2d(places)
    points, of = shapely.get_coordinates(flat, return_index=True)
    sound = np.ones(len(flat), dtype=np.bool_)
    if not len(points):
        return flat, sound
    sound[of[~np.isfinite(points).all(axis=1)]] = False
    if change is not None:
        points = np.column_stack(change.transform(points[:, 0], points[:, 1]))
    else:
        first = np.unique(of, return_index=True)[1]
        meant = [looks_like(x, y) for x, y in points[first]]
        strange = [at for at, crs in enumerate(meant) if crs is not None and crs != plane]
        sound[of[first[strange]]] = False
        points = transform(points, plane or CRS84, CRS84)
    inside = np.isfinite(points).all(axis=1) & (np.abs(points) <= (180, 90)).all(axis=1)
    sound[of[~inside]] = False
    return shapely.set_coordinates(flat, points), sound


def scalar(value: Any) -> object:
    """A field as text, number, truth value or none."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, default=str) if isinstance(value, list | dict) else value
