"""The clock of the web machine may say what it likes: the database's opens and closes a vote."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from participation.models import BallotCast, Phase
from participation.queries.voting import database_now
from participation.tasks import close_due
from tests.cast import Cast
from tests.contracts.test_pages import client_of, staged
from tests.past import end

__all__ = ["staged"]

SHIFTS = [timedelta(minutes=-10), timedelta(minutes=10), timedelta(days=3)]


@pytest.fixture(params=SHIFTS, ids=str)
def shifted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """This process with a wrong clock."""
    by: timedelta = request.param
    right: Callable[[], float] = time.time
    right_now = timezone.now

    def wrong_now() -> datetime:
        return right_now() + by

    monkeypatch.setattr(time, "time", lambda: right() + by.total_seconds())
    monkeypatch.setattr(timezone, "now", wrong_now)
    assert abs((timezone.now() - database_now()) - by) < timedelta(minutes=1)
    return by


def test_a_vote_that_runs_takes_ballots_whatever_the_web_machine_thinks(staged: Cast, shifted: timedelta) -> None:
    moment = database_now()
    Phase.objects.filter(pk=staged.vote.pk).update(
        opens_at=moment - timedelta(minutes=5), closes_at=moment + timedelta(minutes=5)
    )
    answer = client_of(staged, "resident").post(
        reverse("ballot_cast", args=("laden",)), {"nonce": uuid4(), "choice": ["1"]}
    )
    assert answer.status_code == 302
    found = BallotCast.objects.get()
    assert abs(found.recorded_at - database_now()) < timedelta(minutes=1)
    close_due(0)
    staged.vote.refresh_from_db()
    assert staged.vote.closed_at is None


def test_a_vote_that_is_over_takes_none_and_is_counted(staged: Cast, shifted: timedelta) -> None:
    end(staged.vote, minutes=5)
    answer = client_of(staged, "resident").post(
        reverse("ballot_cast", args=("laden",)), {"nonce": uuid4(), "choice": ["1"]}
    )
    assert answer.status_code == 409
    assert b'data-code="vote.closed"' in answer.content
    assert not BallotCast.objects.exists()
    close_due(0)
    staged.vote.refresh_from_db()
    assert staged.vote.closed_at is not None


def test_a_vote_to_come_is_not_open_yet(staged: Cast, shifted: timedelta) -> None:
    Phase.objects.filter(pk=staged.vote.pk).update(opens_at=database_now() + timedelta(minutes=5))
    answer = client_of(staged, "resident").post(
        reverse("ballot_cast", args=("laden",)), {"nonce": uuid4(), "choice": ["1"]}
    )
    assert answer.status_code == 409
    assert b'data-code="vote.opens_later"' in answer.content


def part_of_the_shelf(client: Client) -> str:
    """Below which heading the project stands on the front page."""
    page = client.get("/", headers={"accept-language": "en"}).content.decode()
    before = page.partition("kp-card--project")[0]
    return str(re.findall(r"<h2[^>]*>([^<]+)</h2>", before)[-1])


def test_what_is_over_does_not_run_whether_it_had_a_vote_or_not(staged: Cast, client: Client) -> None:
    ended = database_now() - timedelta(days=1)
    Phase.objects.filter(pk=staged.vote.pk).update(opens_at=ended - timedelta(days=1))
    for kind, heading in (("vote", "Voted on"), ("propose", "Finished")):
        Phase.objects.filter(pk=staged.vote.pk).update(kind=kind, closes_at=None)
        assert part_of_the_shelf(client) == "Running now"
        Phase.objects.filter(pk=staged.vote.pk).update(closes_at=ended)
        assert part_of_the_shelf(client) == heading
