"""Mails that tell people what was done for them, or what a colleague handed to them."""

from datetime import datetime

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext

from participation.models import Handling, Person, Phase
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


def tell_of_handing_over(*, proposal_id: int, to_id: int, by_id: int, base_url: str) -> bool:
    """Tell a colleague that a proposal was handed to them, unless it is somebody else's by now; whether a mail went."""
    handling = (
        Handling.objects.select_related("proposal__project__organisation", "assignee")
        .filter(proposal=proposal_id, assignee=to_id)
        .first()
    )
    by = Person.objects.filter(pk=by_id).first()
    if handling is None or handling.assignee is None or not handling.assignee.can_be_mailed or by is None:
        return False
    person, proposal = handling.assignee, handling.proposal
    project = proposal.project
    where = urlencode({"state": proposal.state, "whose": "mine", "piece": str(proposal.pk)})
    with translation.override(person.language):
        context = {
            "colleague": by.public_name or by.email,
            "number": proposal.number,
            "title": proposal.title,
            "project": in_language(project.title, person.language),
            "town": project.organisation,
            "url": f"{base_url.rstrip('/')}{reverse('desk_queue', args=(project.slug,))}?{where}",
        }
        send_mail(
            # A title may hold anything but a line end, which would begin a new header.
            subject=" ".join((gettext("“%(title)s” was handed to you") % context).split()),
            message=render_to_string("mail/handed_over.txt", context).strip() + "\n",
            from_email=None,
            recipient_list=[str(person.email)],
        )
    return True
