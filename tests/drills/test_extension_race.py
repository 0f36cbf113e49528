"""A later closing time is agreed to in the second in which the vote ends: it moves or is counted, never both."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from participation.models import Extension, Phase, TallyRow
from participation.queries import voting as queries
from participation.rules.refusals import Code, Refused
from participation.services.closing import agree_extension, ask_extension
from participation.services.voting import Receipt, cast_ballot, close_phase
from tests.cast import Cast, picks
from tests.drills.conftest import Tell
from tests.drills.hammer import hammer, without_trigger
from tests.drills.test_ballot_race import voters

pytestmark = pytest.mark.django_db(transaction=True)

# Threads of each round: who agrees, who counts, and who casts.
N_COUNTERS, N_VOTERS = 2, 5
OPEN_SECONDS = 0.5
# How far around the end everybody comes.
AROUND_SECONDS = 0.004
# How long before it agreeing begins at most; on a busy machine its questions in front take long.
EARLY_SECONDS = 0.2


def one_round(cast: Cast, position: int) -> tuple[Phase, Extension, list[object]]:
    """Open a vote that ends in a moment, ask for more time, and let everybody come at the end."""
    ends_at = queries.database_now() + timedelta(seconds=OPEN_SECONDS)
    vote = Phase.objects.create(
        project=cast.project, position=position, kind="vote", opens_at=ends_at - timedelta(days=1), closes_at=ends_at
    )
    people = voters(N_VOTERS + 1)
    cast_ballot(phase=vote, person=people[-1], choices=picks([1]), nonce=uuid4())
    asked = ask_extension(
        project=cast.project, closes_at=ends_at + timedelta(days=1), reason="Storing", by=cast["Piet"]
    )
    chance = random.Random(position)
    # Agreeing asks for the officer's role and the request first.
    lags = [chance.uniform(-EARLY_SECONDS, 0)]
    lags += [chance.uniform(-AROUND_SECONDS, AROUND_SECONDS) for _ in range(N_COUNTERS + N_VOTERS)]

    def act(_round: int, thread: int) -> object:
        time.sleep(max(0.0, (ends_at - queries.database_now()).total_seconds() + lags[thread]))
        if thread == 0:
            return agree_extension(project=cast.project, key=asked.pk, by=cast["Marc"])
        if thread <= N_COUNTERS:
            return close_phase(vote)
        return cast_ballot(phase=vote, person=people[thread - N_COUNTERS - 1], choices=picks([2]), nonce=uuid4())

    (answers,) = hammer(1, act, n_threads=1 + N_COUNTERS + N_VOTERS)
    vote.refresh_from_db()
    return vote, asked, answers


def wrong(vote: Phase, asked: Extension, answers: list[object]) -> int:
    """How many things of a round contradict each other?"""
    agreed, counted = isinstance(answers[0], Extension), vote.closed_at is not None
    said_counted = sum(answer is True for answer in answers[1 : 1 + N_COUNTERS])
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    votes = sum(TallyRow.objects.filter(phase=vote).values_list("n_votes", flat=True))
    return (
        (agreed and counted)
        + (agreed and vote.closes_at != asked.closes_at)
        + (not agreed and vote.closes_at == asked.closes_at)
        + (said_counted != counted)
        + (counted and votes != len(receipts) + 1)
    )


def test_more_time_and_the_count_in_the_same_second(cast: Cast, tell: Tell, rounds: Callable[[int, int], int]) -> None:
    found = n_agreed = n_counted = 0
    n = rounds(20, 200)
    for position in range(2, 2 + n):
        vote, asked, answers = one_round(cast, position)
        for answer in answers:
            if isinstance(answer, Exception):
                assert isinstance(answer, Refused), answer
                assert answer.code is Code.VOTE_CLOSED
        found += wrong(vote, asked, answers)
        n_agreed += isinstance(answers[0], Extension)
        n_counted += vote.closed_at is not None
    with (
        without_trigger("participation_phase", "closing_by_two"),
        without_trigger("participation_phase", "counted_once"),
    ):
        shown = control(cast, 2 + n)
    tell("extension", attempts=n, violations=found, control_violations=shown, agreed=n_agreed, counted=n_counted)
    assert not found
    assert n_agreed, "more time was never agreed to: the drill comes too late"
    assert shown


def control(cast: Cast, position: int) -> int:
    """Without locks and triggers, as one would write it first: look, then write."""

    def naive(_round: int, thread: int) -> None:
        fresh = Phase.objects.get(pk=vote.pk)
        time.sleep(0.01)
        if thread:
            if fresh.closed_at is None:
                Phase.objects.filter(pk=vote.pk).update(closed_at=fresh.closes_at)
        elif fresh.closed_at is None:
            Phase.objects.filter(pk=vote.pk).update(closes_at=later)

    now = queries.database_now()
    later = now + timedelta(days=1)
    vote = Phase.objects.create(
        project=cast.project, position=position, kind="vote", opens_at=now - timedelta(days=1), closes_at=now
    )
    hammer(1, naive, n_threads=2)
    vote.refresh_from_db()
    return int(vote.closed_at is not None and vote.closes_at == later)
