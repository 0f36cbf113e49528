"""Supports and neighbourhoods from a file at the desk: seen row by row, written as seen, taken back."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from participation.models import Area, Import, Person, Proposal, Record, Support
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def gis(cast: Cast) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(cast["Gis"])
    return client


def upload(client: Client, page: str, content: bytes, name: str, **fields: str) -> Import:
    answer = client.post(page, {"file": SimpleUploadedFile(name, content)} | fields)
    assert answer.status_code == 302, answer.content.decode()
    return Import.objects.latest("pk")


def act(client: Client, found: Import, what: str, status: int = 302, **fields: str) -> str:
    address = (
        reverse("desk_area_import_change", args=(found.pk,))
        if found.project is None
        else reverse("desk_import_change", args=("laden", found.pk))
    )
    answer = client.post(address, {"act": what} | fields)
    assert answer.status_code == status, answer.content.decode()
    if what == "delete":
        return ""
    found.refresh_from_db()
    shown = client.get(address.removesuffix("change/")).content.decode()
    return answer.content.decode() if status != 302 else shown


def becomes(found: Import) -> list[tuple[str, str]]:
    return [(row.act, row.code) for row in found.rows.order_by("line")]


def test_supports_come_in_once_a_person_and_go_again(cast: Cast, gis: Client) -> None:
    page = reverse("desk_imports", args=("laden",))
    Proposal.objects.filter(number=8).update(state="submitted", on_ballot=False)
    table = (
        "voorstel,mail\n1,jan@example.org\n1,jan@example.org\n2,jan@example.org\n1,mia@example.org\n99,mia@example.org\n"
        "8,mia@example.org\n1,\n"
    )
    people = Person.objects.count()
    found = upload(gis, page, table.encode(), "steun.csv", kind="supports")
    assert found.kind == "supports"
    assert "import.no_person" in act(gis, found, "columns", 422, key="voorstel")
    act(gis, found, "columns", key="voorstel", person="mail")
    # The column is not called as ours: keys of an earlier import are meant, and there are none.
    assert {code for _name, code in becomes(found)} == {"proposal.not_found", "person.missing"}
    found = upload(gis, page, table.replace("voorstel", "number").encode(), "steun.csv", kind="supports")
    shown = act(gis, found, "columns", key="number", person="mail")
    assert becomes(found) == [
        ("new", ""), ("same", ""), ("new", ""), ("new", ""), ("refused", "proposal.not_found"),
        ("refused", "proposal.not_public"), ("refused", "person.missing"),
    ]  # fmt: skip
    assert "There is no proposal" in shown
    assert (Support.objects.count(), Person.objects.count()) == (0, people)
    act(gis, found, "take")
    assert list(Proposal.objects.filter(number__lte=2).order_by("number").values_list("n_supports", flat=True)) == [
        2,
        1,
    ]
    # Whose they are is kept nowhere.
    kept = json.dumps([*found.rows.values_list("key", "before", "after", "facts"), found.report])
    assert "example.org" not in kept
    assert not Person.objects.filter(email__in=["jan@example.org", "mia@example.org"]).exists()
    Support.objects.create(proposal=cast.options[0], person=cast["An"])
    Support.objects.filter(proposal=cast.options[1]).delete()
    shown = act(gis, found, "undo")
    assert [row.left for row in found.rows.filter(act="new")] == ["", "gone", ""]
    assert "It was gone already" in shown
    assert list(Support.objects.values_list("person", flat=True)) == [cast["An"].pk]
    assert Person.objects.count() == people
    assert list(Record.objects.filter(act__startswith="supports.").values_list("act", flat=True).order_by("pk")) == [
        "supports.imported", "supports.import_undone",
    ]  # fmt: skip


def areas() -> list[tuple[Any, ...]]:
    rows = Area.objects.order_by("code")
    return [(row.code, row.name, row.population, row.outline.wkt) for row in rows]


def lies_in() -> list[str | None]:
    rows = Proposal.objects.order_by("number").select_related("area")
    return [row.area.code if row.area else None for row in rows]


def test_neighbourhoods_are_seen_on_the_map_written_and_taken_back(cast: Cast, gis: Client) -> None:
    page = reverse("desk_areas")
    assert "Westkant" in gis.get(page).content.decode()
    before = areas(), lies_in()
    frame = geopandas.GeoDataFrame(
        {"wijk": ["Westkant", "Oostkant", "Noord", "Lijn"], "nr": ["W1", "W2", "N1", "L1"], "inw": [4100, 6000, 7, 1]},
        geometry=[
            shapely.box(2.60, 50.80, 2.66, 50.94),
            shapely.box(2.70, 50.80, 2.80, 50.94),
            shapely.box(2.66, 50.80, 2.70, 50.94),
            shapely.LineString([(2.6, 50.8), (2.7, 50.9)]),
        ],
        crs=4326,
    )
    content = frame.to_json().encode()
    found = upload(gis, page, content, "wijken.geojson")
    assert "import.no_name" in act(gis, found, "columns", 422, code="nr")
    shown = act(gis, found, "columns", name="wijk", code="nr", population="inw")
    assert becomes(found) == [("changed", ""), ("same", ""), ("new", ""), ("refused", "area.not_a_surface")]
    assert "kp-map" in shown
    assert "5 corners around" in shown
    assert (areas(), lies_in()) == before
    act(gis, found, "take")
    assert lies_in() == ["W1", "W1", "N1", "N1", "W2", "W2", "W2", "W2"]
    assert Area.objects.get(code="W1").population == 4100
    after = areas()
    again = upload(gis, page, content, "wijken.geojson")
    act(gis, again, "columns", name="wijk", code="nr", population="inw")
    assert [name for name, _code in becomes(again)] == ["same", "same", "same", "refused"]
    assert "import.nothing" in act(gis, again, "take", 422)
    act(gis, again, "delete")
    act(gis, found, "undo")
    assert (areas(), lies_in()) == before
    assert after != areas()


def test_a_neighbourhood_by_which_people_vote_is_not_taken_away(cast: Cast, gis: Client) -> None:
    frame = geopandas.GeoDataFrame({"name": ["Noord"]}, geometry=[shapely.box(2.60, 50.80, 2.80, 50.94)], crs=4326)
    Area.objects.all().delete()
    found = upload(gis, reverse("desk_areas"), frame.to_json().encode(), "wijken.geojson")
    act(gis, found, "columns", name="name")
    act(gis, found, "take")
    assert set(lies_in()) == {"noord"}
    type(cast.vote).objects.filter(pk=cast.vote.pk).update(cap_per_area=1)
    cast.vote.refresh_from_db()
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    shown = act(gis, found, "undo")
    assert [row.left for row in found.rows.all()] == ["in_use"]
    assert "Left: it is supported" in shown
    assert set(lies_in()) == {"noord"}


def test_files_of_one_town_and_one_project_stay_there(cast: Cast, gis: Client) -> None:
    frame = geopandas.GeoDataFrame({"name": ["Noord"]}, geometry=[shapely.box(2.6, 50.8, 2.7, 50.9)], crs=4326)
    found = upload(gis, reverse("desk_areas"), frame.to_json().encode(), "wijken.geojson")
    for address in (
        reverse("desk_import", args=("laden", found.pk)),
        reverse("desk_import_rows", args=("laden", found.pk)),
    ):
        assert gis.get(address).status_code == 404
    stranger = Client(headers={"Host": "elders.localhost"})
    stranger.force_login(cast.stranger)
    assert stranger.get(reverse("desk_areas")).status_code == 200
    assert stranger.get(reverse("desk_area_import", args=(found.pk,))).status_code == 404
    assert gis.get(reverse("desk_area_import", args=(found.pk,))).status_code == 200
