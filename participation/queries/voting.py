"""Runs the statements of casting and closing on the connection of the request."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
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
    """What participation_cast found and did; ``seq`` None when nothing was written.

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


LOCK_PHASE = "SELECT pg_advisory_xact_lock(%(space)s, %(phase)s)"
CAST = """
SELECT * FROM participation_cast(%(phase)s, %(person)s, %(numbers)s::int[], %(values)s::int[], %(nonce)s, %(channel)s,
  %(clerk)s, %(of_age)s, %(zone)s)
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

    Locks    as cast.sql says; one question to the database, which commits by itself outside a transaction.
    """
    params: dict[str, Any] = {
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
    connection.ensure_connection()
    # Within a transaction a ballot that the tables refuse must not take the rest with it.
    whole = transaction.atomic() if connection.in_atomic_block else nullcontext()
    # psycopg's own cursor, because Django's never prepares: planning a statement anew takes longer than doing it.
    # Where the connection may not prepare (prepare_threshold, config/settings.py), psycopg does not.
    with whole, connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        row = cursor.execute(CAST, params, prepare=True).fetchone()
    # Where there is no such vote, nothing is known of it.
    return CastAnswer(*row) if row and row[0] is not None else None


def lock_phase(phase_id: int) -> None:
    """Wait until no cast of this phase is under way and hold off new ones, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PHASE, {"space": LOCK_SPACE, "phase": phase_id})


def copy_votes(rows: Iterable[tuple[int, int, int, int, int]]) -> None:
    """Write many votes in one stream: (cast, cap, position, proposal, value); all triggers look at them as ever.

    Cost     a tenth of what as many INSERTs through Django take.
    """
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY participation_vote (cast_id, cap, position, proposal_id, value) FROM STDIN (FORMAT BINARY)"
        ) as copy,
    ):
        copy.set_types(("int8", "int2", "int2", "int8", "int4"))
        for row in rows:
            copy.write_row(row)


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
