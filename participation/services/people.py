"""Makes people known, and one person of what turns out to be one."""

from uuid import uuid4

from django.db import transaction
from django.db.models.functions import Now

from participation.models import Ballot, BallotCast, Person, Session, VotingCode
from participation.queries import voting as queries
from participation.rules.electorate import Channel
from participation.rules.wording import PUBLIC_NAME_MAX, bounded
from participation.selectors.projects import choices_cast, options
from participation.services.voting import close_phase


def known_person(*, email: str, language: str) -> Person:
    """Find or make the person with this mail address.

    Locks    none; two requests at once meet in the unique address, and the second finds the first's row.
    """
    person, _created = Person.objects.get_or_create(email=email, defaults={"language": language})
    return person


def forget_old_sessions() -> int:
    """Forget the sessions whose time is over: how many?"""
    return Session.objects.filter(expire_date__lt=Now()).delete()[0]


def rename(person: Person, *, public_name: str) -> None:
    """Change the name others see.

    Refuses  body.too_long.
    """
    person.public_name = bounded(public_name, PUBLIC_NAME_MAX)
    person.save(update_fields=["public_name"])


@transaction.atomic
def move_to(*, of: Person, to: Person, by: Person | None) -> None:
    """Give the ballots and codes of a person without a mail address to their account, and forget that person.

    A ballot in the box stays with its person: what it says is cast for the account, then it is withdrawn. Where the
    account voted later, only the withdrawal is left to do; so it is one ballot a person. A vote that was counted
    already stays as it was counted.

    Locks    the person that goes: no first ballot of theirs can begin meanwhile.
    """
    Person.objects.select_for_update().get(pk=of.pk)
    for code in VotingCode.objects.filter(person=of):
        if not VotingCode.objects.filter(phase=code.phase_id, person=to).exists():
            code.person = to
            code.save(update_fields=["person"])
    for ballot in Ballot.objects.filter(person=of, phase__closed_at=None).select_related("phase__project"):
        _move(ballot, of=of, to=to, by=by)
    of.delete()


def _move(ballot: Ballot, *, of: Person, to: Person, by: Person | None) -> None:
    last = ballot.casts.order_by("-seq")[0]
    theirs = BallotCast.objects.filter(ballot__phase=ballot.phase_id, ballot__person=to).order_by("-seq").first()
    on_ballot = set(options(ballot.phase.project).values_list("number", flat=True))
    choices = [choice for choice in choices_cast(ballot.phase, of) or [] if choice.number in on_ballot]
    if choices and (theirs is None or theirs.recorded_at < last.recorded_at):
        on_paper = last.channel == Channel.PAPER
        queries.cast(
            phase_id=ballot.phase_id,
            person_id=to.pk,
            choices=choices,
            nonce=uuid4(),
            channel=Channel.PAPER if on_paper else Channel.WEB,
            clerk_id=last.clerk_id,
            of_age=True,
        )
    answer = queries.cast(
        phase_id=ballot.phase_id,
        person_id=of.pk,
        choices=[],
        nonce=uuid4(),
        channel=Channel.PAPER if by else Channel.WEB,
        clerk_id=by.pk if by else None,
    )
    if answer is None or answer.seq is None:
        # Its time is over and nobody counted it yet: it counts as it lies there.
        close_phase(ballot.phase)
