"""Mails what staff wrote to the author of a proposal, once."""

from urllib.parse import urljoin

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from participation.models import AuthorMail, Person
from participation.rules.text import in_language


@transaction.atomic
def send_author_mail(*, mail_id: int, base_url: str) -> bool:
    """Mail one mail, unless it went out before; a mail server that does not answer leaves it unsent.

    Locks    the mail's row: two workers send it once.
    """
    mail = (
        AuthorMail.objects.select_for_update(of=("self",))
        .select_related("proposal__project__organisation", "proposal__author")
        .get(pk=mail_id)
    )
    author = mail.proposal.author
    if mail.sent_at is not None or author is None or author.email is None:
        return False
    AuthorMail.objects.filter(pk=mail.pk).update(sent_at=Now())
    _mail(mail, author, base_url).send()
    return True


def _mail(mail: AuthorMail, author: Person, base_url: str) -> EmailMessage:
    proposal = mail.proposal
    project, town = proposal.project, proposal.project.organisation
    with translation.override(author.language):
        context = {
            "text": mail.text,
            "title": proposal.title,
            "project": in_language(project.title, author.language),
            "town": town,
            "url": urljoin(base_url, reverse("proposal", args=(project.slug, proposal.number))),
        }
        return EmailMessage(
            " ".join((gettext("About your proposal “%(title)s”") % {"title": proposal.title}).split()),
            render_to_string("mail/author.txt", context).strip() + "\n",
            to=[str(author.email)],
            reply_to=[town.contact_email] if town.contact_email else None,
        )
