"""pabulib files come in, go out equal in content, and say where they are broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.rules.pabulib import Pabulib, Row, Table, election_of, read, written
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Method

FILE = """META
key;value
description;"Parks; and ""more"" trees"
num_projects;3
num_votes;4
budget;100.50
vote_type;approval
rule;greedy
something_new;kept
PROJECTS
project_id;cost;votes;name;selected;colour
a;60;3;"Pond
with ducks";1;blue
b;40.5;2;Swing;1;
c;10;1;Bench;0;red
VOTES
voter_id;age;vote
1;20;a,b
2;;a,c
3;90;b,a
4;;
"""


def refusal(text: str) -> tuple[Code, object]:
    """Why a file is refused, and on which line."""
    with pytest.raises(Refused) as refused:
        election_of(read(text))
    return refused.value.code, refused.value.facts.get("line")


def content(file: Pabulib) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """What is in a file, whatever its lines."""
    return [(table.fields, [row.cells for row in table.rows]) for table in (file.meta, file.projects, file.votes)]


def test_a_file_is_read_with_all_that_is_in_it() -> None:
    file = read(FILE)
    assert file.about["description"] == 'Parks; and "more" trees'
    assert file.about["something_new"] == "kept"
    assert file.official == frozenset({"a", "b"})
    assert file.n_votes == {"a": 3, "b": 2, "c": 1}
    assert file.projects.column("colour") == ["blue", "", "red"]
    assert written(file) == FILE


def test_amounts_are_counted_in_their_smallest_part() -> None:
    election = election_of(read(FILE))
    assert election.method is Method.BUDGET
    assert (election.costs.tolist(), election.budget, election.unit) == ([600, 405, 100], 1005, 10)
    assert election.n_ballots == 4
    whole = election_of(read(FILE.replace("100.50", "100.0").replace("40.5", "40")))
    assert (whole.costs.tolist(), whole.budget, whole.unit) == ([60, 40, 10], 100, 1)


def test_windows_line_ends_and_blank_lines_change_nothing() -> None:
    assert content(read(FILE.replace("\n", "\r\n").replace('"Pond\r\n', '"Pond\n'))) == content(read(FILE))
    assert content(read(FILE.replace("VOTES", "\nVOTES"))) == content(read(FILE))


def of_kind(kind: str, *votes: str) -> str:
    """A file with these ballots: vote;points."""
    head = f"META\nkey;value\nnum_projects;2\nnum_votes;{len(votes)}\nbudget;9\nvote_type;{kind}\n"
    return (
        head
        + "PROJECTS\nproject_id;cost\na;1\nb;2\nVOTES\nvoter_id;vote;points\n"
        + "".join(f"{number};{vote}\n" for number, vote in enumerate(votes))
    )


def test_each_kind_of_vote_becomes_a_kind_of_ballot() -> None:
    for kind, method, values in (
        ("approval", Method.BUDGET, [1, 1]),
        ("cumulative", Method.POINTS, [7, 3]),
        ("scoring", Method.POINTS, [7, 3]),
        ("ordinal", Method.RANKING, [2, 1]),
    ):
        election = election_of(read(of_kind(kind, "b,a;3,7")))
        assert (election.method, election.chosen.tolist(), election.values.tolist()) == (method, [0, 1], values)
    assert election_of(read(of_kind("choose-1", "b;"))).chosen.tolist() == [1]
    # Naming it twice is naming it; no points are no vote.
    assert election_of(read(of_kind("approval", "b,b;"))).chosen.tolist() == [1]
    assert election_of(read(of_kind("cumulative", "a,b;0,4"))).chosen.tolist() == [1]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("META\n", "", Code.PABULIB_SECTION_MISSING, None),
        ("VOTES\n", "", Code.PABULIB_WIDTH, 16),
        ("PROJECTS\n", "META\n", Code.PABULIB_SECTION_TWICE, 10),
        ("project_id;cost", "project_id;price", Code.PABULIB_FIELD_MISSING, None),
        ("voter_id;age;vote", "voter_id;vote;vote", Code.PABULIB_FIELD_MISSING, None),
        ("budget;100.50\n", "", Code.PABULIB_FIELD_MISSING, None),
        ("budget;100.50", "budget;a lot", Code.PABULIB_NUMBER, 6),
        ("budget;100.50", "budget;-5", Code.PABULIB_NUMBER, 6),
        ("budget;100.50", "budget;" + "9" * 13, Code.PABULIB_NUMBER, 6),
        ("num_votes;4", "num_votes;4.5", Code.PABULIB_NUMBER, 5),
        ("b;40.5;", "b;nan;", Code.PABULIB_NUMBER, 14),
        ("vote_type;approval", "vote_type;shouting", Code.PABULIB_VOTE_TYPE, None),
        ("num_votes;4", "num_votes;5", Code.PABULIB_COUNT, None),
        ("num_projects;3", "num_projects;2", Code.PABULIB_COUNT, None),
        ("b;40.5;", "a;40.5;", Code.PABULIB_REPEATED, 14),
        ("3;90;b,a", "2;90;b,a", Code.PABULIB_REPEATED, 20),
        ("rule;greedy", "budget;3", Code.PABULIB_REPEATED, 8),
        ("3;90;b,a", "3;90;b,x", Code.PABULIB_PROJECT_UNKNOWN, 20),
        ("3;90;b,a", "3;90", Code.PABULIB_WIDTH, 20),
        ("3;90;b,a", '3;"90"0;b,a', Code.PABULIB_QUOTES, 20),
        ("3;90;b,a", '3;"90;b,a', Code.PABULIB_QUOTES, 21),
        ("vote_type;approval", "vote_type;cumulative", Code.PABULIB_FIELD_MISSING, None),
        ("vote_type;approval", "vote_type;choose-1", Code.PABULIB_ONE_CHOICE, 18),
    ],
)
def test_a_broken_file_says_what_is_wrong_and_where(old: str, new: str, code: Code, line: int | None) -> None:
    assert FILE.count(old) == 1
    assert refusal(FILE.replace(old, new)) == (code, line)


def test_a_broken_ballot_says_what_is_wrong_and_where() -> None:
    assert refusal(of_kind("cumulative", "a;1", "a,b;1")) == (Code.PABULIB_POINTS, 14)
    assert refusal(of_kind("cumulative", "a;1", "a;x")) == (Code.PABULIB_NUMBER, 14)
    assert refusal(of_kind("cumulative", "a,a;1,2")) == (Code.PABULIB_REPEATED, 13)
    assert refusal(of_kind("ordinal", "a,a;")) == (Code.PABULIB_REPEATED, 13)
    assert refusal("") == (Code.PABULIB_SECTION_MISSING, None)
    assert refusal("META\nkey;value\n") == (Code.PABULIB_SECTION_MISSING, None)


# A lone carriage return, a NUL and half a surrogate are no text of a file.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_whatever_the_texts_are_they_come_back(texts: list[tuple[str, str]]) -> None:
    meta = [("num_projects", str(len(texts))), ("num_votes", "0"), ("budget", "1"), ("vote_type", "approval")]
    file = Pabulib(
        Table(("key", "value"), tuple(Row(0, pair) for pair in meta)),
        Table(
            ("project_id", "cost", "name", "more"),
            tuple(Row(0, (str(number), "1", *pair)) for number, pair in enumerate(texts)),
        ),
        Table(("voter_id", "vote"), ()),
    )
    assert content(read(written(file))) == content(file)
