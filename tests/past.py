"""Sets the clock of a vote back, as only the superuser of the tests' database can: its triggers would refuse it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from participation.models import Phase
from participation.queries.voting import database_now


@contextmanager
def triggers_off() -> Iterator[None]:
    """Let this connection write past every trigger, foreign keys included."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = origin")


def end(vote: Phase, **ago: float) -> None:
    """Let a vote have ended so long ago, a second unless said otherwise."""
    with triggers_off():
        Phase.objects.filter(pk=vote.pk).update(closes_at=database_now() - timedelta(**(ago or {"seconds": 1})))
    vote.refresh_from_db()
