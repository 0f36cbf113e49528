"""Made-up requests by the descriptions of both APIs: no error of the server, no answer that they do not describe."""

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


# Of each description: what is broken for the control, and how an answer must have been, among others, at least once.
APIS = {
    "/api/v1/openapi.json": ("participation.api.projects.public_proposals", {"200", "400", "404", "409", "422"}),
    "/ogc/api": ("geo.ogc.documents.collection", {"200", "204", "400", "404"}),
}


@pytest.fixture
def asked(transactional_db: None, live_server: Any, settings: Settings) -> Callable[[str, int], Told]:
    """Sends requests to an API of the stage."""
    settings.API_PER_MINUTE = 10_000_000
    token = token_of(assemble())
    return lambda api, n: fire(f"{live_server.url}{api}", token, at_least=n)


@pytest.mark.parametrize("api", APIS)
def test_made_up_requests(
    asked: Callable[[str, int], Told],
    rounds: Callable[[int, int], int],
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
    api: str,
) -> None:
    # Together 500, and 10,000.
    n, (broken_at, answered) = rounds(250, 5_000), APIS[api]
    told = asked(api, n)

    def breaks(*args: object, **kwargs: object) -> Any:
        raise ZeroDivisionError

    # The control: an address that breaks is seen.
    monkeypatch.setattr(broken_at, breaks)
    broken = asked(api, 50)
    tell(
        "api-schema",
        api=api,
        attempts=told.n_requests,
        violations=len(told.failures),
        control_violations=len(broken.failures),
        statuses=",".join(f"{status}:{n}" for status, n in sorted(told.statuses.items())),
    )
    assert told.failures == []
    assert told.n_requests >= n
    # Requests came through to the acts themselves, and were refused in more ways than one.
    assert answered <= set(told.statuses)
    assert broken.failures
