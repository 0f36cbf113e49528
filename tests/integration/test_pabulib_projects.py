"""Elections of pabulib files become projects and go out again; what ballots contradict is said, not bent."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from participation.models import BallotCast, Person, Phase, Project, Proposal, Record, TallyRow, Vote
from participation.rules.pabulib import Pabulib, read
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks
from tests.integration.test_results import closed

FILE = """META
key;value
description;Groen & spelen
unit;Toonstad
instance;2023
num_projects;3
num_votes;4.0
budget;100
vote_type;%s
rule;%s
date_begin;01.05.2023
date_end;2023
max_length;2
something_new;kept, as given
PROJECTS
project_id;cost;votes;name;category;latitude;longitude;selected;colour
a/1;60.0;2;Vijver;water,groen;50.85;2.65;1;blue
b;50.25;3;Schommel;spelen;50.86;2.75;0;
c;40;1;%s;;;;1;red
VOTES
voter_id;age;vote;points;sex
x;20;b,a/1;2,1;F
y;;a/1,b;2,1;
z;90;b;3;M
w;33;c;1;
"""
LONG = "Een bank " * 20


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Say refusals as this file expects them, whichever language stands first."""
    with translation.override("en"):
        yield


def made(tmp_path: Path, text: str, slug: str = "toonstad/uit-een-bestand") -> dict[str, Any]:
    """Import a file: the JSON of the command, with what it said on stderr."""
    path, out, err = tmp_path / "town.pb", StringIO(), StringIO()
    path.write_text(text)
    call_command("import_pabulib", str(path), project=slug, json=True, stdout=out, stderr=err)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found | {"said": err.getvalue()}


def given_back(tmp_path: Path, slug: str) -> str:
    """Export a project: the text of its file."""
    path = tmp_path / "out.pb"
    call_command("export_pabulib", project=slug, output=str(path), json=True, stdout=StringIO())
    return path.read_text()


def content(file: Pabulib) -> list[object]:
    """What is in a file, whatever its lines."""
    return [(table.fields, [row.cells for row in table.rows]) for table in (file.meta, file.projects, file.votes)]


@pytest.mark.parametrize(
    ("kind", "rule", "method", "counted_by", "winners"),
    [
        ("approval", "greedy", "choices", "greedy", ["b", "c"]),
        ("approval", "greedy-no-skip", "choices", "plurality", ["b"]),
        ("approval", "equalshares/add1", "choices", "equal-shares", ["b", "c"]),
        ("cumulative", "greedy", "points", "greedy", ["b", "c"]),
        ("ordinal", "borda", "ranking", "borda", ["b"]),
    ],
)
def test_a_file_becomes_a_project_and_comes_out_as_it_was(
    cast: Cast, tmp_path: Path, kind: str, rule: str, method: str, counted_by: str, winners: list[str]
) -> None:
    text = FILE % (kind, rule, LONG)
    result = made(tmp_path, text)
    assert (result["method"], result["rule"], result["n_options"], result["n_ballots"]) == (method, counted_by, 3, 4)
    assert (result["notes"], result["said"]) == ([], "")
    project = Project.objects.get(slug="uit-een-bestand")
    phase = Phase.objects.get(project=project)
    assert (phase.cap, phase.budget_cents, phase.opens_at.isoformat()) == (2, 10_000, "2023-04-30T22:00:00+00:00")
    assert phase.closes_at is not None
    assert phase.closes_at.isoformat() == "2023-12-31T23:00:00+00:00"
    assert phase.closed_at is not None
    pond, swing, bench = Proposal.objects.filter(project=project)
    assert (pond.title, pond.cost_cents, pond.theme and pond.theme.slug) == ("Vijver", 6000, "water")
    assert (swing.cost_cents, swing.area and swing.area.name, pond.area and pond.area.name) == (
        5025,
        "Oostkant",
        "Westkant",
    )
    assert (len(bench.title) <= 120, bench.title[-1], bench.body) == (True, "…", LONG.strip())
    assert project.area is not None
    assert pond.point is not None
    assert project.area.contains(pond.point)
    won = TallyRow.objects.filter(phase=phase, is_winner=True).values_list("proposal__number", flat=True)
    assert [["a/1", "b", "c"][number - 1] for number in won] == winners
    assert given_back(tmp_path, "toonstad/uit-een-bestand") == text
    # Both tallies are one.
    tallies = []
    for asked in ([str(tmp_path / "town.pb")], []):
        out = StringIO()
        where = {} if asked else {"project": "uit-een-bestand"}
        call_command("tally", *asked, rule=counted_by, json=True, stdout=out, **where)
        tallies.append(json.loads(out.getvalue()))
    assert tallies[0] == tallies[1]


def test_voters_are_nobody_one_can_write_to_or_sign_in_as(cast: Cast, tmp_path: Path) -> None:
    before = set(Person.objects.values_list("pk", flat=True))
    made(tmp_path, (FILE % ("approval", "greedy", "Bank")).replace("w;33;", "w;aged-33;"))
    voters = Person.objects.exclude(pk__in=before)
    assert voters.count() == 4
    assert not voters.exclude(email=None, is_active=False, public_name="").exists()
    assert not [voter for voter in voters if voter.has_usable_password()]
    pages = [Client().get(f"/projects/uit-een-bestand/{page}").content.decode() for page in ("", "results/")]
    assert not [page for page in pages if "aged-33" in page], "what a file says of a voter is shown"


def test_the_tables_hold_what_came_in(cast: Cast, tmp_path: Path) -> None:
    made(tmp_path, FILE % ("cumulative", "greedy", "Bank"))
    phase = Phase.objects.get(project__slug="uit-een-bestand")
    last = BallotCast.objects.filter(phase=phase).first()
    assert last is not None
    for change in (
        lambda: Vote.objects.filter(cast=last).update(value=9),
        lambda: BallotCast.objects.filter(pk=last.pk).delete(),
        lambda: Phase.objects.filter(pk=phase.pk).update(cap=3),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert Record.objects.filter(project=phase.project, act="ballots.imported").count() == 1


NOTED = {
    "too long": ("max_length;2", "max_length;1", "max_length: the file says “1”, the vote goes by “2” (2 ballots"),
    "too short": ("max_length;2", "min_length;2", "min_length: the file says “2”, the vote goes by “1” (2 ballots"),
    "empty": ("w;33;c;1;", "w;33;;;", "num_votes: the file says “4.0”, the vote goes by “3” (1 ballots"),
    "other rule": ("rule;greedy", "rule;dice", "rule: the file says “dice”, the vote goes by “greedy”."),
    "no day": ("01.05.2023", "in May", "date_begin: the file says “in May”, the vote goes by “-”."),
    "days turned round": ("01.05.2023", "01.05.2024", "date_begin: the file says “01.05.2024”"),
    "more than the sum": (
        "max_length;2",
        "max_sum_cost;100",
        "max_sum_cost: the file says “100”, the vote goes by “-”",
    ),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_the_ballots_contradict_is_said_and_still_comes_out(cast: Cast, tmp_path: Path, name: str) -> None:
    old, new, said = NOTED[name]
    text = (FILE % ("approval", "greedy", "Bank")).replace(old, new)
    assert said in made(tmp_path, text)["said"]
    assert content(read(given_back(tmp_path, "uit-een-bestand"))) == content(read(text))


def test_a_sum_that_all_keep_to_is_a_budget_to_spend(cast: Cast, tmp_path: Path) -> None:
    text = (FILE % ("approval", "greedy", "Bank")).replace("budget;100", "budget;200")
    assert made(tmp_path, text.replace("max_length;2", "max_sum_cost;200"))["method"] == "budget"


def test_a_name_given_twice_and_no_points_count_once_and_not_at_all_and_come_out(cast: Cast, tmp_path: Path) -> None:
    text = (FILE % ("approval", "greedy", "Bank")).replace("z;90;b;3;M", "z;90;b, b;3;M")
    made(tmp_path, text)
    assert given_back(tmp_path, "uit-een-bestand") == text
    nothing = (FILE % ("cumulative", "greedy", "Bank")).replace("z;90;b;3;M", "z;90;b,c;3,0;M")
    made(tmp_path, nothing, "toonstad/nog-een")
    assert Vote.objects.filter(cast__phase__project__slug="nog-een").count() == 6
    assert given_back(tmp_path, "nog-een") == nothing


def test_an_empty_project_is_filled_and_its_phase_gives_way(cast: Cast, tmp_path: Path) -> None:
    call_command(
        "create_project", "leeg", organisation="toonstad", title="Leeg", no_map=True, phase="vote", stdout=StringIO()
    )
    made(tmp_path, FILE % ("approval", "greedy", "Bank"), "leeg")
    project = Project.objects.get(slug="leeg")
    assert project.title == {"nl": "Leeg"}
    assert [phase.closed_at is not None for phase in project.phases.all()] == [True]


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("toonstad/laden", "The project “toonstad/laden” holds proposals or ballots already. Give another name."),
        ("nergens/nieuw", "There is no town “nergens” here."),
        ("nieuw", "There is no town “” here. Known are: elders, toonstad."),
        ("toonstad/Niet Goed", "“Niet Goed” cannot be an address."),
    ],
)
def test_where_it_cannot_come_in_nothing_does(cast: Cast, tmp_path: Path, slug: str, said: str) -> None:
    before = (Project.objects.count(), Proposal.objects.count(), Person.objects.count())
    with pytest.raises(CommandError) as refused:
        made(tmp_path, FILE % ("approval", "greedy", "Bank"), slug)
    assert str(refused.value).startswith(said)
    assert (Project.objects.count(), Proposal.objects.count(), Person.objects.count()) == before


def test_parts_of_a_cent_and_sums_no_table_holds_are_refused(cast: Cast, tmp_path: Path) -> None:
    text = FILE % ("cumulative", "greedy", "Bank")
    for bad in (
        text.replace("50.25", "50.255"),
        text.replace("z;90;b;3;M", "z;90;b;999999999;M").replace(";2,1;", ";999999999,999999999;"),
    ):
        with pytest.raises(CommandError, match="cannot be a number"):
            made(tmp_path, bad)
    assert not Project.objects.filter(slug="uit-een-bestand").exists()


def test_a_vote_under_way_does_not_go_out(cast: Cast, tmp_path: Path) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    with pytest.raises(CommandError, match="not over"):
        given_back(tmp_path, "laden")
    assert not (tmp_path / "out.pb").exists()


def test_a_vote_of_our_own_goes_out_and_counts_the_same(cast: Cast, tmp_path: Path) -> None:
    closed(cast, [{3: 1, 1: 1}, {1: 1, 7: 1}, {}])
    file = read(given_back(tmp_path, "laden"))
    assert (file.about["vote_type"], file.about["budget"], file.about["num_votes"]) == ("approval", "2", "2")
    assert sorted(file.votes.column("vote")) == ["1,7", "3,1"]
    assert set(file.votes.column("voter_id")) == {"1", "2"}
    assert file.n_votes is not None
    assert file.n_votes["1"] == 2
    whole = (tmp_path / "out.pb").read_text()
    assert "example.org" not in whole
    assert "Kiezer" not in whole
    out = StringIO()
    call_command("tally", str(tmp_path / "out.pb"), rule="plurality", json=True, stdout=out)
    assert json.loads(out.getvalue())["winners"][0] == "1"
    # And it comes in again.
    assert made(tmp_path, whole, "toonstad/opnieuw")["n_ballots"] == 2
    assert content(read(given_back(tmp_path, "opnieuw"))) == content(file)
