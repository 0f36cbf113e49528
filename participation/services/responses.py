"""Answers proposals: the text is public at once, and the mails to everyone concerned are on their way with it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from participation.models import Person, Project, Proposal, Record, Response
from participation.rules.refusals import Code, Refused
from participation.selectors.follows import people_to_tell

# The worker's half is participation/tasks.py, which stands above services: it is called by its name.
MAIL_TASK = "participation.tasks.mail_answers"
# People told by one job: small enough that a broken mail server repeats little.
PEOPLE_A_JOB = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What the town answers on one proposal (by its number), text as {language: text}."""

    number: int
    outcome: str
    text: Mapping[str, str]
    link: str = ""


@transaction.atomic
def publish_answers(
    *, project: Project, answers: Sequence[Answer], by: Person, base_url: str, now: datetime
) -> list[Response]:
    """Write all answers, and have everyone who follows one of these told by mail.

    ``base_url`` is the address of the site that links in mails begin with.

    Locks    the project's row: two publications follow each other.
    Refuses  proposal.not_found for a number that is not in the project.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    numbers = {answer.number for answer in answers}
    found = dict(Proposal.objects.filter(project=project, number__in=numbers).values_list("number", "pk"))
    for answer in answers:
        if answer.number not in found:
            raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": answer.number})
    responses = Response.objects.bulk_create(
        Response(
            proposal_id=found[answer.number],
            outcome=answer.outcome,
            text=dict(answer.text),
            link=answer.link,
            published_by=by,
            published_at=now,
        )
        for answer in answers
    )
    last = {found[answer.number]: answer.outcome for answer in answers}
    for outcome in set(last.values()):
        answered = [pk for pk, said in last.items() if said == outcome]
        Proposal.objects.filter(pk__in=answered).update(last_outcome=outcome)
    Record.objects.create(
        organisation=project.organisation,
        project=project,
        person=by,
        act="answers.published",
        subject=f"{len(answers)}",
        detail={"numbers": sorted(numbers)},
    )
    _have_mailed([response.pk for response in responses], set(found.values()), base_url)
    return responses


def _have_mailed(responses: Sequence[int], proposals: Collection[int], base_url: str) -> None:
    """Enqueue the mails, each person in one job, in the transaction that makes them necessary."""
    people = people_to_tell(proposals)
    jobs: list[dict[str, Any]] = [
        {"people": people[at : at + PEOPLE_A_JOB], "responses": list(responses), "base_url": base_url}
        for at in range(0, len(people), PEOPLE_A_JOB)
    ]
    if jobs:
        app.configure_task(MAIL_TASK).batch_defer(*jobs)
