"""Every public address of a project answers by the kind of phase; a new one without a row fails."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLResolver, path
from django.urls.resolvers import RegexPattern

from participation.models import Phase
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from participation.services.responses import Answer, publish_answers
from participation.web import report
from siting.services.dossiers import publish_dossier
from tests.cast import Cast, text, twin
from tests.contracts.pages import ROWS
from tests.contracts.phases import (
    ALWAYS,
    BY_PHASE,
    COLUMNS,
    SENT,
    of_projects,
)
from tests.contracts.test_pages import address, client_of, furnished, read, staged
from tests.forms import SURVEY, ask
from tests.integration import studies

__all__ = ["staged"]
METHODS = ("GET", "POST", "PUT", "DELETE")
NO_SUCH_METHOD = 405


@pytest.fixture(params=["toonstad", "elders"])
def here(request: pytest.FixtureRequest, staged: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """One of two towns with the same on stage: a vote that was counted, answers, a dossier and a form are there too."""
    cast = staged if request.param == "toonstad" else furnished(twin(staged))
    now, planner = database_now(), cast["Piet"]
    studies.counted(cast, [5, 4, 3])
    Phase.objects.filter(project=cast.project, position=2).update(position=0)
    studies.decided(cast.project, planner)
    answers = [Answer(1, "build", text("Hij komt er."))]
    publish_answers(project=cast.project, answers=answers, by=planner, base_url="http://testserver/", now=now)
    publish_dossier(project=cast.project, study=cast.project.studies.get(number=1), scenarios=[1], by=planner, now=now)
    ask(cast.project, Asked.ALONE, SURVEY)
    # Setting a page takes half a second and hangs on no phase.
    monkeypatch.setattr(report, "printed", lambda *_args, **_more: HttpResponse(b"%PDF"))
    return cast


def begun_by(cast: Cast, role: str) -> Client:
    """A browser in which this role began a proposal and a form, while both were open."""
    client = client_of(cast, role)
    for name in ("suggest", "suggest_what", "form"):
        assert sent(client, f"POST {name}") == 302, name
    return client


def asked(client: Client, key: str, **holes: object) -> Any:
    """Ask an address in this way, with what is good enough to be taken."""
    method, _, name = key.partition(" ")
    kind = {"content_type": "application/json"} if name.startswith("api_") else {}
    more: dict[str, Any] = {} if method == "GET" else {"data": SENT.get(key, {}), **kind}
    return getattr(client, method.lower())(address(name, ROWS[name], **holes), **more)


def sent(client: Client, key: str, **holes: object) -> int:
    """The status of the answer, which is read to its end."""
    cache.clear()
    answer = asked(client, key, **holes)
    read(answer)
    return int(answer.status_code)


def undone(client: Client, key: str, **holes: object) -> int:
    """The same, and nothing of it stays."""
    with transaction.atomic():
        status = sent(client, key, **holes)
        transaction.set_rollback(True)
    return status


def ways_of(names: Iterable[str]) -> list[str]:
    """Every way in which these may be asked; a page knows no forms but those that are posted."""
    return [
        f"{method} {name}" for name in sorted(names) for method in (METHODS if name.startswith("api_") else METHODS[:2])
    ]


def seen_by_phase(cast: Cast, role: str, keys: Iterable[str]) -> dict[str, list[int]]:
    """What each answers in each kind of phase."""
    client = begun_by(cast, role)
    got: dict[str, list[int]] = {key: [] for key in keys}
    for kind, write_ins in COLUMNS:
        Phase.objects.filter(pk=cast.vote.pk).update(kind=kind, write_ins=write_ins)
        for key in got:
            got[key].append(undone(client, key))
    return got


def said_by_phase(role: str) -> dict[str, list[int]]:
    """What the two tables say."""
    at = {"resident": 0, "nobody": 1}[role]
    said = {key: [row[at]] * len(COLUMNS) for key, row in ALWAYS.items()}
    for key, row in BY_PHASE.items():
        first = 401 if "api_" in key else 302
        opened = row.answer if role == "resident" else row.nobody
        if opened is None:
            said[key] = [first] * len(COLUMNS)
            continue
        said[key] = [opened if cell == "x" else row.closed for cell in row.when]
    return said


# --- complete by construction ------------------------------------------------------------------


def test_every_public_address_of_a_project_has_a_row(here: Cast) -> None:
    """Whatever it takes: what it answers with 405 it does not take."""
    client = client_of(here, "resident")
    takes = {key for key in ways_of(of_projects()) if undone(client, key) != NO_SUCH_METHOD}
    assert takes == set(BY_PHASE) | set(ALWAYS)
    assert not set(BY_PHASE) & set(ALWAYS)


def test_a_new_address_of_a_project_would_be_missed() -> None:
    """The control: an address that was not there is found, and one at the desk is not public."""

    def view(request: HttpRequest, slug: str) -> HttpResponse:
        return HttpResponse(slug)

    at = "projects/<slug:slug>/new/"
    new = [path(at, view, name="new"), path(f"desk/{at}", view, name="desk_new")]
    assert of_projects(URLResolver(RegexPattern(r"^"), new)) == {"new"}
    assert "new" not in of_projects()


# --- what it says ------------------------------------------------------------------


@pytest.mark.parametrize("role", ["resident", "nobody"])
def test_each_address_answers_by_the_kind_of_phase(here: Cast, role: str) -> None:
    said = said_by_phase(role)
    got = seen_by_phase(here, role, said)
    assert differing(got, said) == {}
    # The control: a row that says otherwise is found.
    assert set(differing(got, said | {"GET ballot": said["GET suggest"]})) == {"GET ballot"}


def differing(got: dict[str, list[int]], said: dict[str, list[int]]) -> dict[str, list[int]]:
    """What was seen wherever the tables say otherwise."""
    return {key: got[key] for key in said if got[key] != said[key]}
