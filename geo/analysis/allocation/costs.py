"""What serving each demand costs from each site: sparse, the cheapest first. Missing coverage is a cost too.

A demand costs ``otherwise`` when no chosen site is cheaper. In maximal coverage a site in reach costs nothing and
``otherwise`` is the weight; in p-median a site costs weight times distance and ``otherwise`` is what the sites that
already stand cost. So one search and one relaxation serve both.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A matrix of so many distances is half a gigabyte, and some of that size are needed at once.
MOST_DISTANCES = 60_000_000


class TooLarge(ValueError):  # noqa: N818 -- an answer about what was asked
    """More distances than fit in memory: put demand together by place first."""


@dataclass(frozen=True)
class Costs:
    """Rows are demands, their sites by rising cost; columns the same, by site. ``base`` is paid whatever is chosen."""

    n_sites: int
    base: float
    otherwise: Floats
    row_starts: Ints
    row_sites: Ints
    row_costs: Floats
    column_starts: Ints
    column_rows: Ints
    column_costs: Floats
    is_whole: bool
    # Which of the rows it was made of are rows still.
    lives: Bools

    def total(self, chosen: Ints) -> float:
        """What all demands cost with these sites."""
        least = self.otherwise.copy()
        for site in chosen:
            at = slice(self.column_starts[site], self.column_starts[site + 1])
            rows = self.column_rows[at]
            least[rows] = np.minimum(least[rows], self.column_costs[at])
        return self.base + float(least.sum())

    def given(self, inside: Ints, outside: Bools) -> "Costs":
        """The costs that are left when some sites are certain and others are out of the question."""
        otherwise = self.otherwise.copy()
        for site in inside:
            at = slice(self.column_starts[site], self.column_starts[site + 1])
            rows = self.column_rows[at]
            otherwise[rows] = np.minimum(otherwise[rows], self.column_costs[at])
        row = np.repeat(np.arange(len(otherwise)), np.diff(self.row_starts))
        use = (self.row_costs < otherwise[row]) & ~outside[self.row_sites]
        return _costs(
            self.n_sites, self.base, otherwise, row[use], self.row_sites[use], self.row_costs[use], self.is_whole
        )


def of_cover(cover: sparse.csr_matrix, weights: Floats) -> Costs:
    """The costs of missing demand: demands with the very same sites in reach are one.

    Shape    cover (n, m), True where a site reaches a demand; weights (n,).
    """
    cover = sparse.csr_matrix(cover, copy=True)
    cover.eliminate_zeros()
    cover.sort_indices()
    starts, sites = cover.indptr.astype(np.int64), cover.indices.astype(np.int64)
    first, which = _same([sites[a:b].tobytes() for a, b in itertools.pairwise(starts)])
    merged = np.bincount(which, weights, minlength=len(first)).astype(np.float64)
    kept = cover[first]
    row = np.repeat(np.arange(len(first)), np.diff(kept.indptr))
    use = merged[row] > 0
    whole = bool((weights == np.round(weights)).all())
    nothing = np.zeros(int(use.sum()))
    return _costs(cover.shape[1], 0.0, merged, row[use], kept.indices.astype(np.int64)[use], nothing, whole)


def of_distances(distances: Floats, weights: Floats, nearest: Floats | None) -> Costs:
    """The costs of going to the nearest site.

    Shape    distances (n, m); weights (n,); nearest (n,), to sites that stand already, or None where none do: then at
             least one site must be chosen, and the farthest stands for "none".
    """
    limit = distances.max(axis=1, initial=0.0) if nearest is None else nearest
    full = np.column_stack([distances, limit])
    first, which = _same([line.tobytes() for line in full])
    heavy = np.bincount(which, weights, minlength=len(first))
    costs = distances[first] * heavy[:, None]
    otherwise = limit[first] * heavy
    row, site = np.nonzero(costs < otherwise[:, None])
    found = costs[row, site]
    whole = bool((costs == np.round(costs)).all() and (otherwise == np.round(otherwise)).all())
    return _costs(distances.shape[1], 0.0, otherwise, row, site, found, whole)


def within(demand_m: Floats, sites_m: Floats, radius_m: float) -> sparse.csr_matrix:
    """Which sites lie within a distance of which demands, the border included.

    Shape    demand (n, 2) and sites (m, 2) in metres of one plane; the answer (n, m), True where in reach.
    """
    shape = (len(demand_m), len(sites_m))
    if 0 in shape:
        return sparse.csr_matrix(shape, dtype=np.bool_)
    found = cKDTree(sites_m).query_ball_point(demand_m, radius_m, return_sorted=True)
    lengths = np.fromiter((len(near) for near in found), np.int64, len(found))
    sites = np.concatenate([np.asarray(near, dtype=np.int64) for near in found])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((np.ones(len(sites), dtype=np.bool_), sites, starts), shape=shape)


def distances(demand_m: Floats, sites_m: Floats) -> Floats:
    """How far it is from each demand to each site, as the crow flies: (n, m) metres.

    Raises   TooLarge.
    """
    if len(demand_m) * len(sites_m) > MOST_DISTANCES:
        raise TooLarge(len(demand_m) * len(sites_m))
    apart = demand_m[:, None, :] - sites_m[None, :, :]
    return np.asarray(np.hypot(apart[..., 0], apart[..., 1]), dtype=np.float64)


def pairs_closer(sites_m: Floats, spacing_m: float) -> Ints:
    """Which two sites lie closer together than this: (n, 2), each pair once."""
    if len(sites_m) < 2 or spacing_m <= 0:
        return np.empty((0, 2), dtype=np.int64)
    pairs = cKDTree(sites_m).query_pairs(spacing_m, output_type="ndarray").astype(np.int64)
    apart = sites_m[pairs[:, 0]] - sites_m[pairs[:, 1]]
    return np.asarray(pairs[np.hypot(apart[:, 0], apart[:, 1]) < spacing_m], dtype=np.int64)


def _same(keys: list[bytes]) -> tuple[Ints, Ints]:
    """The first of each kind of key, and which kind each is."""
    kinds: dict[bytes, int] = {}
    which = np.fromiter((kinds.setdefault(key, len(kinds)) for key in keys), np.int64, len(keys))
    first = np.full(len(kinds), len(keys), dtype=np.int64)
    np.minimum.at(first, which, np.arange(len(keys)))
    return first, which


def _costs(n_sites: int, base: float, otherwise: Floats, row: Ints, site: Ints, cost: Floats, whole: bool) -> Costs:
    """Sort, and leave out the rows in which nothing can be gained."""
    n_rows = len(otherwise)
    lives = np.bincount(row, minlength=n_rows) > 0
    base += float(otherwise[~lives].sum())
    row = (np.cumsum(lives) - 1)[row]
    by_row = np.lexsort((site, cost, row)) if cost.any() else np.arange(len(row))
    row, site, cost = row[by_row], site[by_row], cost[by_row]
    by_column = np.argsort(site, kind="stable")
    return Costs(
        n_sites,
        base,
        otherwise[lives],
        np.concatenate([[0], np.cumsum(np.bincount(row, minlength=int(lives.sum())))]).astype(np.int64),
        site.astype(np.int64),
        cost.astype(np.float64),
        np.concatenate([[0], np.cumsum(np.bincount(site, minlength=n_sites))]).astype(np.int64),
        row[by_column].astype(np.int64),
        cost[by_column].astype(np.float64),
        whole,
        lives,
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def nearest_two(
    otherwise: Floats, starts: Ints, rows: Ints, costs: Floats, chosen: Ints
) -> tuple[Floats, Ints, Floats]:
    """What each row costs, the place in ``chosen`` of the site that serves it (-1: none), and its second best cost."""
    best, second = otherwise.copy(), otherwise.copy()
    server = np.full(len(otherwise), -1, dtype=np.int64)
    for place in range(len(chosen)):
        for at in range(starts[chosen[place]], starts[chosen[place] + 1]):
            row, cost = rows[at], costs[at]
            if cost < best[row]:
                second[row] = best[row]
                best[row], server[row] = cost, place
            elif cost < second[row]:
                second[row] = cost
    return best, server, second


@njit(cache=True)  # type: ignore[untyped-decorator]
def gains(starts: Ints, sites: Ints, costs: Floats, best: Floats, n_sites: int) -> Floats:
    """What each site would save, once more."""
    found = np.zeros(n_sites)
    for row in range(len(best)):
        for at in range(starts[row], starts[row + 1]):
            if costs[at] >= best[row]:
                break
            found[sites[at]] += best[row] - costs[at]
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def exchanges(
    starts: Ints, sites: Ints, costs: Floats, best: Floats, server: Ints, second: Floats, n_sites: int, n_chosen: int
) -> Floats:
    """What is saved when a site (row) takes the place of a chosen one (column).

    Source   Resende & Werneck 2007, after Whitaker 1983.
    """
    saved = np.zeros((n_sites, n_chosen))
    gain = np.zeros(n_sites)
    loss = np.zeros(n_chosen)
    for row in range(len(best)):
        place = server[row]
        if place >= 0:
            loss[place] += second[row] - best[row]
        for at in range(starts[row], starts[row + 1]):
            if costs[at] >= second[row]:
                break
            site = sites[at]
            if costs[at] < best[row]:
                gain[site] += best[row] - costs[at]
                if place >= 0:
                    saved[site, place] += second[row] - best[row]
            else:
                saved[site, place] += second[row] - costs[at]
    for site in range(n_sites):
        for place in range(n_chosen):
            saved[site, place] += gain[site] - loss[place]
    return saved


@njit(cache=True)  # type: ignore[untyped-decorator]
def reduced_values(starts: Ints, sites: Ints, costs: Floats, prices: Floats, n_sites: int) -> Floats:
    """What each site earns when every row pays its price: the sum of price - cost where that is positive."""
    found = np.zeros(n_sites)
    for row in range(len(prices)):
        price = prices[row]
        for at in range(starts[row], starts[row + 1]):
            if costs[at] >= price:
                break
            found[sites[at]] += price - costs[at]
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def times_served(starts: Ints, rows: Ints, costs: Floats, prices: Floats, chosen: Ints) -> Floats:
    """By how many of the chosen sites each row is served below its price."""
    found = np.zeros(len(prices))
    for site in chosen:
        for at in range(starts[site], starts[site + 1]):
            if costs[at] < prices[rows[at]]:
                found[rows[at]] += 1
    return found
