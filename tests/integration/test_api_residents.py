"""What a resident does through the API: comments, reports, following, forms with all kinds of answers, claims."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings

from participation.models import (
    AnswerFile,
    AnswerSheet,
    Comment,
    Draft,
    Follow,
    Phase,
    Photo,
    Project,
    Proposal,
    Report,
)
from participation.rules.limits import COMMENTS_AN_HOUR
from participation.rules.questions import Asked, Kind, Question
from participation.rules.tokens import Scope
from tests.api import Caller, Upload, caller_for, claim_left, code, pages_through, picture
from tests.cast import Cast, text
from tests.forms import OPTIONS, WITH_PROPOSAL, ask, survey

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/projects/laden"
FORM = "/api/v1/projects/pas"
HOUR = timedelta(hours=1)
ALL_KINDS = (
    Question("q1", Kind.SHORT, text("Straat?")),
    Question("q2", Kind.LONG, text("Waarom?")),
    Question("q3", Kind.ONE, text("Ken je het?"), options=OPTIONS),
    Question("q4", Kind.MANY, text("Waarvoor?"), options=OPTIONS),
    Question("q5", Kind.AGREE, text("Akkoord?")),
    Question("q6", Kind.NUMBER, text("Hoe oud?"), at_least=6.0, at_most=120.0),
    Question("q7", Kind.DATE, text("Wanneer?")),
    Question("q8", Kind.PHOTO, text("Foto")),
    Question("q9", Kind.FILE, text("Plan")),
    Question("q10", Kind.POINT, text("Waar?")),
    Question("q11", Kind.LINE, text("Welke weg?")),
    Question("q12", Kind.AREA, text("Welk plein?")),
)
RING = [[2.60, 50.80], [2.61, 50.80], [2.61, 50.81], [2.60, 50.80]]
CROSSED = [[2.60, 50.80], [2.61, 50.81], [2.61, 50.80], [2.60, 50.81], [2.60, 50.80]]
GIVEN: dict[str, Any] = {
    "q1": "Markt",
    "q2": "Omdat\nhet kan",
    "q3": "o1",
    "q4": ["o2", "o1"],
    "q5": 4,
    "q6": 41.5,
    "q7": "2026-05-01",
    "q10": {"type": "Point", "coordinates": [2.6, 50.8]},
    "q11": {"type": "LineString", "coordinates": [[2.6, 50.8], [2.61, 50.81]]},
    "q12": {"type": "Polygon", "coordinates": [RING]},
}


@pytest.fixture(autouse=True)
def _plain(settings: Settings, tmp_path: Path) -> None:
    cache.clear()
    settings.API_PER_MINUTE = 100_000
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def calling(cast: Cast) -> Callable[..., Caller]:
    """A program of somebody; Gis may moderate nothing, so it is a resident like others here."""
    return partial(caller_for, cast)


@pytest.fixture
def talking(cast: Cast) -> Project:
    """The project while people propose and comment too."""
    now = datetime.now(UTC)
    Phase.objects.create(
        project=cast.project, position=2, kind="propose", opens_at=now - HOUR, closes_at=now + HOUR, name=text("Zeg")
    )
    return cast.project


def test_comments_are_written_answered_and_read_as_on_the_page(
    cast: Cast, talking: Project, calling: Callable[..., Caller]
) -> None:
    gis, nobody, moderator = calling("Gis"), Caller({}), calling("Mo")
    at = f"{ROOT}/proposals/1/comments"
    waits = gis("POST", at, {"text": "Graag"}).json()
    assert (waits["state"], waits["by_city"], waits["author"]) == ("submitted", False, "Gis")
    assert nobody("GET", at).json()["items"] == []
    assert [each["id"] for each in gis("GET", at).json()["items"]] == [waits["id"]]
    desk = "/api/v1/desk/projects/laden/proposals/1"
    assert moderator("GET", desk).json()["waiting"][0]["text"] == "Graag"
    moderator("POST", f"{desk}/comments/{waits['id']}/publish")
    reply = moderator("POST", at, {"text": "Doen we", "parent": waits["id"]}).json()
    assert (reply["state"], reply["by_city"], reply["author"], reply["parent"]) == ("published", True, "", waits["id"])
    moderator("POST", f"{desk}/comments/{waits['id']}/hide", {"reason": "Een naam"})
    hidden, shown = nobody("GET", at).json()["items"]
    assert (hidden["text"], hidden["author"], hidden["hidden_because"]) == ("", "", "Een naam")
    assert shown["text"] == "Doen we"
    assert code(gis("POST", at, {"text": " "})) == (422, "comment.missing")
    assert code(gis("POST", at, {"text": "x", "parent": 999_999})) == (404, "comment.not_found")
    moderator("PUT", f"{desk}/comments/lock", {"locked": True})
    assert code(gis("POST", at, {"text": "Nog iets"})) == (409, "comment.locked")
    talking.phases.filter(kind="propose").update(closes_at=datetime.now(UTC) - timedelta(seconds=1))
    assert code(gis("POST", at, {"text": "Te laat"})) == (409, "comment.over")


def test_comments_come_in_pages_and_too_many_are_told_when_to_come_again(
    cast: Cast, talking: Project, calling: Callable[..., Caller]
) -> None:
    caller, at = calling("Gis"), f"{ROOT}/proposals/1/comments"
    now = datetime.now(UTC)
    Comment.objects.bulk_create(
        Comment(proposal=cast.options[0], author=cast["Gis"], text=f"{n}", created_at=now)
        for n in range(COMMENTS_AN_HOUR)
    )
    assert [each["text"] for each in pages_through(caller, at, 7)] == [str(n) for n in range(COMMENTS_AN_HOUR)]
    refused = caller("POST", at, {"text": "Nog een"})
    assert code(refused) == (429, "act.too_often")
    assert int(refused["Retry-After"]) > 0


def test_reports_and_following(cast: Cast, calling: Callable[..., Caller]) -> None:
    caller, piece = calling("Gis"), f"{ROOT}/proposals/1"
    assert caller("POST", f"{piece}/reports", {"reason": "private", "text": "Een adres"}).status_code == 201
    assert Report.objects.get().text == "Een adres"
    assert code(caller("POST", f"{piece}/reports", {"reason": "private"})) == (409, "report.twice")
    assert code(caller("POST", f"{piece}/reports", {"reason": "ugly"})) == (400, "request.bad")
    assert code(caller("POST", f"{piece}/reports", {"reason": "spam", "comment": 5})) == (404, "comment.not_found")
    assert caller("PUT", f"{piece}/follow").json() == {"number": 1, "followed_by_me": True}
    assert caller("GET", piece).json()["followed_by_me"]
    assert [each["number"] for each in caller("GET", "/api/v1/me/following").json()["items"]] == [1]
    assert caller("DELETE", f"{piece}/follow").json() == {"number": 1, "followed_by_me": False}
    assert not Follow.objects.get().wanted


# --- forms ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_question_is_read_and_answered(cast: Cast, calling: Callable[..., Caller]) -> None:
    survey(cast, ALL_KINDS)
    caller = calling("Gis")
    told = caller("GET", f"{FORM}/questions").json()
    assert [one["kind"] for one in told["questions"]] == [kind.value for kind in Kind]
    assert [each["key"] for each in told["questions"][3]["options"]] == ["o1", "o2"]
    assert [each["key"] for each in told["questions"][4]["options"]] == ["1", "2", "3", "4", "5"]
    draft = caller("POST", f"{FORM}/drafts", {"kind": "form"}).json()["draft"]
    at = f"{FORM}/drafts/{draft}/files"
    photo = caller("POST", at, Upload(picture(), "a.jpg", {"question": "q8", "alt": "Een plein"})).json()
    plan = caller("POST", at, Upload(b"Een plan", "plan.txt", {"question": "q9"})).json()
    assert (photo["content_type"], plan["name"]) == ("image/jpeg", "plan.txt")
    sent = caller("PUT", f"{FORM}/form", {"version": told["version"], "answers": GIVEN, "draft": draft})
    assert sent.status_code == 200, sent.content
    kept = GIVEN | {"q4": ["o1", "o2"], "q5": "4", "q8": photo["key"], "q9": plan["key"]}
    assert AnswerSheet.objects.get().answers == kept == caller("GET", f"{FORM}/form").json()["answers"]
    assert AnswerFile.objects.filter(sheet__person=cast["Gis"]).count() == 2
    # Sent again it takes the place of the first, and the files it still names stay.
    again = caller("PUT", f"{FORM}/form", {"version": 1, "answers": {"q1": "Plein", "q9": plan["key"]}})
    assert again.json()["answers"] == {"q1": "Plein", "q9": plan["key"]}
    assert AnswerSheet.objects.get().files.get().name == "plan.txt"


def test_answers_that_are_not_right_are_explained_and_nothing_is_kept(
    cast: Cast, calling: Callable[..., Caller]
) -> None:
    survey(cast, ALL_KINDS)
    caller = calling("Gis")
    for given, expected in (
        ({"q3": "o9"}, "answer.option_unknown"),
        ({"q6": 5}, "answer.too_small"),
        ({"q7": "gisteren"}, "date.bad"),
        ({"q10": {"type": "Point", "coordinates": [9.0, 50.8]}}, None),
        ({"q12": {"type": "Polygon", "coordinates": [CROSSED]}}, "area.not_a_surface"),
    ):
        answer = caller("PUT", f"{FORM}/form", {"version": 1, "answers": {"q1": "x"} | given})
        if expected is None:  # a project without an area takes any place
            assert answer.status_code == 200
            AnswerSheet.objects.all().delete()
            continue
        assert code(answer) == (422, "answers.incomplete")
        assert [each["code"] for each in answer.json()["errors"]] == [expected]
    shapes: list[object] = [[2.6], ["a", "b"], [None, 1], [[[]]], {}]
    for shape in shapes:
        drawn = {"type": "Point", "coordinates": shape}
        assert code(caller("PUT", f"{FORM}/form", {"version": 1, "answers": {"q10": drawn}}))[0] in {400, 422}, shape
    assert code(caller("PUT", f"{FORM}/form", {"version": 1, "answers": {}})) == (422, "answers.none")
    ask(Project.objects.get(slug="pas"), Asked.ALONE, ALL_KINDS[:3], number=2)
    assert code(caller("PUT", f"{FORM}/form", {"version": 1, "answers": {"q1": "x"}})) == (409, "form.changed")
    assert not AnswerSheet.objects.exists()
    assert not Draft.objects.exists()


def test_nobody_answers_with_anothers_file_or_draft(cast: Cast, calling: Callable[..., Caller]) -> None:
    survey(cast, ALL_KINDS)
    gis, other = calling("Gis"), calling("Mo")
    draft = gis("POST", f"{FORM}/drafts", {"kind": "form"}).json()["draft"]
    at = f"{FORM}/drafts/{draft}/files"
    key = gis("POST", at, Upload(b"Een plan", "plan.txt", {"question": "q9"})).json()["key"]
    assert code(other("POST", at, Upload(b"x", "x.txt", {"question": "q9"}))) == (404, "request.not_found")
    assert code(other("DELETE", f"{FORM}/drafts/{draft}")) == (404, "request.not_found")
    stolen = {"version": 1, "answers": {"q1": "x", "q9": key}}
    assert code(other("PUT", f"{FORM}/form", stolen | {"draft": draft})) == (404, "request.not_found")
    assert other("PUT", f"{FORM}/form", stolen).json()["answers"] == {"q1": "x"}
    # The control: whose file it is answers with it.
    assert gis("PUT", f"{FORM}/form", stolen | {"draft": draft}).json()["answers"]["q9"] == key


def test_files_are_refused_as_on_the_page(cast: Cast, calling: Callable[..., Caller]) -> None:
    survey(cast, ALL_KINDS)
    caller = calling("Gis")
    draft = caller("POST", f"{FORM}/drafts", {"kind": "form"}).json()["draft"]
    at = f"{FORM}/drafts/{draft}/files"
    for content, asked, expected in (
        (b"<svg/>", {"question": "q9"}, (422, "answer.file_not_taken")),
        (b"no picture", {"question": "q8", "alt": "x"}, (422, "photo.unreadable")),
        (picture(), {"question": "q8"}, (422, "photo.alt_missing")),
        (b"x", {"question": "q1"}, (409, "question.gone")),
        (b"x", {"question": "no such"}, (400, "request.bad")),
    ):
        assert code(caller("POST", at, Upload(content, "x", asked))) == expected
    assert code(caller("POST", at, {"question": "q9"})) == (400, "request.bad")
    assert not AnswerFile.objects.exists()


# --- proposals ------------------------------------------------------------------------------------------------------

NEW = {"title": "Naast de kiosk", "place": {"lon": 2.65, "lat": 50.85}}


def test_a_proposal_comes_with_photos_and_answers_and_not_without_what_is_asked(
    cast: Cast, calling: Callable[..., Caller]
) -> None:
    ask(cast.project, Asked.PROPOSAL, WITH_PROPOSAL)
    caller = calling("Gis")
    refused = caller("POST", f"{ROOT}/proposals", NEW)
    assert code(refused) == (422, "answers.incomplete")
    assert refused.json()["errors"][0]["at"] == ["q1"]
    draft = caller("POST", f"{ROOT}/drafts", {"kind": "proposal"}).json()["draft"]
    photos = f"{ROOT}/drafts/{draft}/photos"
    kept = caller("POST", photos, Upload(picture(), "a.jpg", {"alt": "De kiosk"})).json()
    gone = caller("POST", photos, Upload(picture(), "b.jpg", {"alt": "Weg"})).json()
    assert caller("DELETE", f"{photos}/{gone['key']}").status_code == 204
    body = NEW | {"draft": draft, "version": 1, "answers": {"q1": "Markt", "q2": "Aan de deur"}}
    made = caller("POST", f"{ROOT}/proposals", body, Idempotency_Key="k")
    assert made.status_code == 201, made.content
    assert caller("POST", f"{ROOT}/proposals", body, Idempotency_Key="k").json() == made.json()
    assert code(caller("POST", f"{ROOT}/proposals", body)) == (404, "request.not_found"), "the draft is used up"
    number = made.json()["number"]
    whole = caller("GET", f"{ROOT}/proposals/{number}").json()
    assert [each["alt"] for each in whole["photos"]] == ["De kiosk"]
    assert Photo.objects.get().proposal == Proposal.objects.get(number=number)
    assert caller.client.get(kept["small"]).status_code == 404, "until staff looked at it"
    calling("Mo")("POST", f"/api/v1/desk/projects/laden/proposals/{number}/publish")
    assert caller.client.get(kept["small"]).status_code == 200
    public = Caller({})("GET", f"{ROOT}/proposals/{number}").json()
    assert [(each["key"], each["answer"]) for each in public["questions"]] == [("q1", "Markt")]
    assert len(calling("Mo")("GET", f"{ROOT}/proposals/{number}").json()["questions"]) == 2


def test_what_is_alike_is_found_before_it_is_proposed(cast: Cast) -> None:
    ask_for = Caller({})
    told = ask_for("GET", f"{ROOT}/alike?title=plek 3&lon=2.67&lat=50.85").json()
    assert told["alike"][0]["number"] == 3
    assert [each["number"] for each in told["near"]] == [3]
    assert told["place"] == {"refused": "", "why": "", "area": "Westkant", "reason_asked": False, "looked_at": False}
    outside = ask_for("GET", f"{ROOT}/alike?lon=9&lat=50").json()
    assert (outside["place"]["refused"], outside["alike"], outside["near"]) == ("pin.outside_area", [], [])
    assert ask_for("GET", f"{ROOT}/alike").json() == {"alike": [], "near": [], "place": None}
    for nowhere, why in (
        ("lon=nan&lat=1", "pin.not_a_number"),
        ("lon=0&lat=0", "pin.at_zero"),
        ("lon=4e16&lat=1", "pin.outside_world"),
    ):
        assert ask_for("GET", f"{ROOT}/alike?{nowhere}").json()["place"]["refused"] == why


def test_a_claim_a_name_and_lists_of_mine(cast: Cast, calling: Callable[..., Caller]) -> None:
    link, caller = claim_left(cast), calling("Gis")
    claimed = caller("POST", "/api/v1/claims", {"token": link})
    assert claimed.json()["number"] == 98
    assert Proposal.objects.get(number=98).author == cast["Gis"]
    assert code(caller("POST", "/api/v1/claims", {"token": link})) == (409, "claim.used")
    assert code(caller("POST", "/api/v1/claims", {"token": "x"})) == (404, "claim.unknown")
    for _ in range(4):
        caller("POST", f"{ROOT}/proposals", NEW)
    assert len({each["number"] for each in pages_through(caller, "/api/v1/me/proposals", 2)}) == 5
    assert caller("PUT", "/api/v1/me", {"name": "Gust"}).json() == {"name": "Gust"}
    assert caller("GET", "/api/v1/me").json()["name"] == "Gust"


def test_staff_by_session_show_the_second_factor_first(cast: Cast, calling: Callable[..., Caller]) -> None:
    cast.town.staff_second_factor = True
    cast.town.save()
    browser = Caller({})
    browser.client.force_login(cast["Mo"])
    assert code(browser("GET", "/api/v1/desk/queue")) == (403, "person.second_factor")
    assert browser("GET", "/api/v1/me").status_code == 200
    # A token was made behind the second factor.
    assert calling("Mo", Scope.READ)("GET", "/api/v1/desk/queue").status_code == 200
