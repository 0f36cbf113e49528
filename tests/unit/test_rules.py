"""Pure rules: phases, places as typed, ballots, wording, roles."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.rules.phases import Act, PhaseFacts, PhaseKind, open_acts, opens_next
from participation.rules.places import LonLat, lon_lat, typed_pair
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DESK_ACTS, DeskAct, Role, may
from participation.rules.text import in_language
from participation.rules.voting import BallotRules, Method, check_ballot, in_drawn_order, n_left, ranked
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
    assert open_acts([phase(PhaseKind.VOTE, -1, 1)], NOW) == {Act.VOTE}
    assert open_acts([phase(PhaseKind.VOTE, -1, 1, write_ins=True)], NOW) == {Act.VOTE, Act.PROPOSE, Act.SUPPORT}


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


@given(st.lists(st.integers(1, 60), max_size=9), st.integers(1, 6), st.integers(1, 3))
def test_a_ballot_is_good_exactly_when_it_keeps_the_limits(numbers: list[int], cap: int, floor: int) -> None:
    floor = min(floor, cap)
    good = len(set(numbers)) == len(numbers) and (not numbers or floor <= len(numbers) <= cap)
    try:
        check_ballot(picks(numbers), BallotRules(Method.CHOICES, cap, floor), {})
    except Refused:
        assert not good
    else:
        assert good
        assert n_left(cap, len(numbers)) + len(numbers) == cap


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
