"""Which acts at the desk can still be undone."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models.functions import Now

from participation.models import Merge, Organisation, Person, Proposal, Record

UNDOABLE = (
    "proposal.published",
    "proposal.hidden",
    "proposals.merged",
    "comment.published",
    "comment.hidden",
    "comments.locked",
    "comments.unlocked",
    "proposal.tagged",
    "proposal.handed_over",
    "reports.settled",
)
# Acts that take each other's place: what of a thing they change.
CHANGES = {
    "proposal.published": "state",
    "proposal.hidden": "state",
    "comment.published": "comment",
    "comment.hidden": "comment",
    "comments.locked": "lock",
    "comments.unlocked": "lock",
    "proposal.tagged": "tags",
    "proposal.handed_over": "assignee",
}
# As long the queue offers to undo what somebody did last.
OFFERED = timedelta(minutes=30)


def is_undone(record: Record) -> bool:
    """Was this act undone before?"""
    return Record.objects.filter(
        organisation_id=record.organisation_id,
        act="act.undone",
        subject=record.subject,
        at__gte=record.at,
        detail__record=record.pk,
    ).exists()


def undoable(records: Collection[Record]) -> set[int]:
    """Which of these acts can be undone, as far as nobody undid them yet? Their keys.

    Of several among them that did the same kind of thing only the latest: the others are no longer as they left it.

    Cost     one query, by the subjects of the acts.
    """
    asked = [record for record in records if record.act in UNDOABLE and record.project_id is not None]
    return _standing(asked, _undone(asked)) if asked else set()


def _undone(asked: Collection[Record]) -> set[int]:
    """The keys of those that were undone, and of others."""
    rows = Record.objects.filter(
        project__in={record.project_id for record in asked},
        subject__in={record.subject for record in asked},
        act="act.undone",
        at__gte=min(record.at for record in asked),
    )
    return set(rows.values_list("detail__record", flat=True))


def _standing(asked: Collection[Record], gone: Collection[int]) -> set[int]:
    left = sorted((record for record in asked if record.pk not in gone), key=lambda row: (row.at, row.pk))
    # The later takes the place of the earlier.
    latest = {(record.project_id, record.subject, *_changes(record)): record.pk for record in left}
    return set(latest.values())


def _changes(record: Record) -> tuple[object, ...]:
    """What of a thing did this act change? Where acts do not undo each other, itself."""
    kind = CHANGES.get(record.act)
    return (kind, record.detail.get("comment")) if kind else (record.pk,)


def acts_about(piece: Proposal, *, most: int = 20) -> tuple[list[Record], set[int]]:
    """What did staff do with this proposal, the latest first, and the keys of what of it can be undone?

    Cost     one query: what undid one of the acts is among them, for it came later.
    """
    rows = Record.objects.filter(project=piece.project_id, subject=f"proposal {piece.number}")
    done = list(rows.select_related("person")[:most])
    gone = {record.detail["record"] for record in done if record.act == "act.undone"}
    return done, _standing([record for record in done if record.act in UNDOABLE], gone)


def act_of_joining(merge: Merge) -> Record | None:
    """The line of the audit trail that says this was joined."""
    rows = Record.objects.filter(project=merge.project_id, subject=f"proposal {merge.target.number}")
    return rows.filter(act="proposals.merged", detail__merge=merge.pk).first()


def last_act(organisation: Organisation, person: Person) -> Record | None:
    """What did this person do last at the desk, while it can still be undone? Taking data along changes nothing."""
    latest = (
        Record.objects.filter(organisation=organisation, person=person, at__gt=Now() - OFFERED)
        .exclude(act="data.taken")
        .select_related("project")
        .order_by("-at", "-pk")
        .first()
    )
    return latest if latest is not None and latest.act in UNDOABLE else None
