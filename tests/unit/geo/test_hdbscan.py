"""HDBSCAN groups as scikit-learn's does where groups lie well apart, always with the same numbers."""

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN

from geo.analysis.clusters import InvalidMinimum, InvalidRadius
from geo.analysis.hdbscan import hierarchical_clusters


def hearts(seed: int) -> Any:
    """Nine groups far apart, each of another density."""
    chance = np.random.default_rng(seed)
    middles = np.array([(x, y) for x in (0, 10_000, 20_000) for y in (0, 10_000, 20_000)]) + 150_000
    return np.concatenate([
        middle + chance.normal(0, 20 * (at + 1), (20 + 5 * at, 2)) for at, middle in enumerate(middles)
    ])  # fmt: skip


def same_groups(one: Any, other: Any) -> bool:
    """Do both put the same points together, noise with noise?"""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len({a for a, _b in pairs}) == len({b for _a, b in pairs}) and all(
        (a < 0) == (b < 0) for a, b in pairs
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("apart_m", [0, 2000])
def test_well_separated_groups_are_those_of_scikit_learn(seed: int, apart_m: float) -> None:
    places = hearts(seed)
    found = hierarchical_clusters(places, np.ones(len(places)), min_count=12, apart_m=apart_m)
    peer = HDBSCAN(min_cluster_size=12, cluster_selection_epsilon=float(apart_m), copy=True).fit(places)
    assert len(found.groups) == 9
    assert same_groups(found.labels, peer.labels_)


def test_heaviest_first_then_westernmost_in_whatever_order_they_come() -> None:
    places = hearts(1)
    weights = np.where(places[:, 1] > 165_000, 3.0, 1.0)
    one = hierarchical_clusters(places, weights, min_count=12)
    assert [g.number for g in one.groups] == list(range(1, 10))
    assert [g.weight for g in one.groups] == sorted((g.weight for g in one.groups), reverse=True)
    shuffled = np.random.default_rng(2).permutation(len(places))
    other = hierarchical_clusters(places[shuffled], weights[shuffled], min_count=12)
    assert (other.labels == one.labels[shuffled]).all()
    assert [(g.n, g.x, g.y) for g in other.groups] == [(g.n, g.x, g.y) for g in one.groups]


def test_few_pins_and_pins_on_one_spot_make_no_group() -> None:
    for n in (0, 1, 4, 30):
        assert hierarchical_clusters(np.zeros((n, 2)), np.ones(n), min_count=5).groups == ()


def test_two_spots_with_many_pins_each_are_two_groups() -> None:
    places = np.repeat([[0.0, 0], [100, 0]], 20, axis=0)
    found = hierarchical_clusters(places, np.ones(40), min_count=5)
    assert found.labels.tolist() == [0] * 20 + [1] * 20


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidMinimum):
        hierarchical_clusters(np.zeros((3, 2)), np.ones(3), min_count=1)
    for apart_m in (-1, 5001, float("nan")):
        with pytest.raises(InvalidRadius):
            hierarchical_clusters(np.zeros((3, 2)), np.ones(3), min_count=2, apart_m=apart_m)
    with pytest.raises(ValueError):
        hierarchical_clusters(np.full((3, 2), np.nan), np.ones(3), min_count=2)
