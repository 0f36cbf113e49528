"""Measures places against the features of a layer, in one metric plane: how far, how many, inside or not.

Everything is as the crow flies. Features without a place are left out, and a layer without any gives no distance.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Shapely geometries in metres; None or empty where a feature has no place.
Shapes = NDArray[np.object_]

# Places asked about at a time: pairs of places and features in reach stay few.
CHUNK = 256


def nearest_m(points_m: Floats, shapes: Shapes) -> Floats:
    """How far is the nearest feature of each place; 0 inside one, NaN when there is none.

    Shape    points (n, 2) metres; shapes (m,) in the same plane; the answer (n,).
    Cost     an index over the features; 2,000 places and 100,000 points take under a second.
    """
    found = np.full(len(points_m), np.nan)
    if not len(points_m) or shapely.is_missing(shapes).all():
        return found
    tree = shapely.STRtree(shapes)
    (places, _features), apart = tree.query_nearest(shapely.points(points_m), return_distance=True, all_matches=False)
    found[places] = apart
    return found


def totals_within(points_m: Floats, shapes: Shapes, values: Floats, *, radius_m: float) -> Floats:
    """What do the values of the features within a distance of each place add up to? The border counts as within.

    Shape    values (m,), 1 each to count; NaN adds nothing.
    Cost     bounded by the pairs of ``CHUNK`` places at a time.
    """
    found = np.zeros(len(points_m))
    if not len(shapes):
        return found
    tree = shapely.STRtree(shapes)
    worth = np.nan_to_num(values)
    for start in range(0, len(points_m), CHUNK):
        some = shapely.points(points_m[start : start + CHUNK])
        places, features = tree.query(some, predicate="dwithin", distance=radius_m)
        found[start : start + len(some)] = np.bincount(places, worth[features], minlength=len(some))
    return found


def below(points_m: Floats, shapes: Shapes) -> Ints:
    """In which feature does each place lie, its edge included: the smallest of several, -1 in none.

    Shape    the answer (n,), places in ``shapes``.
    """
    found = np.full(len(points_m), -1, dtype=np.int64)
    if not len(shapes) or not len(points_m):
        return found
    places, features = shapely.STRtree(shapes).query(shapely.points(points_m), predicate="intersects")
    area = shapely.area(shapes[features])
    # The last one written wins: largest first, and of equals the first of the layer last.
    order = np.lexsort((-features, -area))
    found[places[order]] = features[order]
    return found
