"""Files of supports and of neighbourhoods come in through the API as at the desk: seen, taken in, taken back."""

import json
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from participation.models import Area, Import, Record, Support
from participation.rules.tokens import Scope
from tests.api import AREAS, Caller, Upload, caller_for, code
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PROJECT, TOWN = "/api/v1/desk/projects/laden/imports", "/api/v1/desk/areas/imports"
SUPPORTS = b"wie,number\nann@example.org,1\nbob@example.org,2\nann@example.org,1\ncas@example.org,99\n"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def gis(cast: Cast) -> Caller:
    return caller_for(cast, "Gis", Scope.READ, Scope.SET_UP)


def test_supports_come_in_and_go_again(cast: Cast, gis: Caller) -> None:
    made = gis("POST", PROJECT, Upload(SUPPORTS, "s.csv", {"kind": "supports"})).json()
    assert (made["kind"], made["names"]) == ("supports", ["wie", "number"])
    at = f"{PROJECT}/{made['id']}"
    # Who supports must be said, and the dry run does nothing.
    assert code(gis("PUT", f"{at}/columns", {"key": "number"})) == (422, "import.no_person")
    tried = gis("PUT", f"{at}/columns", {"key": "number", "person": "wie"}).json()
    assert tried["columns"] == {"key": "number", "person": "wie"}
    assert {name: tried["counts"][name] for name in ("new", "same", "refused")} == {"new": 2, "same": 1, "refused": 1}
    assert not Support.objects.filter(person__is_active=False).exists()
    (refused,) = gis("GET", f"{at}/rows?act=refused").json()["items"]
    assert (refused["line"], refused["key"], bool(refused["why"])) == (5, "99", True)
    assert b"example.org" not in gis("GET", f"{at}/rows").content
    assert gis("POST", f"{at}/carry-out").json()["state"] == "done"
    assert Support.objects.filter(person__is_active=False).count() == 2
    assert code(gis("POST", f"{at}/carry-out")) == (409, "import.not_a_draft")
    undone = gis("POST", f"{at}/undo").json()
    assert (undone["state"], undone["counts"]["undone"], undone["counts"]["left"]) == ("undone", 2, 0)
    assert not Support.objects.filter(person__is_active=False).exists()
    acts = set(Record.objects.filter(person=cast["Gis"]).values_list("act", flat=True))
    assert acts >= {"import.uploaded", "import.tried", "supports.imported", "supports.import_undone"}
    assert code(gis("POST", PROJECT, Upload(SUPPORTS, "s.csv", {"kind": "areas"})))[0] == 400
    assert [each["kind"] for each in gis("GET", PROJECT).json()["items"]] == ["supports"]


def test_neighbourhoods_come_in_and_go_again(cast: Cast, gis: Caller) -> None:
    before = set(Area.objects.filter(organisation=cast.town).values_list("name", flat=True))
    made = gis("POST", TOWN, Upload(AREAS, "wijken.geojson")).json()
    at = f"{TOWN}/{made['id']}"
    assert code(gis("PUT", f"{at}/columns", {"code": "naam"})) == (422, "import.no_name")
    assert gis("PUT", f"{at}/columns", {"name": "naam"}).json()["counts"]["new"] == 1
    (row,) = gis("GET", f"{at}/rows").json()["items"]
    assert (row["after"]["name"], row["after"]["outline"]["type"]) == ("Noord", "MultiPolygon")
    assert set(Area.objects.filter(organisation=cast.town).values_list("name", flat=True)) == before
    gis("POST", f"{at}/carry-out")
    assert set(Area.objects.filter(organisation=cast.town).values_list("name", flat=True)) == before | {"Noord"}
    gis("POST", f"{at}/undo")
    assert set(Area.objects.filter(organisation=cast.town).values_list("name", flat=True)) == before
    # Each file is where it belongs, and not at the other address.
    assert [each["id"] for each in gis("GET", TOWN).json()["items"]] == [made["id"]]
    assert gis("GET", f"{PROJECT}/{made['id']}").status_code == 404


def test_only_who_may_takes_neighbourhoods_in(cast: Cast) -> None:
    file = Upload(AREAS, "wijken.geojson")
    assert code(caller_for(cast, "Mo", *Scope)("POST", TOWN, file)) == (403, "person.not_staff")
    assert code(Caller({})("POST", TOWN, file)) == (401, "person.sign_in_first")
    assert code(caller_for(cast, "Gis", Scope.READ)("POST", TOWN, file)) == (403, "token.scope_missing")
    elsewhere = Import.objects.create(
        organisation=cast.other_town, kind="areas", file_name="x", uploaded_at=datetime.now(UTC)
    )
    gis = caller_for(cast, "Gis", *Scope)
    for method, path in (("GET", ""), ("GET", "/rows"), ("POST", "/carry-out"), ("DELETE", "")):
        assert gis(method, f"{TOWN}/{elsewhere.pk}{path}").status_code == 404, path
    assert json.loads(gis("GET", TOWN).content)["items"] == []
