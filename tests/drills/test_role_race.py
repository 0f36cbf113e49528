"""Roles that change at the same moment: an old invitation takes nothing from a manager, and one of two gives a role."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from participation.models import Invitation, Membership, Person
from participation.queries.voting import database_now
from participation.rules.links import INVITATION_LASTS, digest_of, new_token
from participation.rules.refusals import Code, Refused
from participation.rules.roles import Role
from participation.selectors.staff import works_there
from participation.services import staff
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.hammer import hammer

pytestmark = pytest.mark.django_db(transaction=True)
# As long somebody looks whether there is a role before it is given: whoever waits for no lock comes between.
LOOKS_SECONDS = 0.02
CONTROL_ROUNDS = 10


def invited(cast: Cast, person: Person, role: Role) -> str:
    """An invitation that waits, past the rule that one is good at a time; gives back the secret of its link."""
    token, now = new_token(), database_now()
    Invitation.objects.create(
        organisation=cast.town, email=str(person.email), role=role, digest=digest_of(token), invited_by=cast["Marc"],
        invited_at=now, expires_at=now + INVITATION_LASTS,
    )  # fmt: skip
    return token


def newcomers(n: int) -> list[Person]:
    """People without a role."""
    return [Person.objects.create_user(f"{uuid4()}@example.org") for _ in range(n)]


def accept(cast: Cast, token: str, person: Person) -> Role:
    """Take on the role of an invitation."""
    return staff.accept_invitation(organisation=cast.town, token=token, person=person, now=database_now())


def demoted(cast: Cast, n: int) -> int:
    """How many managers lost their role to an invitation that they accept while somebody appoints them?"""
    people = newcomers(n)
    tokens = [invited(cast, person, Role.MODERATOR) for person in people]

    def act(at: int, thread: int) -> object:
        if thread:
            return staff.appoint_manager(organisation=cast.town.slug, email=str(people[at].email))
        return accept(cast, tokens[at], people[at])

    for accepted, appointed in hammer(n, act, n_threads=2):
        assert not isinstance(appointed, Exception), appointed
        assert not isinstance(accepted, Exception) or isinstance(accepted, Refused), accepted
        assert not isinstance(accepted, Refused) or accepted.code is Code.INVITATION_STAFF_ALREADY
    return Membership.objects.filter(person__in=people).exclude(role=Role.MANAGER).count()


def given_twice(cast: Cast, n: int) -> int:
    """How often did two invitations that are accepted at once both give their role?"""
    people = newcomers(n)
    tokens = [[invited(cast, person, role) for role in (Role.MODERATOR, Role.PLANNER)] for person in people]
    n_twice = 0
    for one_round in hammer(n, lambda at, thread: accept(cast, tokens[at][thread], people[at]), n_threads=2):
        roles = [answer for answer in one_round if isinstance(answer, Role)]
        others = [answer.code for answer in one_round if isinstance(answer, Refused)]
        assert roles, one_round
        assert set(others) <= {Code.INVITATION_STAFF_ALREADY}
        n_twice += len(roles) - 1
    return n_twice


def test_roles_that_change_at_once(
    cast: Cast, tell: Tell, rounds: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*about: Any) -> bool:
        found = works_there(*about)
        time.sleep(LOOKS_SECONDS)
        return found

    monkeypatch.setattr(staff, "works_there", slowly)
    n = rounds(10, 200)
    held = demoted(cast, n) + given_twice(cast, n)
    monkeypatch.setattr(staff, "_lock_roles", lambda _organisation: None)
    controls = [0, 0]
    with suppress(AssertionError):  # without the lock two may also make the same row
        controls[0] = demoted(cast, CONTROL_ROUNDS)
    with suppress(AssertionError):
        controls[1] = given_twice(cast, CONTROL_ROUNDS)
    tell("roles", attempts=2 * n, violations=held, control_violations=sum(controls))
    assert held == 0
    assert all(controls), f"without the lock nobody came between: {controls}"
