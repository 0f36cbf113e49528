"""CSV and TSV: tables of text, in and out."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import shapely
from django.utils.translation import gettext_lazy as _

from geo.formats import places
from geo.formats.formulas import MAYBE, inert, plain
from geo.formats.frames import Frame, Heading, changed, schema
from geo.formats.rows import Row, RowFault, UnreadableFile, text_fault
from geo.formats.shapes import Points, Shapes
from geo.plane.crs import Crs

TYPE = "text/csv; charset=utf-8"
LOSSES = (
    _("Places are rounded to a millimetre; lines and areas stand as text (WKT)."),
    _("The coordinate system stands in the names of the columns alone."),
    _("A text that a spreadsheet would compute has an apostrophe before it."),
)

# --- out ---------------------------------------------------------------------------------------------


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write a table; with a byte-order mark, so that Excel sees UTF-8.

    Order    the columns of the layer, then the coordinates (WKT for what is no point); no place, empty cells.
    """
    crs, is_point = heading.crs, heading.geometry_type == "Point"
    names = places.columns(crs, is_point=is_point) if heading.geometry_type else ()
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
                cells += _place_cells(frame.places, crs) if names else []
                table.write_batch(pa.RecordBatch.from_arrays(cells, schema=fields))


def _line(cells: Sequence[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode()


def _place_cells(places: Points | Shapes, crs: Crs) -> list[Any]:
    if isinstance(places, Shapes):
        return [pa.array(shapely.to_wkt(places.of, rounding_precision=crs.digits), type=pa.string())]
    # Numbers stay numbers: -3.2 is no formula.
    return [pa.array(axis, from_pandas=True) for axis in np.round(places.xy, crs.digits).T]


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
            yield from _rows(names, table, places.where(names, lon_field, lat_field, crs))
    except UnicodeDecodeError as error:
        raise UnreadableFile("file.encoding_wrong", encoding=used, at=error.start) from error
    except UnicodeError as error:  # UTF-16 that was none from the start
        raise UnreadableFile("file.encoding_wrong", encoding=used, at=0) from error
    except csv.Error as error:
        raise UnreadableFile("file.not_table", reason=error) from error


def crs_of(path: Path, *, lon_field: str | None = None, lat_field: str | None = None) -> str | None:
    """The plane that the names of the columns say.

    Raises   UnreadableFile, also when no column says where a row lies (file.no_places).
    """
    with path.open(encoding=_encoding(path, None), newline="", errors="replace") as file:
        try:
            names = _table(file)[0]
        except csv.Error as error:
            raise UnreadableFile("file.not_table", reason=error) from error
    return places.crs_of(names, lon_field, lat_field)


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


def _rows(names: list[str], table: Any, where: places.Where) -> Iterator[Row]:
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
