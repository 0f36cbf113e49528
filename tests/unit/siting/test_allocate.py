"""The command chooses sites for files, needs no database, and says in one sentence what is wrong with a file."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation

from config.embedded import ROOT

# A chain of five places; the third edge is given twice, and the last one counts.
CHAIN = "5 5 2\n1 2 10\n2 3 10\n3 4 500\n3 4 10\n4 5 10\n"
DEMAND = "id,x,y,weight\na,0,0,1\nb,10,0,2\nc,500,0,3\n"
CANDIDATES = "id;x;y\nwest;5;0\neast;500;0\nfar;9000;0\n"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever was spoken before."""
    with translation.override("en"):
        yield


def allocated(*options: str) -> dict[str, Any]:
    """What the command answers as JSON."""
    out = StringIO()
    call_command("allocate", *options, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture
def tables(tmp_path: Path) -> list[str]:
    """Options that name a demand and its candidates."""
    (tmp_path / "demand.csv").write_text(DEMAND)
    (tmp_path / "candidates.csv").write_text(CANDIDATES)
    return ["--demand", str(tmp_path / "demand.csv"), "--candidates", str(tmp_path / "candidates.csv")]


def test_a_graph_is_read_as_in_or_library(tmp_path: Path) -> None:
    (tmp_path / "chain.txt").write_text(CHAIN)
    found = allocated("--model", "p-median", "--graph", str(tmp_path / "chain.txt"))
    assert found["objective"] == found["bound"] == 30
    assert set(found) >= {"model", "selected", "objective", "bound", "gap", "seconds"}
    one = allocated("--model", "p-median", "--graph", str(tmp_path / "chain.txt"), "-k", "1")
    assert (one["selected"], one["objective"]) == ([3], 60)
    near = allocated("--model", "mclp", "--graph", str(tmp_path / "chain.txt"), "-k", "1", "--radius-m", "10")
    assert near["objective"] == 3
    all_of_them = allocated("--model", "set-cover", "--graph", str(tmp_path / "chain.txt"), "--radius-m", "10")
    assert all_of_them["selected"] == [2, 4] or all_of_them["objective"] == 2


def test_tables_in_metres(tables: list[str]) -> None:
    found = allocated("--model", "mclp", *tables, "-k", "1", "--radius-m", "10")
    assert (found["selected"], found["objective"], found["gap"]) == (["west"], 3, 0) or found["selected"] == ["east"]
    assert allocated("--model", "p-median", *tables, "-k", "2")["selected"] == ["west", "east"]
    assert allocated("--model", "p-median", *tables, "-k", "9")["selected"] == ["west", "east"]
    assert allocated("--model", "set-cover", *tables, "--radius-m", "10")["selected"] == ["west", "east"]


def test_tables_in_degrees_are_measured_in_metres(tmp_path: Path) -> None:
    (tmp_path / "demand.csv").write_text("id\tlon\tlat\tweight\n1\t2,7260\t50,8550\t4\n2\t2,7360\t50,8550\t1\n")
    (tmp_path / "sites.csv").write_text("id,lon,lat\nA,2.7260,50.8561\nB,2.7360,50.8550\n")
    tables = ["--demand", str(tmp_path / "demand.csv"), "--candidates", str(tmp_path / "sites.csv")]
    found = allocated("--model", "p-median", *tables, "-k", "1")
    # The second demand lies 10 thousandths of a degree east of the first: at this latitude about 704 m.
    assert found["selected"] == ["A"]
    assert found["objective"] == pytest.approx(4 * 122 + 715, abs=6)
    assert allocated("--model", "mclp", *tables, "-k", "1", "--radius-m", "125")["objective"] == 4


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("g.txt", "", "three whole numbers"),
        ("g.txt", "5 x 2\n", "three whole numbers"),
        ("g.txt", "5 1 9\n1 2 3\n", "number of places"),
        ("g.txt", "900000 1 1\n1 2 3\n", "number of places"),
        ("g.txt", "3 3 1\n1 2 3\n2 3 4\n", "should have 3 edges and has 2"),
        ("g.txt", "3 2 1\n1 2 3\n2 4 1\n", "line 3"),
        ("g.txt", "3 2 1\n1 2 3\n2 3 -1\n", "line 3"),
        ("g.txt", "3 2 1\n1 2 3\n2 3 nan\n", "line 3"),
        ("g.txt", "3 2 1\n1 2 3\n2 3\n", "line 3"),
        ("g.txt", "4 2 1\n1 2 3\n3 4 3\n", "Not every place"),
        ("g.txt", b"\xff\xfe\x00", "UTF-8"),
        (None, "", "cannot be read"),
    ],
)
def test_a_bad_graph_is_one_sentence(tmp_path: Path, name: str | None, content: str | bytes, words: str) -> None:
    path = tmp_path / (name or "missing.txt")
    if name:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CommandError, match=words):
        allocated("--model", "p-median", "--graph", str(path))


@pytest.mark.parametrize(
    ("demand", "words"),
    [
        ("", "needs the columns"),
        ("id,weight\na,1\n", "needs the columns"),
        ("x,y\n1,1\n", "needs the columns"),
        ("id,x,y,weight\na,here,1,1\n", "line 2"),
        ("id,x,y,weight\na,1,1,1\nb,1,1,-1\n", "line 3"),
        ("id,x,y,weight\na,1,nan,1\n", "line 2"),
        ("id,x,y,weight\na,1,1\n", "line 2"),
        ("id,lon,lat\na,200,1\n", "line 2"),
        ("id,x,y\na,1,1\na,2,2\n", "an id of its own"),
        ("id,lon,lat\na,2.7,50.8\n", "both"),
    ],
)
def test_a_bad_table_is_one_sentence(tmp_path: Path, tables: list[str], demand: str, words: str) -> None:
    (tmp_path / "demand.csv").write_text(demand)
    with pytest.raises(CommandError, match=words):
        allocated("--model", "p-median", *tables, "-k", "1")


def test_wrong_options_are_one_sentence(tmp_path: Path, tables: list[str]) -> None:
    (tmp_path / "chain.txt").write_text(CHAIN)
    for options, words in [
        (["--model", "p-median"], "either"),
        (["--model", "p-median", *tables, "--graph", "x"], "either"),
        (["--model", "p-median", *tables], "-k"),
        (["--model", "p-median", *tables, "-k", "0"], "-k"),
        (["--model", "p-median", *tables, "-k", "1", "--radius-m", "5"], "no radius"),
        (["--model", "mclp", *tables, "-k", "1"], "radius"),
        (["--model", "mclp", *tables, "-k", "1", "--radius-m", "nan"], "radius"),
        (["--model", "mclp", *tables, "-k", "1", "--radius-m", "5", "--seconds", "0"], "seconds"),
        (["--model", "set-cover", *tables, "-k", "1", "--radius-m", "10"], "not everyone"),
    ]:
        with pytest.raises(CommandError, match=words):
            allocated(*options)
    (tmp_path / "candidates.csv").write_text("id,x,y\n")
    with pytest.raises(CommandError, match="no candidates"):
        allocated("--model", "p-median", *tables, "-k", "1")


def test_it_starts_no_database_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "chain.txt").write_text(CHAIN)
    # Nobody listens there: whoever asked a database would fail.
    environment = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing", "KIESPLEK_DEMO": "1"}
    command = [sys.executable, "manage.py", "allocate", "--model", "p-median", "--json", "--graph"]
    done = subprocess.run([*command, str(tmp_path / "chain.txt")], cwd=ROOT, env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["objective"] == 30
    done = subprocess.run([*command, str(tmp_path / "none.txt")], cwd=ROOT, env=environment, capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().count("\n") == 1
    from manage import WITHOUT_DATABASE

    assert "allocate" in WITHOUT_DATABASE
