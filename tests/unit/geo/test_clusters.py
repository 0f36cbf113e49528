"""The same pins make the same groups, and the groups are DBSCAN's."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from geo.analysis.clusters import InvalidMinimum, InvalidRadius, clusters

# Whole metres and few of them, so that ties, doubles and exact distances are common.
POINTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=60)


def town(n: int, seed: int = 1) -> Any:
    random = np.random.default_rng(seed)
    hearts = random.uniform(0, 20_000, (40, 2))
    close = hearts[random.integers(0, 40, n // 2)] + random.normal(0, 120, (n // 2, 2))
    everywhere = random.uniform(0, 20_000, (n - n // 2, 2))
    return np.concatenate([close, everywhere]) + np.array([30_000, 170_000])


@settings(deadline=None, max_examples=200)
@given(points=POINTS, radius=st.integers(1, 20), least=st.integers(1, 6))
def test_cores_and_noise_are_those_of_scikit_learn(points: list[tuple[int, int]], radius: int, least: int) -> None:
    if not points:
        return
    places = np.array(points, dtype=float)
    found = clusters(places, np.ones(len(places)), radius_m=radius, min_count=least)
    peer = DBSCAN(eps=radius, min_samples=least).fit(places)
    assert ((found.labels < 0) == (peer.labels_ < 0)).all()
    core = peer.core_sample_indices_
    assert len(found.groups) == len(set(peer.labels_) - {-1})
    if len(core):
        assert adjusted_rand_score(found.labels[core], peer.labels_[core]) == 1.0
    # Another point belongs to its nearest core, of several to that with the lowest id.
    for point in set(np.flatnonzero(found.labels >= 0)) - set(core):
        distances = np.hypot(*(places[core] - places[point]).T)
        nearest = core[distances == distances.min()]
        assert found.labels[point] == found.labels[nearest[0]]
        assert distances.min() <= radius


@settings(deadline=None, max_examples=100)
@given(points=POINTS, data=st.data())
def test_the_order_of_the_pins_changes_nothing(points: list[tuple[int, int]], data: st.DataObject) -> None:
    weights = np.array([(x * 7 + y * 3) % 5 / 3 for x, y in points])
    places = np.array(points, dtype=float).reshape(-1, 2)
    shuffled = np.array(data.draw(st.permutations(range(len(points)))), dtype=int)
    one = clusters(places, weights, radius_m=8, min_count=3)
    other = clusters(places[shuffled], weights[shuffled], radius_m=8, min_count=3, ids=shuffled)
    assert (other.labels == one.labels[shuffled]).all()
    assert [(g.number, g.n, g.weight, g.x, g.y, g.hull.wkb) for g in one.groups] == [
        (g.number, g.n, g.weight, g.x, g.y, g.hull.wkb) for g in other.groups
    ]


def test_heaviest_first_then_westernmost() -> None:
    places = np.array([[0, 0], [1, 0], [100, 0], [101, 0], [200, 0], [201, 0]], dtype=float)
    found = clusters(places, np.array([1, 1, 5, 5, 1, 1.0]), radius_m=5, min_count=2)
    assert found.labels.tolist() == [1, 1, 0, 0, 2, 2]
    assert [(g.number, g.weight) for g in found.groups] == [(1, 10), (2, 2), (3, 2)]


def test_the_middle_is_weighted_and_the_hull_holds_all_its_pins() -> None:
    places = np.array([[0, 0], [10, 0]], dtype=float)
    (group,) = clusters(places, np.array([3.0, 1.0]), radius_m=20, min_count=1).groups
    assert (group.x, group.y) == pytest.approx((2.5, 0))
    assert all(group.hull.covers(shapely.Point(place)) for place in places)
    (alone,) = clusters(places[:1], np.array([0.0]), radius_m=20, min_count=1).groups
    assert (alone.n, alone.weight, alone.x) == (1, 0, 0)
    assert alone.hull.area > 100


def test_ten_thousand_pins_agree_with_scikit_learn() -> None:
    places = town(10_000)
    found = clusters(places, np.ones(len(places)), radius_m=100, min_count=10)
    peer = DBSCAN(eps=100, min_samples=10, algorithm="kd_tree").fit(places)
    assert len(found.groups) == peer.labels_.max() + 1 > 10
    assert found.n_noise == np.count_nonzero(peer.labels_ < 0)
    assert adjusted_rand_score(found.labels, peer.labels_) > 0.999


@pytest.mark.parametrize("radius", [0, -1, 5000.1, float("nan"), float("inf")])
def test_a_radius_out_of_range_is_refused(radius: float) -> None:
    with pytest.raises(InvalidRadius):
        clusters(np.zeros((1, 2)), np.ones(1), radius_m=radius, min_count=1)


def test_what_is_no_number_is_refused_and_nothing_makes_nothing() -> None:
    with pytest.raises(InvalidMinimum):
        clusters(np.zeros((1, 2)), np.ones(1), radius_m=10, min_count=0)
    for points, weights in (([[np.nan, 0]], [1]), ([[0, np.inf]], [1]), ([[0, 0]], [-1]), ([[0, 0]], [np.nan])):
        with pytest.raises(ValueError):
            clusters(np.array(points, dtype=float), np.array(weights, dtype=float), radius_m=10, min_count=1)
    assert clusters(np.empty((0, 2)), np.empty(0), radius_m=10, min_count=1).groups == ()


def test_a_tiny_radius_over_a_wide_land_does_not_overflow() -> None:
    places = np.array([[0, 0], [5e6, 5e6], [0, 1e-6]])
    assert clusters(places, np.ones(3), radius_m=1e-5, min_count=2).labels.tolist() == [0, -1, 0]
