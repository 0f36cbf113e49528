"""What makes a ballot good, what is left on it, and in which order options are shown and counted."""

import hashlib
import random
from collections.abc import Mapping, Sequence

from participation.rules.refusals import Code, Refused


def n_left(cap: int, n_chosen: int) -> int:
    """How many choices are left?"""
    return max(cap - n_chosen, 0)


def check_choices(numbers: Sequence[int], *, cap: int, floor: int) -> None:
    """Say whether these choices make a whole ballot; an empty one withdraws and is always good.

    Refuses  vote.twice, vote.too_many, vote.too_few.
    """
    if len(set(numbers)) != len(numbers):
        raise Refused(Code.VOTE_TWICE)
    if len(numbers) > cap:
        raise Refused(Code.VOTE_TOO_MANY, {"cap": cap, "chosen": len(numbers)})
    if numbers and len(numbers) < floor:
        raise Refused(Code.VOTE_TOO_FEW, {"floor": floor, "chosen": len(numbers)})


def in_drawn_order(numbers: Sequence[int], seed: str) -> list[int]:
    """Shuffle options so that none profits from standing first; the same seed always gives the same order."""
    drawn = sorted(numbers)
    random.Random(seed).shuffle(drawn)  # noqa: S311 -- fairness of a list, not a secret
    return drawn


def ranked(scores: Mapping[int, int], *, seed: str) -> list[int]:
    """Order options by score; ties by a draw anyone can repeat from the published seed.

    Order    highest score first; among equals the lowest SHA-256 of "seed:number".
    """

    def lot(number: int) -> str:
        return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()

    return sorted(scores, key=lambda number: (-scores[number], lot(number)))
