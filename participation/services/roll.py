"""Keeps the roll of verified residents: of a name nothing but a keyed hash."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from participation.models import Ballot, Membership, Organisation, Person
from participation.rules.electorate import VerifiedBy, check_born_on, roll_text
from participation.rules.refusals import Code, Refused
from participation.rules.roles import Role
from participation.selectors.electorate import member_by_roll_key, member_of, person_by_mail
from participation.services.people import known_person, move_to
from participation.services.records import record_act


def roll_key(organisation: Organisation, name: str, born_on: date) -> bytes:
    """Hash name and day of birth, keyed by the installation's secret and the town.

    Refuses  roll.name_missing.
    """
    text = roll_text(name, born_on)
    return salted_hmac(f"participation.roll.{organisation.pk}", text, algorithm="sha256").digest()


def mail_or_refused(text: str) -> str:
    """Read a mail address.

    Refuses  roll.bad_mail.
    """
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refused(Code.ROLL_BAD_MAIL, {"text": text.strip()[:80]}) from error
    return email


def resident_called(*, organisation: Organisation, name: str, born_on: date | None, today: date) -> Person:
    """Find the person with this name and day of birth, or make one without a mail address.

    Refuses  roll.name_missing, roll.bad_date.
    """
    day = check_born_on(born_on, today)
    key = roll_key(organisation, name, day)
    found = member_by_roll_key(organisation, key)
    if found is None:
        try:
            with transaction.atomic():
                person = Person.objects.create_without_mail()
                found = Membership.objects.create(
                    organisation=organisation, person=person, role=Role.RESIDENT, born_on=day, roll_key=key
                )
        except IntegrityError:
            # Somebody else typed the same name at the same moment.
            found = member_by_roll_key(organisation, key)
            if found is None:
                raise
    return found.person


@transaction.atomic
def verify_resident(
    *,
    organisation: Organisation,
    email: str,
    name: str,
    born_on: date | None,
    language: str,
    by: Person,
    now: datetime,
    today: date,
) -> Person:
    """Note that the town knows this person as a resident; without a mail address they can vote on paper.

    Somebody who voted on paper under this name becomes one with the account.

    Refuses  roll.name_missing, roll.bad_date, roll.bad_mail, roll.known.
    """
    day = check_born_on(born_on, today)
    key = roll_key(organisation, name, day)
    if email.strip():
        person = known_person(email=mail_or_refused(email), language=language)
    else:
        known = member_by_roll_key(organisation, key)
        if known is not None and known.verified_at is not None:
            raise Refused(Code.ROLL_KNOWN)
        person = known.person if known else Person.objects.create_without_mail()
    note_verified(
        organisation=organisation, person=person, how=VerifiedBy.STAFF, by=by, now=now, born_on=day, key=key
    )  # fmt: skip
    return person


@transaction.atomic
def note_verified(
    *,
    organisation: Organisation,
    person: Person,
    how: VerifiedBy,
    by: Person,
    now: datetime,
    born_on: date | None = None,
    key: bytes | None = None,
) -> None:
    """Note that the town knows this person as a resident, and how: the one place where that is written.

    Where day of birth and roll key are told, whoever voted on paper under this name becomes one with the account.

    Refuses  roll.known: somebody else of this name and day of birth has an account.
    """
    facts: dict[str, object] = {"verified_at": now, "verified_by": how}
    before: Person | None = None
    if key is not None:
        facts |= {"born_on": born_on, "roll_key": key}
        known = member_by_roll_key(organisation, key)
        if known is not None and known.person_id != person.pk:
            if known.person.email is not None:
                raise Refused(Code.ROLL_KNOWN)
            before = known.person
            known.delete()
    try:
        with transaction.atomic():
            Membership.objects.update_or_create(
                organisation=organisation,
                person=person,
                defaults=facts,
                create_defaults=facts | {"role": Role.RESIDENT},
            )
    except IntegrityError as error:
        raise Refused(Code.ROLL_KNOWN) from error
    if before is not None:
        # Last: the account may cast by now what it takes over. Who verified themselves is no clerk.
        move_to(of=before, to=person, by=by if how is VerifiedBy.STAFF else None)
    _record(organisation, person, by, "resident.verified", how=how.value)


@transaction.atomic
def unverify_resident(*, organisation: Organisation, email: str, by: Person) -> None:
    """Take back that somebody is verified. The ballot they cast stays.

    While a vote runs in which they have a ballot, the hash of their name is kept, so that nobody votes twice by being
    verified under another mail address.

    Refuses  roll.bad_mail, roll.not_verified.
    """
    person = person_by_mail(mail_or_refused(email))
    member = member_of(organisation, person) if person else None
    if member is None or member.verified_at is None:
        raise Refused(Code.ROLL_NOT_VERIFIED)
    member.verified_at, member.verified_by = None, ""
    votes_now = Ballot.objects.filter(
        person=member.person, phase__project__organisation=organisation, phase__closed_at=None
    )
    if not votes_now.exists():
        member.born_on, member.roll_key = None, None
    member.save(update_fields=["verified_at", "verified_by", "born_on", "roll_key"])
    _record(organisation, member.person, by, "resident.unverified")


def _record(organisation: Organisation, person: Person, by: Person, act: str, **detail: object) -> None:
    record_act(organisation=organisation, by=by, act=act, subject=f"person {person.pk}", detail=detail)
