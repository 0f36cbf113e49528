"""Distances, counts and what lies below agree with asking every feature in turn."""

import time

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.measures import below, nearest_m, totals_within

coordinates = st.tuples(st.integers(0, 400), st.integers(0, 400))
NOTHING: list[object] = []


@given(st.lists(coordinates, max_size=6), st.lists(coordinates, min_size=1, max_size=30), st.integers(1, 300))
def test_the_index_says_what_every_pair_says(
    places: list[tuple[int, int]], features: list[tuple[int, int]], radius: int
) -> None:
    points = np.array(places, dtype=float).reshape(-1, 2)
    others = np.array(features, dtype=float)
    shapes = shapely.points(others)
    apart = np.hypot(*(points[:, None] - others[None]).transpose(2, 0, 1))
    assert np.allclose(nearest_m(points, shapes), apart.min(axis=1) if len(points) else [])
    values = np.arange(len(others), dtype=float)
    got = totals_within(points, shapes, values, radius_m=radius)
    # Whole coordinates: nothing lies within rounding of the border except on it.
    assert np.allclose(got, ((apart <= radius) * values).sum(axis=1))


def test_a_layer_without_places_gives_no_distance_and_no_count() -> None:
    points = np.array([[0.0, 0.0]])
    for shapes in (np.array([], dtype=object), np.array([None, shapely.Point()], dtype=object)):
        assert np.isnan(nearest_m(points, shapes)).all()
        assert totals_within(points, shapes, np.ones(len(shapes)), radius_m=10).tolist() == [0]
        assert below(points, shapes).tolist() == [-1]


def test_the_smallest_polygon_below_counts_and_its_edge_is_inside() -> None:
    shapes = np.array([shapely.box(0, 0, 100, 100), shapely.box(0, 0, 10, 10), None, shapely.box(0, 0, 10, 10)])
    points = np.array([[5.0, 5.0], [50.0, 50.0], [100.0, 50.0], [101.0, 50.0]])
    assert below(points, shapes).tolist() == [1, 0, 0, -1]
    assert nearest_m(points, shapes).tolist() == [0, 0, 0, 1]


def test_values_that_are_not_known_add_nothing() -> None:
    shapes = shapely.points([[0.0, 0.0], [1.0, 0.0]])
    assert totals_within(np.zeros((1, 2)), shapes, np.array([np.nan, 3]), radius_m=5).tolist() == [3]


def test_two_thousand_places_against_a_hundred_thousand_features_stay_quick() -> None:
    rng = np.random.default_rng(1)
    points, others = rng.uniform(0, 20_000, (2_000, 2)), rng.uniform(0, 20_000, (100_000, 2))
    shapes = shapely.points(others)
    began = time.process_time()
    nearest_m(points, shapes)
    totals_within(points, shapes, np.ones(len(others)), radius_m=1_000)
    assert time.process_time() - began < 20
