"""What staff do with a proposal among themselves, and what they write to its author."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app

from participation.models import AnswerTemplate, AuthorMail, Handling, Note, Organisation, Person, Proposal
from participation.rules.limits import MAIL_MAX, NOTE_MAX, TEMPLATE_NAME_MAX, tags_of
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import bounded, line
from participation.selectors.roles import may_in, may_in_town
from participation.services.proposals import require_desk
from participation.services.records import record_act

MAIL_TASK = "participation.tasks.send_author_mail"


def _recorded(proposal: Proposal, by: Person, act: str, detail: Mapping[str, object]) -> None:
    record_act(
        organisation=proposal.project.organisation,
        project=proposal.project,
        by=by,
        act=act,
        subject=f"proposal {proposal.number}",
        detail=detail,
    )


def _handling(proposal: Proposal) -> Handling:
    """The staff's row about a proposal, made when there is none, locked."""
    Handling.objects.bulk_create([Handling(proposal=proposal)], ignore_conflicts=True)
    return Handling.objects.select_for_update().get(proposal=proposal)


@transaction.atomic
def set_tags(*, proposal: Proposal, text: str, by: Person) -> list[str]:
    """Give a proposal the staff's own tags, typed with commas between them; gives them back.

    Locks    the row of its handling.
    Refuses  person.not_staff, body.too_long, setup.too_many.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    row, tags = _handling(proposal), tags_of(text)
    if row.tags != tags:
        before, row.tags = row.tags, tags
        row.save(update_fields=["tags"])
        _recorded(proposal, by, "proposal.tagged", {"before": before, "tags": tags})
    return tags


@transaction.atomic
def hand_over(*, proposal: Proposal, to: Person | None, by: Person) -> None:
    """Hand a proposal over to a colleague, or to nobody in particular.

    Locks    the row of its handling.
    Refuses  person.not_staff; assignee.unknown for whoever may not moderate in this project.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    if to is not None and not may_in(proposal.project, to, DeskAct.MODERATE):
        raise Refused(Code.ASSIGNEE_UNKNOWN)
    row = _handling(proposal)
    if row.assignee_id != (to.pk if to else None):
        before, row.assignee = row.assignee_id, to
        row.save(update_fields=["assignee"])
        _recorded(proposal, by, "proposal.handed_over", {"before": before, "to": to.pk if to else None})


@transaction.atomic
def add_note(*, proposal: Proposal, text: str, by: Person, now: datetime) -> Note:
    """Write something about a proposal for colleagues.

    Refuses  person.not_staff, body.too_long, note.missing.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    text = bounded(text, NOTE_MAX)
    if not text:
        raise Refused(Code.NOTE_MISSING)
    note = Note.objects.create(proposal=proposal, author=by, text=text, at=now)
    _recorded(proposal, by, "note.written", {"note": note.pk})
    return note


@transaction.atomic
def write_author_mail(*, proposal: Proposal, text: str, by: Person, base_url: str, now: datetime) -> AuthorMail:
    """Write to the author of a proposal; the mail is on its way with it.

    Refuses  person.not_staff, body.too_long, mail.missing, mail.no_author.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    text = bounded(text, MAIL_MAX)
    if not text:
        raise Refused(Code.MAIL_MISSING)
    author = proposal.author
    if author is None or author.email is None or not author.is_active:
        raise Refused(Code.MAIL_NO_AUTHOR)
    mail = AuthorMail.objects.create(proposal=proposal, by=by, text=text, at=now)
    _recorded(proposal, by, "author.mailed", {"mail": mail.pk})
    app.configure_task(MAIL_TASK).defer(mail=mail.pk, base_url=base_url)
    return mail


@transaction.atomic
def keep_template(*, organisation: Organisation, name: str, text: Mapping[str, str], by: Person) -> AnswerTemplate:
    """Keep words for answers under a name; those of the same name are written over.

    Refuses  person.not_staff, body.too_long, template.missing.
    """
    if not may_in_town(organisation, by, DeskAct.MODERATE):
        raise Refused(Code.NOT_STAFF)
    name = line(name, TEMPLATE_NAME_MAX)
    texts = {language: words for language, typed in text.items() if (words := bounded(typed, MAIL_MAX))}
    if not name or not texts:
        raise Refused(Code.TEMPLATE_MISSING)
    row, _made = AnswerTemplate.objects.update_or_create(organisation=organisation, name=name, defaults={"text": texts})
    record_act(organisation=organisation, by=by, act="template.kept", subject=name)
    return row


@transaction.atomic
def drop_template(*, organisation: Organisation, pk: int, by: Person) -> None:
    """Forget a template.

    Refuses  person.not_staff.
    """
    if not may_in_town(organisation, by, DeskAct.MODERATE):
        raise Refused(Code.NOT_STAFF)
    for row in AnswerTemplate.objects.filter(organisation=organisation, pk=pk):
        record_act(organisation=organisation, by=by, act="template.dropped", subject=row.name)
        row.delete()
