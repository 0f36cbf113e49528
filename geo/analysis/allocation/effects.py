"""What chosen sites do: the order in which to build them, and who has one within reach before and after."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from geo.analysis.allocation.costs import Bools, Costs, Floats, Ints, gains, of_cover, of_distances


@dataclass(frozen=True)
class Step:
    """A site, what it adds to those before it (weight covered, or way saved), and what they come to together."""

    site: int
    gain: float
    total: float


@dataclass(frozen=True)
class Share:
    """Of a group (-1: of none): its weight, and how much of that has a site within reach before and after."""

    group: int
    weight: float
    before: float
    after: float


def order_by_coverage(
    cover: sparse.csr_matrix, weights: Floats, chosen: Ints, *, covered: Bools | None = None
) -> tuple[Step, ...]:
    """In which order do these sites cover most, soonest?

    Shape    cover (n, m); weights (n,); covered (n,): what is reached already, and counts in the totals.
    Order    each next site adds most; of equal ones the lowest first.
    """
    reached = np.zeros(len(weights), dtype=np.bool_) if covered is None else covered
    return _order(of_cover(cover, np.where(reached, 0.0, weights)), chosen, float(weights[reached].sum()))


def order_by_distance(
    distances: Floats, weights: Floats, chosen: Ints, *, nearest: Floats | None = None
) -> tuple[Step, ...]:
    """In which order do these sites shorten the way most, soonest? Where none stands, the first is counted from the
    way to the farthest.

    Shape    distances (n, m); weights (n,); nearest (n,), to what stands already.
    Units    weight times distance saved.
    Order    each next site saves most; of equal ones the lowest first.
    """
    return _order(of_distances(distances, weights, nearest), chosen, 0.0)


def shares(
    cover: sparse.csr_matrix, weights: Floats, groups: Ints, chosen: Ints, *, covered: Bools | None = None
) -> tuple[Share, ...]:
    """How much of each group has a site within reach, before these sites and after?

    Shape    cover (n, m); weights (n,); groups (n,), -1 for none.
    Order    by group.
    """
    before = np.zeros(len(weights), dtype=np.bool_) if covered is None else covered
    after = before | (np.asarray(cover[:, chosen].sum(axis=1)).ravel() > 0)
    found = []
    for group in np.unique(groups):
        inside = groups == group
        weight, was, now = (float(weights[inside & who].sum()) for who in (True, before, after))
        found.append(Share(int(group), weight, was, now))
    return tuple(found)


def _order(costs: Costs, chosen: Ints, total: float) -> tuple[Step, ...]:
    left = np.unique(np.asarray(chosen, dtype=np.int64))
    best = costs.otherwise.copy()
    steps = []
    while len(left):
        gain = gains(costs.row_starts, costs.row_sites, costs.row_costs, best, costs.n_sites)[left]
        at = int(gain.argmax())
        site, added = int(left[at]), float(gain[at])
        total += added
        steps.append(Step(site, added, total))
        rows = slice(costs.column_starts[site], costs.column_starts[site + 1])
        best[costs.column_rows[rows]] = np.minimum(best[costs.column_rows[rows]], costs.column_costs[rows])
        left = np.delete(left, at)
    return tuple(steps)
