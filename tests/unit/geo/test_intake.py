"""Files of strangers are read apart: what is sound comes in, what is not is a sentence, and nothing gets out."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import shapely

from geo.formats.rows import FILE_SENTENCES, SENTENCES, UnreadableFile
from geo.intake import apart
from geo.intake.apart import Reading, Taken, reading_of
from geo.intake.process import ROOT
from geo.intake.unpack import unpack
from tests.unit.geo.strangers import POPERINGE, collection, hostile, point, shapefile, written, zipped

HERE = shapely.Point(*POPERINGE)
# Poperinge in Lambert 72 and 2008 (docs: EPSG:31370, EPSG:3812).
IN_72, IN_2008 = shapely.Point(34376.39, 172773.60), shapely.Point(534376.66, 672760.21)


def read(path: Path, **how: Any) -> tuple[Reading, list[Taken]]:
    with reading_of(path, name=how.pop("name", path.name), **how) as found:
        return found, [] if found.needs else list(found.features())


def refusal(path: Path, **how: Any) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refused:
        read(path, **how)
    assert str(refused.value)
    return refused.value


def is_here(place: Any) -> bool:
    return place is not None and bool(place.distance(HERE) < 1e-5)


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- every format ------------------------------------------------------------------------------------------


def test_every_format_says_the_same(tmp_path: Path) -> None:
    ocpi = [
        {
            "id": "L1",
            "name": "Markt",
            "coordinates": {"latitude": "50.85386", "longitude": "2.72659"},
            "evses": [
                {"status": "AVAILABLE", "connectors": [{"max_electric_power": 11000}, {"max_electric_power": 22000}]},
                {"status": "CHARGING", "connectors": [{"voltage": 230, "amperage": 16, "power_type": "AC_3_PHASE"}]},
                {"status": "REMOVED", "connectors": [{"max_electric_power": 300000}]},
            ],
        }
    ]
    files = {
        "EPSG:31370 gpkg": written(tmp_path / "a.gpkg", "GPKG", [IN_72], crs="EPSG:31370", name=["Markt"]),
        "EPSG:3812 fgb": written(tmp_path / "a.fgb", "FlatGeobuf", [IN_2008], crs="EPSG:3812", name=["Markt"]),
        "EPSG:31370 shp": shapefile(tmp_path, "a", [IN_72], name=["Markt"]),
        "EPSG:4326 geojson": put(tmp_path / "a.geojson", collection(point(), name="Markt")),
        "EPSG:4326 csv": put(tmp_path / "a.csv", "name;lon;lat\nMarkt;2,72659;50,85386\n"),
        "EPSG:31370 csv": put(tmp_path / "b.csv", "name,x_31370,y_31370\nMarkt,34376.39,172773.60\n"),
        "EPSG:4326 ocpi": put(tmp_path / "a.json", json.dumps({"data": ocpi, "status_code": 1000})),
    }
    for what, path in files.items():
        found, features = read(path)
        assert found.crs == what.split()[0], what
        assert len(features) == 1, what
        assert is_here(features[0].geometry), what
        assert features[0].attributes["name"] == "Markt", what
    assert features[0].attributes["n_points"] == 2
    assert features[0].attributes["max_power_kw"] == 22.0


def test_squares_of_the_european_grid(tmp_path: Path) -> None:
    table = "GRD_NEWID,people\n1kmN3092E3802,5\nCRS3035RES1000mN3092000E3803000,7\nnonsense,1\n"
    found, features = read(put(tmp_path / "a.csv", table))
    assert (found.crs, found.types, found.faults) == ("EPSG:3035", {"Polygon": 2}, {"row.geometry_bad": 1})
    left, right = (feature.geometry for feature in features)
    assert left is not None
    assert right is not None
    assert left.intersection(right).length > 0.005  # one side of a kilometre
    assert left.intersection(right).area < 1e-9


# --- the plane is asked for, never guessed -----------------------------------------------------------------


def test_a_plane_that_is_not_said_is_asked_for(tmp_path: Path) -> None:
    silent = [
        shapefile(tmp_path, "s", [IN_72], crs=None, name=["Markt"]),
        written(tmp_path / "s.gpkg", "GPKG", [IN_72], crs=None, name=["Markt"]),
        written(tmp_path / "s.fgb", "FlatGeobuf", [IN_72], crs=None, name=["Markt"]),
        put(tmp_path / "s.csv", "name,x,y\nMarkt,34376.39,172773.60\n"),
    ]
    for path in silent:
        found, features = read(path)
        assert (found.needs, found.crs_in_file, features) == ("crs", None, []), path.name
        found, features = read(path, crs="EPSG:31370")
        assert is_here(features[0].geometry), path.name
        assert found.crs == "EPSG:31370"


def test_the_two_lamberts_are_not_taken_for_one_another(tmp_path: Path) -> None:
    wrong = [
        (put(tmp_path / "x.csv", "x,y\n34376.39,172773.60\n"), "EPSG:3812", "EPSG:31370"),
        (put(tmp_path / "y.csv", "x,y\n534376.66,672760.21\n"), "EPSG:31370", "EPSG:3812"),
        (put(tmp_path / "z.geojson", collection(point(34376.39, 172773.60))), "", "EPSG:31370"),
        # The file itself says the wrong one.
        (written(tmp_path / "w.gpkg", "GPKG", [IN_2008], crs="EPSG:31370", name=["x"]), "", "EPSG:3812"),
    ]
    for path, chosen, meant in wrong:
        refused = refusal(path, crs=chosen)
        assert (refused.code, refused.facts["crs"]) == ("file.crs_looks_like", meant), path.name
        assert is_here(read(path, crs=meant)[1][0].geometry), path.name


def test_the_plane_that_esri_writes_without_a_number_is_known(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "esri", [IN_72], name=["Markt"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert b"EPSG" not in parts["esri.prj"]
    assert read(path)[0].crs_in_file == "EPSG:31370"


# --- layers, geometry, attributes --------------------------------------------------------------------------


def test_of_several_layers_one_is_chosen(tmp_path: Path) -> None:
    path = written(tmp_path / "one.gpkg", "GPKG", [HERE], name=["a"])
    import pyogrio.raw

    pyogrio.raw.write(
        path, geometry=[shapely.to_wkb(shapely.Point(1, 1))], field_data=[], fields=[], driver="GPKG", layer="two",
        geometry_type="Point", crs="EPSG:4326", append=True,
    )  # fmt: skip
    both: dict[str, bytes] = {}
    for name in ("one", "two"):
        with zipfile.ZipFile(shapefile(tmp_path, name, [IN_72], name=[name])) as archive:
            both |= {part: archive.read(part) for part in archive.namelist()}
    for several in (path, zipped(tmp_path / "both.zip", both)):
        found, _features = read(several)
        assert (found.needs, found.layers) == ("layer", ("one", "two"))
        found, features = read(several, layer="two")
        assert (found.layer, len(features)) == ("two", 1)
        assert refusal(several, layer="three").code == "file.layer_unknown"


def test_outlines_that_cross_themselves_are_mended_and_counted(tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    sound = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    line = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0], [0, 0]]]}
    found, features = read(put(tmp_path / "a.geojson", collection(bow, sound, line)))
    assert found.counts["n_mended"] == 2
    assert found.faults == {"row.geometry_bad": 1}
    assert [feature.geometry.is_valid for feature in features if feature.geometry] == [True, True]
    assert features[0].geometry is not None
    assert features[0].geometry.area == pytest.approx(2)


def test_mixed_places_and_rows_without_one_are_said(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    found, features = read(put(tmp_path / "a.geojson", collection(point(), line, None)))
    assert found.types == {"Point": 1, "LineString": 1}
    assert found.counts["n_without_place"] == 1
    assert len(features) == 3


def test_what_is_no_number_becomes_nothing(tmp_path: Path) -> None:
    nan = float("nan")
    path = written(tmp_path / "a.gpkg", "GPKG", [HERE] * 3, width=[1.5, nan, float("inf")], n=[1, 2, 3])
    found, features = read(path)
    assert [feature.attributes for feature in features] == [{"width": 1.5, "n": 1}, {"n": 2}, {"n": 3}]
    assert found.counts["n_emptied"] >= 1
    assert {each["name"]: (each["kind"], each["n_empty"]) for each in found.attributes} == {
        "width": ("number", 2),
        "n": ("integer", 0),
    }


def test_kinds_are_those_that_hold_every_value(tmp_path: Path) -> None:
    table = 'lon,lat,n,share,code,mixed,empty\n2.7,50.8,1,"0,5",08970,1,\n2.7,50.8,2,3,8978,x,\n'
    found, features = read(put(tmp_path / "a.csv", table))
    kinds = {each["name"]: each["kind"] for each in found.attributes}
    assert kinds == {
        "lon": "number", "lat": "number", "n": "integer", "share": "number", "code": "text", "mixed": "text",
    }  # fmt: skip
    assert [feature.attributes["share"] for feature in features] == [0.5, 3.0]
    assert [feature.attributes["code"] for feature in features] == ["08970", "8978"]


def test_names_are_clean_and_told_apart(tmp_path: Path) -> None:
    content = collection(point(), **{"Name": 1, "name": 2, "fid": 3, "a\nb\x07": 4})
    _found, features = read(put(tmp_path / "a.geojson", content))
    assert features[0].attributes == {"Name": 1, "name_2": 2, "fid_": 3, "a b": 4}


def test_bounds_are_sentences(tmp_path: Path) -> None:
    wide = {f"c{n}": 1 for n in range(600)}
    assert refusal(put(tmp_path / "wide.geojson", collection(point(), **wide))).code == "file.too_many_columns"
    assert refusal(put(tmp_path / "empty.geojson", collection())).code == "file.no_rows"
    assert refusal(put(tmp_path / "x.csv", "a,b\n1,2\n")).code == "file.no_places"
    ring = [[n / 1e5, (n % 7) / 1e3] for n in range(120_000)]
    lines = collection(*[{"type": "LineString", "coordinates": ring}] * 17)
    assert refusal(put(tmp_path / "long.geojson", lines)).code == "file.too_many_vertices"


def test_two_million_corners_are_handled(tmp_path: Path) -> None:
    angles = [shapely.Point(2.7 + n / 1e4, 50.8).buffer(0.001, quad_segs=125) for n in range(3960)]
    path = written(tmp_path / "round.fgb", "FlatGeobuf", angles, n=list(range(3960)))
    found, features = read(path)
    assert 1_950_000 < found.counts["n_vertices"] <= 2_000_000
    assert len(features) == 3960


# --- made to do harm ---------------------------------------------------------------------------------------


class Listener:
    """Counts who knocks."""

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
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.server.close()


SECRET = "geheim-7c1f"


def test_hostile_files_reach_nothing(tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    # A file of the recursive view would else be read for a minute.
    monkeypatch.setattr(apart, "WALL_SECONDS", 15)
    corpus = hostile(tmp_path, listener.port, secret)
    assert len(corpus) >= 40
    before = {path.name for path in tmp_path.iterdir()}
    uploads = tmp_path / "uploads"
    uploads.mkdir()

    def attempt(what: str) -> tuple[str, str, float]:
        name, content = corpus[what]
        path = put(uploads / f"{list(corpus).index(what)}", content)
        started = time.monotonic()
        try:
            _found, features = read(path, name=name)
            return "read", repr(features), time.monotonic() - started
        except UnreadableFile as refused:
            return refused.code, str(refused), time.monotonic() - started

    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(corpus, pool.map(attempt, corpus), strict=True))
    assert {what: end for what, end in found.items() if SECRET in end[1] or end[2] > 30} == {}
    ends = {what: end for what, (end, _said, _seconds) in found.items()}
    assert listener.n == 0
    assert {path.name for path in tmp_path.iterdir()} - before == {"uploads"}
    assert secret.read_text() == SECRET
    assert set(ends.values()) <= {"read", *FILE_SENTENCES}
    for what in ("a zip that leads out", "a zip with a whole path", "a zip with a link", "a zip in a zip"):
        assert ends[what] == "file.zip_unsafe", what
    for what in [each for each in corpus if "VRT" in each]:
        assert ends[what].startswith("file."), what


def test_the_walls_stand_here(tmp_path: Path) -> None:
    found, _features = read(put(tmp_path / "a.geojson", collection(point())))
    assert found.walls["files"]
    assert found.walls["network"] or found.walls["connections"]


PROBE = """
import sys, socket
from pathlib import Path
from geo.intake import walls
port, secret, folder, up = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "up"
if up:
    walls.leave_network()
    walls.limit(more_memory_bytes=200 << 20, cpu_seconds=5, file_bytes=1 << 20)
    walls.only_these([Path(sys.prefix), Path(sys.base_prefix)], folder)
def can(act):
    try:
        act()
        return True
    except (OSError, MemoryError):
        return False
print(can(lambda: socket.create_connection(("127.0.0.1", port), 2)), can(secret.read_text),
      can(lambda: (secret.parent / "new").write_text("x")), can(lambda: bytearray(400 << 20)),
      can(lambda: (folder / "own").write_text("x")))
"""


@pytest.mark.parametrize(
    ("up", "expected"), [("up", "False False False False True"), ("down", "True True True True True")]
)
def test_what_the_walls_hold_back(tmp_path: Path, listener: Listener, up: str, expected: str) -> None:
    """With its control: the same acts, without the walls, all succeed."""
    secret, folder = tmp_path / "other" / "secret.txt", tmp_path / "own"
    secret.parent.mkdir()
    folder.mkdir()
    secret.write_text(SECRET)
    command = [sys.executable, "-c", PROBE, str(listener.port), str(secret), str(folder), up]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout.split() == expected.split()


def test_a_bomb_is_measured_while_it_unfolds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.intake.unpack.MOST_BYTES", 5_000_000)
    inside = tmp_path / "inside"
    inside.mkdir()
    bomb = zipped(tmp_path / "bomb.zip", {"a.csv": b"\0" * 50_000_000})
    assert bomb.stat().st_size < 60_000
    with pytest.raises(UnreadableFile) as refused:
        unpack(bomb, inside)
    assert refused.value.code == "file.zip_too_big"
    assert sum(path.stat().st_size for path in inside.iterdir()) <= 5_000_000


def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "WALL_SECONDS", 0.2)
    assert refusal(put(tmp_path / "a.geojson", collection(point()))).code == "file.too_slow"


def test_every_code_of_the_intake_has_a_sentence() -> None:
    import re

    named = {
        code
        for path in (ROOT / "geo").rglob("*.py")
        for code in re.findall(r'"((?:file|row)\.[a-z_]+)"', path.read_text())
        if path.name != "rows.py"
    }
    assert named <= set(FILE_SENTENCES) | set(SENTENCES)
