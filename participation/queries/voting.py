"""Runs the statements of casting and closing on the connection of the request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray
from psycopg import Cursor

from participation.queries import sql
from participation.rules.electorate import Channel
from participation.rules.voting import Choice


class CastAnswer(NamedTuple):
    """What the cast statement found and did; ``seq`` None when nothing was written.

    ``good`` and ``values`` are the choices that are on the ballot; of a nonce that was cast before, what was cast then.
    """

    is_open: bool
    has_opened: bool
    may_vote: bool
    cap: int
    floor: int
    good: list[int]
    values: list[int]
    seq: int | None
    recorded_at: datetime | None
    replayed: bool


LOCK_PHASE_SHARED = "SELECT pg_advisory_xact_lock_shared(%(space)s, %(phase)s)"
LOCK_PHASE = "SELECT pg_advisory_xact_lock(%(space)s, %(phase)s)"
# The upsert's only use is its row lock: two casts of one person queue here, so that the next statement,
# with a snapshot of its own, sees the sequence number of the one before. It sets what it finds, and that in the one
# column of a ballot which the server's role may write (participation/queries/web_role.py).
LOCK_BALLOT = """
INSERT INTO participation_ballot (phase_id, person_id, tag) VALUES (%(phase)s, %(person)s, gen_random_uuid())
ON CONFLICT (phase_id, person_id) DO UPDATE SET person_id = EXCLUDED.person_id
"""
# "Kies" in ASCII: our part of the advisory locks' number space; migration 0002 names the same number.
LOCK_SPACE = 0x4B696573


def cast(
    *,
    phase_id: int,
    person_id: int,
    choices: Sequence[Choice],
    nonce: UUID,
    channel: Channel = Channel.WEB,
    clerk_id: int | None = None,
    of_age: bool = False,
) -> CastAnswer | None:
    """Lock the phase (shared) and the ballot, then cast; None when there is no such vote.

    A cast on the web in a vote by letter is written with the channel of its code.

    Locks    pg_advisory_xact_lock_shared(phase) as a statement of its own: a single statement that waits
             for the closer would keep its old snapshot and could still accept (tests/drills/test_closing.py);
             then the ballot's row (tests/drills/test_ballot_race.py). Pipelined: one round trip.
    """
    params: dict[str, Any] = {
        "space": LOCK_SPACE,
        "phase": phase_id,
        "person": person_id,
        "numbers": [choice.number for choice in choices],
        "values": [choice.value for choice in choices],
        "nonce": nonce,
        "channel": channel.value,
        "clerk": clerk_id,
        "of_age": of_age,
        "zone": settings.TIME_ZONE,
    }
    with transaction.atomic():
        connection.ensure_connection()
        session = connection.connection
        # psycopg's own cursor, because Django's never prepares: planning the cast anew takes longer than doing it.
        # Where the connection may not prepare (prepare_threshold, config/settings.py), psycopg does not.
        with connection.wrap_database_errors, session.pipeline(), Cursor(session) as cursor:
            cursor.execute(LOCK_PHASE_SHARED, params, prepare=True)
            cursor.execute(LOCK_BALLOT, params, prepare=True)
            cursor.execute(sql("cast"), params, prepare=True)
            row = cursor.fetchone()
        answer = CastAnswer(*row) if row else None
        if answer is None or answer.seq is None:
            # A refused first cast must not leave an empty ballot behind.
            transaction.set_rollback(True)
    return answer


def lock_phase(phase_id: int) -> None:
    """Wait until no cast of this phase is under way and hold off new ones, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PHASE, {"space": LOCK_SPACE, "phase": phase_id})


def count_rows_anew() -> None:
    """Let PostgreSQL look at the tables of ballots inside a transaction that fills them.

    Without it every check of a written ballot is planned as if the tables were empty, and reads them whole.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE participation_ballot, participation_ballotcast, participation_vote, participation_proposal"
        )


def database_now() -> datetime:
    """Ask the database's clock, the one that opens and closes votes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def last_ballots(phase_id: int) -> NDArray[np.int64]:
    """Read the choices that count.

    Shape    (n, 4): ballot, proposal number, points, rank; one row a choice.
    Order    by ballot, then rank.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql("last_ballots"), {"phase": phase_id})
        return np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 4)
