"""Which contribution a link belongs to."""

from participation.models import Claim, Organisation
from participation.rules.links import digest_of


def claim_of(organisation: Organisation, token: str) -> Claim | None:
    """Find what was written without an account, by the secret of its link."""
    return (
        Claim.objects.filter(digest=digest_of(token), proposal__project__organisation=organisation)
        .select_related("proposal__project")
        .first()
    )
