"""Who may do what, per project and phase: the services hold it, the pages say it, and what came without an account
can be claimed once."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from participation.models import Claim, Draft, Membership, Phase, Project, Proposal, Support
from participation.queries.voting import database_now
from participation.rules.access import CHOOSABLE, LEVELS, Level
from participation.rules.phases import Act
from tests.cast import Cast

PROJECT = "/projects/laden/"
SUGGEST = "/projects/laden/suggest/"


def write(client: Client) -> None:
    """Fill in a proposal up to its last step."""
    client.post(SUGGEST, {"where": "50.85, 2.65", "next": "1"})
    client.post(f"{SUGGEST}what/", {"title": "Achter de kerk", "body": "Veel plaats."})


def set_access(cast: Cast, **levels: str) -> None:
    """Say who may do what in the project."""
    Project.objects.filter(pk=cast.project.pk).update(access=levels)


def verify(cast: Cast, name: str) -> None:
    """Let the town know somebody."""
    Membership.objects.filter(organisation=cast.town, person=cast[name]).update(
        verified_at=database_now(), verified_by="staff"
    )


def in_english(client: Client, path: str) -> str:
    """A page in English, one blank between words."""
    return " ".join(client.get(path, headers={"accept-language": "en"}).content.decode().split())


@pytest.mark.parametrize("level", ["anyone", "mail"])
def test_without_an_account_only_where_the_project_takes_it(cast: Cast, client: Client, level: str) -> None:
    set_access(cast, propose=level)
    Project.objects.filter(pk=cast.project.pk).update(moderated_first=False)
    write(client)
    sent = client.post(f"{SUGGEST}check/", {"without": "1"})
    if level == "mail":
        assert sent.status_code in {401, 422}
        assert b"person.sign_in_first" in sent.content
        assert not Proposal.objects.filter(title="Achter de kerk").exists()
        assert Draft.objects.count() == 1
        return
    proposal = Proposal.objects.get(title="Achter de kerk")
    assert (proposal.state, proposal.author) == (Proposal.State.SUBMITTED, None)
    assert Draft.objects.count() == 0
    assert client.post(f"{SUGGEST}check/", {"without": "1"}).status_code == 302
    assert Proposal.objects.filter(title="Achter de kerk").count() == 1


def test_one_network_sends_only_so_much_without_an_account(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    set_access(cast, propose="anyone")
    monkeypatch.setattr("participation.services.pace.WITHOUT_ACCOUNT_AN_HOUR", 1)
    browsers = [Client(), Client(), Client(REMOTE_ADDR="192.0.2.7")]
    for browser in browsers:
        write(browser)
    first, second, elsewhere = [browser.post(f"{SUGGEST}check/", {"without": "1"}).content for browser in browsers]
    assert b"/claims/" in first
    assert b"/claims/" in elsewhere
    assert b"act.too_often_here" in second
    assert Proposal.objects.filter(title="Achter de kerk").count() == 2
    # What was written is kept: signed in, it goes on at once.
    browsers[1].force_login(cast["An"])
    assert browsers[1].post(f"{SUGGEST}check/").status_code == 302
    assert Proposal.objects.filter(title="Achter de kerk").count() == 3


def test_the_link_is_shown_once_kept_as_a_hash_and_good_once(cast: Cast, client: Client) -> None:
    set_access(cast, propose="anyone")
    write(client)
    sent = client.post(f"{SUGGEST}check/", {"without": "1"})
    assert "no-store" in sent.headers["Cache-Control"]
    found = re.search(r"http://testserver(/claims/([\w-]+)/)", sent.content.decode())
    assert found
    link, token = found.groups()
    assert token.encode() not in bytes(Claim.objects.get().digest)
    assert token not in str(Claim.objects.values().get())
    assert "Achter de kerk" in client.get(link).content.decode()
    assert "/account/login/code/" in client.post(link)["Location"]
    vera, an = Client(), Client()
    vera.force_login(cast["Vera"])
    an.force_login(cast["An"])
    proposal = Proposal.objects.get(title="Achter de kerk")
    assert vera.get(f"{PROJECT}proposals/{proposal.number}/").status_code == 404
    assert vera.post(link).status_code == 302
    assert vera.get(f"{PROJECT}proposals/{proposal.number}/").status_code == 200
    again = an.post(link)
    assert (again.status_code, b"claim.used" in again.content) == (409, True)
    proposal.refresh_from_db()
    assert proposal.author == cast["Vera"]


def test_a_used_link_cannot_be_made_unused(cast: Cast) -> None:
    claim = Claim.objects.create(
        proposal=cast.options[0], digest=b"x" * 32, made_at=database_now(), used_at=database_now()
    )
    with pytest.raises(IntegrityError, match="good once"), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(used_at=None)


def test_another_towns_link_is_unknown_here(cast: Cast, client: Client) -> None:
    assert client.get("/claims/nothing/").status_code == 404
    set_access(cast, propose="anyone")
    write(client)
    sent = client.post(f"{SUGGEST}check/", {"without": "1"}).content.decode()
    link = re.search(r"/claims/[\w-]+/", sent)
    assert link
    assert Client(headers={"host": "elders.localhost"}).get(link[0]).status_code == 404


def test_verified_residents_alone_where_the_project_says_so(cast: Cast) -> None:
    set_access(cast, propose="verified", support="verified")
    an = Client()
    an.force_login(cast["An"])
    assert "access.not_verified" in an.get(SUGGEST).content.decode()
    write(an)
    assert "access.not_verified" in an.post(f"{SUGGEST}check/").content.decode()
    assert an.post(f"{PROJECT}proposals/1/support/").status_code == 403
    assert Support.objects.count() == 0
    verify(cast, "An")
    assert "access.not_verified" not in an.get(SUGGEST).content.decode()
    assert an.post(f"{SUGGEST}check/").status_code == 302
    assert an.post(f"{PROJECT}proposals/1/support/").status_code == 302
    assert Support.objects.count() == 1


def test_the_phase_that_runs_says_more_than_the_project(cast: Cast) -> None:
    set_access(cast, propose="anyone")
    Phase.objects.filter(pk=cast.vote.pk).update(access={"propose": "verified"})
    assert "Only residents whom the town verified can propose here" in in_english(Client(), SUGGEST)
    Phase.objects.filter(pk=cast.vote.pk).update(access={})
    assert "You need no account to propose" in in_english(Client(), SUGGEST)


def test_the_rules_say_who_may_do_what(cast: Cast) -> None:
    set_access(cast, propose="anyone", support="verified")
    said = in_english(Client(), f"{PROJECT}rules/")
    assert "Propose: everyone, also without an account" in said
    assert "Support proposals: residents whom the town verified" in said


@pytest.mark.parametrize("act", [*Act, "fly"])
@pytest.mark.parametrize("level", [*Level, "nobody"])
def test_the_database_takes_the_levels_of_the_rules_and_no_other(cast: Cast, act: str, level: str) -> None:
    good = act in CHOOSABLE and level in LEVELS[Act(act)]
    for rows in (Project.objects.filter(pk=cast.project.pk), Phase.objects.filter(pk=cast.vote.pk)):
        if good:
            assert rows.update(access={str(act): str(level)}) == 1
        else:
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(access={str(act): str(level)})


def test_the_page_says_what_may_be_done_now_and_what_comes_next(cast: Cast, client: Client) -> None:
    Phase.objects.create(
        project=cast.project, position=2, kind="decide", name={"en": "Decide"}, opens_at="2999-03-04T08:00Z"
    )
    said = in_english(client, PROJECT)
    assert "Now you can propose, support proposals and vote." in said
    assert "Next: “Decide”, opens March 4, 2999" in said
