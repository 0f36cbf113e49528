"""Gi* is that of esda, its levels account for many tests, and few pins or even ones make no hot spot."""

import warnings
from typing import Any

import numpy as np
import pytest
import shapely
from esda import G_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.weights import DistanceBand
from scipy.stats import false_discovery_control

from geo.analysis.hotspots import HotSpots, InvalidCell, hot_spots, levels_of


def town(n: int = 400, seed: int = 1) -> Any:
    chance = np.random.default_rng(seed)
    return np.concatenate([
        np.array([34_000, 172_000]) + chance.normal(0, 150, (n // 2, 2)),
        np.array([34_000, 172_000]) + chance.uniform(-2500, 2500, (n - n // 2, 2)),
    ])  # fmt: skip


def by_esda(found: HotSpots, band_m: float) -> Any:
    """Gi* of the same cells by esda, which has no number where all cells are near."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        near = DistanceBand(found.middles, threshold=band_m, binary=True, silence_warnings=True)
        return np.nan_to_num(G_Local(found.values, near, transform="B", permutations=0, star=True).Zs, nan=0.0)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 300), cell_m=st.sampled_from([300.0, 517.0, 900.0]))
def test_it_is_that_of_esda(seed: int, n: int, cell_m: float) -> None:
    points = town(n, seed)
    weights = np.random.default_rng(seed).integers(1, 6, n).astype(float)
    found = hot_spots(points, weights, cell_m=cell_m)
    assert found.values.sum() == weights.sum()
    assert np.abs(found.z - by_esda(found, cell_m * 1.01)).max() < 1e-9
    wide = hot_spots(points, weights, cell_m=cell_m, band_m=2.5 * cell_m)
    assert np.abs(wide.z - by_esda(wide, 2.5 * cell_m)).max() < 1e-9


def test_a_crowd_is_hot_and_its_levels_rise_towards_it() -> None:
    points = town()
    found = hot_spots(points, np.ones(len(points)), cell_m=250)
    hottest = int(found.z.argmax())
    assert found.levels[hottest] == 99
    assert np.hypot(*(found.middles[hottest] - (34_000, 172_000))) < 300
    assert set(np.abs(found.levels).tolist()) <= {0, 90, 95, 99}
    assert (found.levels[found.z < 0] <= 0).all()
    assert 0 < np.count_nonzero(found.levels > 0) < len(found.levels) / 4


def test_an_empty_half_is_cold() -> None:
    chance = np.random.default_rng(1)
    points = chance.uniform(0, 5000, (4000, 2))
    points = points[points[:, 0] < 2500]
    found = hot_spots(points, np.ones(len(points)), cell_m=250, area_m=shapely.box(0, 0, 5000, 5000))
    empty = found.levels[found.middles[:, 0] > 3000]
    assert (empty <= 0).all()
    assert (empty < 0).mean() > 0.8
    assert (found.levels[found.middles[:, 0] < 2000] >= 0).all()


def test_levels_account_for_many_tests() -> None:
    chance = np.random.default_rng(3)
    z = np.concatenate([chance.normal(0, 1, 500), [5, -5, 4, 3.2]])
    p = chance.uniform(0, 1, len(z)) ** 3
    adjusted = false_discovery_control(p)
    wanted = np.select([adjusted <= 0.01, adjusted <= 0.05, adjusted <= 0.1], [99, 95, 90], 0) * np.sign(z)
    assert (levels_of(z, p) == wanted).all()
    assert np.count_nonzero(wanted) < np.count_nonzero(p <= 0.1)


def test_chance_alone_makes_hardly_any_hot_spot() -> None:
    n_called = 0
    for seed in range(20):
        points = np.random.default_rng(seed).uniform(0, 5000, (3000, 2))
        found = hot_spots(points, np.ones(3000), cell_m=250, area_m=shapely.box(250, 250, 4750, 4750))
        n_called += bool(found.levels.any())
    assert n_called < 10


def test_no_pin_one_pin_and_all_the_same() -> None:
    area = shapely.box(0, 0, 5000, 5000)
    nothing = np.empty((0, 2))
    assert len(hot_spots(nothing, np.empty(0), cell_m=250).values) == 0
    empty = hot_spots(nothing, np.empty(0), cell_m=250, area_m=area)
    assert len(empty.values) > 400
    assert not empty.z.any()
    assert not empty.levels.any()
    lone = hot_spots(np.array([[2500.0, 2500]]), np.ones(1), cell_m=250, area_m=area)
    assert lone.values.sum() == 1
    assert np.isfinite(lone.z).all()
    assert not lone.levels.any()
    one_spot = hot_spots(np.zeros((100, 2)), np.ones(100), cell_m=250)
    assert np.isfinite(one_spot.z).all()
    middles = hot_spots(nothing, np.empty(0), cell_m=250, area_m=area).middles
    same = hot_spots(np.repeat(middles, 3, axis=0), np.full(3 * len(middles), 1 / 3), cell_m=250, area_m=area)
    assert not same.z.any()
    assert not same.levels.any()


def test_each_point_lies_in_its_hexagon_and_hexagons_fill_the_plane() -> None:
    points = town(200)
    found = hot_spots(points, np.ones(200), cell_m=400)
    outlines = found.outlines()
    counted = [int(np.count_nonzero(shapely.intersects_xy(one, points[:, 0], points[:, 1]))) for one in outlines]
    assert counted == found.values.tolist()
    assert shapely.area(outlines) == pytest.approx(np.full(len(outlines), 400**2 * np.sqrt(3) / 2))
    assert shapely.union_all(outlines, grid_size=0.01).area == pytest.approx(shapely.area(outlines).sum(), rel=1e-6)


def test_a_cell_out_of_range_is_refused() -> None:
    points = np.array([[0.0, 0], [1e6, 1e6]])
    for cell_m in (0, 9, 20_001, float("nan"), 100):
        with pytest.raises(InvalidCell):
            hot_spots(points, np.ones(2), cell_m=cell_m)
    for weights in (np.array([np.nan, 1]), np.array([-1.0, 1])):
        with pytest.raises(ValueError):
            hot_spots(points, weights, cell_m=5000)
    with pytest.raises(ValueError):
        hot_spots(points, np.ones(2), cell_m=5000, band_m=-1)
