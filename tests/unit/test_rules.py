"""Pure rules: phases, places as typed, ballots, wording, roles."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from participation.rules.phases import ALWAYS, Act, PhaseFacts, PhaseKind, open_acts, opens_next
from participation.rules.places import LonLat, lon_lat, typed_pair
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DESK_ACTS, DeskAct, Role, Roles, may
from participation.rules.text import in_language
from participation.rules.voting import (
    BallotRules,
    Choice,
    Method,
    OptionFacts,
    check_ballot,
    in_drawn_order,
    n_left,
    ranked,
)
from participation.rules.wording import cleaned, title_and_body
from tests.cast import picks

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def phase(kind: PhaseKind, opens: int, closes: int | None, *, write_ins: bool = False) -> PhaseFacts:
    """Make a phase that opens and closes so many hours from now."""
    end = None if closes is None else NOW + timedelta(hours=closes)
    return PhaseFacts(kind, NOW + timedelta(hours=opens), end, write_ins)


def code_of(act: object, *args: object, **kwargs: object) -> Code:
    """Call it and give back why it refused."""
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


def test_a_phase_is_open_from_its_first_moment_and_closed_at_its_last() -> None:
    facts = phase(PhaseKind.VOTE, -1, 1)
    assert facts.is_open(facts.opens_at)
    assert facts.closes_at is not None
    assert not facts.is_open(facts.closes_at)
    assert facts.is_open(facts.closes_at - timedelta(microseconds=1))


def test_write_ins_open_proposing_during_the_vote() -> None:
    assert open_acts([phase(PhaseKind.VOTE, -1, 1)], NOW) == {Act.VOTE} | ALWAYS
    written_in = {Act.PROPOSE, Act.SUPPORT, Act.ANSWER}
    assert open_acts([phase(PhaseKind.VOTE, -1, 1, write_ins=True)], NOW) == {Act.VOTE} | written_in | ALWAYS


def test_what_opens_next_is_the_soonest() -> None:
    phases = [phase(PhaseKind.VOTE, 5, 9), phase(PhaseKind.VOTE, 2, 4), phase(PhaseKind.PROPOSE, 1, 2)]
    assert opens_next(phases, Act.VOTE, NOW) == NOW + timedelta(hours=2)
    assert opens_next(phases[2:], Act.VOTE, NOW) is None


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("50.8553, 2.7262", (2.7262, 50.8553)),
        ("50,8553 2,7262", (2.7262, 50.8553)),
        ("50.8553;2.7262", (2.7262, 50.8553)),
        ("2.7262 E 50.8553 N", (2.7262, 50.8553)),
        ("50.8553N 2.7262E", (2.7262, 50.8553)),
        ("-33.9, 18.4", (18.4, -33.9)),
        ("33.9 S 18.4 E", (18.4, -33.9)),
        ("Watouplein", None),
        ("Grote Markt 1", None),
        ("", None),
    ],
)
def test_a_pair_as_people_type_it(typed: str, place: tuple[float, float] | None) -> None:
    assert typed_pair(typed) == (None if place is None else LonLat(*place))


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("", "50.8", Code.PIN_MISSING),
        (None, None, Code.PIN_MISSING),
        ("abc", "50.8", Code.PIN_NOT_A_NUMBER),
        ("nan", "50.8", Code.PIN_NOT_A_NUMBER),
        ("1e999", "50.8", Code.PIN_NOT_A_NUMBER),
        ("0", "0,0", Code.PIN_AT_ZERO),
        ("-0.0", "0", Code.PIN_AT_ZERO),
        ("34376", "172773", Code.PIN_OUTSIDE_WORLD),
    ],
)
def test_a_place_that_is_none_is_refused_with_its_code(lon: object, lat: object, code: Code) -> None:
    assert code_of(lon_lat, lon, lat) is code


AREAS, THEMES = ["", "Watou", "Proven"], ["", "plein", "parking"]
RULES = st.builds(
    lambda method, cap, floor, points, points_max, budget, per_area, per_theme: BallotRules(
        method, cap, min(floor, cap), points, min(points_max, points),
        budget if method is Method.BUDGET else None, per_area, per_theme,
    ),
    st.sampled_from(Method), st.integers(1, 6), st.integers(1, 3), st.integers(1, 12), st.integers(1, 6),
    st.integers(0, 50), st.none() | st.integers(1, 3), st.none() | st.integers(1, 3),
)  # fmt: skip
OPTIONS = st.dictionaries(
    st.integers(1, 12),
    st.builds(OptionFacts, st.none() | st.integers(0, 20), st.sampled_from(AREAS), st.sampled_from(THEMES)),
)
CHOICES = st.lists(st.builds(Choice, st.integers(1, 12), st.sampled_from([1, 1, 1, 1, 0, 2, 5])), max_size=8)


def is_whole(choices: list[Choice], rules: BallotRules, options: dict[int, OptionFacts]) -> bool:
    """The model: a ballot as the rules of the game say it, each limit by plain counting."""
    for choice in choices:
        if choices.count(choice) > 1 or sum(choice.number == other.number for other in choices) > 1:
            return False
        if choice.value < 1 or choice.value > (rules.points_max if rules.method is Method.POINTS else 1):
            return False
    if choices and not rules.floor <= len(choices) <= rules.cap:
        return False
    points = cents = 0
    for choice in choices:
        points += choice.value
        option = options.get(choice.number, OptionFacts(0, "", ""))
        cents += option.cost_cents or 0
        for name, cap, at in ((option.area, rules.cap_per_area, 1), (option.theme, rules.cap_per_theme, 2)):
            alike = [c for c in choices if c.number in options and options[c.number][at] == name]
            if name and cap is not None and len(alike) > cap:
                return False
    if rules.method is Method.POINTS and points > rules.points:
        return False
    return rules.budget_cents is None or cents <= rules.budget_cents


@settings(max_examples=400)
@given(CHOICES, RULES, OPTIONS)
def test_a_ballot_is_good_exactly_when_it_keeps_the_limits(
    choices: list[Choice], rules: BallotRules, options: dict[int, OptionFacts]
) -> None:
    try:
        check_ballot(choices, rules, options)
    except Refused:
        assert not is_whole(choices, rules, options)
    else:
        assert is_whole(choices, rules, options)
        assert n_left(rules.cap, len(choices)) + len(choices) == rules.cap


BALLOT = BallotRules(Method.CHOICES, cap=3, floor=2)
POINTS = BallotRules(Method.POINTS, cap=8, floor=1, points=10, points_max=4)
BUDGET = BallotRules(Method.BUDGET, cap=8, floor=1, budget_cents=1000)
FACTS = {n: OptionFacts(400, "Watou" if n < 4 else "", "plein" if n < 3 else "") for n in range(1, 9)}


@pytest.mark.parametrize(
    ("rules", "choices", "code", "facts"),
    [
        (BALLOT, picks([1, 1]), Code.VOTE_TWICE, {}),
        (BALLOT, picks([1, 2, 3, 4]), Code.VOTE_TOO_MANY, {"cap": 3, "chosen": 4}),
        (BALLOT, picks([1]), Code.VOTE_TOO_FEW, {"floor": 2, "chosen": 1}),
        (BALLOT, [Choice(1, 2), Choice(2)], Code.VOTE_BAD_POINTS, {}),
        (POINTS, [Choice(1, 0)], Code.VOTE_BAD_POINTS, {}),
        (POINTS, [Choice(1, 5)], Code.VOTE_TOO_MANY_POINTS_ON_ONE, {"points_max": 4}),
        (POINTS, [Choice(n, 4) for n in (1, 2, 3)], Code.VOTE_TOO_MANY_POINTS, {"given": 12, "points": 10}),
        (BUDGET, picks([1, 2, 3]), Code.VOTE_OVER_BUDGET, {"spent_cents": 1200, "budget_cents": 1000}),
        (BUDGET, [Choice(1, 2)], Code.VOTE_BAD_POINTS, {}),
        (BallotRules(Method.RANKING, 3, 1), [Choice(1), Choice(1)], Code.VOTE_TWICE, {}),
        (
            BallotRules(Method.CHOICES, 8, 1, cap_per_area=2),
            picks([1, 2, 3]),
            Code.VOTE_TOO_MANY_IN_AREA,
            {"cap": 2, "chosen": 3, "name": "Watou"},
        ),
        (
            BallotRules(Method.CHOICES, 8, 1, cap_per_theme=1),
            picks([1, 2]),
            Code.VOTE_TOO_MANY_OF_THEME,
            {"cap": 1, "chosen": 2, "name": "plein"},
        ),
    ],
)
def test_a_ballot_over_a_limit_is_refused_with_what_it_is(
    rules: BallotRules, choices: list[Choice], code: Code, facts: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refused:
        check_ballot(choices, rules, FACTS)
    assert (refused.value.code, dict(refused.value.facts)) == (code, facts)
    check_ballot([], rules, FACTS)


@given(st.sets(st.integers(1, 10_000), max_size=80), st.text())
def test_the_drawn_order_loses_nothing_and_stays(numbers: set[int], seed: str) -> None:
    drawn = in_drawn_order(list(numbers), seed)
    assert sorted(drawn) == sorted(numbers)
    assert drawn == in_drawn_order(sorted(numbers, reverse=True), seed)


@given(st.dictionaries(st.integers(1, 500), st.integers(0, 5), max_size=40))
def test_ranking_goes_by_score_and_does_not_depend_on_the_order_given(scores: dict[int, int]) -> None:
    order = ranked(scores, seed="phase 1")
    assert [scores[n] for n in order] == sorted(scores.values(), reverse=True)
    assert order == ranked(dict(reversed(scores.items())), seed="phase 1")


def test_another_seed_draws_ties_in_another_order() -> None:
    level = dict.fromkeys(range(1, 30), 1)
    assert ranked(level, seed="a") != ranked(level, seed="b")


def test_words_are_cleaned_and_measured() -> None:
    assert title_and_body("  A\x00 b\n c ", "x\r\ny\x07 ") == ("A b c", "x\ny")
    assert code_of(title_and_body, " \x00 ", "") is Code.TITLE_MISSING
    assert code_of(title_and_body, "x" * 121, "") is Code.TITLE_TOO_LONG
    assert code_of(title_and_body, "x", "y" * 4001) is Code.BODY_TOO_LONG
    assert cleaned("\ud800ok") == "ok"


def test_only_staff_has_a_desk() -> None:
    assert not may(None, DeskAct.SEE)
    assert not DESK_ACTS[Role.RESIDENT]
    assert may(Role.GIS, DeskAct.EXPORT)
    assert not may(Role.GIS, DeskAct.MODERATE)
    assert not may(Role.MODERATOR, DeskAct.SHORTLIST)


def test_a_text_falls_back_to_the_language_there_is() -> None:
    assert in_language({"nl": "ja", "fr": "oui"}, "fr") == "oui"
    assert in_language({"nl": "ja"}, "de") == "ja"
    assert in_language({"it": "sì"}, "de") == "sì"
    assert in_language({}, "nl") == ""


# --- rights at the desk ------------------------------------------------------------------------


def test_a_role_in_a_project_reaches_no_further() -> None:
    els = Roles(Role.RESIDENT, {7: Role.MODERATOR, 8: Role.GIS})
    assert els.may(DeskAct.MODERATE, 7)
    assert not els.may(DeskAct.MODERATE, 8)
    assert not els.may(DeskAct.MODERATE, 9)
    assert not els.may(DeskAct.MODERATE)
    assert els.may_somewhere(DeskAct.EXPORT)
    assert not els.may_somewhere(DeskAct.SETUP)
    assert els.where(DeskAct.SEE) == frozenset({7, 8})
    assert els.where(DeskAct.MODERATE) == frozenset({7})


def test_a_role_in_the_town_reaches_every_project() -> None:
    cora = Roles(Role.COMMUNICATION, {7: Role.MODERATOR})
    assert cora.where(DeskAct.WORDS) is None
    assert cora.may(DeskAct.WORDS, 9)
    assert cora.where(DeskAct.MODERATE) == frozenset({7})
    assert Roles().where(DeskAct.SEE) == frozenset()
