"""Takes in what comes without an account, and makes it theirs who wrote it."""

from datetime import datetime
from typing import cast

from django.db import IntegrityError, transaction

from participation.models import AnswerSheet, Claim, Comment, Organisation, Person, Project, Proposal
from participation.rules.links import digest_of, new_token
from participation.rules.places import Given
from participation.rules.refusals import Code, Refused
from participation.selectors.claims import ABOUT, claim_of
from participation.services.answers import send_answers
from participation.services.comments import add_comment
from participation.services.proposals import send_draft


@transaction.atomic
def send_without_account(
    *,
    token: str | None,
    project: Project,
    title: str,
    body: str,
    place: Given | None,
    theme: str,
    language: str,
    now: datetime,
) -> tuple[Proposal, str] | None:
    """Submit a proposal of nobody we know, with the secret of the link that makes it theirs later.

    None as in send_draft.

    Locks    as send_draft.
    Refuses  as submit_proposal; person.sign_in_first where the project wants to know who proposes.
    """
    proposal = send_draft(
        token=token,
        project=project,
        person=None,
        title=title,
        body=body,
        place=place,
        theme=theme,
        language=language,
        now=now,
    )
    if proposal is None:
        return None
    return proposal, linked(now=now, proposal=proposal)


@transaction.atomic
def answer_without_account(
    *, token: str | None, project: Project, language: str, now: datetime
) -> tuple[AnswerSheet, str] | None:
    """Send a form of nobody we know, with the secret of its link; None as in send_answers.

    Locks    as send_answers.
    Refuses  as send_answers.
    """
    sheet = send_answers(token=token, project=project, person=None, language=language, now=now)
    return (sheet, linked(now=now, sheet=sheet)) if sheet else None


@transaction.atomic
def comment_without_account(
    *, proposal: Proposal, text: str, parent: int | None, language: str, now: datetime
) -> tuple[Comment, str]:
    """Write a comment of nobody we know, with the secret of its link.

    Refuses  as add_comment.
    """
    comment = add_comment(proposal=proposal, person=None, text=text, parent=parent, language=language, now=now)
    return comment, linked(now=now, comment=comment)


def linked(
    *,
    now: datetime,
    proposal: Proposal | None = None,
    sheet: AnswerSheet | None = None,
    comment: Comment | None = None,
) -> str:
    """Make the link of one contribution; its secret is handed out here and nowhere again: only its hash is kept."""
    secret = new_token()
    Claim.objects.create(proposal=proposal, sheet=sheet, comment=comment, digest=digest_of(secret), made_at=now)
    return secret


@transaction.atomic
def claim(*, organisation: Organisation, token: str, person: Person, now: datetime) -> Claim:
    """Make a contribution that came without an account this person's; its link is used up by that.

    Locks    the claim's row: of two that claim at once one is refused; the unique key decides between two sheets.
    Refuses  claim.unknown, claim.used, claim.answered_already.
    """
    found = claim_of(organisation, token)
    if found is None:
        raise Refused(Code.CLAIM_UNKNOWN)
    found = Claim.objects.select_for_update(of=("self",)).select_related(*ABOUT).get(pk=found.pk)
    if found.used_at is not None:
        raise Refused(Code.CLAIM_USED)
    if found.proposal is not None:
        found.proposal.author = person
        found.proposal.save(update_fields=["author"])
        AnswerSheet.objects.filter(proposal=found.proposal).update(person=person)
    elif found.comment is not None:
        found.comment.author = person
        found.comment.save(update_fields=["author"])
    else:
        _take_on(cast(AnswerSheet, found.sheet), person)
    found.used_at = now
    found.save(update_fields=["used_at"])
    return found


def _take_on(sheet: AnswerSheet, person: Person) -> None:
    """Make a form that was filled in this person's, who has one in each project."""
    try:
        with transaction.atomic():
            sheet.person = person
            sheet.save(update_fields=["person"])
    except IntegrityError as error:
        raise Refused(Code.CLAIM_ANSWERED_ALREADY) from error
