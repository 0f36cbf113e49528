"""Which tokens there are, and whose a token is."""

from datetime import datetime

from django.db.models import QuerySet

from participation.models import Organisation, Person, Token
from participation.rules.roles import DeskAct
from participation.rules.tokens import digest_of_token, looks_like_token
from participation.selectors.roles import may_in_town


def living_tokens(organisation: Organisation, now: datetime) -> QuerySet[Token]:
    """Which tokens of this town can be used now?"""
    return Token.objects.filter(
        organisation=organisation, revoked_at=None, expires_at__gt=now, person__is_active=True
    ).select_related("person")


def token_called(organisation: Organisation, secret: str, now: datetime) -> Token | None:
    """Whose token is this, in this town? None for one of another town, one that ran out or was withdrawn."""
    if not looks_like_token(secret):
        return None
    return living_tokens(organisation, now).filter(digest=digest_of_token(secret)).first()


def tokens_at_the_desk(organisation: Organisation, person: Person, now: datetime) -> QuerySet[Token]:
    """Which tokens may this person look after: their own, and everybody's for who may withdraw them all?"""
    rows = living_tokens(organisation, now)
    return rows if may_in_town(organisation, person, DeskAct.TOKENS) else rows.filter(person=person)
