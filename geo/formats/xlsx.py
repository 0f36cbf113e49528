"""XLSX: a table for a spreadsheet, every cell of its own kind; out and in."""

import errno
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import pyogrio
import shapely
import xlsxwriter
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from xlsxwriter.exceptions import XlsxFileError

from geo.formats import gdal, places
from geo.formats.formulas import is_formula
from geo.formats.frames import Frame, Heading
from geo.formats.rows import Row, UnreadableFile
from geo.formats.shapes import Points
from geo.plane.crs import Crs

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a sheet and a cell hold (Excel specifications and limits).
MOST_ROWS, MOST_SIGNS, NAME_LENGTH = 1_048_576, 32_767, 31
# Beyond this a number of a spreadsheet is not exact.
_EXACT = 2**53
# A spreadsheet knows no earlier day.
_FIRST_DAY = date(1900, 3, 1)
LOSSES = (
    _("Places are rounded to a millimetre; lines and areas are text (WKT), none where it is over 32,767 signs."),
    _("The coordinate system stands in the names of the columns alone."),
    _("A text of over 32,767 signs is cut; an empty text becomes an empty cell."),
    _("Whole numbers of over 15 digits, and days before March 1900, stand as text."),
    _("Of broken numbers 16 digits are kept."),
    _("After 1,048,575 rows a next sheet goes on."),
)


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write a table over as many sheets as it needs, and a last sheet that says what the columns are.

    Raises   OSError when the disk is full.
    Cost     memory for one row; some 60 seconds a million rows.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
        "tmpdir": str(path.parent),
    }
    book = xlsxwriter.Workbook(str(path), options)
    try:
        _Sheets(book, heading).write(frames)
        book.close()
    except BaseException as error:
        # Each sheet holds a file of its rows open, and the book would be put together on its way out.
        book.fileclosed = True
        for sheet in book.worksheets():
            for handle in (sheet.fh, sheet.row_data_fh):
                with suppress(AttributeError, OSError, ValueError):
                    handle.close()
        if isinstance(error, XlsxFileError):
            raise OSError(errno.ENOSPC, str(error), str(path)) from error
        raise


class _Sheets:
    """The sheets of one book."""

    def __init__(self, book: Any, heading: Heading) -> None:
        self.book, self.heading = book, heading
        self.bold = book.add_format({"bold": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        # Shown as it is also after somebody typed in the cell.
        self.text = book.add_format({"quote_prefix": True})
        is_point = heading.geometry_type == "Point"
        self.places = places.columns(heading.crs, is_point=is_point) if heading.geometry_type else ()
        self.n = 0

    def write(self, frames: Iterable[Frame]) -> None:
        names = [column.name for column in self.heading.columns] + list(self.places)
        sheet, row = self.sheet(names), 1
        for frame in frames:
            for cells in self.rows(frame):
                if row == MOST_ROWS:
                    sheet, row = self.sheet(names), 1
                for at, value in enumerate(cells):
                    self.cell(sheet, row, at, value)
                row += 1
        self.about()

    def sheet(self, names: Sequence[str]) -> Any:
        self.n += 1
        bare = re.sub(r"[\[\]:*?/\\']", "_", self.heading.name)
        end = f" {self.n}" if self.n > 1 else ""
        sheet = self.book.add_worksheet(bare[: NAME_LENGTH - len(end)] + end)
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(names):
            sheet.write_string(0, at, name, self.bold)
        return sheet

    def rows(self, frame: Frame) -> Iterator[tuple[object, ...]]:
        columns = [values.to_pylist() for values in frame.values.columns]
        digits = self.heading.crs.digits
        if isinstance(frame.places, Points):
            columns += np.round(frame.places.xy, digits).T.tolist()
        elif self.places:
            told = shapely.to_wkt(frame.places.of, rounding_precision=digits)
            columns.append([None if text is None or len(text) > MOST_SIGNS else text for text in told])
        return zip(*columns, strict=True)

    def cell(self, sheet: Any, row: int, at: int, value: object) -> None:
        if value is None or value != value:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, at, value)
        elif isinstance(value, int | float):
            if abs(value) > _EXACT and isinstance(value, int):
                sheet.write_string(row, at, str(value))
            else:
                sheet.write_number(row, at, value)
        elif isinstance(value, date):
            if value >= _FIRST_DAY:
                sheet.write_datetime(row, at, value, self.day)
            else:
                sheet.write_string(row, at, value.isoformat())
        else:
            text = str(value).replace("\r\n", "\n").replace("\r", "\n")[:MOST_SIGNS]
            sheet.write_string(row, at, text, self.text if is_formula(text) else None)

    def about(self) -> None:
        sheet = self.book.add_worksheet(gettext("About this file")[:NAME_LENGTH])
        for row, line in enumerate(self.heading.about.splitlines()):
            sheet.write_string(row, 0, line[:MOST_SIGNS], self.text if is_formula(line) else None)


# --- in ----------------------------------------------------------------------------------------------

_DRIVER, _CODE = "XLSX", "file.not_xlsx"
# Counted while it unfolds: what a zip says about itself is a stranger's word.
MOST_BYTES = 500 * 1024 * 1024
_PIECE, _MB = 1 << 20, 1024 * 1024

# The first row names the columns, also where all of it is text as the rows below it are.
pyogrio.set_gdal_config_options({"OGR_XLSX_HEADERS": "FORCE"})


def is_workbook(path: Path) -> bool:
    """Is this zip file a workbook?"""
    try:
        with ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (BadZipFile, OSError, ValueError):
        return False


def _weigh(path: Path) -> None:
    left = MOST_BYTES
    try:
        with ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as part:
                    while piece := part.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise UnreadableFile("file.zip_too_big", most=MOST_BYTES // _MB)
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, zlib.error) as error:
        raise UnreadableFile(_CODE) from error


def _columns(path: Path, layer: str) -> list[str]:
    return [str(name) for name in pyogrio.read_info(path, layer=layer)["fields"]]


def layers(path: Path) -> list[str]:
    """The sheets that are tables: those with more than one column.

    Raises   UnreadableFile.
    """
    _weigh(path)
    names = gdal.layers(path, driver=_DRIVER, code=_CODE, placed=False)
    tables = [name for name in names if len(_columns(path, name)) > 1]
    if not tables:
        raise UnreadableFile("file.no_rows")
    return tables


def crs_of(path: Path, layer: str, *, lon_field: str | None = None, lat_field: str | None = None) -> str | None:
    """The plane that the names of the columns say.

    Raises   UnreadableFile, also when no column says where a row lies (file.no_places).
    """
    return places.crs_of(_columns(path, layer), lon_field, lat_field)


def read(
    path: Path,
    *,
    layer: str | None = None,
    lon_field: str | None = None,
    lat_field: str | None = None,
    crs: Crs | None = None,
) -> Iterator[Row]:
    """The rows of a sheet, by the row they stand in.

    Raises   UnreadableFile, also when reading has begun.
    """
    name = layer or layers(path)[0]
    where = places.where(_columns(path, name), lon_field, lat_field, crs)
    for row in gdal.rows(path, name, crs=None, code=_CODE):
        # The names of the columns stand in the first.
        yield places.row_of(row.line + 1, row.attributes, where) if row.fault is None else row
