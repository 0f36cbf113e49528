"""What changed while a vote ran, for everyone to read: options that joined or left, a later closing time, the count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.dateparse import parse_datetime

from participation.models import Phase, Project, Proposal, Record


class Event(StrEnum):
    """What may change under voters' hands; the values are the acts of the records."""

    JOINED = "ballot.joined"
    LEFT = "ballot.left"
    HIDDEN = "proposal.hidden"
    EXTENDED = "phase.extended"
    CLOSED = "phase.closed"


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """One change: when; of an option its number, and its title where it may still be read; of the vote its new end.

    Why a proposal was hidden is told to its author alone, so it is not here.
    """

    kind: Event
    at: datetime
    number: int | None = None
    title: str = ""
    closes_at: datetime | None = None
    reason: str = ""
    after_count: bool = False


def public_events(project: Project) -> list[PublicEvent]:
    """What changed since the project's first vote opened?

    Order    first to last.
    Cost     two queries; needs the project's phases.
    """
    votes = [phase for phase in project.phases.all() if phase.kind == "vote"]
    if not votes:
        return []
    acts = [event.value for event in Event]
    opened = min(vote.opens_at for vote in votes)
    records = list(Record.objects.filter(project=project, act__in=acts, at__gte=opened).order_by("at", "pk"))
    numbers = {number for record in records if (number := _number(record)) is not None}
    titles = dict(
        Proposal.objects.filter(project=project, number__in=numbers, state=Proposal.State.PUBLISHED).values_list(
            "number", "title"
        )
    )
    # A proposal that never was an option changes no vote when it is hidden.
    return [_event(record, titles, votes) for record in records if _concerns_voters(record)]


def _concerns_voters(record: Record) -> bool:
    return record.act != Event.HIDDEN or bool(record.detail.get("on_ballot"))


def _number(record: Record) -> int | None:
    kind, _space, number = record.subject.partition(" ")
    return int(number) if kind == "proposal" and number.isdecimal() else None


def _event(record: Record, titles: dict[int, str], votes: Sequence[Phase]) -> PublicEvent:
    number = _number(record)
    counted = [vote.closed_at for vote in votes if vote.closed_at is not None]
    return PublicEvent(
        kind=Event(record.act),
        at=record.at,
        number=number,
        title=titles.get(number, "") if number is not None else "",
        closes_at=parse_datetime(str(record.detail.get("closes_at", ""))),
        reason=str(record.detail.get("reason", "")) if record.act == Event.EXTENDED else "",
        after_count=len(counted) == len(votes) and record.at > max(counted),
    )
