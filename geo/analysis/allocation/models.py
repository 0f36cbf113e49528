"""The three questions: most demand within reach, shortest way for all, fewest sites that reach everyone.

Each answer says how far from the best it can be at most, and that holds.
"""

import itertools
import time
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import sparse

from geo.analysis.allocation.costs import Bools, Costs, Floats, Ints, of_cover, of_distances
from geo.analysis.allocation.programs import any_choice, covering, explain
from geo.analysis.allocation.proof import Best, proven
from geo.analysis.allocation.rules import Choice, OutOfTime, Rules, choice_of
from geo.analysis.allocation.search import improved

SECONDS = 10.0


class Status(StrEnum):
    """How much is known of an answer."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


@dataclass(frozen=True)
class Solution:
    """Sites, what they achieve, and what no choice that holds to the rules can beat.

    ``objective`` is the weight covered (more is better), the sum of weight times distance, or the number or price of
    the sites (less is better). ``gap`` is the difference to ``bound`` as a share of the objective.
    """

    selected: tuple[int, ...]
    objective: float
    bound: float
    gap: float
    seconds: float
    status: Status


def mclp(
    cover: sparse.csr_matrix,
    weights: Floats,
    rules: Rules,
    *,
    covered: Bools | None = None,
    seconds: float = SECONDS,
) -> Solution:
    """Choose the sites that have most weight within reach (maximal covering location problem).

    Shape    cover (n, m), True where a site reaches a demand; weights (n,), 0 or more; covered (n,): what sites that
             stand already reach. A site that would add nothing is not chosen unless a rule asks for it.
    Order    the answer by rising place.
    Raises   Contradiction; OutOfTime; ValueError.
    Source   Church & ReVelle 1974.
    """
    began = time.monotonic()
    _check(cover.shape, weights, rules)
    open_weights = weights if covered is None else np.where(covered, 0.0, weights)
    costs = of_cover(cover, open_weights)
    chosen, bound = _choose(costs, rules, began + seconds, needs_one=False)
    total = float(weights.sum())
    return _solution(chosen, total - costs.total(chosen), total - bound, began, whole=_are_whole(weights))


def p_median(
    distances: Floats,
    weights: Floats,
    rules: Rules,
    *,
    nearest: Floats | None = None,
    seconds: float = SECONDS,
) -> Solution:
    """Choose the sites to which the way is shortest, over all demand (p-median).

    Shape    distances (n, m); weights (n,), 0 or more; nearest (n,): how far the sites that stand already are. Without
             them at least one site is chosen.
    Order    the answer by rising place.
    Raises   Contradiction; OutOfTime; ValueError.
    Source   Hakimi 1964; ReVelle & Swain 1970.
    """
    began = time.monotonic()
    _check(distances.shape, weights, rules)
    if not (np.isfinite(distances).all() and (distances >= 0).all()):
        raise ValueError("distances must be finite numbers, 0 or more")
    if nearest is not None and not (np.isfinite(nearest).all() and (nearest >= 0).all()):
        raise ValueError("distances must be finite numbers, 0 or more")
    costs = of_distances(distances, weights, nearest)
    needs_one = nearest is None and len(weights) > 0
    chosen, bound = _choose(costs, rules, began + seconds, needs_one=needs_one)
    return _solution(chosen, costs.total(chosen), bound, began, whole=costs.is_whole)


def set_cover(
    cover: sparse.csr_matrix,
    rules: Rules,
    *,
    covered: Bools | None = None,
    seconds: float = SECONDS,
) -> Solution:
    """Choose the fewest sites, or with prices the cheapest, that have every demand within reach.

    Shape    cover (n, m), True where a site reaches a demand; covered (n,): what sites that stand already reach.
             Demand that none of the m sites reaches is left out: no choice could change that.
    Order    the answer by rising place.
    Raises   Contradiction, also when demand is reached by barred sites alone; OutOfTime; ValueError.
    Source   Toregas et al. 1971.
    """
    began = time.monotonic()
    n, m = cover.shape
    _check((n, m), np.ones(n), rules)
    rows = of_cover(cover, np.ones(n) if covered is None else np.where(covered, 0.0, 1.0))
    covers = [rows.row_sites[a:b] for a, b in itertools.pairwise(rows.row_starts)]
    prices = np.ones(m) if rules.prices is None else rules.prices.astype(np.float64)
    whole = _are_whole(prices)
    first = choice_of(rules, m)
    choice = _with_must(first, rules)
    open_rows = [row for row in covers if not np.isin(row, choice.certain).any()]
    if choice.certain.size < len(set(rules.must)) or any(not choice.free[row].any() for row in open_rows):
        raise explain(rules, first, covers)
    start = _greedy_cover(open_rows, choice, prices)
    solved = covering(
        open_rows, choice, prices, start=start, whole=whole, seconds=max(began + seconds - time.monotonic(), 0.1)
    )
    if solved.is_impossible:
        raise explain(rules, first, covers)
    found = [one for one in (start, solved.chosen) if one is not None]
    if not found:
        raise OutOfTime
    best = min(found, key=lambda one: float(prices[one].sum()))
    least = _disjoint_bound(open_rows, choice, prices)
    cost = float(prices[best].sum())
    bound = cost if solved.is_optimal else min(max(least, solved.bound), cost)
    if whole and not solved.is_optimal:
        bound = min(float(np.ceil(bound - 1e-6)), cost)
    fixed = float(prices[choice.certain].sum())
    selected = np.sort(np.concatenate([choice.certain, best]))
    return _told(selected, cost + fixed, bound + fixed, began)


def _check(shape: tuple[int, ...], weights: Floats, rules: Rules) -> None:
    if len(shape) != 2 or weights.shape != (shape[0],):
        raise ValueError("there must be one weight a demand")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights must be finite numbers, 0 or more")
    rules.check(shape[1])


def _with_must(choice: Choice, rules: Rules) -> Choice:
    """The choice with the must sites certain; without some of them where that contradicts."""
    must = np.unique(np.array(rules.must, dtype=np.int64))
    together = choice.free[must].all() and not any(np.isin(choice.neighbours(site), must).any() for site in must)
    return choice.given(must, np.zeros(choice.n_sites, dtype=np.bool_)) if together else choice


def _choose(costs: Costs, rules: Rules, until: float, *, needs_one: bool) -> tuple[Ints, float]:
    """Find sites of least cost, and a bound below which no choice costs."""
    first = choice_of(rules, costs.n_sites)
    choice = _with_must(first, rules)
    needs_one = needs_one and not len(choice.certain)
    if len(choice.certain) < len(set(rules.must)) or not choice.is_possible:
        raise explain(rules, first, [], at_least_one=needs_one)
    certain = choice.certain
    costs = costs.given(certain, ~choice.free)
    start = _start(costs, choice, rules, first, until, needs_one=needs_one)
    good = improved(costs, choice, start, until=until)
    if needs_one and not len(good):
        # All sites are as good as one another.
        good = np.flatnonzero(choice.free)[:1]
    best = Best(costs, choice, good)
    bound = _rounded(costs, proven(costs, choice, best, until=until), best.cost)
    chosen = _pruned(costs, choice, best.chosen if len(best.chosen) or not needs_one else good, needs_one=needs_one)
    return np.sort(np.concatenate([certain, chosen])), min(bound, costs.total(chosen))


def _start(costs: Costs, choice: Choice, rules: Rules, first: Choice, until: float, *, needs_one: bool) -> Ints:
    """Free sites that hold to the rules, as few as can be."""
    if not choice.need.any() and not (needs_one and not choice.is_simple):
        if needs_one and (choice.k < 1 or not choice.free.any()):
            raise explain(rules, first, [], at_least_one=True)
        return np.empty(0, dtype=np.int64)
    alone = np.bincount(
        np.repeat(np.arange(costs.n_sites), np.diff(costs.column_starts)),
        costs.otherwise[costs.column_rows] - costs.column_costs,
        minlength=costs.n_sites,
    )
    found = any_choice(choice, alone / max(alone.max(initial=0.0), 1e-300), until=until, at_least_one=needs_one)
    if found.is_impossible:
        raise explain(rules, first, [], at_least_one=needs_one)
    if found.chosen is None:
        raise OutOfTime
    return found.chosen


def _rounded(costs: Costs, bound: float, cost: float) -> float:
    """Costs in whole numbers have bounds in whole numbers."""
    return min(float(np.ceil(bound - 1e-6)), cost) if costs.is_whole else min(bound, cost)


def _pruned(costs: Costs, choice: Choice, chosen: Ints, *, needs_one: bool) -> Ints:
    """The choice without sites that add nothing and that no rule asks for."""
    cost = costs.total(chosen)
    for site in sorted(chosen.tolist(), reverse=True):
        less = chosen[chosen != site]
        if (len(less) or not needs_one) and choice.allows(less) and costs.total(less) <= cost:
            chosen = less
    return chosen


def _greedy_cover(rows: list[Ints], choice: Choice, prices: Floats) -> Ints | None:
    """Sites that cover all rows, those first that cover most for their price; None where the rules end it."""
    chosen: list[int] = []
    may = choice.free.copy()
    is_open = np.ones(len(rows), dtype=np.bool_)
    row = np.repeat(np.arange(len(rows)), [len(sites) for sites in rows]) if rows else np.empty(0, dtype=np.int64)
    site = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    by_site = np.argsort(site, kind="stable")
    starts = np.searchsorted(site[by_site], np.arange(choice.n_sites + 1))
    while is_open.any():
        worth = np.bincount(site[is_open[row]], minlength=choice.n_sites) / np.maximum(prices, 1e-12)
        worth[~may] = 0
        next_site = int(worth.argmax())
        if worth[next_site] <= 0:
            return None
        chosen.append(next_site)
        may[next_site] = False
        may[choice.neighbours(next_site)] = False
        is_open[row[by_site[starts[next_site] : starts[next_site + 1]]]] = False
    found = np.array(chosen, dtype=np.int64)
    # What later sites made needless goes again, the dearest first.
    times = np.zeros(len(rows), dtype=np.int64)
    for one in found:
        times[row[by_site[starts[one] : starts[one + 1]]]] += 1
    for one in found[np.argsort(-prices[found], kind="stable")]:
        reached = row[by_site[starts[one] : starts[one + 1]]]
        if (times[reached] > 1).all():
            times[reached] -= 1
            found = found[found != one]
    return found if choice.allows(found) else None


def _disjoint_bound(rows: list[Ints], choice: Choice, prices: Floats) -> float:
    """What rows without a site in common cost at least together."""
    used = np.zeros(choice.n_sites, dtype=np.bool_)
    least = 0.0
    for row in sorted(rows, key=len):
        if not used[row].any():
            used[row] = True
            least += float(prices[row[choice.free[row]]].min())
    return least


def _are_whole(numbers: Floats) -> bool:
    return bool((numbers == np.round(numbers)).all())


def _solution(chosen: Ints, objective: float, bound: float, began: float, *, whole: bool) -> Solution:
    if whole:
        objective, bound = float(np.round(objective)), float(np.round(bound))
    return _told(chosen, objective, bound, began)


def _told(chosen: Ints, objective: float, bound: float, began: float) -> Solution:
    apart = abs(objective - bound)
    if apart <= 1e-9 * max(abs(objective), abs(bound)):
        bound, apart = objective, 0.0
    return Solution(
        selected=tuple(int(site) for site in chosen),
        objective=objective,
        bound=bound,
        gap=apart / abs(objective) if objective else float(apart > 0),
        seconds=time.monotonic() - began,
        status=Status.OPTIMAL if apart == 0 else Status.FEASIBLE,
    )
