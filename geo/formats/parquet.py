"""GeoParquet 1.1: columns, packed, with places as WKB; out and in."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from django.utils.translation import gettext_lazy as _
from pyproj import CRS

from geo.formats.frames import GEOMETRY, Frame, Heading, schema, with_places

TYPE = "application/vnd.apache.parquet"
LOSSES = (_("Nothing is lost: places, texts, numbers, days and empty values come back as they went."),)
VERSION = "1.1.0"
# Rows packed together: a reader skips what it does not need by groups of these.
GROUP = 100_000


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
            there = frame.places[~shapely.is_missing(frame.places)]
            if len(there):
                self.kinds |= {shapely.GeometryType(kind).name for kind in np.unique(shapely.get_type_id(there))}
                box = shapely.total_bounds(there).tolist()
                held = self.box or box
                self.box = [*map(min, held[:2], box[:2]), *map(max, held[2:], box[2:])]
            yield frame


_NAMES = {name.upper(): name for name in (
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
)}  # fmt: skip


def _geo(heading: Heading, seen: _Seen) -> dict[str, Any]:
    kinds = {_NAMES[kind] for kind in seen.kinds}
    if (heading.geometry_type or "").startswith("Multi"):
        kinds = {kind if kind.startswith("Multi") else f"Multi{kind}" for kind in kinds}
    places: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(kinds),
        "crs": CRS.from_epsg(heading.crs.code).to_json_dict(),
    }
    if seen.box is not None:
        places["bbox"] = seen.box
    return {"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: places}}
