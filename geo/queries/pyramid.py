"""Asks the database to merge what changed into the counted cells, or to count them anew."""

from django.db import connection
from psycopg import sql

from geo.catalog import Compiled
from geo.queries import text

# As in geo_merge: whoever holds it has the cells of a layer to itself.
LOCK = "SELECT pg_advisory_xact_lock(1265198455, (%s %% 2147483647)::integer)"
# Sums of a million pins, in memory and not on disk; its own compiler would take longer than it saves.
ROOM = "SELECT set_config('work_mem', '256MB', true), set_config('jit', 'off', true)"


def waiting() -> list[int]:
    """The layers whose log of changes is not empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT layer FROM geo_delta ORDER BY layer")
        return [layer for (layer,) in cursor.fetchall()]


def total(layer: int, *, slot: int | None = None) -> int:
    """How many pins a layer has, or one slot of it: what its topmost cells counted, and what changed since."""
    with connection.cursor() as cursor:
        cursor.execute(text("total"), {"layer": layer, "slot": slot})
        n: int = cursor.fetchone()[0]
    return n


def merge(layer: int) -> int | None:
    """Pour the log of a layer into its cells: how many changes that were; None when somebody else is at it.

    Locks    the layer's merge to the end of the transaction; nobody waits for it.
    Cost     65 microseconds a change, less when they are many.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT geo_merge(%s)", [layer])
        n: int | None = cursor.fetchone()[0]
    return n


def rebuild(layer: int, rows: Compiled) -> int:
    """Count these rows (FeatureSource.sums) in place of all that was counted: how many; in a transaction.

    Locks    the layer's merge: waits for whoever is at it; who writes rows does not wait.
    """
    question = sql.SQL(text("rebuild")).format(
        layer=sql.Literal(layer),
        rows=sql.SQL(rows.text),
        levels=sql.SQL(text("levels")),
    )
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [layer])
        cursor.execute(ROOM)
        cursor.execute("DELETE FROM geo_cell WHERE layer = %s", [layer])
        cursor.execute(question.as_string(connection.connection), rows.values)
        n: int = cursor.fetchone()[0]
    return n
