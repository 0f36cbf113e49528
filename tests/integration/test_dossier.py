"""The decision dossier: everything a decision rests on, frozen when it is published, and what is never in it."""

import io
import json
import re
import zipfile
from hashlib import sha256
from html import unescape
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pypdf import PdfReader
from pytest_django import Settings

from participation import public
from participation.models import Person, Phase, Proposal, Record
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.services.voting import cast_ballot, close_phase
from siting.models import Candidate, Dossier, Study
from siting.rules.scenarios import Model
from siting.rules.stamps import digest
from siting.selectors.dossier import contents, scenarios_done, studies_done, told
from siting.services.decisions import About, decide, publish_decisions
from siting.services.dossiers import publish_dossier
from siting.services.studies import publish_study
from tests.cast import Cast, picks
from tests.integration import studies as stage
from tests.integration.studies import NOW
from tests.past import end

pytestmark = pytest.mark.django_db

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SECRET_NAMES = ("Zonnebloem-Planner", "Zonnebloem-Bewoner")


@pytest.fixture
def staged(cast: Cast, settings: Settings) -> Cast:
    """A study with two scenarios, three decisions, one of them being built; the vote still runs."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    for name, public_name in zip(("Piet", "An"), SECRET_NAMES, strict=True):
        Person.objects.filter(pk=cast[name].pk).update(public_name=public_name)
    Proposal.objects.filter(pk=cast.options[0].pk).update(author=cast["An"], origin="resident")
    stage.candidates_at_pins(cast)
    stage.supports(cast, [9, 8, 7, 6, 5, 4, 3, 2])
    study = stage.run(stage.study(cast, "charging", question="Which places come first?"))
    publish_study(study=study, is_public=True, by=cast["Piet"])
    stage.scenario(cast, study, k=3, title="Best cover")
    stage.scenario(cast, study, Model.MEDIAN, k=3, title="Shortest way")
    stage.decided(cast.project, cast["Piet"])
    return cast


def published(cast: Cast, scenarios: tuple[int, ...] = (1, 2)) -> Dossier:
    study = studies_done(cast.project).get(number=1)
    return publish_dossier(project=cast.project, study=study, scenarios=scenarios, by=cast["Piet"], now=database_now())


def content_now(cast: Cast) -> dict[str, Any]:
    study = studies_done(cast.project).get(number=1)
    return contents(cast.project, study, list(scenarios_done(study)))


def client_of(cast: Cast, name: str = "", language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    if name:
        client.force_login(cast[name])
    return client


def read(client: Client, name: str, query: str = "", *args: object, status: int = 200) -> bytes:
    response = client.get(reverse(name, args=("laden", *args)) + query)
    assert response.status_code == status, response.content[-2000:]
    return response.content


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", unescape(strip_tags(page.decode())))


def _cell(cell: ElementTree.Element, strings: list[str]) -> str:
    value = cell.findtext(f"{SHEET}v") or ""
    return strings[int(value)] if cell.get("t") == "s" else value


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    """A workbook as rows of texts, by the name of each sheet; a cell that would compute fails."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings = [
            "".join(part.text or "" for part in one.iter(f"{SHEET}t"))
            for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        names = [one.get("name") for one in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{SHEET}sheet")]
        found = {}
        for at, name in enumerate(names, start=1):
            tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{at}.xml"))
            assert tree.find(f".//{SHEET}f") is None, "a cell computes"
            found[str(name)] = [[_cell(cell, strings) for cell in row] for row in tree.iter(f"{SHEET}row")]
    return found


# --- what stands in it --------------------------------------------------------------------------------------------


def test_the_page_tells_the_whole_decision(staged: Cast) -> None:
    published(staged)
    page = words(read(client_of(staged), "dossier"))
    for said in (
        "Waar wil jij laden? (en)",
        "Which places come first?",
        "8 places were looked into",
        "All distances are in a straight line",
        "maximal coverage, MCLP",
        "p-median",
        "Supporters within reach",
        "How firm is this order?",
        "Best cover: with 3 new places",
        "Shortest way: with 3 new places",
        "Distance to the best possible",
        "Where they differ",
        "No vote was counted yet",
        "Central and busy.",
        "The council's decision",
        "being built (Cable first)",
        "Nothing was decided yet about 5 places",
        "Fingerprints (SHA-256)",
    ):
        assert said in page, said


def test_every_picture_is_there_with_words_for_who_does_not_see_it(staged: Cast) -> None:
    published(staged)
    client = client_of(staged)
    page = read(client, "dossier").decode()
    pictures = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page)
    names = [re.sub(r".*/|\.svg.*", "", src) for src, _alt in pictures]
    assert names == [
        "candidates", "scores", "gap", "places-1", "reach-1", "places-2", "reach-2", "differences", "decisions",
    ]  # fmt: skip
    assert all(len(alt) > 20 for _src, alt in pictures)
    for src, _alt in pictures:
        drawn = client.get(src.replace("&amp;", "&"))
        assert (drawn.status_code, drawn["Content-Type"]) == (200, "image/svg+xml")
        assert b"<svg" in drawn.content
    # Each chart has its table: as many tables as charts, and more.
    assert page.count("<table") >= 8


@pytest.mark.parametrize("language", ["nl", "fr", "de"])
def test_it_is_read_in_every_language_of_the_town(staged: Cast, language: str) -> None:
    published(staged)
    page = read(client_of(staged), "dossier", f"?language={language}").decode()
    assert f'<html lang="{language}"' in page
    assert f"Waar wil jij laden? ({language})".replace(" (nl)", "") in page
    assert "Decision dossier" not in page
    # A language the town does not have is not taken.
    assert '<html lang="en"' in read(client_of(staged), "dossier", "?language=it").decode()


def test_a_counted_vote_is_in_it_with_its_turnout(staged: Cast) -> None:
    people = Person.objects.bulk_create([Person(email=f"v{n}@example.org") for n in range(7)])
    for person in people:
        cast_ballot(phase=staged.vote, person=person, choices=picks([5, 2]), nonce=uuid4())
    end(staged.vote)
    assert close_phase(staged.vote)
    published(staged)
    page = words(read(client_of(staged), "dossier"))
    assert "7 people voted" in page
    assert "These came first: Plek 2, Plek 5." in page or "These came first: Plek 5, Plek 2." in page
    assert "of the 10,000 inhabitants" in page
    # Plek 2 comes later by decision 2; Plek 5 was voted first and has no answer.
    assert "Voted first, and not answered yet: Plek 5." in page


def test_figures_of_few_voters_are_kept_back(staged: Cast) -> None:
    Phase.objects.filter(pk=staged.vote.pk).update(takes_paper=True)
    for n in range(7):
        voter = Person.objects.create(email=f"v{n}@example.org")
        clerk = staged["Mo"] if n < 2 else None
        cast_ballot(phase=staged.vote, person=voter, choices=picks([5]), nonce=uuid4(), clerk=clerk)
    end(staged.vote)
    assert close_phase(staged.vote)
    assert content_now(staged)["vote"]["channels"] == {"web": None, "paper": None}
    published(staged)
    page = words(read(client_of(staged), "dossier"))
    assert "By which road people voted is not told" in page


# --- what is never in it ----------------------------------------------------------------------------------------


def test_nothing_of_a_running_vote_is_in_it(staged: Cast) -> None:
    before = content_now(staged)
    assert before["vote"] is None
    workbook = read(client_of(staged, "Piet"), "desk_dossier_file", "", "xlsx")
    for n in range(9):
        voter = Person.objects.create(email=f"v{n}@example.org")
        cast_ballot(phase=staged.vote, person=voter, choices=picks([8]), nonce=uuid4())
    assert content_now(staged) == before
    assert read(client_of(staged, "Piet"), "desk_dossier_file", "", "xlsx") == workbook
    # The control: counted, it is there.
    end(staged.vote)
    assert close_phase(staged.vote)
    after = content_now(staged)["vote"]
    assert next(row["number"] for row in after["options"] if row["is_winner"]) == 8
    assert after["n_people"] == 9


def test_nobodys_name_is_in_it(staged: Cast) -> None:
    row = published(staged)
    assert set(SECRET_NAMES) <= set(Person.objects.values_list("public_name", flat=True))
    client = client_of(staged)
    text = json.dumps(row.content) + read(client, "dossier").decode()
    text += str(sheets(read(client, "dossier_file", "", "xlsx")))
    text += read(client, "dossier_file", "", "json").decode()
    text += " ".join(
        page.extract_text() for page in PdfReader(io.BytesIO(read(client, "dossier_file", "", "pdf"))).pages
    )
    assert [name for name in (*SECRET_NAMES, "@example.org", "Zonnebloem") if name in text] == []
    # The control: titles are there.
    assert text.count("Site 1") > 3


def test_what_was_taken_out_of_sight_since_loses_its_words(staged: Cast) -> None:
    proposal = staged.options[6]
    decide(
        project=staged.project, about=About(proposals=[proposal.number]), outcome="not", reason={"en": "Too far."},
        council_link="", by=staged["Piet"], now=NOW,
    )  # fmt: skip
    publish_decisions(project=staged.project, by=staged["Piet"], base_url="http://testserver/", now=NOW)
    end(staged.vote)
    assert close_phase(staged.vote)
    published(staged)
    client = client_of(staged)
    assert words(read(client, "dossier")).count("Plek 7") >= 2
    Proposal.objects.filter(pk=proposal.pk).update(state="hidden", on_ballot=False, hidden_because="A name.")
    for name, args in (("dossier", ()), ("dossier_file", ("json",)), ("dossier_file", ("xlsx",))):
        page = read(client, name, "", *args)
        assert "Plek 7" not in (str(sheets(page)) if args == ("xlsx",) else page.decode()), (name, args)
    said = words(read(client, "dossier"))
    assert "Option 7, no longer shown" in said
    assert "Proposal 7, no longer shown" in said
    assert "taken out of sight since" in said
    # What was published stays in the house as it was.
    assert "Plek 7" in json.dumps(Dossier.objects.get().content)


# --- frozen -----------------------------------------------------------------------------------------------------


def test_what_was_published_stays_and_a_later_one_is_a_new_version(staged: Cast) -> None:
    first = published(staged)
    client = client_of(staged)
    before = re.search(r"<main.*</main>", read(client, "dossier", "?version=1").decode(), re.S)
    Candidate.objects.filter(number=1).update(title="Renamed since")
    decide(
        project=staged.project, about=About(candidates=[4]), outcome="build", reason={"en": "A new one."},
        council_link="", by=staged["Piet"], now=NOW,
    )  # fmt: skip
    publish_decisions(project=staged.project, by=staged["Piet"], base_url="http://testserver/", now=NOW)
    again = re.search(r"<main.*</main>", read(client, "dossier", "?version=1").decode(), re.S)
    assert before
    assert again
    assert before[0] == again[0]
    second = published(staged)
    assert (first.version, second.version) == (1, 2)
    assert "A new one." in read(client, "dossier").decode()
    old = read(client, "dossier", "?version=1").decode()
    assert "A new one." not in old
    assert "Renamed since" not in old
    assert 'href="?version=2"' in old
    assert read(client, "dossier", "?version=3", status=404)
    assert Record.objects.filter(act="dossier.published").count() == 2


def test_the_database_refuses_to_change_a_published_dossier(staged: Cast) -> None:
    row = published(staged)
    changes: list[dict[str, Any]] = [
        {"content": {}}, {"content_hash": "0" * 64}, {"version": 9}, {"published_at": NOW},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
            Dossier.objects.filter(pk=row.pk).update(**change)
    # Erasing the person who published empties that name alone.
    Dossier.objects.filter(pk=row.pk).update(published_by=None)
    row.refresh_from_db()
    assert (row.published_by, row.version) == (None, 1)


def test_its_fingerprint_can_be_made_again_from_the_file(staged: Cast) -> None:
    row = published(staged)
    whole = json.loads(read(client_of(staged), "dossier_file", "", "json"))
    text = json.dumps(whole["content"], sort_keys=True, separators=(",", ":"))
    assert sha256(text.encode()).hexdigest() == whole["content_hash"] == row.content_hash
    row.refresh_from_db()
    assert digest(row.content) == row.content_hash


def test_a_frozen_study_is_read_as_the_living_one_was(staged: Cast) -> None:
    from siting.selectors.studies import scored

    study = studies_done(staged.project).get(number=1)
    living, frozen = scored(study), told(json.loads(json.dumps(content_now(staged)))).found
    assert frozen.scores == living.scores
    assert (frozen.order, frozen.firm, frozen.sites) == (living.order, living.firm, living.sites)


# --- publishing -------------------------------------------------------------------------------------------------


def test_the_same_is_not_published_twice(staged: Cast) -> None:
    published(staged)
    with pytest.raises(Refused) as refused:
        published(staged)
    assert (refused.value.code, refused.value.facts) == (Code.DOSSIER_NOTHING_NEW, {"version": 1})
    assert published(staged, (1,)).version == 2


def test_what_changed_while_the_planner_looked_is_not_published_unseen(staged: Cast) -> None:
    desk = client_of(staged, "Piet")
    page = read(desk, "desk_dossier").decode()
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen
    end(staged.vote)
    assert close_phase(staged.vote)
    given = {"study": "1", "scenario": ["1", "2"], "language": "en", "seen": seen[1]}
    address = reverse("desk_dossier_publish", args=("laden",))
    refused = desk.post(address, given)
    assert refused.status_code == 422
    assert "Something changed while you looked" in refused.content.decode()
    assert not Dossier.objects.exists()
    now_seen = re.search(r'name="seen" value="([0-9a-f]{64})"', refused.content.decode())
    assert now_seen
    assert desk.post(address, given | {"seen": now_seen[1]}).status_code == 302


def test_only_what_was_computed_is_published(staged: Cast) -> None:
    with pytest.raises(Refused) as refused:
        published(staged, (1, 7))
    assert (refused.value.code, refused.value.facts) == (Code.DOSSIER_SCENARIO_NOT_DONE, {"number": 7})
    begun = stage.study(staged)
    with pytest.raises(Refused) as refused:
        publish_dossier(project=staged.project, study=begun, scenarios=(), by=staged["Piet"], now=NOW)
    assert refused.value.code is Code.STUDY_NOT_DONE
    assert not Dossier.objects.exists()


def test_a_planner_publishes_what_is_shown_and_others_may_only_look(staged: Cast) -> None:
    desk = client_of(staged, "Piet")
    page = read(desk, "desk_dossier", "?study=1&of=1&scenario=2&language=fr").decode()
    assert '<div class="kd-body kp-stack kp-stack--loose" lang="fr">' in page
    assert "Shortest way" in page
    assert "1. Best cover:" not in page
    given = {"study": "1", "scenario": ["2"], "language": "fr"}
    address = reverse("desk_dossier_publish", args=("laden",))
    assert client_of(staged, "Gis").post(address, given).status_code == 404
    assert desk.post(address, given).status_code == 302
    assert [row["number"] for row in Dossier.objects.get().content["scenarios"]] == [2]
    refused = desk.post(address, given)
    assert refused.status_code == 422
    assert "Nothing changed since version 1" in refused.content.decode()
    looks = read(client_of(staged, "Gis"), "desk_dossier", "?study=1&of=1&scenario=1").decode()
    assert "Best cover" in looks
    assert address not in looks


def test_nobody_reads_it_before_it_is_published(staged: Cast) -> None:
    for client in (client_of(staged), client_of(staged, "Piet")):
        read(client, "dossier", status=404)
        read(client, "dossier_file", "", "pdf", status=404)
        read(client, "dossier_picture", "", "scores", status=404)
    read(client_of(staged), "desk_dossier", status=302)
    read(client_of(staged, "An"), "desk_dossier", status=404)
    assert "Decision dossier" not in read(client_of(staged), "project").decode()
    published(staged)
    assert reverse("dossier", args=("laden",)) in read(client_of(staged), "project").decode()
    assert reverse("dossier", args=("laden",)) in read(client_of(staged), "outcome").decode()


def test_without_a_study_the_desk_says_what_to_do(cast: Cast, settings: Settings) -> None:
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    Study.objects.all().delete()
    assert "No study was computed yet" in words(read(client_of(cast, "Piet"), "desk_dossier"))
    read(client_of(cast, "Piet"), "desk_dossier_file", "", "xlsx", status=404)


# --- files ------------------------------------------------------------------------------------------------------


def _tags(node: Any, found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Every element of a document's structure: its kind, and itself."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            _tags(child, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append((node["/S"], node))
        if "/K" in node:
            _tags(node["/K"], found)
    return found


def test_the_pdf_is_accessible(staged: Cast) -> None:
    published(staged)
    answer = client_of(staged).get(reverse("dossier_file", args=("laden", "pdf")) + "?language=fr")
    assert answer["Content-Type"] == "application/pdf"
    pdf = PdfReader(io.BytesIO(answer.content))
    root: Any = pdf.trailer["/Root"]
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert pdf.metadata
    assert "Laadpunten (fr)" in str(pdf.metadata.title)
    tags = _tags(root["/StructTreeRoot"]["/K"], [])
    kinds = [kind for kind, _node in tags]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 10
    assert kinds.count("/H3") >= 8
    assert kinds.count("/Table") >= 8
    assert kinds.count("/TH") > kinds.count("/Table")
    assert kinds.count("/Caption") >= 8
    figures = [node for kind, node in tags if kind == "/Figure"]
    assert len(figures) == 9
    assert all(len(str(node.get("/Alt", ""))) > 20 for node in figures)
    # In the contents each chapter leads to its page.
    assert kinds.count("/Link") >= 9
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert "Central and busy." in text


def test_the_workbook_holds_every_table_and_computes_nothing(staged: Cast) -> None:
    Candidate.objects.filter(number=2).update(title="=1+1")
    stage.counted(staged, [3, 9, 1, 0, 2, 0, 0, 5])
    published(staged)
    book = sheets(read(client_of(staged), "dossier_file", "", "xlsx"))
    assert list(book) == [
        "Criteria", "Scores", "Scenarios", "Places of the scenarios", "Coverage", "The vote", "Decisions",
        "What the columns mean",
    ]  # fmt: skip
    assert len(book["Criteria"]) == 21
    assert len(book["Scores"]) == 9
    assert [row[1] for row in book["Scenarios"][1:]] == ["Best cover", "Shortest way"]
    # Three places a scenario; two neighbourhoods a scenario.
    assert len(book["Places of the scenarios"]) == 7
    assert len(book["Coverage"]) == 5
    assert [row[1:3] for row in book["The vote"][1:3]] == [["2", "Plek 2"], ["8", "Plek 8"]]
    assert {"=1+1", "=Too close to another."} <= {cell for row in book["Decisions"] for cell in row}
    columns = {head for name, rows in book.items() if name != "What the columns mean" for head in rows[0]}
    assert columns <= {row[1] for row in book["What the columns mean"] if len(row) == 3}


# --- one reader of votes ----------------------------------------------------------------------------------------


def test_there_is_one_reading_of_counted_votes(staged: Cast) -> None:
    assert public.counted_votes(staged.project) is None
    assert public.vote_outcome(staged.project) is None
    stage.counted(staged, [3, 9, 1, 0, 2, 0, 0, 5])
    votes = public.counted_votes(staged.project)
    outcome = public.vote_outcome(staged.project)
    assert votes is not None
    assert outcome is not None
    assert votes.numbers.tolist()[:3] == [2, 8, 1]
    assert (votes.n_votes.tolist()[:3], votes.winners) == ([9, 5, 3], (2, 8))
    assert [(row.number, row.n_votes, row.is_winner) for row in outcome.options[:3]] == [
        (2, 9, True), (8, 5, True), (1, 3, False),
    ]  # fmt: skip
    Proposal.objects.filter(number=8).update(state="hidden", on_ballot=False, hidden_because="x")
    staged.project.refresh_from_db()
    votes, outcome = public.counted_votes(staged.project), public.vote_outcome(staged.project)
    assert votes is not None
    assert outcome is not None
    assert votes.winners == (2,)
    assert 8 not in votes.numbers
    assert outcome.options[1].title == ""
