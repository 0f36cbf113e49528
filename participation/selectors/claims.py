"""Which contribution a link belongs to."""

from django.db.models import Q

from participation.models import Claim, Organisation
from participation.rules.links import digest_of

ABOUT = ("proposal__project", "sheet__project", "sheet__version", "comment__proposal__project")


def claim_of(organisation: Organisation, token: str) -> Claim | None:
    """Find what was written without an account, by the secret of its link."""
    here = (
        Q(proposal__project__organisation=organisation)
        | Q(sheet__project__organisation=organisation)
        | Q(comment__proposal__project__organisation=organisation)
    )
    return Claim.objects.filter(here, digest=digest_of(token)).select_related(*ABOUT).first()
