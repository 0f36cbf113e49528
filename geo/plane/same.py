"""Are two shapes the same, whatever plane they went to and came back from?"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

# A millimetre: what going to another plane and back may cost.
SAME_DEGREES = 1e-8


def same_shapes(was: Any, now: Any) -> NDArray[np.bool_]:
    """Which shapes are the same as those of the other list, with their corners in whatever order; none is as none.

    CRS      lon, lat. A shape of one part is the same as that part.
    """
    one, other = (np.atleast_1d(np.array(shapes, dtype=object)) for shapes in (was, now))
    close = shapely.equals_exact(ordered(one), ordered(other), SAME_DEGREES)
    return np.asarray(close | (shapely.is_missing(one) & shapely.is_missing(other)))


def ordered(shapes: NDArray[Any]) -> NDArray[Any]:
    """The shapes with their corners in one order, what has but one part as that part."""
    shapes = shapes.copy()
    alone = shapely.get_num_geometries(shapes) == 1
    shapes[alone] = shapely.get_geometry(shapes[alone], 0)
    return np.asarray(shapely.normalize(shapes))
