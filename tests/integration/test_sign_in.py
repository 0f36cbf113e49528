"""Signing in by a code: one road for everyone, the draft is kept, and nothing tells who is known."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from participation.models import Draft, Person, Proposal, Session
from participation.tasks import forget_sessions
from tests.cast import Cast


@pytest.fixture(autouse=True)
def _nobody_asked_before() -> None:
    """How often somebody asked for a code is counted in the cache, which outlives a test."""
    cache.clear()


def code_in_last_mail() -> str:
    """Read the code out of the mail that was sent last."""
    found = re.search(r"^\s*(\d{6})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


def sign_in(client: Client, email: str, back_to: str = "/") -> str:
    """Go the whole road; gives back where one ends."""
    asked = client.post(f"/account/login/code/?next={back_to}", {"email": email, "next": back_to})
    assert asked.status_code == 302, asked.content.decode()[:2000]
    answer = client.post(asked.headers["Location"], {"code": code_in_last_mail()})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer.headers["Location"])


@pytest.mark.parametrize("email", ["an@example.org", "Nieuw@Example.org"])
def test_a_known_and_a_new_address_go_the_same_road(cast: Cast, client: Client, email: str) -> None:
    assert sign_in(client, email, "/projects/laden/") == "/projects/laden/"
    assert client.get("/me/").status_code == 200
    assert Person.objects.filter(email=email.lower()).count() == 1


def test_a_wrong_code_signs_nobody_in(cast: Cast, client: Client) -> None:
    asked = client.post("/account/login/code/", {"email": "an@example.org"})
    client.post(asked.headers["Location"], {"code": "WRONG1"})
    assert client.get("/me/").status_code == 302


def test_the_answer_does_not_tell_who_is_known(cast: Cast) -> None:
    answers = []
    for email in ("an@example.org", "nobody-knows-me@example.org"):
        client = Client()
        asked = client.post("/account/login/code/", {"email": email})
        page = client.get(asked.headers["Location"]).content.decode()
        answers.append(
            (
                asked.status_code,
                re.sub(r'value="[^"]*"|nonce="[^"]*"|"X-CSRFToken": "[^"]*"|' + re.escape(email), "", page),
            )
        )
    assert answers[0] == answers[1]


def test_the_draft_survives_signing_in(cast: Cast, client: Client) -> None:
    client.post("/projects/laden/suggest/", {"where": "50.85, 2.65", "next": "1"})
    client.post("/projects/laden/suggest/what/", {"title": "Achter de kerk", "body": "Veel plaats."})
    there = client.post("/projects/laden/suggest/check/")
    assert there.status_code == 302
    assert "/account/login/code/" in there.headers["Location"]
    end = sign_in(client, "vera@example.org", "/projects/laden/suggest/check/")
    assert end == "/projects/laden/suggest/check/"
    assert "Achter de kerk" in client.get(end).content.decode()
    sent = client.post(end)
    assert sent.status_code == 302
    proposal = Proposal.objects.get(title="Achter de kerk")
    assert proposal.author == cast["Vera"]
    assert proposal.state == "submitted"
    assert proposal.area is not None
    assert proposal.area.name == "Westkant"
    assert Draft.objects.count() == 0
    # Sent twice by a double click: the second finds no draft and makes nothing.
    client.post(end)
    assert Proposal.objects.filter(title="Achter de kerk").count() == 1


def test_codes_for_one_address_are_counted(cast: Cast, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"request_login_code": "5/m/key"}
    for nth in range(7):
        asked = Client().post("/account/login/code/", {"email": "an@example.org"})
        assert asked.status_code == (302 if nth < 5 else 200)
    assert "many codes" in Client(headers={"accept-language": "en"}).post(
        "/account/login/code/", {"email": "an@example.org"}
    ).content.decode()  # fmt: skip
    assert len(mail.outbox) == 5
    assert Client().post("/account/login/code/", {"email": "vera@example.org"}).status_code == 302


def test_codes_for_one_machine_are_counted(cast: Cast, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"request_login_code": "3/m/ip"}
    statuses = [Client().post("/account/login/code/", {"email": f"n{nth}@example.org"}).status_code for nth in range(5)]
    assert statuses == [302, 302, 302, 200, 200]
    assert len(mail.outbox) == 3


def test_a_session_names_its_person_and_ends_with_sign_out_and_with_the_account(cast: Cast, client: Client) -> None:
    sign_in(client, "an@example.org")
    an = Person.objects.get(email="an@example.org")
    assert Session.objects.filter(person=an).count() == 1
    elsewhere = Client()
    sign_in(elsewhere, "an@example.org")
    client.post("/account/logout/")
    assert client.get("/me/").status_code == 302
    assert elsewhere.get("/me/").status_code == 200
    Person.objects.filter(pk=an.pk).update(is_active=False)
    assert elsewhere.get("/me/").status_code == 302


def test_whose_sessions_are_taken_away_is_signed_out_everywhere(cast: Cast, client: Client) -> None:
    sign_in(client, "an@example.org")
    Session.objects.filter(person__email="an@example.org").delete()
    assert client.get("/me/").status_code == 302


def test_a_session_whose_time_is_over_lets_nobody_in_and_is_forgotten(cast: Cast, client: Client) -> None:
    sign_in(client, "an@example.org")
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/me/").status_code == 302
    forget_sessions(0)
    assert not Session.objects.exists()


@pytest.mark.parametrize("content", ["", "eyJhIjoxfQ:1abc", "[1]"])
def test_a_session_that_was_not_written_here_holds_nothing(cast: Cast, client: Client, content: str) -> None:
    sign_in(client, "an@example.org")
    Session.objects.update(session_data=content)
    assert client.get("/me/").status_code == 302


@pytest.mark.parametrize("key", ["", "a", "\x00" * 32, "é" * 32, "a' OR 1=1 --" * 3, "0" * 32])
def test_a_session_key_of_ones_own_making_is_nobodys(cast: Cast, key: str) -> None:
    stranger = Client()
    stranger.cookies["sessionid"] = key
    assert stranger.get("/me/").status_code == 302
