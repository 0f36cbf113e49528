"""Decides about places, publishes the decisions with an answer to everyone concerned, and follows what is built."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from participation import public
from participation.models import Person, Project
from participation.rules.refusals import Code, Refused
from participation.rules.wording import REASON_MAX, bounded, line
from siting.models import Candidate, Decision, RollOut
from siting.rules.links import web_address
from siting.selectors.candidates import proposals_behind
from siting.selectors.decisions import unpublished

ROLL_OUT_NOTE_MAX = 300
# Of several decisions about one proposal the best one is its answer.
_BEST_FIRST = [Decision.Outcome.BUILD, Decision.Outcome.LATER, Decision.Outcome.NOT]


@dataclass(frozen=True, slots=True)
class About:
    """What is decided about: candidates and proposals, by number."""

    candidates: Collection[int] = ()
    proposals: Collection[int] = ()


@transaction.atomic
def decide(
    *,
    project: Project,
    about: About,
    outcome: str,
    reason: Mapping[str, str],
    council_link: str,
    by: Person,
    now: datetime,
) -> int:
    """Decide the same about all of these, with a reason; nobody sees it before it is published. How many.

    A decision that was not published yet is overwritten; a published one stays, and this one will count instead.

    Locks    the project's row.
    Refuses  decision.nothing_chosen, reason.missing, body.too_long, link.bad, candidate.not_found,
             proposal.not_found.
    """
    link = web_address(council_link)
    texts = {language: text for language, given in reason.items() if (text := bounded(given, REASON_MAX))}
    if not texts or outcome not in Decision.Outcome.values:
        raise Refused(Code.REASON_MISSING)
    if not about.candidates and not about.proposals:
        raise Refused(Code.DECISION_NOTHING_CHOSEN)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    candidates = dict(
        Candidate.objects.filter(project=project, number__in=about.candidates).values_list("number", "pk")
    )
    proposals = dict(public.proposals_by_number(project, about.proposals).values_list("number", "pk"))
    for number in about.candidates:
        if number not in candidates:
            raise Refused(Code.CANDIDATE_NOT_FOUND, {"number": number})
    for number in about.proposals:
        if number not in proposals:
            raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    waiting = Decision.objects.filter(project=project, published_at__isnull=True)
    waiting.filter(candidate__in=candidates.values()).delete()
    waiting.filter(proposal__in=proposals.values()).delete()
    keys: list[tuple[int | None, int | None]] = [
        *((pk, None) for pk in candidates.values()),
        *((None, pk) for pk in proposals.values()),
    ]
    Decision.objects.bulk_create(
        Decision(
            project=project,
            candidate_id=candidate,
            proposal_id=proposal,
            outcome=outcome,
            reason=texts,
            council_link=link,
            decided_by=by,
            decided_at=now,
        )
        for candidate, proposal in keys
    )
    detail: dict[str, object] = {"candidates": sorted(candidates), "proposals": sorted(proposals), "outcome": outcome}
    _record(project, by, "decision.taken", f"{len(keys)}", detail)
    return len(keys)


@transaction.atomic
def withdraw_decision(*, project: Project, pk: int, by: Person) -> None:
    """Take back a decision that nobody saw yet.

    Locks    the project's row, as publishing does.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    n, _by_kind = Decision.objects.filter(project=project, pk=pk, published_at__isnull=True).delete()
    if n:
        _record(project, by, "decision.withdrawn", f"{pk}", {})


@transaction.atomic
def publish_decisions(*, project: Project, by: Person, base_url: str, now: datetime) -> tuple[int, int]:
    """Publish every decision that waits: all answers are written, and all mails on their way, or nothing at all.

    How many decisions, and how many proposals got their answer.

    Locks    the project's row: two publications at once do not answer twice.
    Refuses  decision.nothing_to_publish.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    decisions = list(unpublished(project))
    if not decisions:
        raise Refused(Code.DECISION_NOTHING_TO_PUBLISH)
    Decision.objects.filter(pk__in=[decision.pk for decision in decisions]).update(published_at=now)
    RollOut.objects.bulk_create(
        RollOut(decision=each, state=RollOut.State.PLANNED, on=now.date(), recorded_by=by, recorded_at=now)
        for each in decisions
        if each.outcome == Decision.Outcome.BUILD
    )
    answers = _answers(decisions)
    if answers:
        public.publish_answers(project=project, answers=answers, by=by, base_url=base_url, now=now)
    _record(project, by, "decision.published", f"{len(decisions)}", {"n_answers": len(answers)})
    return len(decisions), len(answers)


@transaction.atomic
def roll_out(
    *,
    project: Project,
    decision: Decision,
    state: str,
    on: date,
    note: str,
    tell: Mapping[str, str] | None,
    by: Person,
    base_url: str,
    now: datetime,
) -> RollOut:
    """Say how far a place has come; with ``tell``, a text {language: text}, everyone concerned hears it.

    Locks    the project's row.
    Refuses  decision.not_to_build, body.too_long.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if decision.published_at is None or decision.outcome != Decision.Outcome.BUILD or state not in RollOut.State.values:
        raise Refused(Code.DECISION_NOT_TO_BUILD)
    note = line(note, ROLL_OUT_NOTE_MAX)
    row = RollOut.objects.create(decision=decision, state=state, on=on, note=note, recorded_by=by, recorded_at=now)
    if tell:
        outcome = Decision.Outcome.NOT if state == RollOut.State.GONE else Decision.Outcome.BUILD
        answers = [
            public.Answer(number, outcome, {language: f"{text} {note}".strip() for language, text in tell.items()})
            for number in _numbers([decision])[decision.pk]
        ]
        if answers:
            public.publish_answers(project=project, answers=answers, by=by, base_url=base_url, now=now)
    _record(project, by, "decision.rolled_out", f"{decision.pk}", {"state": state, "on": on.isoformat()})
    return row


def _numbers(decisions: Collection[Decision]) -> dict[int, list[int]]:
    """The public proposals that each decision (by its key) answers."""
    behind = proposals_behind([each.candidate for each in decisions if each.candidate is not None])
    return {
        each.pk: [each.proposal.number] if each.proposal else behind.get(each.candidate_id or 0, [])
        for each in decisions
    }


def _answers(decisions: Collection[Decision]) -> list[public.Answer]:
    """One answer a proposal: its own decision before that of a candidate it is part of, then the best one."""
    numbers = _numbers(decisions)
    ranked = sorted(
        decisions,
        key=lambda each: (each.proposal_id is None, _BEST_FIRST.index(Decision.Outcome(each.outcome)), each.pk),
    )
    found: dict[int, public.Answer] = {}
    for decision in ranked:
        for number in numbers[decision.pk]:
            found.setdefault(number, public.Answer(number, decision.outcome, decision.reason, decision.council_link))
    return [found[number] for number in sorted(found)]


def _record(project: Project, by: Person, act: str, subject: str, detail: dict[str, object]) -> None:
    public.record_act(
        organisation=project.organisation, project=project, by=by, act=act, subject=subject, detail=detail
    )
