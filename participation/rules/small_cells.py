"""Figures of so few people that they would speak of somebody are not said, and cannot be worked out from the rest."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

# Below this many people a figure of a breakdown may tell of a single one.
FEWEST = 5


def without_small(counts: Mapping[T, int]) -> dict[T, int | None]:
    """The parts of a known whole, all with None where one of them is too small to be said.

    Whoever knows the whole can subtract, and whoever knows how parts are picked to be kept back can work out more:
    so either every part is said, or none.
    """
    if any(0 < n < FEWEST for n in counts.values()):
        return dict.fromkeys(counts)
    return dict(counts)
