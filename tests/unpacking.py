"""What lies packed in a file that is handed out: its parts, and the names and values of its rows."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pyogrio


def parts(body: bytes) -> Iterator[bytes]:
    """The bytes of a file with nothing left packed: what is in a zip, the cells of a GeoParquet, else the file itself.

    Order    of a GeoParquet its geometries, joined, come first.
    """
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from parts(archive.read(name))
    elif body.startswith(b"PAR1"):
        columns = pq.read_table(io.BytesIO(body)).to_pydict()
        yield b"".join(place or b"" for place in columns.pop("geometry", ()))
        yield str(columns).encode()
    else:
        yield body


class Rows(NamedTuple):
    """What the columns of a file are called, and all that stands in them, as text."""

    names: set[str]
    values: set[str]


def rows(body: bytes) -> Rows:
    """Read any file or answer with rows, by what it begins with."""
    found = Rows(set(), set())
    for names, values in _tables(body):
        found.names.update(name.casefold() for name in names)
        found.values.update(str(value) for value in values if value not in (None, ""))
    return found


def _tables(body: bytes) -> Iterator[tuple[Iterable[str], Iterable[Any]]]:
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            inside = archive.namelist()
            sheets = [archive.read(name) for name in inside if name.startswith("xl/") and name.endswith(".xml")]
        if not sheets:
            yield _read_by_gdal(body, ".shp.zip")
        for sheet in sheets:
            yield from _markup(sheet)
    elif body.startswith(b"PAR1"):
        columns = pq.read_table(io.BytesIO(body)).to_pydict()
        columns.pop("geometry", None)
        yield columns, [value for column in columns.values() for value in column]
    elif body.startswith((b"SQLite format 3", b"fgb")):
        yield _read_by_gdal(body, ".fgb" if body.startswith(b"fgb") else ".gpkg")
    elif body.lstrip(b"\xef\xbb\xbf\x1e \n").startswith((b"{", b"[")):
        for line in body.decode("utf-8-sig").split("\x1e") if body.startswith(b"\x1e") else _json_texts(body):
            if line.strip():
                yield from _objects(json.loads(line))
    elif body.lstrip().startswith(b"<"):
        yield from _markup(body)
    else:
        table = list(csv.reader(io.StringIO(body.decode("utf-8-sig", "replace"), newline="")))
        # Every cell is a name as well where it is not said which row is the head.
        yield table[0] if table else (), [cell for row in table[1:] for cell in row]


def _json_texts(body: bytes) -> list[str]:
    """One JSON text, or one a line."""
    text = body.decode("utf-8-sig")
    try:
        json.loads(text)
    except ValueError:
        return text.splitlines()
    return [text]


def _read_by_gdal(body: bytes, suffix: str) -> tuple[list[str], list[Any]]:
    names: list[str] = []
    values: list[Any] = []
    with NamedTemporaryFile(suffix=suffix) as file:
        file.write(body)
        file.flush()
        for layer, _kind in pyogrio.list_layers(file.name):
            _about, table = pyogrio.raw.read_arrow(file.name, layer=layer, read_geometry=False)
            names += table.column_names
            values += [value for column in table.to_pydict().values() for value in column]
    return names, values


def _markup(body: bytes) -> Iterator[tuple[Iterable[str], Iterable[Any]]]:
    """Of markup each attribute and each text may be a name (KML, XLSX) or a value."""
    said = []
    for each in ElementTree.fromstring(body).iter():
        said += [text.strip() for text in (each.text, *each.attrib.values()) if text and text.strip()]
    yield said, said


def _objects(found: Any) -> Iterator[tuple[Iterable[str], Iterable[Any]]]:
    if isinstance(found, dict):
        yield found, [value for value in found.values() if not isinstance(value, dict | list)]
        for value in found.values():
            yield from _objects(value)
    elif isinstance(found, list):
        yield (), [value for value in found if not isinstance(value, dict | list)]
        for value in found:
            yield from _objects(value)
