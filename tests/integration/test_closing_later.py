"""A later closing time: asked by one officer with a reason, agreed to by another, and public from then on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from participation.models import Extension, Phase, Record
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.services.closing import agree_extension, ask_extension
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks
from tests.contracts.test_pages import client_of, staged
from tests.past import end, triggers_off

__all__ = ["staged"]

DAY = timedelta(days=1)


def later(cast: Cast, by: timedelta = DAY) -> datetime:
    """A closing time so much later than the present one."""
    cast.vote.refresh_from_db()
    return (cast.vote.closes_at or database_now() + DAY) + by


def ask(cast: Cast, closes_at: datetime, *, by: str = "Piet", reason: str = "Storing") -> Extension:
    return ask_extension(project=cast.project, closes_at=closes_at, reason=reason, by=cast[by])


def agree(cast: Cast, asked: Extension, *, by: str = "Marc") -> Extension:
    return agree_extension(project=cast.project, key=asked.pk, by=cast[by])


def vote_of(cast: Cast) -> Phase:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    return cast.vote


def without_end(cast: Cast) -> None:
    Phase.objects.filter(pk=cast.vote.pk).update(closes_at=None)
    cast.vote.refresh_from_db()


def test_two_officers_move_the_closing_time_and_everybody_can_read_it(cast: Cast) -> None:
    vote, moment = vote_of(cast), later(cast)
    asked = ask(cast, moment)
    vote.refresh_from_db()
    assert vote.closes_at != moment, "asking changes nothing"
    agree(cast, asked)
    vote.refresh_from_db()
    assert vote.closes_at == moment
    record = Record.objects.get(act="phase.extended")
    assert (record.project, record.person) == (cast.project, cast["Marc"])
    assert record.detail == {"closes_at": moment.isoformat(), "reason": "Storing"}


def test_a_vote_without_an_end_gets_one_a_day_ahead(cast: Cast) -> None:
    without_end(cast)
    vote_of(cast)
    with pytest.raises(Refused) as refused:
        ask(cast, database_now() + DAY - timedelta(minutes=1))
    assert refused.value.code is Code.EXTENSION_TOO_SOON
    moment = database_now() + DAY + timedelta(hours=1)
    agree(cast, ask(cast, moment))
    cast.vote.refresh_from_db()
    assert cast.vote.closes_at == moment


def test_an_end_that_came_too_near_while_it_waited_is_refused(cast: Cast) -> None:
    without_end(cast)
    vote_of(cast)
    asked = ask(cast, database_now() + DAY + timedelta(hours=1))
    with triggers_off():
        Extension.objects.filter(pk=asked.pk).update(closes_at=database_now() + timedelta(hours=23))
    with pytest.raises(Refused) as refused:
        agree(cast, asked)
    assert refused.value.code is Code.EXTENSION_TOO_SOON


REFUSED_ASKING: dict[str, tuple[Callable[[Cast], object], Code]] = {
    "no reason": (lambda cast: ask(cast, later(cast), reason=" \n"), Code.EXTENSION_REASON_MISSING),
    "the same time": (lambda cast: ask(cast, later(cast, timedelta())), Code.EXTENSION_NOT_LATER),
    "sooner": (lambda cast: ask(cast, later(cast, -timedelta(hours=1))), Code.EXTENSION_NOT_LATER),
    "past": (lambda cast: ask(cast, database_now()), Code.EXTENSION_NOT_LATER),
    "no officer": (lambda cast: ask(cast, later(cast), by="Mo"), Code.NOT_STAFF),
    "a resident": (lambda cast: ask(cast, later(cast), by="An"), Code.NOT_STAFF),
    "agreed by who asked": (lambda cast: agree(cast, ask(cast, later(cast)), by="Piet"), Code.EXTENSION_SAME_OFFICER),
    "agreed by no officer": (lambda cast: agree(cast, ask(cast, later(cast)), by="Mo"), Code.NOT_STAFF),
    "agreed twice": (
        lambda cast: agree(cast, agree(cast, ask(cast, later(cast)))),
        Code.EXTENSION_NOT_WAITING,
    ),
    "of nothing": (
        lambda cast: agree_extension(project=cast.project, key=10**9, by=cast["Marc"]),
        Code.EXTENSION_NOT_WAITING,
    ),
}


@pytest.mark.parametrize("name", REFUSED_ASKING)
def test_what_is_refused_changes_nothing(cast: Cast, name: str) -> None:
    vote_of(cast)
    act, code = REFUSED_ASKING[name]
    before = cast.vote.closes_at
    with pytest.raises(Refused) as refused:
        act(cast)
    assert refused.value.code is code
    cast.vote.refresh_from_db()
    if name != "agreed twice":
        assert cast.vote.closes_at == before
        assert not Record.objects.filter(act="phase.extended").exists()


def test_a_vote_that_is_over_is_not_reopened(cast: Cast) -> None:
    vote = vote_of(cast)
    asked = ask(cast, later(cast))
    end(vote)
    acts: list[Callable[[], object]] = [lambda: ask(cast, database_now() + DAY), lambda: agree(cast, asked)]
    for counted in (False, True):
        if counted:
            assert close_phase(vote)
        for act in acts:
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.code is Code.VOTE_CLOSED


def test_an_older_wish_does_not_move_a_newer_end_back(cast: Cast) -> None:
    vote_of(cast)
    first, second = ask(cast, later(cast)), ask(cast, later(cast, 2 * DAY))
    agree(cast, second)
    with pytest.raises(Refused) as refused:
        agree(cast, first)
    assert refused.value.code is Code.EXTENSION_NOT_LATER


def test_another_towns_officer_agrees_to_nothing(cast: Cast) -> None:
    vote_of(cast)
    asked = ask(cast, later(cast))
    with pytest.raises(Refused) as refused:
        agree_extension(project=cast.project, key=asked.pk, by=cast.stranger)
    assert refused.value.code is Code.NOT_STAFF


@pytest.mark.parametrize("closes_at", ["none", "sooner", "later", "later, agreed long ago"])
def test_the_database_moves_no_closing_time_by_itself(cast: Cast, closes_at: str) -> None:
    vote = vote_of(cast)
    if closes_at == "later, agreed long ago":
        with triggers_off():
            Extension.objects.create(
                phase=vote, closes_at=later(cast), reason="x", asked_by=cast["Piet"], asked_at=database_now() - DAY,
                agreed_by=cast["Marc"], agreed_at=database_now() - DAY,
            )  # fmt: skip
    moment = {"none": None, "sooner": later(cast, -timedelta(hours=1))}.get(closes_at, later(cast))
    with pytest.raises(IntegrityError, match="two officers"), transaction.atomic():
        Phase.objects.filter(pk=vote.pk).update(closes_at=moment)


def test_before_the_first_ballot_the_times_are_free(cast: Cast) -> None:
    for closes_at in (later(cast), later(cast, -timedelta(hours=3)), None):
        assert Phase.objects.filter(pk=cast.vote.pk).update(closes_at=closes_at) == 1


# --- the page --------------------------------------------------------------------------------------------------------


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_desk_shows_the_rules_and_moves_the_end(staged: Cast) -> None:
    cast, slug = staged, staged.project.slug
    piet, marc, mo = (client_of(cast, role) for role in ("planner", "manager", "moderator"))
    for client in (piet, marc, mo):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = reverse("desk_vote", args=(slug,))
    assert "freeze with the first ballot" in text_of(piet.get(page))
    vote_of(cast)
    assert "can no longer change" in text_of(piet.get(page))
    typed = localtime(later(cast)).strftime("%Y-%m-%dT%H:%M")
    assert (
        piet.post(reverse("desk_vote_ask", args=(slug,)), {"closes_at": typed, "reason": "Storing"}).status_code == 302
    )
    asked = Extension.objects.get()
    agree_at = reverse("desk_vote_agree", args=(slug, asked.pk))
    assert "A second officer must agree" in text_of(piet.get(page))
    assert agree_at not in text_of(piet.get(page))
    assert agree_at not in text_of(mo.get(page))
    assert mo.post(agree_at).status_code == 404
    own = piet.post(agree_at)
    assert (own.status_code, b'data-code="extension.same_officer"' in own.content) == (403, True)
    assert agree_at in text_of(marc.get(page))
    assert marc.post(agree_at).status_code == 302
    cast.vote.refresh_from_db()
    assert cast.vote.closes_at == asked.closes_at
    assert "Storing" in text_of(piet.get(page))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"closes_at": "morgen", "reason": "x"}, "extension.time_bad"),
        ({"closes_at": "2026-13-45T99:99", "reason": "x"}, "extension.time_bad"),
        ({"closes_at": "0001-01-01T00:00", "reason": "x"}, "extension.time_bad"),
        ({"closes_at": "2020-01-01T00:00", "reason": "x"}, "extension.not_later"),
        ({"closes_at": "2999-01-01T00:00", "reason": ""}, "extension.reason_missing"),
        ({}, "extension.time_bad"),
    ],
)
def test_a_form_that_asks_wrongly_keeps_what_was_typed(staged: Cast, given: dict[str, str], code: str) -> None:
    answer = client_of(staged, "planner").post(reverse("desk_vote_ask", args=(staged.project.slug,)), given)
    assert answer.status_code == 422
    assert f'data-code="{code}"' in text_of(answer)
    assert given.get("closes_at", "") in text_of(answer)
    assert not Extension.objects.exists()


def test_a_project_without_a_vote_says_so(staged: Cast) -> None:
    Phase.objects.filter(pk=staged.vote.pk).update(kind="propose")
    piet = client_of(staged, "planner")
    answer = piet.get(reverse("desk_vote", args=(staged.project.slug,)), headers={"accept-language": "en"})
    assert "No vote yet" in text_of(answer)
    asked = piet.post(
        reverse("desk_vote_ask", args=(staged.project.slug,)), {"closes_at": "2999-01-01T00:00", "reason": "x"}
    )
    assert b'data-code="vote.not_open"' in asked.content


def test_a_resident_finds_no_such_page(staged: Cast) -> None:
    assert client_of(staged, "resident").get(reverse("desk_vote", args=(staged.project.slug,))).status_code == 404
    assert Client().get(reverse("desk_vote", args=(staged.project.slug,))).status_code == 302
