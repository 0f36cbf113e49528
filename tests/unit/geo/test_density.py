"""A heat map adds up, equals the slow textbook one, and lies where its pins lie."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from geo.analysis.density import InvalidBandwidth, density, legend, picture
from geo.plane.boxes import Box
from geo.plane.crs import CRS84, LAMBERT_72, WEB_MERCATOR, transform


def pins(n: int = 2000) -> Any:
    random = np.random.default_rng(3)
    return random.normal((34_376, 172_773), (2500, 1500), (n, 2)), random.integers(0, 5, n).astype(float)


def test_all_the_weight_is_there() -> None:
    points, weights = pins()
    found = density(points, weights, bandwidth_m=250, crs=LAMBERT_72)
    assert found.grid.values.sum() * found.cell_m**2 / 1e6 == pytest.approx(weights.sum(), rel=2e-3)


@pytest.mark.parametrize("bandwidth_m", [100, 250, 1000])
def test_it_equals_bins_and_a_gaussian_filter(bandwidth_m: float) -> None:
    points, weights = pins()
    found = density(points, weights, bandwidth_m=bandwidth_m, crs=LAMBERT_72)
    (height, width), box = found.grid.values.shape, found.grid.box
    column, row = (points[:, 0] - box.min_x) / found.cell_m, (box.max_y - points[:, 1]) / found.cell_m
    bins = np.histogram2d(row, column, bins=(height, width), range=((0, height), (0, width)), weights=weights)[0]
    peer = gaussian_filter(bins, bandwidth_m / found.cell_m, mode="constant", truncate=6) * 1e6 / found.cell_m**2
    assert np.abs(peer - found.grid.values).max() < 1e-3 * peer.max()


def test_the_peak_of_one_pin_is_that_of_a_gaussian_and_lies_on_it() -> None:
    found = density(np.array([[34_000.0, 172_000.0]]), np.array([2.0]), bandwidth_m=500, crs=LAMBERT_72)
    assert found.peak == pytest.approx(2 / (2 * np.pi * 0.5**2), rel=0.02)
    row, column = np.unravel_index(found.grid.values.argmax(), found.grid.values.shape)
    assert found.grid.box.min_x + (column + 0.5) * found.cell_m == pytest.approx(34_000, abs=found.cell_m)
    assert found.grid.box.max_y - (row + 0.5) * found.cell_m == pytest.approx(172_000, abs=found.cell_m)


def test_a_pin_just_outside_the_box_still_warms_it_and_nothing_wraps_round() -> None:
    box = Box(0, 0, 5000, 5000, LAMBERT_72)
    found = density(np.array([[-200.0, 2500.0]]), np.array([1.0]), bandwidth_m=300, crs=LAMBERT_72, box=box)
    middle = found.grid.values[found.grid.values.shape[0] // 2]
    assert middle[0] > 0.5 * 1e6 / (2 * np.pi * 300**2)
    assert middle[-1] < 1e-3 * middle[0]


def test_over_a_wide_land_the_bandwidth_grows_with_the_cells_and_says_so() -> None:
    points = np.array([[0.0, 0.0], [900_000.0, 900_000.0]])
    found = density(points, np.ones(2), bandwidth_m=100, crs=LAMBERT_72)
    assert max(found.grid.values.shape) <= 1025
    assert found.bandwidth_m == pytest.approx(1.5 * found.cell_m)


def test_the_picture_lies_where_the_pin_lies_and_is_clear_elsewhere() -> None:
    place = np.array([[34_376.39, 172_773.60]])
    painted = picture(density(place, np.ones(1), bandwidth_m=250, crs=LAMBERT_72))
    image = np.array(Image.open(io.BytesIO(painted.png)).convert("RGBA"))
    corners = np.array([painted.box[:2], painted.box[2:4]])
    (west, south), (east, north) = transform(corners, CRS84, WEB_MERCATOR)
    x, y = transform(place, LAMBERT_72, WEB_MERCATOR)[0]
    column, row = int((x - west) / (east - west) * image.shape[1]), int((north - y) / (north - south) * image.shape[0])
    assert tuple(image[row, column]) == (143, 55, 12, 215)
    assert image[0, 0, 3] == image[-1, -1, 3] == 0


def test_the_legend_rises_and_no_pins_make_an_empty_picture() -> None:
    points, weights = pins()
    steps = [step.from_per_km2 for step in legend(density(points, weights, bandwidth_m=250, crs=LAMBERT_72))]
    assert steps == sorted(set(steps))
    for nothing in (np.empty((0, 2)), points[:1]):
        painted = picture(density(nothing, np.zeros(len(nothing)), bandwidth_m=250, crs=LAMBERT_72))
        assert painted.legend == ()
        assert np.array(Image.open(io.BytesIO(painted.png)).convert("RGBA"))[..., 3].max() == 0


@pytest.mark.parametrize("bandwidth_m", [0, 9.9, 20_001, float("nan")])
def test_a_bandwidth_out_of_range_is_refused(bandwidth_m: float) -> None:
    with pytest.raises(InvalidBandwidth):
        density(np.zeros((1, 2)), np.ones(1), bandwidth_m=bandwidth_m, crs=LAMBERT_72)
