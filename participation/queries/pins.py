"""Counts the public pins of a project anew, for the tiles."""

from django.db import connection

from geo.queries.pyramid import merge
from participation.queries import sql

# As in geo_merge: whoever holds it has the cells of a layer to itself.
LOCK = "SELECT pg_advisory_xact_lock(1265198455, (%s %% 2147483647)::integer)"


def rebuild(project: int) -> None:
    """Write what is there into the log, in place of all that was counted, and merge it; in a transaction.

    Locks    the layer's merge: waits for whoever is at it.
    Cost     about 5 s for a million.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [project])
        cursor.execute(sql("rebuild_tiles"), {"project": project})
    merge(project)
