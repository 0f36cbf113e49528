"""Numbers on a grid, and the way to another plane."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.plane.boxes import Box
from geo.plane.crs import Crs, transform

# Where a cell lies in the other plane is computed on a net this fine and interpolated between: below 1 cm in a town.
NET = 33


class Grid(NamedTuple):
    """Numbers on a grid. Shape (rows, columns), the first row is the north one; ``box`` is its outer edge."""

    values: NDArray[np.float32]
    box: Box

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell, in the units of its plane."""
        rows, columns = self.values.shape
        return (self.box.max_x - self.box.min_x) / columns, (self.box.max_y - self.box.min_y) / rows


def bounds(box: Box, crs: Crs) -> Box:
    """The upright box of another plane that holds this one."""
    share = np.linspace(0, 1, NET)
    x, y = box.min_x + share * (box.max_x - box.min_x), box.min_y + share * (box.max_y - box.min_y)
    low, high, left, right = (np.full(NET, value) for value in (box.min_y, box.max_y, box.min_x, box.max_x))
    # Along the whole edge: it bends on the way.
    edge = np.column_stack([np.concatenate([x, x, left, right]), np.concatenate([low, high, y, y])])
    points = transform(edge, box.crs, crs)
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return Box(float(west), float(south), float(east), float(north), crs)


def warp(grid: Grid, crs: Crs) -> Grid:
    """The same numbers on an upright grid of another plane, as many cells each way; 0 where nothing was."""
    if grid.box.crs.code == crs.code or not grid.values.size:
        return Grid(grid.values, grid.box if grid.values.size else grid.box._replace(crs=crs))
    box, (cell_x, cell_y) = bounds(grid.box, crs), grid.cell
    net_x, net_y = np.linspace(box.min_x, box.max_x, NET), np.linspace(box.max_y, box.min_y, NET)
    net = np.column_stack([axis.ravel() for axis in np.meshgrid(net_x, net_y)])
    ground = transform(net, crs, grid.box.crs)
    own_column = (ground[:, 0] - grid.box.min_x) / cell_x - 0.5
    own_row = (grid.box.max_y - ground[:, 1]) / cell_y - 0.5
    values = _sampled(np.ascontiguousarray(grid.values), own_row.reshape(NET, NET), own_column.reshape(NET, NET))
    return Grid(values, box)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sampled(
    values: NDArray[np.float32], net_row: NDArray[np.float64], net_column: NDArray[np.float64]
) -> NDArray[np.float32]:
    """A grid of the same size, each cell from the place the net names for it: linear between, 0 beyond the edge."""
    height, width = values.shape
    last = len(net_row) - 1
    found = np.zeros((height, width), dtype=np.float32)
    for row in range(height):
        down = (row + 0.5) / height * last
        top = int(down)
        down -= top
        for column in range(width):
            along = (column + 0.5) / width * last
            left = int(along)
            along -= left
            a, b = (1 - down) * (1 - along), (1 - down) * along
            c, d = down * (1 - along), down * along
            y = a * net_row[top, left] + b * net_row[top, left + 1]
            y += c * net_row[top + 1, left] + d * net_row[top + 1, left + 1]
            x = a * net_column[top, left] + b * net_column[top, left + 1]
            x += c * net_column[top + 1, left] + d * net_column[top + 1, left + 1]
            if not (0 <= y <= height - 1 and 0 <= x <= width - 1):
                continue
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
            y, x = y - y0, x - x0
            found[row, column] = (1 - y) * ((1 - x) * values[y0, x0] + x * values[y0, x1]) + y * (
                (1 - x) * values[y1, x0] + x * values[y1, x1]
            )
    return found


def crop(grid: Grid, box: Box) -> Grid:
    """The cells that touch a box; at least one row and column are kept where they touch at all."""
    if not grid.values.size:
        return grid
    wanted, (cell_x, cell_y) = bounds(box, grid.box.crs), grid.cell
    height, width = grid.values.shape
    left = min(max(int(np.floor((wanted.min_x - grid.box.min_x) / cell_x)), 0), width)
    right = max(min(int(np.ceil((wanted.max_x - grid.box.min_x) / cell_x)), width), left)
    top = min(max(int(np.floor((grid.box.max_y - wanted.max_y) / cell_y)), 0), height)
    bottom = max(min(int(np.ceil((grid.box.max_y - wanted.min_y) / cell_y)), height), top)
    edge = Box(
        grid.box.min_x + left * cell_x,
        grid.box.max_y - bottom * cell_y,
        grid.box.min_x + right * cell_x,
        grid.box.max_y - top * cell_y,
        grid.box.crs,
    )
    return Grid(grid.values[top:bottom, left:right], edge)
