"""Questions of a project: filled in, changed meanwhile, sent, counted, taken along; nothing filled in is lost."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image
from pytest_django import Settings

from participation.models import AnswerFile, AnswerSheet, Draft, FormVersion, Proposal, Record
from participation.queries.voting import database_now
from participation.rules.questions import QUESTIONS_MAX, Asked, Kind, Question
from participation.rules.refusals import Code, Refused
from participation.selectors.forms import questions_of, tallied
from participation.services.answer_files import sweep
from participation.services.questions import NEW, move_question, remove_question, set_question
from participation.services.setup import begin_project
from tests.cast import Cast, text
from tests.documents import plain_document
from tests.forms import OPTIONS, SURVEY, WITH_PROPOSAL, ask, survey

FORM, CHECK = "/projects/pas/form/", "/projects/pas/form/check/"


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """A folder of its own for what is uploaded."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def login(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast[name])
    return client


def page(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def given(version: int = 1, **answers: Any) -> dict[str, Any]:
    """What the form sends."""
    return {"version": str(version)} | {f"a_{key}": value for key, value in answers.items()}


# --- a form alone -----------------------------------------------------------------------------------------------------


def test_a_form_is_filled_in_and_sent_without_an_account(cast: Cast) -> None:
    project = survey(cast)
    client = Client()
    home = page(client.get("/projects/pas/"))
    assert 'href="/projects/pas/form/"' in home
    assert "Wij vragen het." in home
    asked = page(client.get(FORM))
    # Hidden by a style sheet alone, and said in words for browsers that do not know it.
    assert "#ask_q2 { display: none; }" in asked
    assert "Waarvoor?" in asked
    answer = client.post(FORM, given(q1="o1", q3="Zwemmen", q4="3"))
    assert answer.status_code == 422
    assert "Zwemmen" in page(answer)
    assert {"q2", "q4"} == {key for key in ("q1", "q2", "q3", "q4") if f'id="error_{key}"' in page(answer)}
    answer = client.post(FORM, given(q1="o2", q2=["o1"], q3="Zwemmen", q4="34"))
    assert (answer.status_code, answer["Location"]) == (302, CHECK)
    assert "Zwemmen" in page(client.get(CHECK))
    assert client.post(CHECK, {"without": "1"}).status_code == 200
    # The second request of a double click finds it sent.
    assert client.post(CHECK, {"without": "1"})["Location"] == "/projects/pas/form/done/"
    sheet = AnswerSheet.objects.get(project=project)
    # What is not asked after "no" is not kept.
    assert (sheet.answers, sheet.person) == ({"q1": "o2", "q3": "Zwemmen", "q4": 34}, None)
    assert not Draft.objects.exists()
    assert client.get("/projects/pas/form/done/").status_code == 200


def test_who_must_be_known_signs_in_and_loses_nothing(cast: Cast) -> None:
    project = survey(cast, access="mail")
    client = Client()
    client.post(FORM, given(q1="o2", q3="Een bus"))
    for way in ({}, {"without": "1"}):
        answer = client.post(CHECK, way)
        assert not AnswerSheet.objects.exists()
    assert answer.status_code == 401
    client.force_login(cast["An"])
    assert "Een bus" in page(client.get(FORM))
    client.post(CHECK)
    assert AnswerSheet.objects.get(project=project).person == cast["An"]
    # Coming back, what was sent stands there; sending again changes it.
    again = login(cast, "An")
    assert "Een bus" in page(again.get(FORM))
    again.post(FORM, given(q1="o2", q3="Twee bussen"))
    again.post(CHECK)
    sheet = AnswerSheet.objects.get(project=project)
    assert sheet.answers["q3"] == "Twee bussen"
    assert sheet.changed_at is not None
    assert "Vrijetijdspas" in page(again.get("/me/"))


def test_a_draft_survives_everything_but_sending(cast: Cast) -> None:
    project = survey(cast)
    client = login(cast, "An")
    assert client.post(FORM, given(q3="Half"), headers={"HX-Request": "true"}).status_code == 204
    client.post(FORM, given(q3="Half een zin", stay="") | {"stay": "1"})
    # The form closes, the browser is lost, and nothing of it is gone.
    phase = project.phases.get()
    phase.closes_at = database_now() - timedelta(seconds=1)
    phase.save()
    assert client.post(FORM, given(q3="Half een zin meer")).status_code == 409
    phase.closes_at = None
    phase.save()
    other = login(cast, "An")
    assert "begonnen" in page(other.get(FORM, headers={"Accept-Language": "nl"})) or "began" in page(other.get(FORM))
    other.post("/projects/pas/draft/", {"kind": "form"})
    assert "Half een zin meer" in page(other.get(FORM))


def test_a_form_that_changes_meanwhile_keeps_what_was_filled_in(cast: Cast) -> None:
    project = survey(cast)
    client = Client()
    client.post(FORM, given(q1="o2", q3="Mijn lange tekst", q4="34"))
    remove_question(project=project, asked=Asked.ALONE, key="q3", by=cast["Piet"])
    added = Question(NEW, Kind.SHORT, text("In welk dorp?"), is_required=True)
    assert set_question(project=project, asked=Asked.ALONE, question=added, by=cast["Piet"]) == "q5"
    # Looked over under the old questions, and sent: nothing is taken, and everything is there.
    answer = client.post(CHECK, {"without": "1"})
    assert answer.status_code == 409
    shown = page(answer)
    assert Code.FORM_CHANGED.value in shown
    assert {"Mijn lange tekst", "34", "In welk dorp?"} <= {
        one for one in ("Mijn lange tekst", "34", "In welk dorp?") if one in shown
    }
    # So is a page that was open all the time.
    assert "Mijn lange tekst" in page(client.post(FORM, given(1, q1="o2", q3="Mijn lange tekst", q4="35")))
    client.post(FORM, given(3, q1="o2", q4="35", q5="Watou"))
    assert client.post(CHECK, {"without": "1"}).status_code == 200
    sheet = AnswerSheet.objects.get()
    assert (sheet.answers, sheet.version.number) == ({"q1": "o2", "q4": 35, "q5": "Watou"}, 3)


def test_help_and_order_may_change_without_a_word(cast: Cast) -> None:
    project = survey(cast)
    client = Client()
    client.post(FORM, given(q1="o2", q3="Zwemmen"))
    move_question(project=project, asked=Asked.ALONE, key="q4", up=True, by=cast["Piet"])
    set_question(project=project, asked=Asked.ALONE, question=replace(SURVEY[2], help=text("Eén zin")), by=cast["Piet"])
    assert client.post(CHECK, {"without": "1"}).status_code == 200
    assert AnswerSheet.objects.get().version.number == 3


# --- questions that were asked ----------------------------------------------------------------------------------------


def test_what_was_asked_in_public_stays_as_it_was(cast: Cast) -> None:
    project = survey(cast)
    first = FormVersion.objects.get(project=project)
    with pytest.raises(IntegrityError, match="stay as they were"), transaction.atomic():
        FormVersion.objects.filter(pk=first.pk).update(questions=[])
    set_question(
        project=project, asked=Asked.ALONE, question=replace(SURVEY[2], label=text("Anders?")), by=cast["Piet"]
    )
    assert [row.number for row in FormVersion.objects.filter(project=project)] == [1, 2]
    assert Record.objects.filter(project=project, act="project.changed").count() == 1
    # The control: nobody can have answered a draft, so it is changed in place.
    project.state = "draft"
    project.save()
    set_question(project=project, asked=Asked.ALONE, question=replace(SURVEY[2], label=text("Nog?")), by=cast["Piet"])
    assert FormVersion.objects.filter(project=project).count() == 2


def test_a_question_keeps_its_key_and_its_kind_for_ever(cast: Cast) -> None:
    project = survey(cast)
    change: dict[str, Any] = {"project": project, "asked": Asked.ALONE, "by": cast["Piet"]}
    remove_question(key="q4", **change)
    assert set_question(question=Question(NEW, Kind.SHORT, text("Nieuw")), **change) == "q5"
    set_question(question=Question("q5", Kind.DATE, text("Nieuw")), **change)
    assert questions_of(project, Asked.ALONE)[-1].kind is Kind.SHORT
    for act in (
        lambda: remove_question(key="q1", **change),
        lambda: move_question(key="q2", up=True, **change),
        lambda: set_question(question=replace(SURVEY[0], options=OPTIONS[1:]), **change),
    ):
        with pytest.raises(Refused) as why:
            act()
        assert why.value.code in {Code.QUESTION_WHEN_BAD, Code.QUESTION_TOO_FEW_OPTIONS}
    with pytest.raises(Refused) as why:
        set_question(question=SURVEY[3], **change)
    assert why.value.code is Code.QUESTION_GONE


def test_a_thousand_questions_are_refused_in_a_sentence(cast: Cast) -> None:
    many = tuple(Question(f"q{n}", Kind.SHORT, text(f"Vraag {n}")) for n in range(1, QUESTIONS_MAX + 1))
    survey(cast, many)
    piet = login(cast, "Piet")
    address = "/desk/projects/pas/setup/questions/alone/new/"
    answer = piet.post(address, {"kind": "short", "label_nl": "Nog een"})
    assert answer.status_code == 422
    assert Code.SETUP_TOO_MANY.value in page(answer)
    assert "Nog een" in page(answer)


def test_the_editor_makes_moves_and_takes_away_a_question(cast: Cast) -> None:
    project = survey(cast)
    piet, base = login(cast, "Piet"), "/desk/projects/pas/setup/questions/"
    assert piet.get(base + "alone/new/?kind=many").status_code == 200
    sent = {"kind": "many", "label_nl": "Welke dag?", "label_fr": "Quel jour ?", "o1-nl": "Zaterdag", "o2-nl": "Zondag",
            "o2-fr": "Dimanche", "is_required": "on", "is_public": "on", "when": ["q1:o1"]}  # fmt: skip
    assert piet.post(base + "alone/new/", sent)["Location"] == base
    one = questions_of(project, Asked.ALONE)[-1]
    assert (one.key, one.kind, one.is_required, one.is_public) == ("q5", Kind.MANY, True, True)
    assert [option.text for option in one.options] == [{"nl": "Zaterdag"}, {"nl": "Zondag", "fr": "Dimanche"}]
    assert one.when is not None
    assert one.when.question == "q1"
    assert piet.post(base + "alone/q5/", sent | {"when": ["q1:o1", "q2:o1"]}).status_code == 422
    assert piet.post(base + "alone/q5/", sent | {"o2-nl": "", "o2-fr": ""}).status_code == 422
    # The number of an answer that is gone is not given to another one: what was answered would mean something else.
    third = {"o3-nl": "Vrijdag"}
    piet.post(base + "alone/q5/", sent | third)
    piet.post(base + "alone/q5/", sent)
    assert 'name="o4-nl"' in page(piet.get(base + "alone/q5/"))
    assert 'name="o3-nl"' not in page(piet.get(base + "alone/q5/"))
    piet.post(base, {"act": "up:alone:q5"})
    assert [row.key for row in questions_of(project, Asked.ALONE)] == ["q1", "q2", "q3", "q5", "q4"]
    assert piet.post(base, {"act": "remove:alone:q1"}).status_code == 422
    piet.post(base, {"act": "remove:alone:q5"})
    assert [row.key for row in questions_of(project, Asked.ALONE)] == ["q1", "q2", "q3", "q4"]
    assert piet.get(base + "alone/q9/").status_code == 404
    assert piet.get(base + "elders/q1/").status_code == 404
    copy = begin_project(
        organisation=cast.town,
        title="Nog eens",
        template=None,
        copy_of=project,
        starts_at=database_now(),
        by=cast["Piet"],
    )
    assert questions_of(copy, Asked.ALONE) == SURVEY
    assert not copy.answer_sheets.exists()


# --- with a proposal --------------------------------------------------------------------------------------------------

WHAT = "/projects/laden/suggest/what/"


@pytest.fixture
def asking(cast: Cast) -> Cast:
    ask(cast.project, Asked.PROPOSAL, WITH_PROPOSAL)
    return cast


def suggest(cast: Cast, **answers: Any) -> tuple[Client, Any]:
    client = login(cast, "An")
    client.post("/projects/laden/suggest/", {"lon": "2.7", "lat": "50.85", "next": "1"})
    return client, client.post(WHAT, {"title": "Aan de kerk", "body": "Reden"} | given(**answers))


def test_a_proposal_is_sent_with_its_answers(asking: Cast) -> None:
    client, answer = suggest(asking, q2="0470 12 34 56")
    assert answer.status_code == 422
    assert "0470 12 34 56" in page(answer)
    outside = "50.85, 2.7\n50.85, 3.9"
    answer = client.post(WHAT, {"title": "Aan de kerk"} | given(q1="Kerkstraat 1", q5=outside))
    assert answer.status_code == 422
    assert 'id="error_q5"' in page(answer)
    client.post(WHAT, {"title": "Aan de kerk"} | given(q1="Kerkstraat 1", q2="0470", q5="50.85, 2.7\n50.86, 2.7"))
    looked_over = page(client.get("/projects/laden/suggest/check/"))
    assert "Kerkstraat 1" in looked_over
    client.post("/projects/laden/suggest/check/")
    sheet = AnswerSheet.objects.get()
    assert sheet.proposal == Proposal.objects.get(title="Aan de kerk")
    assert sheet.answers["q5"] == {"type": "LineString", "coordinates": [[2.7, 50.85], [2.7, 50.86]]}


def test_a_required_answer_asked_since_brings_the_proposer_back(asking: Cast) -> None:
    client, _answer = suggest(asking, q1="Kerkstraat 1")
    more = Question(NEW, Kind.SHORT, text("Wie?"), is_required=True)
    set_question(project=asking.project, asked=Asked.PROPOSAL, question=more, by=asking["Piet"])
    assert client.post("/projects/laden/suggest/check/")["Location"] == WHAT
    shown = page(client.get(WHAT))
    assert {"Kerkstraat 1", "Aan de kerk", "Wie?"} <= {
        one for one in ("Kerkstraat 1", "Aan de kerk", "Wie?") if one in shown
    }
    assert not AnswerSheet.objects.exists()


SECRET = b"GEHEIM-51.0543-3.7174"


def photo() -> SimpleUploadedFile:
    """A picture that tells where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    into = BytesIO()
    Image.new("RGB", (300, 200), "#1f5c3a").save(into, "JPEG", exif=exif, comment=SECRET)
    return SimpleUploadedFile("IMG_1.jpg", into.getvalue() + SECRET, content_type="image/jpeg")


def test_files_are_redrawn_or_kept_for_staff(asking: Cast, media: Path) -> None:
    client, _answer = suggest(asking, q1="Kerkstraat 1")
    sent = {"title": "Aan de kerk"} | given(q1="Kerkstraat 1")
    assert SECRET in photo().read()
    assert client.post(WHAT, sent | {"a_q3": photo()}).status_code == 422  # no words for who cannot see it
    refused = client.post(WHAT, sent | {"a_q4": SimpleUploadedFile("x.pdf", b"<svg onload=alert(1)>")})
    assert 'id="error_q4"' in page(refused)
    client.post(WHAT, sent | {"a_q3": photo(), "alt_q3": "De gevel", "add_file": "1"})
    broken = client.post(WHAT, sent | {"a_q4": SimpleUploadedFile("plan.pdf", plain_document()[:2000])})
    assert (broken.status_code, 'id="error_q4"' in page(broken)) == (422, True)
    client.post(WHAT, sent | {"a_q4": SimpleUploadedFile("../../plan.pdf", plain_document())})
    client.post("/projects/laden/suggest/check/")
    picture, plan = AnswerFile.objects.get(question="q3"), AnswerFile.objects.get(question="q4")
    assert (picture.draft, plan.name) == (None, "plan.pdf")
    assert not any(SECRET in path.read_bytes() for path in media.rglob("*") if path.is_file())
    proposal = Proposal.objects.get(title="Aan de kerk")
    Proposal.objects.filter(pk=proposal.pk).update(state="published")
    addresses = [f"/answer-files/{file.key}/" for file in (picture, plan)]
    for name, seen in (("Vera", [200, 404]), ("An", [200, 200]), ("Mo", [200, 200])):
        assert [login(asking, name).get(address).status_code for address in addresses] == seen, name
    stranger = Client(headers={"Host": "elders.localhost"})
    stranger.force_login(asking.stranger)
    assert [stranger.get(address).status_code for address in addresses] == [404, 404]
    Proposal.objects.filter(pk=proposal.pk).update(state="hidden", hidden_because="Nee.")
    assert Client().get(addresses[0]).status_code == 404
    document = login(asking, "Mo").get(addresses[1])
    assert (document["Content-Disposition"], document["X-Content-Type-Options"]) == ("attachment", "nosniff")
    # What nobody kept is swept a day later, what somebody kept is not.
    plan.delete()
    assert sweep(now=database_now() + timedelta(days=2)) == 1
    assert len(list((media / "answers").iterdir())) == 1


# --- what came of it --------------------------------------------------------------------------------------------------


def fill(cast: Cast, n_yes: int, n_no: int) -> Any:
    project = survey(cast)
    version = project.form_versions.get()
    rows = [{"q1": "o1", "q2": ["o1"], "q4": 20 + n} for n in range(n_yes)] + [{"q1": "o2", "q3": "=1+1"}] * n_no
    AnswerSheet.objects.bulk_create(
        AnswerSheet(project=project, version=version, answers=row, sent_at=database_now()) for row in rows
    )
    return project


def test_figures_of_few_people_are_not_said_unless_staff_ask(cast: Cast) -> None:
    fill(cast, 12, 3)
    mo = login(cast, "Mo")
    shown, exact = page(mo.get("/desk/projects/pas/form/")), page(mo.get("/desk/projects/pas/form/?exact=1"))
    assert 'caption">Ken je de pas?' not in shown
    assert 'caption">Ken je de pas?' in exact
    n, rows = tallied(cast.town.projects.get(slug="pas"), Asked.ALONE, exact=True, public=False)
    by_key = {row.question.key: row for row in rows}
    assert (n, by_key["q1"].counts, by_key["q2"].counts) == (15, {"o1": 12, "o2": 3}, {"o1": 12, "o2": 0})
    # Who was not asked does not count among those who were.
    assert (by_key["q2"].n, by_key["q2"].n_asked, by_key["q1"].n_asked) == (12, 12, 15)
    # 20 to 31 years, in round bars.
    assert by_key["q4"].counts == {"20–21": 2, "22–23": 2, "24–25": 2, "26–27": 2, "28–29": 2, "30–31": 2}
    # That it was three who answered is not said either.
    assert not {"3 of 15", "3 van 15"} & {one for one in ("3 of 15", "3 van 15") if one in shown}
    assert {"3 of 15", "3 van 15"} & {one for one in ("3 of 15", "3 van 15") if one in exact}


def test_everybody_sees_counts_once_the_form_is_closed_and_of_public_questions_alone(cast: Cast) -> None:
    project = fill(cast, 12, 8)
    assert 'scope="row">Ja' not in page(Client().get("/projects/pas/"))
    project.phases.update(closes_at=database_now() - timedelta(seconds=1))
    shown = page(Client().get("/projects/pas/"))
    assert 'scope="row">Ja' in shown
    assert "Ken je de pas?" in shown
    assert not any(words in shown for words in ("Waarvoor?", "Hoe oud?", "Wat mis je?", "1+1"))


def test_answers_leave_the_house_as_flat_columns_for_staff_alone(cast: Cast) -> None:
    fill(cast, 1, 1)
    address = "/export/pas-form.csv"
    table = list(csv.DictReader(StringIO(b"".join(login(cast, "Gis").get(address)).decode("utf-8-sig"))))
    assert [key for key in table[0] if key.startswith("q")] == [
        "q1_ken_je_de_pas", "q2_waarvoor_o1", "q2_waarvoor_o2", "q3_wat_mis_je", "q4_hoe_oud",
    ]  # fmt: skip
    yes, no = table
    assert (yes["q1_ken_je_de_pas"], yes["q2_waarvoor_o1"], yes["q2_waarvoor_o2"], yes["q4_hoe_oud"]) == (
        "Ja", "true", "false", "20",
    )  # fmt: skip
    # Nothing was asked, so nothing stands there; and no spreadsheet computes what somebody wrote.
    assert (no["q2_waarvoor_o1"], no["q3_wat_mis_je"]) == ("", "'=1+1")
    for client in (Client(), login(cast, "An"), login(cast, "Mo")):
        assert client.get(address).status_code == 404


def test_what_staff_leave_out_counts_nowhere_until_it_is_taken_back(cast: Cast) -> None:
    project = fill(cast, 2, 1)
    sheet = AnswerSheet.objects.filter(project=project, answers__q1="o2").get()
    AnswerSheet.objects.filter(pk=sheet.pk).update(person=cast["An"])
    mo, change, table = login(cast, "Mo"), "/desk/projects/pas/form/change/", "/export/pas-form.csv"

    def counted() -> tuple[int, bool]:
        in_file = b"1+1" in b"".join(login(cast, "Gis").get(table))
        return tallied(project, Asked.ALONE, exact=True, public=False)[0], in_file

    assert counted() == (3, True)
    about = {"number": str(sheet.pk), "act": "leave_out"}
    refused = mo.post(change, about | {"reason": "  "})
    assert (refused.status_code, 'data-code="reason.missing"' in page(refused)) == (422, True)
    assert mo.post(change, {"number": "999999", "act": "leave_out", "reason": "Weg"}).status_code == 404
    for client in (login(cast, "Gis"), login(cast, "An")):
        assert client.post(change, about | {"reason": "Weg"}).status_code == 404
    assert counted() == (3, True)
    assert mo.post(change, about | {"reason": "Reclame."}).status_code == 302
    assert counted() == (2, False)
    # It stays to be read: by staff, and the reason by who sent it, who cannot bring it back by sending it again.
    assert {"Reclame.", "=1+1"} <= {
        each for each in ("Reclame.", "=1+1") if each in page(mo.get("/desk/projects/pas/form/"))
    }
    an = login(cast, "An")
    assert "Reclame." in page(an.get("/me/"))
    an.post(FORM, given(q1="o2", q3="Nog eens"))
    an.post(CHECK)
    assert "Reclame." in page(an.get("/projects/pas/form/done/"))
    assert counted() == (2, False)
    assert mo.post(change, about | {"act": "take_back"}).status_code == 302
    assert counted()[0] == 3
    assert [*Record.objects.filter(act__startswith="answers.").order_by("pk").values_list("act", "subject")] == [
        ("answers.left_out", f"form {sheet.pk}"), ("answers.counted_again", f"form {sheet.pk}"),
    ]  # fmt: skip
    api = f"/api/v1/desk/projects/pas/form/{sheet.pk}"
    told = mo.post(f"{api}/leave-out", {"reason": "Dubbel."}, content_type="application/json")
    assert (told.status_code, told.json()["left_out_because"]) == (200, "Dubbel.")
    assert counted()[0] == 2
    assert mo.post(f"{api}/take-back", content_type="application/json").json()["left_out_because"] == ""
    assert an.post(f"{api}/leave-out", {"reason": "Weg"}, content_type="application/json").status_code == 403


EVERY_KIND = (
    Question("q1", Kind.DATE, text("Welke dag?")),
    Question("q2", Kind.AGREE, text("Eens?")),
    Question("q3", Kind.POINT, text("Waar?")),
    Question("q4", Kind.LINE, text("Welke weg?")),
    Question("q5", Kind.AREA, text("Welk plein?")),
    Question("q6", Kind.PHOTO, text("Een foto")),
    Question("q7", Kind.FILE, text("Een plan")),
)


def test_every_kind_of_answer_is_a_column_that_can_be_used(cast: Cast, tmp_path: Path) -> None:
    project = survey(cast, EVERY_KIND)
    project.area = cast.project.area
    project.save()
    client = Client()
    sent = given(
        q1="2026-05-01", q2="4", q3="50.85, 2.7", q4="50.85, 2.7\n50.86, 2.7", q5="50.85, 2.7\n50.86, 2.7\n50.86, 2.71"
    )
    files = {"a_q6": photo(), "alt_q6": "De gevel", "a_q7": SimpleUploadedFile("x.txt", b"Een plan")}
    assert client.post(FORM, sent | files)["Location"] == CHECK
    client.post(CHECK, {"without": "1"})
    AnswerSheet.objects.create(project=project, version=project.form_versions.get(), answers={}, sent_at=database_now())
    gis = login(cast, "Gis")
    names = {
        "q1_welke_dag": "2026-05-01",
        "q2_eens": "4",
        "q3_waar_lon": "2.7",
        "q3_waar_lat": "50.85",
        "q4_welke_weg_wkt": "LINESTRING(2.7 50.85,2.7 50.86)",
        "q5_welk_plein_wkt": "POLYGON((2.7 50.85,2.7 50.86,2.71 50.86,2.7 50.85))",
    }
    keys = {file.question: str(file.key) for file in AnswerFile.objects.all()}
    table = list(csv.DictReader(StringIO(b"".join(gis.get("/export/pas-form.csv")).decode("utf-8-sig"))))
    first, empty = table
    assert {name: first[name] for name in names} == names
    for name, question in (("q6_een_foto", "q6"), ("q7_een_plan", "q7")):
        assert first[name].endswith(f"/answer-files/{keys[question]}/")
        assert first[name].startswith("http")
        address = first[name][first[name].index("/answer-files/") :]
        assert gis.get(address).status_code == 404 or login(cast, "Mo").get(address).status_code == 200
        assert Client().get(address).status_code == 404
    assert not any(value for name, value in empty.items() if name.startswith("q"))
    (tmp_path / "x.gpkg").write_bytes(b"".join(gis.get("/export/pas-form.gpkg")))
    read = pyogrio.raw.read(tmp_path / "x.gpkg", read_geometry=False)
    rows = dict(zip(read[0]["fields"], (column[0] for column in read[3]), strict=True))
    assert str(rows["q1_welke_dag"])[:10] == "2026-05-01"
    assert (rows["q2_eens"], rows["q3_waar_lon"], rows["q3_waar_lat"]) == (4.0, 2.7, 50.85)
    assert all(rows[name] == names[name] for name in names if name.endswith("_wkt"))
    assert rows["q6_een_foto"] == first["q6_een_foto"]
    assert rows["q7_een_plan"] == first["q7_een_plan"]
