"""The JSON API: same rules and refusals as the pages, pages by cursor, keys that repeat nothing, limits."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from participation.models import (
    BallotCast,
    Comment,
    Draft,
    Import,
    Project,
    Proposal,
    Record,
    Repeat,
    Response,
    Support,
)
from participation.rules.tokens import Scope
from participation.services.voting import cast_ballot, close_phase
from siting.models import Candidate, Decision
from tests.api import AREAS, ROWS, Caller, Upload, caller_for, code, filled, picture, sent, set_scene
from tests.cast import Cast, picks, text
from tests.past import end

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/projects/laden"


@pytest.fixture(autouse=True)
def _plain(settings: Settings, tmp_path: Path) -> None:
    cache.clear()
    settings.API_PER_MINUTE = 100_000
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def calling(cast: Cast) -> Callable[..., Caller]:
    """A program with a token of this person with these rights, all of them when none are named."""

    return partial(caller_for, cast)


NEW = {"title": "Naast de kiosk", "body": "Veel auto's", "theme": "plein", "place": {"lon": 2.65, "lat": 50.85}}


def test_anybody_reads_what_is_public(cast: Cast, client: Client) -> None:
    Proposal.objects.create(
        project=cast.project, number=99, title="Geheim", state="submitted", author=cast["Vera"],
        created_at=cast.vote.opens_at,
    )  # fmt: skip
    (project,) = client.get("/api/v1/projects").json()["items"]
    assert project["slug"] == "laden"
    assert project["acts"] == ["answer", "follow", "propose", "report", "support", "vote"]
    assert project["n_proposals"] == 8
    assert client.get(ROOT).json() == project
    listed = client.get(f"{ROOT}/proposals").json()
    assert [row["number"] for row in listed["items"]] == list(range(1, 9))
    assert listed["items"][0]["place"] == {"lon": 2.63, "lat": 50.85}
    assert "author" not in json.dumps(listed)
    assert client.get(f"{ROOT}/proposals/1").json().items() >= listed["items"][0].items()
    assert code(client.get(f"{ROOT}/proposals/99")) == (404, "proposal.not_found")
    assert code(client.get("/api/v1/projects/nergens")) == (404, "project.not_found")
    assert code(client.get("/api/v1/elders/x")) == (404, "request.not_found")


def test_the_sentence_is_in_the_language_asked_for(cast: Cast, client: Client) -> None:
    said = {
        language: client.get("/api/v1/projects/x", headers={"Accept-Language": language})
        for language in ("nl", "fr", "en")
    }
    assert len({answer.json()["detail"] for answer in said.values()}) == 3
    assert {language: answer["Content-Language"] for language, answer in said.items()} == {x: x for x in said}
    assert client.get(ROOT, headers={"Accept-Language": "fr"}).json()["title"] == "Laadpunten (fr)"


def test_filters_find_what_the_page_finds(cast: Cast, client: Client) -> None:
    def numbers(query: str) -> list[int]:
        return [row["number"] for row in client.get(f"{ROOT}/proposals?{query}").json()["items"]]

    Support.objects.create(proposal=cast.options[4], person=cast["An"])
    assert numbers("area=W1") == [row.number for row in cast.options if row.area and row.area.code == "W1"]
    assert numbers("q=Plek 3") == [3]
    assert numbers("theme=nergens") == []
    assert numbers("sort=most")[0] == 5
    assert numbers("sort=new") == list(range(8, 0, -1))
    assert code(client.get(f"{ROOT}/proposals?sort=votes")) == (400, "request.bad")


@pytest.mark.parametrize("sort", ["number", "new", "most"])
def test_pages_give_each_row_once_whatever_comes_in(cast: Cast, client: Client, sort: str) -> None:
    seen: list[int] = []
    cursor = ""
    for page in range(20):
        told = client.get(f"{ROOT}/proposals?sort={sort}&limit=3{cursor}").json()
        seen += [row["number"] for row in told["items"]]
        if told["next"] is None:
            break
        cursor = f"&cursor={told['next']}"
        Proposal.objects.create(
            project=cast.project, number=100 + page, title="Nieuw", created_at=datetime.now(UTC),
        )  # fmt: skip
        Proposal.objects.filter(number=100 + page).update(n_supports=9)
    assert sorted(number for number in seen if number < 100) == list(range(1, 9))
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WzEsMl0", "WyJhIl0", "bnVsbA", "e30", "W3RydWVd", "WzFlOTld", "%00", "W1tbW10"]
)
def test_a_cursor_that_is_none_is_refused(cast: Cast, client: Client, cursor: str) -> None:
    assert code(client.get(f"{ROOT}/proposals?cursor={cursor}")) == (400, "request.bad")


# --- acts ---------------------------------------------------------------------------------------------------


def test_a_proposal_comes_in_as_from_the_page(cast: Cast, calling: Callable[..., Caller]) -> None:
    caller = calling("Gis")
    answer = caller("POST", f"{ROOT}/proposals", NEW)
    assert answer.status_code == 201, answer.content
    made = Proposal.objects.get(number=answer.json()["number"])
    assert (made.title, made.author, made.state, made.area and made.area.code) == (
        "Naast de kiosk", cast["Gis"], "submitted", "W1"
    )  # fmt: skip
    for changed, expected in (
        ({"title": " "}, "title.missing"),
        ({"title": "x" * 200}, "title.too_long"),
        ({"theme": "nergens"}, "theme.unknown"),
        ({"place": None}, "pin.missing"),
        ({"place": {"lon": 9, "lat": 50}}, "pin.outside_area"),
        ({"place": {"lon": 0, "lat": 0}}, "pin.at_zero"),
        ({"place": {"lon": 999, "lat": 0}}, "pin.outside_world"),
    ):
        assert code(caller("POST", f"{ROOT}/proposals", NEW | changed)) == (422, expected)
    assert code(caller("POST", f"{ROOT}/proposals", {"title": 3})) == (400, "request.bad")
    assert code(caller("POST", f"{ROOT}/proposals", NEW | {"place": {"lon": "NaN", "lat": 1}}))[1] == "pin.not_a_number"


def test_the_same_key_does_it_once(cast: Cast, calling: Callable[..., Caller]) -> None:
    caller, other = calling("Gis"), calling("Mo")
    first = caller("POST", f"{ROOT}/proposals", NEW, Idempotency_Key="k-1")
    again = caller("POST", f"{ROOT}/proposals", NEW, Idempotency_Key="k-1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert Proposal.objects.filter(author=cast["Gis"]).count() == 1
    assert code(caller("POST", f"{ROOT}/proposals", NEW | {"title": "Iets anders"}, Idempotency_Key="k-1")) == (
        409, "request.key_reused",
    )  # fmt: skip
    assert other("POST", f"{ROOT}/proposals", NEW, Idempotency_Key="k-1").status_code == 201, "Mo's key is Mo's"
    # The control: without a key it is done each time, and a refused act leaves the key free.
    assert caller("POST", f"{ROOT}/proposals", NEW).json()["number"] != first.json()["number"]
    assert caller("POST", f"{ROOT}/proposals", NEW | {"title": ""}, Idempotency_Key="k-2").status_code == 422
    assert not Repeat.objects.filter(key="k-2").exists()
    assert caller("POST", f"{ROOT}/proposals", NEW, Idempotency_Key="k-2").status_code == 201


def test_support_and_back(cast: Cast, calling: Callable[..., Caller]) -> None:
    caller = calling("Gis")
    for _ in range(2):
        told = caller("PUT", f"{ROOT}/proposals/2/support").json()
        assert told == {"number": 2, "supported_by_me": True, "n_supports": 1}
    assert caller("GET", f"{ROOT}/proposals/2").json()["supported_by_me"]
    assert caller("DELETE", f"{ROOT}/proposals/2/support").json()["n_supports"] == 0
    assert code(caller("PUT", f"{ROOT}/proposals/999/support")) == (404, "proposal.not_found")


def test_a_ballot_is_cast_replaced_and_withdrawn(cast: Cast, calling: Callable[..., Caller]) -> None:
    caller = calling("Gis")
    assert caller("GET", f"{ROOT}/ballot").json()["cast"] is None
    key = str(uuid4())
    body = {"choices": [{"number": 3}, {"number": 1}]}
    for _ in range(2):
        told = caller("PUT", f"{ROOT}/ballot", body, Idempotency_Key=key).json()
        assert (told["cast"], [choice["number"] for choice in told["choices"]]) == (1, [3, 1])
    assert BallotCast.objects.count() == 1
    assert caller("PUT", f"{ROOT}/ballot", {"choices": [{"number": 2}]}).json()["cast"] == 2
    assert [choice["number"] for choice in caller("GET", f"{ROOT}/ballot").json()["cast"]] == [2]
    assert caller("GET", "/api/v1/me").json()["ballots"] == [
        {"project": "laden", "choices": [{"number": 2, "points": 1}]}
    ]
    for choices, expected in (([1, 2, 3, 4], "vote.too_many"), ([1, 1], "vote.twice")):
        assert code(caller("PUT", f"{ROOT}/ballot", {"choices": [{"number": n} for n in choices]})) == (422, expected)
    assert code(caller("PUT", f"{ROOT}/ballot", {"choices": [{"number": 99}]})) == (409, "vote.option_gone")
    assert caller("PUT", f"{ROOT}/ballot", {"choices": []}).json()["choices"] == []


def test_results_are_there_when_they_are_counted(cast: Cast, client: Client) -> None:
    for who, numbers in (("An", [1, 2]), ("Vera", [1])):
        cast_ballot(phase=cast.vote, person=cast[who], choices=picks(numbers), nonce=uuid4())
    assert code(client.get(f"{ROOT}/results")) == (409, "vote.not_counted")
    end(cast.vote)
    close_phase(cast.vote)
    told = client.get(f"{ROOT}/results").json()
    assert [(row["number"], row["score"], row["is_winner"]) for row in told["rows"][:2]] == [(1, 2, True), (2, 1, True)]
    assert told["n_voters"] == 2


def test_answers_are_read_by_all_and_mine_by_me(cast: Cast, client: Client, calling: Callable[..., Caller]) -> None:
    proposal = cast.options[0]
    Support.objects.create(proposal=proposal, person=cast["Gis"])
    Response.objects.create(
        proposal=proposal, outcome="build", text=text("Het komt er."), published_by=cast["Piet"],
        published_at=datetime.now(UTC),
    )  # fmt: skip
    (told,) = client.get(f"{ROOT}/answers", headers={"Accept-Language": "nl"}).json()["items"]
    assert (told["number"], told["outcome"], told["text"]) == (1, "build", "Het komt er.")
    assert calling("Gis")("GET", "/api/v1/me").json()["answers"][0]["number"] == 1
    assert calling("Mo")("GET", "/api/v1/me").json()["answers"] == []


# --- the desk -------------------------------------------------------------------------------------------------


def test_the_desk_publishes_hides_and_shortlists(cast: Cast, calling: Callable[..., Caller]) -> None:
    Proposal.objects.create(
        project=cast.project, number=99, title="Wacht", state="submitted", created_at=cast.vote.opens_at,
        point=Point(2.7, 50.85, srid=4326),
    )  # fmt: skip
    moderator, planner = calling("Mo"), calling("Piet")
    desk = "/api/v1/desk/projects/laden"
    assert [row["number"] for row in moderator("GET", f"{desk}/queue").json()["items"]] == [99]
    assert moderator("POST", f"{desk}/proposals/99/publish").json()["state"] == "published"
    assert code(moderator("PUT", f"{desk}/shortlist", {"numbers": [99], "on_ballot": True})) == (
        403,
        "person.not_staff",
    )
    assert planner("PUT", f"{desk}/shortlist", {"numbers": [99], "on_ballot": True}).json() == {"numbers": [99]}
    assert code(moderator("POST", f"{desk}/proposals/99/hide", {"reason": " "})) == (422, "reason.missing")
    hidden = moderator("POST", f"{desk}/proposals/99/hide", {"reason": "Dubbel"}).json()
    assert (hidden["state"], hidden["on_ballot"]) == ("hidden", False)
    assert set(Record.objects.values_list("act", flat=True)) >= {
        "proposal.published",
        "proposal.hidden",
        "ballot.joined",
    }


def test_the_desk_is_for_staff_of_this_town(cast: Cast, client: Client) -> None:
    Project.objects.create(organisation=cast.town, slug="klad", title=text("Klad"), state=Project.State.DRAFT)
    Project.objects.create(organisation=cast.other_town, slug="elders", title=text("Elders"))
    for who, expected in (
        (None, {"laden": 401, "klad": 401, "elders": 401}),
        (cast["An"], {"laden": 403, "klad": 403, "elders": 403}),
        (cast.stranger, {"laden": 403, "klad": 403, "elders": 403}),
        (cast["Gis"], {"laden": 200, "klad": 200, "elders": 404}),
    ):
        browser = Client()
        if who:
            browser.force_login(who)
        got = {slug: browser.get(f"/api/v1/desk/projects/{slug}/queue").status_code for slug in expected}
        assert got == expected
        for slug in ("klad", "elders"):
            for path in ("", "/proposals", "/results", "/answers"):
                assert code(browser.get(f"/api/v1/projects/{slug}{path}")) == (404, "project.not_found")


# --- who asks ---------------------------------------------------------------------------------------------------

DRAFT, PIECE = f"{ROOT}/drafts/{{draft}}", f"{ROOT}/proposals/1"
DESK = "/api/v1/desk/projects/laden"
TOWN_FILES = "/api/v1/desk/areas/imports"
# Every act that asks who is there, done once by Piet, who is a planner; its right. In braces: what stands on the scene.
WRITES: list[tuple[str, str, object, Scope]] = [
    ("POST", f"{ROOT}/proposals", NEW, Scope.CONTRIBUTE),
    ("PUT", f"{PIECE}/support", None, Scope.CONTRIBUTE),
    ("DELETE", f"{PIECE}/support", None, Scope.CONTRIBUTE),
    ("POST", f"{PIECE}/comments", {"text": "Graag"}, Scope.CONTRIBUTE),
    ("POST", f"{PIECE}/reports", {"reason": "spam"}, Scope.CONTRIBUTE),
    ("PUT", f"{PIECE}/follow", None, Scope.CONTRIBUTE),
    ("DELETE", f"{PIECE}/follow", None, Scope.CONTRIBUTE),
    ("POST", f"{ROOT}/drafts", {"kind": "proposal"}, Scope.CONTRIBUTE),
    ("DELETE", DRAFT, None, Scope.CONTRIBUTE),
    ("POST", f"{DRAFT}/photos", Upload(picture(), "a.jpg", {"alt": "Een plein"}), Scope.CONTRIBUTE),
    ("DELETE", f"{DRAFT}/photos/{UUID(int=4)}", None, Scope.CONTRIBUTE),
    ("POST", f"{DRAFT}/files", Upload(b"Een plan", "a.txt", {"question": "q4"}), Scope.CONTRIBUTE),
    ("DELETE", f"{DRAFT}/files/q4", None, Scope.CONTRIBUTE),
    ("PUT", "/api/v1/projects/pas/form", {"version": 1, "answers": {"q1": "o2"}}, Scope.CONTRIBUTE),
    ("GET", "/api/v1/projects/pas/form", None, Scope.CONTRIBUTE),
    ("PUT", f"{ROOT}/ballot", {"choices": [{"number": 1}]}, Scope.VOTE),
    ("GET", f"{ROOT}/ballot", None, Scope.VOTE),
    ("GET", "/api/v1/me", None, Scope.READ),
    ("PUT", "/api/v1/me", {"name": "Piet"}, Scope.CONTRIBUTE),
    ("GET", "/api/v1/me/proposals", None, Scope.READ),
    ("GET", "/api/v1/me/following", None, Scope.READ),
    ("GET", "/api/v1/me/answers", None, Scope.READ),
    ("POST", "/api/v1/claims", {"token": "{claim}"}, Scope.CONTRIBUTE),
    ("GET", f"{DESK}/queue", None, Scope.READ),
    ("POST", f"{DESK}/proposals/1/publish", None, Scope.MODERATE),
    ("POST", f"{DESK}/proposals/8/hide", {"reason": "x"}, Scope.MODERATE),
    ("GET", "/api/v1/desk/queue", None, Scope.READ),
    ("GET", f"{DESK}/proposals/1", None, Scope.READ),
    ("POST", f"{DESK}/proposals/1/merge", {"numbers": [99]}, Scope.MODERATE),
    ("POST", f"{DESK}/proposals/1/notes", {"text": "Kijk na"}, Scope.MODERATE),
    ("POST", f"{DESK}/proposals/99/mails", {"text": "Dank je"}, Scope.MODERATE),
    ("PUT", f"{DESK}/proposals/1/tags", {"tags": ["weg"]}, Scope.MODERATE),
    ("PUT", f"{DESK}/proposals/1/assignee", {"assignee": "{mo}"}, Scope.MODERATE),
    ("POST", f"{DESK}/proposals/2/reports/settle", None, Scope.MODERATE),
    ("PUT", f"{DESK}/proposals/1/comments/lock", {"locked": True}, Scope.MODERATE),
    ("POST", f"{DESK}/proposals/1/comments/{{comment}}/publish", None, Scope.MODERATE),
    ("POST", f"{DESK}/proposals/1/comments/{{comment}}/hide", {"reason": "x"}, Scope.MODERATE),
    ("POST", "/api/v1/desk/projects/pas/form/{sheet}/leave-out", {"reason": "x"}, Scope.MODERATE),
    ("POST", "/api/v1/desk/projects/pas/form/{sheet}/take-back", None, Scope.MODERATE),
    ("GET", "/api/v1/desk/acts", None, Scope.READ),
    ("GET", "/api/v1/desk/acts/last", None, Scope.MODERATE),
    ("POST", "/api/v1/desk/acts/{act}/undo", None, Scope.MODERATE),
    ("GET", "/api/v1/desk/projects/laden/colleagues", None, Scope.MODERATE),
    ("GET", "/api/v1/desk/templates", None, Scope.READ),
    ("PUT", "/api/v1/desk/templates", {"name": "Dank", "text": {"nl": "Dank je"}}, Scope.MODERATE),
    ("DELETE", "/api/v1/desk/templates/{template}", None, Scope.MODERATE),
    ("PUT", f"{DESK}/shortlist", {"numbers": [1], "on_ballot": True}, Scope.MODERATE),
]
WRITES += [
    ("GET", "/api/v1/exports", None, Scope.READ),
    ("POST", "/api/v1/exports", {"layer": "laden-proposals", "format": "csv"}, Scope.READ),
    ("GET", "/api/v1/exports/{export}", None, Scope.READ),
    ("GET", "/api/v1/exports/{export}/file", None, Scope.READ),
    ("DELETE", "/api/v1/exports/{export}", None, Scope.READ),
    ("GET", f"{DESK}/decisions", None, Scope.READ),
    ("POST", f"{DESK}/decisions", {"proposals": [4], "outcome": "not", "reason": {"nl": "Nee"}}, Scope.DECIDE),
    ("DELETE", f"{DESK}/decisions/{{decision}}", None, Scope.DECIDE),
    ("POST", f"{DESK}/decisions/publish", None, Scope.DECIDE),
    ("POST", f"{DESK}/decisions/{{built}}/roll-outs", {"state": "built", "on": "2026-05-01"}, Scope.DECIDE),
    ("GET", f"{DESK}/candidates", None, Scope.READ),
    ("POST", f"{DESK}/candidates", {"title": "Hier", "place": {"lon": 2.7, "lat": 50.85}}, Scope.DECIDE),
    ("POST", f"{DESK}/candidates/from-ballot", None, Scope.DECIDE),
    ("GET", f"{DESK}/candidates/1004", None, Scope.READ),
    ("PUT", f"{DESK}/candidates/1004", {"title": "Hier", "place": {"lon": 2.7, "lat": 50.85}}, Scope.DECIDE),
    ("GET", f"{DESK}/studies", None, Scope.READ),
    ("POST", f"{DESK}/studies", {"title": "Waar eerst?"}, Scope.DECIDE),
    ("GET", f"{DESK}/studies/1", None, Scope.READ),
    ("POST", f"{DESK}/studies/2/acts", {"act": "start"}, Scope.DECIDE),
    ("GET", f"{DESK}/studies/1/scenarios", None, Scope.READ),
    ("POST", f"{DESK}/studies/1/scenarios", {"title": "Vijf", "k": 5}, Scope.DECIDE),
    ("GET", f"{DESK}/studies/1/scenarios/1", None, Scope.READ),
    ("POST", f"{DESK}/studies/1/scenarios/1/acts", {"act": "start"}, Scope.DECIDE),
    ("DELETE", f"{DESK}/studies/1/scenarios/2", None, Scope.DECIDE),
    ("GET", f"{DESK}/extensions", None, Scope.READ),
    ("POST", f"{DESK}/extensions", {"closes_at": "{later}", "reason": "Feest"}, Scope.DECIDE),
    ("POST", f"{DESK}/extensions/{{extension}}/agree", None, Scope.DECIDE),
    ("POST", f"{DESK}/paper", {"email": "vera@example.org", "choices": [{"number": 1}]}, Scope.DECIDE),
    ("POST", f"{DESK}/paper/check", {"email": "vera@example.org", "choices": [{"number": 1}]}, Scope.DECIDE),
    ("GET", f"{DESK}/imports", None, Scope.READ),
    ("POST", f"{DESK}/imports", Upload(ROWS, "b.csv"), Scope.SET_UP),
    ("GET", f"{DESK}/imports/{{planned}}", None, Scope.READ),
    ("GET", f"{DESK}/imports/{{planned}}/rows", None, Scope.READ),
    ("PUT", f"{DESK}/imports/{{planned}}/reading", {"lon": "lon", "lat": "lat"}, Scope.SET_UP),
    ("PUT", f"{DESK}/imports/{{planned}}/columns", {"title": "title"}, Scope.SET_UP),
    ("POST", f"{DESK}/imports/{{planned}}/carry-out", None, Scope.SET_UP),
    ("POST", f"{DESK}/imports/{{taken}}/undo", None, Scope.SET_UP),
    ("DELETE", f"{DESK}/imports/{{planned}}", None, Scope.SET_UP),
    ("GET", TOWN_FILES, None, Scope.READ),
    ("POST", TOWN_FILES, Upload(AREAS, "b.geojson"), Scope.SET_UP),
    ("GET", f"{TOWN_FILES}/{{planned_areas}}", None, Scope.READ),
    ("GET", f"{TOWN_FILES}/{{planned_areas}}/rows", None, Scope.READ),
    ("PUT", f"{TOWN_FILES}/{{planned_areas}}/reading", {"crs": "EPSG:4326"}, Scope.SET_UP),
    ("PUT", f"{TOWN_FILES}/{{planned_areas}}/columns", {"name": "naam"}, Scope.SET_UP),
    ("POST", f"{TOWN_FILES}/{{planned_areas}}/carry-out", None, Scope.SET_UP),
    ("POST", f"{TOWN_FILES}/{{taken_areas}}/undo", None, Scope.SET_UP),
    ("DELETE", f"{TOWN_FILES}/{{planned_areas}}", None, Scope.SET_UP),
]
NEW_DESK = "/api/v1/desk/projects/banken"
SQUARE = {"type": "Polygon", "coordinates": [[[2.62, 50.82], [2.7, 50.82], [2.7, 50.9], [2.62, 50.82]]]}
RULES = {
    "method": "choices", "rule": "plurality", "cap": 3, "floor": 1, "points": 10, "points_max": 10, "n_winners": 4,
    "eligibility": "mail",
}  # fmt: skip
OBJECT = {"key": "k2", "name": "Kast 2", "place": {"type": "Point", "coordinates": [2.7, 50.85]}}
ASKED = "/api/v1/desk/projects/pas/setup/questions/alone"
CHOICE = {
    "kind": "one", "label": {"nl": "Welke?"}, "options": [{"text": {"nl": "Rood"}}, {"text": {"nl": "Groen"}}],
}  # fmt: skip
WRITES += [
    ("GET", ASKED, None, Scope.READ),
    ("POST", ASKED, CHOICE, Scope.SET_UP),
    ("PUT", f"{ASKED}/q3", {"kind": "long", "label": {"nl": "Wat nog?"}}, Scope.SET_UP),
    ("DELETE", f"{ASKED}/q4", None, Scope.SET_UP),
    ("POST", f"{ASKED}/q4/move", {"direction": "up"}, Scope.SET_UP),
    ("GET", "/api/v1/desk/projects", None, Scope.READ),
    ("POST", "/api/v1/desk/projects", {"title": "Nog banken", "template": "benches"}, Scope.SET_UP),
    ("GET", f"{NEW_DESK}/setup", None, Scope.READ),
    ("PUT", f"{NEW_DESK}/setup/texts", {"title": {"nl": "Zitten"}}, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/setup/considered", {"promise": "Ja"}, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/setup/phases", {"phases": "{phases}"}, Scope.SET_UP),
    ("POST", f"{NEW_DESK}/setup/phases", {"kind": "inform", "opens_at": "{later}"}, Scope.SET_UP),
    ("DELETE", f"{NEW_DESK}/setup/phases/{{phase}}", None, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/setup/access", {"levels": {"propose": "anyone"}, "moderated_first": True}, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/setup/themes", {"themes": [{"name": {"nl": "A"}, "colour": "#123456"}]}, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/setup/votes/{{vote}}", RULES, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/setup/area", {"kind": "drawn", "surface": SQUARE}, Scope.SET_UP),
    ("POST", f"{NEW_DESK}/publish", None, Scope.SET_UP),
    ("GET", f"{NEW_DESK}/zones", None, Scope.READ),
    ("POST", f"{NEW_DESK}/zones", {"kind": "look", "name": {"nl": "Park"}, "surface": SQUARE}, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/zones/{{zone}}", {"kind": "free", "name": {"nl": "Kern"}}, Scope.SET_UP),
    ("DELETE", f"{NEW_DESK}/zones/{{zone}}", None, Scope.SET_UP),
    ("GET", f"{NEW_DESK}/inventory", None, Scope.READ),
    ("POST", f"{NEW_DESK}/inventory", {"objects": [OBJECT]}, Scope.SET_UP),
    ("PUT", f"{NEW_DESK}/inventory/1/permission", {"permission": "given"}, Scope.MODERATE),
    ("DELETE", f"{NEW_DESK}/inventory/1", None, Scope.SET_UP),
]
GOOD = {200, 201, 202, 204}


def test_every_act_of_the_description_is_done_here(cast: Cast, client: Client) -> None:
    told = client.get("/api/v1/openapi.json").json()["paths"]
    asked = {(method.upper(), at) for at, path in told.items() for method, act in path.items() if act.get("security")}

    def is_at(path: str, at: str) -> bool:
        return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", at), path) is not None

    done = {(method, at) for method, path, *_rest in WRITES for _method, at in asked if is_at(path, at)}
    assert asked - done == set()


@pytest.fixture
def scene(cast: Cast) -> dict[str, object]:
    """What the acts are about."""
    return set_scene(cast)


def test_each_act_asks_for_its_right_and_is_done_once_for_a_key(
    cast: Cast, scene: dict[str, object], settings: Settings, calling: Callable[..., Caller]
) -> None:
    callers = {scope: (calling("Piet", scope), calling("Piet", *(set(Scope) - {scope}))) for scope in Scope}
    for method, template, body, scope in WRITES:
        path, sent_along = filled(template, scene), filled(body, scene)
        with_it, without = callers[scope]
        assert code(Caller({})(method, path, sent_along)) == (401, "person.sign_in_first"), path
        assert code(without(method, path, sent_along)) == (403, "token.scope_missing"), path
        with transaction.atomic():
            answer = with_it(method, path, sent_along, Idempotency_Key="k")
            assert answer.status_code in GOOD, (method, path, answer.content)
            if method == "POST":
                # The same answer again, and what was written stays as it was.
                n_after = counts()
                again = with_it(method, path, sent_along, Idempotency_Key="k")
                assert (again.status_code, again.json()) == (answer.status_code, answer.json()), path
                assert counts() == n_after, path
            transaction.set_rollback(True)


def counts() -> list[int]:
    """How much there is of what acts of the API make."""
    return [kind.objects.count() for kind in (Record, Proposal, Comment, Draft, Decision, Candidate, Project, Import)]


def test_a_session_needs_the_token_of_its_page(cast: Cast, scene: dict[str, object]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast["Piet"])
    browser.get("/projects/laden/")
    token = browser.cookies["csrftoken"].value
    writes = [row for row in WRITES if row[0] != "GET"]
    for method, template, body, _scope in writes:
        path = filled(template, scene)
        assert code(browser.generic(method, path, **sent(filled(body, scene)))) == (403, "request.not_from_page"), path
    # The control: with it they are done; one of each method is enough to see that.
    for method, template, body, _scope in {row[0]: row for row in reversed(writes)}.values():
        answer = browser.generic(
            method, filled(template, scene), headers={"X-CSRFToken": token}, **sent(filled(body, scene))
        )
        assert answer.status_code in GOOD, (method, template, answer.content)


def test_ballots_of_me_need_the_right_to_vote(cast: Cast, calling: Callable[..., Caller]) -> None:
    cast_ballot(phase=cast.vote, person=cast["Gis"], choices=picks([1]), nonce=uuid4())
    assert calling("Gis", Scope.READ)("GET", "/api/v1/me").json()["ballots"] == []
    assert len(calling("Gis", Scope.READ, Scope.VOTE)("GET", "/api/v1/me").json()["ballots"]) == 1


def test_too_many_requests_are_told_when_to_come_again(
    cast: Cast, calling: Callable[..., Caller], settings: Settings
) -> None:
    settings.API_PER_MINUTE = 12
    caller, other = calling("Gis"), calling("Gis")
    answers = [caller("GET", ROOT) for _ in range(14)]
    # A minute may end among them, and one begins anew then.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert code(refused[0]) == (429, "request.too_many")
    assert 1 <= int(refused[0]["Retry-After"]) <= 60
    assert other("GET", ROOT).status_code == 200, "each token has its own count"


def test_an_act_weighs_more(cast: Cast, calling: Callable[..., Caller], settings: Settings) -> None:
    settings.API_PER_MINUTE = 25
    caller = calling("Gis")
    assert {caller("PUT", f"{ROOT}/proposals/1/support").status_code for _ in range(6)} == {200, 429}


@pytest.mark.parametrize(
    "body", ["{", "[]", "null", '"x"', '{"title": "\\u0000"}', '{"title": "\\ud800", "place": null}', "é"]
)
def test_a_broken_body_is_refused(cast: Cast, calling: Callable[..., Caller], body: str) -> None:
    caller = calling("Gis")
    answer = caller.client.post(f"{ROOT}/proposals", body, content_type="application/json", headers=caller.headers)
    assert code(answer)[0] in {400, 422}


def test_a_body_that_is_too_large_is_refused(cast: Cast, calling: Callable[..., Caller]) -> None:
    assert code(calling("Gis")("POST", f"{ROOT}/proposals", NEW | {"body": "x" * 6_000_000})) == (400, "request.bad")


def test_layers_are_linked(cast: Cast, client: Client) -> None:
    ids = {layer["id"] for layer in client.get("/api/v1/layers").json()["items"]}
    assert {"laden-proposals", "areas"} <= ids


def test_the_description_is_valid_openapi(cast: Cast, client: Client) -> None:
    import schemathesis

    told = client.get("/api/v1/openapi.json").json()
    schemathesis.openapi.from_dict(told).validate()
    assert set(told["components"]["securitySchemes"]) == {"ByToken", "BySession"}
    acts = [act for path in told["paths"].values() for act in path.values()]
    assert all("429" in act["responses"] for act in acts)
