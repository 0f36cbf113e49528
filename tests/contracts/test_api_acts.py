"""The API does every act there is, or says why not: complete by construction (tests/contracts/api_acts.py)."""

from pathlib import Path

import pytest

from config.api import METHODS, ROOT, description
from participation.rules.phases import Act
from participation.rules.roles import DeskAct
from tests.contracts.api_acts import ACTS, DESK_ACTS, NOT_HERE, OF_NO_ACT

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
