"""Groups pins that lie close together (DBSCAN), always with the same numbers for the same pins."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.analysis.ordering import canonical, in_buckets

MAX_RADIUS_M = 5000.0
# A hull is drawn this much wider than its pins, so that one of one or two pins, or of a straight street, shows.
HULL_MARGIN_M = 15.0
# Cells are put in order by a place for each where there are not too many of them, empty ones among them.
CELLS_PER_POINT = 8

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class InvalidRadius(ValueError):  # noqa: N818 -- an answer about what was asked
    """A radius that is not above 0 and at most 5 km."""


class InvalidMinimum(ValueError):  # noqa: N818 -- an answer about what was asked
    """A least number of pins that is not 1 or more."""


@dataclass(frozen=True)
class Cluster:
    """One group. ``x``, ``y`` is its weighted middle, ``hull`` its outline; both in the plane of the points."""

    number: int
    n: int
    weight: float
    x: float
    y: float
    hull: BaseGeometry


@dataclass(frozen=True)
class Clusters:
    """The groups in their order, and of each point the place of its group in it (from 0; -1 for none)."""

    labels: Ints
    groups: tuple[Cluster, ...]

    @property
    def n_noise(self) -> int:
        """How many points belong to no group."""
        return int(np.count_nonzero(self.labels < 0))


def clusters(
    points_m: Floats, weights: Floats, *, radius_m: float, min_count: int, ids: Ints | None = None
) -> Clusters:
    """Group points that lie within ``radius_m`` of each other (DBSCAN).

    A point with at least ``min_count`` points within the radius, itself among them, is a core; cores within the
    radius of each other are one group; another point joins its nearest core within the radius (of two equally
    near ones that with the lowest id).

    Shape    points (n, 2) metres in a plane that measures truly (EPSG:31370); weights (n,), 0 or more; ids (n,), all
             different, by default their places.
    Order    heaviest group first, then westernmost, then southernmost: the same points with the same ids give the same
             groups and numbers, in whatever order they come.
    Raises   InvalidRadius unless 0 < radius_m <= 5000; InvalidMinimum; ValueError for what is no number.
    Cost     about 1 s for a million points, after the first call of a process (compiled code is kept on disk).
    Source   Ester et al. 1996; grid of cells in which all points are neighbours: Gunawan 2013.
    """
    if not 0 < radius_m <= MAX_RADIUS_M:
        raise InvalidRadius(radius_m)
    if min_count < 1:
        raise InvalidMinimum(min_count)
    known = np.arange(len(points_m)) if ids is None else ids
    return numbered(points_m, weights, lambda x, y, order: _dbscan(x, y, known[order], float(radius_m), min_count))


def numbered(points_m: Floats, weights: Floats, group: Callable[[Floats, Floats, Ints], tuple[Ints, int]]) -> Clusters:
    """Group points by any method, and number the groups.

    ``group`` gets x and y, from 0 on and in an order that does not depend on how the points came, and the place where
    each came; it answers the group of each (from 0; -1 for none) and how many groups there are.

    Order    heaviest group first, then westernmost, then southernmost.
    Raises   ValueError for what is no number.
    """
    if not (np.isfinite(points_m).all() and np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("points and weights must be finite numbers, weights not below 0")
    n = len(points_m)
    if n == 0:
        return Clusters(np.empty(0, dtype=np.int64), ())
    # One order for the same points, however they came: sums then round alike, and ties fall alike.
    x, y = np.ascontiguousarray(points_m[:, 0]), np.ascontiguousarray(points_m[:, 1])
    order = canonical(x, y, weights)
    x, y, weight = x[order], y[order], weights[order]
    labels, n_groups = group(x - x.min(), y - y.min(), order)

    member = labels >= 0
    own = labels[member]
    counts = np.bincount(own, minlength=n_groups)
    heavy = np.bincount(own, weight[member], minlength=n_groups)
    # Where nobody weighs anything the middle is that of the points.
    share = np.where(heavy[own] > 0, weight[member] / np.where(heavy[own] > 0, heavy[own], 1), 1 / counts[own])
    middle_x = np.bincount(own, share * (x[member] - x[0]), minlength=n_groups) + x[0]
    middle_y = np.bincount(own, share * (y[member] - y[0]), minlength=n_groups) + y[0]
    rank = np.lexsort((middle_y, middle_x, -heavy))
    number_of = np.empty(n_groups, dtype=np.int64)
    number_of[rank] = np.arange(n_groups)

    final = np.full(n, -1, dtype=np.int64)
    final[order[member]] = number_of[own]
    by_group, starts = in_buckets(number_of[own], n_groups)
    inside = np.flatnonzero(member)[by_group]
    # Lines are made of bare numbers, a point each would take longer than all the rest; back to its first pin, because
    # a line has two ends.
    along = np.insert(inside, starts[1:], inside[starts[:-1]])
    lines = shapely.linestrings(x[along], y[along], indices=np.repeat(np.arange(n_groups), np.diff(starts) + 1))
    hulls = shapely.buffer(shapely.convex_hull(lines), HULL_MARGIN_M, quad_segs=4)
    groups = []
    for number, root in enumerate(rank):
        groups.append(
            Cluster(
                number=number + 1,
                n=int(counts[root]),
                weight=float(heavy[root]),
                x=float(middle_x[root]),
                y=float(middle_y[root]),
                hull=hulls[number],
            )
        )
    return Clusters(final, tuple(groups))


def _dbscan(x: Floats, y: Floats, ids: Ints, radius: float, min_count: int) -> tuple[Ints, int]:
    """Number the groups in the order of their first point; x, y from 0 on, in canonical order."""
    # Points of one cell all lie within the radius; a hair smaller, so that rounding cannot make that untrue.
    side = radius / np.sqrt(2) * (1 - 1e-9)
    column, row = np.floor(x / side).astype(np.int64), np.floor(y / side).astype(np.int64)
    n_columns, n_rows = int(column.max()) + 1, int(row.max()) + 1
    if n_columns * n_rows <= CELLS_PER_POINT * len(x):
        by_cell, _starts = in_buckets(row * n_columns + column, n_columns * n_rows)
    else:
        by_cell = np.lexsort((column, row))
    column, row = column[by_cell], row[by_cell]
    is_first = np.ones(len(x), dtype=np.bool_)
    is_first[1:] = (column[1:] != column[:-1]) | (row[1:] != row[:-1])
    starts = np.append(np.flatnonzero(is_first), len(x)).astype(np.int64)
    groups: Ints = _group(
        x[by_cell], y[by_cell], ids[by_cell], column[is_first], row[is_first], starts, radius * radius, min_count
    )
    labels = np.empty(len(x), dtype=np.int64)
    labels[by_cell] = groups
    return labels, int(_number(labels, len(starts) - 1))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _number(labels: Ints, n_roots: int) -> int:
    """Number the groups in the order in which they come, in their place; how many there are."""
    number = np.full(n_roots, -1, dtype=np.int64)
    n = 0
    for at in range(len(labels)):
        root = labels[at]
        if root >= 0:
            if number[root] < 0:
                number[root] = n
                n += 1
            labels[at] = number[root]
    return n


@njit(cache=True)  # type: ignore[untyped-decorator]
def _root(parent: Ints, cell: int) -> int:
    while parent[cell] != cell:
        parent[cell] = parent[parent[cell]]
        cell = parent[cell]
    return cell


@njit(cache=True)  # type: ignore[untyped-decorator]
def _group(
    x: Floats, y: Floats, ids: Ints, column: Ints, row: Ints, starts: Ints, radius2: float, min_count: int
) -> Ints:
    """The group of each point, as the number of a cell; -1 for none."""
    n_cells, n = len(column), len(x)
    # The cells that can hold a neighbour lie at most two away: of each of five rows a run of at most five.
    run_from = np.empty((n_cells, 5), dtype=np.int64)
    run_to = np.empty((n_cells, 5), dtype=np.int64)
    for step in range(5):
        # From cell to cell its neighbours of one row only move on.
        at = 0
        for cell in range(n_cells):
            beside = row[cell] + step - 2
            while at < n_cells and (row[at] < beside or (row[at] == beside and column[at] < column[cell] - 2)):
                at += 1
            run_from[cell, step] = at
            end = at
            while end < n_cells and row[end] == beside and column[end] <= column[cell] + 2:
                end += 1
            run_to[cell, step] = end

    is_core = np.zeros(n, dtype=np.bool_)
    for cell in range(n_cells):
        if starts[cell + 1] - starts[cell] >= min_count:
            is_core[starts[cell] : starts[cell + 1]] = True
            continue
        for point in range(starts[cell], starts[cell + 1]):
            count = 0
            for step in range(5):
                for near in range(run_from[cell, step], run_to[cell, step]):
                    for other in range(starts[near], starts[near + 1]):
                        if (x[other] - x[point]) ** 2 + (y[other] - y[point]) ** 2 <= radius2:
                            count += 1
                    if count >= min_count:
                        break
                if count >= min_count:
                    break
            is_core[point] = count >= min_count

    parent = np.arange(n_cells)
    for cell in range(n_cells):
        for step in range(2, 5):  # the rows before were joined from the other side
            for near in range(run_from[cell, step], run_to[cell, step]):
                if near <= cell or _root(parent, near) == _root(parent, cell):
                    continue
                joined = False
                for point in range(starts[cell], starts[cell + 1]):
                    if not is_core[point]:
                        continue
                    for other in range(starts[near], starts[near + 1]):
                        if is_core[other] and (x[other] - x[point]) ** 2 + (y[other] - y[point]) ** 2 <= radius2:
                            joined = True
                            break
                    if joined:
                        break
                if joined:
                    one, two = _root(parent, near), _root(parent, cell)
                    parent[max(one, two)] = min(one, two)

    group = np.full(n, -1, dtype=np.int64)
    for cell in range(n_cells):
        for point in range(starts[cell], starts[cell + 1]):
            if is_core[point]:
                group[point] = _root(parent, cell)
                continue
            best, best_id = np.inf, 0
            for step in range(5):
                for near in range(run_from[cell, step], run_to[cell, step]):
                    for other in range(starts[near], starts[near + 1]):
                        if not is_core[other]:
                            continue
                        distance2 = (x[other] - x[point]) ** 2 + (y[other] - y[point]) ** 2
                        if distance2 > radius2 or distance2 > best:
                            continue
                        if distance2 < best or ids[other] < best_id:
                            best, best_id = distance2, ids[other]
                            group[point] = _root(parent, near)
    return group
