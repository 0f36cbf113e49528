"""The pages on which people become voters: the code of a letter, the letters themselves, the roll, paper, the age."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode
from zipfile import ZipFile

import pytest
import qrcode
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from pypdf import PdfReader

from participation.models import Ballot, BallotCast, CodeBatch, Membership, Person, Phase, Record, VotingCode
from participation.rules.electorate import as_printed, as_typed
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Choice, Method
from participation.selectors.projects import choices_cast
from participation.services.codes import make_codes
from participation.web.desk_paper import read_numbers
from participation.web.letters import Signs
from tests.cast import Cast, picks
from tests.integration.test_electorate import now, set_up, verify

PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
NONCE = re.compile(r'name="nonce" value="([0-9a-f-]{36})"')


@pytest.fixture(autouse=True)
def _plain_files() -> Iterator[None]:
    """With plain static files: which hash a style sheet has is no matter here."""
    with override_settings(STORAGES=settings.STORAGES | PLAIN_FILES):
        yield


def browser(person: Person | None = None) -> Client:
    """A browser that reads English."""
    client = Client(headers={"accept-language": "en"})
    if person is not None:
        client.force_login(person)
    return client


def address(name: str, **kwargs: object) -> str:
    """An address of the project."""
    return reverse(name, kwargs={"slug": "laden"} | kwargs)


def said(response: Any) -> str:
    """The words of a page."""
    return unescape(response.content.decode())


def codes(cast: Cast, n: int = 2) -> list[str]:
    """Make codes, printed."""
    return [as_printed(code) for code in make_codes(phase=cast.vote, n=n, by=cast["Piet"], now=now()).codes]


def cast_now(client: Client, numbers: list[int], **more: str) -> Any:
    """Send the form of the check."""
    page = said(client.get(address("ballot_check")))
    found = NONCE.search(page)
    nonce = found[1] if found else "00000000-0000-4000-8000-000000000000"
    return client.post(
        address("ballot_cast"), {"nonce": nonce, "choice": [str(n) for n in numbers]} | more, follow=True
    )


# --- the code of a letter --------------------------------------------------------------------------------------


def test_reading_the_page_of_a_code_uses_nothing(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    (code, _other) = codes(cast)
    client = browser()
    for _ in range(3):
        page = said(client.get(address("code"), {"code": code.lower().replace("-", "")}))
        assert f'value="{code}"' in page
    assert not VotingCode.objects.filter(used_at__isnull=False).exists()
    client.head(address("code"), {"code": code})
    assert not Person.objects.filter(email=None).exists()


def test_a_letter_opens_this_vote_and_nothing_else(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    (code, _other) = codes(cast)
    client = browser()
    answer = client.get(address("ballot"))
    assert 'data-code="vote.no_code"' in said(answer)
    assert client.post(address("ballot_cast"), {})["Location"] == address("code"), "a letter, not a sign-in, is asked"
    before = client.session.session_key
    assert client.post(address("code"), {"code": code})["Location"] == address("ballot")
    assert client.session.session_key != before
    assert "in the box" in said(cast_now(client, [1]))
    assert "in the box" in said(cast_now(client, [2, 3]))
    holder = Person.objects.get(email=None)
    assert choices_cast(cast.vote, holder) == picks([2, 3])
    assert BallotCast.objects.latest("pk").channel == "code"
    assert "/account/login/code/" in client.post(address("support", number=1))["Location"]
    assert client.get(reverse("me")).status_code == 302
    page = said(client.get(address("ballot_check")))
    withdrawal = NONCE.findall(page)[-1]
    client.post(address("ballot_cast"), {"nonce": withdrawal, "withdraw": "1"})
    assert choices_cast(cast.vote, holder) == []
    client.post(address("code"), {"forget": "1"})
    assert 'data-code="vote.no_code"' in said(client.get(address("ballot")))


def test_a_code_belongs_to_who_is_signed_in(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    (code, other) = codes(cast)
    an = browser(cast["An"])
    an.post(address("code"), {"code": code})
    assert VotingCode.objects.get(person=cast["An"]).used_at is not None
    assert "in the box" in said(cast_now(an, [1]))
    assert 'data-code="code.one_each"' in said(an.post(address("code"), {"code": other}))
    vera = browser(cast["Vera"])
    answer = vera.post(address("code"), {"code": code})
    assert (answer.status_code, 'data-code="code.used"' in said(answer)) == (409, True)


def test_a_session_of_another_vote_or_a_made_up_one_is_nobody(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    (code, _other) = codes(cast)
    client = browser()
    client.post(address("code"), {"code": code})
    holder = client.session["letters"][str(cast.vote.pk)]
    for letters in ({str(cast.vote.pk + 1): holder}, {str(cast.vote.pk): cast["An"].pk}, {str(cast.vote.pk): "x"}):
        stranger = browser()
        stranger.get(address("ballot"))
        session = stranger.session
        session["letters"] = letters
        session.save()
        assert stranger.post(address("ballot_cast"), {})["Location"] == address("code"), letters


def test_guessing_is_slowed_and_told_how_long(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    (code, _other) = codes(cast)
    client = browser()
    client.get(address("ballot"))
    statuses = [client.post(address("code"), {"code": f"{n:016}"}).status_code for n in range(7)]
    assert statuses == [422] * 5 + [429] * 2
    answer = client.post(address("code"), {"code": code})
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "Wait 60 seconds" in said(answer)
    # Others behind the same address are not stopped by five slips of somebody's finger; right codes do not count.
    assert browser().post(address("code"), {"code": code}).status_code == 302
    for _ in range(25):
        browser().post(address("code"), {"code": "0" * 16})
    assert browser().post(address("code"), {"code": "0" * 16}).status_code == 429, "new sessions do not help"


# --- the letter that shows where somebody lives -------------------------------------------------------------------


def test_a_letter_from_the_desk_opens_what_is_for_residents_alone(cast: Cast) -> None:
    set_up(cast, kind="propose", access={"support": "verified"})
    piet, an = browser(cast["Piet"]), browser()
    answer = piet.post(reverse("desk_resident_codes"), {"n": "2", "languages": ["nl", "fr"]})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    archive = ZipFile(io.BytesIO(b"".join(answer)))
    rows = list(csv.DictReader(io.StringIO(archive.read("codes.csv").decode())))
    letter = PdfReader(io.BytesIO(archive.read("letters.pdf"))).pages[0].extract_text()
    assert rows[0]["code"] in letter
    assert "testserver/me/code/" in letter
    assert rows[0]["qr_url"] == f"http://testserver/me/code/?code={rows[0]['code']}"
    # Read without an account: nothing is used, and signing in leads back with the code filled in.
    here = rows[0]["qr_url"].removeprefix("http://testserver")
    assert f'value="{rows[0]["code"]}"' in said(an.get(here))
    leads = an.post(reverse("my_code"), {"code": rows[0]["code"].lower()})["Location"]
    assert leads == f"/account/login/code/?{urlencode({'next': here}, safe='/')}"
    an.force_login(cast["An"])
    heart = address("support", number=1)
    assert 'data-code="access.not_verified"' in said(an.post(heart, {"on": "1"}, follow=True)), "the control"
    page = said(an.post(reverse("my_code"), {"code": rows[0]["code"]}, follow=True))
    assert "The town knows now that you live here" in page
    assert "You are verified as a resident" in page
    assert "access.not_verified" not in said(an.post(heart, {"on": "1"}, follow=True))
    assert "You need no letter any more" in said(an.get(reverse("my_code")))
    vera = browser(cast["Vera"])
    answer = vera.post(reverse("my_code"), {"code": rows[0]["code"]})
    assert (answer.status_code, 'data-code="code.used"' in said(answer)) == (409, True)
    page = said(piet.get(reverse("desk_resident_codes")))
    assert re.search(r">2</td>.*>1</td>.*>1</td>", page)
    (batch,) = CodeBatch.objects.all()
    page = said(piet.post(reverse("desk_resident_codes_withdraw", args=(batch.pk,)), follow=True))
    assert "1 code was withdrawn" in page
    assert "by letter: 1" in said(piet.get(reverse("desk_people")))
    assert "2 letters for residents were made" in said(piet.get(reverse("desk_audit")))


def test_guessing_letters_to_residents_is_slowed_too(cast: Cast) -> None:
    an = browser(cast["An"])
    statuses = [an.post(reverse("my_code"), {"code": f"{n:016}"}).status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]
    assert an.post(reverse("my_code"), {"code": "0" * 16})["Retry-After"] == "60"


# --- who may vote, said beforehand -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, ["Everyone with a mail address can vote."]),
        ({"eligibility": "verified", "min_age": 16}, ["whom the town verified", "You must be 16 or older."]),
        ({"eligibility": "code", "takes_paper": True}, ["letter with a code", "You can also vote on paper."]),
        ({"n_eligible": 21_000}, ["21,000 people may vote."]),
    ],
)
def test_who_may_vote_stands_beside_the_button_and_in_the_rules(
    cast: Cast, rules: dict[str, object], words: list[str]
) -> None:
    set_up(cast, **rules)
    for name in ("project", "rules"):
        page = said(browser().get(address(name)))
        assert [word for word in words if word not in page] == [], name


def test_who_is_not_verified_hears_it_before_filling_in_a_ballot(cast: Cast) -> None:
    set_up(cast, eligibility="verified")
    cast.town.contact_email = "stem@toonstad.example"
    cast.town.save()
    an = browser(cast["An"])
    for name in ("ballot", "ballot_check"):
        page = said(an.get(address(name)))
        assert 'data-code="vote.not_verified"' in page
    assert "Cast my ballot" not in page
    answer = an.post(
        address("ballot_cast"), {"nonce": "00000000-0000-4000-8000-000000000000", "choice": ["1"]}, follow=True
    )
    assert (answer.status_code, 'data-code="vote.not_verified"' in said(answer)) == (403, True)
    verify(cast, "an@example.org")
    assert "in the box" in said(cast_now(an, [1]))


def test_the_age_is_ticked_once_and_remembered(cast: Cast) -> None:
    set_up(cast, min_age=16)
    an = browser(cast["An"])
    an.post(address("ballot"), {"number": ["1"]})
    page = said(an.get(address("ballot_check")))
    assert "I am 16 or older" in page
    answer = cast_now(an, [1])
    assert answer.request["PATH_INFO"] == address("ballot_check")
    assert "Tick the box that says you are 16 or older" in said(answer)
    assert not Ballot.objects.exists()
    assert "in the box" in said(cast_now(an, [1], of_age="1"))
    an.post(address("ballot"), {"number": ["2"]})
    assert re.search(r'name="of_age" value="1" required checked', said(an.get(address("ballot_check"))))
    verify(cast, "an@example.org")
    an.post(address("ballot"), {"number": ["3"]})
    assert "I am 16 or older" not in said(an.get(address("ballot_check"))), "the town knows the day of birth"


def test_casting_in_a_vote_for_everybody_asks_the_database_no_more_than_before(cast: Cast) -> None:
    an = browser(cast["An"])
    cast_now(an, [1])
    page = said(an.get(address("ballot_check")))
    nonces = NONCE.findall(page)
    with CaptureQueriesContext(connection) as captured:
        an.post(address("ballot_cast"), {"nonce": nonces[0], "choice": ["2"]})
    asked = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    # The session and the person; the vote is remembered, and the cast goes over psycopg's own cursor.
    assert not [sql for sql in asked if re.search("membership|votingcode|participation_phase", sql)], asked


def test_the_desk_sets_who_may_vote_until_somebody_did(cast: Cast) -> None:
    piet = browser(cast["Piet"])
    form = {"eligibility": "code", "min_age": "16", "takes_paper": "on", "n_eligible": "8000"}
    page = said(piet.post(address("desk_voters"), form, follow=True))
    assert "8,000 people may vote." in page
    cast.vote.refresh_from_db()
    vote = cast.vote
    assert (vote.eligibility, vote.min_age, vote.takes_paper, vote.n_eligible) == ("code", 16, True, 8000)
    assert Record.objects.get().detail["eligibility"] == "code"
    assert piet.post(address("desk_voters"), form | {"min_age": "0"}).status_code == 422
    (code, _other) = codes(cast)
    an = browser(cast["An"])
    an.post(address("code"), {"code": code})
    cast_now(an, [1], of_age="1")
    answer = piet.post(address("desk_voters"), {"eligibility": "mail"})
    assert (answer.status_code, 'data-code="vote.voters_frozen"' in said(answer)) == (409, True)
    cast.vote.refresh_from_db()
    assert cast.vote.eligibility == "code"
    assert Record.objects.filter(act="voters.set").count() == 1
    assert browser(cast["Mo"]).post(address("desk_voters"), form).status_code == 404


# --- letters ---------------------------------------------------------------------------------------------------


def test_a_qr_sign_put_together_is_the_one_drawn_whole() -> None:
    def url(code: str) -> str:
        return f"https://beslist.toonstad.example/projects/laden/code/?code={as_printed(code)}"

    signs = Signs(url, 16)
    for code in ("K7F39QXM2H4PTR8W", "0000000000000000", "ZZZZZZZZZZZZZZZZ", "0123456789ABCDEF"):
        oracle = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0, mask_pattern=3)
        oracle.add_data(url(code), optimize=0)
        oracle.make()
        drawn = [[False] * signs.width for _ in range(signs.width)]
        for x, y, length in signs.of(code):
            drawn[y][x : x + length] = [True] * length
        assert drawn == oracle.modules, code


def test_one_post_answers_with_all_letters_and_keeps_no_code(cast: Cast) -> None:
    set_up(cast, eligibility="code", takes_paper=True, min_age=16)
    piet = browser(cast["Piet"])
    answer = piet.post(address("desk_codes"), {"n": "3", "languages": ["nl", "fr", "de"]})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    archive = ZipFile(io.BytesIO(b"".join(answer)))
    assert sorted(archive.namelist()) == ["codes.csv", "letters.pdf"]
    rows = list(csv.DictReader(io.StringIO(archive.read("codes.csv").decode())))
    assert len({row["code"] for row in rows}) == 3
    pages = PdfReader(io.BytesIO(archive.read("letters.pdf"))).pages
    assert [tuple(map(round, page.mediabox[2:])) for page in pages] == [(595, 842)] * 3
    for row, letter in zip(rows, pages, strict=True):
        assert row["url"] == "http://testserver/projects/laden/code/"
        assert row["qr_url"] == f"{row['url']}?code={row['code']}"
        assert row["locator"] == row["code"][:4]
        text = letter.extract_text()
        assert row["code"] in text
        for words in ("Toonstad", "Waar wil jij laden?", "Waar wil jij laden? (fr)", "testserver/projects/laden/code/"):
            assert words in text, words
    with connection.cursor() as cursor:
        cursor.execute("SELECT locator, encode(salt || digest, 'escape') FROM participation_votingcode")
        kept = str(cursor.fetchall())
    assert not [row for row in rows if as_typed(row["code"])[4:] in kept]
    assert Record.objects.get().act == "codes.made"
    batch = CodeBatch.objects.get()
    browser().post(address("code"), {"code": rows[0]["code"]})
    page = said(piet.get(address("desk_codes")))
    assert re.search(r">3</td>.*>1</td>.*>2</td>", page)
    page = said(piet.post(address("desk_codes_withdraw", batch=batch.pk), follow=True))
    assert "2 codes were withdrawn" in page
    assert "withdrawn on" in page


@pytest.mark.parametrize("asked", [{"n": "0"}, {"n": "20001"}, {"n": "x"}, {"n": "3", "languages": ["xx"]}])
def test_letters_that_cannot_be_made_are_not(cast: Cast, asked: dict[str, object]) -> None:
    set_up(cast, eligibility="code")
    answer = browser(cast["Piet"]).post(address("desk_codes"), {"languages": ["nl"]} | asked)
    assert answer.status_code == 422
    assert not CodeBatch.objects.exists()


def test_the_desk_shows_letters_and_paper_where_they_are(cast: Cast) -> None:
    piet, mo = browser(cast["Piet"]), browser(cast["Mo"])
    desk = address("desk_shortlist")
    assert "This vote needs no letters" in said(piet.get(address("desk_codes")))
    assert address("desk_codes") not in said(piet.get(desk))
    assert address("desk_paper") not in said(piet.get(desk))
    set_up(cast, eligibility="code", takes_paper=True)
    assert address("desk_codes") in said(piet.get(desk))
    assert address("desk_codes") not in said(mo.get(desk))
    assert address("desk_paper") in said(mo.get(desk))
    for name, client in (("desk_codes", mo), ("desk_paper", browser(cast["Gis"]))):
        assert client.post(address(name), {"n": "1"}).status_code == 404


# --- paper and the roll ----------------------------------------------------------------------------------------


def test_a_clerk_types_numbers_checks_and_casts(cast: Cast) -> None:
    set_up(cast, takes_paper=True)
    mo = browser(cast["Mo"])
    an = browser(cast["An"])
    cast_now(an, [7])
    typed = {"email": "An@example.org", "numbers": "2, 5"}
    page = said(mo.post(address("desk_paper"), typed))
    assert "Is this what the paper says?" in page
    assert "Plek 2" in page
    assert 'id="check"' in page
    (nonce,) = NONCE.findall(page)
    assert not BallotCast.objects.filter(channel="paper").exists(), "a check casts nothing"
    for _ in range(2):  # pressed twice
        answer = mo.post(address("desk_paper"), typed | {"act": "cast", "nonce": nonce}, follow=True)
    assert "It replaces the one this person cast before" in said(answer)
    assert "Plek 7" not in said(answer).split("On the ballot")[0], "what it was stays between An and the box"
    paper = BallotCast.objects.get(channel="paper")
    assert (paper.clerk, paper.ballot.person) == (cast["Mo"], cast["An"])
    assert choices_cast(cast.vote, cast["An"]) == picks([2, 5])
    assert Record.objects.filter(act="ballot.on_paper").count() == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"numbers": "1"}, "paper.who_missing"),
        ({"numbers": "1", "email": "a@example.org", "name": "An"}, "paper.who_missing"),
        ({"numbers": "een", "email": "a@example.org"}, "paper.unreadable"),
        ({"numbers": "1 99", "email": "a@example.org"}, "vote.option_gone"),
        ({"numbers": "1 2 3 4", "email": "a@example.org"}, "vote.too_many"),
        ({"numbers": "1 1", "email": "a@example.org"}, "vote.twice"),
        ({"numbers": "1", "email": "a"}, "roll.bad_mail"),
        ({"numbers": "1", "name": "An Peeters"}, "roll.bad_date"),
        ({"numbers": "1", "act": "cast", "email": "a@example.org", "nonce": "x"}, "vote.bad_nonce"),
    ],
)
def test_paper_that_cannot_be_read_is_refused_with_what_was_typed(cast: Cast, typed: dict[str, str], code: str) -> None:
    set_up(cast, takes_paper=True)
    answer = browser(cast["Mo"]).post(address("desk_paper"), typed)
    assert answer.status_code in {409, 422}
    page = said(answer)
    assert f'data-code="{code}"' in page
    assert f'value="{typed["numbers"]}"' in page
    assert not Ballot.objects.exists()


def test_numbers_are_read_in_the_way_of_the_vote() -> None:
    assert read_numbers(" 12 4;7\n", Method.RANKING) == [Choice(12), Choice(4), Choice(7)]
    assert read_numbers("12:3, 4=2", Method.POINTS) == [Choice(12, 3), Choice(4, 2)]
    for text, method in (
        ("12:3", Method.CHOICES),
        ("12", Method.POINTS),
        ("-1", Method.BUDGET),
        ("１", Method.CHOICES),
    ):
        with pytest.raises(Refused) as refused:
            read_numbers(text, method)
        assert refused.value.code is Code.PAPER_UNREADABLE


def test_the_roll_is_kept_at_the_desk(cast: Cast) -> None:
    piet = browser(cast["Piet"])
    form = {"email": "An@example.org", "name": "An Peeters", "born_on": "17/5/1980"}
    assert "The name was not kept" in said(piet.post(reverse("desk_people"), form, follow=True))
    page = said(piet.get(reverse("desk_people")))
    assert "at the desk: 1" in page
    assert "Peeters" not in page
    answer = piet.post(reverse("desk_people"), form | {"email": "vera@example.org"})
    assert (answer.status_code, 'data-code="roll.known"' in said(answer)) == (409, True)
    assert piet.post(reverse("desk_people"), form | {"born_on": "ooit"}).status_code == 422
    piet.post(reverse("desk_people_unverify"), {"email": "an@example.org"})
    assert not Membership.objects.filter(verified_at__isnull=False).exists()
    answer = piet.post(reverse("desk_people_unverify"), {"email": "an@example.org"})
    assert 'data-code="roll.not_verified"' in said(answer)
    page = said(piet.get(reverse("desk")))
    assert "a resident was verified" in page
    assert Phase.objects.count() == 1
