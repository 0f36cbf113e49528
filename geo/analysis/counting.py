"""Counts different people in groups of what they stand behind."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def distinct(groups: Ints, someone: Ints, n_groups: int) -> Ints:
    """How many different ones are in each group?

    Shape    pairs of groups (n,), from 0, -1 for none, and someone (n,), those of one next to each other; (n_groups,).
    Cost     about 2 ms for 500,000 pairs: sorting them anew for each grouping would take thirty.
    """
    found: Ints = _distinct(groups, someone, n_groups)
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def _distinct(groups: Ints, someone: Ints, n_groups: int) -> Ints:
    counts = np.zeros(n_groups, dtype=np.int64)
    last = np.full(n_groups, -1, dtype=np.int64)
    for at in range(len(groups)):
        group = groups[at]
        if group >= 0 and last[group] != someone[at]:
            last[group] = someone[at]
            counts[group] += 1
    return counts
