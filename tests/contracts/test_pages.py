"""Every address answers each role as the table says; what is hidden, a draft or another town's is not there."""

from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from participation.models import Phase, Project, ProjectRole, Proposal
from participation.rules.roles import DESK_ACTS, DeskAct, Role
from tests.cast import Cast, person, text, twin
from tests.contracts.pages import CAST, MAY_SEND, NOT_ON_STAGE, POST_ONLY, ROLES, ROWS, STAFF, Row, names
from tests.integration import studies as stage

SAFE_STATUS = 500
# Addresses that write; reached by POST alone.
WRITES = sorted(name for name, row in ROWS.items() if row.expected is POST_ONLY)


@pytest.fixture
def staged(cast: Cast, settings: Settings) -> Cast:
    """The cast, with plain static files: which hash a style sheet has is no matter here."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    return furnished(cast)


def furnished(cast: Cast) -> Cast:
    """A study in the project of the cast, and Els, who has a role in another project alone."""
    stage.whole(cast.project, cast["Piet"])
    cast.people["Els"] = els = person(f"Els-{cast.town.slug}")
    other = Project.objects.create(organisation=cast.town, slug="elsproject", title=text("Van Els"), state="draft")
    ProjectRole.objects.create(project=other, person=els, role=Role.MODERATOR)
    return cast


def client_of(cast: Cast, role: str) -> Client:
    """A browser in which this role is signed in."""
    client = Client(SERVER_NAME=cast.town.hosts[0])
    if role != "nobody":
        client.force_login(cast.stranger if role == "other_town" else cast[CAST[role]])
    return client


def read(response: Any) -> bytes:
    """Read an answer to its end; a file that is handed out is closed by that."""
    return b"".join(response)


def address(name: str, row: Row, /, **other: object) -> str:
    """The address of a row on the small stage, with some holes filled otherwise."""
    return reverse(name, kwargs=dict(row.cast) | other) + row.query


def test_every_address_has_a_row() -> None:
    assert names() == set(ROWS)


def test_an_address_without_a_row_would_be_seen() -> None:
    """The control: a name that is in the URLconf and not in the table is found."""
    assert names() - (set(ROWS) - {"ballot"}) == {"ballot"}


@pytest.mark.parametrize("town", ["toonstad", "elders"])
def test_each_role_gets_the_answer_of_the_table(staged: Cast, town: str) -> None:
    """In two towns that have the same on stage: whoever is staff in the one is a stranger in the other."""
    here = staged if town == "toonstad" else furnished(twin(staged))
    got: dict[str, dict[str, int]] = {name: {} for name in ROWS}
    for role in ROLES:
        cache.clear()
        client = client_of(here, role)
        for name, row in ROWS.items():
            response = client.get(address(name, row))
            got[name][role] = response.status_code
            read(response)
    assert got == {name: row.expected for name, row in ROWS.items()}


def test_desk_rights_and_table_agree() -> None:
    """Whoever the rules let see the desk is staff in the table, and nobody else."""
    assert {role.value for role in Role if DeskAct.SEE in DESK_ACTS[role]} == set(STAFF)


@pytest.mark.parametrize("role", ROLES)
def test_a_draft_exists_for_staff_at_the_desk_alone(staged: Cast, role: str) -> None:
    Project.objects.create(
        organisation=staged.town,
        slug="geheim",
        title=text("Geheim"),
        state=Project.State.DRAFT,
        area=staged.project.area,
    )
    stage.whole(Project.objects.get(slug="geheim"), staged["Piet"])
    client = client_of(staged, role)
    for name, row in ROWS.items():
        # What the API says then: tests/integration/test_api.py.
        if "slug" not in row.cast or row.expected is POST_ONLY or name.startswith("api_"):
            continue
        response = client.get(address(name, row, slug="geheim"))
        read(response)
        is_desk = name.startswith("desk_")
        assert response.status_code == (row.expected[role] if is_desk else 404), name


@pytest.mark.parametrize("role", ROLES)
def test_another_towns_project_exists_for_nobody(staged: Cast, role: str) -> None:
    project = Project.objects.create(
        organisation=staged.other_town, slug="elders", title=text("Elders"), area=staged.project.area
    )
    Phase.objects.create(project=project, position=1, kind="vote", name=text("Stemmen"), opens_at=staged.vote.opens_at)
    Proposal.objects.create(
        project=project, number=1, title="Verweg", point=Point(2.7, 50.85, srid=4326), on_ballot=True,
        created_at=staged.vote.opens_at,
    )  # fmt: skip
    client = client_of(staged, role)
    for name, row in ROWS.items():
        if row.expected is POST_ONLY or name.startswith("api_"):
            continue
        if "slug" in row.cast:
            status = client.get(address(name, row, slug="elders")).status_code
            # Staff of the town find nothing either; who is not signed in is asked to first.
            assert status == (302 if name.startswith("desk_") and role == "nobody" else 404), name
        elif "layer" in row.cast:
            assert client.get(address(name, row, layer="elders-proposals")).status_code == 404, name


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("state", [Proposal.State.HIDDEN, Proposal.State.SUBMITTED])
def test_what_is_not_public_exists_for_its_author_and_staff_alone(staged: Cast, role: str, state: str) -> None:
    Proposal.objects.create(
        project=staged.project, number=99, title="Geheime plek", state=state, hidden_because="Daarom.",
        author=staged["Vera"], point=Point(2.7, 50.85, srid=4326), created_at=staged.vote.opens_at,
    )  # fmt: skip
    client = client_of(staged, role)
    page = address("proposal", ROWS["proposal"], number=99)
    # What is hidden leaves a stub with the reason; what waits is not there.
    stub = 410 if state == Proposal.State.HIDDEN else 404
    answer = client.get(page)
    assert answer.status_code == (200 if role in STAFF else stub)
    assert (b"Geheime plek" in answer.content) == (role in STAFF)
    assert role in STAFF or (b"Daarom." in answer.content) == (state == Proposal.State.HIDDEN)
    item = address("ogc_item", ROWS["ogc_item"], key="99")
    assert client.get(item).status_code == 404
    for name in ("project", "ballot", "ogc_items", "export", "api_proposals"):
        assert b"Geheime plek" not in read(client.get(address(name, ROWS[name]))), name
    author = Client()
    author.force_login(staged["Vera"])
    assert author.get(page).status_code == 200


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_written_by_who_may_not(staged: Cast, name: str) -> None:
    """A form sent by nobody leads to the sign-in page; one sent to the desk by an outsider finds nothing there."""
    for role in ("nobody", "resident", "other_project", "other_town"):
        if role == "other_project" and "other_project" in MAY_SEND[name]:
            continue
        response = client_of(staged, role).post(address(name, ROWS[name]), {"number": "1", "act": "publish"})
        if name.startswith("desk_"):
            assert response.status_code == (302 if role == "nobody" else 404)
        else:
            assert response.status_code < SAFE_STATUS
        if role == "nobody" and name != "ballot_choose":
            assert "/account/login/code/" in response["Location"]


def test_every_address_that_takes_forms_alone_says_who_may_send_them() -> None:
    assert {name for name, row in ROWS.items() if row.expected is POST_ONLY} == set(MAY_SEND)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_send_a_form_and_who_is_turned_away(staged: Cast, role: str) -> None:
    client = client_of(staged, role)
    got, said = {}, {}
    for name, allowed in MAY_SEND.items():
        cache.clear()
        with transaction.atomic():
            answer = client.post(address(name, ROWS[name]))
            transaction.set_rollback(True)
        to_sign_in = answer.status_code == 302 and "/account/login/code/" in answer["Location"]
        absent = {404} if name in NOT_ON_STAGE and role in allowed else set()
        away = {403, 404} - absent
        got[name] = "to sign in" if to_sign_in else "turned away" if answer.status_code in away else "let in"
        said[name] = "let in" if role in allowed else "to sign in" if role == "nobody" else "turned away"
    assert got == said


def test_a_form_without_its_token_is_refused_in_a_sentence(staged: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staged["An"])
    response = client.post(address("support", ROWS["support"]))
    assert response.status_code == 403
    assert b"<h1" in response.content
