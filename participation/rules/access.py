"""What somebody must be known by to act: for each act the levels there are, and which one holds."""

from collections.abc import Mapping
from enum import StrEnum

from participation.rules.electorate import Eligibility
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused


class Level(StrEnum):
    """How well the town must know who acts: not at all, by a confirmed mail address, as a verified resident."""

    ANYONE = "anyone"
    MAIL = "mail"
    VERIFIED = "verified"


# A heart and a vote are counted once a person, so there must be a person; who follows must have where to be written to.
# The first is what holds unless the town says otherwise.
LEVELS: dict[Act, tuple[Level, ...]] = {
    Act.PROPOSE: (Level.MAIL, Level.ANYONE, Level.VERIFIED),
    Act.SUPPORT: (Level.MAIL, Level.VERIFIED),
    Act.COMMENT: (Level.MAIL, Level.ANYONE, Level.VERIFIED),
    Act.ANSWER: (Level.MAIL, Level.ANYONE, Level.VERIFIED),
    Act.REPORT: (Level.ANYONE, Level.MAIL, Level.VERIFIED),
    Act.FOLLOW: (Level.MAIL, Level.VERIFIED),
    Act.VOTE: (Level.MAIL, Level.VERIFIED),
}
# Who may vote is a rule of the vote itself and freezes with it (participation/rules/electorate.py).
SET_ELSEWHERE = frozenset({Act.VOTE})
CHOOSABLE = tuple(act for act in Act if act not in SET_ELSEWHERE)


def level_of(act: Act, *settings: Mapping[str, str]) -> Level:
    """Which level holds for an act? The first of the settings that says something (the phase, then the project)."""
    for setting in settings:
        if act in setting:
            return Level(setting[act])
    return LEVELS[act][0]


def level_of_vote(eligibility: Eligibility) -> Level:
    """How well must the town know who votes? The code of a letter stands for a mail address."""
    return Level.VERIFIED if eligibility is Eligibility.VERIFIED else Level.MAIL


def checked_levels(given: Mapping[str, str]) -> dict[str, str]:
    """Give back the levels of acts, those that are the default left out.

    Refuses  access.level_bad for an act or a level that cannot be set.
    """
    levels = {}
    for name, value in given.items():
        if name not in CHOOSABLE or value not in LEVELS[Act(name)]:
            raise Refused(Code.ACCESS_LEVEL_BAD, {"act": name[:40], "level": value[:40]})
        if value != LEVELS[Act(name)][0]:
            levels[str(name)] = str(value)
    return levels


def check_access(level: Level, *, signed_in: bool, has_mail: bool, is_verified: bool) -> None:
    """Say whether somebody known so well may act.

    Refuses  person.sign_in_first, access.no_mail, access.not_verified.
    """
    if level is Level.ANYONE:
        return
    if not signed_in:
        raise Refused(Code.SIGN_IN_FIRST)
    if not has_mail:
        raise Refused(Code.ACCESS_NO_MAIL)
    if level is Level.VERIFIED and not is_verified:
        raise Refused(Code.ACCESS_NOT_VERIFIED)
