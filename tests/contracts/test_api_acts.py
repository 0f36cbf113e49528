"""The API does every act there is, or says why not: complete by construction (tests/contracts/api_acts.py), and page of
the desk by page (tests/contracts/api_pages.py)."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from config.api import METHODS, ROOT, description
from participation.rules.phases import Act
from participation.rules.roles import DeskAct
from tests.contracts.api_acts import ACTS, DESK_ACTS, NOT_HERE, OF_NO_ACT
from tests.contracts.api_pages import DESK_PAGES
from tests.contracts.pages import POST_ONLY, ROWS
from tests.contracts.test_pages import address

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"


def operations() -> dict[str, dict[str, object]]:
    """Every operation of the description, by its method and its address behind the root."""
    return {
        f"{method.upper()} /{at.removeprefix(ROOT)}": act
        for at, path in description()["paths"].items()
        for method, act in path.items()
        if method in METHODS
    }


def test_every_act_has_its_operations_or_a_reason() -> None:
    assert set(ACTS) == set(Act)
    assert set(DESK_ACTS) | set(NOT_HERE) == set(DeskAct)
    assert not set(DESK_ACTS) & set(NOT_HERE)
    assert all(rows for rows in (*ACTS.values(), *DESK_ACTS.values(), *NOT_HERE.values()))


def test_every_row_is_an_operation_and_every_operation_that_writes_has_a_row() -> None:
    known = operations()
    named = {one for rows in (*ACTS.values(), *DESK_ACTS.values(), OF_NO_ACT) for one in rows}
    assert named - set(known) == set()
    writing = {one for one in known if not one.startswith("GET ")}
    assert writing - named == set()
    # The control: an act that is taken out of the table is missed.
    assert writing - (named - {"POST /desk/projects/{slug}/decisions/publish"}) != set()


@pytest.mark.parametrize("name", sorted(operations()))
def test_every_operation_says_who_may_what_can_be_refused_and_how_to_page(name: str) -> None:
    act = operations()[name]
    said = act["responses"]
    assert isinstance(said, dict)
    assert {"400", "404", "429"} <= set(said)
    parameters = act["parameters"]
    assert isinstance(parameters, list)
    names = {each["name"] for each in parameters}
    if name.startswith("POST ") and not name.endswith("/paper/check"):
        assert "Idempotency-Key" in names, "the same request may come twice"
    schema = said.get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if str(schema.get("$ref", "")).endswith("Page"):
        assert {"limit", "cursor"} <= names


def test_the_reference_names_every_operation() -> None:
    told = DOCS.read_text()
    missing = [name for name in operations() if name.replace("{", "<").replace("}", ">") not in told]
    assert missing == []
    assert all(reason in told for reason in NOT_HERE.values())


# --- page by page -----------------------------------------------------------------------------------------------------


def writes(view: Callable[..., Any], seen: set[object] | None = None) -> bool:
    """Does a view read what a form sends, itself or in a function of the pages that it names?"""
    seen, view = seen if seen is not None else set(), inspect.unwrap(view)
    if view in seen:
        return False
    seen.add(view)
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(view))).body
    # What stands around a view looks at every request.
    tree.decorator_list = []  # type: ignore[attr-defined]
    if any(
        isinstance(node, ast.Attribute) and ast.unparse(node) in {"request.POST", "request.method"}
        for node in ast.walk(tree)
    ):
        return True
    named = (view.__globals__.get(node.id) for node in ast.walk(tree) if isinstance(node, ast.Name))
    return any(inspect.isfunction(one) and ".web" in one.__module__ and writes(one, seen) for one in named)


def pages_that_write() -> set[str]:
    """The addresses of the desk that take forms: those that take nothing else, and those whose view reads one."""
    of_the_desk = {name: row for name, row in ROWS.items() if name == "desk" or name.startswith("desk_")}
    alone = {name for name, row in of_the_desk.items() if row.expected is POST_ONLY}
    return alone | {
        name for name, row in of_the_desk.items() if writes(resolve(urlsplit(address(name, row)).path).func)
    }


def test_every_page_of_the_desk_that_writes_has_its_operations_or_a_reason() -> None:
    assert pages_that_write() == set(DESK_PAGES)
    known, told = set(operations()), DOCS.read_text()
    for name, said in DESK_PAGES.items():
        if isinstance(said, str):
            assert said in told, name
        else:
            assert said, name
            assert set(said) <= known, name
    # Every operation of the desk that writes is that of a page, so that neither does what the other cannot.
    done = {one for said in DESK_PAGES.values() if not isinstance(said, str) for one in said}
    assert {one for one in known if " /desk" in one and not one.startswith("GET ")} == done


def test_a_page_that_writes_would_be_seen() -> None:
    """The control: a form that is read in another function, and a page that only reads."""
    assert writes(_by_another)
    assert not writes(_reads)


def _by_another(request: HttpRequest) -> HttpResponse:
    return _page_with_a_form(request)


def _page_with_a_form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("act", ""))


_page_with_a_form.__module__ = "tests.web.made_up"


def _reads(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.GET.get("act", ""))
