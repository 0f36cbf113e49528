"""``tally FILE.pb``: one JSON object, or one sentence."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

FILE = """META
key;value
num_projects;3
num_votes;3
budget;100
vote_type;%s
PROJECTS
project_id;cost
a/1;60
b;50
c;40
VOTES
voter_id;vote;points
x;a/1,b;1,2
y;a/1,c;1,2
z;b;9
"""


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Say refusals as this file expects them, whichever language stands first."""
    with translation.override("en"):
        yield


def tally(path: Path, rule: str) -> dict[str, Any]:
    """The JSON of a tally."""
    out = StringIO()
    call_command("tally", str(path), rule=rule, json=True, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.mark.parametrize(
    ("kind", "rule", "scores", "winners"),
    [
        ("approval", "plurality", [2, 2, 1], ["b"]),
        ("approval", "greedy", [2, 2, 1], ["b", "c"]),
        ("approval", "equal-shares", [2, 2, 1], ["b", "c"]),
        ("cumulative", "greedy", [2, 11, 2], ["b", "c"]),
        ("ordinal", "plurality", [2, 1, 0], ["a/1"]),
        ("ordinal", "borda", [4, 3, 1], ["a/1"]),
    ],
)
def test_a_file_is_counted(tmp_path: Path, kind: str, rule: str, scores: list[int], winners: list[str]) -> None:
    path = tmp_path / "town.pb"
    path.write_text(FILE % kind)
    assert tally(path, rule) == {
        "rule": rule,
        "n_ballots": 3,
        "scores": dict(zip(("a/1", "b", "c"), scores, strict=True)),
        "winners": winners,
    }


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "town.pb"
    path.write_text(FILE % "approval", encoding="utf-8-sig")
    assert tally(path, "greedy")["n_ballots"] == 3


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        (FILE % "approval", "dice", "The rule “dice” is not there. There is: plurality, greedy, equal-shares, borda."),
        (FILE % "approval", "borda", "The rule “borda” cannot count ballots of the kind “budget”."),
        (FILE % "ordinal", "greedy", "The rule “greedy” cannot count ballots of the kind “ranking”."),
        ((FILE % "approval").replace("z;b;9", "z;d;9"), "greedy", "Line 16: the ballot names “d”."),
        ((FILE % "approval").replace("z;b;9\n", ""), "greedy", "The file says num_votes is 3, but it has 2."),
        ("hello", "greedy", "The file has no section META"),
    ],
)
def test_what_cannot_be_counted_gets_one_sentence(tmp_path: Path, text: str, rule: str, said: str) -> None:
    path = tmp_path / "town.pb"
    path.write_text(text)
    with pytest.raises(CommandError) as refused:
        tally(path, rule)
    assert str(refused.value).startswith(said)


def test_a_file_that_is_no_text_or_not_there_gets_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "town.pb"
    path.write_bytes(b"META\n\xff\xfe")
    for there in (path, tmp_path / "none.pb", tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            tally(there, "greedy")


def test_it_asks_for_a_file_or_a_project() -> None:
    with pytest.raises(CommandError):
        call_command("tally", rule="greedy", json=True)
