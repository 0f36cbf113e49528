"""What imports cannot show: foreign keys and templates run one way, only services write, every refusal is said."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from participation.rules.refusals import Code
from participation.web.sentences import SENTENCES

ROOT = Path(settings.BASE_DIR)
# From left to right; nothing knows what stands right of it.
HOUSE = ("geo", "participation", "siting", "config")

WRITES = {
    "create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "save", "delete",
    "acreate", "asave", "adelete", "aupdate", "abulk_create",
}  # fmt: skip
# Where rows are written; the demo is made-up data from one command.
WRITERS = re.compile(r"^\w+/(services|queries|migrations)/|^config/management/commands/seed_demo\.py$")


# Writes that are none, or that stand where they must.
ALLOWED = {
    "geo/analysis/allocation/effects.py": {"np.delete"},  # out of an array
    "geo/analysis/density.py": {"image.save"},  # a picture, into memory
    "participation/web/result_picture.py": {"image.save"},  # the same
    "participation/web/letters.py": {"canvas.save", "font.save"},  # a PDF and its letters
    "participation/models/person.py": {"person.save"},  # Django's own door for making a person (create_user)
}


# --- which way the arrows run ---------------------------------------------------------------------------


def test_foreign_keys_run_from_right_to_left() -> None:
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        here = model._meta.app_label
        for field in model._meta.get_fields():
            other = field.related_model if field.is_relation and field.concrete else None
            there = other._meta.app_label if other else here
            if here in HOUSE and there in HOUSE and HOUSE.index(there) > HOUSE.index(here):
                wrong.append(f"{here}.{model.__name__}.{field.name} -> {there}")
    assert wrong == []


TEMPLATE_NAMES = re.compile(r"""\{%\s*(?:extends|include)\s+["']([^"']+)["']|\baction=["']([\w/]+\.html)["']""")
# What any app may draw with: the frame, the building blocks, what errors look like.
SHARED = ("components/", "base.html", "base_desk.html", "print.html")


def foreign(template: str, text: str) -> list[str]:
    """Which templates does this one name that stand in an app right of its own, or in no app that it may know?"""
    owner = template.split("/")[0]
    named = [first or second for first, second in TEMPLATE_NAMES.findall(text)]
    if owner not in HOUSE:
        # The shared blocks know no app; the site's own pages (errors, mails, sign-in) neither.
        return [name for name in named if name.split("/")[0] in HOUSE]
    known = HOUSE[: HOUSE.index(owner) + 1]
    return [name for name in named if not name.startswith(SHARED) and name.split("/")[0] not in known]


def test_templates_include_only_what_stands_left_of_them() -> None:
    folder = ROOT / "templates"
    wrong = {}
    for path in folder.rglob("*.*"):
        name = path.relative_to(folder).as_posix()
        if found := foreign(name, path.read_text()):
            wrong[name] = found
    assert wrong == {}


def test_a_template_that_looks_right_would_be_seen() -> None:
    """The control."""
    assert foreign("participation/x.html", '{% include "siting/map_key.html" %}') == ["siting/map_key.html"]
    assert foreign("components/x.html", '{% include "participation/act.html" %}') == ["participation/act.html"]
    assert foreign("siting/x.html", '{% extends "base_desk.html" %}{% include "components/map.html" %}') == []


def test_imports_keep_the_contracts() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# --- who writes ----------------------------------------------------------------------------------------------


def _sources() -> Iterator[tuple[str, str]]:
    for app in HOUSE:
        for path in sorted((ROOT / app).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def _speaks_of_rows(node: ast.expr) -> bool:
    """Does this expression come from a manager or a queryset, or is it a row by its usual name?"""
    return any(isinstance(part, ast.Attribute) and part.attr in {"objects", "_base_manager"} for part in ast.walk(node))


def writes(text: str, models: frozenset[str]) -> list[str]:
    """Where does this source write rows: by a manager, by a relation, or by ``save`` and ``delete`` of a row?"""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES):
            continue
        target, name = node.func.value, node.func.attr
        # ``router.delete`` names an address that is reached by DELETE.
        is_row = (
            isinstance(target, ast.Name) and target.id != "router" and name in {"save", "delete", "asave", "adelete"}
        )
        # project.proposals.create(...), not settings.update(...) of a dictionary.
        is_relation = isinstance(target, ast.Attribute) and target.attr in models and name not in {"save"}
        if _speaks_of_rows(target) or is_row or is_relation:
            found.append(ast.unparse(node.func))
    return found


def _relations() -> frozenset[str]:
    """The names under which rows are reached from other rows."""
    return frozenset(
        relation.get_accessor_name() or ""
        for model in apps.get_models()
        if model._meta.app_label in HOUSE
        for relation in model._meta.related_objects
    )


def test_only_services_write() -> None:
    relations = _relations()
    found = {path: set(writes(text, relations)) for path, text in _sources() if not WRITERS.match(path)}
    assert {path: acts for path, acts in found.items() if acts} == ALLOWED


def test_a_view_that_writes_would_be_seen() -> None:
    """The control."""
    view = "def view(request, proposal):\n    {}\n"
    for act in (
        "Proposal.objects.filter(pk=1).update(state='hidden')",
        "proposal.save()",
        "proposal.supports.create(person=request.user)",
        "Support.objects.bulk_create([])",
    ):
        assert writes(view.format(act), frozenset({"supports"})), act
    for act in ("context.update(a=1)", "shapely.set_precision(1)", "hash.update(b'')"):
        assert not writes(view.format(act), frozenset({"supports"})), act


# --- what is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nl", "fr", "en", "de"])
def test_every_refusal_has_a_sentence(language: str) -> None:
    assert set(SENTENCES) == set(Code)
    with translation.override(language):
        for code in Code:
            said = str(SENTENCES[code])
            assert re.search(r"\w.*[.!?]$", said), code
            # Every hole of the English sentence is there in this language too, or filling it fails before a reader.
            holes = set(re.findall(r"%\((\w+)\)", said))
            with translation.override("en"):
                assert holes == set(re.findall(r"%\((\w+)\)", str(SENTENCES[code]))), code
