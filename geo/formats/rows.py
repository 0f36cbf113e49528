"""What reading a file gives: rows, and why a row or a whole file cannot be taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry

from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008, Crs, transform

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# A text longer than this is no answer of a person; it is refused by name before anything else looks at it.
MAX_TEXT = 100_000

# Why a row cannot be taken; the codes are those of the rest of the house where it has the same refusal.
SENTENCES: dict[str, "_StrPromise"] = {
    "row.empty": _("The row is empty."),
    "row.too_many_cells": _("The row has %(n)s cells, the header only %(columns)s."),
    "row.text_too_long": _("The field “%(field)s” has %(n)s signs; at most %(most)s are read."),
    "row.text_bad": _("The field “%(field)s” holds signs that are no text."),
    "row.not_a_feature": _("This is no GeoJSON feature."),
    "row.geometry_bad": _("The geometry cannot be read."),
    "pin.not_a_number": _("“%(x)s”, “%(y)s” are not a pair of coordinates."),
    "pin.outside_world": _("%(x)s, %(y)s lies outside the world."),
    "pin.looks_like_lambert": _("%(x)s, %(y)s looks like %(name)s: say --crs %(crs)s."),
}

FILE_SENTENCES: dict[str, "_StrPromise"] = {
    "file.missing": _("There is no file “%(name)s”."),
    "file.too_big": _("The file has %(mb)s MB; at most %(most)s MB are read."),
    "file.empty": _("The file is empty."),
    "file.format_unknown": _(
        "“%(name)s” is none of the files that are read here: CSV, Excel (XLSX), GeoJSON, GeoPackage, Shapefile, "
        "FlatGeobuf, GeoParquet, KML or OCPI."
    ),
    "file.encoding_unknown": _("“%(encoding)s” is not an encoding that is read here."),
    "file.encoding_wrong": _("The file is not written in %(encoding)s (byte %(at)s)."),
    "file.not_table": _("The file is no table: %(reason)s."),
    "file.field_unknown": _("The file has no column “%(field)s”. It has: %(known)s."),
    "file.not_json": _("The file is no valid JSON: line %(line)s, column %(column)s."),
    "file.too_deep": _("The file is nested too deeply."),
    "file.not_geojson": _("The file holds JSON, but no GeoJSON."),
    "file.not_gpkg": _("The file cannot be read as GeoPackage."),
    "file.no_layer": _("The file holds no layer of places."),
    "file.no_places": _("No column says where a row lies: name two of them lon and lat. It has: %(known)s."),
    "file.layer_unknown": _("The file has no layer “%(layer)s”. It has: %(known)s."),
    "file.crs_unknown": _("The coordinate system “%(crs)s” is not known."),
    "file.not_shp": _("The file cannot be read as Shapefile. Pack its .shp, .shx, .dbf and .prj in one zip file."),
    "file.not_fgb": _("The file cannot be read as FlatGeobuf."),
    "file.not_kml": _("The file cannot be read as KML."),
    "file.not_parquet": _("The file cannot be read as GeoParquet."),
    "file.not_xlsx": _("The file cannot be read as Excel (XLSX)."),
    "file.no_rows": _("The file holds no rows."),
    "file.crs_looks_like": _("These are no coordinates in %(chosen)s: they look like %(name)s (%(crs)s)."),
    "file.too_many_layers": _("The file has %(n)s layers; at most %(most)s are read."),
    "file.too_many_features": _("The layer has more than %(most)s features. Cut it to your town first."),
    "file.too_many_vertices": _("The outlines have more than %(most)s corners. Cut the layer to your town first."),
    "file.too_many_columns": _("The layer has more than %(most)s attributes. Leave out those you do not need."),
    "file.too_slow": _("Reading took too long, so it was stopped. Cut the layer to your town first."),
    "file.too_heavy": _("Reading took too much memory, so it was stopped. Cut the layer to your town first."),
    "file.crashed": _("The file is damaged: reading it broke off."),
    "file.zip_broken": _("The zip file is damaged, or locked with a password."),
    "file.zip_unsafe": _("The zip file holds “%(name)s”, which does not belong in the zip of a layer."),
    "file.zip_too_many": _("The zip file holds %(n)s files; at most %(most)s are looked at."),
    "file.zip_too_big": _("Unpacked, the zip file holds more than %(most)s MB."),
    "file.zip_several": _("The zip file holds several layers of different kinds: %(names)s. Pack one."),
    "file.zip_nothing": _("The zip file holds no layer: no .shp, .gpkg, .fgb, .geojson, .kml, .parquet or .csv."),
    "file.not_ocpi": _("The file holds JSON, but no charging locations as OCPI writes them."),
}


@dataclass(frozen=True)
class RowFault:
    """Why a row cannot be taken; ``facts`` fill the sentence."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The reason in the reader's language."""
        return str(SENTENCES[self.code]) % self.facts


class UnreadableFile(Exception):  # noqa: N818 -- an answer about what was given
    """A file that cannot be read (on); nothing that came before it may be kept."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = {name: value if isinstance(value, int) else str(value)[:200] for name, value in facts.items()}

    def __str__(self) -> str:
        return str(FILE_SENTENCES[self.code]) % self.facts


class Row(NamedTuple):
    """One row: its line (of text), or its number (of features, from 1); its fields; its place in lon, lat or none;
    and the fault for which it cannot be taken."""

    line: int
    attributes: dict[str, object]
    geometry: BaseGeometry | None
    fault: RowFault | None = None


def text_fault(attributes: dict[str, object]) -> RowFault | None:
    """What is wrong with the texts of a row: too long, or with signs that no database keeps."""
    for name, value in attributes.items():
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                return RowFault("row.text_too_long", {"field": name[:100], "n": len(value), "most": MAX_TEXT})
            # NUL, and halves of a UTF-16 pair.
            if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value if sign > "\ud7ff"):
                return RowFault("row.text_bad", {"field": name[:100]})
    return None


def placed(geometry: BaseGeometry, crs: Crs | None) -> BaseGeometry | RowFault:
    """Bring a geometry of a file into lon, lat, or say why it cannot lie there.

    CRS      ``crs`` of the file; none: taken for degrees, unless the numbers look like Lambert.
    """
    flat = shapely.force_2d(geometry)
    points = shapely.get_coordinates(flat)
    if not np.isfinite(points).all():
        bad = points[~np.isfinite(points).all(axis=1)][0]
        return RowFault("pin.not_a_number", {"x": bad[0], "y": bad[1]})
    x, y = float(points[0, 0]), float(points[0, 1])
    meant = looks_like(x, y)
    if meant is not None and (crs is None or (crs in {LAMBERT_72, LAMBERT_2008} and crs != meant)):
        return RowFault("pin.looks_like_lambert", {"x": x, "y": y, "name": meant.title, "crs": meant.name})
    if crs is not None and crs.code != CRS84.code:
        flat = shapely.transform(flat, lambda own: transform(own, crs, CRS84))
        points = shapely.get_coordinates(flat)
    inside = np.isfinite(points).all(axis=1) & (np.abs(points) <= (180, 90)).all(axis=1)
    if not inside.all():
        return RowFault("pin.outside_world", {"x": x, "y": y})
    return flat


def looks_like(x: float, y: float) -> Crs | None:
    """The Belgian plane whose numbers these could be: the two lie 500 km apart, so they cannot be confused."""
    if 20_000 <= x <= 300_000 and 20_000 <= y <= 250_000:
        return LAMBERT_72
    if 520_000 <= x <= 800_000 and 520_000 <= y <= 750_000:
        return LAMBERT_2008
    return None
