"""The pages of a result: every ballot kind, reasons, turnout, events, files, the picture; nothing before the count."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from PIL import Image
from pytest_django import Settings

from participation.models import BallotCast, Phase, Project, Proposal, Record, TallyRow
from participation.rules.electorate import Channel
from participation.rules.voting import NO_CAP, Choice, Rule
from participation.selectors.events import Event, public_events
from participation.selectors.results import result_of, turnout
from participation.services.proposals import hide_proposal, set_shortlist
from participation.services.tally import counted_by
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, person
from tests.integration.test_results import DIVIDED, closed
from tests.past import end

ADDRESS = "/projects/laden/results/"
ENGLISH = {"accept-language": "en"}
QUERIES = 22


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Phases of another test may have the same number."""
    cache.clear()
    yield
    cache.clear()


def page(query: str = "", language: str = "en") -> str:
    """The results page as text, with its entities undone where they stand in our sentences."""
    response = Client().get(ADDRESS + query, headers={"accept-language": language})
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def costs(cast: Cast, euros: Mapping[int, int]) -> None:
    """Give options a cost."""
    for number, euro in euros.items():
        Proposal.objects.filter(project=cast.project, number=number).update(cost_cents=euro * 100)


# --- what the page says ---------------------------------------------------------------------------------------


def test_one_sentence_comes_first(cast: Cast) -> None:
    closed(cast, DIVIDED, n_winners=3)
    said = page()
    assert "<strong>12 people</strong>, 28 votes: <strong>these 3 places come first</strong>." in said
    assert "1 in 833 inhabitants took part." in said
    assert said.index("<h1") < said.index("kp-bars")


KINDS: dict[str, tuple[dict[str, object], Sequence[Mapping[int, int]], str]] = {
    "choices": ({}, DIVIDED, "28 votes"),
    "support": ({"method": "support", "cap": NO_CAP}, [{1: 1, 2: 1, 3: 1, 4: 1}, {1: 1}], "5 votes"),
    "points": ({"method": "points", "points": 5, "points_max": 5}, [{1: 3, 2: 2}, {2: 4}], "9 points"),
    "budget": ({"method": "budget", "rule": "greedy", "budget_cents": 100_000}, [{1: 1}] * 3 + [{2: 1}], "4 votes"),
    "ranking": ({"method": "ranking", "rule": "borda"}, [{2: 1, 1: 1}, {2: 1, 3: 1}], "2 people"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("has_map", [True, False], ids=["map", "no-map"])
def test_every_ballot_kind_has_a_page_and_its_files(cast: Cast, kind: str, has_map: bool) -> None:
    rules, ballots, said = KINDS[kind]
    if not has_map:
        Project.objects.filter(pk=cast.project.pk).update(area=None)
    costs(cast, {1: 600, 2: 500})
    closed(cast, ballots, **rules)
    for query in ("", "?rule=equal-shares", "?rule=plurality&spread=1", "?rule=borda"):
        text = page(query)
        assert said in text
        assert ("<kp-map" in text) == has_map
        assert ("Per neighbourhood" in text) == has_map
        # A chart and the table behind it.
        assert '<ol class="kp-bars">' in text
        assert "The same as a table" in text
        for suffix in ("csv", "xlsx", "json"):
            assert Client().get(f"{ADDRESS}results.{suffix}{query}").status_code == 200
    assert Client().get(f"{ADDRESS}picture.png").status_code == 200


def test_a_budget_says_what_is_left(cast: Cast) -> None:
    costs(cast, {1: 600, 2: 500, 3: 250})
    ballots: Sequence[Mapping[int, int]] = [{1: 1}] * 3 + [{2: 1}] * 2 + [{3: 1}]
    closed(cast, ballots, method="budget", rule="greedy", budget_cents=100_000)
    assert "What is chosen costs € 850 of € 1,000; € 150 is left." in page()
    said = page("?rule=plurality")
    assert "Counted like this, 1 would drop out." in said
    assert "it stands behind “Plek 2”, for which too little was left" in said


def test_nobody_voted(cast: Cast) -> None:
    closed(cast, [])
    said = page()
    assert "Nobody voted, so nothing was chosen." in said
    assert "Count it another way" not in said
    assert Client().get(f"{ADDRESS}picture.png").status_code == 200
    assert json.loads(Client().get(f"{ADDRESS}results.json").content)["winners"] == []


def test_a_withdrawn_ballot_is_no_voter(cast: Cast) -> None:
    vote = closed(cast, [{1: 1}, {2: 1}, {}])
    assert turnout(vote).n_people == counted_by(vote, Rule.PLURALITY, one_per_area=False).n_ballots == 2


def test_one_option_alone(cast: Cast) -> None:
    Proposal.objects.filter(project=cast.project, number__gt=1).update(on_ballot=False)
    closed(cast, [{1: 1}], n_winners=2)
    assert "<strong>1 person</strong>, 1 vote: <strong>this 1 place comes first</strong>." in page()


def test_all_tied_says_who_was_drawn_and_how_to_repeat_it(cast: Cast) -> None:
    vote = closed(cast, [{1: 1, 2: 1, 3: 1}] * 5, n_winners=2)
    said = page()
    assert "A draw decided between <strong>" in said
    for number in (1, 2, 3):
        assert f"Plek {number}" in said[said.index("A draw decided between") :][:200]
    assert f"Its seed is <code>phase {vote.pk}</code>." in said
    assert f"printf &#39;phase {vote.pk}:7&#39; | sha256sum" in said or f"printf 'phase {vote.pk}:7'" in said


def test_no_draw_is_said_too(cast: Cast) -> None:
    closed(cast, DIVIDED, n_winners=3)
    assert "No draw decided who is chosen" in page()


def test_what_was_hidden_after_the_count_keeps_its_place_without_its_name(cast: Cast) -> None:
    vote = closed(cast, [{1: 1, 2: 1}] * 3 + [{2: 1}, {3: 1}], n_winners=2)
    assert "Plek 2" in page()
    hide_proposal(project=cast.project, number=2, reason="Beledigend", by=cast["Mo"])
    vote = Phase.objects.select_related("project__organisation").get(pk=vote.pk)
    counted = counted_by(vote, Rule.PLURALITY, one_per_area=False)
    written = list(TallyRow.objects.filter(phase=vote, is_winner=True).values_list("proposal__number", flat=True))
    assert list(counted.winners) == written == [2, 1], "the count stays as it was written"
    said = page()
    assert "Plek 2" not in said
    assert "Option 2, no longer shown" in said
    assert "Option 2 is no longer shown. Its place in the result stays." in said
    assert "Beledigend" not in said
    assert 'href="/projects/laden/proposals/2/"' not in said
    for suffix in ("csv", "json"):
        assert "Plek 2" not in Client().get(f"{ADDRESS}results.{suffix}").content.decode()


# --- another rule, and why --------------------------------------------------------------------------------------


def test_each_change_has_its_reason(cast: Cast) -> None:
    closed(cast, DIVIDED, n_winners=3)
    assert "Would come in" not in page()
    said = page("?rule=equal-shares")
    assert "Binding is “Most votes”. Counted like this, 1 would come in and 1 would drop out." in said
    assert (
        "<strong>Plek 7</strong>: Its 4 supporters paid for it together, each with at most 100% of their share." in said
    )
    assert "Its 8 supporters had only 0% of a place left together, having already paid for “Plek" in said


def test_one_a_neighbourhood_names_whose_place_it_takes(cast: Cast) -> None:
    closed(cast, DIVIDED, n_winners=3)
    said = page("?spread=1")
    assert "<strong>Plek 7</strong>: The first of Oostkant, with 4 votes; it takes the place of “Plek" in said
    assert "8 votes, but it makes room for “Plek 7”, so that each neighbourhood has one." in said


def test_a_ranking_says_points_and_average_rank(cast: Cast) -> None:
    ballots: Sequence[Mapping[int, int]] = [{1: 1, 2: 1}] * 3 + [{2: 1, 3: 1}] * 2 + [{3: 1, 2: 1}] * 2
    closed(cast, ballots, method="ranking", rule="borda", n_winners=1)
    said = page("?rule=plurality")
    assert "<strong>Plek 1</strong>: 3 first places, 1 more than the first one that stays out." in said
    assert "<strong>Plek 2</strong>: 2 first places, 1 fewer than the last one in." in said


# --- who took part ----------------------------------------------------------------------------------------------


def by_channels(cast: Cast, channels: Sequence[Channel], **rules: object) -> Phase:
    """Close a vote whose ballots came by these roads."""
    vote = cast.vote
    Phase.objects.filter(pk=vote.pk).update(**rules)
    vote = Phase.objects.select_related("project__organisation").get(pk=vote.pk)
    for nth, channel in enumerate(channels):
        cast_ballot(phase=vote, person=person(f"Kiezer{nth}"), choices=[Choice(1)], nonce=uuid4())
        ballot = vote.ballots.order_by("-pk").first()
        assert ballot is not None
        if channel is not Channel.WEB:
            # The last cast by another road is the one that says how somebody voted.
            cast_on = BallotCast.objects.get(ballot=ballot)
            again = BallotCast.objects.create(
                ballot=ballot, phase=vote, cap=vote.cap, seq=2, nonce=uuid4(), recorded_at=datetime.now(UTC),
                channel=channel, clerk=cast["Mo"] if channel is Channel.PAPER else None,
            )  # fmt: skip
            for one in cast_on.votes.all():
                again.votes.create(cap=one.cap, position=one.position, proposal=one.proposal, value=1)
    end(vote, microseconds=1)
    assert close_phase(vote)
    return Phase.objects.select_related("project__organisation").get(pk=vote.pk)


def test_turnout_is_told_by_channel_and_of_how_many(cast: Cast) -> None:
    roads = [Channel.WEB] * 9 + [Channel.CODE] * 6 + [Channel.PAPER] * 5
    vote = by_channels(cast, roads, n_eligible=40, takes_paper=True)
    told = turnout(vote)
    assert told.channels == {Channel.WEB: 9, Channel.CODE: 6, Channel.PAPER: 5}
    assert (told.n_people, told.n_of, told.share, told.one_in) == (20, 40, 0.5, 2)
    said = page()
    assert "20 people of the 40 who may vote: 50%." in said
    assert "With a code from a letter" in said


def test_few_on_paper_are_not_told_nor_to_be_worked_out(cast: Cast) -> None:
    by_channels(cast, [Channel.WEB] * 9 + [Channel.CODE] * 6 + [Channel.PAPER] * 2, takes_paper=True)
    said = page()
    assert said.count("not said</td>") == 3
    assert "Fewer than five people" in said
    rows = json.loads(Client().get(f"{ADDRESS}results.json", headers=ENGLISH).content)["turnout"]
    assert [row["people"] for row in rows] == [None, None, None, 17]


# --- what changed -----------------------------------------------------------------------------------------------


def test_what_changed_during_the_vote_is_public(cast: Cast) -> None:
    Proposal.objects.filter(project=cast.project, number=8).update(on_ballot=False)
    Proposal.objects.create(
        project=cast.project, number=9, title="Geheim plan", state="submitted", created_at=datetime.now(UTC)
    )
    set_shortlist(project=cast.project, numbers=[8], on_ballot=True, by=cast["Piet"])
    hide_proposal(project=cast.project, number=7, reason="Dubbel", by=cast["Mo"])
    hide_proposal(project=cast.project, number=9, reason="Reclame", by=cast["Mo"])
    Record.objects.create(
        organisation=cast.town, project=cast.project, act="phase.extended", subject=f"phase {cast.vote.pk}",
        detail={"closes_at": "2026-12-24T18:00:00+00:00", "reason": "De site lag een dag plat."},
    )  # fmt: skip
    Record.objects.create(organisation=cast.town, project=cast.project, act="proposal.published", subject="proposal 1")
    project = Project.objects.prefetch_related("phases").get(pk=cast.project.pk)
    assert [event.kind for event in public_events(project)] == [Event.JOINED, Event.HIDDEN, Event.EXTENDED]
    with translation.override("en"):
        later = date_format(localtime(datetime(2026, 12, 24, 18, tzinfo=UTC)), "DATETIME_FORMAT")
    rules = Client().get("/projects/laden/rules/", headers=ENGLISH).content.decode()
    for said in (
        "“Plek 8” joined the ballot.",
        "Option 7 left the ballot and is no longer shown.",
        f"The vote closes later, on {later}. Why: De site lag een dag plat.",
    ):
        assert said in rules
    for secret in ("Geheim plan", "Dubbel", "Reclame", "Plek 7", "Mo"):
        assert secret not in rules[rules.index('id="events"') :]
    closed(cast, [{1: 1}])
    assert "The vote closed and the votes were counted." in page()


# --- files and picture ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["results.csv", "results.xlsx", "results.json", "picture.png"])
def test_nothing_is_handed_out_before_the_count(cast: Cast, name: str) -> None:
    Phase.objects.filter(pk=cast.vote.pk).update(hides_tally=name == "results.csv")
    vote = Phase.objects.get(pk=cast.vote.pk)
    cast_ballot(phase=vote, person=cast["An"], choices=[Choice(1)], nonce=uuid4())
    assert Client().get(ADDRESS + name).status_code == 404
    end(vote, microseconds=1)
    assert close_phase(vote)
    assert Client().get(ADDRESS + name).status_code == 200
    assert Client(SERVER_NAME="elders.localhost").get(ADDRESS + name).status_code == 404


def test_a_file_of_another_kind_is_not_there(cast: Cast) -> None:
    closed(cast, [{1: 1}])
    assert Client().get(f"{ADDRESS}results.exe").status_code == 404


def test_files_honour_the_rule_and_are_inert(cast: Cast) -> None:
    Proposal.objects.filter(project=cast.project, number=7).update(title='=HYPERLINK("http://x","y")')
    closed(cast, DIVIDED, n_winners=3)
    query = "?rule=equal-shares&spread=0"
    rows = list(csv.DictReader(io.StringIO(Client().get(f"{ADDRESS}results.csv{query}").content.decode("utf-8-sig"))))
    seventh = next(row for row in rows if row["number"] == "7")
    assert (seventh["chosen"], seventh["score"], seventh["title"][0]) == ("true", "4", "'")
    plain = list(csv.DictReader(io.StringIO(Client().get(f"{ADDRESS}results.csv").content.decode("utf-8-sig"))))
    assert next(row for row in plain if row["number"] == "7")["chosen"] == "false"
    told = json.loads(Client().get(f"{ADDRESS}results.json{query}").content)
    assert (told["rule"], told["is_binding"], told["n_ballots"], told["n_choices"]) == ("equal-shares", False, 12, 28)
    assert told["draw"]["seed"] == f"phase {cast.vote.pk}"
    assert {row["number"] for row in told["options"] if row["chosen"]} == set(told["winners"])


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def test_the_workbook_holds_numbers_as_numbers_and_says_what_its_columns_mean(cast: Cast) -> None:
    Proposal.objects.filter(project=cast.project, number=7).update(title="=1+1")
    closed(cast, DIVIDED, n_winners=3)
    content = Client().get(f"{ADDRESS}results.xlsx", headers={"accept-language": "nl"}).content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = [
            sheet.get("name") for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(SHEET + "sheet")
        ]
        first = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        texts = ["".join(item.itertext()) for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
    assert names == ["Voorstellen", "Dorpen en buurten", "Opkomst", "Wat de kolommen betekenen"]
    assert not list(first.iter(SHEET + "f")), "nothing is computed"
    assert "=1+1" in texts, "as text, unchanged"
    scores = [cell for cell in first.iter(SHEET + "c") if (cell.get("r") or "").startswith("E")][1:]
    assert [cell.get("t") for cell in scores] == [None] * 8, "a cell without a type is a number"
    assert [int(cell.findtext(SHEET + "v") or "") for cell in scores][:4] == [8, 8, 8, 4]
    assert "Het deel van de gemeente." in texts


def test_the_picture_is_drawn_in_the_readers_language_and_told_of_on_the_page(cast: Cast, settings: Settings) -> None:
    closed(cast, DIVIDED, n_winners=3)
    said = page()
    assert 'property="og:title" content="Laadpunten (en): 12 people, 28 votes: these 3 places come first."' in said
    assert 'property="og:image" content="http://testserver/projects/laden/results/picture.png?lang=en"' in said
    assert 'property="og:description" content="Plek' in said
    pictures = {}
    for language in ("nl", "fr"):
        response = Client().get(f"{ADDRESS}picture.png?lang={language}")
        assert (response["Content-Type"], response["Content-Language"]) == ("image/png", language)
        pictures[language] = response.content
        with Image.open(io.BytesIO(response.content)) as image:
            assert image.size == (1200, 630)
    assert pictures["nl"] != pictures["fr"]
    # The binding result is what is shared, whichever way of counting somebody looks at.
    assert 'og:title" content="Laadpunten (en): 12 people, 28 votes' in page("?rule=equal-shares&spread=1")
    assert Client().get(f"{ADDRESS}picture.png?lang=xx%00").status_code == 200


def test_the_picture_is_drawn_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(cast, [{1: 1}])
    first = Client().get(f"{ADDRESS}picture.png?lang=nl").content

    def fail(**_facts: Any) -> bytes:
        raise AssertionError("drawn again")

    monkeypatch.setattr("participation.web.result_picture.draw", fail)
    assert Client().get(f"{ADDRESS}picture.png?lang=nl").content == first


def test_few_queries_and_one_count(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    vote = closed(cast, DIVIDED, n_winners=3)
    for query in ("", "?rule=equal-shares&spread=1"):
        with CaptureQueriesContext(connection) as first:
            page(query)
        assert len(first) <= QUERIES + 8, "the first look counts"
        with CaptureQueriesContext(connection) as again:
            page(query)
        assert len(again) <= QUERIES, [query["sql"][:100] for query in again]
        assert not [query for query in again if "row_number()" in query["sql"]], "ballots are read once"
    assert len(result_of(vote, (1,), {1: 1}, (1,)).rows) == 1
