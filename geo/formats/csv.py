"""CSV and TSV: tables of text, in and out."""

import codecs
import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.catalog import Column, Feature
from geo.formats.rows import Row, RowFault, UnreadableFile, placed, text_fault
from geo.plane.cells import square_of
from geo.plane.crs import CRS84, LAEA, Crs, UnknownCrs, parse

TYPE = "text/csv; charset=utf-8"

# --- out ---------------------------------------------------------------------------------------------

# What makes a spreadsheet compute a cell instead of showing it (OWASP "CSV injection"), full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Signs a spreadsheet overlooks before it looks for a formula: spaces of all kinds, quotes, invisible marks.
_OVERLOOKED = "\u200b\u200c\u200d\u2060\ufeff\u00ad\"'`\u2018\u2019\u201c\u201d"


def _is_formula(text: str) -> bool:
    bare = text
    while bare:
        if bare[0] in _FORMULA:
            return True
        if not bare[0].isspace() and bare[0].isprintable() and bare[0] not in _OVERLOOKED:
            return False
        bare = bare[1:]
    return False


def inert(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would compute it."""
    return f"'{text}" if _is_formula(text) else text


def place_columns(crs: Crs, *, is_point: bool) -> tuple[str, ...]:
    """How the columns of coordinates are called: by the plane they are in."""
    suffix = "" if crs.code == CRS84.code else f"_{crs.code}"
    if not is_point:
        return (f"wkt{suffix}",)
    return ("x" + suffix, "y" + suffix) if suffix else ("lon", "lat")


def write(
    features: Iterable[Feature], columns: Sequence[Column], path: Path, *, crs: Crs, geometry_type: str | None
) -> None:
    """Write features whose places are in ``crs`` already; with a byte-order mark, so that Excel sees UTF-8.

    Order    the columns of the layer, then the coordinates (WKT for what is no point); no place, empty cells.
    """
    is_point = geometry_type == "Point"
    places = place_columns(crs, is_point=is_point) if geometry_type else ()
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow([inert(column.name) for column in columns] + list(places))
        for feature in features:
            cells = [_cell(feature.attributes[column.name]) for column in columns]
            table.writerow(cells + _place_cells(feature.geometry, crs, is_point=is_point, n=len(places)))


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    # Numbers stay numbers: -3.2 is no formula.
    return inert(value) if isinstance(value, str) else value


def _place_cells(geometry: BaseGeometry | None, crs: Crs, *, is_point: bool, n: int) -> list[object]:
    if geometry is None or geometry.is_empty:
        return [""] * n
    if is_point:
        return [round(geometry.x, crs.digits), round(geometry.y, crs.digits)]
    return [shapely.to_wkt(geometry, rounding_precision=crs.digits)]


# --- in ----------------------------------------------------------------------------------------------

_ENCODINGS = {
    codecs.lookup(name).name
    for name in (
        "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "windows-1252", "latin-1",
        "iso-8859-15", "cp850", "mac-roman",
    )
}  # fmt: skip
_SAMPLE = 65_536
_DELIMITERS = (",", ";", "\t", "|")
_LON = ("lon", "lng", "long", "longitude", "x", "x_coord", "xcoord", "lengtegraad", "point_x")
_LAT = ("lat", "latitude", "y", "y_coord", "ycoord", "breedtegraad", "point_y")
# Among the names above, those that also say which plane: degrees.
_DEGREES = tuple(name for name in _LON if name.startswith(("lon", "lng", "lengte")))
_CELL = ("grd_id", "grd_newid", "grid_id", "cellcode", "cell_id", "grd_inspire")
_WKT = ("wkt", "geom", "geometry", "the_geom", "geometrie")
_NAMED_X, _NAMED_WKT = re.compile(r"x_([0-9]{4,6})"), re.compile(r"wkt_([0-9]{4,6})")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

# A cell may be as long as the file: that it is too long is said of its row, not of all.
csv.field_size_limit(2**31 - 1)


def read(
    path: Path,
    *,
    encoding: str | None = None,
    lon_field: str | None = None,
    lat_field: str | None = None,
    crs: Crs | None = None,
) -> Iterator[Row]:
    """The rows of a table, by the line they end on.

    Raises   UnreadableFile, also when reading has begun.
    """
    used = _encoding(path, encoding)
    try:
        with path.open(encoding=used, newline="") as file:
            names, table = _table(file)
            yield from _rows(names, table, _where(names, lon_field, lat_field, crs))
    except UnicodeDecodeError as error:
        raise UnreadableFile("file.encoding_wrong", encoding=used, at=error.start) from error
    except UnicodeError as error:  # UTF-16 that was none from the start
        raise UnreadableFile("file.encoding_wrong", encoding=used, at=0) from error
    except csv.Error as error:
        raise UnreadableFile("file.not_table", reason=error) from error


def crs_of(path: Path) -> str | None:
    """The plane that the names of the columns say: ``lon`` and ``lat``, ``x_31370``, a code of the European grid.

    Raises   UnreadableFile, also when no column says where a row lies (file.no_places).
    """
    with path.open(encoding=_encoding(path, None), newline="", errors="replace") as file:
        try:
            names = _table(file)[0]
        except csv.Error as error:
            raise UnreadableFile("file.not_table", reason=error) from error
    where = _where(names, None, None, None)
    if where.x is None and where.wkt is None and where.cell is None:
        raise UnreadableFile("file.no_places", known=", ".join(islice(names, 30)))
    if where.crs is not None:
        return where.crs.name
    is_degrees = where.x is not None and where.x.lower().startswith(_DEGREES)
    return CRS84.name if is_degrees else None


def _encoding(path: Path, wanted: str | None) -> str:
    if wanted:
        try:
            found = codecs.lookup(wanted).name
        except (LookupError, ValueError) as error:
            raise UnreadableFile("file.encoding_unknown", encoding=wanted) from error
        if found not in _ENCODINGS:
            raise UnreadableFile("file.encoding_unknown", encoding=wanted)
        return "utf-8-sig" if found == "utf-8" else found
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # UTF-16 without its mark: every other byte of plain letters is 0.
    if len(start) > 3 and start[1::2].count(0) > len(start) / 3:
        return "utf-16-le"
    if len(start) > 3 and start[0::2].count(0) > len(start) / 3:
        return "utf-16-be"
    for guess in ("utf-8-sig", "windows-1252"):
        try:
            with path.open(encoding=guess, newline="") as text:
                while text.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return guess
    return "latin-1"


def _table(file: IO[str]) -> tuple[list[str], Any]:
    """The names of the columns, and the reader that stands at the first row."""
    lines = (line for line in file)
    head = next((line for line in lines if line.strip()), None)
    if head is None:
        raise UnreadableFile("file.empty")
    # A header may run over several lines inside quotes; then the reader goes on in the file.
    delimiter = _delimiter(head)
    table = csv.reader(_again(head, lines), delimiter=delimiter)
    return _names(next(table)), table


def _rows(names: list[str], table: Any, where: "_Where") -> Iterator[Row]:
    for cells in table:
        attributes: dict[str, object] = {name: _plain(cell) for name, cell in zip(names, cells, strict=False)}
        if not any(cell.strip() for cell in cells):
            yield Row(table.line_num, attributes, None, RowFault("row.empty"))
        elif len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            facts = {"n": len(cells), "columns": len(names)}
            yield Row(table.line_num, attributes, None, RowFault("row.too_many_cells", facts))
        elif fault := text_fault(attributes):
            yield Row(table.line_num, {name: str(value)[:200] for name, value in attributes.items()}, None, fault)
        else:
            place = where.place(attributes)
            fault = place if isinstance(place, RowFault) else None
            yield Row(table.line_num, attributes, None if isinstance(place, RowFault) else place, fault)


def _again(head: str, lines: Iterator[str]) -> Iterator[str]:
    yield head
    yield from lines


def _delimiter(head: str) -> str:
    bare = re.sub(r'"[^"]*"', "", head)
    return max(_DELIMITERS, key=bare.count)


def _names(cells: list[str]) -> list[str]:
    """The names of the columns: none empty, none twice."""
    names: list[str] = []
    for at, cell in enumerate(cells, start=1):
        name = wanted = cell.strip().replace("\0", "")[:200] or f"column_{at}"
        again = 2
        while name in names:
            name, again = f"{wanted}_{again}", again + 1
        names.append(name)
    return names


def _plain(cell: str) -> str:
    """The cell without the apostrophe that made it inert."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


class _Where:
    """Which columns say where a row lies, and in which plane; ``cell`` holds codes of squares (geo.plane.cells)."""

    def __init__(self, x: str | None, y: str | None, wkt: str | None, crs: Crs | None, cell: str | None = None) -> None:
        self.x, self.y, self.wkt, self.crs, self.cell = x, y, wkt, crs, cell

    def place(self, attributes: dict[str, object]) -> BaseGeometry | RowFault | None:
        """Where the row lies; none when its cells are empty."""
        if self.x is not None and self.y is not None:
            x, y = str(attributes.get(self.x, "")).strip(), str(attributes.get(self.y, "")).strip()
            if not x and not y:
                return None
            pair = number(x), number(y)
            if pair[0] is None or pair[1] is None:
                return RowFault("pin.not_a_number", {"x": x[:50], "y": y[:50]})
            return placed(shapely.Point(pair[0], pair[1]), self.crs)
        if self.cell is not None:
            square = square_of(str(attributes.get(self.cell, "")))
            return RowFault("row.geometry_bad") if square is None else placed(square, LAEA)
        text = str(attributes.get(self.wkt, "")).strip() if self.wkt is not None else ""
        if not text:
            return None
        try:
            geometry = shapely.from_wkt(text)
        except (shapely.errors.ShapelyError, ValueError):
            return RowFault("row.geometry_bad")
        return None if geometry.is_empty else placed(geometry, self.crs)


def _where(names: list[str], lon_field: str | None, lat_field: str | None, crs: Crs | None) -> _Where:
    lower = {name.lower(): name for name in reversed(names)}
    if lon_field or lat_field:
        for field in (lon_field, lat_field):
            if (field or "") not in names:
                raise UnreadableFile("file.field_unknown", field=field or "", known=", ".join(islice(names, 30)))
        return _Where(lon_field, lat_field, None, crs)
    # The names our own tables carry, which say the plane.
    for name in lower:
        if (found := _NAMED_X.fullmatch(name)) and f"y_{found[1]}" in lower:
            return _Where(lower[name], lower[f"y_{found[1]}"], None, crs or _named(found[1]))
        if found := _NAMED_WKT.fullmatch(name):
            return _Where(None, None, lower[name], crs or _named(found[1]))
    x, y = _called(lower, _LON, "longitude"), _called(lower, _LAT, "latitude")
    if x is not None and y is not None:
        return _Where(x, y, None, crs)
    wkt = next((lower[name] for name in _WKT if name in lower), None)
    square = next((lower[name] for name in _CELL if name in lower), None)
    if wkt is None and square is not None:
        return _Where(None, None, None, LAEA, square)
    return _Where(None, None, wkt, crs)


def _called(lower: dict[str, str], names: tuple[str, ...], start: str) -> str | None:
    """The column of one of these names, else one that begins so ("Longitude WGS84")."""
    known = (lower[name] for name in names if name in lower)
    return next(known, next((lower[name] for name in lower if name.startswith(start)), None))


def _named(code: str) -> Crs:
    try:
        return parse(code)
    except UnknownCrs as error:
        raise UnreadableFile("file.crs_unknown", crs=f"EPSG:{code}") from error


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
