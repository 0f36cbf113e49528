"""Several workers remind at the same moment: each person gets one mail."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from participation.models import Draft, Person
from participation.services import reminders
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.hammer import hammer
from tests.journeys.stage import post_office

pytestmark = pytest.mark.django_db(transaction=True)

N_WORKERS = 4


def begun_by(cast: Cast, n: int) -> None:
    """Let so many people have begun a ballot two days ago, each in two browsers."""
    people = Person.objects.bulk_create([Person(email=f"began-{uuid4()}@example.org") for _ in range(n)])
    Draft.objects.bulk_create(
        Draft(project=cast.project, person=one, kind=Draft.Kind.BALLOT, content={"choices": [[1, 1]]})
        for one in people
        for _browser in range(2)
    )
    Draft.objects.update(updated_at=datetime.now(UTC) - timedelta(days=2))


def too_many(n_rounds: int) -> tuple[int, int]:
    """Let the workers remind at once: (mails sent, mails beyond one a person)."""
    with post_office() as office:
        for answers in hammer(n_rounds, lambda _round, _worker: reminders.remind_all(), n_threads=N_WORKERS):
            assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    mails = Counter(str(mail["To"]) for mail in office.mails)
    return len(office.mails), sum(n - 1 for n in mails.values())


@contextmanager
def unlocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same code without the lock on the person's row."""
    with monkeypatch.context() as patch:
        plain = Person.objects.get_queryset
        patch.setattr(Person.objects, "select_for_update", lambda **_how: plain())
        yield


def test_each_person_is_reminded_once_however_many_workers_do_it(
    cast: Cast, tell: Tell, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    n = 200 if long else 20
    begun_by(cast, n)
    sent, twice = too_many(2)
    Draft.objects.all().delete()
    begun_by(cast, n)
    with unlocked(monkeypatch):
        _sent, control = too_many(1)
    tell("reminders", attempts=n * N_WORKERS, violations=twice, control_violations=control)
    assert (sent, twice) == (n, 0)
    assert control, "without the lock nobody got two mails: this drill shows nothing"
