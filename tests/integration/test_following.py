"""Who hears of a proposal: its author and supporters by themselves, others when they ask; out with one click."""

from datetime import UTC, datetime

import pytest
from django.core import mail
from django.test import Client

from participation.models import Proposal, Support
from participation.selectors.follows import people_to_tell
from participation.services.answer_mails import mail_answers
from participation.services.responses import Answer, publish_answers
from tests.cast import Cast, text

NOW = datetime.now(UTC)
SITE = "https://beslist.example.org"
BUTTON = "/projects/laden/proposals/1/follow/"


@pytest.fixture
def heard(cast: Cast) -> Cast:
    """An made number 1, Vera supports it."""
    Proposal.objects.filter(pk=cast.options[0].pk).update(author=cast["An"])
    Support.objects.create(proposal=cast.options[0], person=cast["Vera"])
    return cast


def told(cast: Cast) -> set[str]:
    """Who hears of number 1."""
    names = {person.pk: name for name, person in cast.people.items()}
    return {names[pk] for pk in people_to_tell([cast.options[0].pk])}


def browser(cast: Cast, name: str) -> Client:
    """Somebody's browser."""
    client = Client()
    client.force_login(cast[name])
    return client


def test_author_and_supporters_follow_by_themselves_and_others_by_a_button(heard: Cast) -> None:
    assert told(heard) == {"An", "Vera"}
    browser(heard, "Piet").post(BUTTON)
    browser(heard, "An").post(BUTTON, {"off": "1"})
    assert told(heard) == {"Vera", "Piet"}
    browser(heard, "An").post(BUTTON)
    assert told(heard) == {"An", "Vera", "Piet"}


def test_an_answer_is_mailed_to_followers_with_a_way_out_of_one_click(heard: Cast) -> None:
    browser(heard, "Piet").post(BUTTON)
    (response,) = publish_answers(
        project=heard.project, answers=[Answer(1, "build", text("Hij komt er."))], by=heard["Marc"], base_url=SITE,
        now=NOW,
    )  # fmt: skip
    people = people_to_tell([heard.options[0].pk])
    assert mail_answers(people=people, responses=[response.pk], base_url=SITE) == 3
    letter = next(letter for letter in mail.outbox if letter.to == ["vera@example.org"])
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    off = letter.extra_headers["List-Unsubscribe"].strip("<>").removeprefix(SITE)
    assert f"{SITE}{off}" in letter.body
    # Mail filters open every link: looking changes nothing; no token of a form is needed, nor signing in.
    Client().get(off)
    assert "Vera" in told(heard)
    Client(enforce_csrf_checks=True).post(off, {"List-Unsubscribe": "One-Click"})
    assert told(heard) == {"An", "Piet"}
    assert mail_answers(people=people, responses=[response.pk], base_url=SITE) == 2
    Client().post(off, {"wanted": "1"})
    assert "Vera" in told(heard)


@pytest.mark.parametrize("token", ["x", "WzEsWzFdXQ:1abc:forged"])
def test_a_link_that_was_never_given_leads_nowhere(heard: Cast, token: str) -> None:
    assert Client().post(f"/unfollow/{token}/").status_code == 404
    assert told(heard) == {"An", "Vera"}
