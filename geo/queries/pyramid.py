"""Asks the database to merge what changed into the counted cells."""

from django.db import connection


def waiting() -> list[int]:
    """The layers whose log of changes is not empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT layer FROM geo_delta ORDER BY layer")
        return [layer for (layer,) in cursor.fetchall()]


def merge(layer: int) -> int | None:
    """Pour the log of a layer into its cells: how many changes that were; None when somebody else is at it.

    Locks    the layer's merge to the end of the transaction; nobody waits for it.
    Cost     65 microseconds a change, less when they are many.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT geo_merge(%s)", [layer])
        n: int | None = cursor.fetchone()[0]
    return n
