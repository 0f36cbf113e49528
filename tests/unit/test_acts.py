"""Phases and access as pure tables: which act each kind of phase opens, how well known one must be, each refusal."""

from datetime import UTC, datetime, timedelta

import pytest

from participation.rules.access import CHOOSABLE, LEVELS, Level, check_access, checked_levels, level_of, level_of_vote
from participation.rules.electorate import Eligibility
from participation.rules.phases import CLOSED, OPEN_ACTS, Act, PhaseFacts, PhaseKind, require_open
from participation.rules.refusals import Code, Refused

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def facts(kind: PhaseKind, opens: int, closes: int | None = None) -> PhaseFacts:
    """A phase that opens and closes so many hours from now."""
    return PhaseFacts(kind, NOW + opens * HOUR, None if closes is None else NOW + closes * HOUR)


def refused(act: object, *args: object, **kwargs: object) -> Refused:
    """Call it and give back how it refused."""
    with pytest.raises(Refused) as found:
        act(*args, **kwargs)  # type: ignore[operator]
    return found.value


@pytest.mark.parametrize("act", Act)
def test_each_act_is_refused_with_when_it_opens_else_with_when_it_closed(act: Act) -> None:
    kind = next(kind for kind in PhaseKind if act in OPEN_ACTS[kind])
    require_open([facts(kind, -1, 1)], act, NOW)
    later = refused(require_open, [facts(kind, -9, -5), facts(kind, 4, 9), facts(kind, 2, 3)], act, NOW)
    assert (later.code, later.facts) == (CLOSED[act].yet, {"opens_at": NOW + 2 * HOUR})
    over = refused(require_open, [facts(kind, -9, -5), facts(kind, -4, -2)], act, NOW)
    assert (over.code, over.facts) == (CLOSED[act].over, {"closed_at": NOW - 2 * HOUR})
    assert refused(require_open, [], act, NOW).code is CLOSED[act].now


def test_every_refusal_of_an_act_has_its_own_code() -> None:
    codes = [code for closed in CLOSED.values() for code in closed]
    assert len(codes) == len(set(codes)) == 3 * len(Act)


# signed in, mail address, verified: which level lets them in.
KNOWN: dict[str, tuple[bool, bool, bool]] = {
    "nobody": (False, False, False),
    "by letter": (True, False, False),
    "mail": (True, True, False),
    "verified": (True, True, True),
}
ADMITTED: dict[Level, dict[str, Code | None]] = {
    Level.ANYONE: {"nobody": None, "by letter": None, "mail": None, "verified": None},
    Level.MAIL: {"nobody": Code.SIGN_IN_FIRST, "by letter": Code.ACCESS_NO_MAIL, "mail": None, "verified": None},
    Level.VERIFIED: {
        "nobody": Code.SIGN_IN_FIRST,
        "by letter": Code.ACCESS_NO_MAIL,
        "mail": Code.ACCESS_NOT_VERIFIED,
        "verified": None,
    },
}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("who", KNOWN)
def test_each_level_lets_in_who_is_known_well_enough(level: Level, who: str) -> None:
    signed_in, has_mail, is_verified = KNOWN[who]
    code = None
    try:
        check_access(level, signed_in=signed_in, has_mail=has_mail, is_verified=is_verified)
    except Refused as found:
        code = found.code
    assert code is ADMITTED[level][who]


def test_the_phase_says_more_than_the_project_and_the_project_more_than_the_default() -> None:
    assert level_of(Act.PROPOSE) is Level.MAIL
    assert level_of(Act.PROPOSE, {}, {"propose": "anyone"}) is Level.ANYONE
    assert level_of(Act.PROPOSE, {"propose": "verified"}, {"propose": "anyone"}) is Level.VERIFIED
    assert level_of_vote(Eligibility.VERIFIED) is Level.VERIFIED
    assert {level_of_vote(e) for e in Eligibility} == {Level.MAIL, Level.VERIFIED}


def test_a_level_that_an_act_cannot_have_is_refused() -> None:
    assert checked_levels({"propose": "anyone", "support": "mail"}) == {"propose": "anyone"}
    for given in ({"support": "anyone"}, {"vote": "anyone"}, {"fly": "mail"}, {"propose": "nobody"}):
        assert refused(checked_levels, given).code is Code.ACCESS_LEVEL_BAD
    assert set(LEVELS) == set(Act)
    assert set(CHOOSABLE) == set(Act) - {Act.VOTE}
