"""Which acts a phase opens, how a refusal of each is called, and where in its process a project stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from participation.rules.refusals import Code, Refused

# A vote that had no end gets one so long ahead at least; migration 0002 holds the same.
NOTICE = timedelta(hours=24)
# Nobody means a year outside of these.
FIRST_YEAR, LAST_YEAR = 2000, 3000


class PhaseKind(StrEnum):
    """What a phase is for."""

    INFORM = "inform"
    PROPOSE = "propose"
    DISCUSS = "discuss"
    SHORTLIST = "shortlist"
    VOTE = "vote"
    DECIDE = "decide"
    ROLL_OUT = "roll_out"


class Act(StrEnum):
    """What a resident can do in a project."""

    PROPOSE = "propose"
    SUPPORT = "support"
    COMMENT = "comment"
    ANSWER = "answer"
    REPORT = "report"
    FOLLOW = "follow"
    VOTE = "vote"


# Whoever reads something may say that it is out of place, and may want to hear more of it, in every phase.
ALWAYS = frozenset({Act.REPORT, Act.FOLLOW})
OPEN_ACTS: dict[PhaseKind, frozenset[Act]] = {
    PhaseKind.INFORM: ALWAYS,
    PhaseKind.PROPOSE: ALWAYS | {Act.PROPOSE, Act.SUPPORT, Act.COMMENT, Act.ANSWER},
    PhaseKind.DISCUSS: ALWAYS | {Act.SUPPORT, Act.COMMENT, Act.ANSWER},
    PhaseKind.SHORTLIST: ALWAYS,
    PhaseKind.VOTE: ALWAYS | {Act.VOTE},
    PhaseKind.DECIDE: ALWAYS,
    PhaseKind.ROLL_OUT: ALWAYS,
}
# What a vote with write-ins opens beside voting.
WRITE_IN_ACTS = frozenset({Act.PROPOSE, Act.SUPPORT, Act.ANSWER})


class Closed(NamedTuple):
    """How it is called that an act is not open: at all, not yet, no more. ``over`` is said where it was open once."""

    now: Code
    yet: Code
    over: Code


CLOSED: dict[Act, Closed] = {
    Act.PROPOSE: Closed(Code.PROPOSALS_NOT_OPEN, Code.PROPOSALS_OPEN_LATER, Code.PROPOSALS_OVER),
    Act.SUPPORT: Closed(Code.SUPPORT_NOT_OPEN, Code.SUPPORT_OPENS_LATER, Code.SUPPORT_OVER),
    Act.COMMENT: Closed(Code.COMMENT_NOT_OPEN, Code.COMMENT_OPENS_LATER, Code.COMMENT_OVER),
    Act.ANSWER: Closed(Code.ANSWER_NOT_OPEN, Code.ANSWER_OPENS_LATER, Code.ANSWER_OVER),
    Act.REPORT: Closed(Code.REPORT_NOT_OPEN, Code.REPORT_OPENS_LATER, Code.REPORT_OVER),
    Act.FOLLOW: Closed(Code.FOLLOW_NOT_OPEN, Code.FOLLOW_OPENS_LATER, Code.FOLLOW_OVER),
    Act.VOTE: Closed(Code.VOTE_NOT_OPEN, Code.VOTE_OPENS_LATER, Code.VOTE_CLOSED),
}


@dataclass(frozen=True, slots=True)
class PhaseFacts:
    """What the rules need to know of a phase: aware times, ``closes_at`` None for open-ended.

    ``joins``: what comes in while the vote runs may join its ballot.
    """

    kind: PhaseKind
    opens_at: datetime
    closes_at: datetime | None
    write_ins: bool = False
    joins: bool = False

    def is_open(self, now: datetime) -> bool:
        """Does the phase run at this moment? The closing moment itself is closed."""
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)

    @property
    def acts(self) -> frozenset[Act]:
        """What the phase opens while it runs; a vote with write-ins also takes proposals and supports for them."""
        extra = WRITE_IN_ACTS if self.kind is PhaseKind.VOTE and self.write_ins else frozenset()
        return OPEN_ACTS[self.kind] | extra


def open_acts(phases: Sequence[PhaseFacts], now: datetime) -> frozenset[Act]:
    """What may be done now, over all phases that run."""
    return frozenset[Act]().union(*(phase.acts for phase in phases if phase.is_open(now)))


def opens_next(phases: Sequence[PhaseFacts], act: Act, now: datetime) -> datetime | None:
    """When does this act open, if a later phase opens it?"""
    return min((phase.opens_at for phase in phases if phase.opens_at > now and act in phase.acts), default=None)


def was_open_until(phases: Sequence[PhaseFacts], act: Act, now: datetime) -> datetime | None:
    """When did this act close last, if an earlier phase opened it?"""
    return max(
        (phase.closes_at for phase in phases if act in phase.acts and phase.closes_at and phase.closes_at <= now),
        default=None,
    )


def require_open(phases: Sequence[PhaseFacts], act: Act, now: datetime) -> None:
    """Refuse an act that no running phase opens: with when it opens if it will, else with when it closed if it did.

    Refuses  the three codes of the act in ``CLOSED``.
    """
    if act in open_acts(phases, now):
        return
    codes = CLOSED[act]
    if later := opens_next(phases, act, now):
        raise Refused(codes.yet, {"opens_at": later})
    if ended := was_open_until(phases, act, now):
        raise Refused(codes.over, {"closed_at": ended})
    raise Refused(codes.now)


def check_in_reach(at: datetime) -> None:
    """Say whether a moment is one that anybody can mean.

    Refuses  extension.time_bad.
    """
    if not FIRST_YEAR <= at.year < LAST_YEAR:
        raise Refused(Code.EXTENSION_TIME_BAD)


def check_later(closes_at: datetime, current: datetime | None, now: datetime) -> None:
    """Say whether a running vote may close then: later than now planned, or a day ahead where no end was planned.

    Refuses  extension.not_later, extension.too_soon.
    """
    if current is not None and closes_at <= current:
        raise Refused(Code.EXTENSION_NOT_LATER, {"closes_at": current})
    if current is None and closes_at <= now + NOTICE:
        raise Refused(Code.EXTENSION_TOO_SOON, {"earliest_at": now + NOTICE})
