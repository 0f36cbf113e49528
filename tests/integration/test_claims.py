"""What came without an account is claimed by its link: answers and comments as proposals are, each once."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from participation.models import AnswerSheet, Claim, Comment, Phase, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from tests.cast import Cast
from tests.forms import WITH_PROPOSAL, ask, survey

FORM, CHECK = "/projects/pas/form/", "/projects/pas/form/check/"
PAGE = "/projects/laden/proposals/1/"


def browser(cast: Cast, name: str = "") -> Client:
    client = Client(headers={"accept-language": "en"})
    if name:
        client.force_login(cast[name])
    return client


def link_in(answer: Any) -> str:
    """The link that a page shows, once and to nobody's cache."""
    assert "no-store" in answer.headers["Cache-Control"]
    found = re.search(r"http://testserver(/claims/[\w-]+/)", answer.content.decode())
    assert found
    return found[1]


def answered(client: Client, mood: str) -> Any:
    """Fill the form in and send it."""
    client.post(FORM, {"version": "1", "a_q1": "o2", "a_q3": mood})
    return client.post(CHECK, {"without": "1"})


def test_answers_are_claimed_once_and_then_changed(cast: Cast) -> None:
    survey(cast)
    anyone = browser(cast)
    link = link_in(answered(anyone, "Een zwembad"))
    assert "/claims/" not in anyone.get("/projects/pas/form/done/").content.decode()
    vera = browser(cast, "Vera")
    assert "Een zwembad" in vera.get(link).content.decode()
    assert "/account/login/code/" in anyone.post(link)["Location"]
    assert vera.post(link).status_code == 302
    assert AnswerSheet.objects.get().person == cast["Vera"]
    assert "Een zwembad" in vera.get(FORM).content.decode()
    assert vera.post(link).status_code == 409
    # One sheet for each person: who has one is told so, and nothing changes.
    other = link_in(answered(browser(cast), "Een bos"))
    refused = vera.post(other)
    assert (refused.status_code, b"claim.answered_already" in refused.content) == (409, True)
    assert AnswerSheet.objects.filter(person=None).count() == 1
    assert browser(cast, "An").post(other).status_code == 302
    assert AnswerSheet.objects.get(person=cast["An"]).answers["q3"] == "Een bos"


def test_a_comment_is_claimed(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(access={"comment": "anyone"})
    opens_at = datetime.now(UTC) - timedelta(days=1)
    Phase.objects.create(project=cast.project, position=2, kind="discuss", name={}, opens_at=opens_at)
    sent = browser(cast).post(f"{PAGE}comment/", {"text": "Goed idee"})
    link = link_in(sent)
    assert Comment.objects.get().state == "submitted"
    an = browser(cast, "An")
    assert "Goed idee" in an.get(link).content.decode()
    assert an.post(link)["Location"] == f"{PAGE}#c{Comment.objects.get().pk}"
    assert Comment.objects.get().author == cast["An"]
    # It waits for staff as it did.
    assert "Goed idee" not in Client().get(PAGE).content.decode()
    assert Client(headers={"host": "elders.localhost"}).get(link).status_code == 404


def test_answers_go_with_the_proposal_they_came_with(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(access={"propose": "anyone"})
    ask(cast.project, Asked.PROPOSAL, WITH_PROPOSAL)
    anyone = browser(cast)
    anyone.post("/projects/laden/suggest/", {"lon": "2.7", "lat": "50.85", "next": "1"})
    anyone.post("/projects/laden/suggest/what/", {"title": "Aan de kerk", "version": "1", "a_q1": "Kerkstraat"})
    link = link_in(anyone.post("/projects/laden/suggest/check/", {"without": "1"}))
    assert browser(cast, "An").post(link).status_code == 302
    assert Proposal.objects.get(title="Aan de kerk").author == cast["An"]
    assert AnswerSheet.objects.get().person == cast["An"]


@pytest.mark.parametrize("n", [0, 2])
def test_a_link_is_about_one_thing(cast: Cast, n: int) -> None:
    comment = Comment.objects.create(proposal=cast.options[0], text="x", created_at=database_now())
    about = {"proposal": cast.options[0], "comment": comment} if n else {}
    with pytest.raises(IntegrityError, match="claim_of_one_thing"), transaction.atomic():
        Claim.objects.create(digest=b"x" * 32, made_at=database_now(), **about)
