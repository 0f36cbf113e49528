"""Where the rows of a table lie: which columns say so, and in which plane. What CSV, XLSX and plain Parquet share."""

import math
import re
from itertools import islice

import shapely
from shapely.geometry.base import BaseGeometry

from geo.formats.rows import Row, RowFault, UnreadableFile, placed, text_fault
from geo.plane.cells import square_of
from geo.plane.crs import CRS84, LAEA, Crs, UnknownCrs, parse

_LON = ("lon", "lng", "long", "longitude", "x", "x_coord", "xcoord", "lengtegraad", "point_x")
_LAT = ("lat", "latitude", "y", "y_coord", "ycoord", "breedtegraad", "point_y")
# Among the names above, those that also say which plane: degrees.
_DEGREES = tuple(name for name in _LON if name.startswith(("lon", "lng", "lengte")))
_CELL = ("grd_id", "grd_newid", "grid_id", "cellcode", "cell_id", "grd_inspire")
_WKT = ("wkt", "geom", "geometry", "the_geom", "geometrie")
_NAMED_X, _NAMED_WKT = re.compile(r"x_([0-9]{4,6})"), re.compile(r"wkt_([0-9]{4,6})")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def columns(crs: Crs, *, is_point: bool) -> tuple[str, ...]:
    """How the columns of places are called in a table that is written: by the plane they are in."""
    suffix = "" if crs.code == CRS84.code else f"_{crs.code}"
    if not is_point:
        return (f"wkt{suffix}",)
    return ("x" + suffix, "y" + suffix) if suffix else ("lon", "lat")


class Where:
    """Which columns say where a row lies, and in which plane; ``cell`` holds codes of squares (geo.plane.cells)."""

    def __init__(self, x: str | None, y: str | None, wkt: str | None, crs: Crs | None, cell: str | None = None) -> None:
        self.x, self.y, self.wkt, self.crs, self.cell = x, y, wkt, crs, cell

    def place(self, attributes: dict[str, object]) -> BaseGeometry | RowFault | None:
        """Where the row lies; none when its cells are empty."""
        if self.x is not None and self.y is not None:
            x, y = _told(attributes.get(self.x)), _told(attributes.get(self.y))
            if not x and not y:
                return None
            pair = number(x), number(y)
            if pair[0] is None or pair[1] is None:
                return RowFault("pin.not_a_number", {"x": x[:50], "y": y[:50]})
            return placed(shapely.Point(pair[0], pair[1]), self.crs)
        if self.cell is not None:
            square = square_of(_told(attributes.get(self.cell)))
            return RowFault("row.geometry_bad") if square is None else placed(square, LAEA)
        text = _told(attributes.get(self.wkt)) if self.wkt is not None else ""
        if not text:
            return None
        try:
            geometry = shapely.from_wkt(text)
        except (shapely.errors.ShapelyError, ValueError):
            return RowFault("row.geometry_bad")
        return None if geometry.is_empty else placed(geometry, self.crs)


def _told(value: object) -> str:
    return "" if value is None else str(value).strip()


def where(names: list[str], lon_field: str | None, lat_field: str | None, crs: Crs | None) -> Where:
    """Which columns of these names say where a row lies: those named, else those that are usually called so.

    Raises   UnreadableFile: file.field_unknown, file.crs_unknown.
    """
    lower = {name.lower(): name for name in reversed(names)}
    if lon_field or lat_field:
        for field in (lon_field, lat_field):
            if (field or "") not in names:
                raise UnreadableFile("file.field_unknown", field=field or "", known=", ".join(islice(names, 30)))
        return Where(lon_field, lat_field, None, crs)
    # The names our own tables carry, which say the plane.
    for name in lower:
        if (found := _NAMED_X.fullmatch(name)) and f"y_{found[1]}" in lower:
            return Where(lower[name], lower[f"y_{found[1]}"], None, crs or _named(found[1]))
        if found := _NAMED_WKT.fullmatch(name):
            return Where(None, None, lower[name], crs or _named(found[1]))
    x, y = _called(lower, _LON, "longitude"), _called(lower, _LAT, "latitude")
    if x is not None and y is not None:
        return Where(x, y, None, crs)
    wkt = next((lower[name] for name in _WKT if name in lower), None)
    square = next((lower[name] for name in _CELL if name in lower), None)
    if wkt is None and square is not None:
        return Where(None, None, None, LAEA, square)
    return Where(None, None, wkt, crs)


def _called(lower: dict[str, str], names: tuple[str, ...], start: str) -> str | None:
    """The column of one of these names, else one that begins so ("Longitude WGS84")."""
    known = (lower[name] for name in names if name in lower)
    return next(known, next((lower[name] for name in lower if name.startswith(start)), None))


def _named(code: str) -> Crs:
    try:
        return parse(code)
    except UnknownCrs as error:
        raise UnreadableFile("file.crs_unknown", crs=f"EPSG:{code}") from error


def row_of(number: int, attributes: dict[str, object], where: Where) -> Row:
    """A row of a table whose cells have kinds of their own."""
    if not any(_told(value) for value in attributes.values()):
        return Row(number, attributes, None, RowFault("row.empty"))
    if fault := text_fault(attributes):
        return Row(number, {name: str(value)[:200] for name, value in attributes.items()}, None, fault)
    place = where.place(attributes)
    is_fault = isinstance(place, RowFault)
    return Row(number, attributes, None if is_fault else place, place if is_fault else None)


def number(text: str) -> float | None:
    """The number a person meant: decimal point or comma, thousands apart by space, point or comma."""
    bare = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("\u2212", "-")
    point, comma = bare.rfind("."), bare.rfind(",")
    if comma > point:
        bare = bare.replace(".", "") if bare.count(",") == 1 else bare.replace(",", "")
        bare = bare.replace(",", ".")
    elif comma >= 0:
        bare = bare.replace(",", "")
    found = float(bare) if len(bare) <= 60 and _NUMBER.fullmatch(bare) else math.inf
    return found if math.isfinite(found) else None


def crs_of(names: list[str], lon_field: str | None, lat_field: str | None) -> str | None:
    """The plane that the names of the columns say: ``lon`` and ``lat``, ``x_31370``, a code of the European grid.

    Raises   UnreadableFile where no column says where a row lies (file.no_places).
    """
    found = where(names, lon_field, lat_field, None)
    if found.x is None and found.wkt is None and found.cell is None:
        raise UnreadableFile("file.no_places", known=", ".join(islice(names, 30)))
    if found.crs is not None:
        return found.crs.name
    is_degrees = found.x is not None and found.x.lower().startswith(_DEGREES)
    return CRS84.name if is_degrees else None
