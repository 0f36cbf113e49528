"""The town's own layers: taken in, looked at, put to use, kept in versions; and who sees them where."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client, TestCase
from django.urls import reverse
from pytest_django import Settings

from geo.catalog import Asker, FeatureSource, UnknownLayer, layer
from geo.plane.boxes import Box
from participation.models import Record
from siting.models import Candidate, Layer, LayerFeature, Origin
from siting.services.layers import forget_old_drafts
from tests.cast import Cast
from tests.unit.geo.strangers import collection, point

pytestmark = pytest.mark.django_db
ENGLISH = {"Accept-Language": "en"}

BOW = {"type": "Polygon", "coordinates": [[[2.7, 50.84], [2.72, 50.86], [2.72, 50.84], [2.7, 50.86], [2.7, 50.84]]]}


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def gis(cast: Cast) -> Client:
    return signed_in(cast, "Gis")


def signed_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast[name])
    return client


def upload(client: Client, content: bytes, *, called: str = "palen.geojson", **fields: Any) -> Any:
    form = {"name": "Palen", "kind": "existing", "source": "Dienst, 2026", "licence": "Open", "crs": ""} | fields
    return client.post(reverse("desk_layers"), {"file": SimpleUploadedFile(called, content)} | form)


def act(client: Client, found: Layer, what: str, **fields: str | list[str]) -> Any:
    return client.post(reverse("desk_layer_change", args=(found.pk,)), {"act": what} | fields)


def in_use(client: Client, content: bytes, **fields: Any) -> Layer:
    shown = fields.pop("shown", [])
    upload(client, content, **fields)
    found = Layer.objects.latest("pk")
    act(client, found, "accept", shown=shown)
    found.refresh_from_db()
    return found


def files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


# --- taking in ------------------------------------------------------------------------------------------------


def test_a_layer_is_looked_at_before_it_is_used(cast: Cast, gis: Client) -> None:
    response = upload(gis, collection(point(), BOW, None, n=1))
    draft = Layer.objects.get()
    assert response["Location"] == reverse("desk_layer", args=(draft.pk,))
    assert (draft.state, draft.n_features, draft.crs, draft.geometry_type) == ("draft", 3, "EPSG:4326", "Geometry")
    page = gis.get(response["Location"], headers={"Accept-Language": "en"}).content.decode()
    for words in ("crossed itself and was mended", "has no place", "Different kinds of places", "Dienst, 2026"):
        assert words in page
    with pytest.raises(UnknownLayer):
        layer(Asker("toonstad", cast["Gis"]), "layer-palen")

    act(gis, draft, "accept")
    draft.refresh_from_db()
    assert draft.state == "current"
    assert [feature.geometry is None for feature in LayerFeature.objects.filter(layer=draft)] == [False, False, True]
    assert Record.objects.get(act="layer.accepted").person == cast["Gis"]


@pytest.mark.parametrize("missing", ["source", "licence", "name"])
def test_source_and_licence_are_needed(gis: Client, settings: Settings, missing: str) -> None:
    response = upload(gis, collection(point()), **{missing: " "})
    assert response.status_code == 422
    assert missing in response.context["form"].errors
    assert not Layer.objects.exists()
    assert files(settings) == []


def test_a_file_that_cannot_be_read_leaves_nothing_behind(gis: Client, settings: Settings) -> None:
    response = upload(gis, b"SQLite format 3\0garbage", called="x.gpkg")
    assert response.status_code == 422
    assert "file" in response.context["form"].errors
    assert not Layer.objects.exists()
    assert files(settings) == []


def test_the_plane_is_asked_for_and_a_swapped_one_is_told(gis: Client) -> None:
    upload(gis, b"name,x,y\nMarkt,34376.39,172773.60\n", called="x.csv")
    draft = Layer.objects.get()
    assert (draft.report["needs"], draft.n_features) == ("crs", 0)
    assert act(gis, draft, "accept").status_code == 422
    swapped = act(gis, draft, "read", crs="EPSG:3812")
    assert swapped.status_code == 422
    assert "EPSG:31370" in swapped.content.decode()
    act(gis, draft, "read", crs="EPSG:31370")
    assert act(gis, draft, "accept").status_code == 302
    place = LayerFeature.objects.get().geometry
    assert place is not None
    assert place.x == pytest.approx(2.72659, abs=1e-5)


def test_what_lies_elsewhere_is_told(gis: Client) -> None:
    upload(gis, collection(point(10, 10)))
    assert gis.get(reverse("desk_layer", args=(Layer.objects.get().pk,))).context["is_elsewhere"]


def test_a_new_version_keeps_the_old_one(cast: Cast, gis: Client) -> None:
    first = in_use(gis, collection(point(), n=1))
    second = in_use(gis, collection(point(), point(), n=2), name="Palen 2026", replaces=first.pk)
    first.refresh_from_db()
    assert [(first.state, first.version), (second.state, second.version)] == [("replaced", 1), ("current", 2)]
    assert first.slug == second.slug
    assert first.features.count() == 1
    source = layer(Asker("toonstad", cast["Gis"]), "layer-palen")
    assert isinstance(source, FeatureSource)
    assert source.count() == 2


def test_an_earlier_version_is_used_again(cast: Cast, gis: Client) -> None:
    first = in_use(gis, collection(point(), n=1))
    second = in_use(gis, collection(point(), point(), n=2), replaces=first.pk)
    assert (
        "Use this version again" in gis.get(reverse("desk_layer", args=(first.pk,)), headers=ENGLISH).content.decode()
    )
    assert act(gis, first, "restore").status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert [(first.state, first.version), (second.state, second.version)] == [("current", 1), ("replaced", 2)]
    source = layer(Asker("toonstad", cast["Gis"]), f"layer-{first.slug}")
    assert isinstance(source, FeatureSource)
    assert source.count() == 1
    assert Record.objects.get(act="layer.restored").detail == {"version": 1}
    # What is in use is no earlier version, and a draft is none either.
    assert act(gis, first, "restore").status_code == 409


def test_every_row_that_was_left_out_stands_in_a_table(cast: Cast, gis: Client) -> None:
    table = b"name,lon,lat\nMarkt,2.7,50.8\n" + b"".join(b"=cmd(),ver,50.8\n" for _ in range(30))
    upload(gis, table, called="x.csv")
    found = Layer.objects.latest("pk")
    answer = gis.get(reverse("desk_layer_refused", args=(found.pk,)), headers=ENGLISH)
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines[0] == "line,code,sentence"
    assert len(lines) == 1 + 30
    assert lines[1].startswith("3,pin.not_a_number,")
    kept = Path(f"{found.file.path}.refused")
    assert kept.exists()
    with TestCase.captureOnCommitCallbacks(execute=True):
        act(gis, found, "delete")
    assert not kept.exists()


def test_only_who_may_takes_layers_in(cast: Cast) -> None:
    for name, status in {"Mo": 404, "An": 404, "Gis": 302, "Piet": 302}.items():
        assert upload(signed_in(cast, name), collection(point()), called="x.geojson").status_code == status
    assert upload(Client(), collection(point())).status_code == 302
    assert Layer.objects.count() == 2


def test_another_towns_layer_is_not_there(cast: Cast, gis: Client) -> None:
    other = in_use(gis, collection(point()))
    Layer.objects.filter(pk=other.pk).update(organisation=cast.other_town)
    assert gis.get(reverse("desk_layer", args=(other.pk,))).status_code == 404
    assert act(gis, other, "delete").status_code == 404
    assert Layer.objects.exists()


# --- forgetting ------------------------------------------------------------------------------------------------


def test_only_what_nothing_uses_is_deleted(cast: Cast, gis: Client, settings: Settings) -> None:
    found = in_use(gis, collection(point()))
    candidate = Candidate.objects.create(
        project=cast.project, number=1, title="Plek", point=Point(2.7, 50.85, srid=4326), created_at=datetime.now(UTC)
    )
    Origin.objects.create(candidate=candidate, kind="feature", feature=found.features.get())
    refused = act(gis, found, "delete")
    assert refused.status_code == 422
    assert Layer.objects.exists()
    candidate.delete()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda after: after())
        act(gis, found, "delete")
    assert not Layer.objects.exists()
    assert not LayerFeature.objects.exists()
    assert files(settings) == []


def test_drafts_are_forgotten_after_a_day(gis: Client) -> None:
    upload(gis, collection(point()))
    kept = in_use(gis, collection(point()), name="Blijft")
    assert forget_old_drafts(now=datetime.now(UTC)) == 0
    assert forget_old_drafts(now=datetime.now(UTC) + timedelta(days=2)) == 1
    assert list(Layer.objects.all()) == [kept]


# --- in the catalogue --------------------------------------------------------------------------------------------


@pytest.fixture
def shown(cast: Cast, gis: Client) -> Layer:
    content = json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": point(2.65, 50.85), "properties": {"naam": "A", "n": 1, "vrij": True}},
                {"type": "Feature", "geometry": point(2.75, 50.85), "properties": {"naam": "B", "n": 2.5, "it's": "x"}},
            ],
        }
    ).encode()
    return in_use(gis, content, shown=["naam"])


def test_staff_see_a_layer_and_everybody_a_public_one(cast: Cast, gis: Client, shown: Layer) -> None:
    address = "/ogc/collections/layer-palen/items?f=json"
    assert Client().get(address).status_code == 404
    assert signed_in(cast, "An").get(address).status_code == 404
    stranger = Client()
    stranger.force_login(cast.stranger)
    assert stranger.get(address).status_code == 404
    answer = gis.get(address)
    assert answer.status_code == 200
    assert "private" in answer["Cache-Control"]

    act(gis, shown, "show")
    public = Client().get(address)
    assert public.status_code == 200
    assert [feature["properties"]["naam"] for feature in public.json()["features"]] == ["A", "B"]
    act(gis, shown, "keep")
    assert Client().get(address).status_code == 404


def test_a_layer_can_be_filtered_boxed_and_taken_along(cast: Cast, gis: Client, shown: Layer) -> None:
    source = layer(Asker("toonstad", cast["Gis"]), "layer-palen")
    assert isinstance(source, FeatureSource)
    assert {column.name: column.kind for column in source.columns} == {
        "naam": "text", "n": "number", "vrij": "boolean", "it's": "text",
    }  # fmt: skip
    assert [feature.attributes for feature in source.features(Box(2.7, 50, 3, 51))] == [
        {"naam": "B", "n": 2.5, "vrij": None, "it's": "x"}
    ]
    assert source.count(where={"n": 2.5}) == 1
    assert source.count(where={"vrij": True}) == 1
    for form in ("geojson", "gpkg", "csv"):
        assert b"".join(gis.get(f"/export/layer-palen.{form}")), form
    assert gis.get("/ogc/collections/layer-palen/tiles/WebMercatorQuad/0/0/0").status_code == 200


def test_a_public_layer_names_its_source_and_licence(gis: Client, shown: Layer) -> None:
    act(gis, shown, "show")
    told = Client().get("/ogc/collections/layer-palen?f=json").json()["description"]
    assert "Dienst, 2026" in told
    assert "Open" in told


# --- the command ---------------------------------------------------------------------------------------------


def command(path: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "import_layer", str(path), "--organisation", "toonstad", "--name", "Palen", *options, "--json", stdout=out
    )
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_the_command_takes_a_layer_in_and_then_a_new_version(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(collection(point(), BOW, point(999, 99)))
    said = command(path, "--kind", "rules", "--licence", "Open", "--source", "Dienst")
    assert said == {
        "layer": "layer-palen", "version": 1, "read": 3, "imported": 2, "refused": {"pin.outside_world": 1},
        "mended": 1, "without_place": 0, "crs": "EPSG:4326", "geometry_type": "Geometry", "shown": [],
    }  # fmt: skip
    assert command(path)["version"] == 2
    assert list(Layer.objects.order_by("version").values_list("state", flat=True)) == ["replaced", "current"]


def test_the_command_asks_for_what_is_open_and_keeps_nothing(cast: Cast, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n34376,172773\n")
    with pytest.raises(CommandError, match="--crs"):
        command(path)
    with pytest.raises(CommandError):
        command(tmp_path / "none.csv")
    assert not Layer.objects.exists()
    assert files(settings) == []
    assert command(path, "--crs", "EPSG:31370")["imported"] == 1
