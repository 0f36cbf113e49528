"""A project that is a draft, or another town's, takes and tells nothing, however its public addresses are asked.

Each is asked in every way it knows (the tables of tests/contracts/phases.py are complete by construction), with what is
good enough to be taken. The control: the same is taken, and written, where the project is open and one's own.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from participation.models import BallotCast, Phase, Project
from participation.rules.phases import PhaseKind
from participation.web import report
from tests.api import Upload, picture, sent
from tests.cast import Cast, twin
from tests.contracts.pages import ROWS
from tests.contracts.phases import ALWAYS, BY_PHASE, SENT
from tests.contracts.test_pages import address, client_of, furnished, read, staged
from tests.contracts.test_phases import asked, begun_by, in_full

__all__ = ["staged"]

KEYS = sorted(set(BY_PHASE) | set(ALWAYS))
# Each of SENT is open in one of these.
KINDS = (PhaseKind.PROPOSE, PhaseKind.VOTE)
WRITES = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?')
# What takes a file, and what goes with it.
FILES = {"POST api_draft_photos": {"alt": "Een bank"}, "POST api_draft_files": {"question": "q1", "alt": "Een bank"}}
# Not of the project: the session of the browser, and how often a program asked.
OF_NO_PROJECT = {"django_session", "participation_pace"}


class Answer(NamedTuple):
    """What somebody was told, and which tables were written for it."""

    said: str
    written: frozenset[str]


def uploaded(client: Client, key: str, **holes: object) -> Any:
    """Send a file, good enough to be read."""
    method, _, name = key.partition(" ")
    return client.generic(method, address(name, ROWS[name], **holes), **sent(Upload(picture(), "a.jpg", FILES[key])))


def answer_to(client: Client, key: str, slug: str) -> Answer:
    """Ask about the project of this name; nothing of it stays."""
    cast = ROWS[key.partition(" ")[2]].cast
    holes: dict[str, Any] = {name: str(value).replace("laden", slug) for name, value in cast.items()}
    cache.clear()
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        n_cast = BallotCast.objects.count()
        answer: Any = asked(client, key, **holes) if key not in FILES else uploaded(client, key, **holes)
        read(answer)
        is_cast = BallotCast.objects.count() != n_cast
        transaction.set_rollback(True)
    tables = {found[1] for query in queries if (found := WRITES.match(query["sql"]))}
    # A ballot is cast by a function of the database, past what is captured.
    tables |= {"participation_ballotcast"} if is_cast else set()
    to_sign_in = answer.status_code == 302 and "/account/login/code/" in answer["Location"]
    said = "to sign in" if to_sign_in or answer.status_code == 401 else str(answer.status_code)
    return Answer(said, frozenset(tables - OF_NO_PROJECT))


def told(cast: Cast, browser: Client, slug: str, keys: Iterable[str] = KEYS) -> dict[str, list[Answer]]:
    """What each address answers about a project, in each kind of phase."""
    found: dict[str, list[Answer]] = {key: [] for key in keys}
    for kind in KINDS:
        Phase.objects.filter(pk=cast.vote.pk).update(kind=kind)
        # The same browser before another server: one knows for a moment which vote it was (participation.middleware).
        client = Client(SERVER_NAME=browser.defaults.get("SERVER_NAME", "testserver"))
        client.cookies = browser.cookies
        for key in found:
            found[key].append(answer_to(client, key, slug))
    return found


@pytest.fixture
def full(staged: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Everything there can be is there: a vote that was counted, answers, a dossier, a form."""
    monkeypatch.setattr(report, "printed", lambda *_args, **_more: HttpResponse(b"%PDF"))
    return staged


def assert_closed(got: dict[str, list[Answer]], role: str) -> None:
    """It is not there, and nothing was written; who is not signed in may be asked to first."""
    said = {"404"} if role == "resident" else {"404", "to sign in"}
    assert {key: answers for key, answers in got.items() if {each.said for each in answers} - said} == {}
    assert {key: answers for key, answers in got.items() if any(each.written for each in answers)} == {}


def assert_open(got: dict[str, list[Answer]]) -> None:
    """The control: in one of the kinds of phase each is taken, and written."""
    assert [
        key for key, answers in got.items() if not any(each.said in {"200", "201", "302"} for each in answers)
    ] == []
    assert [key for key, answers in got.items() if not any(each.written for each in answers)] == []


@pytest.mark.parametrize("role", ["resident", "nobody"])
def test_a_draft_takes_nothing_and_tells_nothing(full: Cast, role: str) -> None:
    """Also of who began something while it was open: a project can be taken back."""
    cast = in_full(full)
    Phase.objects.filter(pk=cast.vote.pk).update(kind=PhaseKind.PROPOSE)
    browser = begun_by(cast, role)
    if role == "resident":
        assert_open(told(cast, browser, "laden", SENT))
    Project.objects.filter(pk=cast.project.pk).update(state=Project.State.DRAFT)
    assert_closed(told(cast, browser, "laden"), role)


@pytest.mark.parametrize("role", ["resident", "nobody"])
def test_another_towns_project_takes_nothing_and_tells_nothing(full: Cast, role: str) -> None:
    there = in_full(furnished(twin(full)))
    Project.objects.filter(pk=there.project.pk).update(slug="verweg")
    if role == "resident":
        assert_open(told(there, client_of(there, role), "verweg", SENT))
    assert_closed(told(there, client_of(full, role), "verweg"), role)
