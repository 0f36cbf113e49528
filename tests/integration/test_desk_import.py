"""Proposals from a file at the desk: mapped, seen row by row, written as seen, changed by number or key, taken back."""

import csv
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from geo.export import EVERYTHING, FEATURE_FORMATS, formats_of, is_possible, write
from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008
from participation.models import Import, ImportedRow, Project, Proposal, Record, Support
from participation.selectors.layers import proposals_layer
from participation.services.importing.desk import DRAFTS_KEPT, forget_drafts
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks

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


def test_where_only_objects_may_be_proposed_no_file_brings_places(quiet: Project, gis: Client) -> None:
    Project.objects.filter(pk=quiet.pk).update(from_inventory=True)
    found = upload(gis, b"title,lon,lat\nEen plek,2.72,50.85\n")
    assert "object.not_chosen" in act(gis, found, "columns", 422, title="title").content.decode()


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
