"""What every format writes: rows by the thousand as columns, and what stands at the head of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.columns import Column, GeometryType, Look
from geo.formats.shapes import Points, Shapes
from geo.plane.crs import Crs

TYPES: dict[str, Any] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
# The name of the column of places, where a format has one.
GEOMETRY = "geometry"


class Frame(NamedTuple):
    """Some rows: their keys, their places in the plane asked for, and their values.

    Shape    keys (n,), places of n, values: a record batch with the columns in their order.
    """

    keys: NDArray[np.int64]
    places: Points | Shapes
    values: Any


@dataclass(frozen=True, slots=True)
class Heading:
    """What a file says of its rows. ``about`` is the text that goes with it: origin, columns, what was lost;
    ``has_gaps`` answers whether rows will come without a place."""

    name: str
    title: str
    description: str
    about: str
    columns: tuple[Column, ...]
    crs: Crs
    geometry_type: GeometryType | None
    look: Look | None
    has_gaps: Callable[[], bool]


def schema(columns: Sequence[Column], *, described: bool = True) -> Any:
    """The columns as Arrow has them, each with its title where the format keeps it."""
    return pa.schema(
        [
            pa.field(
                column.name,
                TYPES[column.kind],
                # What GDAL keeps as the description of a field, and readers of Arrow show.
                metadata={"GDAL:OGR:comment": str(column.title), "description": str(column.title)}
                if described
                else None,
            )
            for column in columns
        ]
    )


def with_places(frames: Iterable[Frame], heading: Heading, fields: Any) -> Iterator[Any]:
    """The frames as record batches, their places as WKB in the last column where the layer has places."""
    wanted = fields if heading.geometry_type is None else fields.append(pa.field(GEOMETRY, pa.binary()))
    for frame in frames:
        columns = list(frame.values.columns)
        if heading.geometry_type is not None:
            places = frame.places
            columns.append((places.in_parts(heading.geometry_type) if isinstance(places, Shapes) else places).wkb())
        yield pa.RecordBatch.from_arrays(columns, schema=wanted)


def changed(values: Any, pattern: str, change: Callable[[str], str]) -> Any:
    """A column of texts, those changed that match a pattern (RE2): few do, and only those cost anything."""
    import pyarrow.compute as pc

    found = pc.fill_null(pc.match_substring_regex(values, pattern), False)
    if not pc.any(found).as_py():
        return values
    told = pa.array([change(text) for text in pc.filter(values, found).to_pylist()], type=pa.string())
    return pc.replace_with_mask(values, found, told)
