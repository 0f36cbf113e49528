"""Mails that tell people what was done for them."""

from datetime import datetime

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation

from participation.models import Person, Phase
from participation.rules.text import in_language


def tell_of_ballot_on_paper(*, person_id: int, phase_id: int, at: datetime, url: str) -> None:
    """Tell somebody that a ballot on paper was typed in for them, and what to do if it was not theirs."""
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    phase = Phase.objects.filter(pk=phase_id).select_related("project__organisation").first()
    if person is None or person.email is None or phase is None:
        return
    with translation.override(person.language):
        context = {
            "phase": phase,
            "project": phase.project,
            "title": in_language(phase.project.title, person.language),
            "town": phase.project.organisation,
            "at": at,
            "url": url,
        }
        send_mail(
            subject=" ".join(render_to_string("participation/mail/paper_ballot_subject.txt", context).split()),
            message=render_to_string("participation/mail/paper_ballot_message.txt", context),
            from_email=None,
            recipient_list=[person.email],
        )
