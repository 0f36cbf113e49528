"""Files made to do harm, through every door that strangers' files come in by: the desk's pages, the commands, answers
to a form. No file outside the job is read, nobody is called, the web answers in a sentence."""

import io
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from geo.intake import apart
from participation.models import AnswerFile, Draft, Import, InventoryObject, Proposal, Zone
from participation.rules.questions import Kind, Question
from participation.rules.refusals import Refused
from participation.services.answer_files import add_answer_file
from siting.models import Layer, LayerFeature
from tests.cast import TOWN, Cast
from tests.drills.conftest import Tell
from tests.unit.geo.strangers import collection, hostile
from tests.unit.geo.strangers_newer import newer

SECRET = "geheim-7c1f"
# Reading stops after WALL_SECONDS (15 here); the rest is for machines that do much else.
MOST_SECONDS = 60.0
LAYER = {"name": "Proef", "kind": "context", "source": "Iemand", "licence": "Geen", "crs": ""}


@dataclass(frozen=True)
class Page:
    """A page that takes a file: its address, and what else its form asks."""

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    of_project: bool = True

    @property
    def address(self) -> str:
        return reverse(self.name, args=("laden",) if self.of_project else ())


PAGES = {
    "proposals": Page("desk_imports"),
    "supports": Page("desk_imports", {"kind": "supports"}),
    "neighbourhoods": Page("desk_areas", of_project=False),
    "layers": Page("desk_layers", LAYER, of_project=False),
    "zones": Page("desk_zones", {"act": "add", "kind": "look", "name_nl": "Proef", "why_nl": "Proef", "crs": ""}),
    "inventory": Page("desk_inventory_change", {"name_field": "name", "crs": ""}),
    "area": Page("desk_setup_area", {"kind": "file", "crs": "", "shapes": "point", "shown": "exact"}),
}
COMMANDS: dict[str, list[str]] = {
    "import_proposals": ["--project", "laden", "--title-field", "name"],
    "import_supports": ["--project", "laden", "--proposal-field", "name", "--person-field", "name"],
    "load_areas": ["--organisation", "toonstad", "--name-field", "name"],
    "import_layer": ["--organisation", "toonstad", "--name", "Proef", "--source", "Iemand", "--licence", "Geen"],
    "create_project": ["--organisation", "toonstad", "--title", "Proef", "--area"],
}
ANSWER = "answers"
DOORS = [*PAGES, *COMMANDS, ANSWER]


class Ear:
    """A port on this machine that hears when somebody comes there."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.n = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self.server.accept()[0].close()
            except OSError:
                return
            self.n += 1


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Hears whether a file calls somebody."""
    found = Ear()
    yield found
    found.server.close()


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


class Doors:
    """Sends files in by any door, and says what must not be."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self.cast, self.folder = cast, folder
        self.client = Client(raise_request_exception=False)
        self.client.force_login(cast["Piet"])
        self.n = 0
        # Did the last file come in?
        self.took = False

    def send(self, door: str, name: str, content: bytes) -> str:
        """What is wrong with how this door took a file; nothing where all is well."""
        began = time.monotonic()
        self.took = False
        if door in PAGES:
            said = self._page(PAGES[door], name, content)
        elif door in COMMANDS:
            said = self._command(door, name, content)
        else:
            said = self._answer(name, content)
        took = time.monotonic() - began
        return said or (f"{took:.0f} s" if took > MOST_SECONDS else "")

    def _page(self, page: Page, name: str, content: bytes) -> str:
        answer = self.client.post(
            page.address, {"file": SimpleUploadedFile(Path(name).name or "x", content), **page.fields}
        )
        if answer.status_code == 302:
            self.took = True
            answer = self.client.get(answer["Location"])
        if SECRET in answer.content.decode():
            return "the secret is shown"
        return "" if answer.status_code in {200, 409, 422} else str(answer.status_code)

    def _command(self, command: str, name: str, content: bytes) -> str:
        self.n += 1
        # Whoever runs a command names a file of this machine, called as its sender called it as far as it can be.
        file = self.folder / f"{self.n}-{name.replace('/', '_')[-60:]}"
        file.write_bytes(content)
        arguments = COMMANDS[command]
        first = [f"proef-{self.n}", *arguments, str(file)] if command == "create_project" else [str(file), *arguments]
        out, told = io.StringIO(), io.StringIO()
        try:
            call_command(command, *first, stdout=out, stderr=told)
            self.took = True
        except CommandError as refused:
            told.write(str(refused))
        except Exception as error:
            return repr(error)
        finally:
            file.unlink()
        return "the secret is shown" if SECRET in out.getvalue() + told.getvalue() else ""

    def _answer(self, name: str, content: bytes) -> str:
        draft = Draft.objects.create(project=self.cast.project, kind=Draft.Kind.FORM)
        self.n += 1
        question = Question(key="stuk", kind=Kind.FILE, label={"nl": "Stuk"})
        try:
            made = add_answer_file(
                draft=draft,
                question=question,
                file=io.BytesIO(content),
                size=len(content),
                name=name,
                alt="",
                now=timezone.now(),
            )
        except Refused:
            return ""
        except Exception as error:
            return repr(error)
        # A document is kept as it is, under a name that nobody chose, and is nothing that a browser carries out.
        self.took = True
        with default_storage.open(f"answers/{made.key}") as file:
            kept = file.read()
        is_inert = made.content_type in {"application/pdf", "text/plain; charset=utf-8"}
        return "" if is_inert and kept == content and "/" not in made.name else f"kept as {made.content_type}"


def told() -> str:
    """Everything the database holds of files."""
    found: list[Any] = [
        *Import.objects.values_list("report", flat=True),
        *Layer.objects.values_list("report", flat=True),
        *LayerFeature.objects.values_list("properties", flat=True),
        *Proposal.objects.values_list("title", "body"),
        *Zone.objects.values_list("name", flat=True),
        *InventoryObject.objects.values_list("name", "key"),
        *AnswerFile.objects.values_list("name", flat=True),
    ]
    return str(found)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How often the same kinds of files reach other files and the net where no walls are."""
    folder, ear = tmp_path_factory.mktemp("control"), Ear()
    secret = folder / "secret.csv"
    secret.write_text(f"name,lon,lat\n{SECRET},2.7,50.8\n")
    reached = SECRET in unguarded(folder, "control.csv.vrt", vrt(str(secret), "secret"))
    unguarded(folder, "control.vrt", vrt(f"/vsicurl/http://127.0.0.1:{ear.port}/x.gpkg", "x"))
    ear.server.close()
    assert reached
    assert ear.n
    return 1 + ear.n


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_no_file_reaches_anything(
    cast: Cast,
    settings: Settings,
    tmp_path: Path,
    ear: Ear,
    monkeypatch: pytest.MonkeyPatch,
    long: bool,
    tell: Tell,
    door: str,
    control: int,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    for name in ("WALL_SECONDS", "OPERATOR_WALL_SECONDS"):
        monkeypatch.setattr(apart, name, 15)
    secret = tmp_path / "secret.csv"
    secret.write_text(f"name,lon,lat\n{SECRET},2.7,50.8\n")
    made, sent = tmp_path / "made", tmp_path / "sent"
    made.mkdir()
    sent.mkdir()
    corpus = list((hostile(made, ear.port, secret) | newer(made, ear.port, secret, bombs=long)).items())
    assert len(corpus) >= 60
    # In short each door gets another of them; all are tried in tests/unit/geo/test_intake.py too.
    chosen = corpus if long else [corpus[(7 * DOORS.index(door) + 3) % len(corpus)]]
    doors = Doors(cast, sent)
    violations: list[tuple[str, str]] = []
    began = time.monotonic()
    for what, (name, content) in chosen:
        if wrong := doors.send(door, name, content):
            violations.append((what, wrong))
    seconds = round(time.monotonic() - began)
    if SECRET in told():
        violations.append(("some file", "the secret is in the database"))
    violations += [("some file", "somebody was called")] * ear.n
    # The web never noticed: a sound file comes in by the same door as if nothing had been.
    if long or door in {"proposals", "zones"}:
        sound = collection(json.loads(shapely.to_geojson(shapely.box(*TOWN))), name="Markt")
        assert doors.send(door, "goed.geojson", sound) == ""
        assert doors.took
    tell(
        "hostile-files",
        door=door,
        attempts=len(chosen),
        violations=len(violations),
        control_violations=control,
        seconds=seconds,
    )
    assert violations == []
    assert secret.read_text().count(SECRET) == 1
