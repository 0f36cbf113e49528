"""CSV and TSV: tables of text, in and out."""

import codecs
import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import shapely
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry

from geo.formats.formulas import MAYBE, inert, plain
from geo.formats.frames import Frame, Heading, changed, schema
from geo.formats.rows import Row, RowFault, UnreadableFile, placed, text_fault
from geo.plane.cells import square_of
from geo.plane.crs import CRS84, LAEA, Crs, UnknownCrs, parse

TYPE = "text/csv; charset=utf-8"
LOSSES = (
    _("Places are rounded to a millimetre; lines and areas stand as text (WKT)."),
    _("The coordinate system stands in the names of the columns alone."),
    _("A text that a spreadsheet would compute has an apostrophe before it."),
)

# --- out ---------------------------------------------------------------------------------------------


def place_columns(crs: Crs, *, is_point: bool) -> tuple[str, ...]:
    """How the columns of coordinates are called: by the plane they are in."""
    suffix = "" if crs.code == CRS84.code else f"_{crs.code}"
    if not is_point:
        return (f"wkt{suffix}",)
    return ("x" + suffix, "y" + suffix) if suffix else ("lon", "lat")


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write a table; with a byte-order mark, so that Excel sees UTF-8.

    Order    the columns of the layer, then the coordinates (WKT for what is no point); no place, empty cells.
    """
    crs, is_point = heading.crs, heading.geometry_type == "Point"
    names = place_columns(crs, is_point=is_point) if heading.geometry_type else ()
    fields = schema(heading.columns, described=False)
    for name in names:
        fields = fields.append(pa.field(name, pa.float64() if is_point else pa.string()))
    style = pa.csv.WriteOptions(include_header=False, eol="\r\n")
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8 + _line([inert(name) for name in fields.names]))
        with pa.csv.CSVWriter(file, fields, write_options=style) as table:
            for frame in frames:
                cells = [
                    changed(values, MAYBE, inert) if column.kind == "text" else values
                    for column, values in zip(heading.columns, frame.values.columns, strict=True)
                ]
                cells += _place_cells(frame.places, crs, is_point=is_point) if names else []
                table.write_batch(pa.RecordBatch.from_arrays(cells, schema=fields))


def _line(cells: Sequence[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode()


def _place_cells(places: Any, crs: Crs, *, is_point: bool) -> list[Any]:
    if is_point:
        # Numbers stay numbers: -3.2 is no formula.
        return [
            pa.array(np.round(axis, crs.digits), from_pandas=True)
            for axis in (shapely.get_x(places), shapely.get_y(places))
        ]
    return [pa.array(shapely.to_wkt(places, rounding_precision=crs.digits), type=pa.string())]


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
        attributes: dict[str, object] = {name: plain(cell) for name, cell in zip(names, cells, strict=False)}
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
