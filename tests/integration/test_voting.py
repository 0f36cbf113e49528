"""Casting a whole ballot: the last one counts, limits hold, refusals have codes."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from participation.models import Ballot, BallotCast, Phase, Proposal, TallyRow, Vote
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Choice
from participation.selectors.projects import choices_cast, n_voters
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks


def refusal(cast: Cast, numbers: list[int]) -> Code:
    """Cast as An and give back why it was refused."""
    with pytest.raises(Refused) as refused:
        cast_ballot(phase=cast.vote, person=cast["An"], choices=picks(numbers), nonce=uuid4())
    return refused.value.code


def test_the_last_cast_counts_and_an_empty_one_withdraws(cast: Cast) -> None:
    for numbers in ([1, 2], [3], []):
        receipt = cast_ballot(phase=cast.vote, person=cast["An"], choices=picks(numbers), nonce=uuid4())
        assert list(receipt.numbers) == numbers
        assert choices_cast(cast.vote, cast["An"]) == picks(numbers)
        assert n_voters(cast.vote) == (1 if numbers else 0)
    assert Ballot.objects.count() == 1
    assert BallotCast.objects.count() == 3


def test_the_same_nonce_changes_nothing(cast: Cast) -> None:
    nonce = uuid4()
    first = cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=nonce)
    again = cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=nonce)
    assert (again.seq, again.recorded_at, again.replayed) == (first.seq, first.recorded_at, True)
    assert BallotCast.objects.count() == 1


@pytest.mark.parametrize("later", [picks([2, 3]), []])
def test_a_nonce_that_comes_again_with_other_choices_is_told_what_was_cast(cast: Cast, later: list[Choice]) -> None:
    nonce = uuid4()
    first = cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([3, 1]), nonce=nonce)
    again = cast_ballot(phase=cast.vote, person=cast["An"], choices=later, nonce=nonce)
    assert again == replace(first, replayed=True)
    assert choices_cast(cast.vote, cast["An"]) == picks([3, 1])


def test_what_is_refused_leaves_nothing_behind(cast: Cast) -> None:
    Proposal.objects.filter(number=8).update(on_ballot=False, state="hidden")
    assert refusal(cast, [1, 2, 3, 4]) is Code.VOTE_TOO_MANY
    assert refusal(cast, [1, 1]) is Code.VOTE_TWICE
    assert refusal(cast, [8]) is Code.VOTE_OPTION_GONE
    assert refusal(cast, [99]) is Code.VOTE_OPTION_GONE
    assert Ballot.objects.count() == 0


def test_the_database_clock_closes_the_vote(cast: Cast) -> None:
    now = datetime.now(UTC)
    Phase.objects.filter(pk=cast.vote.pk).update(opens_at=now - timedelta(days=2), closes_at=now - timedelta(seconds=1))
    assert refusal(cast, [1]) is Code.VOTE_CLOSED
    Phase.objects.filter(pk=cast.vote.pk).update(opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=2))
    assert refusal(cast, [1]) is Code.VOTE_OPENS_LATER


def test_closing_counts_once_and_ranks(cast: Cast) -> None:
    now = datetime.now(UTC)
    Phase.objects.filter(pk=cast.vote.pk).update(closes_at=now + timedelta(seconds=1))
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2]), nonce=uuid4())
    cast_ballot(phase=cast.vote, person=cast["Vera"], choices=picks([2]), nonce=uuid4())
    assert close_phase(cast.vote) is False, "not time yet"
    time.sleep(1.1)
    assert refusal(cast, [1]) is Code.VOTE_CLOSED
    assert close_phase(cast.vote) is True
    assert close_phase(cast.vote) is False, "done before"
    rows = list(TallyRow.objects.order_by("rank").values_list("proposal__number", "n_votes", "is_winner"))
    assert rows[:2] == [(2, 2, True), (1, 1, True)]
    assert len(rows) == len(cast.options)
    assert not any(winner or votes for _number, votes, winner in rows[2:])


@pytest.mark.parametrize("field", ["cap", "floor", "n_winners", "write_ins_join", "hides_tally", "write_ins"])
def test_rules_freeze_with_the_first_ballot(cast: Cast, field: str) -> None:
    changed = {"cap": 4, "floor": 2, "n_winners": 5, "write_ins_join": False, "hides_tally": False, "write_ins": False}
    Phase.objects.filter(pk=cast.vote.pk).update(**{field: getattr(cast.vote, field)})  # no change is no change
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    with pytest.raises(IntegrityError), transaction.atomic():
        Phase.objects.filter(pk=cast.vote.pk).update(**{field: changed[field]})


def test_casts_and_votes_are_append_only(cast: Cast) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    for rows, change in ((BallotCast.objects.all(), {"seq": 7}), (Vote.objects.all(), {"proposal": cast.options[1]})):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows._raw_delete(rows.db)


def test_more_votes_than_the_cap_cannot_be_written_even_by_sql(cast: Cast) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2, 3]), nonce=uuid4())
    last = BallotCast.objects.get()
    for position, cap in ((4, 3), (4, 4)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Vote.objects.create(cast=last, cap=cap, position=position, proposal=cast.options[4])
