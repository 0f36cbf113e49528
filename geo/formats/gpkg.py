"""GeoPackage: one SQLite file with places, in and out."""

import errno
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pyogrio
from django.utils.translation import gettext_lazy as _

from geo.columns import Look
from geo.formats import gdal, gdal_out
from geo.formats.frames import Frame, Heading
from geo.formats.rows import Row
from geo.formats.styles import qml, sld
from geo.plane.crs import Crs

TYPE = "application/geopackage+sqlite3"
LOSSES = (_("Nothing is lost: places, texts, numbers, days and empty values come back as they went."),)

# How GDAL names the column of places in a GeoPackage.
_GEOMETRY = "geom"
# Where QGIS looks for how a layer is drawn, and OGR too; a row of the table of contents names it.
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
VALUES ('layer_styles', 'attributes', 'layer_styles', '');
"""
_STYLE = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,
                          styleSLD, useAsDefault, description, owner)
VALUES ('', '', ?, ?, ?, ?, ?, 1, ?, '')
"""

# A file that nobody else sees yet needs no promise to survive a power cut: it is made anew then.
pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write one layer with its description, what its columns are called, and how it is drawn.

    Raises   OSError when the disk is full.
    """
    gdal_out.write(
        frames,
        heading,
        path,
        driver="GPKG",
        layer_metadata={"ABOUT": heading.about},
        layer_options={"IDENTIFIER": heading.title, "DESCRIPTION": heading.description},
    )
    try:
        with closing(sqlite3.connect(path)) as file, file:
            # GDAL writes what a column means as its description; programs show the title.
            file.execute("UPDATE gpkg_data_columns SET title = description")
            if heading.geometry_type is not None:
                _draw(file, heading, heading.look or Look())
    except sqlite3.OperationalError as error:
        raise OSError(errno.ENOSPC, str(error), str(path)) from error


def _draw(file: sqlite3.Connection, heading: Heading, look: Look) -> None:
    kind = heading.geometry_type or ""
    values = (heading.name, _GEOMETRY, heading.name[:30], qml(look, kind), sld(look, kind, heading.name))
    file.executescript(_STYLES)
    file.execute(_STYLE, (*values, heading.description))


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
