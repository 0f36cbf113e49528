"""Different people in groups, counted in one pass, are those that sets count."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.analysis.counting import distinct

PAIRS = st.lists(st.tuples(st.integers(-1, 6), st.integers(0, 9)), max_size=200)


@given(PAIRS)
def test_each_is_counted_once_in_each_group(pairs: list[tuple[int, int]]) -> None:
    pairs.sort(key=lambda pair: pair[1])
    groups = np.array([group for group, _one in pairs], dtype=np.int64)
    someone = np.array([one for _group, one in pairs], dtype=np.int64)
    wanted = [len({one for group, one in pairs if group == number}) for number in range(7)]
    assert distinct(groups, someone, 7).tolist() == wanted
