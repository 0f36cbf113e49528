"""Figures of few people are kept back, and nobody works them out from the rest."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.rules.small_cells import FEWEST, without_small


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"web": 300, "code": 40, "paper": 12}, {"web": 300, "code": 40, "paper": 12}),
        # One small part: whoever knows the whole and the rest could tell it.
        ({"web": 300, "code": 40, "paper": 3}, {"web": None, "code": None, "paper": None}),
        ({"web": 300, "code": 1, "paper": 1}, {"web": None, "code": None, "paper": None}),
        ({"web": 300, "paper": 0}, {"web": 300, "paper": 0}),
        ({"web": 300, "paper": 2}, {"web": None, "paper": None}),
        ({"web": 3, "paper": 0}, {"web": None, "paper": None}),
        ({}, {}),
    ],
)
def test_small_parts_are_kept_back(counts: dict[str, int], shown: dict[str, int | None]) -> None:
    assert without_small(counts) == shown


@given(st.lists(st.integers(0, 12), min_size=2, max_size=3))
def test_no_small_part_follows_from_the_whole(counts: list[int]) -> None:
    parts = dict(enumerate(counts))
    shown = without_small(parts)
    assert all(n is None or n == 0 or n >= FEWEST for n in shown.values())
    # Whoever knows the whole and how parts are kept back still finds more than one way it may have been.
    whole = sum(counts)
    if whole < FEWEST or all(n is not None for n in shown.values()):
        return
    could_be = [
        found
        for found in product(range(whole + 1), repeat=len(counts))
        if sum(found) == whole and without_small(dict(enumerate(found))) == shown
    ]
    for key, n in shown.items():
        if n is None:
            assert len({found[key] for found in could_be}) > 1


def test_a_part_kept_back_alone_would_follow() -> None:
    """The control: without the second one, subtraction tells."""
    counts = {"web": 300, "code": 40, "paper": 3}
    naive = {key: n if n >= FEWEST else None for key, n in counts.items()}
    assert sum(counts.values()) - sum(n for n in naive.values() if n is not None) == 3
