"""Proposals from a file at the desk: mapped, seen row by row, written as seen, changed by number or key, taken back."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from geo.export import EVERYTHING, FEATURE_FORMATS, formats_of, is_possible, write
from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008
from participation.models import Import, ImportedRow, InventoryObject, Project, Proposal, Record, Support, Zone
from participation.selectors.layers import proposals_layer
from participation.selectors.zones import ZonesAtHand, zones_met
from participation.services.importing.desk import DRAFTS_KEPT, forget_drafts
from participation.services.voting import cast_ballot
from tests.cast import Cast, box, picks, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def gis(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast["Gis"])
    return client


@pytest.fixture
def quiet(cast: Cast) -> Project:
    """A project in which nobody votes: what is on a ballot is another matter."""
    Proposal.objects.filter(project=cast.project).update(on_ballot=False)
    return cast.project


def upload(client: Client, content: bytes, name: str = "plekken.csv", status: int = 302) -> Import:
    page = reverse("desk_imports", args=("laden",))
    answer = client.post(page, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == status, answer.content.decode()
    return Import.objects.latest("pk")


def act(client: Client, found: Import, what: str, status: Any = 302, **fields: str) -> Any:
    address = reverse("desk_import_change", args=("laden", found.pk))
    answer = client.post(address, {"act": what} | fields, headers={"Accept-Language": "en"})
    assert answer.status_code == status, answer.content.decode()
    if what != "delete":
        found.refresh_from_db()
    return answer


def page(client: Client, found: Import) -> str:
    answer = client.get(reverse("desk_import", args=("laden", found.pk)), headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()


def becomes(found: Import) -> list[tuple[str, str]]:
    return [(row.act, row.code) for row in found.rows.order_by("line")]


def state() -> list[tuple[Any, ...]]:
    rows = Proposal.objects.order_by("project", "number").select_related("theme")
    return [(row.number, row.title, row.body, row.theme and row.theme.slug, row.point, row.area_id) for row in rows]


HEAD = "naam,tekst,soort,code,lon,lat\n"
ROWS = (
    "Markt,Druk,Plein,A1,2.65,50.85\nVeraf,Buiten,Plein,A2,3.9,50.85\n,,Plein,A3,2.66,50.85\n"
    "Station,,Straat,A4,2.7,50.86\n"
)
COLUMNS = {"title": "naam", "body": "tekst", "theme": "soort", "key": "code"}


def test_nothing_is_written_before_it_was_seen(
    cast: Cast, gis: Client, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    before = state()
    draft = upload(gis, (HEAD + ROWS).encode())
    shown = page(gis, draft)
    assert "Markt" in shown
    assert "See what would change" in shown
    act(gis, draft, "columns", **COLUMNS)
    assert becomes(draft) == [
        ("new", ""), ("refused", "pin.outside_area"), ("new", ""), ("new", ""),
    ]  # fmt: skip
    assert state() == before
    assert not cast.project.themes.filter(slug="straat").exists()
    assert "outside the area" in page(gis, draft)
    with django_capture_on_commit_callbacks(execute=True):
        act(gis, draft, "take")
    assert (draft.state, draft.counts["new"]) == ("done", 3)
    assert list((tmp_path / "media/imports").iterdir()) == []
    made = Proposal.objects.filter(import_key__in=["A1", "A3", "A4"]).order_by("number")
    assert [(row.title, row.theme.slug) for row in made if row.theme] == [
        ("Markt", "plein"), ("Plein", "plein"), ("Station", "straat"),
    ]  # fmt: skip
    assert Record.objects.get(act="proposals.imported").person == cast["Gis"]
    table = b"".join(gis.get(reverse("desk_import_rows", args=("laden", draft.pk)))).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(table)))
    assert [line["code"] for line in lines] == ["", "pin.outside_area", "", ""]
    assert lines[1]["sentence"]


def test_a_second_file_changes_what_the_first_brought_and_taking_back_brings_it_back(cast: Cast, gis: Client) -> None:
    first = upload(gis, (HEAD + ROWS).encode())
    act(gis, first, "columns", **COLUMNS)
    act(gis, first, "take")
    before = state()
    again = upload(gis, (HEAD + ROWS.replace("Druk", "Heel druk").replace("2.7,50.86", "2.71,50.86")).encode())
    act(gis, again, "columns", **COLUMNS)
    assert [name for name, _code in becomes(again)] == ["changed", "refused", "same", "changed"]
    shown = page(gis, again)
    assert "<del>Druk</del> → <ins>Heel druk</ins>" in shown
    assert "<ins>2.710000, 50.860000</ins>" in shown
    act(gis, again, "take")
    assert Proposal.objects.get(import_key="A1").body == "Heel druk"
    assert Proposal.objects.get(import_key="A4").area.name == "Oostkant"  # type: ignore[union-attr]
    act(gis, again, "undo")
    assert state() == before
    assert (again.state, again.counts["undone"], again.counts["left"]) == ("undone", 2, 0)
    act(gis, again, "undo", status=409)

    # What somebody supports since, or changed since, stays; the rest goes.
    Support.objects.create(proposal=Proposal.objects.get(import_key="A1"), person=cast["An"])
    Proposal.objects.filter(import_key="A4").update(title="Anders")
    act(gis, first, "undo")
    assert [row.left for row in first.rows.filter(act="new")] == ["in_use", "", "changed"]
    left = Proposal.objects.filter(import_key__isnull=False).order_by("import_key")
    assert list(left.values_list("import_key", flat=True)) == ["A1", "A4"]
    assert "somebody changed it since" in page(gis, first)


@pytest.mark.parametrize("format_name", FEATURE_FORMATS)
def test_a_file_of_ours_comes_back_as_it_went_and_shows_what_was_edited(
    quiet: Project, gis: Client, tmp_path: Path, format_name: str
) -> None:
    Proposal.objects.filter(number=2).update(body=("Lang " * 200).strip())
    layer = proposals_layer(quiet, has_map=True)
    assert format_name in formats_of(layer)
    plane = LAMBERT_72 if is_possible(format_name, LAMBERT_72) else CRS84
    path = tmp_path / f"laden-proposals.{'zip' if format_name == 'shp' else format_name}"
    write(layer, format_name, plane, EVERYTHING, path)
    before = state()
    draft = upload(gis, path.read_bytes(), path.name)
    chosen = page_choices(gis, draft)
    assert chosen["key"] == "number"
    act(gis, draft, "columns", **chosen)
    assert {name for name, _code in becomes(draft)} == {"same"}, [
        (row.before, row.after, row.code) for row in draft.rows.all()
    ]
    assert "import.nothing" in act(gis, draft, "take", status=422).content.decode()
    act(gis, draft, "delete")
    assert state() == before


def page_choices(client: Client, found: Import) -> dict[str, str]:
    """What the page proposes for each column."""
    form = client.get(reverse("desk_import", args=("laden", found.pk))).context["form"]
    return {name: form.initial[name] for name in form.fields}


def test_an_edit_in_qgis_is_shown_and_then_written(quiet: Project, gis: Client, tmp_path: Path) -> None:
    path = tmp_path / "laden.gpkg"
    write(proposals_layer(quiet, has_map=True), "gpkg", LAMBERT_2008, EVERYTHING, path)
    frame = pyogrio.read_dataframe(path, layer=0).set_crs(3812)
    frame.loc[0, "title"] = "Plek één"
    frame.loc[1, "geometry"] = shapely.transform(frame.geometry[1], lambda points: points + np.array([30.0, 0.0]))
    extra = frame.iloc[[3]].assign(number=None, title="Nieuw in QGIS")
    stranger = frame.iloc[[4]].assign(number=99)
    edited = tmp_path / "edited.gpkg"
    geopandas.GeoDataFrame(pandas.concat([frame, extra, stranger], ignore_index=True), crs=3812).to_file(
        edited, driver="GPKG"
    )
    draft = upload(gis, edited.read_bytes(), "edited.gpkg")
    act(gis, draft, "columns", **page_choices(gis, draft))
    acts = becomes(draft)
    assert acts[:2] == [("changed", ""), ("changed", "")]
    assert acts[8:] == [("new", ""), ("refused", "proposal.not_found")]
    assert set(acts[2:8]) == {("same", "")}
    assert draft.rows.get(line=1).after == {"title": "Plek één"}
    assert draft.rows.get(line=2).after.keys() == {"place"}
    # Somebody else was quicker: what was seen is not what would be written.
    Proposal.objects.filter(project=quiet, number=3).update(title="Intussen")
    assert "import.changed" in act(gis, draft, "take", status=409).content.decode()
    assert Proposal.objects.get(project=quiet, number=1).title == "Plek 1"
    assert becomes(draft)[2] == ("changed", "")
    act(gis, draft, "take")
    assert Proposal.objects.get(project=quiet, number=1).title == "Plek één"
    assert Proposal.objects.filter(project=quiet, title="Nieuw in QGIS").count() == 1


@pytest.mark.parametrize("how", [{"blur_m": 200}, {"shapes": ["line"]}])
def test_where_what_stands_there_is_not_what_was_sent_a_file_moves_nothing(
    quiet: Project, gis: Client, how: dict[str, Any]
) -> None:
    Project.objects.filter(pk=quiet.pk).update(**how)
    before = list(Proposal.objects.filter(project=quiet).order_by("number").values_list("point", flat=True))
    first = Proposal.objects.filter(project=quiet).order_by("number")[0]
    assert before[0] is not None
    x, y = before[0].coords
    found = upload(gis, f"number,title,lon,lat\n{first.number},Anders,{x + 0.0005},{y}\n".encode())
    act(gis, found, "columns", key="number", title="title")
    act(gis, found, "take")
    assert Proposal.objects.get(pk=first.pk).title == "Anders"
    assert list(Proposal.objects.filter(project=quiet).order_by("number").values_list("point", flat=True)) == before


def test_where_only_objects_may_be_proposed_a_file_names_them(quiet: Project, gis: Client) -> None:
    Project.objects.filter(pk=quiet.pk).update(from_inventory=True, per_object=1)
    place = Point(2.72, 50.85, srid=4326)
    for number, permission in enumerate(("unknown", "unknown", "refused"), 1):
        InventoryObject.objects.create(
            project=quiet, number=number, key=f"K{number}", name=f"Kast {number}", permission=permission, place=place
        )
    table = (
        "title,object,lon,lat\nEen plek,,2.72,50.85\nKast een,K1,,\nNog eens,1,,\nGeweigerd,K3,,\nGeen,K9,,\nTwee,2,,\n"
    )
    found = upload(gis, table.encode())
    assert "No row says where it lies" not in page(gis, found)
    act(gis, found, "columns", title="title", object="object")
    assert becomes(found) == [
        ("refused", "object.not_chosen"), ("new", ""), ("refused", "object.taken"), ("refused", "object.no_permission"),
        ("refused", "object.unknown"), ("new", ""),
    ]  # fmt: skip
    act(gis, found, "take")
    made = Proposal.objects.get(project=quiet, title="Kast een")
    assert made.inventory_object is not None
    assert (made.inventory_object.key, made.point) == ("K1", place)
    # What is known keeps its object; its words can be edited.
    again = upload(gis, f"number,title,lon,lat\n{made.number},Anders,2.65,50.85\n".encode())
    act(gis, again, "columns", key="number", title="title")
    assert [(row.act, row.note) for row in again.rows.all()] == [("changed", "not_moved")]
    assert "The place stays as it is" in page(gis, again)
    act(gis, found, "undo")
    assert not Proposal.objects.filter(inventory_object__isnull=False).exists()


SQUARES = {
    "barred": (2.64, 50.84, 2.66, 50.86), "reason": (2.69, 50.84, 2.71, 50.86), "look": (2.73, 50.84, 2.75, 50.86),
    "free": (2.645, 50.845, 2.65, 50.855),
}  # fmt: skip


def test_zones_say_of_a_file_what_they_say_on_the_page(quiet: Project, gis: Client) -> None:
    for position, (kind, corners) in enumerate(SQUARES.items()):
        words = {"name": text(f"Zone {kind}"), "why": text("Beschermd")}
        Zone.objects.create(project=quiet, position=position, kind=kind, outline=box(*corners), **words)
    rows = [
        ("In het park", "", 2.655), ("Op het pleintje", "", 2.647), ("Zonder reden", "", 2.7),
        ("Met reden", "Druk", 2.7), ("Bij de beek", "", 2.74), ("Vrij", "", 2.67),
    ]  # fmt: skip
    table = "code,naam,tekst,lon,lat\n" + "".join(
        f"{code},{title},{body},{lon},50.85\n" for code, (title, body, lon) in enumerate(rows)
    )
    columns = {"title": "naam", "body": "tekst", "key": "code"}
    found = upload(gis, table.encode())
    act(gis, found, "columns", **columns)
    assert becomes(found) == [
        ("refused", "zone.barred"), ("new", ""), ("refused", "zone.reason_missing"), ("new", ""), ("new", ""),
        ("new", ""),
    ]  # fmt: skip
    shown = page(gis, found)
    assert "In “Zone barred (en)” nothing can come: “Beschermd (en)”" in shown
    assert "waits in the queue" in shown
    act(gis, found, "take")
    states = Proposal.objects.filter(title__in=[row[0] for row in rows]).order_by("number")
    assert [(row.title, row.state) for row in states] == [
        ("Op het pleintje", "published"), ("Met reden", "published"), ("Bij de beek", "submitted"),
        ("Vrij", "published"),
    ]  # fmt: skip
    # The same places one by one, as the page asks: a file is told nothing else.
    zones = ZonesAtHand(quiet)
    places = [shapely.Point(lon, 50.85) for _title, _body, lon in rows]
    assert zones.met(places) == [zones_met(quiet, place) for place in places]
    # A pin that stays where it is asks no zone; one that moves does.
    words = {"name": text("Later"), "why": text("Nieuw")}
    Zone.objects.create(project=quiet, position=9, kind="barred", outline=box(*SQUARES["look"]), **words)
    moved = table.replace("Bij de beek", "Aan de beek").replace("Vrij,,2.67", "Vrij,,2.655")
    again = upload(gis, moved.encode())
    act(gis, again, "columns", **columns)
    assert becomes(again)[4:] == [("changed", ""), ("refused", "zone.barred")]
    # Without them all of it comes in: what was refused was refused by the zones.
    Zone.objects.all().delete()
    control = upload(gis, table.encode())
    act(gis, control, "columns", **columns)
    assert {name for name, _code in becomes(control)} == {"new", "same"}


def test_lines_come_in_where_lines_are_asked_for(quiet: Project, gis: Client, tmp_path: Path) -> None:
    Project.objects.filter(pk=quiet.pk).update(shapes=["line"])
    frame = geopandas.GeoDataFrame(
        {"code": ["A", "B", "C"], "naam": ["Straat", "Te ver", "Punt"]},
        geometry=[
            shapely.LineString([(2.65, 50.85), (2.66, 50.86), (2.67, 50.85)]),
            shapely.LineString([(2.65, 50.85), (2.95, 50.85)]),
            shapely.Point(2.65, 50.85),
        ],
        crs=4326,
    )
    columns = {"title": "naam", "key": "code"}
    found = upload(gis, frame.to_json().encode(), "straten.geojson")
    act(gis, found, "columns", **columns)
    assert becomes(found) == [("new", ""), ("refused", "place.part_outside"), ("refused", "place.shape_not_asked")]
    act(gis, found, "take")
    made = Proposal.objects.get(import_key="A")
    assert made.shape is not None
    assert made.shape.equals_exact(GEOSGeometry(frame.geometry[0].wkt, srid=4326))
    before = state()
    frame.loc[0, "geometry"] = shapely.LineString([(2.65, 50.85), (2.66, 50.87), (2.67, 50.85)])
    again = upload(gis, frame.iloc[[0]].to_json().encode(), "straten.geojson")
    act(gis, again, "columns", **columns)
    assert becomes(again) == [("changed", "")]
    assert "3 corners around" in page(gis, again)
    act(gis, again, "take")
    act(gis, again, "undo")
    assert state() == before
    assert Proposal.objects.get(import_key="A").shape == made.shape


def test_charging_locations_as_operators_exchange_them(quiet: Project, gis: Client) -> None:
    def locations(name: str) -> bytes:
        plug = {"uid": "1", "status": "AVAILABLE", "connectors": []}
        one = {"id": "BE*1", "name": name, "coordinates": {"latitude": "50.85", "longitude": "2.65"}, "evses": [plug]}
        two = one | {"id": "BE*2", "coordinates": {"latitude": "50.86", "longitude": "2.75"}}
        return json.dumps({"data": [one, two], "status_code": 1000}).encode()

    found = upload(gis, locations("Markt"), "locations.json")
    chosen = page_choices(gis, found)
    assert (chosen["key"], chosen["title"]) == ("id", "name")
    act(gis, found, "columns", **chosen)
    act(gis, found, "take")
    made = Proposal.objects.filter(import_key__startswith="BE*").order_by("import_key")
    assert [(row.title, row.point.coords if row.point else None) for row in made] == [
        ("Markt", (2.65, 50.85)), ("Markt", (2.75, 50.86)),
    ]  # fmt: skip
    again = upload(gis, locations("Grote Markt"), "locations.json")
    act(gis, again, "columns", **chosen)
    assert becomes(again) == [("changed", ""), ("changed", "")]
    act(gis, again, "take")
    assert Proposal.objects.get(import_key="BE*1").title == "Grote Markt"


def test_what_people_vote_on_is_not_changed(cast: Cast, gis: Client) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    draft = upload(gis, b"number,title,created_on,lon,lat\n1,Anders,2026-01-01,2.63,50.85\n")
    act(gis, draft, "columns", title="title", key="number")
    assert becomes(draft) == [("refused", "ballot.frozen")]


def test_a_plane_is_asked_for_and_the_wrong_one_told(cast: Cast, gis: Client) -> None:
    draft = upload(gis, b"naam,x,y\nMarkt,34376.39,172773.60\n")
    assert draft.report["needs"] == "crs"
    assert "Nothing is guessed" in page(gis, draft)
    assert "import.not_read" in act(gis, draft, "columns", status=422, title="naam").content.decode()
    wrong = act(gis, draft, "read", status=422, crs="EPSG:3812")
    assert "EPSG:31370" in wrong.content.decode()
    act(gis, draft, "read", crs="EPSG:31370")
    act(gis, draft, "columns", title="naam")
    (row,) = draft.rows.all()
    assert row.after["place"] == [pytest.approx(2.72659, abs=1e-5), pytest.approx(50.85386, abs=1e-5)]


def test_columns_of_coordinates_can_be_named(cast: Cast, gis: Client) -> None:
    draft = upload(gis, b"naam,oost,noord\nMarkt,2.65,50.85\n")
    assert "No row says where it lies" in page(gis, draft)
    act(gis, draft, "columns", title="naam")
    assert becomes(draft) == [("refused", "pin.missing")]
    act(gis, draft, "read", lon="oost", lat="noord", crs="EPSG:4326")
    act(gis, draft, "columns", title="naam")
    assert becomes(draft) == [("new", "")]


def test_who_may_not_and_what_cannot_be_read(cast: Cast, gis: Client) -> None:
    assert "file" in gis.post(reverse("desk_imports", args=("laden",)), {}).context["form"].errors
    with pytest.raises(Import.DoesNotExist):
        upload(gis, b"SQLite format 3\0garbage", "x.gpkg", status=422)
    assert not Import.objects.exists()
    mo = Client()
    mo.force_login(cast["Mo"])
    assert mo.get(reverse("desk_imports", args=("laden",))).status_code == 404
    draft = upload(gis, (HEAD + ROWS).encode())
    assert "import.no_words" in act(gis, draft, "columns", status=422, theme="soort").content.decode()
    assert forget_drafts(now=timezone.now()) == 0
    assert forget_drafts(now=timezone.now() + DRAFTS_KEPT * 2) == 1
    assert not ImportedRow.objects.exists()
