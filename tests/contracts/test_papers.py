"""The papers say what the code has: settings, commands, refusal codes, make targets."""

import re
from pathlib import Path

from django.core.management import get_commands

from participation.rules.refusals import Code
from participation.web.sentences import STATUS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
OWN_APPS = {"participation", "siting", "geo", "config"}


def test_every_setting_is_explained() -> None:
    read = set()
    for path in (ROOT / "config").glob("*.py"):
        read |= set(re.findall(r'"(KIESPLEK_[A-Z_]+|DATABASE_URL)"', path.read_text()))
    explained = set(re.findall(r"`([A-Z_]+)`", (REFERENCE / "settings.md").read_text()))
    assert read, "the settings were found"
    assert read <= explained, read - explained
    assert {name for name in explained if name.startswith("KIESPLEK")} <= read, "nothing explained that is not there"


def test_every_command_is_explained() -> None:
    own = {name for name, app in get_commands().items() if str(app) in OWN_APPS}
    explained = set(re.findall(r"^## `([a-z_]+)", (REFERENCE / "commands.md").read_text(), re.MULTILINE))
    assert own == explained


def test_every_refusal_is_listed_with_its_status() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (\d{3}) ", (REFERENCE / "refusals.md").read_text(), re.MULTILINE))
    assert rows == {code.value: str(STATUS.get(code, 422)) for code in Code}


def test_every_make_target_is_named() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    said = (ROOT / "README.md").read_text()
    assert targets
    assert not [target for target in targets if target != "help" and f"make {target}" not in said]


def test_links_between_the_papers_lead_somewhere() -> None:
    papers = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").glob("*.md")]
    broken = [
        f"{paper.relative_to(ROOT)}: {target}"
        for paper in papers
        for target in re.findall(r"\]\(([^)#:]+)\)", paper.read_text())
        if not (paper.parent / target).exists()
    ]
    assert not broken
