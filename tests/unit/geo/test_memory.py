"""What is kept in the process is made once, forgotten when the cache forgets it, and bounded."""

import numpy as np
import pytest
from django.core.cache import cache

from geo import memory
from geo.memory import MOST_KEPT, kept


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    cache.clear()


def test_an_answer_is_made_once_and_is_the_same_one() -> None:
    calls: list[int] = []

    def make() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        calls.append(1)
        return np.zeros(3)

    first = kept("test.once", make)
    assert kept("test.once", make) is first
    assert len(calls) == 1
    cache.clear()
    assert kept("test.once", make) is not first


def test_what_fails_is_not_kept() -> None:
    with pytest.raises(ZeroDivisionError):
        kept("test.fails", lambda: 1 // 0)
    assert kept("test.fails", lambda: 7) == 7


def test_the_oldest_go_when_there_are_too_many() -> None:
    for number in range(MOST_KEPT):
        kept(f"test.many.{number}", lambda number=number: number)  # type: ignore[misc]
    kept("test.many.0", lambda: -1)
    kept("test.many.new", lambda: -1)
    assert len(memory._kept) == MOST_KEPT
    assert kept("test.many.0", lambda: -2) == 0, "asked for lately, so it stays"
    assert kept("test.many.1", lambda: -2) == -2
