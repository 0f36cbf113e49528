"""Charts drawn on the server: what they say, and that the same figures give the same file."""

import re
from itertools import pairwise

import pytest

from geo.charts import PARTS, Bar, Pair, pairs_svg, shares_svg, stacked_svg

LETTERS = ["A", "B"]
BARS = [
    Bar("Watouplein", (0.4, 0.2), "0.6"),
    Bar("Ouderdomseweg beside the sports hall and the pool", (0.5, 0.0), "0.5"),
]


def colours(svg: str) -> list[str]:
    return re.findall(r"fill: (#[0-9a-f]{6})", svg)


def test_a_bar_is_as_many_parts_as_add_something() -> None:
    drawn = colours(stacked_svg(BARS, LETTERS, width_mm=170))
    first, second = PARTS[0][0], PARTS[1][0]
    assert (drawn.count(first), drawn.count(second)) == (2, 1)


def test_neighbours_differ_in_brightness_and_not_in_colour_alone() -> None:
    """WCAG 1.4.11: 3 to 1 between what must be told apart."""

    def brightness(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for (one, _ink), (other, _other_ink) in pairwise([*PARTS, PARTS[0]]):
        low, high = sorted((brightness(one), brightness(other)))
        assert (high + 0.05) / (low + 0.05) >= 3, (one, other)


def test_the_same_figures_give_the_same_file() -> None:
    pairs = [Pair("Watou", 0.1, 0.8, "80 %"), Pair("Krombeke", None, None, "-")]
    shares = [("1. Best", 1.0, "100 %"), ("2. Voted", None, "not computed")]
    once, again = (
        (
            stacked_svg(BARS, LETTERS, width_mm=112),
            pairs_svg(pairs, before="now", after="then", width_mm=112),
            shares_svg(shares, width_mm=112),
        )
        for _ in range(2)
    )
    assert once == again


def test_nothing_is_no_chart() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        stacked_svg([], LETTERS, width_mm=170)
