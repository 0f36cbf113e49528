"""Proves how good a choice is: bounds, sites settled by them, then cases (with a site, without it)."""

import heapq
import time
from dataclasses import dataclass, field

import numpy as np

from geo.analysis.allocation.costs import Bools, Costs, Ints
from geo.analysis.allocation.programs import any_choice, cheapest
from geo.analysis.allocation.relaxation import (
    FIRST_STEP,
    Prices,
    Relaxed,
    first_prices,
    gap_closed,
    relax,
    settled,
)
from geo.analysis.allocation.rules import Choice
from geo.analysis.allocation.search import improved, kept

# So often prices are moved before sites are settled; in a case they begin where those of its parent ended.
STEPS_AT_ROOT, STEPS_IN_CASE = 600, 120
STEP_IN_CASE = 0.6
# Exchanges from the relaxation's sites are tried for so large a share of the time at most.
SEARCH_SHARE = 0.3
# Prices kept for open cases, in numbers: some hundreds of megabytes.
MOST_KEPT = 60_000_000
# Cases get this share of the time before HiGHS does. It gets no program of more entries, nor one that would take all
# the time that is left to be written down: on a busy machine that time raises the bound of the first case instead.
SHARE_OF_CASES = 0.4
MOST_ENTRIES, ENTRIES_A_SECOND = 3_000_000, 100_000


class Best:
    """The best choice so far, and the way from the relaxation's sites to a better one."""

    def __init__(self, costs: Costs, choice: Choice, chosen: Ints) -> None:
        self.costs, self.choice = costs, choice
        self.chosen, self.cost = chosen, costs.total(chosen)
        self.seen: set[bytes] = set()
        self.began, self.spent = time.monotonic(), 0.0

    def take(self, chosen: Ints) -> None:
        """Take this choice when it holds to the rules and is better."""
        if self.choice.allows(chosen) and (cost := self.costs.total(chosen)) < self.cost:
            self.chosen, self.cost = chosen, cost

    def look(self, picks: Ints, until: float) -> float:
        """Exchange sites from these on, as long as such looks take few of the time; what the best costs then."""
        key = np.sort(picks).tobytes()
        now = time.monotonic()
        if key not in self.seen and self.spent <= SEARCH_SHARE * (now - self.began) + 0.05:
            self.seen.add(key)
            sites = kept(self.choice, picks)
            if self.choice.allows(sites):
                self.take(improved(self.costs, self.choice, sites, until=until))
            self.spent += time.monotonic() - now
        return self.cost


@dataclass(order=True, frozen=True)
class _Case:
    """Some sites inside and some outside, and a bound for all choices with and without them."""

    bound: float
    number: int
    inside: Ints = field(compare=False)
    outside: Bools = field(compare=False)
    prices: Prices = field(compare=False)


def proven(costs: Costs, choice: Choice, best: Best, *, until: float) -> float:
    """A bound that no choice beats; ``best`` is improved on the way.

    Cases first, for they end most questions at once, and the first of them to its end, for nothing else raises the
    bound as fast; what they leave open is HiGHS' unless it is too large for it.
    """
    cases = Cases(costs, choice, best)
    left = until - time.monotonic()
    n_entries = float((np.diff(costs.row_starts) ** 2).sum()) if costs.row_costs.any() else len(costs.row_sites)
    is_for_highs = n_entries <= MOST_ENTRIES
    bound = cases.close(until=until - left * (1 - SHARE_OF_CASES) if is_for_highs else until, first_until=until)
    if best.cost - bound < gap_closed(costs, best.cost):
        return bound
    if not is_for_highs or n_entries > ENTRIES_A_SECOND * (until - time.monotonic()):
        return max(bound, cases.close(until=until, first_until=until))
    inside, outside = cases.settled()
    rest = choice.given(inside, outside)
    if not rest.is_possible:
        return best.cost
    start = best.chosen[~np.isin(best.chosen, inside)]
    is_within = bool(np.isin(inside, best.chosen).all()) and rest.allows(start)
    solved = cheapest(costs.given(inside, ~rest.free), rest, start=start if is_within else None, until=until)
    if solved.chosen is not None:
        best.take(np.concatenate([inside, solved.chosen]))
    if solved.is_impossible or solved.is_optimal:
        return best.cost
    return max(bound, min(solved.bound, best.cost))


class Cases:
    """Branch and bound: the case with the lowest bound is looked into first, so that the bound rises all the time."""

    def __init__(self, costs: Costs, choice: Choice, best: Best) -> None:
        self.costs, self.choice, self.best = costs, choice, best
        nothing, no_sites = np.empty(0, dtype=np.int64), np.zeros(choice.n_sites, dtype=np.bool_)
        # Nothing costs less than what is paid whatever is chosen.
        first = _Case(costs.base, 0, nothing, no_sites, first_prices(costs, best.chosen))
        self.open, self.n = [first], 1
        self.root: Relaxed | None = None

    def close(self, *, until: float, first_until: float) -> float:
        """Look into cases until none is left or the time is over, which for the first one is later; the bound."""
        while self.open:
            if self._is_closed(self.open[0].bound):
                return self.best.cost
            if self.root is not None and time.monotonic() > until:
                break
            if len(self.open) * len(self.costs.otherwise) > MOST_KEPT and len(self.open) > 1:
                break
            self._look_into(heapq.heappop(self.open), first_until if self.root is None else until)
        return min([self.best.cost, *(case.bound for case in self.open)])

    def settled(self) -> tuple[Ints, Bools]:
        """The sites that every better choice has, and those that none has, by the bound of the first case."""
        if self.root is None:
            return np.empty(0, dtype=np.int64), np.zeros(self.choice.n_sites, dtype=np.bool_)
        sure, out = settled(self.root, self.costs, self.choice, self.best.cost)
        return np.flatnonzero(sure), out

    def _is_closed(self, bound: float) -> bool:
        return self.best.cost - bound < gap_closed(self.costs, self.best.cost)

    def _look_into(self, case: _Case, until: float) -> None:
        left = self.choice.given(case.inside, case.outside)
        if not left.is_possible:
            return
        fixed = left.certain[len(self.choice.certain) :]
        part = self.costs.given(case.inside, ~left.free)
        if not len(part.otherwise) or not left.free.any() or left.k == 0:
            # Whatever is added now changes nothing; but a rule may ask for more.
            if left.need.any():
                rest = any_choice(left, np.zeros(left.n_sites), until=until, at_least_one=False).chosen
            else:
                rest = np.empty(0, dtype=np.int64)
            if rest is not None:
                self.best.take(np.concatenate([fixed, rest]))
            return
        is_first = self.root is None
        found = relax(
            part,
            left,
            Prices(case.prices.rows[part.lives], case.prices.money),
            self.best.cost,
            until=until,
            most=STEPS_AT_ROOT if is_first else STEPS_IN_CASE,
            first_step=FIRST_STEP if is_first else STEP_IN_CASE,
            look=lambda picks: self.best.look(np.concatenate([fixed, picks]), until),
        )
        if is_first:
            self.root = found
        bound = max(case.bound, found.bound)
        if self._is_closed(bound):
            return
        sure, out = settled(found, part, left, self.best.cost)
        rows = case.prices.rows.copy()
        rows[part.lives] = found.prices.rows
        prices = Prices(rows, found.prices.money)
        inside, outside = np.concatenate([case.inside, np.flatnonzero(sure)]), case.outside | out
        doubt = np.where(left.free & ~(sure | out), -np.abs(found.shares - 0.5), -np.inf)
        site = int(doubt.argmax())
        if not np.isfinite(doubt[site]):
            self._add(bound, inside, outside, prices)
            return
        without = outside.copy()
        without[site] = True
        self._add(bound, np.append(inside, site), outside, prices)
        self._add(bound, inside, without, prices)

    def _add(self, bound: float, inside: Ints, outside: Bools, prices: Prices) -> None:
        heapq.heappush(self.open, _Case(bound, self.n, inside, outside, prices))
        self.n += 1
