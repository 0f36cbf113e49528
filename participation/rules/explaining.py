"""Why an option wins or does not by a rule, in figures that the count itself gives; no words, those are the pages'."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Generic

import numpy as np

from participation.rules.counting import COUNT, Election, Floats, Ints, Market, Outcome, T, wanted, with_one_per
from participation.rules.voting import Method, Rule

MOST_SPENT_ON = 2


class Why(StrEnum):
    """What decided about an option; the facts that go with it stand behind."""

    MORE = "more"  # score, by: ahead of the first that is out; average: rank, where ranks count
    FEWER = "fewer"  # score, by: behind the last that is in; average
    DRAWN_IN = "drawn_in"  # score: as much as one that is out
    DRAWN_OUT = "drawn_out"  # score
    NOBODY = "nobody"  # nothing: no ballot names it
    FITS = "fits"  # score, cost, left: of the sum when its turn came
    TOO_DEAR = "too_dear"  # score, cost, left
    BEHIND = "behind"  # score, other: the one at which paying stopped
    PAID_TOGETHER = "paid_together"  # supporters, percent: of a share, the most that one of them gave
    FILLED = "filled"  # score: a place that no supporters could pay for went by votes
    SPENT = "spent"  # supporters, cost, together: what they have left; percent of the cost; on: what they paid for
    FIRST_OF_GROUP = "first_of_group"  # group, score, other: whose place it takes, None where there is room for both
    MADE_ROOM = "made_room"  # score, other: for whom, None where nobody took its place


@dataclass(frozen=True, slots=True)
class Reason(Generic[T]):
    """Why one option is in or out.

    Units    cost, left and together as the election's costs (places where none cost); percent of 100.
    """

    option: T
    why: Why
    score: int
    by: int = 0
    average: float | None = None
    cost: int = 0
    left: int = 0
    supporters: int = 0
    together: int = 0
    percent: int = 0
    on: tuple[T, ...] = ()
    group: Hashable = None
    other: T | None = None


@dataclass(frozen=True, slots=True)
class Explained(Generic[T]):
    """How a vote ends by a rule, with a reason for each option that comes or goes against other winners.

    ``edge`` are the last one in and the first one out, where there are such. ``drawn`` are the options between which
    the draw decided who is in: by the opposite draw others would be.
    """

    winners: tuple[T, ...]
    come: tuple[Reason[T], ...]
    go: tuple[Reason[T], ...]
    edge: tuple[Reason[T], ...]
    drawn: tuple[T, ...]


def winners_of(election: Election[T], outcome: Outcome[T], groups: Mapping[T, Hashable] | None) -> tuple[T, ...]:
    """Who wins by this outcome, each group with at least one where ``groups`` says so, in order?"""
    return outcome.winners if groups is None else with_one_per(election, outcome, groups).winners


def explain(
    election: Election[T], outcome: Outcome[T], groups: Mapping[T, Hashable] | None, *, against: Sequence[T]
) -> Explained[T]:
    """Say why each option comes or goes when winners are found so, and not as ``against`` has them.

    Order    as the outcome, what goes as ``against``.
    Cost     one more count for the draw; equal shares are bought once more.
    """
    winners = winners_of(election, outcome, groups)
    out = [option for option in outcome.order if option not in set(winners)]
    told = _Teller(election, outcome, groups)
    return Explained(
        winners,
        tuple(told.reason(option) for option in winners if option not in set(against)),
        tuple(told.reason(option) for option in against if option in set(out)),
        tuple(told.reason(option) for option in (*winners[-1:], *out[:1])),
        drawn(election, outcome, groups),
    )


def drawn(election: Election[T], outcome: Outcome[T], groups: Mapping[T, Hashable] | None) -> tuple[T, ...]:
    """Between which options did the draw decide who wins? Nobody but the draw can make the opposite one differ.

    Order    as the outcome; all that stand equal with them (score and cost), where a score decides.
    """
    opposite = replace(election, ties=election.ties[::-1])
    winners = set(winners_of(election, outcome, groups))
    others = set(winners_of(opposite, COUNT[outcome.rule](opposite), groups))
    changed = winners ^ others
    if changed and outcome.rule is not Rule.EQUAL_SHARES:
        cost = dict(zip(election.options, election.costs.tolist(), strict=True))
        equal = {(outcome.scores[option], cost[option]) for option in changed}
        changed = {option for option in election.options if (outcome.scores[option], cost[option]) in equal}
    return tuple(option for option in outcome.order if option in changed)


@dataclass
class _Teller(Generic[T]):
    """Looks up in a count why an option is in or out."""

    election: Election[T]
    outcome: Outcome[T]
    groups: Mapping[T, Hashable] | None
    place: dict[T, int] = field(init=False)
    left_at: dict[T, int] = field(init=False)
    stopped_at: T | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.place = {option: at for at, option in enumerate(self.election.options)}
        self.left_at = self._pay() if self.election.budget is not None else {}
        self._spending: _Spending | None = None

    def _pay(self) -> dict[T, int]:
        """What was left of the sum when each option's turn came; nothing is paid after the first that does not fit."""
        left, found, taken = self.election.budget or 0, dict[T, int](), set(self.outcome.winners)
        for option in self.outcome.order:
            found[option] = left
            if option in taken:
                left -= self._cost(option)
            elif self.stopped_at is None and self.outcome.scores[option] > 0:
                self.stopped_at = option
        return found

    def _cost(self, option: T) -> int:
        return int(self.election.costs[self.place[option]])

    def reason(self, option: T) -> Reason[T]:
        """Why is this option in or out?"""
        if self.groups is not None:
            spread = with_one_per(self.election, self.outcome, self.groups)
            # The lowest that goes makes room for the highest that comes.
            going = spread.go[::-1]
            if option in spread.come:
                at = spread.come.index(option)
                other = going[at] if at < len(going) else None
                return self._say(option, Why.FIRST_OF_GROUP, group=self.groups[option], other=other)
            if option in spread.go:
                at = going.index(option)
                return self._say(option, Why.MADE_ROOM, other=spread.come[at] if at < len(spread.come) else None)
        if self.outcome.scores[option] == 0:
            return self._say(option, Why.NOBODY)
        if self.outcome.rule is Rule.EQUAL_SHARES:
            return self._by_shares(option)
        return self._by_sum(option) if self.election.budget is not None else self._by_score(option)

    def _say(self, option: T, why: Why, **facts: object) -> Reason[T]:
        return Reason(option, why, self.outcome.scores[option], **facts)  # type: ignore[arg-type]

    def _by_score(self, option: T) -> Reason[T]:
        scores, winners = self.outcome.scores, set(self.outcome.winners)
        average = self._average_rank(option) if self.outcome.rule is Rule.BORDA else None
        if option in winners:
            out = [scores[other] for other in self.outcome.order if other not in winners]
            by = scores[option] - max(out, default=0)
            return self._say(option, Why.MORE if by else Why.DRAWN_IN, by=by, average=average)
        by = min((scores[other] for other in winners), default=0) - scores[option]
        return self._say(option, Why.FEWER if by else Why.DRAWN_OUT, by=by, average=average)

    def _by_sum(self, option: T) -> Reason[T]:
        cost, left = self._cost(option), self.left_at[option]
        if option in self.outcome.winners:
            return self._say(option, Why.FITS, cost=cost, left=left)
        if cost > left:
            return self._say(option, Why.TOO_DEAR, cost=cost, left=left)
        return self._say(option, Why.BEHIND, cost=cost, left=left, other=self.stopped_at)

    def _average_rank(self, option: T) -> float:
        ranks = self.election.values[self.election.chosen == self.place[option]]
        return float(ranks.mean())

    def _by_shares(self, option: T) -> Reason[T]:
        if self._spending is None:
            self._spending = _spending(self.election, self.outcome)
        spent, at = self._spending, self.place[option]
        supporters = int(np.count_nonzero(self.election.chosen == at))
        if at in spent.largest_part:
            percent = ceil(round(100 * spent.largest_part[at], 6))
            return self._say(option, Why.PAID_TOGETHER, supporters=supporters, percent=min(percent, 100))
        if option in self.outcome.winners:
            return self._say(option, Why.FILLED, supporters=supporters)
        together, on = spent.left_of(at)
        cost = self._cost(option) if self.election.budget is not None else 1
        return self._say(
            option,
            Why.SPENT,
            supporters=supporters,
            cost=cost,
            together=int(together),
            # Never said to be all of it: what they have does not reach.
            percent=min(int(100 * together / cost), 99) if cost else 0,
            on=tuple(self.election.options[other] for other in on),
        )


@dataclass(frozen=True, slots=True)
class _Spending:
    """Who paid what by equal shares, per kind of ballot with its weight.

    Shape    paid: place of an option -> (kinds of ballot,) what one of each gave; largest_part of a share, 0..1.
    """

    market: Market
    share: float
    paid: dict[int, Floats]
    largest_part: dict[int, float]

    def left_of(self, at: int) -> tuple[float, list[int]]:
        """What the supporters of an option have left together, and on what they spent most."""
        market = self.market
        mine = market.buyers[market.starts[at] : market.starts[at + 1]]
        weights = market.weights[mine]
        given = {other: float((paid[mine] * weights).sum()) for other, paid in self.paid.items()}
        most = sorted((other for other, all_ in given.items() if all_ > 0), key=lambda other: -given[other])
        # What rounding leaves of nothing is nothing.
        together = max(self.share * int(weights.sum()) - sum(given.values()), 0.0)
        return round(together, 6), most[:MOST_SPENT_ON]


def _spending(election: Election[T], outcome: Outcome[T]) -> _Spending:
    """Buy once more with the share the count ended at, and write down who pays."""
    scores: Ints = np.array([outcome.scores[option] for option in election.options], dtype=np.int64)
    exact = outcome.share or Fraction(0)
    share = float(exact)
    place = {option: at for at, option in enumerate(election.options)}
    market = Market(election, [place[option] for option in outcome.order])
    money = np.full(len(market.weights), share)
    paid, largest = dict[int, Floats](), dict[int, float]()
    for at in market.buy(exact, wanted(scores)):
        mine = slice(market.starts[at], market.starts[at + 1])
        buyers = market.buyers[mine]
        gives = np.minimum(market.least[at] * market.utility[mine], money[buyers])
        row = np.zeros_like(money)
        row[buyers] = gives
        money -= row
        paid[at] = row
        largest[at] = float(gives.max()) / share if share else 0.0
    return _Spending(market, share, paid, largest)


def unit_of(method: Method, rule: Rule) -> str:
    """What do the scores of a count say: ``votes``, ``points``, ``first_places`` or ``rank_points``?"""
    if method is Method.POINTS:
        return "points"
    if method is Method.RANKING:
        return "rank_points" if rule is Rule.BORDA else "first_places"
    return "votes"
