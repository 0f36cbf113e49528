"""Writes a layer into a file, in the format and the plane asked for: the same rows and columns as the live layer."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import shapely

from geo import problems
from geo.catalog import AnyLayer, Feature, Layer, Raster
from geo.formats import csv, geojson, gpkg, tif
from geo.plane.boxes import Box
from geo.plane.crs import CRS84, Crs, transform
from geo.plane.grids import crop, warp

FEATURE_FORMATS = {"geojson": geojson, "gpkg": gpkg, "csv": csv}
TYPES = {name: module.TYPE for name, module in FEATURE_FORMATS.items()} | {"tif": tif.TYPE}

# Places brought into another plane at a time.
_BATCH = 2000


def formats_of(layer: AnyLayer) -> tuple[str, ...]:
    """The formats that this layer can be written in."""
    return ("tif",) if isinstance(layer, Raster) else tuple(FEATURE_FORMATS)


def write(layer: AnyLayer, format: str, crs: Crs, box: Box | None, path: Path) -> None:  # noqa: A002
    """Write a layer, or the part of it that touches ``box``.

    CRS      places in ``crs``, x before y (lon before lat) whatever its authority says: that is how files are read.
    Raises   FormatUnknown, FormatUnfit, NothingToDraw.
    Cost     memory for one batch of rows, however many there are.
    """
    if format not in TYPES:
        raise problems.FormatUnknown(format=format, known=", ".join(TYPES))
    if format not in formats_of(layer):
        raise problems.FormatUnfit(layer=layer.id, format=format, known=", ".join(formats_of(layer)))
    if isinstance(layer, Raster):
        grid = layer.grid if box is None else crop(layer.grid, box)
        if not grid.values.size:
            raise problems.NothingToDraw(layer=layer.id)
        tif.write(warp(grid, crs), path)
        return
    FEATURE_FORMATS[format].write(
        _placed(layer, box, crs), layer.columns, path, crs=crs, geometry_type=layer.geometry_type
    )


def _placed(layer: Layer, box: Box | None, crs: Crs) -> Iterator[Feature]:
    """The features with their places in another plane, brought there by the thousand."""
    features = layer.features(box)
    if crs.code == CRS84.code:
        yield from features
        return
    while batch := list(islice(features, _BATCH)):
        places = np.array([feature.geometry for feature in batch], dtype=object)
        moved = shapely.transform(places, lambda points: transform(points, CRS84, crs))
        for feature, place in zip(batch, moved, strict=True):
            yield feature._replace(geometry=place)
