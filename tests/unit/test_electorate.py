"""Who may vote, what a code looks like and how a name is known again: without a database."""

from datetime import date

import pytest

from participation.rules.electorate import (
    Eligibility,
    Terms,
    Voter,
    age_on,
    as_printed,
    as_typed,
    check_born_on,
    check_voter,
    digest_of,
    new_code,
    opens,
    roll_text,
    split,
)
from participation.rules.refusals import Code, Refused

TODAY = date(2026, 3, 1)
CHILD, ADULT = date(2010, 3, 2), date(2010, 3, 1)
ANYBODY = Voter(has_mail=False, is_verified=False, has_code=False, born_on=None)


def voter(**facts: object) -> Voter:
    """Somebody of whom only this is known."""
    return Voter(**{"has_mail": False, "is_verified": False, "has_code": False, "born_on": None} | facts)  # type: ignore[arg-type]


def refusal(who: Voter, terms: Terms, *, on_paper: bool = False, of_age: bool = False) -> Code | None:
    """Why may they not vote? None when they may."""
    try:
        check_voter(who, terms, on_paper=on_paper, of_age=of_age, today=TODAY)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("eligibility", "needs", "code"),
    [
        (Eligibility.MAIL, "has_mail", Code.SIGN_IN_FIRST),
        (Eligibility.VERIFIED, "is_verified", Code.VOTE_NOT_VERIFIED),
        (Eligibility.CODE, "has_code", Code.VOTE_NO_CODE),
    ],
)
def test_each_eligibility_asks_one_thing(eligibility: Eligibility, needs: str, code: Code) -> None:
    terms = Terms(eligibility, None, takes_paper=False)
    others = {"has_mail": True, "is_verified": True, "has_code": True}
    assert refusal(voter(**{needs: True}), terms) is None
    assert refusal(voter(**others | {needs: False}), terms) is code


def test_on_paper_the_clerk_knows_who_it_is_and_the_rest_is_asked_all_the_same() -> None:
    assert refusal(ANYBODY, Terms(Eligibility.MAIL, None, takes_paper=True), on_paper=True) is None
    for eligibility, code in (
        (Eligibility.VERIFIED, Code.VOTE_NOT_VERIFIED),
        (Eligibility.CODE, Code.VOTE_NO_CODE),
    ):
        assert refusal(voter(has_mail=True), Terms(eligibility, None, takes_paper=True), on_paper=True) is code
    for eligibility in Eligibility:
        everything = voter(has_mail=True, is_verified=True, has_code=True)
        assert refusal(everything, Terms(eligibility, None, takes_paper=False), on_paper=True) is Code.VOTE_NO_PAPER


def test_a_known_day_of_birth_decides_over_what_is_said() -> None:
    terms = Terms(Eligibility.MAIL, 16, takes_paper=False)
    assert refusal(voter(has_mail=True, born_on=CHILD), terms, of_age=True) is Code.VOTE_TOO_YOUNG
    assert refusal(voter(has_mail=True, born_on=ADULT), terms, of_age=False) is None
    assert refusal(voter(has_mail=True), terms, of_age=False) is Code.VOTE_AGE_NOT_SAID
    assert refusal(voter(has_mail=True), terms, of_age=True) is None


def test_who_is_born_on_a_leap_day_has_a_birthday_on_the_first_of_march() -> None:
    assert age_on(date(2026, 2, 28), date(2008, 2, 29)) == 17
    assert age_on(date(2026, 3, 1), date(2008, 2, 29)) == 18


@pytest.mark.parametrize(
    "typed",
    ["K0F1-9QXM-2H4P-TR8W", "k0f1 9qxm 2h4p tr8w", "KOFI9QXM2H4PTR8W", " kofl-9qxm-2h4p-tr8w\n", "KOFI–9QXM–2H4P—TR8W"],
)
def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    assert as_typed(typed) == "K0F19QXM2H4PTR8W"


@pytest.mark.parametrize(
    "typed", ["", "K0F1", "K0F1-9QXM-2H4P-TR8", "K0F1-9QXM-2H4P-TR8WX", "K0F1-9QXM-2H4P-TR8*", "é" * 16]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert as_typed(typed) == ""


def test_a_code_is_drawn_printed_read_and_compared() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert as_typed(as_printed(code)) == code
        locator, secret = split(code)
        kept = digest_of(secret, b"salt")
        assert (len(locator), len(secret)) == (4, 12)
        assert opens(secret, b"salt", kept)
        assert not opens(secret[::-1], b"salt", kept)
        assert not opens(secret, b"pepper", kept)


@pytest.mark.parametrize("name", ["Noëlle D'Hondt-Peeters", "PEETERS NOELLE D HONDT", " d’hondt  peeters, noëlle "])
def test_a_name_is_known_again_however_it_was_typed(name: str) -> None:
    assert roll_text(name, ADULT) == "d hondt noelle peeters|2010-03-01"


def test_another_name_or_another_day_is_another_resident() -> None:
    assert len({roll_text("Jan Peeters", ADULT), roll_text("Jan Peters", ADULT), roll_text("Jan Peeters", CHILD)}) == 3
    with pytest.raises(Refused) as refused:
        roll_text(" - ", ADULT)
    assert refused.value.code is Code.ROLL_NAME_MISSING


@pytest.mark.parametrize("born_on", [None, date(2026, 3, 2), date(1900, 2, 28)])
def test_a_day_of_birth_must_be_possible(born_on: date | None) -> None:
    with pytest.raises(Refused) as refused:
        check_born_on(born_on, TODAY)
    assert refused.value.code is Code.ROLL_BAD_DATE
    assert check_born_on(TODAY, TODAY) == TODAY
