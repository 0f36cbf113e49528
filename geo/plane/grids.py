"""Numbers on a grid, and the way to another plane."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

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
    height, width = grid.values.shape
    box, (cell_x, cell_y) = bounds(grid.box, crs), grid.cell
    net_x, net_y = np.linspace(box.min_x, box.max_x, NET), np.linspace(box.max_y, box.min_y, NET)
    net = np.column_stack([axis.ravel() for axis in np.meshgrid(net_x, net_y)])
    ground = transform(net, crs, grid.box.crs)
    own_column = (ground[:, 0] - grid.box.min_x) / cell_x - 0.5
    own_row = (grid.box.max_y - ground[:, 1]) / cell_y - 0.5
    at = np.meshgrid(
        (np.arange(height) + 0.5) / height * (NET - 1), (np.arange(width) + 0.5) / width * (NET - 1), indexing="ij"
    )
    rows, columns = (map_coordinates(axis.reshape(NET, NET), at, order=1) for axis in (own_row, own_column))
    values = map_coordinates(grid.values, [rows, columns], order=1, mode="constant", cval=0.0)
    return Grid(values.astype(np.float32), box)


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
