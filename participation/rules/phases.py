"""Which acts a phase opens, and where in its process a project stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from participation.rules.refusals import Code, Refused

# A vote that had no end gets one so long ahead at least; migration 0002 holds the same.
NOTICE = timedelta(hours=24)


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
    VOTE = "vote"


OPEN_ACTS: dict[PhaseKind, frozenset[Act]] = {
    PhaseKind.INFORM: frozenset(),
    PhaseKind.PROPOSE: frozenset({Act.PROPOSE, Act.SUPPORT, Act.COMMENT}),
    PhaseKind.DISCUSS: frozenset({Act.SUPPORT, Act.COMMENT}),
    PhaseKind.SHORTLIST: frozenset(),
    PhaseKind.VOTE: frozenset({Act.VOTE}),
    PhaseKind.DECIDE: frozenset(),
    PhaseKind.ROLL_OUT: frozenset(),
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
        extra = frozenset({Act.PROPOSE, Act.SUPPORT}) if self.kind is PhaseKind.VOTE and self.write_ins else frozenset()
        return OPEN_ACTS[self.kind] | extra


def open_acts(phases: Sequence[PhaseFacts], now: datetime) -> frozenset[Act]:
    """What may be done now, over all phases that run."""
    return frozenset[Act]().union(*(phase.acts for phase in phases if phase.is_open(now)))


def opens_next(phases: Sequence[PhaseFacts], act: Act, now: datetime) -> datetime | None:
    """When does this act open, if a later phase opens it?"""
    return min((phase.opens_at for phase in phases if phase.opens_at > now and act in phase.acts), default=None)


def check_later(closes_at: datetime, current: datetime | None, now: datetime) -> None:
    """Say whether a running vote may close then: later than now planned, or a day ahead where no end was planned.

    Refuses  extension.not_later, extension.too_soon.
    """
    if current is not None and closes_at <= current:
        raise Refused(Code.EXTENSION_NOT_LATER, {"closes_at": current})
    if current is None and closes_at <= now + NOTICE:
        raise Refused(Code.EXTENSION_TOO_SOON, {"earliest_at": now + NOTICE})
