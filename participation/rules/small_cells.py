"""Figures of so few people that they would speak of somebody are not said, and cannot be worked out from the rest."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

# Below this many people a figure of a breakdown may tell of a single one.
FEWEST = 5


def without_small(counts: Mapping[T, int]) -> dict[T, int | None]:
    """The parts of a known whole, with None for each that is not said.

    Whoever knows the whole can subtract: so what is not said is never one part alone, and together at least
    ``FEWEST``; nor are they all the least or the most that is kept back, for then the sum would say each. The smallest
    of the others is then kept back too.
    """
    hidden = {key for key, n in counts.items() if 0 < n < FEWEST}
    while hidden and (len(hidden) == 1 or _follows([counts[key] for key in hidden])):
        others = sorted((key for key in counts if key not in hidden), key=lambda key: (counts[key] == 0, counts[key]))
        if not others:
            break
        hidden.add(others[0])
    return {key: None if key in hidden else n for key, n in counts.items()}


def _follows(kept_back: list[int]) -> bool:
    """Can each of these be worked out from their sum, or is the sum itself too small to be said?"""
    return sum(kept_back) < FEWEST or set(kept_back) in ({1}, {FEWEST - 1})
