"""Makes people known, and one person of what turns out to be one."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from participation.models import Ballot, Person, VotingCode
from participation.queries import voting as queries
from participation.rules.electorate import Channel
from participation.rules.wording import cleaned


def known_person(*, email: str, language: str) -> Person:
    """Find or make the person with this mail address.

    Locks    none; two requests at once meet in the unique address, and the second finds the first's row.
    """
    person, _created = Person.objects.get_or_create(email=email, defaults={"language": language})
    return person


def rename(person: Person, *, public_name: str) -> None:
    """Change the name others see."""
    person.public_name = cleaned(public_name)[:60]
    person.save(update_fields=["public_name"])


@transaction.atomic
def move_to(*, of: Person, to: Person, by: Person | None) -> None:
    """Give the ballots and codes of a person without a mail address to their account, and forget that person.

    Where both have a ballot in a vote that runs, the one cast last becomes the account's and the other is withdrawn
    (under ``by`` where staff does it), so that it stays one ballot a person.

    Locks    the person that goes (no cast can begin for it meanwhile) and its ballots.
    """
    Person.objects.select_for_update().get(pk=of.pk)
    for ballot in Ballot.objects.select_for_update().filter(person=of).select_related("phase"):
        theirs = Ballot.objects.select_for_update().filter(phase=ballot.phase_id, person=to).first()
        if theirs is None:
            _give(ballot, to)
        elif _last_cast(theirs) >= _last_cast(ballot):
            _withdraw(ballot, of, by)
        elif _withdraw(theirs, to, by):
            _give(theirs, None)
            _give(ballot, to)
    for code in VotingCode.objects.filter(person=of):
        if not VotingCode.objects.filter(phase=code.phase_id, person=to).exists():
            code.person = to
            code.save(update_fields=["person"])
    of.delete()


def _last_cast(ballot: Ballot) -> datetime:
    return ballot.casts.order_by("-seq").values_list("recorded_at", flat=True)[0]


def _withdraw(ballot: Ballot, person: Person, by: Person | None) -> bool:
    """Take a ballot back; False where the vote is over and it stays as it was counted."""
    answer = queries.cast(
        phase_id=ballot.phase_id,
        person_id=person.pk,
        choices=[],
        nonce=uuid4(),
        channel=Channel.PAPER if by else Channel.WEB,
        clerk_id=by.pk if by else None,
    )
    return answer is not None and answer.seq is not None


def _give(ballot: Ballot, person: Person | None) -> None:
    ballot.person = person
    ballot.save(update_fields=["person"])
