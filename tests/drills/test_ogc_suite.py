"""The abstract tests of OGC API Features (ogctests, from an environment of its own) find nothing against our layers."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from geo import catalog
from participation.selectors.layers import public_layers
from tests.cast import assemble
from tests.drills.conftest import Tell

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "var" / "ogctests" / "bin" / "python"
SECONDS = 600
# Of part 3 those about declarations. The others look for a key of the Link header under a name that they do not read
# it by, or compare every kind of column with the word "valid-value" and take its refusal for a fault.
PART_3 = "(test_ct1 and not test_ct10) or test_ct4 or test_ct6"
LINE = re.compile(r"^(PASSED|FAILED|ERROR) \S*::(test_\w+)", re.MULTILINE)


class Told(NamedTuple):
    """What each test said."""

    passed: list[str]
    failed: list[str]
    text: str


@pytest.fixture
def suite(transactional_db: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Runs tests of one part against the stage's layers of points and areas."""
    # The suite holds an empty layer for a fault; what is computed from eight pins may well be empty.
    monkeypatch.setattr(catalog, "_providers", [public_layers])
    assemble()

    def run(part: str, only: str = "") -> Told:
        command = [str(PYTHON), "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--tb=short", "-c", os.devnull]
        command += ["--pyargs", f"ogctests.features.{part}", *(["-k", only] if only else [])]
        # Only what it needs: the pytest there must read nothing of ours.
        environment = {"PATH": os.environ["PATH"], "INSTANCE_URL": f"{live_server.url}/ogc/"}
        done = subprocess.run(
            command,
            cwd=PYTHON.parents[1],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        found = LINE.findall(done.stdout)
        assert found, done.stdout + done.stderr
        passed = [name for what, name in found if what == "PASSED"]
        return Told(passed, [name for what, name in found if what != "PASSED"], done.stdout)

    return run


def test_the_standard_finds_nothing(
    suite: Callable[..., Told], client: Any, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    # It waits five seconds for each answer: what is read once a process is read before.
    for path in ("/ogc/", "/ogc/conformance", "/ogc/api", "/ogc/collections/areas/items?filter=true"):
        assert client.get(path).status_code == 200
    core, part_3 = suite("core"), suite("filtering", PART_3)
    # The control: a server that no longer declares the core is found out.
    monkeypatch.setattr("geo.ogc.documents.CONFORMS_TO", ["http://example.org/nothing"])
    control = suite("core", "test_ast8")
    tell(
        "ogc-suite",
        attempts=len(core.passed + core.failed + part_3.passed + part_3.failed),
        violations=len(core.failed + part_3.failed),
        control_violations=len(control.failed),
    )
    assert core.failed == [], core.text
    assert part_3.failed == [], part_3.text
    assert len(core.passed) == 29
    assert len(part_3.passed) == 3
    assert control.failed == ["test_ast8"]
