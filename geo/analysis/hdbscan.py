"""Groups pins of which some lie closer together than others (HDBSCAN): dense streets and thin villages at once."""

import numpy as np

from geo.analysis.clusters import MAX_RADIUS_M, Clusters, Floats, Ints, InvalidMinimum, InvalidRadius, numbered


def hierarchical_clusters(points_m: Floats, weights: Floats, *, min_count: int, apart_m: float = 0.0) -> Clusters:
    """Group points by density, whatever it is at each place (HDBSCAN, excess of mass).

    A group has at least ``min_count`` points, and its density is measured over as many. Groups that part only below
    ``apart_m`` stay one. Densities are compared: where all points make one crowd there is nothing to compare it with,
    and no group.

    Shape    points (n, 2) metres in a plane that measures truly; weights (n,), 0 or more.
    Order    heaviest group first, then westernmost, then southernmost: the same points give the same numbering.
    Raises   InvalidMinimum below 2; InvalidRadius unless 0 <= apart_m <= 5000; ValueError for what is no number.
    Cost     some 5 s for 50,000 points; the first call on a machine compiles for a quarter of a minute.
    Source   Campello, Moulavi & Sander 2013; fast_hdbscan (McInnes).
    """
    if not 0 <= apart_m <= MAX_RADIUS_M:
        raise InvalidRadius(apart_m)
    if min_count < 2:
        raise InvalidMinimum(min_count)

    def group(x: Floats, y: Floats, _order: Ints) -> tuple[Ints, int]:
        if len(x) < min_count:
            return np.full(len(x), -1, dtype=np.int64), 0
        # Its import takes seconds, which nobody else should wait for.
        from fast_hdbscan import fast_hdbscan

        labels, _strengths = fast_hdbscan(
            np.column_stack([x, y]),
            min_cluster_size=min_count,
            # Neighbours beside the point itself: as many points as scikit-learn counts.
            min_samples=min_count - 1,
            cluster_selection_epsilon=float(apart_m),
            reproducible=True,
        )
        return labels.astype(np.int64), int(labels.max(initial=-1)) + 1

    return numbered(points_m, weights, group)
