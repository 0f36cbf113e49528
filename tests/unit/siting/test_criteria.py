"""Scores open into parts that add up, more of a good thing never lowers them, and what is unknown never passes."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siting.rules.criteria import (
    BadCriterion,
    Criterion,
    Curve,
    Kind,
    Levels,
    Value,
    Verdict,
    check,
    judge,
    less_is_better,
    more_is_better,
    ranked,
    shares,
)
from siting.rules.measures import lacks
from siting.rules.sensitivity import firmness
from siting.rules.templates import TEMPLATES

CODES = "abcd"
xs = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def curves(draw: st.DrawFn, *, rising: bool = False) -> Curve:
    x = sorted(draw(st.lists(st.integers(-1000, 1000), min_size=1, max_size=5, unique=True)))
    y = [draw(st.floats(0, 1)) for _ in x]
    return Curve(tuple(zip(map(float, x), sorted(y) if rising else y, strict=True)))


@st.composite
def sets(draw: st.DrawFn) -> list[Criterion]:
    return [
        Criterion(code, Kind.SCORED, draw(st.floats(0, 1000)), draw(curves()))
        for code in CODES[: draw(st.integers(1, len(CODES)))]
    ]


values = st.fixed_dictionaries(dict.fromkeys(CODES, st.one_of(st.none(), xs)))


@given(curves(), xs)
def test_a_worth_lies_between_nothing_and_everything(curve: Curve, x: float) -> None:
    worth = curve.worth(x)
    assert worth is not None
    assert 0 <= worth <= 1


@given(curves(rising=True), xs, st.floats(0, 1e5))
def test_more_of_a_good_thing_is_never_worth_less(curve: Curve, x: float, more: float) -> None:
    before, after = curve.worth(x), curve.worth(x + more)
    assert before is not None
    assert after is not None
    assert after >= before - 1e-12


@given(sets(), values, st.sampled_from(CODES), st.floats(0, 1e5))
def test_a_better_value_never_lowers_the_score(
    criteria: list[Criterion], found: dict[str, Value], code: str, more: float
) -> None:
    rising = [Criterion(c.code, Kind.SCORED, c.weight, more_is_better(-10, 1000)) for c in criteria]
    value = found[code]
    if isinstance(value, float):
        assert judge(rising, found | {code: value + more}).total >= judge(rising, found).total - 1e-12


@given(sets(), values)
def test_the_parts_add_up_to_the_total(criteria: list[Criterion], found: dict[str, Value]) -> None:
    score = judge(criteria, found)
    assert score.total == pytest.approx(math.fsum(part.points for part in score.parts), abs=1e-12)
    assert -1e-12 <= score.total <= score.total + score.unknown_share <= 1 + 1e-9
    total = sum(part.share for part in score.parts)
    assert total == pytest.approx(1 if any(c.weight for c in criteria) else 0)


@given(sets(), values, st.floats(1e-3, 1e3))
def test_only_the_proportion_of_weights_matters(
    criteria: list[Criterion], found: dict[str, Value], factor: float
) -> None:
    scaled = [Criterion(c.code, c.kind, c.weight * factor, c.worth) for c in criteria]
    assert judge(scaled, found).total == pytest.approx(judge(criteria, found).total, abs=1e-9)


def test_weights_that_are_all_nothing_give_nothing() -> None:
    assert shares([Criterion("a", Kind.SCORED, 0, more_is_better(0, 1))]) == {"a": 0.0}


WIDTH = Criterion("width", Kind.HARD, least=1.5)
BAYS = Criterion("bays", Kind.HARD, worth=Levels((("car park", 1), ("kerb", 0))))


@pytest.mark.parametrize(
    ("criterion", "value", "verdict"),
    [
        (WIDTH, 1.5, Verdict.PASS),
        (WIDTH, 1.49, Verdict.FAIL),
        (WIDTH, None, Verdict.UNKNOWN),
        (WIDTH, math.nan, Verdict.UNKNOWN),
        (WIDTH, "wide", Verdict.UNKNOWN),
        (BAYS, "car park", Verdict.PASS),
        (BAYS, "kerb", Verdict.FAIL),
        (BAYS, "lawn", Verdict.UNKNOWN),
    ],
)
def test_what_is_unknown_never_passes(criterion: Criterion, value: Value, verdict: Verdict) -> None:
    assert check(criterion, value) is verdict


def test_one_failure_excludes_and_one_unknown_is_told() -> None:
    hard = [WIDTH, BAYS]
    verdicts = [judge(hard, {"width": w, "bays": b}).verdict for w, b in ((2, "car park"), (2, None), (1, None))]
    assert verdicts == [Verdict.PASS, Verdict.UNKNOWN, Verdict.FAIL]
    assert ranked([judge(hard, {"width": w}) for w in (1, 2, None)]) == [1, 2]


def test_criteria_that_cannot_judge_are_refused() -> None:
    for wrong in (
        lambda: Curve(()),
        lambda: Curve(((1, 0), (1, 1))),
        lambda: Curve(((0, 2),)),
        lambda: Levels(()),
        lambda: Levels((("a", -1),)),
        lambda: Criterion("a", Kind.SCORED, 1),
        lambda: Criterion("a", Kind.HARD),
        lambda: Criterion("a", Kind.SCORED, math.inf, more_is_better(0, 1)),
    ):
        with pytest.raises(BadCriterion):
            wrong()


def test_less_can_be_better() -> None:
    assert [less_is_better(100, 500).worth(x) for x in (50, 100, 300, 500, 900)] == [1, 1, 0.5, 0, 0]


# --- how firm an order is ---------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8),
    st.tuples(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10)),
    st.integers(1, 4),
    st.floats(0.001, 0.999),
)
def test_within_the_range_the_first_stay_and_just_beyond_they_do_not(
    worths: list[tuple[float, float, float]], weights: tuple[float, float, float], k: int, at: float
) -> None:
    line = Curve(((0, 0), (1, 1)))

    def scored(by: tuple[float, ...]) -> list[float]:
        criteria = [Criterion(code, Kind.SCORED, weight, line) for code, weight in zip("abc", by, strict=True)]
        return [judge(criteria, dict(zip("abc", row, strict=True))).total for row in worths]

    criteria = [Criterion(code, Kind.SCORED, weight, line) for code, weight in zip("abc", weights, strict=True)]
    scores = [judge(criteria, dict(zip("abc", row, strict=True))) for row in worths]
    order = ranked(scores)
    for place, found in enumerate(firmness(scores, order, k)):
        low = found.below.share if found.below else 0.0
        high = found.above.share if found.above else 1.0
        share = low + (high - low) * at
        others = [weight for number, weight in enumerate(weights) if number != place]
        rest = [weight / sum(others) * (1 - share) for weight in others]
        rest.insert(place, share)
        totals = scored(tuple(rest))
        first = order[:k]
        assert all(totals[a] >= totals[b] - 1e-9 for a, b in itertools.pairwise(first))
        assert all(totals[first[-1]] >= totals[other] - 1e-9 for other in order[k:])
        for swap in (found.below, found.above):
            if swap:
                rest = [weight / sum(others) * (1 - swap.share) for weight in others]
                rest.insert(place, swap.share)
                equal = scored(tuple(rest))
                assert equal[swap.overtaker] == pytest.approx(equal[swap.overtaken], abs=1e-9)


def test_who_would_pass_whom_is_told() -> None:
    line = Curve(((0, 0), (1, 1)))
    criteria = [Criterion("demand", Kind.SCORED, 3, line), Criterion("grid", Kind.SCORED, 1, line)]
    scores = [judge(criteria, {"demand": d, "grid": g}) for d, g in ((1, 0), (0, 1))]
    demand, grid = firmness(scores, ranked(scores), 1)
    assert demand.below is not None
    assert (demand.below.share, demand.below.overtaker, demand.below.overtaken) == (0.5, 1, 0)
    assert demand.above is None
    assert grid.above is not None
    assert grid.above.share == 0.5


def test_one_criterion_and_no_site_leave_nothing_to_change() -> None:
    only = [Criterion("a", Kind.SCORED, 1, more_is_better(0, 1))]
    scores = [judge(only, {"a": x}) for x in (0.2, 0.9)]
    assert all(found.is_firm for found in firmness(scores, ranked(scores), 5))
    assert firmness([], [], 3) == []


def test_the_templates_hold_together() -> None:
    for name, template in TEMPLATES.items():
        codes = [one.criterion.code for one in template]
        assert len(set(codes)) == len(codes), name
        # Only which layer and which of its columns must be said; that is the town's.
        assert all(set(lacks(one.asked)) <= {"layer", "attribute"} for one in template), name
    assert all(one.source for one in TEMPLATES["charging"])
    assert {one.criterion.code: one.criterion.least for one in TEMPLATES["charging"]}["pav.width"] == 1.5
