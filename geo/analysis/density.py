"""Heat maps: how much weight lies around each place, as numbers on a grid and as a picture for the map."""

import io
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import NDArray
from PIL import Image

from geo.plane.boxes import Box
from geo.plane.crs import CRS84, WEB_MERCATOR, Crs
from geo.plane.grids import Grid, bounds, warp

Floats = NDArray[np.float64]

MIN_BANDWIDTH_M, MAX_BANDWIDTH_M = 10.0, 20_000.0
# Cells a side at most, and how many cells make one bandwidth where that leaves room.
MAX_SIDE = 1024
CELLS_PER_BANDWIDTH = 5.0
# Below this a Gaussian is narrower than the grid can carry and would ring.
LEAST_SIGMA_CELLS = 1.5
# How far the picture reaches beyond the pins, in bandwidths: what lies further out is below 0.04 % of a peak.
REACH = 4.0
# Per square kilometre, because that is how people count.
M2_PER_KM2 = 1e6

# From where nothing is drawn, in shares of the peak, and the colours of the steps: one hue from light to dark, so
# that it reads without colour too; the map stays visible below.
STEPS = (0.05, 0.2, 0.4, 0.6, 0.8)
COLOURS = ((253, 224, 163), (250, 190, 104), (240, 146, 52), (207, 98, 22), (143, 55, 12))
OPACITY = (120, 150, 175, 195, 215)


class InvalidBandwidth(ValueError):  # noqa: N818 -- an answer about what was asked
    """A bandwidth outside 10 m to 20 km."""


@dataclass(frozen=True)
class Density:
    """Weight per square kilometre. ``bandwidth_m`` is the one used: never finer than the grid can carry."""

    grid: Grid
    cell_m: float
    bandwidth_m: float

    @property
    def peak(self) -> float:
        """The highest value."""
        return float(self.grid.values.max()) if self.grid.values.size else 0.0


class LegendStep(NamedTuple):
    """From this much per square kilometre on, this colour (CSS)."""

    from_per_km2: float
    colour: str


class Picture(NamedTuple):
    """A PNG to lay over a map in Web Mercator, where it lies in degrees, and what its colours mean."""

    png: bytes
    box: Box
    legend: tuple[LegendStep, ...]


def density(
    points_m: Floats, weights: Floats, *, bandwidth_m: float, crs: Crs, box: Box | None = None, max_side: int = MAX_SIDE
) -> Density:
    """Spread each weight over its surroundings (Gaussian kernel) and add up.

    Shape    points (n, 2) metres in ``crs``; weights (n,). Rows of the answer from north to south.
    Units    weight per square kilometre. Over the whole grid it adds up to the weights (0.1 % leaves at the edge).
    CRS      ``crs``, a plane that measures truly; ``box`` too (by default the pins and 4 bandwidths around).
    Raises   InvalidBandwidth; ValueError for what is no number.
    Cost     about 0.1 s for a million points at 1024 x 1024, whatever the bandwidth (FFT).
    """
    if not MIN_BANDWIDTH_M <= bandwidth_m <= MAX_BANDWIDTH_M:
        raise InvalidBandwidth(bandwidth_m)
    if not (np.isfinite(points_m).all() and np.isfinite(weights).all()):
        raise ValueError("points and weights must be finite numbers")
    # Column by column: along rows of two numbers numpy is ten times slower.
    x, y = np.ascontiguousarray(points_m[:, 0], np.float64), np.ascontiguousarray(points_m[:, 1], np.float64)
    if box is None:
        if len(points_m) == 0:
            return Density(Grid(np.zeros((0, 0), np.float32), Box(0, 0, 0, 0, crs)), 0.0, bandwidth_m)
        reach = REACH * bandwidth_m
        west, south, east, north = x.min() - reach, y.min() - reach, x.max() + reach, y.max() + reach
    else:
        west, south, east, north = box[:4]
    longest = max(east - west, north - south)
    cell = max(bandwidth_m / CELLS_PER_BANDWIDTH, longest / max_side)
    used_m = max(bandwidth_m, LEAST_SIGMA_CELLS * cell)
    width, height = max(int(np.ceil((east - west) / cell)), 1), max(int(np.ceil((north - south) / cell)), 1)
    # Room for the tails, of pins beyond the box too, and so that nothing comes back in at the other side.
    sigma = used_m / cell
    margin = int(np.ceil(REACH * sigma))
    shape = (
        scipy.fft.next_fast_len(height + 2 * margin, real=True),
        scipy.fft.next_fast_len(width + 2 * margin, real=True),
    )
    held = _binned(
        *(x, y, weights.astype(np.float64), float(west), float(north), float(cell)),
        *(margin, height + 2 * margin, width + 2 * margin, shape[0], shape[1]),
    )
    waves = scipy.fft.rfft2(held.astype(np.float32))
    turn = -2 * (np.pi * sigma) ** 2
    waves *= np.exp(turn * scipy.fft.fftfreq(shape[0]) ** 2).astype(np.float32)[:, None]
    waves *= np.exp(turn * scipy.fft.rfftfreq(shape[1]) ** 2).astype(np.float32)
    smooth = scipy.fft.irfft2(waves, s=shape)[margin : margin + height, margin : margin + width]
    # Where nothing is, rounding leaves specks of both signs.
    values = np.maximum(smooth, 0) * np.float32(M2_PER_KM2 / cell**2)
    edge = Box(float(west), float(north - height * cell), float(west + width * cell), float(north), crs)
    return Density(Grid(np.ascontiguousarray(values, dtype=np.float32), edge), float(cell), float(used_m))


def legend(found: Density) -> tuple[LegendStep, ...]:
    """The steps of the picture's colours, in round numbers; none when there is nothing to show."""
    if found.peak <= 0:
        return ()
    return tuple(
        LegendStep(_round(found.peak * step), f"rgb({r} {g} {b} / {alpha / 255:.2f})")
        for step, (r, g, b), alpha in zip(STEPS, COLOURS, OPACITY, strict=True)
    )


def picture(found: Density) -> Picture:
    """Paint a heat map for a map in Web Mercator: transparent where little is.

    CRS      the grid in its own plane in; the picture in EPSG:3857, its box in degrees.
    """
    steps = legend(found)
    if not steps:
        return Picture(_png(np.zeros((1, 1), np.uint8)), Box(0, 0, 0, 0), ())
    shown = warp(found.grid, WEB_MERCATOR)
    classes = np.zeros(shown.values.shape, dtype=np.uint8)
    for step in steps:
        classes += shown.values >= step.from_per_km2
    return Picture(_png(classes), bounds(shown.box, CRS84), steps)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _binned(
    x: Floats,
    y: Floats,
    weights: Floats,
    west: float,
    north: float,
    cell: float,
    margin: int,
    n_rows: int,
    n_columns: int,
    height: int,
    width: int,
) -> Floats:
    """The weight in each cell of a grid (height, width); what lies beyond its first rows and columns is left out."""
    held = np.zeros((height, width))
    for point in range(len(x)):
        # Compared as they are: far away, they would not fit into whole numbers.
        column, row = np.floor((x[point] - west) / cell) + margin, np.floor((north - y[point]) / cell) + margin
        if 0 <= column < n_columns and 0 <= row < n_rows:
            held[int(row), int(column)] += weights[point]
    return held


def _png(classes: NDArray[np.uint8]) -> bytes:
    # A palette and the fastest compression: 4 times as fast as RGBA, and the picture is small anyway.
    image = Image.fromarray(classes, mode="P")
    image.putpalette([0, 0, 0, *(part for colour in COLOURS for part in colour)])
    held = io.BytesIO()
    image.save(held, "PNG", compress_level=1, transparency=bytes([0, *OPACITY]))
    return held.getvalue()


def _round(value: float) -> float:
    """To two digits that count."""
    return float(f"{value:.2g}")
