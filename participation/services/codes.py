"""Makes the codes of letters, withdraws lost ones, and binds a code to whoever holds its letter.

A letter is good for one vote, or it shows once that somebody lives in the town; never both.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import get_language

from participation.models import CodeBatch, CodeTry, Organisation, Person, Phase, VotingCode
from participation.queries.pace import take_turns
from participation.rules.electorate import (
    CODES_MAX,
    Eligibility,
    VerifiedBy,
    as_typed,
    digest_of,
    new_code,
    opens,
    split,
)
from participation.rules.refusals import Code, Refused
from participation.rules.text import in_language
from participation.selectors.access import is_verified
from participation.selectors.electorate import codes_found, codes_of, locators_of, prints_of
from participation.services.people import move_to
from participation.services.records import record_act
from participation.services.roll import note_verified

BATCH = 1000
SALT_BYTES = 16
# Wrong codes in a minute: enough for anybody who misreads a letter, and for a library full of people behind one
# address; 60 bits are out of reach at any such pace.
TRIES_SECONDS = 60
TRIES_OF_A_SESSION = 5
TRIES_OF_AN_ADDRESS = 30


@dataclass(frozen=True, slots=True)
class Printed:
    """A batch with its codes in full, which are kept nowhere else."""

    batch: CodeBatch
    codes: list[str]


def check_by_letter(phase: Phase, now: datetime) -> None:
    """Say whether codes of letters have a use in this vote.

    Refuses  code.not_asked, vote.closed.
    """
    if phase.eligibility != Eligibility.CODE:
        raise Refused(Code.CODE_NOT_ASKED)
    over = phase.closed_at or (phase.closes_at if phase.closes_at and phase.closes_at <= now else None)
    if over:
        raise Refused(Code.VOTE_CLOSED, {"closed_at": over})


@transaction.atomic
def make_codes(*, phase: Phase, n: int, by: Person, now: datetime) -> Printed:
    """Make codes for as many letters.

    Locks    the phase's row, so that two prints at once draw no locator twice.
    Refuses  code.not_asked, vote.closed, code.bad_number.
    Cost     20,000 codes in about two seconds.
    """
    check_by_letter(phase, now)
    _check_number(n)
    Phase.objects.select_for_update(no_key=True).get(pk=phase.pk)
    return _printed(CodeBatch(phase=phase, made_by=by, made_at=now, n_codes=n), locators_of(phase), by)


@transaction.atomic
def make_resident_codes(*, organisation: Organisation, n: int, by: Person, now: datetime) -> Printed:
    """Make codes for as many letters that show that somebody lives in the town.

    Locks    the organisation's row, so that two prints at once draw no locator twice.
    Refuses  code.bad_number.
    """
    _check_number(n)
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    batch = CodeBatch(organisation=organisation, made_by=by, made_at=now, n_codes=n)
    return _printed(batch, locators_of(organisation), by)


def _check_number(n: int) -> None:
    if not 1 <= n <= CODES_MAX:
        raise Refused(Code.CODE_BAD_NUMBER, {"max": CODES_MAX})


def _printed(batch: CodeBatch, taken: set[str], by: Person) -> Printed:
    """Draw the codes of a batch, none with a locator that is taken, and keep both."""
    codes: list[str] = []
    while len(codes) < batch.n_codes:
        code = new_code()
        locator, _secret = split(code)
        if locator not in taken:
            taken.add(locator)
            codes.append(code)
    batch.save()
    rows = []
    for locator, secret in map(split, codes):
        salt = secrets.token_bytes(SALT_BYTES)
        rows.append(
            VotingCode(
                batch=batch, phase=batch.phase, organisation=batch.organisation, locator=locator, salt=salt,
                digest=digest_of(secret, salt),
            )
        )  # fmt: skip
    VotingCode.objects.bulk_create(rows, batch_size=BATCH)
    _record(batch, by, "made", batch.n_codes)
    return Printed(batch, codes)


@transaction.atomic
def withdraw_batch(*, of: Phase | Organisation, batch_id: int, by: Person, now: datetime) -> int:
    """Withdraw a lost print of a vote, or of a town's letters; gives back how many codes it was that nobody used.

    Locks    the batch's row.
    Refuses  code.none_left.
    """
    batch = prints_of(of).select_for_update(of=("self",)).filter(pk=batch_id).first()
    left = batch.codes.filter(used_at=None).count() if batch and batch.withdrawn_at is None else 0
    if batch is None or not left:
        raise Refused(Code.CODE_NONE_LEFT)
    batch.withdrawn_at = now
    batch.save(update_fields=["withdrawn_at"])
    _record(batch, by, "withdrawn", left)
    return left


def _record(batch: CodeBatch, by: Person, done: str, n: int) -> None:
    detail = {"batch": batch.pk, "n": n}
    if batch.phase is not None:
        project, subject = batch.phase.project, f"phase {batch.phase_id}"
        record_act(
            organisation=project.organisation, project=project, by=by, act=f"codes.{done}", subject=subject,
            detail=detail,
        )  # fmt: skip
    elif batch.organisation is not None:
        act = f"resident_codes.{done}"
        record_act(organisation=batch.organisation, by=by, act=act, subject="residents", detail=detail)


def code_called(of: Phase | Organisation, text: str) -> VotingCode:
    """Find the code that somebody typed, among those of a vote or those that verify the residents of a town.

    Refuses  code.unknown, code.other_vote, code.for_resident.
    """
    locator, secret = split(as_typed(text))
    town = of.project.organisation if isinstance(of, Phase) else of
    rows = [row for row in codes_found(town, locator) if secret and opens(secret, bytes(row.salt), bytes(row.digest))]
    if not rows:
        raise Refused(Code.CODE_UNKNOWN)
    phase_id = of.pk if isinstance(of, Phase) else None
    mine = next((row for row in rows if row.phase_id == phase_id), None)
    if mine is None and rows[0].phase is not None:
        title = rows[0].phase.project.title
        raise Refused(Code.CODE_OTHER_VOTE, {"project": in_language(title, get_language() or "nl")})
    if mine is None:
        raise Refused(Code.CODE_FOR_RESIDENT)
    return mine


def bind(code: VotingCode, person: Person) -> None:
    """Give a code that nobody used to a person; of two at once one wins.

    Refuses  code.withdrawn, code.used, code.one_each.
    """
    if code.batch.withdrawn_at is not None:
        raise Refused(Code.CODE_WITHDRAWN)
    try:
        with transaction.atomic():
            # Whoever comes second waits for the row, and then finds it used.
            taken = VotingCode.objects.filter(pk=code.pk, used_at=None).update(person=person, used_at=Now())
    except IntegrityError as error:
        raise Refused(Code.CODE_ONE_EACH) from error
    if not taken:
        raise Refused(Code.CODE_USED)


@transaction.atomic
def redeem_code(*, phase: Phase, text: str, person: Person | None, held: Person | None, now: datetime) -> Person:
    """Use the code of a letter in a vote: for who is signed in, else for a person without a mail address, made here.

    ``held`` is whoever voted by letter in this browser before; signed in by now, their ballot goes to the account.

    Refuses  code.not_asked, vote.closed, code.unknown, code.other_vote, code.for_resident, code.withdrawn, code.used,
             code.one_each.
    """
    check_by_letter(phase, now)
    code = code_called(phase, text)
    if code.used_at is None:
        voter = person or Person.objects.create_without_mail()
        bind(code, voter)
        return voter
    if code.person is not None and code.person == (person or held):
        return code.person
    if code.person is not None and code.person == held and person is not None:
        if codes_of(phase, person).exists():
            raise Refused(Code.CODE_ONE_EACH)
        move_to(of=held, to=person, by=None)
        return person
    raise Refused(Code.CODE_USED)


@transaction.atomic
def redeem_resident_code(*, organisation: Organisation, text: str, person: Person, now: datetime) -> None:
    """Verify somebody by the letter that the town sent to where they live.

    Somebody verified already keeps their letter, for whoever else lives there; the same person once more is no mistake.

    Locks    the person's row, so that two letters at once are not both used up; bind's of the code.
    Refuses  access.no_mail, roll.verified_already, code.unknown, code.other_vote, code.withdrawn, code.used.
    """
    if person.email is None:
        raise Refused(Code.ACCESS_NO_MAIL)
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    code = code_called(organisation, text)
    if is_verified(organisation, person):
        if code.person_id == person.pk:
            return
        raise Refused(Code.ROLL_VERIFIED_ALREADY)
    bind(code, person)
    note_verified(organisation=organisation, person=person, how=VerifiedBy.LETTER, by=person, now=now)


@transaction.atomic
def count_try(sources: dict[str, int]) -> list[int]:
    """Note a try of a code under each source (hash -> how many a minute may hold); gives back what to forget if good.

    Locks    one a source, until the try is kept: of any number of tries at once no more than allowed get on.
    Refuses  code.too_many_tries.
    """
    take_turns(sources)
    CodeTry.objects.filter(at__lt=Now() - timedelta(seconds=TRIES_SECONDS)).delete()
    for source, most in sources.items():
        if CodeTry.objects.filter(source=source).count() >= most:
            raise Refused(Code.CODE_TOO_MANY_TRIES, {"seconds": TRIES_SECONDS})
    return [CodeTry.objects.create(source=source).pk for source in sources]


def forget_tries(keys: list[int]) -> None:
    """Forget tries that turned out to be good codes."""
    CodeTry.objects.filter(pk__in=keys).delete()
