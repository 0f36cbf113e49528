"""Each reason's figures, against small elections counted by hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from participation.rules.counting import COUNT, Election, election, with_one_per
from participation.rules.explaining import Explained, Reason, Why, drawn, explain, unit_of
from participation.rules.voting import RULES_OF, Method, Rule

Ballots = Sequence[Mapping[str, int]]


def vote(ballots: Ballots, *, method: Method = Method.CHOICES, options: str = "abcdef", **more: Any) -> Election[str]:
    """An election between letters; the draw has them in the order of the alphabet."""
    return election(method, list(options), ballots, ties=list(options), **more)


def explained(
    given: Election[str],
    rule: Rule,
    *,
    against: Rule | None = None,
    groups: Mapping[str, str] | None = None,
    was: Sequence[str] | None = None,
) -> Explained[str]:
    """By this rule, against what another gives or against these winners."""
    bound = was if was is not None else COUNT[against or rule](given).winners
    return explain(given, COUNT[rule](given), groups, against=bound)


def names(ballots: Mapping[str, int]) -> list[dict[str, int]]:
    """Ballots by the letters on them: {"ab": 3} is three ballots that name a and b."""
    return [dict.fromkeys(letters, 1) for letters, n in ballots.items() for _ in range(n)]


def test_plurality_says_by_how_many_votes() -> None:
    given = vote(names({"a": 9, "b": 7, "c": 4, "d": 1}), n_winners=2)
    told = explained(given, Rule.PLURALITY, was=["a", "c", "f"])
    (come,), (fewer, nobody) = told.come, told.go
    assert (come.option, come.why, come.score, come.by) == ("b", Why.MORE, 7, 3)
    assert (fewer.option, fewer.why, fewer.score, fewer.by) == ("c", Why.FEWER, 4, 3)
    assert (nobody.option, nobody.why) == ("f", Why.NOBODY)
    assert told.drawn == ()


def test_the_edge_is_the_last_one_in_and_the_first_one_out() -> None:
    given = vote(names({"a": 9, "b": 7, "c": 4, "d": 1}), n_winners=2)
    told = explained(given, Rule.PLURALITY)
    assert (told.come, told.go) == ((), ())
    assert [(r.option, r.why, r.score, r.by) for r in told.edge] == [("b", Why.MORE, 7, 3), ("c", Why.FEWER, 4, 3)]
    assert [r.option for r in explained(vote(names({"a": 1}), options="a", n_winners=2), Rule.PLURALITY).edge] == ["a"]


def test_equals_are_drawn_and_all_that_stood_equal_are_named() -> None:
    given = vote(names({"a": 9, "b": 4, "c": 4, "d": 4}), n_winners=2)
    told = explained(given, Rule.PLURALITY, was=["a", "c"])
    assert [(reason.option, reason.why, reason.score) for reason in told.come] == [("b", Why.DRAWN_IN, 4)]
    assert [(reason.option, reason.why) for reason in told.go] == [("c", Why.DRAWN_OUT)]
    assert told.drawn == ("b", "c", "d")


def test_equals_that_are_all_in_were_not_drawn() -> None:
    assert explained(vote(names({"a": 4, "b": 4, "c": 1}), n_winners=2), Rule.PLURALITY).drawn == ()


COSTS = {"a": 600_000, "b": 400_000, "c": 200_000, "d": 100_000, "e": 50_000, "f": 0}


def test_greedy_says_what_it_costs_and_what_was_left() -> None:
    given = vote(names({"a": 9, "b": 7, "c": 4}), method=Method.BUDGET, costs=COSTS, budget=850_000, unit=100)
    told = explained(given, Rule.GREEDY, was=["a", "b"])
    (come,), (go,) = told.come, told.go
    assert (come.option, come.why, come.cost, come.left) == ("c", Why.FITS, 200_000, 250_000)
    assert (go.option, go.why, go.cost, go.left, go.score) == ("b", Why.TOO_DEAR, 400_000, 250_000, 7)


def test_plurality_in_a_budget_names_where_paying_stopped() -> None:
    given = vote(names({"a": 9, "b": 7, "c": 4}), method=Method.BUDGET, costs=COSTS, budget=850_000, unit=100)
    (go,) = explained(given, Rule.PLURALITY, against=Rule.GREEDY).go
    assert (go.option, go.why, go.other, go.left) == ("c", Why.BEHIND, "b", 250_000)


def test_equal_shares_says_who_paid_and_on_what_the_others_had_spent() -> None:
    # Six of ten want a, b and c; three want d; one wants e. Three places: 0.3 of a place each. Six pay a (1/6 each),
    # then have 0.8 of a place left; the three of d have 0.9. So one is bought and two go by votes.
    given = vote(names({"abc": 6, "d": 3, "e": 1}), n_winners=3)
    told = explained(given, Rule.EQUAL_SHARES, was=["d", "e"])
    by = {reason.option: reason for reason in told.come}
    assert (by["a"].why, by["a"].supporters, by["a"].percent) == (Why.PAID_TOGETHER, 6, 56)
    assert (by["b"].why, by["b"].score) == (Why.FILLED, 6)
    gone = {reason.option: reason for reason in told.go}
    assert (gone["d"].why, gone["d"].supporters, gone["d"].percent, gone["d"].on) == (Why.SPENT, 3, 90, ())
    assert (gone["e"].supporters, gone["e"].percent) == (1, 30)


def test_what_supporters_spent_before_is_named_with_what_is_left_of_their_share() -> None:
    # Twelve ballots, three places, a quarter of a place each. The eight pay two of theirs (1/8 each, twice) and have
    # nothing left for the third; the four of d pay one.
    given = vote(names({"abc": 8, "d": 4}), n_winners=3)
    told = explained(given, Rule.EQUAL_SHARES, against=Rule.PLURALITY)
    (come,), (go,) = told.come, told.go
    assert (come.option, come.why, come.supporters, come.percent) == ("d", Why.PAID_TOGETHER, 4, 100)
    assert (go.option, go.why, go.supporters, go.percent, go.on) == ("c", Why.SPENT, 8, 0, ("a", "b"))
    # Which two of the three the eight get, the draw decided.
    assert set(told.drawn) == {"a", "c"}


def test_equal_shares_of_a_sum_are_told_in_cents() -> None:
    # 10,000 euro and four ballots: 2,500 each. Three pay a (2,000 each), one pays d (1,000). The two of b have 500
    # each left of the 4,000 it costs; 3,000 stay in the till, for which nothing is to be had: so no share is raised.
    given = vote(names({"ab": 2, "a": 1, "d": 1}), method=Method.BUDGET, costs=COSTS, budget=1_000_000, unit=100)
    told = explained(given, Rule.EQUAL_SHARES, was=["b"])
    assert [(r.option, r.why, r.supporters, r.percent) for r in told.come] == [
        ("a", Why.PAID_TOGETHER, 3, 80),
        ("d", Why.PAID_TOGETHER, 1, 40),
    ]
    (go,) = told.go
    assert (go.option, go.why, go.cost, go.together, go.on) == ("b", Why.SPENT, 400_000, 100_000, ("a",))
    assert (go.supporters, go.percent) == (2, 25)


def test_borda_says_points_and_average_rank() -> None:
    rankings = [{"a": 1, "b": 2}] * 3 + [{"c": 1, "b": 2}] * 2
    given = vote(rankings, method=Method.RANKING, options="abc", n_winners=1)
    told = explained(given, Rule.BORDA, was=["c"])
    # a: 3 x 2 = 6; b: 5 x 1 = 5; c: 2 x 2 = 4.
    (come,), (go,) = told.come, told.go
    assert (come.option, come.score, come.by, come.average) == ("a", 6, 1, 1.0)
    assert (go.option, go.score, go.by, go.average) == ("c", 4, 2, 1.0)
    assert explained(given, Rule.BORDA, was=["b"]).go[0].average == 2.0


VILLAGES = {"a": "Stad", "b": "Stad", "c": "Stad", "d": "Abele", "e": "Watou"}


def test_one_a_village_names_the_village_and_whose_place_it_takes() -> None:
    given = vote(names({"a": 9, "b": 8, "c": 7, "d": 3, "e": 1}), n_winners=4)
    told = explained(given, Rule.PLURALITY, groups=VILLAGES, was=COUNT[Rule.PLURALITY](given).winners)
    assert told.winners == ("a", "b", "d", "e")
    assert [(r.option, r.why, r.group, r.other) for r in told.come] == [("e", Why.FIRST_OF_GROUP, "Watou", "c")]
    assert [(r.option, r.why, r.other) for r in told.go] == [("c", Why.MADE_ROOM, "e")]


def test_a_village_nobody_chose_anything_in_gets_nothing() -> None:
    given = vote(names({"a": 9, "b": 8, "c": 7, "d": 3}), n_winners=4)
    assert explained(given, Rule.PLURALITY, groups=VILLAGES).winners == ("a", "b", "c", "d")


def test_one_a_village_never_costs_more_than_there_is() -> None:
    given = vote(names({"a": 9, "c": 8, "d": 3, "e": 1}), method=Method.BUDGET, costs=COSTS, budget=750_000, unit=100)
    assert COUNT[Rule.GREEDY](given).winners == ("a", "d", "e")
    given = vote(names({"a": 9, "b": 8, "d": 3}), method=Method.BUDGET, costs=COSTS, budget=1_000_000, unit=100)
    told = explained(given, Rule.GREEDY, groups=VILLAGES, was=COUNT[Rule.GREEDY](given).winners)
    assert told.winners == ("a", "d")
    assert [(r.option, r.other) for r in told.come] == [("d", "b")]
    assert sum(COSTS[option] for option in told.winners) <= 1_000_000


def test_nobody_voted_and_nothing_needs_a_reason() -> None:
    for rule in (Rule.PLURALITY, Rule.GREEDY, Rule.EQUAL_SHARES):
        told = explained(vote([], n_winners=2), rule)
        nobody = Reason("a", Why.NOBODY, 0)
        assert told == Explained((), (), (), (nobody,), ())


@pytest.mark.parametrize("method", list(Method))
def test_scores_have_a_unit(method: Method) -> None:
    assert {unit_of(method, rule) for rule in RULES_OF[method]} <= {"votes", "points", "first_places", "rank_points"}


@st.composite
def any_vote(draw: Callable[..., Any]) -> tuple[Election[str], Rule, Rule]:
    """A small election of any kind, full of ties, and two rules that can count it."""
    method = draw(st.sampled_from(list(Method)))
    letters = "abcdef"[: draw(st.integers(1, 6))]
    lists = draw(st.lists(st.lists(st.sampled_from(letters), unique=True, min_size=1), max_size=9))
    value = st.integers(1, 4)
    if method is Method.RANKING:
        ballots = [{letter: rank for rank, letter in enumerate(one, start=1)} for one in lists]
    else:
        ballots = [{letter: draw(value) if method is Method.POINTS else 1 for letter in one} for one in lists]
    more: dict[str, Any] = {"n_winners": draw(st.integers(1, 4))}
    if method is Method.BUDGET:
        more = {"costs": {letter: draw(st.integers(0, 9)) for letter in letters}, "budget": draw(st.integers(0, 20))}
    rules = st.sampled_from(RULES_OF[method])
    return vote(ballots, method=method, options=letters, **more), draw(rules), draw(rules)


@settings(deadline=None, max_examples=300)
@given(any_vote(), st.booleans(), st.booleans())
def test_every_change_has_one_reason_whose_figures_hold(
    one: tuple[Election[str], Rule, Rule], spread: bool, was_spread: bool
) -> None:
    given, rule, binding = one
    bound_outcome, outcome = COUNT[binding](given), COUNT[rule](given)
    bound = with_one_per(given, bound_outcome, VILLAGES).winners if was_spread else bound_outcome.winners
    told = explain(given, outcome, VILLAGES if spread else None, against=bound)
    assert {reason.option for reason in told.come} == set(told.winners) - set(bound)
    assert {reason.option for reason in told.go} == set(bound) - set(told.winners)
    inside = {Why.MORE, Why.DRAWN_IN, Why.FITS, Why.PAID_TOGETHER, Why.FILLED, Why.FIRST_OF_GROUP}
    for reason in (*told.come, *told.go, *told.edge):
        assert (reason.why in inside) == (reason.option in told.winners), reason
        assert reason.score == outcome.scores[reason.option]
        assert reason.by > 0 or reason.why not in {Why.MORE, Why.FEWER}
        assert reason.cost > reason.left or reason.why is not Why.TOO_DEAR
        assert reason.cost <= reason.left or reason.why is not Why.FITS
        assert reason.together < reason.cost or reason.why is not Why.SPENT
    if given.budget is not None:
        costs = dict(zip(given.options, given.costs.tolist(), strict=True))
        assert sum(costs[option] for option in told.winners) <= given.budget
    assert bool(told.drawn) == bool(drawn(given, outcome, VILLAGES if spread else None))
