"""The first ballot is under way while somebody changes the rules: it counts as cast, and two planners do not clash."""

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from participation.models import Ballot, Phase, Proposal
from participation.rules.refusals import Code, Refused
from participation.services.proposals import set_shortlist
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks
from tests.drills.hammer import execute, hammer, rows, without_trigger

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 20


def while_the_first_ballot_is_cast(cast: Cast, change: Callable[[], object]) -> object:
    """Do something while a ballot is written and not yet committed; what came of it."""
    written, changed = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2, 3]), nonce=uuid4())
                written.set()
                changed.wait(PATIENCE_SECONDS)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert written.wait(PATIENCE_SECONDS)
    try:
        return change()
    except IntegrityError as error:
        return error
    finally:
        changed.set()
        thread.join()
        assert Ballot.objects.count() == 1


CHANGES: dict[str, tuple[str, str, Callable[[Cast], object]]] = {
    "winners": (
        "participation_phase",
        "phase_rules_frozen",
        lambda cast: Phase.objects.filter(pk=cast.vote.pk).update(n_winners=1),
    ),
    "no end": (
        "participation_phase",
        "closing_by_two",
        lambda cast: Phase.objects.filter(pk=cast.vote.pk).update(closes_at=None),
    ),
    "title": (
        "participation_proposal",
        "option_frozen",
        lambda cast: Proposal.objects.filter(pk=cast.options[0].pk).update(title="Anders"),
    ),
    "list": (
        "participation_proposal",
        "list_frozen",
        lambda cast: Proposal.objects.filter(pk=cast.options[0].pk).update(on_ballot=False),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_first_ballot_under_way_freezes_already(cast: Cast, name: str) -> None:
    _table, _trigger, change = CHANGES[name]
    assert isinstance(while_the_first_ballot_is_cast(cast, lambda: change(cast)), IntegrityError)


@pytest.mark.parametrize("name", CHANGES)
def test_control_without_its_trigger_the_change_goes_through(cast: Cast, name: str) -> None:
    table, trigger, change = CHANGES[name]
    with without_trigger(table, trigger):
        assert while_the_first_ballot_is_cast(cast, lambda: change(cast)) == 1


def test_planners_at_once_do_not_take_each_other_for_voters(cast: Cast) -> None:
    def put(_round: int, thread: int) -> list[int]:
        return set_shortlist(project=cast.project, numbers=[1 + thread], on_ballot=False, by=cast["Piet"])

    (answers,) = hammer(1, put, n_threads=8)
    assert answers == [[number] for number in range(1, 9)]


CHANGE_ENDS = "SELECT pg_advisory_xact_lock(1265198451, %s)"


def put_while_another_change_ends(cast: Cast) -> object:
    """Put an option on the list while another change has let go of one lock and not yet of the other."""
    ending = threading.Event()

    def end() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(CHANGE_ENDS, [cast.vote.pk])
                ending.set()
                time.sleep(0.05)
        finally:
            connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    assert ending.wait(PATIENCE_SECONDS)
    try:
        return set_shortlist(project=cast.project, numbers=[1], on_ballot=False, by=cast["Piet"])
    except Refused as error:
        return error.code
    finally:
        thread.join()


def test_a_change_that_is_ending_is_not_taken_for_a_ballot(cast: Cast) -> None:
    assert put_while_another_change_ends(cast) == [1]


def test_control_who_asks_for_the_lock_once_takes_it_for_a_ballot(cast: Cast) -> None:
    ((real,),) = rows("SELECT pg_get_functiondef('participation_has_ballots'::regproc)")
    assert str(real).count("1..250") == 1
    execute(str(real).replace("1..250", "1..1"))
    try:
        assert put_while_another_change_ends(cast) == Code.BALLOT_FROZEN
    finally:
        execute(str(real))
