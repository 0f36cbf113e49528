"""Casts ballots on paper that a clerk types in: the same ballot as on the site, whoever comes last counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app

from participation.models import Person, Phase, Record
from participation.rules.electorate import check_voter
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Choice, check_ballot
from participation.selectors.electorate import terms_of, voter_in
from participation.selectors.projects import ballot_rules, option_facts
from participation.services.codes import bind, check_by_letter, code_called
from participation.services.people import known_person
from participation.services.roll import mail_or_refused, resident_called
from participation.services.voting import Receipt, cast_ballot


@dataclass(frozen=True, slots=True)
class Who:
    """How the clerk says who voted: one of a mail address, the code of a letter, or a name and a day of birth."""

    email: str = ""
    code: str = ""
    name: str = ""
    born_on: date | None = None


def check_who(who: Who) -> None:
    """Say whether the clerk named somebody in one way.

    Refuses  paper.who_missing.
    """
    if sum((bool(who.email), bool(who.code), bool(who.name or who.born_on))) != 1:
        raise Refused(Code.PAPER_WHO_MISSING)


def _person(phase: Phase, who: Who, *, now: datetime, today: date) -> Person:
    check_who(who)
    organisation = phase.project.organisation
    if who.email:
        return known_person(email=mail_or_refused(who.email), language=organisation.languages[0])
    if who.name or who.born_on:
        return resident_called(organisation=organisation, name=who.name, born_on=who.born_on, today=today)
    check_by_letter(phase, now)
    code = code_called(phase, who.code)
    if code.person is not None:
        # Whoever voted with this letter on the site: it is the same ballot.
        return code.person
    voter = Person.objects.create_without_mail()
    bind(code, voter)
    return voter


@transaction.atomic
def cast_on_paper(
    *,
    phase: Phase,
    who: Who,
    choices: Sequence[Choice],
    nonce: UUID,
    of_age: bool,
    clerk: Person,
    ballot_url: str,
    now: datetime,
    today: date,
) -> Receipt:
    """Cast a ballot on paper under the clerk's name; whoever has a mail address is told.

    Refuses  paper.who_missing, roll.bad_mail, roll.name_missing, roll.bad_date, what services.codes.bind refuses,
             and what services.voting.cast_ballot refuses; then nobody was made known either.
    """
    person = _person(phase, who, now=now, today=today)
    receipt = cast_ballot(phase=phase, person=person, choices=choices, nonce=nonce, of_age=of_age, clerk=clerk)
    if receipt.replayed:
        return receipt
    project = phase.project
    Record.objects.create(
        organisation=project.organisation,
        project=project,
        person=clerk,
        act="ballot.on_paper",
        subject=f"phase {phase.pk}",
    )
    if person.email:
        # In this transaction: no ballot without its mail, and no mail without its ballot.
        app.configure_task("participation.tasks.tell_of_paper_ballot").defer(
            person=person.pk, phase=phase.pk, at=receipt.recorded_at.isoformat(), url=ballot_url
        )
    return receipt


def try_on_paper(
    *, phase: Phase, who: Who, choices: Sequence[Choice], of_age: bool, now: datetime, today: date
) -> None:
    """Say what is wrong with a ballot on paper before it is cast; whoever had to be made known for it is forgotten.

    Refuses  as cast_on_paper.
    """
    with transaction.atomic():
        person = _person(phase, who, now=now, today=today)
        check_voter(voter_in(phase, person), terms_of(phase), on_paper=True, of_age=of_age, today=today)
        check_ballot(choices, ballot_rules(phase), option_facts(phase.project_id, choices))
        transaction.set_rollback(True)
