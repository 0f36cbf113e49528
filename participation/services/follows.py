"""Lets people hear of a proposal, or no more; and makes mails about proposals, each with its way out."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from participation.models import Follow, Organisation, Person, Proposal
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.selectors.access import require_act
from participation.selectors.projects import standing

SALT = "participation.follows"


def set_follow(*, person: Person, proposals: Collection[int], wanted: bool) -> None:
    """Let this person hear of these proposals (ids), or no more; the last word counts."""
    Follow.objects.bulk_create(
        [Follow(proposal_id=proposal, person=person, wanted=wanted) for proposal in sorted(set(proposals))],
        update_conflicts=True,
        update_fields=["wanted"],
        unique_fields=["proposal", "person"],
    )


def follow(*, proposal: Proposal, person: Person, now: datetime) -> None:
    """Let this person hear of a proposal from now on; to hear no more of it is never refused (set_follow).

    Refuses  proposal.not_public, what selectors.access.require_act refuses.
    """
    if not proposal.is_read_by_all:
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
    require_act(proposal.project, standing(proposal.project, now), Act.FOLLOW, person)
    set_follow(person=person, proposals=[proposal.pk], wanted=True)


def way_out(person: Person, proposals: Collection[int]) -> str:
    """The address, without its host, at which this person says that they want no mails about these any more."""
    return reverse("unfollow", args=(signing.dumps([person.pk, sorted(set(proposals))], salt=SALT),))


def of_way_out(token: str) -> tuple[Person, list[Proposal]] | None:
    """Whose way out is this, and of which proposals? None for one that was never given."""
    try:
        pk, proposals = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    person = Person.objects.filter(pk=pk).first()
    rows = list(Proposal.objects.filter(pk__in=proposals).select_related("project").order_by("pk"))
    return (person, rows) if person and rows else None


def mail_about(
    *,
    person: Person,
    town: Organisation,
    proposals: Collection[int],
    base_url: str,
    subject: str,
    template: str,
    context: Mapping[str, object],
) -> EmailMessage:
    """Write a mail about proposals (ids) to someone who follows them, with a way out that takes one click."""
    off = base_url.rstrip("/") + way_out(person, proposals)
    return EmailMessage(
        # A title may hold anything but a line end, which would begin a new header.
        subject=" ".join(subject.split()),
        body=render_to_string(template, {**context, "town": town, "off_link": off}).strip() + "\n",
        to=[str(person.email)],
        # Mail programs show a button for it. Source: RFC 8058.
        headers={
            "List-Unsubscribe": f"<{off}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
