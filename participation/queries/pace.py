"""Counts requests and tries on the connection of the request, so that of many at once each is counted."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

COUNT = """
INSERT INTO participation_pace AS p (source, began_at, n)
VALUES (%(source)s, date_trunc('minute', clock_timestamp()), %(weight)s)
ON CONFLICT (source) DO UPDATE
   SET n = CASE WHEN p.began_at = EXCLUDED.began_at THEN p.n + EXCLUDED.n ELSE EXCLUDED.n END,
       began_at = EXCLUDED.began_at
RETURNING n, 60 - extract(second FROM clock_timestamp())::int
"""


class Counted(NamedTuple):
    """How many requests this minute holds, this one included, and in how many seconds the next one begins."""

    n: int
    seconds: int


def count(source: str, weight: int) -> Counted:
    """Count a request of this source, as ``weight`` requests."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"source": source, "weight": weight})
        n, seconds = cursor.fetchone()
    return Counted(n, max(1, seconds))


def take_turns(sources: Iterable[str]) -> None:
    """Wait until no other transaction holds one of these sources (hashes in hexadecimal), and hold them to the end.

    Order    by source, always the same: two that hold each other's next one do not come about.
    """
    with connection.cursor() as cursor:
        for source in sorted(sources):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [source])
