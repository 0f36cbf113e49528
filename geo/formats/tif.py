"""GeoTIFF: numbers on a grid, out."""

import errno
from pathlib import Path

from django.contrib.gis.gdal import GDALException, GDALRaster
from django.utils.translation import gettext_lazy as _

from geo.plane.grids import Grid

TYPE = "image/tiff; application=geotiff"
LOSSES = (
    _("Numbers are kept to seven digits. In another plane than the one they were computed in they are resampled."),
)
_FLOAT32 = 6  # GDALDataType


def write(grid: Grid, path: Path) -> None:
    """Write one band of 32-bit numbers, compressed without loss.

    Raises   OSError when the disk is full.
    """
    try:
        _write(grid, path)
    except GDALException as error:
        raise OSError(errno.ENOSPC, str(error), str(path)) from error


def _write(grid: Grid, path: Path) -> None:
    rows, columns = grid.values.shape
    width, height = grid.cell
    GDALRaster(
        {
            "driver": "GTiff",
            "name": str(path),
            "srid": grid.box.crs.code,
            "width": columns,
            "height": rows,
            "origin": (grid.box.min_x, grid.box.max_y),
            "scale": (width, -height),
            "datatype": _FLOAT32,
            "bands": [{"data": grid.values.tobytes(), "size": (columns, rows)}],
            "papsz_options": {"compress": "deflate", "predictor": "3"},
        }
    )
