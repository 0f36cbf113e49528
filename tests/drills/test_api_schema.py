"""Made-up requests by the API's own description: no error of the server, no answer that it does not describe."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_django import Settings

from participation.rules.tokens import Scope
from participation.services.tokens import make_token
from tests.cast import Cast, assemble
from tests.drills.conftest import Tell

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1800


class Told(NamedTuple):
    """How many requests were sent, what they were answered with, and what was wrong with an answer."""

    n_requests: int
    statuses: dict[str, int]
    failures: list[str]


def token_of(cast: Cast) -> str:
    """A token of the manager that may do everything."""
    _token, secret = make_token(
        organisation=cast.town, by=cast["Marc"], name="x", scopes=list(Scope), days=30, now=datetime.now(UTC)
    )
    return secret


def fire(address: str, token: str, *, at_least: int) -> Told:
    """Send so many requests, the same ones each time."""
    command = [sys.executable, "-m", "tests.drills.made_up", address, token, str(at_least)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return Told(**json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def asked(transactional_db: None, live_server: Any, settings: Settings) -> Callable[[int], Told]:
    """Sends requests to the API of the stage."""
    settings.API_PER_MINUTE = 10_000_000
    token = token_of(assemble())
    return lambda n: fire(f"{live_server.url}/api/v1/openapi.json", token, at_least=n)


def test_made_up_requests(
    asked: Callable[[int], Told], rounds: Callable[[int, int], int], tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asked(rounds(500, 10_000))

    def breaks(*args: object, **kwargs: object) -> Any:
        raise ZeroDivisionError

    # The control: an address that breaks is seen.
    monkeypatch.setattr("participation.api.projects.public_proposals", breaks)
    broken = asked(50)
    tell(
        "api-schema",
        attempts=told.n_requests,
        violations=len(told.failures),
        control_violations=len(broken.failures),
        statuses=",".join(f"{status}:{n}" for status, n in sorted(told.statuses.items())),
    )
    assert told.failures == []
    assert told.n_requests >= 500
    # Requests came through to the acts themselves, and were refused in more ways than one.
    assert {"200", "400", "404", "409", "422"} <= set(told.statuses)
    assert broken.failures
