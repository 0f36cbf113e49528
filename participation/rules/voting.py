"""What makes a ballot good, what is left on it, and in which order options are shown and counted."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

from participation.rules.refusals import Code, Refused

T = TypeVar("T", int, str)

# The cap of a ballot on which everything may be chosen.
NO_CAP = 32_767


class Method(StrEnum):
    """How one votes: at most so many choices, as many as one likes, points to divide, a sum to spend, or an order."""

    CHOICES = "choices"
    SUPPORT = "support"
    POINTS = "points"
    BUDGET = "budget"
    RANKING = "ranking"


# Ballots on which an option is chosen or not, with no number to write.
TICKED = frozenset({Method.CHOICES, Method.SUPPORT, Method.BUDGET})


class Rule(StrEnum):
    """How ballots become an order and winners; participation/rules/counting.py holds them."""

    PLURALITY = "plurality"
    GREEDY = "greedy"
    EQUAL_SHARES = "equal-shares"
    BORDA = "borda"


# Which rules can count which ballots; the first is what a phase counts by unless it says otherwise.
RULES_OF: dict[Method, tuple[Rule, ...]] = {
    Method.CHOICES: (Rule.PLURALITY, Rule.GREEDY, Rule.EQUAL_SHARES),
    Method.SUPPORT: (Rule.PLURALITY, Rule.GREEDY, Rule.EQUAL_SHARES),
    Method.POINTS: (Rule.PLURALITY, Rule.GREEDY, Rule.EQUAL_SHARES),
    Method.BUDGET: (Rule.GREEDY, Rule.PLURALITY, Rule.EQUAL_SHARES),
    Method.RANKING: (Rule.BORDA, Rule.PLURALITY),
}


@dataclass(frozen=True, slots=True)
class BallotRules:
    """What one ballot may hold; None where nothing limits it. ``cap`` choices in all, at least ``floor``."""

    method: Method
    cap: int
    floor: int
    points: int = 0
    points_max: int = 0
    budget_cents: int | None = None
    cap_per_area: int | None = None
    cap_per_theme: int | None = None

    @property
    def asks_options(self) -> bool:
        """Does any limit depend on what the options are?"""
        return self.method is Method.BUDGET or self.cap_per_area is not None or self.cap_per_theme is not None


class Choice(NamedTuple):
    """One option on a ballot, by its number, and the points it gets (1 where none are given)."""

    number: int
    value: int = 1


class OptionFacts(NamedTuple):
    """What the limits of a ballot need to know of an option."""

    cost_cents: int | None
    area: str
    theme: str


def n_left(cap: int, n_chosen: int) -> int:
    """How many choices are left?"""
    return max(cap - n_chosen, 0)


def check_ballot(choices: Sequence[Choice], rules: BallotRules, options: Mapping[int, OptionFacts]) -> None:
    """Say whether these choices make a whole ballot; an empty one withdraws and is always good.

    Choices that are no option are left to the database, which knows better what is on the ballot by now.

    Refuses  vote.twice, vote.too_many, vote.too_few, vote.bad_points, vote.too_many_points_on_one,
             vote.too_many_points, vote.over_budget, vote.too_many_in_area, vote.too_many_of_theme.
    """
    numbers = [choice.number for choice in choices]
    if len(set(numbers)) != len(numbers):
        raise Refused(Code.VOTE_TWICE)
    if len(numbers) > rules.cap:
        raise Refused(Code.VOTE_TOO_MANY, {"cap": rules.cap, "chosen": len(numbers)})
    if numbers and len(numbers) < rules.floor:
        raise Refused(Code.VOTE_TOO_FEW, {"floor": rules.floor, "chosen": len(numbers)})
    _check_points(choices, rules)
    known = [options[number] for number in numbers if number in options]
    if rules.method is Method.BUDGET and rules.budget_cents is not None:
        spent = sum(option.cost_cents or 0 for option in known)
        if spent > rules.budget_cents:
            raise Refused(Code.VOTE_OVER_BUDGET, {"spent_cents": spent, "budget_cents": rules.budget_cents})
    for cap, names, code in (
        (rules.cap_per_area, [option.area for option in known], Code.VOTE_TOO_MANY_IN_AREA),
        (rules.cap_per_theme, [option.theme for option in known], Code.VOTE_TOO_MANY_OF_THEME),
    ):
        most = Counter(name for name in names if name).most_common(1)
        if cap is not None and most and most[0][1] > cap:
            raise Refused(code, {"cap": cap, "chosen": most[0][1], "name": most[0][0]})


def _check_points(choices: Sequence[Choice], rules: BallotRules) -> None:
    if any(choice.value < 1 for choice in choices):
        raise Refused(Code.VOTE_BAD_POINTS)
    if rules.method is not Method.POINTS:
        if any(choice.value != 1 for choice in choices):
            raise Refused(Code.VOTE_BAD_POINTS)
        return
    given = sum(choice.value for choice in choices)
    if given > rules.points:
        raise Refused(Code.VOTE_TOO_MANY_POINTS, {"given": given, "points": rules.points})
    if any(choice.value > rules.points_max for choice in choices):
        raise Refused(Code.VOTE_TOO_MANY_POINTS_ON_ONE, {"points_max": rules.points_max})


def in_drawn_order(numbers: Sequence[int], seed: str) -> list[int]:
    """Shuffle options so that none profits from standing first; the same seed always gives the same order."""
    drawn = sorted(numbers)
    random.Random(seed).shuffle(drawn)  # noqa: S311 -- fairness of a list, not a secret
    return drawn


def by_lot(options: Iterable[T], seed: str) -> list[T]:
    """Order options by a draw anyone can repeat from the published seed: the lowest SHA-256 of "seed:option" first."""
    return sorted(options, key=lambda option: hashlib.sha256(f"{seed}:{option}".encode()).digest())


def ranked(scores: Mapping[int, int], *, seed: str) -> list[int]:
    """Order options by score, highest first; equals as ``by_lot`` draws them."""
    return sorted(by_lot(scores, seed), key=lambda number: -scores[number])
