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
from geo.analysis.allocation.effects import order_by_coverage, order_by_distance, shares
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
    areas, prices = rules.areas, rules.prices
    assert areas is not None
    for chosen in map(list, chain.from_iterable(combinations(range(m), n) for n in range(m + 1))):
        counts = {area: sum(areas[j] == area for j in chosen) for area in rules.at_least}
        near = any(np.hypot(*(question.sites[a] - question.sites[b])) < question.spacing
                   for a, b in combinations(chosen, 2))  # fmt: skip
        broken = {
            Kind.NUMBER: rules.k is not None and len(chosen) > rules.k,
            Kind.BUDGET: prices is not None and rules.budget is not None and sum(prices[chosen]) > rules.budget,
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
def test_without_any_time_the_bounds_hold_all_the_same(question: Question) -> None:
    cover = within(question.demand, question.sites, question.radius)
    ways = distances_between(question.demand, question.sites)
    standing = np.full(len(question.demand), 25.0)
    allowed = list(choices(question))
    if not allowed:
        return
    most = max(question.weights[(cover[:, one].sum(axis=1) > 0).A1].sum() for one in allowed)
    found = mclp(cover, question.weights, question.rules, seconds=0)
    assert list(found.selected) in allowed
    assert found.objective - 1e-6 <= most <= found.bound + 1e-6
    least = min(
        float((np.column_stack([ways[:, one], standing]).min(axis=1) * question.weights).sum()) for one in allowed
    )
    found = p_median(ways, question.weights, question.rules, nearest=standing, seconds=0)
    assert list(found.selected) in allowed
    assert found.bound - 1e-6 <= least <= found.objective + 1e-6


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


def town(n: int, m: int, *, seed: int) -> tuple[Any, Any, Any]:
    """Demand that clumps, its weights, and sites."""
    chance = np.random.default_rng(seed)
    hearts = chance.uniform(0, 4000, (8, 2))
    demand = hearts[chance.integers(0, 8, n)] + chance.normal(0, 400, (n, 2))
    return demand, chance.integers(1, 5, n).astype(float), chance.uniform(0, 4000, (m, 2))


@pytest.mark.parametrize("seed", range(4))
def test_cases_and_the_whole_program_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    demand, weights, sites = town(100, 25, seed=seed)
    areas = (sites[:, 0] // 1000).astype(np.int64)
    rules = Rules(
        k=6, budget=24.0, prices=np.arange(25, dtype=np.float64) % 7 + 1, areas=areas, at_least={0: 1, 3: 2},
        apart=pairs_closer(sites, 500), must_not=(3,),
    )  # fmt: skip
    cover, ways = within(demand, sites, 600), distances_between(demand, sites)
    by_cases = mclp(cover, weights, rules), p_median(ways, weights, rules)
    monkeypatch.setattr(
        "geo.analysis.allocation.proof.Cases.close", lambda cases, *, until, first_until: cases.costs.base
    )
    by_program = mclp(cover, weights, rules), p_median(ways, weights, rules, seconds=60)
    for one, other in zip(by_cases, by_program, strict=True):
        assert one.status is other.status is Status.OPTIMAL
        assert one.objective == pytest.approx(other.objective, rel=1e-6)
        assert len(one.selected) <= 6


def test_a_middling_town_is_proven_in_a_moment() -> None:
    demand, weights, sites = town(3000, 200, seed=9)
    assert mclp(within(demand, sites, 300), weights, Rules(k=10)).status is Status.OPTIMAL
    assert p_median(distances_between(demand, sites), weights, Rules(k=10)).status is Status.OPTIMAL


def test_no_demand_and_no_site() -> None:
    nothing = np.empty((0, 2))
    found = mclp(within(nothing, nothing, 5), np.empty(0), Rules(k=3))
    assert (found.selected, found.objective, found.bound, found.gap) == ((), 0, 0, 0)
    sites = np.array([[0.0, 0], [9, 9]])
    assert p_median(distances_between(nothing, sites), np.empty(0), Rules(k=3)).selected == ()
    assert set_cover(within(nothing, sites, 5), Rules()).selected == ()
    with pytest.raises(Contradiction):
        p_median(distances_between(sites, nothing), np.ones(2), Rules(k=3))
    # Nobody there can be reached: that is no contradiction, only nothing to do.
    assert set_cover(within(sites, nothing, 5), Rules()).selected == ()
    assert mclp(within(nothing, sites, 5), np.empty(0), Rules(must=(1,))).selected == (1,)


def test_one_demand_and_all_on_one_spot() -> None:
    spot = np.zeros((50, 2))
    for n in (1, 50):
        assert mclp(within(spot[:n], spot[:4], 0), np.ones(n), Rules(k=3)).selected == (0,)
        found = p_median(distances_between(spot[:n], spot[:4]), np.ones(n), Rules(k=3))
        assert (found.selected, found.objective, found.gap) == ((0,), 0, 0)
        assert set_cover(within(spot[:n], spot[:4], 0), Rules()).selected == (0,)


def test_more_sites_may_be_chosen_than_there_are() -> None:
    demand, weights, sites = town(100, 5, seed=1)
    assert p_median(distances_between(demand, sites), weights, Rules(k=50)).selected == (0, 1, 2, 3, 4)
    found = mclp(within(demand, sites, 300), weights, Rules(k=50))
    assert found.objective == weights[(distances_between(demand, sites) <= 300).any(axis=1)].sum()


def test_sites_that_stand_are_not_doubled() -> None:
    demand = np.array([[0.0, 0], [1000, 0]])
    sites = np.array([[10.0, 0], [990, 0]])
    cover = within(demand, sites, 100)
    found = mclp(cover, np.array([9.0, 1]), Rules(k=1), covered=np.array([True, False]))
    assert (found.selected, found.objective) == ((1,), 10)
    near = p_median(distances_between(demand, sites), np.array([9.0, 1]), Rules(k=1), nearest=np.array([5.0, 1e4]))
    assert (near.selected, near.objective) == ((1,), 55)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(k=-1), Rules(budget=5.0),
        Rules(budget=float("nan"), prices=np.ones(2)), Rules(prices=np.array([1.0, -1])),
        Rules(must=(2,)), Rules(must_not=(-1,)), Rules(at_least={0: 1}), Rules(areas=np.zeros(3, dtype=np.int64)),
        Rules(prices=np.array([np.nan, 1])), Rules(apart=np.array([[0, 5]])),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rules: Rules) -> None:
    sites = np.array([[0.0, 0], [9, 9]])
    with pytest.raises(ValueError):
        mclp(within(sites, sites, 5), np.ones(2), rules)


def test_what_is_no_number_is_refused() -> None:
    sites = np.array([[0.0, 0], [9, 9]])
    for weights in (np.array([1.0, np.nan]), np.array([1.0, -1]), np.ones(3)):
        with pytest.raises(ValueError):
            mclp(within(sites, sites, 5), weights, Rules())
    for ways in (np.array([[0, np.inf]]), np.array([[-1.0, 0]])):
        with pytest.raises(ValueError):
            p_median(ways, np.ones(1), Rules())


def test_a_contradiction_names_the_sites_and_areas() -> None:
    sites = np.array([[0.0, 0], [3, 0], [500, 0]])
    cover = within(sites, sites, 10)
    with pytest.raises(Contradiction) as caught:
        mclp(cover, np.ones(3), Rules(k=2, must=(0, 1, 2), apart=pairs_closer(sites, 10), must_not=(2,)))
    assert caught.value.kinds in ({Kind.MUST, Kind.MUST_NOT}, {Kind.MUST, Kind.SPACING}, {Kind.MUST, Kind.NUMBER})
    with pytest.raises(Contradiction) as caught:
        mclp(cover, np.ones(3), Rules(areas=np.array([7, 7, 9]), at_least={7: 3, 9: 1}))
    assert (set(caught.value.kinds), caught.value.areas) == ({Kind.AREA}, (7,))
    with pytest.raises(Contradiction) as caught:
        set_cover(cover, Rules(k=1))
    assert caught.value.kinds == {Kind.NUMBER, Kind.COVER}


def test_the_order_of_the_roll_out_is_by_what_each_adds() -> None:
    demand = np.array([[0.0, 0], [1, 0], [100, 0], [101, 0], [200, 0]])
    sites = np.array([[0.5, 0], [100, 0], [200, 0], [101, 0]])
    cover, weights = within(demand, sites, 5), np.array([1.0, 1, 4, 4, 3])
    steps = order_by_coverage(cover, weights, np.array([0, 1, 2, 3]))
    assert [(step.site, step.gain, step.total) for step in steps] == [(1, 8, 8), (2, 3, 11), (0, 2, 13), (3, 0, 13)]
    after = order_by_coverage(cover, weights, np.array([0, 2]), covered=np.array([False, False, True, True, True]))
    assert [(step.site, step.gain, step.total) for step in after] == [(0, 2, 13), (2, 0, 13)]
    ways = distances_between(demand, sites)
    assert [step.site for step in order_by_distance(ways, weights, np.array([0, 2, 1]))] == [1, 2, 0]


def test_the_share_within_reach_before_and_after() -> None:
    demand = np.array([[0.0, 0], [100, 0], [200, 0]])
    cover = within(demand, demand, 5)
    found = shares(cover, np.array([1.0, 2, 4]), np.array([5, 5, -1]), np.array([1]),
                   covered=np.array([True, False, False]))  # fmt: skip
    assert [(s.group, s.weight, s.before, s.after) for s in found] == [(-1, 4, 0, 0), (5, 3, 1, 3)]
    assert shares(cover, np.ones(3), np.zeros(3, dtype=np.int64), np.empty(0, dtype=np.int64))[0].after == 0
