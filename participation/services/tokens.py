"""Makes tokens for programs, knows them again, withdraws them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from participation.models import Organisation, Person, Record, Token
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import LIVES_DAYS, MOST_EACH, NAME_MAX, SHOWN, Scope, digest_of_token, new_token
from participation.rules.wording import bounded
from participation.selectors.roles import may_in_town, roles_in
from participation.selectors.tokens import living_tokens

# The desk shows when a token was last used; to the minute is enough, and not every tile then writes a row.
USED_SECONDS = 60


@transaction.atomic
def make_token(
    *, organisation: Organisation, by: Person, name: str, scopes: Collection[str], days: int, now: datetime
) -> tuple[Token, str]:
    """Make a token for somebody of the desk; gives back the row, and the token itself this one time.

    Locks    the person's row, so that two forms at once do not make one too many.
    Refuses  person.not_staff, body.too_long, token.name_missing, token.no_scope, token.bad_time, token.too_many.
    """
    if not roles_in(organisation, by).may_somewhere(DeskAct.SEE):
        raise Refused(Code.NOT_STAFF)
    name = bounded(name, NAME_MAX)
    if not name:
        raise Refused(Code.TOKEN_NAME_MISSING)
    asked = [scope for scope in Scope if scope.value in scopes]
    if not asked:
        raise Refused(Code.TOKEN_NO_SCOPE)
    if days not in LIVES_DAYS:
        raise Refused(Code.TOKEN_BAD_TIME)
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)
    if living_tokens(organisation, now).filter(person=by).count() >= MOST_EACH:
        raise Refused(Code.TOKEN_TOO_MANY, {"most": MOST_EACH})
    secret = new_token()
    token = Token.objects.create(
        organisation=organisation,
        person=by,
        name=name,
        scopes=asked,
        start=secret[:SHOWN],
        digest=digest_of_token(secret),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    _record(token, by, "token.made")
    return token, secret


def note_use(token: Token, now: datetime) -> None:
    """Write down that a token was used, once a minute at most."""
    if token.last_used_at is None or token.last_used_at < now - timedelta(seconds=USED_SECONDS):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


@transaction.atomic
def revoke_token(*, organisation: Organisation, key: int, by: Person, now: datetime) -> Token:
    """Withdraw a token: one's own, or anybody's for who may do that.

    Locks    the token's row.
    Refuses  token.not_found.
    """
    rows = Token.objects.select_for_update(of=("self",)).filter(organisation=organisation, pk=key, revoked_at=None)
    if not may_in_town(organisation, by, DeskAct.TOKENS):
        rows = rows.filter(person=by)
    token = rows.first()
    if token is None:
        raise Refused(Code.TOKEN_NOT_FOUND)
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    _record(token, by, "token.revoked")
    return token


def _record(token: Token, by: Person, act: str) -> None:
    Record.objects.create(
        organisation=token.organisation, person=by, act=act, subject=token.name, detail={"scopes": token.scopes}
    )
