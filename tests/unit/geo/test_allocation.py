"""On tiny questions the answers are those of trying everything, under all rules; and a bound is never a lie."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analysis.allocation.costs import distances as distances_between
from geo.analysis.allocation.costs import pairs_closer, within
from geo.analysis.allocation.models import Solution, Status, mclp, p_median, set_cover
from geo.analysis.allocation.rules import Contradiction, Kind, Rules

# Whole metres and few of them: ties, doubles and exact distances are common.
PLACE = st.tuples(st.integers(0, 30), st.integers(0, 30))


@dataclass
class Question:
    """Demand, sites, and the rules of the choice."""

    demand: Any
    weights: Any
    sites: Any
    standing: Any
    radius: float
    rules: Rules
    spacing: float


@st.composite
def questions(draw: st.DrawFn) -> Question:
    demand = draw(st.lists(PLACE, max_size=10))
    sites = draw(st.lists(PLACE, max_size=7))
    m = len(sites)
    is_whole = draw(st.booleans())
    weight = st.integers(0, 9) if is_whole else st.floats(0, 9, allow_subnormal=False)
    some = st.lists(st.integers(0, m - 1), max_size=2, unique=True) if m else st.just([])
    spacing = draw(st.sampled_from([0, 0, 5, 12]))
    places = np.array(sites, dtype=float).reshape(-1, 2)
    has_budget = draw(st.booleans())
    rules = Rules(
        k=draw(st.none() | st.integers(0, m + 1)),
        budget=draw(st.integers(0, 15)) if has_budget else None,
        prices=np.array(draw(st.lists(st.integers(0, 6), min_size=m, max_size=m)), dtype=float) if has_budget else None,
        must=tuple(draw(some)),
        must_not=tuple(draw(some)),
        areas=np.array(draw(st.lists(st.integers(-1, 2), min_size=m, max_size=m)), dtype=np.int64),
        at_least=draw(st.dictionaries(st.integers(0, 2), st.integers(0, 2), max_size=2)),
        apart=pairs_closer(places, spacing),
    )
    return Question(
        np.array(demand, dtype=float).reshape(-1, 2),
        np.array(draw(st.lists(weight, min_size=len(demand), max_size=len(demand))), dtype=float),
        places,
        np.array(draw(st.lists(PLACE, max_size=2)), dtype=float).reshape(-1, 2),
        draw(st.integers(1, 20)),
        rules,
        spacing,
    )


def choices(question: Question, *, without: frozenset[Kind] = frozenset()) -> Iterable[list[int]]:
    """Every choice that holds to the rules, read from their words alone."""
    rules, m = question.rules, len(question.sites)
    for chosen in map(list, chain.from_iterable(combinations(range(m), n) for n in range(m + 1))):
        counts = {area: sum(rules.areas[j] == area for j in chosen) for area in rules.at_least}
        near = any(np.hypot(*(question.sites[a] - question.sites[b])) < question.spacing
                   for a, b in combinations(chosen, 2))  # fmt: skip
        broken = {
            Kind.NUMBER: rules.k is not None and len(chosen) > rules.k,
            Kind.BUDGET: rules.budget is not None and sum(rules.prices[chosen]) > rules.budget,
            Kind.MUST: not set(rules.must) <= set(chosen),
            Kind.MUST_NOT: bool(set(rules.must_not) & set(chosen)),
            Kind.AREA: any(counts[area] < least for area, least in rules.at_least.items()),
            Kind.SPACING: near,
        }
        if not any(is_broken for kind, is_broken in broken.items() if kind not in without):
            yield chosen


def reach(question: Question, chosen: list[int]) -> Any:
    """Which demand has one of these sites, or one that stands, within the radius."""
    places = np.concatenate([question.sites[chosen], question.standing])
    return (distances_between(question.demand, places) <= question.radius).any(axis=1)


def holds(found: Solution, best: float, *, more_is_better: bool) -> None:
    """The answer is the best, and its bound is on the right side of the truth."""
    hair = 1e-6 * max(abs(best), 1)
    assert found.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert found.bound >= best - hair if more_is_better else found.bound <= best + hair
    assert found.status is Status.OPTIMAL
    assert found.gap == 0


@settings(deadline=None, max_examples=300)
@given(question=questions())
def test_most_demand_within_reach_is_what_trying_everything_finds(question: Question) -> None:
    cover = within(question.demand, question.sites, question.radius)
    covered = reach(question, [])
    allowed = list(choices(question))
    if not allowed:
        with pytest.raises(Contradiction):
            mclp(cover, question.weights, question.rules, covered=covered)
        return
    found = mclp(cover, question.weights, question.rules, covered=covered)
    assert list(found.selected) in allowed
    assert found.objective == pytest.approx(float(question.weights[reach(question, list(found.selected))].sum()))
    holds(found, max(question.weights[reach(question, one)].sum() for one in allowed), more_is_better=True)


@settings(deadline=None, max_examples=300)
@given(question=questions())
def test_the_shortest_way_for_all_is_what_trying_everything_finds(question: Question) -> None:
    places = np.concatenate([question.sites, question.standing])
    all_ways = distances_between(question.demand, places)
    m, stands = len(question.sites), len(question.standing) > 0
    standing = list(range(m, len(places)))
    allowed = [one for one in choices(question) if stands or one or not len(question.demand)]
    nearest = all_ways[:, m:].min(axis=1) if stands else None
    if not allowed:
        with pytest.raises(Contradiction):
            p_median(all_ways[:, :m], question.weights, question.rules, nearest=nearest)
        return

    def cost(chosen: Iterable[int]) -> float:
        return float((all_ways[:, [*chosen, *standing]].min(axis=1, initial=1e9) * question.weights).sum())

    found = p_median(all_ways[:, :m], question.weights, question.rules, nearest=nearest)
    assert list(found.selected) in allowed
    assert found.objective == pytest.approx(cost(found.selected), abs=1e-9)
    holds(found, min(cost(one) for one in allowed), more_is_better=False)


@settings(deadline=None, max_examples=300)
@given(question=questions())
def test_the_fewest_sites_for_everyone_are_what_trying_everything_finds(question: Question) -> None:
    cover = within(question.demand, question.sites, question.radius)
    covered = reach(question, [])
    reachable = reach(question, list(range(len(question.sites))))
    allowed = [one for one in choices(question) if (reach(question, one) == reachable).all()]
    if not allowed:
        with pytest.raises(Contradiction):
            set_cover(cover, question.rules, covered=covered)
        return
    prices = np.ones(len(question.sites)) if question.rules.prices is None else question.rules.prices
    found = set_cover(cover, question.rules, covered=covered)
    assert list(found.selected) in allowed
    holds(found, min(prices[one].sum() for one in allowed), more_is_better=False)


@settings(deadline=None, max_examples=200)
@given(question=questions())
def test_a_contradiction_names_rules_of_which_none_can_be_missed(question: Question) -> None:
    if any(True for _ in choices(question)):
        return
    with pytest.raises(Contradiction) as caught:
        mclp(within(question.demand, question.sites, 5), question.weights, question.rules)
    named = caught.value.kinds
    others = frozenset(Kind) - named
    assert named
    assert not any(True for _ in choices(question, without=others))
    for kind in named:
        assert any(True for _ in choices(question, without=others | {kind}))
    assert set(caught.value.sites) <= set(question.rules.must)
    assert set(caught.value.areas) <= set(question.rules.at_least)
    assert bool(caught.value.sites) == (Kind.MUST in named)
    assert bool(caught.value.areas) == (Kind.AREA in named)
