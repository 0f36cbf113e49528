"""Makes identities that a provider vouches for those of people here, and residents of those who live in the town."""

from collections.abc import Iterable
from datetime import date, datetime

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction

from participation.models import Membership, Organisation, Person
from participation.rules.claims import Claims, lives_in, plain_code
from participation.rules.electorate import VerifiedBy, check_born_on
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import bounded
from participation.selectors.electorate import person_by_mail
from participation.selectors.roles import may_in_town
from participation.services.people import known_person
from participation.services.records import record_act
from participation.services.roll import mail_or_refused, note_verified, roll_key

CODES_MAX, CODE_MAX = 100, 20


@transaction.atomic
def take_identity(
    *,
    organisation: Organisation,
    provider: str,
    uid: str,
    claims: Claims,
    signed_in: Person | None,
    language: str,
    now: datetime,
    today: date,
) -> tuple[SocialAccount, bool]:
    """Find or make whose identity this is, and verify them: the account, and whether they are a resident.

    Refuses  what account_of_identity and verify_by_claims refuse; then nothing of it stays.
    """
    account = account_of_identity(provider=provider, uid=uid, claims=claims, signed_in=signed_in, language=language)
    person = account.user
    is_resident = verify_by_claims(organisation=organisation, person=person, claims=claims, now=now, today=today)
    return account, is_resident


def account_of_identity(
    *, provider: str, uid: str, claims: Claims, signed_in: Person | None, language: str
) -> SocialAccount:
    """Find whose identity this is; a new one becomes theirs who are signed in, else of a new person.

    An account that is there already is never entered by a mail address alone: its owner signs in first, with a code.

    Locks    none: the unique identity decides between two requests at once.
    Refuses  identity.of_another, identity.no_mail, identity.mail_known.
    """
    known = SocialAccount.objects.filter(provider=provider, uid=uid).select_related("user").first()
    if known is not None:
        if signed_in is not None and known.user_id != signed_in.pk:
            raise Refused(Code.IDENTITY_OF_ANOTHER)
        return known
    person = signed_in
    if person is None:
        if not claims.email:
            raise Refused(Code.IDENTITY_NO_MAIL)
        email = mail_or_refused(claims.email)
        if person_by_mail(email) is not None:
            raise Refused(Code.IDENTITY_MAIL_KNOWN)
        person = known_person(email=email, language=language)
    elif SocialAccount.objects.filter(provider=provider, user=person).exists():
        raise Refused(Code.IDENTITY_OF_ANOTHER)
    try:
        with transaction.atomic():
            # Nothing of what was said is kept: whose identity it is, is all.
            return SocialAccount.objects.create(user=person, provider=provider, uid=uid, extra_data={})
    except IntegrityError as error:
        raise Refused(Code.IDENTITY_OF_ANOTHER) from error


def verify_by_claims(*, organisation: Organisation, person: Person, claims: Claims, now: datetime, today: date) -> bool:
    """Note that somebody is a resident when their provider says so; False where it says they live elsewhere.

    Whoever voted on paper under this name becomes one with the account. Somebody verified already stays as they were.

    Refuses  roll.known: somebody else of this name and day of birth is verified.
    """
    member = Membership.objects.select_for_update().filter(organisation=organisation, person=person).first()
    if member is not None and member.verified_at is not None:
        return True
    if not lives_in(claims, organisation.resident_codes):
        return False
    born_on = key = None
    if claims.name and claims.born_on is not None:
        born_on = check_born_on(claims.born_on, today)
        key = roll_key(organisation, claims.name, born_on)
    note_verified(
        organisation=organisation, person=person, how=VerifiedBy.OIDC, by=person, now=now, born_on=born_on, key=key
    )  # fmt: skip
    return True


@transaction.atomic
def set_resident_codes(*, organisation: Organisation, codes: Iterable[str], by: Person) -> list[str]:
    """Set which postcodes or codes of municipalities make somebody a resident, for identities to come.

    Refuses  person.not_staff, body.too_long for one of them, setup.too_many.
    """
    if not may_in_town(organisation, by, DeskAct.ELECTORATE):
        raise Refused(Code.NOT_STAFF)
    found = sorted({bounded(code, CODE_MAX) for text in codes if (code := plain_code(text))})
    if len(found) > CODES_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": CODES_MAX})
    organisation.resident_codes = found
    organisation.save(update_fields=["resident_codes"])
    record_act(organisation=organisation, by=by, act="residents.codes_set", subject=", ".join(found))
    return found
