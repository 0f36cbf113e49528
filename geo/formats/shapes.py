"""The places of a frame: points as numbers, all else as shapes.

Making shapes of a million points takes as long as asking the database for them, and no format needs more of them than
their numbers or their bytes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

# Of a point as WKB: little-endian, kind 1, x, y.
_WKB = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])


@dataclass(frozen=True, slots=True)
class Points:
    """Points and nothing else: what a layer of points has.

    Shape    xy (n, 2), x before y; not a number where there is no place.
    """

    xy: NDArray[np.float64]

    def wkb(self) -> Any:
        """They as an Arrow column of WKB, null where there is no place."""
        rows = np.empty(len(self.xy), _WKB)
        rows["order"], rows["kind"], rows["x"], rows["y"] = 1, 1, *self.xy.T
        ends = np.arange(len(rows) + 1, dtype=np.int32) * _WKB.itemsize
        there = pa.array(~np.isnan(self.xy[:, 0])).buffers()[1]
        return pa.Array.from_buffers(pa.binary(), len(rows), [there, pa.py_buffer(ends), pa.py_buffer(rows)])

    def kinds(self) -> set[str]:
        """Which kinds of geometries there are, as the standards name them."""
        return set() if np.isnan(self.xy[:, 0]).all() else {"Point"}

    def box(self) -> list[float] | None:
        """Least x and y, greatest x and y; None where there is no place at all."""
        there = self.xy[~np.isnan(self.xy[:, 0])]
        return [*there.min(axis=0).tolist(), *there.max(axis=0).tolist()] if len(there) else None


@dataclass(frozen=True, slots=True)
class Shapes:
    """Lines, areas, or all kinds of places.

    Shape    of (n,) of shapely geometries, None for none.
    """

    of: NDArray[np.object_]

    def wkb(self) -> Any:
        """As ``Points.wkb``."""
        return pa.array(shapely.to_wkb(self.of), type=pa.binary())

    def kinds(self) -> set[str]:
        """As ``Points.kinds``."""
        there = self.of[~shapely.is_missing(self.of)]
        return {_NAMES[shapely.GeometryType(kind)] for kind in np.unique(shapely.get_type_id(there))}

    def box(self) -> list[float] | None:
        """As ``Points.box``."""
        there = self.of[~shapely.is_missing(self.of)]
        return shapely.total_bounds(there).tolist() if len(there) else None

    def in_parts(self, geometry_type: str) -> "Shapes":
        """They as their layer has them: in a layer of several parts one part counts as several."""
        if not geometry_type.startswith("Multi"):
            return self
        kinds = shapely.get_type_id(self.of)
        single = np.isin(kinds, [shapely.GeometryType[name.upper()] for name in ("Point", "LineString", "Polygon")])
        found = self.of.copy()
        made = getattr(shapely, geometry_type)
        for at in np.flatnonzero(single):
            found[at] = made([self.of[at]])
        return Shapes(found)


_NAMES = {shapely.GeometryType[name.upper()]: name for name in (
    "Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
)}  # fmt: skip
