"""Tells people by mail that their proposal, or one they follow, was joined with another one: one mail a person."""

from collections.abc import Collection

from django.core.mail import EmailMessage, get_connection
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from participation.models import Merge, Person, Proposal
from participation.rules.text import in_language
from participation.selectors.follows import followers
from participation.services.follows import mail_about


def tell_of_merge(*, merge_id: int, people: Collection[int], undone: bool, base_url: str) -> int:
    """Tell these people what was joined, or that it was undone; how many mails went out.

    Nothing is sent of what was undone before anybody heard of it, and only those who follow one of the originals
    still are told.
    """
    merge = Merge.objects.select_related("target", "project__organisation").get(pk=merge_id)
    if (merge.undone_at is not None) != undone:
        return 0
    originals = {row.pk: row for row in Proposal.objects.filter(merge_parts__merge=merge).order_by("number")}
    pairs = followers(originals)
    Merge.objects.filter(pk=merge.pk, told_at=None).update(told_at=Now())
    n = 0
    with get_connection() as connection:
        for person in Person.objects.filter(pk__in=people, is_active=True, email__isnull=False).order_by("pk"):
            mine = [row for pk, row in originals.items() if (pk, person.pk) in pairs]
            if mine:
                n += connection.send_messages([_mail(merge, mine, person, base_url, undone=undone)]) or 0
    return n


def _mail(merge: Merge, mine: list[Proposal], person: Person, base_url: str, *, undone: bool) -> EmailMessage:
    project, target = merge.project, merge.target
    base = base_url.rstrip("/")

    def address(proposal: Proposal) -> str:
        return base + reverse("proposal", args=(project.slug, proposal.number))

    with translation.override(person.language):
        subject = (
            gettext("“%(title)s” stands on its own again")
            if undone
            else gettext("“%(title)s” was joined with another one")
        ) % {"title": mine[0].title}
        context = {
            "undone": undone,
            "project": in_language(project.title, person.language),
            "rows": [
                {"title": row.title, "url": address(row), "is_author": row.author_id == person.pk} for row in mine
            ],
            "target": target,
            "target_url": address(target),
        }
        return mail_about(
            person=person,
            town=project.organisation,
            proposals=[*(row.pk for row in mine), target.pk],
            base_url=base_url,
            subject=subject,
            template="mail/merged.txt",
            context=context,
        )
