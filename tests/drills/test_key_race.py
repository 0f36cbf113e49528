"""The same request of a program, many times at once: with an Idempotency-Key it is done once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import Settings

from participation.models import Proposal
from participation.rules.tokens import Scope
from participation.services.tokens import make_token
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.hammer import hammer

N_AT_ONCE = 8


def send(secret: str, title: str, key: str) -> tuple[int, bytes]:
    """Send a proposal in; gives back what was answered."""
    body = json.dumps({"title": title, "place": {"lon": 2.65, "lat": 50.85}})
    headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
    path = "/api/v1/projects/laden/proposals"
    answer = Client().post(path, body, content_type="application/json", headers=headers)
    return answer.status_code, answer.content


@pytest.mark.django_db(transaction=True)
def test_a_key_is_used_once_however_many_come_at_once(
    cast: Cast, settings: Settings, rounds: Callable[[int, int], int], tell: Tell
) -> None:
    settings.API_PER_MINUTE = 1_000_000
    _token, secret = make_token(
        organisation=cast.town, by=cast["Gis"], name="x", scopes=list(Scope), days=30, now=datetime.now(UTC)
    )
    n = rounds(5, 200)
    answers = hammer(n, lambda at, _: send(secret, f"Plek {at} van een programma", f"key {at}"), n_threads=N_AT_ONCE)
    odd = 0
    for at, given in enumerate(answers):
        told = {answer if isinstance(answer, tuple) else (0, repr(answer).encode()) for answer in given}
        made = Proposal.objects.filter(title=f"Plek {at} van een programma").count()
        odd += not ([status for status, _ in told] == [201] and made == 1)
    # The control: without a key each of them is done.
    hammer(1, lambda _round, _thread: send(secret, "Zonder sleutel", ""), n_threads=N_AT_ONCE)
    control = Proposal.objects.filter(title="Zonder sleutel").count() - 1
    tell("api-key", attempts=n * N_AT_ONCE, violations=odd, control_violations=control)
    assert odd == 0
    assert control == N_AT_ONCE - 1
