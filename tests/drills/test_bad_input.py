"""Whatever is sent to a form: an answer below 500, a code where something is refused, and nothing half done."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import cycle, product
from typing import Any
from urllib.parse import quote_from_bytes
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from participation.models import Ballot, BallotCast, Person, Phase, Proposal, Record, Support, Vote
from participation.queries.voting import database_now
from tests.cast import Cast
from tests.drills.hammer import hammer

Fields = Mapping[str, object]

MEGABYTE = 1024 * 1024
NASTY_TEXTS = {
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "control": "\x01\x1b[31m\x7f",
    "markup": "<script>alert(1)</script>{{ 7*7 }}{% debug %}",
    "format": "%(metres)s %s %n {0}",
    "five megabytes": "a" * (5 * MEGABYTE - 1000),
    "marks": "e" + "\u0301" * 5000,
    "right to left": "\u202e\u2066\ufeff",
    "sql": "'; DROP TABLE participation_vote; --",
    "blank": " \t\n",
}
NASTY_NUMBERS = ["nan", "NaN", "inf", "-inf", "1e309", "-0", "-0.0", "0x10", "1e5", "9" * 5000, "9" * 19, "1,5,6"]
NASTY_NUMBERS += ["--1", "٣", "½", "", " ", "1_0", "null", "[1]", "1\x00"]
TABLES = (Proposal, Ballot, BallotCast, Vote, Support, Record)


@pytest.fixture(autouse=True)
def _plain_files(settings: Any) -> None:
    """Pages without the hashed names of collected files: how they look is not asked here."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


def client_of(person: Person | None = None) -> Client:
    """A browser that shows server errors as pages, so that they can be counted."""
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return client


def encoded(fields: Fields | Sequence[tuple[str, object]]) -> bytes:
    """A form's body as bytes, also for what no browser would send."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    listed = [(name, one) for name, value in pairs for one in (value if isinstance(value, list) else [value])]

    def quoted(value: object) -> str:
        return quote_from_bytes(str(value).encode("utf-8", "surrogatepass"))

    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in listed).encode()


def send(client: Client, name: str, fields: Fields | Sequence[tuple[str, object]] = (), *args: object) -> HttpResponse:
    """Post a form."""
    path = reverse(name, args=args)
    return client.generic("POST", path, encoded(fields), content_type="application/x-www-form-urlencoded")  # type: ignore[return-value]


def ask(client: Client, name: str, fields: Fields, *args: object) -> HttpResponse:
    """Read a page with something in its address."""
    return client.generic("GET", reverse(name, args=args), QUERY_STRING=encoded(fields).decode())  # type: ignore[return-value]


def code(response: HttpResponse) -> str | None:
    """The code of the refusal on the page."""
    found = re.search(rb'data-code="([^"]+)"', response.content)
    return found[1].decode() if found else None


def counts() -> list[int]:
    """How many rows there are in every table that a form can write to."""
    return [table.objects.count() for table in TABLES]


def no_error(response: HttpResponse) -> None:
    assert response.status_code < 500, response.content[-3000:]


@pytest.mark.parametrize("text", NASTY_TEXTS.values(), ids=NASTY_TEXTS)
def test_any_text_in_any_field(cast: Cast, text: str) -> None:
    an, mo = client_of(cast["An"]), client_of(cast["Piet"])
    slug = cast.project.slug
    waiting = Proposal.objects.create(
        project=cast.project, number=50, title="Wacht", state="submitted", created_at=cast.vote.opens_at
    )
    texts_of: list[tuple[Client, str, Fields, tuple[object, ...]]] = [
        (an, "suggest", {"where": text, "lon": "2.7", "lat": "50.9", "next": "1"}, (slug,)),
        (an, "suggest", {"where": "", "lon": text, "lat": text, "where_was": text}, (slug,)),
        (an, "suggest", {"where": "", "lon": "2.7", "lat": "50.9", "next": text}, (slug,)),
        (an, "suggest_what", {"title": text, "body": "x", "theme": ""}, (slug,)),
        (an, "suggest_what", {"title": "x", "body": text, "theme": ""}, (slug,)),
        (an, "suggest_what", {"title": "x", "body": "x", "theme": text}, (slug,)),
        (an, "suggest_check", {}, (slug,)),
        (an, "support", {"take_back": text}, (slug, 1)),
        (an, "ballot", {"number": text}, (slug,)),
        (an, "ballot_choose", {"number": text, "back_to": text}, (slug,)),
        (an, "ballot_choose", {"number": "1", "off": text, "back_to": text}, (slug,)),
        (an, "ballot_cast", {"nonce": text, "choice": "1"}, (slug,)),
        (an, "ballot_cast", {"nonce": uuid4(), "choice": text}, (slug,)),
        (an, "me", {"public_name": text}, ()),
        (client_of(), "account_request_login_code", {"email": text}, ()),
        (client_of(), "account_request_login_code", {"email": f"{text}@example.org"}, ()),
        (client_of(), "account_request_login_code", {"email": "an@example.org", "next": text}, ()),
        (an, "set_language", {"language": text, "next": text}, ()),
        (mo, "desk_moderate", {"act": text}, (slug, waiting.number)),
        (mo, "desk_moderate", {"act": "hide", "reason": text}, (slug, waiting.number)),
        (mo, "desk_shortlist_change", {"number": text, "act": text}, (slug,)),
    ]
    for client, name, fields, args in texts_of:
        no_error(send(client, name, fields, *args))
    for client, name, fields, args in [
        (an, "project", dict.fromkeys(("q", "area", "theme", "sort", "page"), text[:5000]), (slug,)),
        (an, "projects", {"q": text[:5000]}, ()),
        (an, "suggest_place", {"lon": text[:5000], "lat": text[:5000]}, (slug,)),
        (mo, "desk_queue", dict.fromkeys(("state", "number", "page"), text[:5000]), (slug,)),
        (mo, "desk_shortlist", dict.fromkeys(("q", "page"), text[:5000]), (slug,)),
        (client_of(), "account_request_login_code", {"next": text[:5000]}, ()),
    ]:
        no_error(ask(client, name, fields, *args))
    # What was kept is what was meant: the control characters are gone, and the tables hold no half of anything.
    assert not Proposal.objects.filter(title__contains="\x01").exists()
    assert Vote.objects.count() == 0


@pytest.mark.parametrize("number", NASTY_NUMBERS, ids=lambda text: ascii(text[:20]))
def test_any_number_in_any_field(cast: Cast, number: str) -> None:
    an, mo = client_of(cast["An"]), client_of(cast["Piet"])
    slug = cast.project.slug
    before = counts()
    for fields in (
        {"lon": number, "lat": "50.9"},
        {"lon": "2.7", "lat": number},
        {"lon": number, "lat": number},
        {"where": f"{number}, {number}"},
    ):
        answer = send(an, "suggest", {"next": "1", **fields}, slug)
        no_error(answer)
        assert answer.status_code == 422, "no such place is inside the area"
        assert (code(answer) or "").startswith("pin.")
        no_error(ask(an, "suggest_place", fields, slug))
    ballots: dict[str, Fields] = {
        "ballot": {"number": [number, number]},
        "ballot_choose": {"number": number},
        "ballot_cast": {"nonce": uuid4(), "choice": [number, "99"]},
    }
    for name, choices in ballots.items():
        answer = send(an, name, choices, slug)
        no_error(answer)
        assert answer.status_code == 302 or code(answer), f"{name} says no without a reason"
    no_error(send(mo, "desk_shortlist_change", {"number": number}, slug))
    for name in ("project", "desk_queue", "desk_shortlist"):
        no_error(ask(mo, name, {"page": number, "number": number}, slug))
    assert counts() == before


@pytest.mark.parametrize("number", [0, 99, 2**31, 2**63, 10**30])
def test_proposals_that_do_not_exist(cast: Cast, number: int) -> None:
    an, mo = client_of(cast["An"]), client_of(cast["Piet"])
    slug = cast.project.slug
    before = counts()
    assert send(an, "support", {}, slug, number).status_code == 404
    assert client_of().get(reverse("proposal", args=(slug, number))).status_code == 404
    answer = send(mo, "desk_moderate", {"act": "hide", "reason": "x"}, slug, number)
    assert (answer.status_code, code(answer)) == (404, "proposal.not_found")
    answer = send(an, "ballot_cast", {"nonce": uuid4(), "choice": str(number)}, slug)
    assert code(answer) in {"vote.option_gone", "vote.bad_nonce"}
    assert counts() == before


def test_what_a_ballot_must_not_hold(cast: Cast) -> None:
    an = client_of(cast["An"])
    Proposal.objects.filter(number=8).update(state="hidden", on_ballot=False, hidden_because="x")
    before = counts()
    for numbers, said, status in (
        (["8"], "vote.option_gone", 409),
        (["1", "99"], "vote.option_gone", 409),
        (["1", "2", "3", "4"], "vote.too_many", 422),
        (["1"] * 3000, None, 400),
        (["1", "1"], "vote.twice", 422),
        (["1:0"], "vote.bad_points", 422),
        (["1:2"], "vote.bad_points", 422),
        (["-1"], "vote.bad_nonce", 422),
        ([], "vote.bad_nonce", 422),
    ):
        answer = send(an, "ballot_cast", {"nonce": uuid4(), "choice": numbers}, cast.project.slug)
        assert (answer.status_code, code(answer)) == (status, said)
    for fields in ({"choice": "1"}, {"nonce": "", "choice": "1"}, {"nonce": uuid4(), "number": "1"}):
        answer = send(an, "ballot_cast", fields, cast.project.slug)
        assert (answer.status_code, code(answer)) == (422, "vote.bad_nonce")
    assert code(send(an, "ballot_choose", {"number": "8"}, cast.project.slug)) == "vote.option_gone"
    assert counts() == before


def test_a_vote_that_closed_a_second_ago(cast: Cast) -> None:
    an, slug = client_of(cast["An"]), cast.project.slug
    send(an, "ballot", {"number": ["1"]}, slug)
    moment = database_now()
    Phase.objects.filter(pk=cast.vote.pk).update(closes_at=moment - timedelta(seconds=1))
    before = counts()
    for name, fields in (("ballot_cast", {"nonce": uuid4(), "choice": "1"}), ("ballot", {"number": "1"})):
        answer = send(an, name, fields, slug)
        assert (answer.status_code, code(answer)) == (409, "vote.closed")
    assert code(send(an, "ballot_choose", {"number": "1"}, slug)) == "vote.closed"
    assert code(send(an, "support", {}, slug, 1)) == "support.over"
    assert code(send(an, "suggest", {"lon": "2.7", "lat": "50.9"}, slug)) == "proposal.over"
    assert counts() == before


def test_a_vote_that_has_not_opened(cast: Cast) -> None:
    moment = database_now()
    Phase.objects.filter(pk=cast.vote.pk).update(
        opens_at=moment + timedelta(hours=1), closes_at=moment + timedelta(hours=2)
    )
    answer = send(client_of(cast["An"]), "ballot_cast", {"nonce": uuid4(), "choice": "1"}, cast.project.slug)
    assert (answer.status_code, code(answer)) == (409, "vote.opens_later")


def test_the_same_form_twice_casts_once(cast: Cast) -> None:
    an, fields = client_of(cast["An"]), {"nonce": uuid4(), "choice": ["2", "1"]}
    for _ in range(2):
        assert send(an, "ballot_cast", fields, cast.project.slug).status_code == 302
    assert (BallotCast.objects.count(), Vote.objects.count()) == (1, 2)


BROKEN_BODIES = {
    "cut multipart": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nab',
    ),
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "long boundary": (f"multipart/form-data; boundary={'x' * 500}", b"--x\r\n"),
    "bad base64": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@\r\n--x--',
    ),
    "file for text": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"; filename="../../a\x00b"\r\n\r\nab\r\n--x--',
    ),
    "another charset": ("application/x-www-form-urlencoded; charset=utf-16", b"title=a"),
    "unknown charset": ("application/x-www-form-urlencoded; charset=nonsense", b"title=a"),
    "json": ("application/json", b'{"title": ["a"], "nonce": {"a": 1}}'),
    "no type": ("", b"title=a"),
    "bad percent": ("application/x-www-form-urlencoded", b"title=%zz%&=&&number=%00&nonce=%ff%fe"),
    "six megabytes": ("application/x-www-form-urlencoded", b"title=" + b"a" * (6 * MEGABYTE)),
    "arrays": ("application/x-www-form-urlencoded", b"title[]=a&title[0]=b&nonce=1&nonce=2&number[]=1&email=a&email=b"),
}
POSTED = ["suggest", "suggest_what", "suggest_check", "ballot", "ballot_choose", "ballot_cast", "me"]
POSTED += ["account_request_login_code", "desk_shortlist_change", "set_language"]


@pytest.mark.parametrize("name", POSTED)
@pytest.mark.parametrize("kind", BROKEN_BODIES)
def test_broken_bodies(cast: Cast, kind: str, name: str) -> None:
    client = client_of(cast["Piet"])
    content_type, body = BROKEN_BODIES[kind]
    args = () if name in {"me", "account_request_login_code", "set_language"} else (cast.project.slug,)
    before = counts()
    no_error(client.generic("POST", reverse(name, args=args), body, content_type=content_type))  # type: ignore[arg-type]
    assert counts() == before


def test_a_body_that_is_too_large_is_told_so_in_a_sentence(cast: Cast) -> None:
    answer = send(client_of(cast["An"]), "suggest", {"where": "a" * 6 * MEGABYTE}, cast.project.slug)
    assert answer.status_code in {400, 413}
    assert b"<h1" in answer.content


def addresses(patterns: Sequence[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    """Every address of the installation, each with something plausible in its gaps."""
    found = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, route)
        else:
            found.append("/" + re.sub(r"<(?:(\w+):)?(\w+)>", lambda m: "1" if m[1] == "int" else "laden", route))
    return found


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "GET", "POST", "BREW"])
def test_any_method_on_any_address(cast: Cast, long: bool, method: str) -> None:
    every = addresses(get_resolver().url_patterns)
    clients = (client_of(), client_of(cast.attacker), client_of(cast.stranger))
    # The verbs of the API do something on purpose (tests/integration/test_api.py); a page takes its forms alone.
    api = [address for address in every if address.startswith("/api/")]
    assert api
    for client, address in asking(clients, api, everybody=long or method in {"GET", "POST"}):
        no_error(client.generic(method, address))  # type: ignore[arg-type]
    before = counts()
    # A heart is a form without fields, so that sending nothing puts one.
    others = [address for address in every if address not in api and not address.endswith("/support/")]
    for client, address in asking(clients, others, everybody=long or method in {"GET", "POST"}):
        no_error(client.generic(method, address))  # type: ignore[arg-type]
    assert counts()[1:] == before[1:]


def asking(clients: Sequence[Client], every: Sequence[str], *, everybody: bool) -> Iterable[tuple[Client, str]]:
    """Who asks where: everybody everywhere, or in turn, one at an address."""
    return product(clients, every) if everybody else zip(cycle(clients), every, strict=False)


def test_a_form_without_its_token_is_explained(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(cast["An"])
    before = counts()
    answer = send(client, "ballot_cast", {"nonce": uuid4(), "choice": "1"}, cast.project.slug)
    assert answer.status_code == 403
    assert b"<h1" in answer.content
    assert counts() == before


@pytest.mark.parametrize(
    "cookie", ["x" * 5000, '"abcdefgh\\000"', "abcdefgh\x00", "ééééééééé", "'; --------", '"\\777']
)
def test_any_cookie(cast: Cast, cookie: str) -> None:
    for name in ("sessionid", "csrftoken", "django_language", "messages"):
        answer = Client(raise_request_exception=False).get("/projects/laden/", headers={"cookie": f"{name}={cookie}"})
        no_error(answer)  # type: ignore[arg-type]


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.tuples(*[ANY_TEXT] * 6))
def test_arbitrary_words(cast: Cast, texts: tuple[str, ...]) -> None:
    an, mo, slug = client_of(cast["An"]), client_of(cast["Piet"]), cast.project.slug
    where, title, body, theme, reason, name = texts
    n = Proposal.objects.count()
    no_error(send(an, "suggest", {"where": where}, slug))
    no_error(send(an, "suggest", {"lon": "2.7", "lat": "50.9", "next": "1"}, slug))
    answer = send(an, "suggest_what", {"title": title, "body": body, "theme": theme}, slug)
    no_error(answer)
    if answer.status_code == 302:
        sent = send(an, "suggest_check", {}, slug)
        no_error(sent)
        assert (sent.status_code == 302) == (Proposal.objects.count() == n + 1)
        assert sent.status_code == 302 or code(sent)
    else:
        assert code(answer)
    no_error(ask(an, "project", {"q": where, "area": title, "theme": theme, "page": name}, slug))
    no_error(send(an, "me", {"public_name": name}))
    no_error(send(client_of(), "account_request_login_code", {"email": f"{name}@example.org"}))
    no_error(send(mo, "desk_moderate", {"act": "hide", "reason": reason}, slug, 3))
    no_error(ask(mo, "desk_shortlist", {"q": reason}, slug))


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sends_one_proposal(cast: Cast) -> None:
    """The two requests of a double click run at the same time, in the same session."""
    an, slug = client_of(cast["An"]), cast.project.slug
    for number in range(1, 6):
        send(an, "suggest", {"lon": "2.7", "lat": "50.9", "next": "1"}, slug)
        send(an, "suggest_what", {"title": f"Klik {number}"}, slug)

        def click(_round: int, _thread: int) -> int:
            client = client_of()
            client.cookies = an.cookies
            return send(client, "suggest_check", {}, slug).status_code

        (answers,) = hammer(1, click, n_threads=2)
        assert answers == [302, 302]
        assert Proposal.objects.filter(title=f"Klik {number}").count() == 1
