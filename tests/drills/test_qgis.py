"""QGIS itself, without a window, as a client: live layers row by row, a file of ours with its style, edited and brought
back, vector tiles.

Skipped where the system's Python has no QGIS (Debian: python3-qgis).
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from geo.export import EVERYTHING, write
from geo.plane.crs import LAMBERT_72
from participation.middleware import KNOWN_SECONDS
from participation.models import Import, Proposal
from participation.rules.tokens import Scope
from participation.selectors.layers import proposals_layer
from participation.services.tokens import make_token
from siting.models import Layer
from tests.cast import Cast, assemble
from tests.drills.conftest import Tell
from tests.integration.geo.test_gdal_planes import CLOSE, SHAPES, N, differing, layer_of, stored

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("qgis_client.py")
SECONDS = 300


def _has_qgis() -> bool:
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", "import qgis"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _has_qgis(), reason="the system's Python has no QGIS (Debian: python3-qgis)")


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[list[dict[str, Any]]], list[Any]]:
    """Puts questions to QGIS, in a process of its own."""

    def put(questions: list[dict[str, Any]]) -> list[Any]:
        asked, answers = tmp_path / "questions.json", tmp_path / "answers.json"
        asked.write_text(json.dumps(questions))
        environment = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(tmp_path),
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_AUTH_DB_DIR_PATH": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
        }
        done = subprocess.run(
            [PYTHON, str(SCRIPT), str(asked), str(answers)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert answers.exists(), done.stdout[-2000:] + done.stderr[-2000:]
        found: list[Any] = json.loads(answers.read_text())
        return found

    return put


def places_of(layer: Layer, srid: int) -> list[tuple[int, Any, list[Any]]]:
    """What PostGIS holds of the layer without its columns: QGIS is asked for places."""
    return [(key, place, []) for key, place, _ in stored(layer, srid)]


@pytest.fixture
def town(transactional_db: None) -> Cast:
    # The town of a host is known for a moment: the one of the test before must be forgotten.
    time.sleep(KNOWN_SECONDS)
    return assemble()


def test_qgis_agrees_with_the_database(
    town: Cast, live_server: Any, ask: Callable[[list[dict[str, Any]]], list[Any]], tell: Tell
) -> None:
    # Every fourth row of these has no place.
    layers = {shape: layer_of(town.town, shape) for shape in SHAPES}
    inside = layer_of(town.town, "Point", is_public=False, slug="binnen")
    _token, secret = make_token(
        organisation=town.town, by=town["Gis"], name="QGIS", scopes=[Scope.READ], days=30, now=datetime.now(UTC)
    )
    asked = [(shape, srid) for shape in SHAPES for srid in CLOSE]
    how = {"ask": "rows", "address": live_server.url, "key": "nr"}
    staff = how | {"layer": f"layer-{inside.slug}", "srid": 4326}
    answers = ask(
        [how | {"layer": f"layer-{layers[shape].slug}", "srid": srid} for shape, srid in asked]
        + [staff | {"token": secret}, staff]
        + [how | {"layer": "laden-proposals", "key": "number", "srid": 31370}]
    )
    *planes, with_token, without, proposals = answers
    violations, controls = 0, 0
    for (shape, srid), found in zip(asked, planes, strict=True):
        assert isinstance(found, list), found
        seen: list[tuple[int, Any, list[Any]]] = sorted(
            (key, place and shapely.from_wkb(place), []) for key, place in found
        )
        assert len(seen) == N
        assert sum(place is None for _, place, _ in seen) == N // 4
        violations += len(differing(seen, places_of(layers[shape], srid), CLOSE[srid]))
        # The control: a plane read for another would be seen in every row that has a place.
        controls += len(differing(seen, places_of(layers[shape], 3812 if srid != 3812 else 31370), CLOSE[srid]))
    tell("qgis-rows", attempts=N * len(asked), violations=violations, control_violations=controls)
    assert violations == 0
    assert controls == (N - N // 4) * len(asked)
    # What only staff may see: with a token, and not without.
    assert len(with_token) == N
    assert without == []
    assert sorted(key for key, _ in proposals) == list(range(1, 9))


def test_a_file_goes_to_qgis_and_comes_back(
    town: Cast,
    live_server: Any,
    ask: Callable[[list[dict[str, Any]]], list[Any]],
    tell: Tell,
    tmp_path: Path,
    settings: Settings,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    Proposal.objects.filter(project=town.project).update(on_ballot=False)
    path, edited = tmp_path / "laden.gpkg", tmp_path / "edited.gpkg"
    write(proposals_layer(town.project, has_map=True), "gpkg", LAMBERT_72, EVERYTHING, path)
    tiles = f"{live_server.url}/ogc/collections/laden-proposals/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    # All eight pins, and the sea beside them.
    here, sea = [290_000.0, 6_590_000.0, 310_000.0, 6_610_000.0], [0.0, 6_590_000.0, 20_000.0, 6_610_000.0]
    style, n, untouched, drawn, nothing = ask(
        [
            {"ask": "style", "path": str(path)},
            {
                "ask": "edit",
                "path": str(path),
                "to": str(edited),
                "texts": {"2": {"title": "Plek twee, in QGIS"}, "5": {"body": "Beter zo"}},
                "moves": {"7": [36000.0, 172000.0]},
            },
            {"ask": "edit", "path": str(path), "to": str(tmp_path / "same.gpkg"), "texts": {}, "moves": {}},
            {"ask": "tiles", "address": tiles, "box": here},
            {"ask": "tiles", "address": tiles, "box": sea},
        ]
    )
    theme = town.project.themes.get()
    assert style["renderer"] == "categorizedSymbol"
    assert [theme.slug, theme.name["nl"], theme.colour] in style["categories"]
    assert style["crs"] == "EPSG:31370"
    assert n == untouched == 8

    gis = Client()
    gis.force_login(town["Gis"])
    before = list(Proposal.objects.order_by("number").values_list("title", "body", "point"))
    changed = {}
    for name in ("edited", "same"):
        file = SimpleUploadedFile(f"{name}.gpkg", (tmp_path / f"{name}.gpkg").read_bytes())
        page = gis.post(reverse("desk_imports", args=("laden",)), {"file": file})["Location"]
        form = gis.get(page).context["form"]
        gis.post(f"{page}change/", {"act": "columns"} | {one: form.initial[one] for one in form.fields})
        shown = gis.get(page).content.decode()
        rows = Import.objects.latest("pk").rows
        changed[name] = {row.number: set(row.after) for row in rows.filter(act="changed")}
        assert rows.count() == 8
        assert not rows.filter(act__in=["new", "refused"]).exists()
        assert ("Plek twee, in QGIS" in shown) == (name == "edited")
    wanted = {2: {"title"}, 5: {"body"}, 7: {"place"}}
    tell("qgis-round-trip", attempts=16, violations=int(changed["edited"] != wanted) + len(changed["same"]),
         control_violations=len(changed["edited"]))  # fmt: skip
    # Exactly the edited rows are shown, before anything is written.
    assert changed == {"edited": wanted, "same": {}}
    assert list(Proposal.objects.order_by("number").values_list("title", "body", "point")) == before
    # Vector tiles are drawn where the pins are, and nowhere else.
    assert isinstance(drawn, int), drawn
    assert drawn >= 8
    assert nothing == 0
