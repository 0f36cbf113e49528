"""Files made to do harm, through both doors that strangers' files come in by: proposals and layers. No file outside
the job is read, nobody is called, the web answers in a sentence."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from geo.intake import apart
from participation.models import Import
from siting.models import Layer, LayerFeature
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.unit.geo.strangers import hostile
from tests.unit.geo.strangers_newer import newer

SECRET = "geheim-7c1f"
MOST_SECONDS = 20.0


@pytest.fixture
def knocks() -> Iterator[tuple[int, list[float]]]:
    """A port on this machine, and when somebody came there."""
    heard: list[float] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return
            heard.append(time.monotonic())

    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], heard
    server.close()


# What the same files do to a reader without walls: whatever GDAL opens, it opens.
UNGUARDED = """
import sys, warnings
import pyogrio
warnings.simplefilter("ignore")
try:
    print(pyogrio.read_dataframe(sys.argv[1]).to_csv())
except Exception as error:
    print(type(error))
"""


def unguarded(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", UNGUARDED, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout


def vrt(source: str, layer: str) -> bytes:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{layer}"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>"
    ).encode()


@pytest.mark.django_db
def test_no_file_reaches_anything(
    cast: Cast,
    settings: Settings,
    tmp_path: Path,
    knocks: tuple[int, list[float]],
    monkeypatch: pytest.MonkeyPatch,
    rounds: Callable[[int, int], int],
    long: bool,
    tell: Tell,
) -> None:
    port, heard = knocks
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(apart, "WALL_SECONDS", 15)
    secret = tmp_path / "secret.csv"
    secret.write_text(f"name,lon,lat\n{SECRET},2.7,50.8\n")
    made = tmp_path / "made"
    made.mkdir()
    corpus = hostile(made, port, secret) | newer(made, port, secret, bombs=long)
    assert len(corpus) >= 60
    # Files of other readers first: these are new here, the others are tried in tests/unit/geo/test_intake.py too.
    chosen = list(reversed(corpus.items()))[:: rounds(30, 1)]
    client = Client(raise_request_exception=False)
    client.force_login(cast["Piet"])
    doors = {reverse("desk_imports", args=("laden",)): {}, reverse("desk_layers"): LAYER}
    violations: list[tuple[str, str]] = []
    for door, fields in doors.items():
        for what, (name, content) in chosen:
            began = time.monotonic()
            answer = client.post(door, {"file": SimpleUploadedFile(Path(name).name or "x", content)} | fields)
            if answer.status_code == 302:
                answer = client.get(answer["Location"])
            said = answer.content.decode()
            if answer.status_code not in {200, 422} or SECRET in said or time.monotonic() - began > MOST_SECONDS:
                violations.append((what, f"{door} {answer.status_code}"))
    told = str(list(Import.objects.values_list("report", flat=True)))
    told += str(list(Layer.objects.values_list("report", flat=True)))
    told += str(list(LayerFeature.objects.values_list("properties", flat=True)))
    if SECRET in told:
        violations.append(("some file", "the secret is in the database"))
    violations += [("some file", "somebody was called")] * len(heard)

    # The control: without walls the same kinds of files do reach the net, and other files.
    control = SECRET in unguarded(made, "control.csv.vrt", vrt(str(secret), "secret"))
    unguarded(made, "control.vrt", vrt(f"/vsicurl/http://127.0.0.1:{port}/x.gpkg", "x"))
    n_control = int(control) + len(heard)
    tell("hostile-files", attempts=len(chosen) * len(doors), violations=len(violations), control_violations=n_control)
    assert violations == []
    assert secret.read_text().count(SECRET) == 1
    assert control
    assert heard


LAYER = {"name": "Proef", "kind": "context", "source": "Iemand", "licence": "Geen", "crs": ""}
