"""Where more is asked for than chance would explain: Getis-Ord Gi* on a grid of hexagons, many tests accounted for."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

# Not scipy.stats, whose other half costs 30 MB in every process.
from scipy.special import ndtr
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_CELL_M, MAX_CELL_M = 10.0, 20_000.0
# A grid of more says nothing a person could read.
MAX_CELLS = 200_000
# Below so many pins the normal distribution, on which the levels rest, is no guide: a lone pin in a wide land would
# count as a hot spot.
LEAST_PINS = 30
# In per cent: from the surest.
LEVELS = (99, 95, 90)
# Around the pins where no area is given, in cells: what lies beside a hot spot belongs to the comparison.
MARGIN = 1
_ROW = np.sqrt(3) / 2


class InvalidCell(ValueError):  # noqa: N818 -- an answer about what was asked
    """A cell outside 10 m to 20 km, or so small that there would be more than 200,000 of them."""


@dataclass(frozen=True)
class HotSpots:
    """Hexagons by row and column of their grid: middles (n, 2) in metres, the weight in each, and how unusual it is.

    ``z`` is Gi*, ``p`` how often chance gives as much (two-sided), ``p_corrected`` the same with all cells taken
    together, ``levels`` 99, 95 or 90 for a hot spot that sure, the same below 0 for a cold one, 0 for neither;
    all (n,).
    """

    cell_m: float
    middles: Floats
    values: Floats
    z: Floats
    p: Floats
    p_corrected: Floats
    levels: Ints

    def outlines(self) -> NDArray[np.object_]:
        """The hexagons as polygons, in the order of the cells."""
        turn = np.pi / 6 + np.arange(6) * np.pi / 3
        corners = self.cell_m / np.sqrt(3) * np.column_stack([np.cos(turn), np.sin(turn)])
        return np.asarray(shapely.polygons(self.middles[:, None, :] + corners[None, :, :]))


def hot_spots(
    points_m: Floats,
    weights: Floats,
    *,
    cell_m: float,
    area_m: BaseGeometry | None = None,
    band_m: float | None = None,
) -> HotSpots:
    """Find where weight gathers, and where it is missing.

    Shape    points (n, 2) and area in metres of a plane that measures truly; weights (n,), 0 or more.
    Units    cell_m from the middle of a cell to that of the next; band_m: which cells count as near, by their middles
             (by default the six around). A cell is always near to itself.
    Order    cells from south to north, in a row from west to east; their grid begins at 0, 0 of the plane.
    Raises   InvalidCell; ValueError for what is no number.
    Source   Getis & Ord 1992; Ord & Getis 1995; Benjamini & Hochberg 1995.
    """
    if not MIN_CELL_M <= cell_m <= MAX_CELL_M:
        raise InvalidCell(cell_m)
    if not (np.isfinite(points_m).all() and np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("points and weights must be finite numbers, weights not below 0")
    if band_m is not None and not 0 <= band_m < np.inf:
        raise ValueError("a band must be 0 m or more")
    held = _cell_of(points_m, cell_m)
    cells = _cells(held, points_m, cell_m, area_m)
    width = int(np.ptp(cells[:, 0])) + 1 if len(cells) else 1
    keys = _keys(cells, cells, width)
    at = np.searchsorted(keys, _keys(held, cells, width))
    values = np.bincount(at, weights, minlength=len(cells)).astype(np.float64)
    z = gi_star(values, _near(cells, keys, width, cell_m, cell_m * 1.01 if band_m is None else band_m))
    p = 2 * ndtr(-np.abs(z))
    is_enough = np.count_nonzero(weights) >= LEAST_PINS
    levels = levels_of(z, p) if is_enough else np.zeros(len(cells), dtype=np.int64)
    return HotSpots(cell_m, _middles(cells, cell_m), values, z, p, corrected(p), levels)


def gi_star(values: Floats, near: sparse.csr_matrix) -> Floats:
    """How unusual the sum around each cell is, in standard deviations; 0 where nothing varies or all is near.

    Shape    values (n,); near (n, n), 1 where a cell is near to another, itself included.
    """
    n = len(values)
    count = np.asarray(near.sum(axis=1), dtype=np.float64).ravel()
    middle = values.mean() if n else 0.0
    # The sum of squares around the middle: the difference of two large sums would lose digits.
    spread = np.sqrt(((values - middle) ** 2).mean()) if n else 0.0
    scale = spread * np.sqrt(np.maximum(n * count - count**2, 0) / max(n - 1, 1))
    above = near @ (values - middle)
    is_flat = scale <= 1e-12 * max(np.abs(values).max(initial=0.0), 1e-300)
    return np.asarray(np.where(is_flat, 0.0, above / np.where(is_flat, 1.0, scale)), dtype=np.float64)


def corrected(p: Floats) -> Floats:
    """Each probability with all tests taken together: of those below 0.05 at most 5 % are expected to be chance.

    Source   Benjamini & Hochberg 1995.
    """
    n = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return adjusted


def levels_of(z: Floats, p: Floats) -> Ints:
    """The level of each test when all are taken together."""
    adjusted = corrected(p)
    levels = np.zeros(len(p), dtype=np.int64)
    for level in reversed(LEVELS):
        levels[adjusted <= (100 - level) / 100] = level
    return levels * np.sign(z).astype(np.int64)


def _middles(cells: Ints, cell_m: float) -> Floats:
    return np.column_stack([cell_m * (cells[:, 0] + cells[:, 1] / 2), cell_m * _ROW * cells[:, 1]])


def _cell_of(points_m: Floats, cell_m: float) -> Ints:
    """The cell (column, row, slanted axes) each point lies in.

    Source   cube rounding: A. Patel, "Hexagonal Grids".
    """
    row = points_m[:, 1] / (cell_m * _ROW)
    column = points_m[:, 0] / cell_m - row / 2
    third = -column - row
    rounded = np.round(column), np.round(row), np.round(third)
    off = np.abs(rounded[0] - column), np.abs(rounded[1] - row), np.abs(rounded[2] - third)
    # The three must add up to 0: the one that was rounded most follows from the others.
    is_column = (off[0] > off[1]) & (off[0] > off[2])
    is_row = ~is_column & (off[1] > off[2])
    found = np.column_stack([
        np.where(is_column, -rounded[1] - rounded[2], rounded[0]),
        np.where(is_row, -rounded[0] - rounded[2], rounded[1]),
    ])  # fmt: skip
    return found.astype(np.int64)


def _cells(held: Ints, points_m: Floats, cell_m: float, area_m: BaseGeometry | None) -> Ints:
    """The cells to compare, sorted by row and column: those with their middle in the area, and those with a point."""
    if area_m is not None and not area_m.is_empty:
        west, south, east, north = area_m.bounds
    elif len(points_m):
        (west, south), (east, north) = points_m.min(axis=0) - MARGIN * cell_m, points_m.max(axis=0) + MARGIN * cell_m
    else:
        return np.empty((0, 2), dtype=np.int64)
    if ((east - west) / cell_m + 2) * ((north - south) / (cell_m * _ROW) + 2) > MAX_CELLS:
        raise InvalidCell(cell_m)
    rows = np.arange(np.floor(south / (cell_m * _ROW)), np.ceil(north / (cell_m * _ROW)) + 1).astype(np.int64)
    per_row = int(np.ceil((east - west) / cell_m)) + 2
    first = np.floor(west / cell_m - rows / 2).astype(np.int64)
    cells = np.column_stack([
        (first[:, None] + np.arange(per_row)[None, :]).ravel(), np.repeat(rows, per_row)
    ])  # fmt: skip
    middles = _middles(cells, cell_m)
    if area_m is not None:
        inside = shapely.contains_xy(area_m, middles[:, 0], middles[:, 1])
    else:
        inside = ((middles >= (west, south)) & (middles <= (east, north))).all(axis=1)
    both = np.concatenate([cells[inside], held])
    found = np.unique(both[:, ::-1], axis=0)[:, ::-1]
    if len(found) > MAX_CELLS:
        raise InvalidCell(cell_m)
    return found


def _keys(cells: Ints, among: Ints, width: int) -> Ints:
    """One number a cell, rising as the sorted cells do; a column beyond the grid's is told from the next row's."""
    if not len(among):
        return np.empty(0, dtype=np.int64)
    # Twice as wide as the grid and more: a neighbour beyond its edge must not look like one of another row.
    keys = (cells[:, 1] - among[:, 1].min()) * (3 * width + 1) + (cells[:, 0] - among[:, 0].min()) + width
    return np.asarray(keys, dtype=np.int64)


def _near(cells: Ints, keys: Ints, width: int, cell_m: float, band_m: float) -> sparse.csr_matrix:
    """Which cells have their middles within the band of each other."""
    n = len(cells)
    if not n:
        return sparse.csr_matrix((0, 0))
    reach = int(min(np.ceil(band_m / (cell_m * _ROW)), max(width, int(np.ptp(cells[:, 1])) + 1)))
    steps = np.stack(np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1)), axis=-1).reshape(-1, 2)
    steps = steps[np.hypot(*_middles(steps, cell_m).T) <= band_m * (1 + 1e-12)]
    rows, columns = [], []
    for step in steps:
        beyond = cells + step
        at = np.minimum(np.searchsorted(keys, _keys(beyond, cells, width)), n - 1)
        there = (cells[at] == beyond).all(axis=1)
        rows.append(np.flatnonzero(there))
        columns.append(at[there])
    found = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_matrix((np.ones(len(found[0])), found), shape=(n, n))
