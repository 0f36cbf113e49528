"""Counting says the same as pabutools and as plain fractions; ties, budgets and refusals go by the printed rules."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pabutools.election import (
    Additive_Cardinal_Sat,
    ApprovalBallot,
    ApprovalProfile,
    CardinalBallot,
    CardinalProfile,
    Cost_Sat,
    Instance,
    Project,
)
from pabutools.rules import greedy_utilitarian_welfare, method_of_equal_shares
from pabutools.tiebreaking import TieBreakingRule

from participation.rules import counting
from participation.rules.counting import (
    COUNT,
    Election,
    at_least_one_per,
    borda,
    election,
    equal_shares,
    greedy,
    plurality,
)
from participation.rules.refusals import Code, Refused
from participation.rules.voting import RULES_OF, Method, Rule, by_lot

Ballots = list[dict[int, int]]


@st.composite
def elections(draw: Callable[..., Any], *, points: bool) -> tuple[list[int], dict[int, int], Ballots, int, list[int]]:
    """Small elections, full of ties: (options, costs, ballots, budget, ties)."""
    options = list(range(1, draw(st.integers(1, 7)) + 1))
    most = draw(st.sampled_from((3, 30, 300)))
    costs = {option: draw(st.integers(1, most)) for option in options}
    value = st.integers(1, 5) if points else st.just(1)
    ballots = draw(st.lists(st.dictionaries(st.sampled_from(options), value), min_size=1, max_size=12))
    budget = draw(st.integers(0, sum(costs.values())))
    return options, costs, ballots, budget, draw(st.permutations(options))


def ours(method: Method, given: tuple[list[int], dict[int, int], Ballots, int, list[int]]) -> Election[int]:
    """The election as we keep it."""
    options, costs, ballots, budget, ties = given
    return election(method, options, ballots, costs=costs, budget=budget, ties=ties)


def theirs(
    rule: Callable[..., Any],
    given: tuple[list[int], dict[int, int], Ballots, int, list[int]],
    *,
    points: bool,
    **more: Any,
) -> list[int]:
    """What pabutools says, in order."""
    options, costs, ballots, budget, ties = given
    projects = {option: Project(str(option), costs[option]) for option in options}
    instance = Instance(projects.values(), budget_limit=budget)
    profile: ApprovalProfile | CardinalProfile
    if points:
        cardinal = [CardinalBallot({projects[option]: value for option, value in one.items()}) for one in ballots]
        profile = CardinalProfile(cardinal, instance=instance)
    else:
        profile = ApprovalProfile([ApprovalBallot([projects[option] for option in one]) for one in ballots])
    tie = TieBreakingRule(lambda _instance, _profile, project: (project.cost, ties.index(int(project.name))))
    sat = Additive_Cardinal_Sat if points else Cost_Sat
    return [int(p.name) for p in rule(instance, profile, sat_class=sat, tie_breaking=tie, **more)]


def by_fractions(given: tuple[list[int], dict[int, int], Ballots, int, list[int]], *, points: bool) -> list[int]:
    """Equal shares as the paper writes it, ballot by ballot."""
    options, costs, ballots, budget, ties = given
    utility = [{option: value if points else costs[option] for option, value in one.items()} for one in ballots]
    wanted = [option for option in options if any(option in one for one in ballots)]

    def bought(share: Fraction) -> list[int]:
        money, taken = [share] * len(ballots), list[int]()
        while True:
            prices = {}
            for option in set(wanted) - set(taken):
                fans = [number for number, one in enumerate(utility) if option in one]
                if sum(money[number] for number in fans) < costs[option]:
                    continue
                fans.sort(key=lambda number: money[number] / utility[number][option])
                left, weight = Fraction(costs[option]), sum(utility[number][option] for number in fans)
                for number in fans:
                    if left / weight * utility[number][option] <= money[number]:
                        prices[option] = left / weight
                        break
                    left, weight = left - money[number], weight - utility[number][option]
            if not prices:
                return taken
            best = min(prices, key=lambda option: (prices[option], costs[option], ties.index(option)))
            taken.append(best)
            for number, one in enumerate(utility):
                if best in one:
                    money[number] = max(Fraction(0), money[number] - prices[best] * one[best])

    share = Fraction(budget, len(ballots))
    found = bought(share)
    while any(sum(costs[o] for o in found) + costs[o] <= budget for o in set(wanted) - set(found)):
        share += 1
        more = bought(share)
        if sum(costs[o] for o in more) > budget:
            break
        found = more
    return found


@pytest.mark.parametrize("points", [False, True])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_equal_shares_buys_what_pabutools_and_plain_fractions_buy(data: st.DataObject, *, points: bool) -> None:
    drawn = data.draw(elections(points=points))
    found = list(equal_shares(ours(Method.POINTS if points else Method.BUDGET, drawn)).winners)
    assert found == by_fractions(drawn, points=points)
    assert found == theirs(method_of_equal_shares, drawn, points=points, voter_budget_increment=1)


@pytest.mark.parametrize("points", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_fractions_decide_as_floats_do_where_floats_can(data: st.DataObject, *, points: bool) -> None:
    drawn = data.draw(elections(points=points))
    with pytest.MonkeyPatch.context() as patch:
        # Floats are in doubt about everything as long as something is left.
        patch.setattr(counting, "_buy", lambda *given: (given[-1], bool(given[8].any())))
        found = list(equal_shares(ours(Method.POINTS if points else Method.BUDGET, drawn)).winners)
    assert found == by_fractions(drawn, points=points)


@settings(max_examples=150, deadline=None)
@given(drawn=elections(points=False))
def test_greedy_takes_what_pabutools_takes(drawn: tuple[list[int], dict[int, int], Ballots, int, list[int]]) -> None:
    found = greedy(ours(Method.BUDGET, drawn))
    # What nobody chose never wins with us; pabutools fills up with it.
    expected = theirs(greedy_utilitarian_welfare, drawn, points=False)
    assert list(found.winners) == [option for option in expected if found.scores[option]]


@settings(max_examples=100, deadline=None)
@given(drawn=elections(points=True))
def test_the_order_of_ballots_and_options_changes_nothing(
    drawn: tuple[list[int], dict[int, int], Ballots, int, list[int]],
) -> None:
    options, costs, ballots, budget, ties = drawn
    turned = options[::-1], costs, ballots[::-1], budget, ties
    for count in (plurality, greedy, equal_shares):
        one, other = (count(ours(Method.POINTS, each)) for each in (drawn, turned))
        assert (one.order, one.winners, one.scores) == (other.order, other.winners, other.scores)
        assert sorted(one.order) == options
        assert sum(costs[option] for option in one.winners) <= budget


def test_who_has_just_what_is_asked_does_not_keep_the_count_going() -> None:
    """Their floats make them poor at a price, and rich at the price that this leads to."""
    costs = {1: 4, 2: 22, 3: 27, 4: 2, 5: 26, 6: 15, 7: 22}
    twice = {3: 5, 1: 3, 5: 4, 6: 2, 7: 4}
    ballots: Ballots = [{7: 2}, twice, {}, {1: 4, 3: 1, 4: 2}, twice, {1: 1, 6: 2, 4: 5, 2: 4, 5: 4, 3: 1, 7: 5}, {}]
    drawn = [7, 6, 5, 4, 3, 2, 1], costs, ballots, 23, [6, 4, 7, 1, 2, 3, 5]
    found = list(equal_shares(ours(Method.POINTS, drawn)).winners)
    assert found == by_fractions(drawn, points=True) == [4, 1]


def simple(method: Method, ballots: Ballots, **more: Any) -> Election[int]:
    """An election between 1, 2, 3 and 4; ties the other way round."""
    return election(method, [1, 2, 3, 4], ballots, ties=[4, 3, 2, 1], **more)


def test_every_rule_counts_the_ballots_it_can_and_refuses_the_others() -> None:
    for method in Method:
        given = simple(method, [{1: 1, 2: 2}, {1: 1}], n_winners=1)
        for rule in Rule:
            if rule in RULES_OF[method]:
                assert COUNT[rule](given).winners
            else:
                with pytest.raises(Refused) as refused:
                    COUNT[rule](given)
                assert refused.value.code is Code.RULE_NOT_FOR_BALLOT
                assert refused.value.facts == {"rule": rule, "method": method}


def test_plurality_counts_ballots_points_or_first_places() -> None:
    assert plurality(simple(Method.CHOICES, [{1: 1, 2: 1}, {2: 1}], n_winners=1)).scores == {1: 1, 2: 2, 3: 0, 4: 0}
    assert plurality(simple(Method.POINTS, [{1: 5, 2: 1}, {2: 1}], n_winners=1)).scores == {1: 5, 2: 2, 3: 0, 4: 0}
    ranking = plurality(simple(Method.RANKING, [{1: 1, 2: 2}, {2: 1, 3: 2}, {2: 1}], n_winners=1))
    assert ranking.scores == {1: 1, 2: 2, 3: 0, 4: 0}
    assert ranking.order == (2, 1, 4, 3)


def test_borda_gives_one_point_for_each_option_behind() -> None:
    found = borda(simple(Method.RANKING, [{1: 1, 2: 2, 3: 3, 4: 4}, {3: 1}], n_winners=2))
    assert found.scores == {1: 3, 2: 2, 3: 4, 4: 0}
    assert found.winners == (3, 1)


def test_equals_go_cheaper_first_and_then_as_the_ties_say() -> None:
    costs = {1: 5, 2: 5, 3: 4, 4: 6}
    level = simple(Method.BUDGET, [{1: 1, 2: 1, 3: 1, 4: 1}], costs=costs, budget=9)
    assert plurality(level).order == greedy(level).order == (3, 2, 1, 4)
    assert greedy(level).winners == (3, 2)
    assert equal_shares(level).winners == (3, 2)


def test_greedy_skips_what_no_longer_fits_and_plurality_stops_there() -> None:
    ballots: Ballots = [{1: 1, 2: 1, 3: 1}, {1: 1, 2: 1}, {1: 1}]
    given = simple(Method.BUDGET, ballots, costs={1: 5, 2: 9, 3: 2, 4: 1}, budget=8)
    assert greedy(given).winners == (1, 3)
    assert plurality(given).winners == (1,)


def test_nobody_wins_who_got_nothing() -> None:
    for rule in (plurality, greedy, equal_shares):
        assert rule(simple(Method.CHOICES, [{1: 1}], n_winners=3)).winners == (1,)
        assert rule(simple(Method.CHOICES, [], n_winners=3)).winners == ()
        assert rule(simple(Method.BUDGET, [{}, {}], costs={1: 0, 2: 1, 3: 1, 4: 1}, budget=9)).winners == ()


def test_what_costs_nothing_is_bought_first() -> None:
    given = simple(Method.BUDGET, [{1: 1, 2: 1}, {2: 1}], costs={1: 0, 2: 3, 3: 1, 4: 1}, budget=4)
    assert equal_shares(given).winners == (1, 2)


def test_a_minority_gets_its_share_of_the_places() -> None:
    ballots: Ballots = [{1: 1, 2: 1}] * 4 + [{3: 1}] * 2 + [{4: 1}] * 0
    given = simple(Method.CHOICES, ballots, n_winners=2)
    assert plurality(given).winners == (2, 1)
    given = simple(Method.CHOICES, [*ballots, {3: 1}, {3: 1}], n_winners=2)
    assert equal_shares(given).winners == (3, 2)
    # Two of six cannot pay half of a place: filled up by votes.
    assert equal_shares(simple(Method.CHOICES, ballots, n_winners=2)).winners == (2, 1)


def test_what_is_left_is_spent_only_when_asked_for() -> None:
    ballots: Ballots = [{1: 1}, {2: 1}, {2: 1}]
    given = simple(Method.BUDGET, ballots, costs={1: 70, 2: 71, 3: 1, 4: 1}, budget=100)
    assert equal_shares(given).winners == (2,)
    given = simple(Method.BUDGET, [*ballots, {3: 1}], costs={1: 90, 2: 50, 3: 50, 4: 1}, budget=100)
    plain, filled = equal_shares(given), equal_shares(given, completion="greedy")
    assert set(plain.winners) <= set(filled.winners)
    assert filled.winners == (2, 3)


def test_big_sums_are_compared_exactly() -> None:
    # 10**9 + 1 against 10**9 for one more fan each: floats would call the prices equal much earlier.
    billion = 10**9
    assert counting._compare(billion + 1, billion, billion, billion - 1) == -1
    assert counting._compare(billion, billion - 1, billion + 1, billion) == 1
    assert counting._compare(6, 4, 9, 6) == 0
    assert counting._compare(0, 4, 0, 6) == 0


def test_an_election_says_how_it_ends() -> None:
    with pytest.raises(ValueError, match="ends with"):
        simple(Method.CHOICES, [])
    with pytest.raises(ValueError, match="ties"):
        election(Method.CHOICES, [1, 2], [], ties=[1], n_winners=1)


def test_each_group_gets_its_best_one_in() -> None:
    villages: Mapping[int, str] = {1: "Abele", 2: "Abele", 3: "Krombeke", 4: "Watou"}
    found = at_least_one_per([1, 2, 3, 4, 5], villages, 3)
    assert (found.winners, found.come, found.go) == ((1, 3, 4), (4,), (2,))
    assert at_least_one_per([1, 3, 2], villages, 2).come == ()
    # More groups than winners: those whose best stands first.
    assert at_least_one_per([5, 1, 3, 4], villages, 2).winners == (1, 3)
    # What belongs nowhere only fills up.
    assert at_least_one_per([5, 1, 2, 3], villages, 3).winners == (5, 1, 3)


def test_the_draw_is_the_lowest_hash() -> None:
    assert by_lot([3, 1, 2], "seed") == by_lot([1, 2, 3], "seed")
    assert sorted(by_lot(range(50), "a")) == list(range(50))
    assert by_lot(range(50), "a") != by_lot(range(50), "b")


def test_equal_ballots_are_one_buyer_with_a_weight() -> None:
    given = simple(Method.POINTS, [{1: 2, 3: 1}, {2: 1}, {3: 1, 1: 2}, {}], n_winners=1)
    indptr, chosen, values, weights = counting._merged(given)
    assert (indptr.tolist(), chosen.tolist(), values.tolist()) == ([0, 2, 3], [0, 2, 1], [2, 1, 1])
    assert weights.tolist() == [2, 1]
    assert weights.dtype == np.int64
