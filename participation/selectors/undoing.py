"""Which acts at the desk can still be undone."""

from datetime import timedelta

from django.db.models.functions import Now

from participation.models import Organisation, Person, Record

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


def last_act(organisation: Organisation, person: Person) -> Record | None:
    """What did this person do last at the desk, while it can still be undone?"""
    latest = (
        Record.objects.filter(organisation=organisation, person=person, at__gt=Now() - OFFERED)
        .select_related("project")
        .order_by("-at", "-pk")
        .first()
    )
    return latest if latest is not None and latest.act in UNDOABLE else None
