"""Bounds that hold: what no choice can beat, and the sites that no better choice can have or miss.

Each row is given a price it pays to be served; then sites can be judged one by one, and the best choice for these
prices costs no more than any real one. The prices are moved until the bound no longer rises.
Source: Cornuejols, Fisher & Nemhauser 1977; Beasley 1993; Held, Wolfe & Crowder 1974 for the steps.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geo.analysis.allocation.costs import Bools, Costs, Floats, Ints, nearest_two, reduced_values, times_served
from geo.analysis.allocation.rules import Choice

# Of the sums behind a bound: far more than rounding can come to, far less than anybody asks for.
ROUNDING = 1e-11
FIRST_STEP, LEAST_STEP = 1.5, 1e-3
# So many tries without a better bound, and steps become half as long.
PATIENCE = 20
# Of the direction of the last step, this share is kept: prices swing less.
MOMENTUM = 0.4
# How much of a site's share in the picks of all tries is from before the last one.
FADING = 0.95


@dataclass(frozen=True)
class Prices:
    """What rows pay to be served, and what a unit of the budget costs."""

    rows: Floats
    money: float


@dataclass(frozen=True)
class Relaxed:
    """A bound and what it came from: of each site its value, and the best sites for these values."""

    bound: float
    prices: Prices
    values: Floats
    picks: Ints
    shares: Floats


def first_prices(costs: Costs, chosen: Ints) -> Prices:
    """Prices to begin with: between the best and the second best cost of each row in a good choice."""
    best, _server, second = nearest_two(
        costs.otherwise, costs.column_starts, costs.column_rows, costs.column_costs, chosen
    )
    return Prices((best + second) / 2, 0.0)


def best_sites(values: Floats, choice: Choice) -> Ints:
    """The free sites with the highest sum of values that number and areas allow, best first within area and rest.

    Shape    values (n_sites,), of which only those of free sites count.
    """
    ordered = np.where(choice.free, values, -np.inf)
    picked = []
    taken = np.zeros(choice.n_sites, dtype=np.bool_)
    for area in np.flatnonzero(choice.need):
        inside = np.flatnonzero(choice.free & (choice.area == area))
        best = inside[np.argsort(-values[inside], kind="stable")[: choice.need[area]]]
        picked.append(best)
        taken[best] = True
    room = choice.k - int(taken.sum())
    if room > 0:
        ordered[taken] = -np.inf
        top = np.argpartition(-ordered, min(room, len(ordered)) - 1)[:room]
        top = top[ordered[top] > 0]
        picked.append(top[np.argsort(-ordered[top], kind="stable")])
    return np.concatenate(picked) if picked else np.empty(0, dtype=np.int64)


def relax(
    costs: Costs,
    choice: Choice,
    prices: Prices,
    known: float,
    *,
    until: float,
    most: int,
    first_step: float = FIRST_STEP,
    look: Callable[[Ints], float],
) -> Relaxed:
    """Raise the bound as far as it goes.

    ``known`` is what the best known choice costs; ``look`` is shown the sites of each better bound and answers what
    the best known choice costs then.
    """
    step, waited = first_step, 0
    lowest = costs.row_costs[costs.row_starts[:-1]]
    rows, money = np.clip(prices.rows, lowest, costs.otherwise), prices.money
    has_budget = bool(np.isfinite(choice.budget))
    moved = np.zeros(len(rows))
    shares = np.zeros(costs.n_sites)
    found: Relaxed | None = None
    for _try in range(most):
        values = reduced_values(costs.row_starts, costs.row_sites, costs.row_costs, rows, costs.n_sites)
        if has_budget:
            values -= money * choice.prices
        picks = best_sites(values, choice)
        shares *= FADING
        shares[picks] += 1 - FADING
        spent = money * choice.budget if has_budget else 0.0
        paid = float(rows.sum())
        earned = float(values[picks].sum())
        size = abs(costs.base) + paid + abs(spent) + float(np.abs(values[picks]).sum())
        bound = costs.base + paid - spent - earned - ROUNDING * size
        if found is None or bound > found.bound + 1e-5 * abs(known - found.bound):
            waited = 0
        else:
            waited += 1
        if found is None or bound > found.bound:
            found = Relaxed(bound, Prices(rows, money), values, picks, shares)
            known = look(picks)
        if known - found.bound < gap_closed(costs, known):
            break
        if waited >= PATIENCE:
            step, waited = step / 2, 0
            rows, money = found.prices.rows, found.prices.money
            values, picks, bound = found.values, found.picks, found.bound
            moved[:] = 0
            if step < LEAST_STEP:
                break
        if time.monotonic() > until:
            break
        slack = 1 - times_served(costs.column_starts, costs.column_rows, costs.column_costs, rows, picks)
        moved = slack + MOMENTUM * moved
        # A price at its limit does not move further: leave it out of the length.
        moved[(rows >= costs.otherwise) & (moved > 0)] = 0
        moved[(rows <= lowest) & (moved < 0)] = 0
        over = float(choice.prices[picks].sum()) - choice.budget if has_budget else 0.0
        scale = max(choice.budget, float(choice.prices.max()), 1.0) if has_budget else 1.0
        length = float(moved @ moved) + (over / scale) ** 2 * len(rows)
        if length == 0:
            break
        by = step * max(known - bound, 1e-9 * abs(known)) / length
        rows = np.clip(rows + by * moved, lowest, costs.otherwise)
        if has_budget:
            money = max(money + by * over * len(rows) / scale**2, 0.0)
    assert found is not None
    return found


def gap_closed(costs: Costs, known: float) -> float:
    """From below which difference between bound and choice on the choice is the best."""
    return 1 - 1e-6 if costs.is_whole else 1e-10 * max(abs(known), 1e-6)


def settled(found: Relaxed, costs: Costs, choice: Choice, known: float) -> tuple[Bools, Bools]:
    """The free sites that every better choice has, and those that none has.

    A site's bound is that of the best picks with it forced in, or out: one exchange away from the best picks.
    """
    value, picks = found.values, found.picks
    goal = known - gap_closed(costs, known)
    is_picked = np.zeros(choice.n_sites, dtype=np.bool_)
    is_picked[picks] = True
    n_areas = len(choice.need)
    held = np.bincount(choice.area[picks][choice.area[picks] >= 0], minlength=n_areas)
    # Of an area that has no more than it needs a pick may only go for another of the same area.
    tight = np.append(held <= choice.need, False)[choice.area]
    is_full = len(picks) >= choice.k
    loose = value[is_picked & ~tight]
    weakest = loose.min(initial=np.inf) if is_full else 0.0
    others = choice.free & ~is_picked
    strongest = max(value[others].max(initial=0.0), 0.0)
    weakest_of = np.full(n_areas + 1, np.inf)
    strongest_of = np.full(n_areas + 1, -np.inf)
    at = is_picked & tight
    np.minimum.at(weakest_of, choice.area[at], value[at])
    at = others & (choice.area >= 0)
    np.maximum.at(strongest_of, choice.area[at], value[at])
    weakest_of[-1], strongest_of[-1] = np.inf, -np.inf
    comes_for = np.minimum(weakest, weakest_of[choice.area])
    goes_for = np.where(tight, strongest_of[choice.area], strongest)
    with_it = found.bound - (value - comes_for)
    without_it = found.bound + (value - goes_for)
    return is_picked & (without_it > goal), others & (with_it > goal)
