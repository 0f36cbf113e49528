"""The queue over all projects: what waits, who looks after it, what residents report; every act can be undone."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from participation.models import (
    AnswerTemplate,
    AuthorMail,
    Comment,
    Handling,
    Merge,
    Note,
    Organisation,
    Person,
    Project,
    Proposal,
    Record,
    Report,
)
from participation.rules.refusals import Code, Refused
from participation.services.author_mails import send_author_mail
from participation.services.comments import report
from participation.services.moderation import hand_over, keep_template
from participation.services.notices import tell_of_handing_over
from participation.services.undoing import undo
from tests.cast import Cast, text

NOW = datetime.now(UTC)
QUEUE = "/desk/queue/"
# In the database, on a busy machine; alone it takes a tenth.
SECONDS = 2.0


@pytest.fixture
def town(cast: Cast) -> Cast:
    """Two projects with something waiting in each, and one in another town."""
    other = Project.objects.create(organisation=cast.town, slug="wensen", title=text("Wensen"))
    foreign = Project.objects.create(organisation=cast.other_town, slug="elders", title=text("Elders"))
    for project, number, title in ((cast.project, 21, "Aan de kerk"), (other, 1, "Meer bomen"), (foreign, 1, "Geheim")):
        Proposal.objects.create(
            project=project, number=number, title=title, state="submitted", author=cast["An"], created_at=NOW,
            point=cast.options[0].point if project == cast.project else None,
        )  # fmt: skip
    return cast


def staff(cast: Cast, name: str = "Mo") -> Client:
    """The browser of one of the staff."""
    client = Client()
    client.force_login(cast[name])
    return client


def page(client: Client, query: str = "") -> str:
    """The queue as staff sees it."""
    answer = client.get(QUEUE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def do(client: Client, act: str, number: int = 21, slug: str = "laden", **fields: object) -> Any:
    """One act with a piece."""
    address = f"/desk/projects/{slug}/queue/{number}/"
    return client.post(address, {"act": act, "back": f"{QUEUE}?state=submitted", **fields})


def piece(number: int = 21, slug: str = "laden") -> Proposal:
    """The piece as it is now."""
    return Proposal.objects.get(project__slug=slug, number=number)


def undo_last(client: Client) -> Any:
    """Press the button that the queue shows."""
    record = Record.objects.exclude(act__in=["act.undone", "ballot.joined"]).first()
    assert record is not None
    return client.post(f"/desk/undo/{record.pk}/", {"back": QUEUE})


def test_one_queue_over_all_projects_of_the_town_alone(town: Cast) -> None:
    shown = page(staff(town))
    assert "Aan de kerk" in shown
    assert "Meer bomen" in shown
    assert "Geheim" not in shown
    assert "Meer bomen" not in page(staff(town), "?project=laden")
    assert "Aan de kerk" in page(staff(town), "?q=K%C3%8BRK")
    assert "Aan de kerk" not in page(staff(town), "?q=boom")
    assert "Aan de kerk" in page(staff(town), "?q=21")


def test_publishing_leads_to_the_next_piece_and_can_be_undone(town: Cast) -> None:
    client = staff(town)
    following = piece(1, "wensen")
    answer = do(client, "publish", following=following.pk)
    assert answer["Location"] == f"{QUEUE}?state=submitted&piece={following.pk}"
    assert piece().state == "published"
    assert "/desk/undo/" in page(client)
    undo_last(client)
    assert piece().state == "submitted"
    # Once, and only while it is as the act left it.
    assert undo_last(client).status_code == 409
    do(client, "publish")
    do(client, "hide", reason="Toch niet.")
    first = Record.objects.filter(act="proposal.published").first()
    assert first is not None
    assert client.post(f"/desk/undo/{first.pk}/").status_code == 409


def test_hiding_an_option_is_undone_to_the_ballot(town: Cast) -> None:
    client = staff(town)
    do(client, "hide", number=1, reason="Dubbel")
    assert (piece(1).state, piece(1).on_ballot) == ("hidden", False)
    undo_last(client)
    assert (piece(1).state, piece(1).on_ballot, piece(1).hidden_because) == ("published", True, "")


def test_what_is_hidden_leaves_a_stub_with_the_reason_for_everybody(town: Cast) -> None:
    do(staff(town), "hide", number=1, reason="Noemt iemands huis.")
    answer = Client().get("/projects/laden/proposals/1/")
    assert answer.status_code == 410
    assert b"Noemt iemands huis." in answer.content
    assert b"Plek 1" not in answer.content
    assert b"Reden 1" not in answer.content
    assert staff(town).get("/projects/laden/proposals/1/").status_code == 200


def test_joining_from_the_queue_and_undoing_it(town: Cast) -> None:
    client = staff(town)
    Proposal.objects.filter(pk=piece(2).pk).update(title="Bij de kerk")
    client.post("/desk/projects/laden/queue/21/", {"act": "merge", "direction": "into", "number": "2"})
    assert piece().merged_into == piece(2)
    undo_last(client)
    assert (piece().state, piece().merged_into) == ("submitted", None)
    assert Merge.objects.get().undone_at is not None


def test_tags_notes_and_handing_over_are_for_staff_alone(town: Cast) -> None:
    client = staff(town)
    do(client, "tags", tags="Parking, SPOED,parking ,")
    do(client, "note", text="Bel de wegendienst.")
    do(client, "hand_over", to=town["Piet"].pk)
    handling = Handling.objects.get()
    assert (handling.tags, handling.assignee) == (["parking", "spoed"], town["Piet"])
    assert Note.objects.get().author == town["Mo"]
    assert "Bel de wegendienst." in page(client, f"?piece={piece().pk}")
    assert "Aan de kerk" in page(client, "?tag=spoed")
    assert "Meer bomen" not in page(client, "?tag=spoed")
    assert "Aan de kerk" in page(staff(town, "Piet"), "?whose=mine")
    assert "Aan de kerk" not in page(client, "?whose=mine")
    assert "Aan de kerk" not in page(client, "?whose=nobody")
    undo_last(client)
    assert Handling.objects.get().assignee is None
    do(client, "publish")
    for url in (
        "/projects/laden/proposals/21/",
        "/ogc/collections/laden-proposals/items/21",
        "/projects/laden/answers/",
    ):
        shown = staff(town, "An").get(url).content
        for secret in (b"wegendienst", b"spoed"):
            assert secret not in shown


def told() -> list[str]:
    """Let the worker send what was handed over since, and say to whom a mail went."""
    mail.outbox.clear()
    for job in ProcrastinateJob.objects.filter(task_name__endswith="tell_of_handing_over", status="todo"):
        args = job.args
        tell_of_handing_over(
            proposal_id=args["proposal"], to_id=args["to"], by_id=args["by"], base_url=args["base_url"]
        )
    return [address for sent in mail.outbox for address in sent.to]


def test_who_is_handed_something_sees_it_at_the_desk_and_gets_one_mail_in_their_language(town: Cast) -> None:
    Person.objects.filter(pk=town["Piet"].pk).update(language="fr")
    mo, piet = staff(town), staff(town, "Piet")
    assert "whose=mine" not in piet.get("/desk/").content.decode()
    do(mo, "hand_over", to=town["Piet"].pk)
    do(mo, "hand_over", number=1, slug="wensen", to=town["Piet"].pk)
    do(mo, "hand_over", number=1, to=town["Piet"].pk)
    shown = piet.get("/desk/").content.decode()
    found = re.findall(r'href="/desk/queue/\?state=(\w+)&amp;whose=mine">[^<]*\((\d)\)', shown)
    assert found == [("submitted", "2"), ("published", "1")]
    # What the number leads to is what it counts.
    assert page(piet, "?state=submitted&whose=mine").count('<a class="kp-queue__item"') == 2
    assert "whose=mine" not in mo.get("/desk/").content.decode()
    assert told() == ["piet@example.org"] * 3
    first = mail.outbox[0]
    assert first.subject == "« Aan de kerk » vous a été confiée"
    assert "Mo vous a confié cette proposition :" in first.body
    assert "* 21 Aan de kerk (Laadpunten (fr))" in first.body
    (link,) = re.findall(r"http://testserver(/\S+)", str(first.body))
    assert '<h2 class="utrecht-heading-2">Aan de kerk</h2>' in piet.get(link).content.decode()
    # The link leads there too when it was decided meanwhile, and from there to the rest.
    do(mo, "publish")
    shown = piet.get(link).content.decode()
    assert '<h2 class="utrecht-heading-2">Aan de kerk</h2>' in shown


def test_nobody_is_mailed_about_what_they_took_themselves_or_is_somebody_elses_by_now(town: Cast) -> None:
    mo = staff(town)
    do(mo, "hand_over", to=town["Mo"].pk)
    assert told() == []
    do(mo, "hand_over", to=town["Piet"].pk)
    do(mo, "hand_over", to="")
    assert told() == []
    # Handed to whoever is not of the staff by now: refused, and not given to nobody.
    do(mo, "hand_over", to=town["Piet"].pk)
    assert do(mo, "hand_over", to=town["An"].pk).status_code == 422
    assert Handling.objects.get().assignee == town["Piet"]


def test_only_staff_of_this_town_can_be_handed_something(town: Cast) -> None:
    for person in (town["An"], town["Gis"], town.stranger):
        with pytest.raises(Refused) as error:
            hand_over(proposal=piece(), to=person, by=town["Mo"], base_url="")
        assert error.value.code is Code.ASSIGNEE_UNKNOWN
    assert do(staff(town, "Gis"), "publish").status_code == 404
    assert do(staff(town, "An"), "publish").status_code == 404


def test_an_answer_from_a_template_goes_out_by_mail_once(town: Cast) -> None:
    keep_template(organisation=town.town, name="Bedankt", text={"nl": "Dank je wel.", "fr": ""}, by=town["Mo"])
    client = staff(town)
    assert "Dank je wel." in page(client, f"?piece={piece().pk}")
    assert do(client, "mail", text="Dank je wel. We kijken het na.").status_code == 302
    job = ProcrastinateJob.objects.get(task_name__endswith="send_author_mail")
    assert send_author_mail(mail_id=job.args["mail"], base_url=job.args["base_url"])
    assert not send_author_mail(mail_id=job.args["mail"], base_url=job.args["base_url"])
    (sent,) = mail.outbox
    assert sent.to == ["an@example.org"]
    assert "We kijken het na." in sent.body
    assert AuthorMail.objects.get().sent_at is not None
    Proposal.objects.filter(pk=piece().pk).update(author=None)
    assert do(client, "mail", text="Nog iets").status_code == 409


def test_who_cannot_be_reached_is_said_instead_of_asking_for_an_answer(town: Cast) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(town["Mo"])

    def shown() -> tuple[bool, bool]:
        words = page(client, f"?piece={piece().pk}")
        return 'value="mail"' in words, "Whoever proposed this cannot be reached by mail." in words

    letter = Person.objects.create_without_mail()
    gone = Person.objects.create_user(email="weg@example.org", is_active=False)
    for author in (None, letter, gone):
        Proposal.objects.filter(pk=piece().pk).update(author=author)
        assert shown() == (False, True)
    # The control: who can be.
    Proposal.objects.filter(pk=piece().pk).update(author=town["An"])
    assert shown() == (True, False)


def test_templates_are_kept_changed_and_forgotten_by_moderators(town: Cast) -> None:
    client = staff(town)
    for words in ("Een", "Twee"):
        assert client.post("/desk/templates/", {"name": "Dank", "text_nl": words}).status_code == 302
    assert AnswerTemplate.objects.get().text == {"nl": "Twee"}
    assert client.post("/desk/templates/", {"name": "", "text_nl": "x"}).status_code == 422
    client.post("/desk/templates/", {"drop": AnswerTemplate.objects.get().pk})
    assert not AnswerTemplate.objects.exists()
    assert staff(town, "Gis").get("/desk/templates/").status_code == 404


def test_a_report_comes_up_in_the_queue_once_a_person_and_is_settled(town: Cast) -> None:
    resident = staff(town, "An")
    address = "/projects/laden/proposals/1/report/"
    assert resident.post(address, {"reason": ""}).status_code == 422
    assert resident.post(address, {"reason": "private", "text": "Dat is mijn oprit."}).status_code == 302
    assert b"report.twice" in resident.post(address, {"reason": "spam"}).content
    shown = page(staff(town), "?state=reported")
    assert "Plek 1" in shown
    assert "Dat is mijn oprit." in shown
    client = staff(town)
    do(client, "settle", number=1)
    assert "Plek 1" not in page(client, "?state=reported")
    undo_last(client)
    assert "Plek 1" in page(client, "?state=reported")


def test_hiding_what_was_reported_settles_its_reports_and_undoing_it_opens_them_again(town: Cast) -> None:
    said, other = (
        Comment.objects.create(proposal=piece(1), author=town["Vera"], text=words, created_at=NOW)
        for words in ("Lelijk woord.", "Nog een lelijk woord.")
    )
    for number, comment in ((1, None), (1, said), (1, other), (2, None)):
        report(proposal=piece(number), comment=comment, person=town["An"], reason="insult", text="", now=NOW)
    client = staff(town)

    def waiting() -> list[tuple[int, int | None]]:
        rows = Report.objects.filter(settled_at=None).values_list("proposal__number", "comment")
        assert set(Report.objects.exclude(settled_at=None).values_list("settled_by", flat=True)) <= {town["Mo"].pk}
        return sorted(rows, key=str)

    everything = waiting()
    assert len(everything) == 4
    # A comment: its own reports alone.
    do(client, "comment_hide", number=1, comment=said.pk, reason="Beledigt iemand.")
    assert waiting() == [row for row in everything if row[1] != said.pk]
    undo_last(client)
    assert waiting() == everything
    # A proposal: those of the comments that go with it too, of no other one, and not those settled before.
    do(client, "comment_hide", number=1, comment=said.pk, reason="Beledigt iemand.")
    do(client, "hide", number=1, reason="Beledigt iemand.")
    assert waiting() == [(2, None)]
    shown = page(client, "?state=reported")
    assert "<strong>2 Plek 2</strong>" in shown
    assert "<strong>1 Plek 1</strong>" not in shown
    undo_last(client)
    assert waiting() == [row for row in everything if row[1] != said.pk]
    assert "<strong>1 Plek 1</strong>" in page(client, "?state=reported")
    # The controls: nothing is settled by what is refused, nor by joining.
    Report.objects.create(proposal=piece(), reason="spam", at=NOW)
    assert do(client, "hide", reason=" ").status_code == 422
    client.post("/desk/projects/laden/queue/21/", {"act": "merge", "direction": "into", "number": "2"})
    assert piece().state == "merged"
    assert {(2, None), (21, None)} <= set(waiting())


def test_whoever_reports_all_day_is_asked_to_wait(town: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("participation.services.comments.REPORTS_AN_HOUR", 2)
    for number in (1, 2):
        report(proposal=piece(number), comment=None, person=town["An"], reason="spam", text="", now=NOW)
    with pytest.raises(Refused) as error:
        report(proposal=piece(3), comment=None, person=town["An"], reason="spam", text="", now=NOW)
    assert error.value.code is Code.TOO_OFTEN
    assert Report.objects.count() == 2


def test_closing_comments_is_undone_only_while_they_are_closed(town: Cast) -> None:
    client = staff(town)
    do(client, "lock", number=1)
    assert piece(1).comments_locked
    undo_last(client)
    assert not piece(1).comments_locked
    do(client, "lock", number=1)
    closing = Record.objects.filter(act="comments.locked").first()
    assert closing is not None
    do(client, "unlock", number=1)
    assert client.post(f"/desk/undo/{closing.pk}/").status_code == 409


def test_what_another_town_did_is_undone_by_nobody_here(town: Cast) -> None:
    foreign = Organisation.objects.get(slug="elders")
    record = Record.objects.create(
        organisation=foreign, project=foreign.projects.get(), act="proposal.published", subject="proposal 1",
        detail={"before": {"state": "submitted", "reason": "", "on_ballot": False}},
    )  # fmt: skip
    assert staff(town).post(f"/desk/undo/{record.pk}/").status_code == 409
    with pytest.raises(Refused):
        undo(organisation=foreign, record_id=record.pk, by=town["Mo"], base_url="", now=NOW)


def test_50_000_waiting_open_with_at_most_20_queries(town: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO participation_proposal (project_id, number, origin, state, hidden_because, title, body,"
            " language, point, on_ballot, n_supports, comments_locked, created_at)"
            " SELECT %s, 100 + n, 'resident', 'submitted', '', 'Plek ' || n, '', 'nl',"
            " ST_SetSRID(ST_MakePoint(2.6 + random() / 5, 50.8 + random() / 8), 4326), false, 0, false, now()"
            " FROM generate_series(1, 50000) n",
            [Project.objects.get(slug="laden").pk],
        )
        # As the database does by itself soon after.
        cursor.execute("ANALYZE participation_proposal")
    Comment.objects.create(proposal=piece(1), author=town["An"], text="Wacht", state="submitted", created_at=NOW)
    client = staff(town)
    page(client)
    with CaptureQueriesContext(connection) as queries:
        shown = page(client)
    assert "50.0" in shown or "50 0" in shown or "50,0" in shown
    assert len(queries) <= 20, "\n".join(
        query["sql"][:110] + " ... FROM " + query["sql"].partition(" FROM ")[2][:90] for query in queries
    )
    assert sum(float(query["time"]) for query in queries) < SECONDS, [
        (query["time"], query["sql"][:300]) for query in queries if float(query["time"]) > 0.05
    ]


def test_without_javascript_the_piece_shown_is_the_one_asked_for(town: Cast) -> None:
    shown = page(staff(town), f"?piece={piece(1, 'wensen').pk}")
    assert '<h2 class="utrecht-heading-2">Meer bomen</h2>' in shown


def test_nobody_is_led_out_of_the_desk(town: Cast) -> None:
    answer = staff(town).post("/desk/projects/laden/queue/21/", {"act": "publish", "back": "//evil.example/desk/"})
    assert answer["Location"].startswith("/desk/projects/laden/queue/")
