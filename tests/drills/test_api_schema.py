"""Made-up requests by the descriptions of both APIs: no error of the server, no answer that they do not describe."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def firing(address: str, token: str) -> Iterator[Callable[[int], Told]]:
    """Sends at least so many requests, the same ones each time, unless one goes wrong."""
    command = [sys.executable, "-m", "tests.drills.made_up", address, token]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        send, answers = process.stdin, process.stdout

        def ask(n: int) -> Told:
            print(n, file=send, flush=True)
            return Told(**json.loads(answers.readline()))

        patience = threading.Timer(SECONDS, process.kill)
        patience.start()
        try:
            yield ask
        finally:
            patience.cancel()
            process.kill()


# Of each description: what is broken for the control, and how an answer must have been, among others, at least once.
APIS = {
    "/api/v1/openapi.json": ("participation.api.projects.public_proposals", {"200", "400", "404", "409", "422"}),
    "/ogc/api": ("geo.ogc.documents.collection", {"200", "204", "400", "404"}),
}


@pytest.fixture(params=APIS)
def api(request: pytest.FixtureRequest) -> str:
    """The address of a description."""
    return str(request.param)


@pytest.fixture
def asked(api: str, transactional_db: None, live_server: Any, settings: Settings) -> Iterator[Callable[[int], Told]]:
    """Sends requests to an API of the stage."""
    settings.API_PER_MINUTE = 10_000_000
    with firing(f"{live_server.url}{api}", token_of(assemble())) as ask:
        yield ask


def test_made_up_requests(
    asked: Callable[[int], Told],
    rounds: Callable[[int, int], int],
    tell: Tell,
    monkeypatch: pytest.MonkeyPatch,
    api: str,
) -> None:
    # Together 500, and 10,000.
    n, (broken_at, answered) = rounds(250, 5_000), APIS[api]
    told = asked(n)

    def breaks(*args: object, **kwargs: object) -> Any:
        raise ZeroDivisionError

    # The control: an address that breaks is seen.
    monkeypatch.setattr(broken_at, breaks)
    broken = asked(50)
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
