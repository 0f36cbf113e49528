"""Undoes what was done at the desk, by its line in the audit trail."""

from datetime import datetime

from django.db import transaction

from participation.models import Comment, Handling, Merge, Organisation, Person, Proposal, Record
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.undoing import UNDOABLE, is_undone
from participation.services.merging import undo_merge
from participation.services.proposals import require_desk, show_as_before
from participation.services.records import record_act
from participation.services.reports import open_again


@transaction.atomic
def undo(*, organisation: Organisation, record_id: int, by: Person, base_url: str, now: datetime) -> Record:
    """Undo one act; whoever did it, and only while nothing else was done with the same since.

    Locks    the town's row: two who undo the same act follow each other; then what the act changed.
    Refuses  person.not_staff, undo.not_possible, merge.undone, ballot.frozen.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    record = (
        Record.objects.filter(organisation=organisation, pk=record_id, act__in=UNDOABLE)
        .select_related("project__organisation")
        .first()
    )
    if record is None or record.project is None or is_undone(record):
        raise Refused(Code.UNDO_NOT_POSSIBLE)
    require_desk(record.project, by, DeskAct.MODERATE)
    number = int(record.subject.removeprefix("proposal "))
    detail = record.detail
    match record.act:
        case "proposal.published" | "proposal.hidden":
            after = Proposal.State.PUBLISHED if record.act == "proposal.published" else Proposal.State.HIDDEN
            if "before" not in detail:
                raise Refused(Code.UNDO_NOT_POSSIBLE)
            show_as_before(project=record.project, number=number, before=detail["before"], after=after, by=by)
            open_again(detail.get("reports", []))
        case "proposals.merged":
            merge = Merge.objects.select_related("project__organisation", "target").get(pk=detail["merge"])
            undo_merge(merge=merge, by=by, base_url=base_url, now=now)
        case "comment.published" | "comment.hidden":
            _comment_as_before(record)
        case "proposal.tagged":
            _handling(record, number, tags=(detail["tags"], detail["before"]))
        case "proposal.handed_over":
            _handling(record, number, assignee_id=(detail["to"], detail["before"]))
        case "reports.settled":
            open_again(detail["reports"])
        case "comments.locked" | "comments.unlocked":
            locked = record.act == "comments.locked"
            rows = Proposal.objects.filter(project=record.project, number=number, comments_locked=locked)
            if not rows.update(comments_locked=not locked):
                raise Refused(Code.UNDO_NOT_POSSIBLE)
    record_act(
        organisation=organisation,
        project=record.project,
        by=by,
        act="act.undone",
        subject=record.subject,
        detail={"record": record.pk, "act": record.act},
    )
    return record


def _comment_as_before(record: Record) -> None:
    before = record.detail["before"]
    after = Comment.State.HIDDEN if record.act == "comment.hidden" else Comment.State.PUBLISHED
    changed = Comment.objects.filter(pk=record.detail["comment"], state=after).update(
        state=before["state"], hidden_because=before["reason"]
    )
    if not changed:
        raise Refused(Code.UNDO_NOT_POSSIBLE)
    open_again(record.detail.get("reports", []))


def _handling(record: Record, number: int, **fields: tuple[object, object]) -> None:
    """Give a field the value back that it had, if it still has the one that the act gave it."""
    ((name, (after, before)),) = fields.items()
    rows = Handling.objects.filter(proposal__project=record.project, proposal__number=number, **{name: after})
    if not rows.update(**{name: before}):
        raise Refused(Code.UNDO_NOT_POSSIBLE)
