"""Tells people by mail what the town answered, in their language: one mail a person, however many proposals."""

from collections.abc import Collection, Sequence
from urllib.parse import urljoin

from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from participation.models import Person, Response
from participation.rules.text import in_language
from participation.selectors.responses import told_to
from participation.services.follows import mail_about


def mail_answers(*, people: Collection[int], responses: Collection[int], base_url: str) -> int:
    """Send these people the answers that concern them; how many mails went out."""
    n = 0
    with get_connection() as connection:
        for person in Person.objects.filter(pk__in=people, is_active=True, email__isnull=False).order_by("pk"):
            found = told_to(person, responses)
            if found:
                n += connection.send_messages([_mail(person, found, base_url)]) or 0
    return n


def _mail(person: Person, responses: Sequence[Response], base_url: str) -> EmailMessage:
    language = person.language
    with translation.override(language):
        rows = [
            {
                "title": response.proposal.title,
                "project": in_language(response.proposal.project.title, language),
                "is_author": response.proposal.author_id == person.pk,
                "outcome": response.get_outcome_display(),
                "text": in_language(response.text, language),
                "link": response.link,
                "url": urljoin(
                    base_url, reverse("proposal", args=(response.proposal.project.slug, response.proposal.number))
                ),
            }
            for response in responses
        ]
        town = responses[0].proposal.project.organisation
        subject = (
            gettext("%(town)s answers on “%(title)s”") % {"town": town.name, "title": rows[0]["title"]}
            if len(rows) == 1
            else ngettext("%(town)s answers on %(n)s proposal", "%(town)s answers on %(n)s proposals", len(rows))
            % {"town": town.name, "n": len(rows)}
        )
        context = {"rows": rows, "mine": urljoin(base_url, reverse("me"))}
        return mail_about(
            person=person,
            town=town,
            proposals=[response.proposal_id for response in responses],
            base_url=base_url,
            subject=subject,
            template="mail/answers.txt",
            context=context,
        )
