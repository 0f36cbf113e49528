"""Casts ballots and closes votes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.timezone import localdate

from participation.models import Person, Phase, Project, Record, TallyRow
from participation.queries import voting as queries
from participation.rules.electorate import Channel, Terms, check_voter
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Choice, Rule, check_ballot
from participation.selectors.electorate import terms_of, voter_in
from participation.selectors.projects import ballot_rules, option_facts, options
from participation.services.tally import outcome_by, winners_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was cast: the choices in order, the how-many-th cast of this person, and when (database time)."""

    choices: tuple[Choice, ...]
    seq: int
    recorded_at: datetime
    replayed: bool

    @property
    def numbers(self) -> tuple[int, ...]:
        """The options chosen, in order."""
        return tuple(choice.number for choice in self.choices)


def cast_ballot(
    *,
    phase: Phase,
    person: Person,
    choices: Sequence[Choice],
    nonce: UUID,
    of_age: bool = False,
    clerk: Person | None = None,
) -> Receipt:
    """Cast a whole ballot; casting again replaces it, an empty one withdraws it, the same nonce changes nothing.

    ``of_age`` is what the voter declared; ``clerk`` who typed it in from paper.

    Locks    see participation.queries.voting.cast; the database's clock decides whether the vote is open.
    Refuses  what rules.voting.check_ballot and rules.electorate.check_voter refuse; vote.not_open,
             vote.opens_later, vote.closed, vote.option_gone.
    Cost     who may vote is decided within the statement that casts; only a refusal asks more.
    """
    rules = ballot_rules(phase)
    # Points, costs and limits a part are asked of the options only where the phase has such limits.
    check_ballot(choices, rules, option_facts(phase.project_id, choices) if rules.asks_options else {})
    try:
        answer = queries.cast(
            phase_id=phase.pk,
            person_id=person.pk,
            choices=choices,
            nonce=nonce,
            of_age=of_age,
            channel=Channel.PAPER if clerk else Channel.WEB,
            clerk_id=clerk.pk if clerk else None,
        )
    except IntegrityError:
        # A limit grew tighter since the phase was read; the tables held it, the rules say which.
        fresh = Phase.objects.get(pk=phase.pk)
        check_ballot(choices, ballot_rules(fresh), option_facts(fresh.project_id, choices))
        raise
    if answer is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    if answer.seq is not None and answer.recorded_at is not None:
        cast = tuple(map(Choice, answer.good, answer.values))
        return Receipt(cast, answer.seq, answer.recorded_at, answer.replayed)
    if not answer.has_opened:
        raise Refused(Code.VOTE_OPENS_LATER, {"opens_at": phase.opens_at})
    if not answer.is_open:
        raise Refused(Code.VOTE_CLOSED, {"closed_at": phase.closes_at})
    if not answer.may_vote:
        fresh = Phase.objects.select_related("project").get(pk=phase.pk)
        check_voter(
            voter_in(fresh, person),
            terms_of(fresh),
            on_paper=clerk is not None,
            of_age=of_age,
            today=localdate(queries.database_now()),
        )
    # The page was older than the rules it showed.
    check_ballot(choices, replace(rules, cap=answer.cap, floor=answer.floor), {})
    gone = {choice.number for choice in choices} - set(answer.good)
    raise Refused(Code.VOTE_OPTION_GONE, {"numbers": sorted(gone)})


def set_voters(*, phase: Phase, terms: Terms, n_eligible: int | None, by: Person) -> None:
    """Say who may vote, before anybody did.

    Locks    none of its own: the trigger phase_rules_frozen holds it against a first ballot under way.
    Refuses  vote.voters_frozen.
    """
    rules = {
        "eligibility": terms.eligibility,
        "min_age": terms.min_age,
        "takes_paper": terms.takes_paper,
        "n_eligible": n_eligible,
    }
    try:
        with transaction.atomic():
            Phase.objects.filter(pk=phase.pk).update(**rules)
            Record.objects.create(
                organisation=phase.project.organisation,
                project=phase.project,
                person=by,
                act="voters.set",
                subject=f"phase {phase.pk}",
                detail=rules,
            )
    except IntegrityError as error:
        raise Refused(Code.VOTE_VOTERS_FROZEN) from error


@transaction.atomic
def close_phase(phase: Phase) -> bool:
    """Close a vote whose time is over and write its tally; False when it is not time yet or was done before.

    Locks    pg_advisory_xact_lock(phase): waits for casts under way, holds off new ones; then the phase's row.
    Order    TallyRow.rank is the order of the phase's binding rule; ties by the draw of rules.voting.by_lot,
             seed "phase <id>".
    """
    queries.lock_phase(phase.pk)
    fresh = Phase.objects.select_for_update(no_key=True).select_related("project").get(pk=phase.pk)
    now = queries.database_now()
    if fresh.closed_at is not None or fresh.closes_at is None or now < fresh.closes_at:
        return False
    on_ballot = {option.number: option.pk for option in options(fresh.project)}
    outcome = outcome_by(fresh, Rule(fresh.rule))
    winners = winners_of(fresh, outcome, one_per_area=fresh.one_per_area)
    TallyRow.objects.bulk_create(
        TallyRow(
            phase=fresh,
            proposal_id=on_ballot[number],
            n_votes=outcome.scores[number],
            rank=rank,
            is_winner=number in winners,
        )
        for rank, number in enumerate(outcome.order, start=1)
    )
    Phase.objects.filter(pk=fresh.pk).update(closed_at=now)
    # The layers show votes from now on: what was cached before is stale.
    Project.objects.filter(pk=fresh.project_id).update(revision=F("revision") + 1)
    Record.objects.create(
        organisation=fresh.project.organisation,
        project=fresh.project,
        act="phase.closed",
        subject=f"phase {fresh.pk}",
    )
    return True


def close_due_votes() -> None:
    """Close every vote whose time is over, in all towns."""
    for phase in Phase.objects.filter(kind="vote", closed_at=None, closes_at__lte=Now()).order_by("pk"):
        close_phase(phase)


def close_due_phases(project: Project) -> None:
    """Close every vote of this project whose time is over."""
    for phase in project.phases.all():
        if phase.kind == "vote" and phase.closed_at is None and phase.closes_at is not None:
            close_phase(phase)
