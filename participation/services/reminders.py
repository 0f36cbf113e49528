"""Reminds, by mail and once, whoever began a ballot and did not cast it."""

from smtplib import SMTPRecipientsRefused, SMTPResponseException

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from participation.models import Draft, Organisation, Person
from participation.queries.voting import database_now
from participation.selectors.drafts import ballots_to_remind_of
from participation.selectors.organisations import address_of
from participation.selectors.projects import choices_cast, standing

SALT = "participation.reminders"
# From here up a mail server says that trying again helps nobody.
PERMANENT = 500

log = structlog.get_logger(__name__)


def remind_all() -> int:
    """Send every reminder that is due; how many were sent. Any number of workers may do this at once.

    Raises   OSError, SMTPException when the mail server cannot be used now: what is left is sent another time.
    """
    due = list(ballots_to_remind_of().values_list("person_id", "project_id").distinct())
    n = 0
    if due:
        with get_connection() as outgoing:
            for person_id, project_id in due:
                n += remind(person_id=person_id, project_id=project_id, outgoing=outgoing)
    return n


@transaction.atomic
def remind(*, person_id: int, project_id: int, outgoing: BaseEmailBackend) -> bool:
    """Remind one person of one project's ballot, if it is still time to; the mail goes out before that is written.

    A mail server that does not answer undoes the mark, and the reminder is tried again; an address that it refuses
    for good keeps it.

    Locks    the person's row, skipped when another worker holds it (tests/drills/test_reminders.py).
    """
    person = Person.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=person_id).first()
    if person is None:
        return False
    # Asked again under the lock: another worker may have sent it since.
    due = ballots_to_remind_of().filter(person=person, project=project_id).select_related("project__organisation")
    draft = due.order_by("-updated_at").first()
    if draft is None:
        return False
    # Begun in two browsers is reminded of once.
    Draft.objects.filter(person=person, project=project_id, kind=Draft.Kind.BALLOT).update(reminded_at=Now())
    try:
        _mail(draft, person, outgoing).send()
    except SMTPRecipientsRefused:
        log.warning("reminder.refused", person=person.pk)
        return False
    except SMTPResponseException as error:
        if error.smtp_code < PERMANENT:
            raise
        log.warning("reminder.refused", person=person.pk, code=error.smtp_code)
        return False
    return True


def person_of_token(token: str) -> Person | None:
    """Whose link out of reminders is this? None for one that was never given."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Person.objects.filter(pk=pk).first()


def set_reminders(person: Person, *, wanted: bool) -> None:
    """Send this person reminders, or none any more."""
    Person.objects.filter(pk=person.pk).update(reminders=wanted)


def _mail(draft: Draft, person: Person, outgoing: BaseEmailBackend) -> EmailMessage:
    project = draft.project
    town: Organisation = project.organisation
    vote = standing(project, database_now()).vote
    site = address_of(town)
    off = site + reverse("reminders", args=(signing.dumps(person.pk, salt=SALT),))
    language = person.language if person.language in (town.languages or ["nl"]) else (town.languages or ["nl"])[0]
    with translation.override(language):
        context = {
            "project": project,
            "site": town.site_name,
            "link": site + reverse("ballot_check", args=(project.slug,)),
            "off_link": off,
            "closes_at": vote.closes_at if vote else None,
            "has_cast": bool(vote and choices_cast(vote, person)),
        }
        return EmailMessage(
            subject=" ".join(render_to_string("mail/ballot_reminder_subject.txt", context).split()),
            body=render_to_string("mail/ballot_reminder.txt", context).strip() + "\n",
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[str(person.email)],
            # Mail programs show a button for it. Source: RFC 8058.
            headers={
                "List-Unsubscribe": f"<{off}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
            connection=outgoing,
        )
