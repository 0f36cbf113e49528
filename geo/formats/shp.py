"""Shapefile: places in .shp, attributes in .dbf beside it, the plane in .prj; in and, as one zip file, out."""

import csv
import errno
import io
import os
import re
import struct
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext_lazy as _

from geo.formats import gdal, gdal_out
from geo.formats.formulas import inert
from geo.formats.frames import Frame, Heading
from geo.formats.rows import Row
from geo.plane.crs import Crs

TYPE = "application/zip"
# What a field of a .dbf holds: dBASE III.
NAME_LENGTH, TEXT_BYTES = 10, 254
LOSSES = (
    _("Names of columns are cut to ten letters; “columns.csv” in the zip says which is which."),
    _("Texts are cut to 254 bytes: some 250 letters, fewer with accents."),
    _("An empty text becomes no value; yes and no become 1 and 0."),
    _("Whole numbers of more than 18 digits, and decimals beyond the fifteenth digit, are not kept exactly."),
)
# Kinds of places that one Shapefile can hold.
HOLDS = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", None)

# --- out ---------------------------------------------------------------------------------------------


def short_names(names: Sequence[str]) -> list[str]:
    """A name of ten plain letters for each column, none twice."""
    found: list[str] = []
    for name in names:
        bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        bare = re.sub(r"\W", "_", bare)[:NAME_LENGTH] or "column"
        short, again = bare, 1
        while short.lower() in {other.lower() for other in found}:
            again += 1
            short = f"{bare[: NAME_LENGTH - len(str(again))]}{again}"
        found.append(short)
    return found


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write a zip file with the parts of a Shapefile, what its columns mean, and the text that goes with it."""
    short = short_names([column.name for column in heading.columns])
    fields = pa.schema(
        [
            pa.field(name, _stored(column.kind), metadata=_width(column.kind))
            for name, column in zip(short, heading.columns, strict=True)
        ]
    )
    stem = re.sub(r"[^\w-]", "_", heading.name)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".shp-") as folder:
        gdal_out.write(
            (frame._replace(values=_fitting(frame.values, heading)) for frame in frames),
            heading,
            Path(folder) / (f"{stem}.shp" if heading.geometry_type else f"{stem}.dbf"),
            driver=_DRIVER,
            fields=fields,
            layer_options={"ENCODING": "UTF-8"},
        )
        _weigh(Path(folder), stem)
        # Some say the name of the code page only here.
        (Path(folder) / f"{stem}.cpg").write_text("UTF-8")
        (Path(folder) / "columns.csv").write_text(_table(heading, short), encoding="utf-8-sig")
        (Path(folder) / "about.txt").write_text(heading.about, encoding="utf-8")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)


def _weigh(folder: Path, stem: str) -> None:
    """See that the parts are as long as they say: GDAL tells nobody that the disk was full.

    Raises   OSError.
    """
    table = folder / f"{stem}.dbf"
    with table.open("rb") as file:
        n_rows, head, row = struct.unpack("<4xIHH", file.read(12))
    wanted = {table: head + n_rows * row}
    for part in (folder / f"{stem}.shp", folder / f"{stem}.shx"):
        if part.exists():
            with part.open("rb") as file:
                # In words of two bytes.
                wanted[part] = 2 * int(struct.unpack(">24xI", file.read(28))[0])
    for part, size in wanted.items():
        if part.stat().st_size < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))


def _stored(kind: str) -> pa.DataType:
    kinds = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "date": pa.date32()}
    return kinds.get(kind, pa.int32())


def _width(kind: str) -> dict[str, str] | None:
    # Said at once: else the whole table is written anew for each text that is longer than those before.
    return {"GDAL:OGR:width": str(TEXT_BYTES)} if kind == "text" else None


def _fitting(values: pa.RecordBatch, heading: Heading) -> pa.RecordBatch:
    columns = []
    for column, each in zip(heading.columns, values.columns, strict=True):
        fit = each
        if column.kind == "text":
            fit = _cut(each)
        elif column.kind == "boolean":
            fit = pc.cast(each, pa.int32())
        columns.append(fit)
    return pa.RecordBatch.from_arrays(columns, names=[column.name for column in heading.columns])


def _cut(texts: pa.Array) -> pa.Array:
    """Texts of at most so many bytes, cut between two letters."""
    long = pc.fill_null(pc.greater(pc.binary_length(texts), TEXT_BYTES), False)
    if not pc.any(long).as_py():
        return texts
    cut = [
        text.encode()[:TEXT_BYTES].decode(errors="ignore")
        for text in pc.utf8_slice_codeunits(pc.filter(texts, long), 0, TEXT_BYTES).to_pylist()
    ]
    return pc.replace_with_mask(texts, long, pa.array(cut, type=pa.string()))


def _table(heading: Heading, short: Sequence[str]) -> str:
    told = io.StringIO()
    table = csv.writer(told)
    table.writerow(["short", "name", "kind", "title"])
    for name, column in zip(short, heading.columns, strict=True):
        table.writerow([inert(cell) for cell in (name, column.name, column.kind, str(column.title))])
    return told.getvalue()


# --- in ----------------------------------------------------------------------------------------------

# ESRI Shapefile Technical Description (1998), table 1: file code 9994, big-endian.
_MARK = b"\x00\x00\x27\x0a"
_DRIVER, _CODE = "ESRI Shapefile", "file.not_shp"


def is_shapefile(start: bytes) -> bool:
    """Do the first bytes of a file claim to be the .shp of a Shapefile?"""
    return start.startswith(_MARK)


def layers(path: Path) -> list[str]:
    """The one layer, by its name."""
    return gdal.layers(path, driver=_DRIVER, code=_CODE)


def crs_of(path: Path, layer: str) -> str | None:
    """The plane that the .prj beside it names."""
    return gdal.crs_of(path, layer, code=_CODE)


def read(path: Path, *, layer: str | None = None, crs: Crs | None = None) -> Iterator[Row]:
    """The features, numbered from 1.

    CRS      the one of the .prj, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    yield from gdal.rows(path, layer or layers(path)[0], crs=crs, code=_CODE)
