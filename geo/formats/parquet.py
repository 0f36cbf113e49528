"""GeoParquet 1.1: columns, packed, with places as WKB; out and in."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext_lazy as _
from pyproj import CRS

from geo.formats import gdal, places
from geo.formats.frames import GEOMETRY, Frame, Heading, schema, with_places
from geo.formats.rows import Row, UnreadableFile
from geo.plane.crs import CRS84, Crs

TYPE = "application/vnd.apache.parquet"
LOSSES = (_("Nothing is lost: places, texts, numbers, days and empty values come back as they went."),)
VERSION = "1.1.0"
# Rows packed together: a reader skips what it does not need by groups of these.
GROUP = 50_000
# Below this likeness a plane written out is another one than ours.
_LIKENESS = 70


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write one table; what its places are is said at its end, when all of them went by."""
    fields = schema(heading.columns)
    has_places = heading.geometry_type is not None
    whole = fields.append(pa.field(GEOMETRY, pa.binary())) if has_places else fields
    about = {"title": heading.title, "description": heading.description, "about": heading.about}
    seen = _Seen()
    with pq.ParquetWriter(path, whole.with_metadata(about), compression="zstd") as file:
        waiting: list[Any] = []
        for batch in with_places(seen.passing(frames), heading, fields):
            waiting.append(batch)
            if sum(map(len, waiting)) >= GROUP:
                file.write_table(pa.Table.from_batches(waiting, schema=whole))
                waiting = []
        if waiting:
            file.write_table(pa.Table.from_batches(waiting, schema=whole))
        if has_places:
            file.add_key_value_metadata({"geo": json.dumps(_geo(heading, seen))})


class _Seen:
    """The kinds of places that went by, and the box around them."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.box: list[float] | None = None

    def passing(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            self.kinds |= frame.places.kinds()
            if (box := frame.places.box()) is not None:
                held = self.box or box
                self.box = [*map(min, held[:2], box[:2]), *map(max, held[2:], box[2:])]
            yield frame


def _geo(heading: Heading, seen: _Seen) -> dict[str, Any]:
    kinds = seen.kinds
    if (heading.geometry_type or "").startswith("Multi"):
        kinds = {kind if kind.startswith("Multi") else f"Multi{kind}" for kind in kinds}
    about: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(kinds),
        "crs": CRS.from_epsg(heading.crs.code).to_json_dict(),
    }
    if seen.box is not None:
        about["bbox"] = seen.box
    return {"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: about}}


# --- in ----------------------------------------------------------------------------------------------

_MARK = b"PAR1"
_CODE = "file.not_parquet"
_BATCH = 5000
_ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError)


def is_parquet(start: bytes) -> bool:
    """Do the first bytes of a file claim to be Parquet?"""
    return start.startswith(_MARK)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            yield file
    except UnreadableFile:
        raise
    except _ERRORS as error:
        raise UnreadableFile(_CODE) from error


def _place_column(file: pq.ParquetFile) -> tuple[str, str | None] | None:
    """The column of places and its plane, as GeoParquet says it; none in a plain table."""
    told = (file.metadata.metadata or {}).get(b"geo")
    if told is None:
        return None
    said = json.loads(told)
    name = said["primary_column"]
    about = said["columns"][name]
    if about["encoding"] != "WKB" or name not in file.schema_arrow.names:
        raise UnreadableFile(_CODE)
    # Without a word it is lon, lat (OGC:CRS84); "null" says that nobody knows.
    if "crs" not in about:
        return name, CRS84.name
    if about["crs"] is None:
        return name, None
    own = CRS.from_user_input(about["crs"])
    if own.to_authority() == ("OGC", "CRS84"):
        return name, CRS84.name
    number = own.to_epsg(min_confidence=_LIKENESS)
    return name, f"EPSG:{number}" if number else own.to_wkt()


def crs_of(path: Path, *, lon_field: str | None = None, lat_field: str | None = None) -> str | None:
    """The plane that the file names, or the names of its columns.

    Raises   UnreadableFile, also when no column says where a row lies (file.no_places).
    """
    with _opened(path) as file:
        found = _place_column(file)
        return found[1] if found else places.crs_of(list(file.schema_arrow.names), lon_field, lat_field)


def read(
    path: Path, *, lon_field: str | None = None, lat_field: str | None = None, crs: Crs | None = None
) -> Iterator[Row]:
    """The rows, numbered from 1.

    CRS      the file's own, or ``crs`` when given.
    Raises   UnreadableFile, also when reading has begun.
    """
    with _opened(path) as file:
        found = _place_column(file)
        where = None if found else places.where(list(file.schema_arrow.names), lon_field, lat_field, crs)
        # Another plane than ours is brought to degrees first.
        plane, change = (crs, None) if crs is not None or found is None else gdal.own_plane(found[1])
        number = 0
        for batch in file.iter_batches(_BATCH, use_threads=False):
            values = batch.to_pylist()
            if where is not None:
                for row in values:
                    number += 1
                    yield places.row_of(number, {name: gdal.scalar(value) for name, value in row.items()}, where)
                continue
            assert found is not None
            wkb = [row.pop(found[0]) for row in values]
            for row in gdal.placed_rows(wkb, values, plane, change, after=number):
                yield row
            number += len(values)
