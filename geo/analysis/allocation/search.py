"""Finds good choices quickly: the site that saves most, again and again, then exchanges of one site for another."""

import time

import numpy as np

from geo.analysis.allocation.costs import Costs, Floats, Ints, exchanges, gains, nearest_two
from geo.analysis.allocation.rules import HAIR, Choice

# A saving below this share of all costs is rounding.
LEAST_SAVING = 1e-11


def improved(costs: Costs, choice: Choice, chosen: Ints, *, until: float) -> Ints:
    """Add sites and exchange them as long as that saves, all rules kept.

    Shape    chosen: free sites that keep to the rules already; so does the answer.
    Order    of equal savings the site with the lowest number: the same question has the same answer.
    Cost     an exchange reads each row as far as its second best site.
    """
    columns = (costs.column_starts, costs.column_rows, costs.column_costs)
    rows = (costs.row_starts, costs.row_sites, costs.row_costs)
    worth = LEAST_SAVING * (costs.base + float(costs.otherwise.sum()))
    while True:
        best, server, second = nearest_two(costs.otherwise, *columns, chosen)
        if len(chosen) < choice.k:
            gain = np.where(_addable(choice, chosen), gains(*rows, best, costs.n_sites), -np.inf)
            found = int(gain.argmax()) if len(gain) else 0
            if len(gain) and gain[found] > worth:
                chosen = np.append(chosen, found)
                continue
        if not len(chosen) or time.monotonic() > until:
            return chosen
        saved = exchanges(*rows, best, server, second, costs.n_sites, len(chosen))
        site, place = _best_exchange(saved, choice, chosen)
        if saved[site, place] <= worth:
            return chosen
        chosen = chosen.copy()
        chosen[place] = site


def _addable(choice: Choice, chosen: Ints) -> Ints:
    may = choice.free.copy()
    may[chosen] = False
    for site in chosen:
        may[choice.neighbours(site)] = False
    room = choice.budget - choice.prices[chosen].sum()
    return np.asarray(may & (choice.prices <= room + HAIR * (1 + abs(room))))


def _best_exchange(saved: Floats, choice: Choice, chosen: Ints) -> tuple[int, int]:
    """The best exchange that keeps the rules; what does not is struck out of ``saved``."""
    saved[~choice.free] = -np.inf
    saved[chosen] = -np.inf
    if np.isfinite(choice.budget):
        room = choice.budget - choice.prices[chosen].sum()
        change = choice.prices[:, None] - choice.prices[chosen][None, :]
        saved[change > room + HAIR * (1 + abs(room))] = -np.inf
    if len(choice.need):
        held = np.bincount(choice.area[chosen][choice.area[chosen] >= 0], minlength=len(choice.need))
        for place, site in enumerate(chosen):
            area = choice.area[site]
            if area >= 0 and held[area] <= choice.need[area]:
                saved[choice.area != area, place] = -np.inf
    if len(choice.near):
        # A site may come beside at most the one that goes.
        beside = np.zeros((choice.n_sites, len(chosen)), dtype=np.bool_)
        for place, site in enumerate(chosen):
            beside[choice.neighbours(site), place] = True
        saved[(beside.sum(axis=1, keepdims=True) - beside) > 0] = -np.inf
    best_site, best_place = np.unravel_index(int(saved.argmax()), saved.shape)
    return int(best_site), int(best_place)


def kept(choice: Choice, wanted: Ints) -> Ints:
    """As many of the wanted sites, in their order, as budget and spacing allow."""
    if choice.is_simple:
        return wanted
    chosen: list[int] = []
    barred = np.zeros(choice.n_sites, dtype=np.bool_)
    room = choice.budget
    for site in wanted:
        if barred[site] or choice.prices[site] > room:
            continue
        chosen.append(int(site))
        room -= choice.prices[site]
        barred[choice.neighbours(site)] = True
    return np.array(chosen, dtype=np.int64)
