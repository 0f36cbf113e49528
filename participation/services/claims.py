"""Takes in what comes without an account, and makes it theirs who wrote it."""

from datetime import datetime

from django.db import transaction

from participation.models import Claim, Organisation, Person, Project, Proposal
from participation.rules.links import digest_of, new_token
from participation.rules.places import Given
from participation.rules.refusals import Code, Refused
from participation.selectors.claims import claim_of
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

    The secret is handed out here and nowhere again: only its hash is kept. None as in send_draft.

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
    secret = new_token()
    Claim.objects.create(proposal=proposal, digest=digest_of(secret), made_at=now)
    return proposal, secret


@transaction.atomic
def claim(*, organisation: Organisation, token: str, person: Person, now: datetime) -> Proposal:
    """Make a contribution that came without an account this person's; its link is used up by that.

    Locks    the claim's row: of two that claim at once one is refused.
    Refuses  claim.unknown, claim.used.
    """
    found = claim_of(organisation, token)
    if found is None:
        raise Refused(Code.CLAIM_UNKNOWN)
    found = Claim.objects.select_for_update(of=("self",)).select_related("proposal__project").get(pk=found.pk)
    if found.used_at is not None:
        raise Refused(Code.CLAIM_USED)
    found.used_at = now
    found.save(update_fields=["used_at"])
    found.proposal.author = person
    found.proposal.save(update_fields=["author"])
    return found.proposal
