"""Of the town's own layers everybody gets the columns that staff chose, in whatever way they leave the house.

Planted: the name of an owner in a column that is not ticked. The control: ticked, the same search finds it everywhere.
"""

import json
import zipfile
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from geo.catalog import Asker, layer
from geo.export import FEATURE_FORMATS, about, formats_of
from geo.plane.crs import CRS84, LAMBERT_72
from participation.models import Record
from siting.models import Layer
from siting.selectors.measuring import shapes_of
from tests.cast import Cast
from tests.contracts.test_pages import read
from tests.integration.test_town_layers import act, in_use, signed_in, upload
from tests.unit.geo.strangers import point

pytestmark = pytest.mark.django_db
OWNER, SEEN = "Jan Peeters-7Q", "Markt-7Q"
ITEMS = "/ogc/collections/layer-palen/items"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def file(*rows: dict[str, object]) -> bytes:
    several = [
        {"type": "Feature", "geometry": point(2.65 + n / 100, 50.85), "properties": row} for n, row in enumerate(rows)
    ]
    return json.dumps({"type": "FeatureCollection", "features": several}).encode()


POLES = file({"naam": SEEN, "eigenaar": OWNER}, {"naam": "Kerk", "eigenaar": "Mia"})


def unpacked(content: bytes) -> bytes:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    if content.startswith(b"PAR1"):
        return repr(pq.read_table(BytesIO(content)).to_pydict()).encode()
    return content


def everything(client: Client) -> dict[str, bytes]:
    """Every way in which this client gets the layer."""
    ways = [f"{ITEMS}?f=json", f"{ITEMS}?f=html", f"{ITEMS}/1?f=json", f"{ITEMS}/1?f=html", f"{ITEMS}?q={OWNER}"]
    ways += [f"/ogc/collections/layer-palen?f={form}" for form in ("json", "html")]
    ways += ["/ogc/collections/layer-palen/queryables", "/ogc/api", "/catalog.jsonld", "/data/", "/ogc/collections"]
    ways += ["/ogc/collections/layer-palen/tiles/WebMercatorQuad?f=tilejson"]
    ways += [f"/export/layer-palen.{ending}" for ending in FEATURE_FORMATS]
    ways += ["/export/layer-palen.csv/about"]
    found = {way: unpacked(read(client.get(way))) for way in ways}
    for z, y, x in ((0, 0, 0), (8, 85, 129)):
        way = f"/ogc/collections/layer-palen/tiles/WebMercatorQuad/{z}/{y}/{x}"
        content = read(client.get(way))
        found[way] = repr(mapbox_vector_tile.decode(content) if content else {}).encode()
    return found


def holding(found: dict[str, bytes], word: str) -> set[str]:
    return {way for way, content in found.items() if word.encode() in content}


def test_a_column_that_is_not_ticked_is_in_nothing_public(cast: Cast) -> None:
    gis = signed_in(cast, "Gis")
    made = in_use(gis, POLES, is_public="on", shown=["naam"])
    found = everything(Client())
    files = {f"/export/layer-palen.{ending}" for ending in FEATURE_FORMATS}
    assert holding(found, OWNER) == holding(found, "eigenaar") == set()
    assert holding(found, SEEN) >= files | {f"{ITEMS}?f=json", f"{ITEMS}?f=html", f"{ITEMS}/1?f=json"}
    # Neither asked for in another way.
    for asked in (
        "eigenaar=x",
        "sortby=eigenaar",
        "filter=eigenaar='x'",
        "filter=eigenaar IS NULL",
        "properties=eigenaar",
    ):
        answer = Client().get(f"{ITEMS}?f=json&{asked}")
        assert answer.status_code == 400 or OWNER not in answer.content.decode(), asked
    for asked in ("eigenaar=x", "sortby=eigenaar", "filter=eigenaar='x'"):
        assert Client().get(f"{ITEMS}?f=json&{asked}").status_code == 400, asked
        assert Client().get(f"{ITEMS}?f=json&{asked.replace('eigenaar', 'naam')}").status_code == 200, asked
    # Staff see all of it, and what they take along is not what everybody has: it leaves a line.
    assert holding(everything(gis), OWNER) >= files | {f"{ITEMS}?f=json"}
    assert Record.objects.filter(act="data.taken", detail__format="csv").exists()

    # The control: ticked, the same search finds it wherever it found the other one.
    act(gis, made, "columns", shown=["naam", "eigenaar"])
    ticked = everything(Client())
    assert holding(ticked, OWNER) >= holding(found, SEEN)
    assert {way for way in ticked if b"eigenaar" in ticked[way]} >= {
        "/ogc/collections/layer-palen/queryables",
        "/ogc/api",
    }
    act(gis, made, "columns", shown=[])
    assert holding(everything(Client()), OWNER) == holding(everything(Client()), SEEN) == set()


def test_nothing_is_ticked_but_what_was_public(cast: Cast) -> None:
    gis = signed_in(cast, "Gis")

    def ticked(found: Layer) -> list[str]:
        page = gis.get(reverse("desk_layer", args=(found.pk,)))
        return [each["name"] for each in page.context["attributes"] if each["is_shown"]]

    upload(gis, POLES)
    first = Layer.objects.get()
    assert ticked(first) == []
    # What is no column of it is no choice.
    act(gis, first, "accept", shown=["naam", "elders"])
    line = Record.objects.get(act="layer.accepted")
    assert (line.person, line.detail["everybody_sees"]) == (cast["Gis"], ["naam"])
    upload(gis, file({"naam": "x", "telefoon": "+32 57"}), replaces=first.pk)
    second = Layer.objects.latest("pk")
    assert ticked(second) == ["naam"]
    act(gis, second, "accept")
    assert ticked(second) == []
    act(gis, second, "columns", shown=["telefoon"])
    line = Record.objects.get(act="layer.columns_chosen")
    assert (line.person, line.detail) == (cast["Gis"], {"version": 2, "everybody_sees": ["telefoon"]})
    for name in ("An", "Mo"):
        assert act(signed_in(cast, name), second, "columns", shown=["naam"]).status_code == 404
    assert ticked(second) == ["telefoon"]


def test_the_text_beside_a_file_says_who_chose_its_columns(cast: Cast) -> None:
    gis = signed_in(cast, "Gis")
    in_use(gis, POLES, is_public="on", shown=["naam"])

    def told(person: object, name: str) -> str:
        found = layer(Asker("toonstad", person), name)
        return about(found, formats_of(found)[0], CRS84)

    with translation.override("en"):
        nobody = "In no file stands anybody's name"
        assert nobody in told(None, "laden-proposals")
        everybody, staff = told(None, "layer-palen"), told(cast["Gis"], "layer-palen")
        assert nobody not in everybody + staff
        assert "The staff of the town chose which columns everybody gets." in everybody
        assert "eigenaar" not in everybody
        assert "- eigenaar" in staff
        assert "Everybody gets only: naam." in staff


def test_a_column_may_be_called_like_a_year_or_a_path(cast: Cast) -> None:
    gis = signed_in(cast, "Gis")
    made = in_use(gis, file({"2024": 7, "a__b": "x", "naam": "A"}), is_public="on", shown=["2024", "a__b"])
    (feature,) = Client().get(f"{ITEMS}?f=json&2024=7&sortby=-2024").json()["features"]
    assert feature["properties"] == {"2024": 7, "a__b": "x"}
    assert shapes_of(made, LAMBERT_72, "2024").values == [7]
    assert shapes_of(made, LAMBERT_72, "a__b").values == ["x"]
    upload(gis, file({"2024": 7, "a__b": "y", "naam": "A"}), replaces=made.pk)
    found = Layer.objects.latest("pk")
    act(gis, found, "compare", key_column="2024")
    found.refresh_from_db()
    assert found.report["compared"]["counts"] == {"changed": 1}


def test_the_command_shows_what_it_is_told(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(POLES)

    def command(*options: str) -> Any:
        out = StringIO()
        call_command(
            "import_layer", str(path), "--organisation", "toonstad", "--name", "Palen", *options, "--json", stdout=out
        )
        return json.loads(out.getvalue())["shown"]

    assert command() == []
    assert command("--show", "naam", "--show", "eigenaar") == ["naam", "eigenaar"]
    assert command() == ["naam", "eigenaar"]
    with pytest.raises(CommandError, match="elders"):
        command("--show", "elders")
    assert Layer.objects.count() == 3
