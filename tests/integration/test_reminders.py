"""Reminders of a ballot begun and not cast: whom they reach, when, once, in their language, and the way out."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.test import Client
from django.urls import reverse

from participation.models import Draft, Person, Phase, Project
from participation.services.reminders import remind_all
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks
from tests.integration.test_ballot_pages import Reader
from tests.integration.test_sign_in import sign_in
from tests.journeys.stage import PostOffice, post_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A real mail server."""
    with post_office() as running:
        yield running


def begun(cast: Cast, name: str = "An", *, hours: float = 25, **content: object) -> Draft:
    """A ballot that this person began so many hours ago, and left."""
    draft = Draft.objects.create(
        project=cast.project,
        person=cast[name],
        kind=Draft.Kind.BALLOT,
        content=content or {"choices": [[3, 1], [1, 1]]},
    )
    Draft.objects.filter(pk=draft.pk).update(updated_at=datetime.now(UTC) - timedelta(hours=hours))
    return draft


def closing_in(cast: Cast, hours: float) -> None:
    """Let the vote close so many hours from now."""
    Phase.objects.filter(pk=cast.vote.pk).update(closes_at=datetime.now(UTC) + timedelta(hours=hours))


def counted(cast: Cast) -> bool:
    """Let the vote be over and count it."""
    closing_in(cast, -1)
    return close_phase(cast.vote)


def text_of(mail: EmailMessage) -> str:
    """The words of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_one_mail_says_why_what_now_and_the_way_out(cast: Cast, office: PostOffice) -> None:
    closing_in(cast, 24 * 9)
    begun(cast)
    begun(cast, hours=30)  # in another browser
    assert remind_all() == 1
    (mail,) = office.mails
    assert mail["To"] == "an@example.org"
    assert str(mail["Subject"]).strip() == "Je stem voor “Laadpunten” zit nog niet in de bus"
    words = text_of(mail)
    for said in ("telt nog niet", "Waarom krijg je deze mail?", "Toonstad beslist", "Je kunt stemmen tot"):
        assert said in words
    assert "eerder afgaf" not in words
    assert "http://testserver/projects/laden/ballot/check/\n" in words
    # Neither another round nor touching the draft again brings a second one.
    Draft.objects.all()[0].save()
    Draft.objects.update(updated_at=datetime.now(UTC) - timedelta(hours=26))
    assert remind_all() == 0
    assert len(office.mails) == 1


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "Bonjour"), ("de", "Guten Tag"), ("en", "Hello"), ("pl", "Hallo")]
)
def test_it_is_in_the_language_of_who_reads_it(cast: Cast, office: PostOffice, language: str, said: str) -> None:
    Person.objects.filter(pk=cast["An"].pk).update(language=language)
    begun(cast)
    remind_all()
    assert text_of(office.mails[0]).startswith(said)


def test_the_hour_decides(cast: Cast, office: PostOffice) -> None:
    closing_in(cast, 24 * 9)
    begun(cast, hours=23)
    assert remind_all() == 0
    closing_in(cast, 47)
    begun(cast, "Vera", hours=0)  # still at it
    assert remind_all() == 1
    assert office.mails[0]["To"] == "an@example.org"


SILENT: dict[str, Callable[[Cast], object]] = {
    "empty": lambda cast: Draft.objects.update(content={"choices": []}),
    "nobody's": lambda cast: Draft.objects.update(person=None),
    "a proposal": lambda cast: Draft.objects.update(kind=Draft.Kind.PROPOSAL),
    "reminded": lambda cast: Draft.objects.update(reminded_at=datetime.now(UTC)),
    "no reminders wanted": lambda cast: Person.objects.update(reminders=False),
    "account closed": lambda cast: Person.objects.update(is_active=False),
    "no mail address": lambda cast: Person.objects.update(email=None),
    "vote to come": lambda cast: Phase.objects.update(opens_at=datetime.now(UTC) + timedelta(hours=1)),
    "vote over": lambda cast: Phase.objects.update(closes_at=datetime.now(UTC) - timedelta(hours=1)),
    "vote counted": counted,
    "project taken back": lambda cast: Project.objects.update(state=Project.State.DRAFT),
    "cast since": lambda cast: cast_ballot(
        phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=begun(cast).pk
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nobody_hears_of_what_is_not_theirs_to_finish(cast: Cast, office: PostOffice, name: str) -> None:
    begun(cast)
    SILENT[name](cast)
    assert remind_all() == 0
    assert office.mails == []


def test_points_that_could_not_be_read_and_a_change_after_the_cast_are_reminded_of(
    cast: Cast, office: PostOffice
) -> None:
    closing_in(cast, 47)
    begun(cast, choices=[], written={"3": "many"})
    cast_ballot(phase=cast.vote, person=cast["Vera"], choices=picks([1]), nonce=begun(cast, "An", hours=30).pk)
    draft = begun(cast, "Vera")
    Draft.objects.filter(pk=draft.pk).update(updated_at=datetime.now(UTC) + timedelta(seconds=1))
    assert remind_all() == 1, "An; Vera still sits at hers"
    assert office.mails[0]["To"] == "an@example.org"


def test_the_link_leads_out_without_signing_in_and_in_again(cast: Cast, office: PostOffice) -> None:
    begun(cast)
    remind_all()
    found = re.search(r"^http://testserver(/reminders/\S+)$", text_of(office.mails[0]), re.MULTILINE)
    assert found
    assert str(office.mails[0]["List-Unsubscribe"]).strip() == f"<http://testserver{found[1]}>"
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    assert "Send me no more reminders" in client.get(found[1]).content.decode()
    assert Person.objects.get(pk=cast["An"].pk).reminders, "looking changes nothing"
    # As a mail program presses it (RFC 8058).
    assert client.post(found[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Person.objects.get(pk=cast["An"].pk).reminders
    assert "Remind me again" in client.get(found[1]).content.decode()
    client.post(found[1], {"wanted": "1"})
    assert Person.objects.get(pk=cast["An"].pk).reminders
    assert client.get(found[1][:-2] + "x/").status_code == 404


def test_what_was_begun_before_signing_in_is_theirs_and_is_offered_elsewhere(cast: Cast) -> None:
    somebody = Reader(cast)
    somebody.send("ballot", {"number": ["3", "1"]})
    draft = Draft.objects.get()
    assert draft.person is None
    sign_in(somebody.client, "vera@example.org")
    kept = Draft.objects.get()
    assert (kept.person, kept.updated_at) == (cast["Vera"], draft.updated_at)

    # The session is lost, or she sits elsewhere: nothing is filled in by itself, but it is offered.
    elsewhere = Reader(cast)
    elsewhere.client.force_login(cast["Vera"])
    for name in ("ballot", "ballot_check"):
        assert "You began a ballot in another browser" in elsewhere.go(name)
    elsewhere.send("take_up_draft", {"kind": "ballot"})
    assert elsewhere.path == reverse("ballot", args=("laden",))
    assert {n for n in range(1, 9) if elsewhere.field_of(n)} == {3, 1}
    assert "in another browser" not in elsewhere.page
    elsewhere.go("ballot_check")
    elsewhere.cast_now()
    assert not Draft.objects.exists()


def test_nobody_is_offered_what_another_began_or_what_was_cast_since(cast: Cast) -> None:
    begun(cast, "Vera")
    an = Reader(cast)
    an.client.force_login(cast["An"])
    assert "in another browser" not in an.go("ballot")
    an.send("take_up_draft", {"kind": "ballot"})
    assert all(an.field_of(n) == "" for n in range(1, 9))
    begun(cast, "An")
    assert "in another browser" in an.go("ballot")
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=Draft.objects.all()[0].pk)
    assert "in another browser" not in an.go("ballot")


def test_a_proposal_begun_elsewhere_is_offered_too(cast: Cast) -> None:
    Draft.objects.create(
        project=cast.project, person=cast["An"], kind=Draft.Kind.PROPOSAL, content={"where": "Watou", "title": "Bank"}
    )
    an = Reader(cast)
    an.client.force_login(cast["An"])
    assert "You began a proposal in another browser" in an.go("suggest")
    an.send("take_up_draft", {"kind": "proposal"})
    assert an.path == reverse("suggest", args=("laden",))
    assert 'value="Watou"' in an.page
