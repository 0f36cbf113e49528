"""Real elections become projects, count as they say, and go out as they came in: where their files lie at hand.

A part of them in ``make test``, every one at full length.
"""

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from time import perf_counter

import pytest
from django.core.management import call_command

from participation.models import Organisation, Phase, TallyRow, Vote
from participation.rules.pabulib import METHODS, RULES, Pabulib, Row, Table, election_of, read
from participation.rules.voting import Method, Rule
from tests.drills.conftest import Tell
from tests.unit.test_real_elections import NAMED_FOR_NOTHING, NAMED_TWICE, PABULIB, real_elections

pytestmark = [
    pytest.mark.skipif(not PABULIB.is_dir(), reason="no real elections lie beside the checkout"),
    pytest.mark.django_db,
]
# One of each kind of vote, the one counted by equal shares, one with a name twice, one with points for nothing.
SAMPLE = {
    "France_Toulouse_2019.pb",
    "Netherlands_Amsterdam_523.pb",
    "Netherlands_Amsterdam_604.pb",
    "Netherlands_Amsterdam_643.pb",
    "Netherlands_Assen_2024.pb",
    "Poland_Gdynia_2022_Kamienna_Gora__small.pb",
    "Switzerland_Zurich_S5D10.pb",
    "Switzerland_Zurich_S5R.pb",
}


def alike(one: Table, other: Table) -> bool:
    """Have these sections the same content? Numbers are equal as numbers."""
    return one.fields == other.fields and [
        [_value(cell) for cell in row.cells] for row in one.rows
    ] == [[_value(cell) for cell in row.cells] for row in other.rows]  # fmt: skip


def _value(cell: str) -> object:
    try:
        return Decimal(cell)
    except InvalidOperation:
        return cell


def test_two_sections_that_differ_are_not_alike() -> None:
    held = Table(("a", "b"), (Row(0, ("1.0", "x")),))
    assert alike(held, Table(("a", "b"), (Row(9, ("1", "x")),)))
    assert not alike(held, Table(("a", "b"), (Row(0, ("1.1", "x")),)))
    assert not alike(held, Table(("a", "c"), (Row(0, ("1.0", "x")),)))
    assert not alike(held, Table(("a", "b"), ()))


def declared_votes(name: str, file: Pabulib, phase: Phase) -> bool:
    """Do the rows of ballots come to the votes that the file says each project got?"""
    if file.n_votes is None or name in NAMED_TWICE | NAMED_FOR_NOTHING:
        return True
    ids = file.projects.column("project_id")
    found = dict.fromkeys(ids, 0)
    for number in Vote.objects.filter(cast__phase=phase).values_list("proposal__number", flat=True):
        found[ids[number - 1]] += 1
    return all(found[project] == votes for project, votes in file.n_votes.items())


def test_they_come_in_count_and_go_out_again(long: bool, tmp_path: Path, tell: Tell) -> None:
    town = Organisation.objects.create(slug="ergens", name="Ergens", site_name="Ergens", languages=["nl"])
    elections = {name: content for name, content in real_elections().items() if long or name in SAMPLE}
    n_official, n_ballots, began = dict.fromkeys(Rule, 0), 0, perf_counter()
    for number, (name, content) in enumerate(elections.items()):
        path, out = tmp_path / name, tmp_path / f"out-{number}.pb"
        path.write_bytes(content)
        file = read(content.decode("utf-8-sig"))
        call_command("import_pabulib", str(path), project=f"ergens/e{number}", stderr=StringIO(), stdout=StringIO())
        phase = Phase.objects.get(project__organisation=town, project__slug=f"e{number}")
        assert declared_votes(name, file, phase), name
        held = election_of(file)
        n_ballots += held.n_ballots
        assert phase.casts.count() == held.n_ballots, name
        if METHODS[file.about["vote_type"]] is Method.BUDGET:
            scores = dict(TallyRow.objects.filter(phase=phase).values_list("proposal__number", "n_votes"))
            assert [scores[at + 1] for at in range(len(held.options))] == [
                int((held.chosen == at).sum()) for at in range(len(held.options))
            ], name
        rule = RULES.get(file.about["rule"])
        if rule is not None and file.official is not None:
            ids = file.projects.column("project_id")
            won = TallyRow.objects.filter(phase=phase, is_winner=True).values_list("proposal__number", flat=True)
            assert {ids[at - 1] for at in won} == file.official, name
            n_official[rule] += 1
        call_command("export_pabulib", project=f"ergens/e{number}", output=str(out), stdout=StringIO())
        again = read(out.read_text("utf-8"))
        for one, other in ((file.meta, again.meta), (file.projects, again.projects), (file.votes, again.votes)):
            assert alike(one, other), name
    # The control: a file that says one vote more than its ballots give is not taken for alike.
    file = read(elections["Netherlands_Assen_2024.pb"].decode("utf-8-sig"))
    more = replace(file, votes=replace(file.votes, rows=file.votes.rows[1:]))
    tell(
        "pabulib",
        attempts=len(elections),
        violations=0,
        control_violations=int(not alike(file.votes, more.votes)),
        ballots=n_ballots,
        official=sum(n_official.values()),
        seconds=round(perf_counter() - began),
    )
    assert len(elections) == (209 if long else len(SAMPLE))
    if long:
        assert n_official == {Rule.GREEDY: 16, Rule.PLURALITY: 11, Rule.EQUAL_SHARES: 1, Rule.BORDA: 0}
