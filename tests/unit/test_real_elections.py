"""Real elections come in whole, and those whose rule we have end as they did: only where the files lie at hand."""

import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from config.embedded import ROOT
from participation.rules.counting import COUNT, election, equal_shares, greedy, plurality
from participation.rules.pabulib import RULES, Pabulib, election_of, read, written
from participation.rules.voting import Method, Rule

# Beside the checkout, or beside a folder it lies in.
DATA = next((at for above in ROOT.parents if (at := above / "shared/data").is_dir()), ROOT.parent / "shared/data")
PABULIB = DATA / "pabulib/dev"
COMMITTEES = DATA / "abcvoting_instances/abcvoting_test_instances.tar.gz"
# Somebody named a project twice here. We count it once, the file's own count says twice.
NAMED_TWICE = {
    "Netherlands_Amsterdam_604.pb",
    "US_Stanford_Dataset_Your_Voice_Your_Choice_Parks_and_Streets-_Seattle_2019_District_3_vote_knapsacks.pb",
}
# Some name projects and give them 0 points: the file counts that as votes, we count only what got points.
NAMED_FOR_NOTHING = {"Switzerland_Zurich_S5D10.pb"}

pytestmark = pytest.mark.skipif(not PABULIB.is_dir(), reason="no real elections lie beside the checkout")


def _packed(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as packed:
        for member in packed:
            if (file := packed.extractfile(member)) is not None:
                yield Path(member.name).name, file.read()


def real_elections() -> dict[str, bytes]:
    """Every file by its name, as it is."""
    found = dict(_packed(PABULIB / "pb.tar.gz"))
    found |= {path.name: path.read_bytes() for path in (PABULIB / "pb_core").glob("*.pb")}
    return dict(sorted(found.items()))


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[str, Pabulib]]:
    """Every file by its name: its text and what was read."""
    texts = {name: content.decode("utf-8-sig") for name, content in real_elections().items()}
    return {name: (text, read(text)) for name, text in texts.items()}


def test_every_file_recounts_to_what_it_says(files: dict[str, tuple[str, Pabulib]]) -> None:
    assert len(files) == 209
    differ = set()
    for name, (_text, file) in files.items():
        given = election_of(file)
        assert given.n_ballots == int(file.about["num_votes"]), name
        named = Counter(given.options[at] for at in given.chosen)
        if any(named[project] != votes for project, votes in (file.n_votes or {}).items()):
            differ.add(name)
    assert differ == NAMED_TWICE | NAMED_FOR_NOTHING


def test_every_file_comes_out_equal_in_content(files: dict[str, tuple[str, Pabulib]]) -> None:
    for name, (_text, file) in files.items():
        again = read(written(file))
        for one, other in ((file.meta, again.meta), (file.projects, again.projects), (file.votes, again.votes)):
            assert one.fields == other.fields, name
            assert [row.cells for row in one.rows] == [row.cells for row in other.rows], name


def test_the_official_winners_come_out(files: dict[str, tuple[str, Pabulib]]) -> None:
    same: Counter[Rule] = Counter()
    for name, (_text, file) in files.items():
        rule = RULES.get(file.about["rule"])
        if rule is not None and file.official is not None:
            assert set(COUNT[rule](election_of(file)).winners) == file.official, name
            same[rule] += 1
    assert same == {Rule.GREEDY: 16, Rule.PLURALITY: 11, Rule.EQUAL_SHARES: 1}


def test_committees_come_out_as_by_abcvoting() -> None:
    n = 0
    for name, content in _packed(COMMITTEES):
        given = yaml.load(content, Loader=yaml.CSafeLoader)
        wanted = {rule["rule_id"]: rule["result"] for rule in given["compute"] if not rule["resolute"]}
        options = list(range(given["num_cand"]))
        ballots = [dict.fromkeys(ballot, 1) for ballot in given["profile"]]
        held = election(Method.CHOICES, options, ballots, ties=options, n_winners=given["committeesize"])
        for found, rule in (
            (equal_shares(held), "equal-shares-with-av-completion"),
            (plurality(held), "av"),
            (greedy(held), "av"),
        ):
            # What nobody chose fills up there, not here.
            assert any(set(found.winners) <= set(one) for one in wanted[rule]), (name, rule)
            if all(found.scores[option] for option in options):
                assert set(found.winners) in [set(one) for one in wanted[rule]], (name, rule)
        n += 1
    assert n == 480
