"""Counts ballots: plurality, greedy, equal shares and Borda; the same ballots always give the same winners."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Generic, Literal, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from participation.rules.refusals import Code, Refused
from participation.rules.voting import RULES_OF, Method, Rule

T = TypeVar("T", bound=Hashable)
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# What floats may be wrong by, taken far too wide: inside it the decision is made again with fractions.
RELATIVE = 1e-9
ABSOLUTE = 1e-12
NEVER = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Election(Generic[T]):
    """What is counted: options in their canonical order, what they cost, and the ballots row by row.

    Ballot ``i`` names ``chosen[indptr[i]:indptr[i + 1]]`` (places in ``options``, none twice) with ``values``: points
    (more than 0) or ranks (from 1), 1 for other ballots. ``ties`` is the order of equals that cost the same. It ends
    with so many winners, or with what a budget pays; ``unit`` is one step of an amount (100 where they are cents).
    """

    method: Method
    options: tuple[T, ...]
    costs: Ints
    indptr: Ints
    chosen: Ints
    values: Ints
    ties: tuple[T, ...]
    n_winners: int | None = None
    budget: int | None = None
    unit: int = 1

    def __post_init__(self) -> None:
        if (self.n_winners is None) == (self.budget is None):
            raise ValueError("an election ends with a number of winners, or with a budget")
        if set(self.ties) != set(self.options) or len(self.ties) != len(set(self.options)):
            raise ValueError("ties must name every option once")

    @property
    def n_ballots(self) -> int:
        """How many ballots are there?"""
        return len(self.indptr) - 1


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How it ended: what each option got, all options from first to last, and the winners in order.

    ``share`` is what each ballot had to give at the end by equal shares, in the units of the costs.
    """

    rule: Rule
    scores: dict[T, int]
    order: tuple[T, ...]
    winners: tuple[T, ...]
    share: Fraction | None = None


def election(
    method: Method,
    options: Sequence[T],
    ballots: Iterable[Mapping[T, int]],
    *,
    ties: Sequence[T],
    costs: Mapping[T, int] | None = None,
    n_winners: int | None = None,
    budget: int | None = None,
    unit: int = 1,
) -> Election[T]:
    """Put together an election from ballots as option -> value."""
    place = {option: at for at, option in enumerate(options)}
    rows = [sorted((place[option], value) for option, value in ballot.items()) for ballot in ballots]
    flat = np.array([pair for row in rows for pair in row], dtype=np.int64).reshape(-1, 2)
    return Election(
        method,
        tuple(options),
        np.array([costs[option] if costs else 1 for option in options], dtype=np.int64),
        np.concatenate(([0], np.cumsum([len(row) for row in rows], dtype=np.int64))),
        np.ascontiguousarray(flat[:, 0]),
        np.ascontiguousarray(flat[:, 1]),
        tuple(ties),
        n_winners,
        budget,
        unit,
    )


def plurality(election: Election[T]) -> Outcome[T]:
    """Count how many ballots name each option, or its points, or its first places.

    Order    most first, then cheaper, then as ``ties`` says. A budget pays the first of them until one does not fit.
    Refuses  vote.rule_not_for_ballot.
    """
    return _by_score(Rule.PLURALITY, election, _scores(election, Rule.PLURALITY))


def greedy(election: Election[T]) -> Outcome[T]:
    """Take what got most, then the next, and skip what no longer fits.

    Order    most votes or points first, then cheaper, then as ``ties`` says.
    Refuses  vote.rule_not_for_ballot.
    """
    return _by_score(Rule.GREEDY, election, _scores(election, Rule.GREEDY))


def borda(election: Election[T]) -> Outcome[T]:
    """Give the first of a ballot n - 1 points, the second n - 2 and so on, where n options stand to choose from.

    Order    most points first, then cheaper, then as ``ties`` says. A budget pays the first until one does not fit.
    Refuses  vote.rule_not_for_ballot.
    """
    return _by_score(Rule.BORDA, election, _scores(election, Rule.BORDA))


def equal_shares(election: Election[T], *, completion: Literal["greedy"] | None = None) -> Outcome[T]:
    """Give each ballot an equal share of the money, and buy what its supporters can pay at the best price.

    The price of an option is what a supporter pays for each point of utility; who has too little pays all that is
    left. Utility is the cost where options cost, the points, else 1. A budget is raised by one unit a ballot at a
    time for as long as what is bought still fits the real one; ``completion`` spends what is left as greedy does.
    A number of winners counts as a budget in which each option costs 1, is not raised, and is filled up by votes.

    Order    bought first, then by votes or points; among equal prices cheaper first, then as ``ties`` says.
    Refuses  vote.rule_not_for_ballot.
    Cost     100,000 ballots with 60 options: some tenths of a second a hundred raises.
    Source   Peters, Pierczyński, Skowron, Proportional Participatory Budgeting with Additive Utilities (2021).
    """
    scores = _scores(election, Rule.EQUAL_SHARES)
    ranking = _ranking(election, scores)
    share, bought = None, list[int]()
    if election.n_ballots:
        share, bought = Market(election, ranking).bought(wanted(scores))
    order = bought + [at for at in ranking if at not in set(bought)]
    if election.n_winners is not None:
        winners = [at for at in order if scores[at] > 0][: election.n_winners]
    elif completion == "greedy":
        winners = _fitting(election, order, scores, skip=True)
    else:
        winners = bought
    return _outcome(Rule.EQUAL_SHARES, election, scores, order, winners, share)


COUNT: dict[Rule, Callable[[Election[T]], Outcome[T]]] = {
    Rule.PLURALITY: plurality,
    Rule.GREEDY: greedy,
    Rule.EQUAL_SHARES: equal_shares,
    Rule.BORDA: borda,
}


@dataclass(frozen=True, slots=True)
class Spread(Generic[T]):
    """The winners when each group gets one, and what that changes: who comes in, who goes out."""

    winners: tuple[T, ...]
    come: tuple[T, ...]
    go: tuple[T, ...]


def at_least_one_per(
    order: Sequence[T],
    groups: Mapping[T, Hashable],
    n_winners: int,
    *,
    plain: Sequence[T] | None = None,
    costs: Mapping[T, int] | None = None,
) -> Spread[T]:
    """Let each group (a village) that has an option in ``order`` win with its best one.

    Options without a group only fill up, as do the winners without this wish (``plain``, else the first of the order).
    Where there are more groups than winners, the groups whose best option stands first win. Where options cost
    (``costs``), ``n_winners`` is the sum there is, and what no longer fits is skipped.
    """
    best: dict[Hashable, T] = {}
    for option in order:
        if option in groups:
            best.setdefault(groups[option], option)
    plain = order[:n_winners] if plain is None else plain
    left, chosen = n_winners, set[T]()
    for option in (*best.values(), *plain):
        cost = costs[option] if costs is not None else 1
        if option not in chosen and cost <= left:
            chosen.add(option)
            left -= cost
    return Spread(
        tuple(option for option in order if option in chosen),
        tuple(option for option in order if option in chosen and option not in set(plain)),
        tuple(option for option in plain if option not in chosen),
    )


def with_one_per(election: Election[T], outcome: Outcome[T], groups: Mapping[T, Hashable]) -> Spread[T]:
    """Let each group with an option that somebody chose win with its best one, as far as places or the sum reach.

    Order    as the outcome. Costs an election has no budget for are no matter.
    """
    costs = dict(zip(election.options, election.costs.tolist(), strict=True))
    return at_least_one_per(
        [option for option in outcome.order if outcome.scores[option] > 0],
        groups,
        len(outcome.winners) if election.budget is None else election.budget,
        plain=outcome.winners,
        costs=costs if election.budget is not None else None,
    )


def _scores(election: Election[T], rule: Rule) -> Ints:
    if rule not in RULES_OF[election.method]:
        raise Refused(Code.RULE_NOT_FOR_BALLOT, {"rule": rule.value, "method": election.method.value})
    scores = np.zeros(len(election.options), dtype=np.int64)
    if election.method is Method.POINTS:
        np.add.at(scores, election.chosen, election.values)
    elif rule is Rule.BORDA:
        np.add.at(scores, election.chosen, len(scores) - election.values)
    elif election.method is Method.RANKING:
        np.add.at(scores, election.chosen[election.values == 1], 1)
    else:
        np.add.at(scores, election.chosen, 1)
    return scores


def _ranking(election: Election[T], scores: Ints) -> list[int]:
    """Order the options: highest score, then cheapest, then as the ties say."""
    lot = {option: at for at, option in enumerate(election.ties)}
    return sorted(
        range(len(election.options)),
        key=lambda at: (-scores[at], election.costs[at], lot[election.options[at]]),
    )


def _by_score(rule: Rule, election: Election[T], scores: Ints) -> Outcome[T]:
    order = _ranking(election, scores)
    if election.n_winners is not None:
        winners = [at for at in order if scores[at] > 0][: election.n_winners]
    else:
        winners = _fitting(election, order, scores, skip=rule is Rule.GREEDY)
    return _outcome(rule, election, scores, order, winners)


def _fitting(election: Election[T], order: Sequence[int], scores: Ints, *, skip: bool) -> list[int]:
    """Take what the budget pays in this order; what nobody chose never wins."""
    left = election.budget or 0
    taken = []
    for at in order:
        if scores[at] > 0 and election.costs[at] <= left:
            taken.append(at)
            left -= int(election.costs[at])
        elif scores[at] > 0 and not skip:
            break
    return taken


def _outcome(
    rule: Rule,
    election: Election[T],
    scores: Ints,
    order: Sequence[int],
    winners: Sequence[int],
    share: Fraction | None = None,
) -> Outcome[T]:
    options = election.options
    return Outcome(
        rule,
        {option: int(score) for option, score in zip(options, scores, strict=True)},
        tuple(options[at] for at in order),
        tuple(options[at] for at in winners),
        share,
    )


def wanted(scores: Ints) -> Ints:
    """Name the options somebody chose: no other is ever bought."""
    return np.flatnonzero(scores > 0)


class Market:
    """Where ballots buy options. Equal ballots are one buyer with a weight; prices are floats until one is doubtful.

    A buyer never has debts, and is broke once an option took all it had. So what a buyer has is the share minus
    price x utility of each option bought while it was not broke: ``broke_at`` is all that exact arithmetic needs.
    """

    def __init__(self, election: Election[T], ranking: Sequence[int]) -> None:
        unit_costs = election.n_winners is not None
        self.raised = not unit_costs
        self.n = election.n_ballots
        self.budget = election.n_winners if election.n_winners is not None else election.budget or 0
        self.unit = election.unit
        self.costs = np.ones_like(election.costs) if unit_costs else election.costs
        indptr, chosen, values, self.weights = _merged(election)
        buyer = np.repeat(np.arange(len(self.weights)), np.diff(indptr))
        by_option = np.argsort(chosen, kind="stable")
        self.starts = np.concatenate(([0], np.cumsum(np.bincount(chosen, minlength=len(self.costs))))).astype(np.int64)
        self.buyers = buyer[by_option].astype(np.int64)
        utility = values if election.method is Method.POINTS else np.maximum(self.costs, 1)[chosen]
        self.utility = utility[by_option].astype(np.int64)
        # The same of each place in ``buyers``, as floats.
        self.utilities = self.utility.astype(np.float64)
        self.heads = self.weights[self.buyers].astype(np.float64)
        # Equal prices: cheaper first, then the tie. The ranking is by score first, so it is sorted again.
        lot = {option: at for at, option in enumerate(election.ties)}
        tie = sorted(ranking, key=lambda at: (self.costs[at], election.costs[at], lot[election.options[at]]))
        self.tie = np.empty(len(tie), dtype=np.int64)
        self.tie[tie] = np.arange(len(tie))

    def bought(self, wanted: Ints) -> tuple[Fraction, list[int]]:
        """Find the share that raising ends at, and buy with it, in order."""
        share = Fraction(self.budget, self.n)
        best = self.buy(share, wanted)
        extra = 0
        while self.raised:
            left = self.budget - sum(int(self.costs[at]) for at in best)
            if all(self.costs[at] > left for at in set(wanted.tolist()) - set(best)):
                break
            extra += self.unit
            more = self.buy(Fraction(self.budget, self.n) + extra, wanted)
            if sum(int(self.costs[at]) for at in more) > self.budget:
                break
            share, best = Fraction(self.budget, self.n) + extra, more
        return share, best

    def buy(self, share: Fraction, wanted: Ints) -> list[int]:
        """Buy with this share each until nothing can be paid."""
        self.share = share
        self.prices: list[Fraction | None] = [None] * len(wanted)
        self.money = np.full(len(self.weights), float(share))
        self.broke_at = np.full(len(self.weights), NEVER, dtype=np.int64)
        self.left = np.zeros(len(self.costs), dtype=np.bool_)
        self.left[wanted] = True
        # What a price is at least, and how far the float of it may be off.
        self.least = np.zeros(len(self.costs))
        self.off = np.zeros(len(self.costs))
        self.order = np.zeros(len(wanted), dtype=np.int64)
        n = 0
        while True:
            n, doubt = _buy(
                self.starts, self.buyers, self.utilities, self.heads, self.costs, self.tie,
                self.money, self.broke_at, self.left, self.least, self.off, self.order, n,
            )  # fmt: skip
            if not doubt:
                return [int(at) for at in self.order[:n]]
            n = self.buy_exactly(n)

    def buy_exactly(self, n: int) -> int:
        """Buy the next option with fractions; how many are bought now."""
        best: tuple[Fraction, int, int, NDArray[np.bool_]] | None = None
        for at in sorted(np.flatnonzero(self.left).tolist(), key=lambda at: self.least[at] - self.off[at]):
            if best is not None and self.least[at] - self.off[at] > float(best[0]) * (1 + RELATIVE):
                break
            found = self.price(at, n)
            if found is None:
                self.left[at] = False
                continue
            price, broke = found
            self.least[at], self.off[at] = float(price), float(price) * RELATIVE
            if best is None or (price, self.tie[at]) < best[:2]:
                best = price, int(self.tie[at]), at, broke
        if best is None:
            return n
        price, _tie, at, broke = best
        mine = slice(self.starts[at], self.starts[at + 1])
        buyers, was = self.buyers[mine], self.broke_at[self.buyers[mine]]
        paid = np.where(was == NEVER, float(price) * self.utility[mine], 0.0)
        self.money[buyers] = np.where(broke, 0.0, self.money[buyers] - paid)
        self.broke_at[buyers] = np.where(broke & (was == NEVER), n, was)
        self.left[at] = False
        self.order[n] = at
        self.prices[n] = price
        return n + 1

    def price(self, at: int, n: int) -> tuple[Fraction, NDArray[np.bool_]] | None:
        """What a point of utility costs, and which supporters it leaves with nothing; None when they cannot pay."""
        mine = slice(self.starts[at], self.starts[at + 1])
        buyers, utility = self.buyers[mine], self.utility[mine]
        poor = self.broke_at[buyers] != NEVER
        cost = int(self.costs[at])
        if self.sum_of(buyers[~poor], n) < cost:
            return None
        while True:
            rich_utility = int((utility * self.weights[buyers])[~poor].sum())
            if rich_utility == 0:
                # Only what costs nothing can be bought by who has nothing.
                return Fraction(0), poor
            price = (cost - self.sum_of(buyers[poor & (self.broke_at[buyers] == NEVER)], n)) / rich_utility
            asked = float(price) * utility
            has = self.money[buyers]
            near = ~poor & (np.abs(has - asked) <= RELATIVE * np.maximum(has, asked) + ABSOLUTE * float(self.share))
            short = ~poor & ~near & (has < asked)
            emptied = np.zeros_like(poor)
            for place, left in zip(np.flatnonzero(near), self.money_of(buyers[near], n), strict=True):
                after = left - price * int(utility[place])
                short[place], emptied[place] = after < 0, after == 0
            if not short.any():
                return price, poor | emptied
            poor = poor | short

    def exact_price(self, turn: int) -> Fraction:
        """The price at which the option of this turn was bought."""
        known = self.prices[turn]
        if known is None:
            at = int(self.order[turn])
            mine = slice(self.starts[at], self.starts[at + 1])
            buyers, utility = self.buyers[mine], self.utility[mine]
            emptied, rich = self.broke_at[buyers] == turn, self.broke_at[buyers] > turn
            total = int((utility * self.weights[buyers])[rich].sum())
            known = (int(self.costs[at]) - self.sum_of(buyers[emptied], turn)) / total
            self.prices[turn] = known
        return known

    def sum_of(self, buyers: Ints, n: int) -> Fraction:
        """What these buyers, of whom none was broke, had together before turn ``n``."""
        if not len(buyers):
            return Fraction(0)
        weight = np.zeros_like(self.weights)
        weight[buyers] = self.weights[buyers]
        total = self.share * int(weight.sum())
        for turn in range(n):
            mine = slice(self.starts[self.order[turn]], self.starts[self.order[turn] + 1])
            utility = int((self.utility[mine] * weight[self.buyers[mine]]).sum())
            if utility:
                total -= self.exact_price(turn) * utility
        return total

    def money_of(self, buyers: Ints, n: int) -> list[Fraction]:
        """What each of these buyers, of whom none was broke, had before turn ``n``."""
        if not len(buyers):
            return []
        spent = np.zeros((len(buyers), n), dtype=np.int64)
        for turn in range(n):
            mine = slice(self.starts[self.order[turn]], self.starts[self.order[turn] + 1])
            utility = np.zeros_like(self.weights)
            utility[self.buyers[mine]] = self.utility[mine]
            spent[:, turn] = utility[buyers]
        kinds, kind = np.unique(spent, axis=0, return_inverse=True)
        has = [
            self.share - sum((self.exact_price(turn) * spent for turn, spent in enumerate(row) if spent), Fraction(0))
            for row in kinds.tolist()
        ]
        return [has[number] for number in kind.reshape(-1)]


def _merged(election: Election[T]) -> tuple[Ints, Ints, Ints, Ints]:
    """Make equal ballots one with a weight: (indptr, chosen, values, weights)."""
    rows = np.column_stack((election.chosen, election.values)).astype(np.int64)
    size = rows.itemsize * 2
    data = rows.tobytes()
    ends = (election.indptr * size).tolist()
    seen: dict[bytes, list[int]] = {}
    for at, (start, end) in enumerate(pairwise(ends)):
        seen.setdefault(data[start:end], [at, 0])[1] += 1
    seen.pop(b"", None)
    firsts = np.array([first for first, _n in seen.values()], dtype=np.int64)
    weights = np.array([n for _first, n in seen.values()], dtype=np.int64)
    lengths = np.diff(election.indptr)[firsts]
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    take = np.arange(indptr[-1]) + np.repeat(election.indptr[firsts] - indptr[:-1], lengths)
    return indptr, election.chosen[take], election.values[take], weights


@njit(cache=True)  # type: ignore[untyped-decorator]
def _compare(a: int, b: int, c: int, d: int) -> int:
    """Compare a/b with c/d exactly, by their continued fractions: -1, 0 or 1."""
    sign = 1
    while True:
        first, second = a // b, c // d
        if first != second:
            return sign if first > second else -sign
        a, c = a - first * b, c - second * d
        if a == 0 or c == 0:
            if a == c:
                return 0
            return sign if c == 0 else -sign
        a, b, c, d = b, a, d, c
        sign = -sign


@njit(cache=True)  # type: ignore[untyped-decorator]
def _buy(
    starts: Ints, buyers: Ints, utility: Floats, weights: Floats, costs: Ints, tie: Ints,
    money: Floats, broke_at: Ints, left: NDArray[np.bool_], least: Floats, off: Floats, order: Ints, n: int,
) -> tuple[int, bool]:  # fmt: skip
    """Buy from turn ``n`` on: how many are bought, and whether floats cannot decide the next."""
    n_options = len(costs)
    plain = np.zeros(n_options, dtype=np.bool_)
    fresh = np.zeros(n_options, dtype=np.bool_)
    rich = np.zeros(n_options, dtype=np.int64)
    while True:
        fresh[:] = False
        best = np.inf
        for at in np.argsort(least - off):
            if not left[at]:
                continue
            if least[at] - off[at] > best:
                break
            cost = float(costs[at])
            # One look tells most: at the best price so far its supporters do not bring the cost together.
            price = best if best < np.inf else max(least[at] - off[at], 0.0)
            looking = best < np.inf
            n_poor = -1
            while True:
                was_poor, n_poor = n_poor, 0
                poor_money, rich_money, rich_utility = 0.0, 0.0, 0.0
                for place in range(starts[at], starts[at + 1]):
                    has = money[buyers[place]]
                    if broke_at[buyers[place]] != NEVER or has < price * utility[place]:
                        n_poor += 1
                        poor_money += has * weights[place]
                    else:
                        rich_money += has * weights[place]
                        rich_utility += utility[place] * weights[place]
                if poor_money + rich_money < cost * (1 - RELATIVE):
                    break
                if looking and poor_money + price * rich_utility >= cost * (1 - RELATIVE):
                    # It may be as cheap: begin at what it costs at least, for the price rises from poor to poor.
                    looking, n_poor, price = False, -1, max(least[at] - off[at], 0.0)
                    continue
                # From poor to poor the price only rises; where it falls, somebody has just what is asked, and floats
                # would go to and fro for ever: what follows finds that doubtful.
                if looking or n_poor <= was_poor or rich_utility == 0.0:
                    break
                price = (cost - poor_money) / rich_utility
            if poor_money + rich_money < cost * (1 - RELATIVE):
                # What they have only falls, so who cannot pay now never can.
                left[at] = False
                continue
            if rich_utility == 0.0 or poor_money + rich_money < cost * (1 + RELATIVE):
                return n, True
            least[at] = (cost - poor_money) / rich_utility
            off[at] = RELATIVE * least[at] + ABSOLUTE * cost / rich_utility
            if looking:
                continue
            # Nothing but whole numbers in it: it can be compared exactly.
            plain[at] = poor_money == 0.0
            rich[at] = int(rich_utility)
            fresh[at] = True
            best = min(best, least[at] + off[at])
        # Of those that may be the cheapest per utility, the exact cheapest.
        winner = -1
        n_close, n_plain = 0, 0
        for at in range(n_options):
            if left[at] and fresh[at] and least[at] - off[at] <= best:
                n_close += 1
                n_plain += plain[at]
        if n_close == 0:
            return n, False
        if n_close > 1 and n_plain < n_close:
            return n, True
        for at in range(n_options):
            if left[at] and fresh[at] and least[at] - off[at] <= best:
                # Whether somebody can pay the price must be beyond doubt too.
                for place in range(starts[at], starts[at + 1]):
                    has, asked = money[buyers[place]], least[at] * utility[place]
                    slack = RELATIVE * max(has, asked) + off[at] * utility[place]
                    if broke_at[buyers[place]] == NEVER and asked > 0.0 and abs(has - asked) <= slack:
                        return n, True
                if winner < 0:
                    winner = at
                    continue
                against = _compare(costs[at], rich[at], costs[winner], rich[winner])
                if against < 0 or (against == 0 and tie[at] < tie[winner]):
                    winner = at
        for place in range(starts[winner], starts[winner + 1]):
            buyer = buyers[place]
            if broke_at[buyer] == NEVER:
                money[buyer] -= least[winner] * utility[place]
                if money[buyer] < 0.0:
                    money[buyer] = 0.0
                    broke_at[buyer] = n
        left[winner] = False
        order[n] = winner
        n += 1
