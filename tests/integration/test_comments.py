"""Comments: written where a phase opens it, with replies and the town's role, moderated and locked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from participation.models import Comment, Phase, Project, Proposal, Report
from participation.rules.refusals import Code, Refused
from participation.services.comments import add_comment, decide_comment, lock_comments
from tests.cast import Cast

NOW = datetime.now(UTC)
PAGE = "/projects/laden/proposals/1/"


@pytest.fixture
def talk(cast: Cast) -> Cast:
    """The cast while people may comment, without a look beforehand."""
    Project.objects.filter(pk=cast.project.pk).update(moderated_first=False)
    Phase.objects.create(project=cast.project, position=2, kind="discuss", name={}, opens_at=NOW - timedelta(days=1))
    return cast


def say(cast: Cast, name: str, words: str = "Goed idee", parent: Comment | None = None, **more: Any) -> Comment:
    """Write one."""
    return add_comment(
        proposal=Proposal.objects.select_related("project__organisation").get(pk=cast.options[0].pk),
        person=cast[name], text=words, parent=parent.pk if parent else None, language="nl", now=NOW, **more,
    )  # fmt: skip


def refused(act: Any, *args: Any, **kwargs: Any) -> Code:
    """Why it is refused."""
    with pytest.raises(Refused) as error:
        act(*args, **kwargs)
    return error.value.code


def shown(cast: Cast, name: str = "", query: str = "") -> str:
    """The proposal's page."""
    client = Client()
    if name:
        client.force_login(cast[name])
    return client.get(PAGE + query).content.decode()


def test_replies_stand_under_what_they_answer_and_the_town_is_named(talk: Cast) -> None:
    first = say(talk, "An", "Eerste vraag")
    reply = say(talk, "Mo", "Antwoord van de stad", first)
    below = say(talk, "Vera", "Dank u", reply)
    assert (reply.by_city, reply.parent, below.parent) == (True, first, first)
    page = shown(talk)
    assert page.index("Eerste vraag") < page.index("Antwoord van de stad") < page.index("Dank u")
    assert "Toonstad</strong>" in page
    say(talk, "Vera", "Tweede vraag")
    new_first = shown(talk, query="?comments=new")
    assert new_first.index("Tweede vraag") < new_first.index("Eerste vraag")


def test_only_where_a_phase_opens_it(cast: Cast) -> None:
    assert refused(say, cast, "An") is Code.COMMENT_NOT_OPEN
    # The town may always say something.
    assert say(cast, "Mo").by_city


def test_refusals(talk: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(say, talk, "An", " \n ") is Code.COMMENT_MISSING
    assert refused(say, talk, "An", "x" * 2001) is Code.COMMENT_TOO_LONG
    gone = say(talk, "An")
    decide_comment(comment=gone, state="hidden", reason="Beledigend", by=talk["Mo"])
    assert refused(say, talk, "Vera", "Ja", gone) is Code.COMMENT_NOT_FOUND
    lock_comments(proposal=gone.proposal, locked=True, by=talk["Mo"])
    assert refused(say, talk, "An") is Code.COMMENT_LOCKED
    lock_comments(proposal=gone.proposal, locked=False, by=talk["Mo"])
    monkeypatch.setattr("participation.services.comments.COMMENTS_AN_HOUR", 1)
    assert refused(say, talk, "An") is Code.TOO_OFTEN
    assert refused(decide_comment, comment=gone, state="published", reason="", by=talk["An"]) is Code.NOT_STAFF


def test_a_hidden_comment_leaves_a_stub_and_its_reason(talk: Cast) -> None:
    comment = say(talk, "An", "Iets lelijks over de buren")
    assert "Iets lelijks" in shown(talk)
    decide_comment(comment=comment, state="hidden", reason="Beledigt iemand.", by=talk["Mo"])
    for name in ("", "Vera", "An"):
        assert "Iets lelijks" not in shown(talk, name)
        assert "Beledigt iemand." in shown(talk, name)


def test_before_publication_only_its_author_and_staff_see_it(talk: Cast) -> None:
    Project.objects.filter(pk=talk.project.pk).update(moderated_first=True)
    comment = say(talk, "An", "Nog te bekijken")
    assert comment.state == "submitted"
    assert "Nog te bekijken" not in shown(talk)
    assert "Nog te bekijken" not in shown(talk, "Vera")
    assert "Nog te bekijken" in shown(talk, "An")
    queue = Client()
    queue.force_login(talk["Mo"])
    assert b"Nog te bekijken" in queue.get("/desk/queue/").content
    queue.post("/desk/projects/laden/queue/1/", {"act": "comment_publish", "comment": comment.pk})
    assert "Nog te bekijken" in shown(talk)


def test_a_comment_is_shown_as_what_it_is(talk: Cast) -> None:
    say(talk, "An", "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\x00\x1b")
    page = shown(talk)
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_form_works_and_asks_to_sign_in_first(talk: Cast) -> None:
    answer = Client().post(f"{PAGE}comment/", {"text": "Hallo"})
    assert "/account/login/code/" in answer["Location"]
    client = Client()
    client.force_login(talk["An"])
    answer = client.post(f"{PAGE}comment/", {"text": "Hallo"}, follow=True)
    assert "Hallo" in answer.content.decode()
    assert client.post(f"{PAGE}comment/", {"text": ""}).status_code == 422


def test_what_comes_without_an_account_waits_and_is_bounded_by_where_it_comes_from(
    talk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    Phase.objects.filter(project=talk.project).update(access={"comment": "anyone"})
    client = Client()
    assert client.post(f"{PAGE}comment/", {"text": "Van niemand"}).status_code == 200
    said = Comment.objects.get(text="Van niemand")
    assert (said.author, said.state) == (None, Comment.State.SUBMITTED)
    assert "Van niemand" not in shown(talk)
    # To report something needs no account, and others may report the same.
    for _time in range(2):
        assert client.post(f"{PAGE}report/", {"reason": "spam"}).status_code == 302
    assert Report.objects.filter(proposal=said.proposal, person=None).count() == 2
    monkeypatch.setattr("participation.services.pace.WITHOUT_ACCOUNT_AN_HOUR", 2)
    again = {"text": "Nog een"}
    assert [client.post(f"{PAGE}comment/", again).status_code for _time in range(2)] == [200, 429]
    assert b"act.too_often_here" in client.post(f"{PAGE}report/", {"reason": "spam"}).content
    # Whoever sits elsewhere, or signs in, goes on.
    assert Client(REMOTE_ADDR="192.0.2.7").post(f"{PAGE}comment/", again).status_code == 200
    client.force_login(talk["An"])
    assert client.post(f"{PAGE}comment/", again).status_code == 302
