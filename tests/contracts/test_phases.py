"""Every public address of a project answers by the kind of phase and the state of a proposal; none lacks its row."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLResolver, path
from django.urls.resolvers import RegexPattern

from participation.models import Phase, Proposal
from participation.queries.voting import database_now
from participation.rules.phases import PhaseKind
from participation.rules.questions import Asked
from participation.services.merging import merge_proposals
from participation.services.responses import Answer, publish_answers
from participation.web import report
from siting.services.dossiers import publish_dossier
from tests.cast import Cast, text, twin
from tests.contracts.acts import ON_BALLOT, STATES
from tests.contracts.pages import ROWS
from tests.contracts.phases import (
    ALWAYS,
    BY_PHASE,
    BY_STATE,
    COLUMNS,
    SENT,
    of_projects,
    of_proposals,
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
    # Setting a page takes half a second and hangs on no phase.
    monkeypatch.setattr(report, "printed", lambda *_args, **_more: HttpResponse(b"%PDF"))
    return in_full(cast)


def in_full(cast: Cast) -> Cast:
    """A vote that was counted, answers, a dossier and a form, beside the vote that runs."""
    now, planner = database_now(), cast["Piet"]
    studies.counted(cast, [5, 4, 3])
    Phase.objects.filter(project=cast.project, position=2).update(position=0)
    studies.decided(cast.project, planner)
    answers = [Answer(1, "build", text("Hij komt er."))]
    publish_answers(project=cast.project, answers=answers, by=planner, base_url="http://testserver/", now=now)
    publish_dossier(project=cast.project, study=cast.project.studies.get(number=1), scenarios=[1], by=planner, now=now)
    ask(cast.project, Asked.ALONE, SURVEY)
    return cast


def begun_by(cast: Cast, role: str) -> Client:
    """A browser in which this role began a proposal and a form, while both were open."""
    client = client_of(cast, role)
    for name in ("suggest", "suggest_what", "form"):
        assert sent(client, f"POST {name}") == 302, name
    return client


def asked(client: Client, key: str, /, **holes: object) -> Any:
    """Ask an address in this way, with what is good enough to be taken."""
    method, _, name = key.partition(" ")
    kind = {"content_type": "application/json"} if name.startswith("api_") else {}
    more: dict[str, Any] = {} if method == "GET" else {"data": SENT.get(key, {}), **kind}
    return getattr(client, method.lower())(address(name, ROWS[name], **holes), **more)


def sent(client: Client, key: str, /, **holes: object) -> int:
    """The status of the answer, which is read to its end."""
    cache.clear()
    answer = asked(client, key, **holes)
    read(answer)
    return int(answer.status_code)


def undone(client: Client, key: str, /, **holes: object) -> int:
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
    begun = begun_by(cast, role)
    got: dict[str, list[int]] = {key: [] for key in keys}
    for kind, write_ins in COLUMNS:
        Phase.objects.filter(pk=cast.vote.pk).update(kind=kind, write_ins=write_ins)
        # The same browser before another server: one knows for a moment which vote it was (participation.middleware).
        client = Client(SERVER_NAME=cast.town.hosts[0])
        client.cookies = begun.cookies
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
        said[key] = [opened if cell == "x" else 409 for cell in row.when]
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

    def view(request: HttpRequest, slug: str, number: int = 0) -> HttpResponse:
        return HttpResponse(slug)

    at, about = "projects/<slug:slug>/new/", "projects/<slug:slug>/proposals/<int:number>/new/"
    new = URLResolver(
        RegexPattern(r"^"),
        [path(at, view, name="new"), path(f"desk/{at}", view, name="desk_new"), path(about, view, name="about")],
    )
    assert of_projects(new) == {"new", "about"}
    assert of_proposals(new) == {"about"}
    assert not {"new", "about"} & of_projects()


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


# --- about a proposal in each state ------------------------------------------------------------------


def in_each_state(cast: Cast) -> dict[str, int]:
    """A proposal in each state, by their numbers, while proposals are collected."""
    Phase.objects.filter(pk=cast.vote.pk).update(kind=PhaseKind.PROPOSE)
    numbers = {ON_BALLOT: cast.options[1].number}
    for number, state in enumerate(Proposal.State.values, start=100):
        numbers[state] = number
        Proposal.objects.create(
            project=cast.project, number=number, title=state, point=Point(2.7, 50.85, srid=4326),
            state=Proposal.State.PUBLISHED if state == Proposal.State.MERGED else state,
            hidden_because="Daarom." if state == Proposal.State.HIDDEN else "", created_at=cast.vote.opens_at,
        )  # fmt: skip
    merge_proposals(
        project=cast.project, numbers=[numbers[Proposal.State.MERGED]], into=numbers[Proposal.State.PUBLISHED],
        by=cast["Mo"], base_url="", now=database_now(),
    )  # fmt: skip
    return numbers


def seen_by_state(cast: Cast, role: str, numbers: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """What each address of a proposal answers about one in each state."""
    client = client_of(cast, role)
    got = {}
    for key in ways_of(of_proposals()):
        hole = "key" if key.endswith("ogc_item") else "number"
        got[key] = tuple(undone(client, key, **{hole: str(numbers[state])}) for state in STATES)
    return {key: row for key, row in got.items() if set(row) != {NO_SUCH_METHOD}}


@pytest.mark.parametrize(("at", "role"), [(0, "resident"), (1, "nobody")])
def test_each_address_of_a_proposal_answers_by_its_state(here: Cast, at: int, role: str) -> None:
    """What waits is not there, what is hidden leaves why alone, what was joined stays to be read and takes nothing."""
    numbers = in_each_state(here)
    said = {key: row[at] for key, row in BY_STATE.items()}
    assert seen_by_state(here, role, numbers) == said
    # The control: were what waits shown like what is public, its row would say otherwise.
    Proposal.objects.filter(project=here.project, number=numbers[Proposal.State.SUBMITTED]).update(state="published")
    assert seen_by_state(here, role, numbers)["GET proposal"] != said["GET proposal"]
