"""Writes down which data that not everybody has left the house, and with whom.

A line stands before the data leave: where none can be written (a database that only reads), nothing is handed out.
"""

from datetime import datetime

from django.core.cache import cache
from django.utils.timezone import localtime

from participation.models import Organisation, Person, Project, Record, Token
from participation.services.records import record_act

TAKEN = "data.taken"
# As long a process remembers that a line stands; the line itself is looked up when it does not.
_REMEMBERED_SECONDS = 3600


def note_taken(
    *, organisation: Organisation, by: Person, what: str, project: Project | None = None, **detail: object
) -> None:
    """Write down that somebody took a file along: one line each time. ``what`` is a layer, or a word of web/acts.py."""
    record_act(organisation=organisation, project=project, by=by, act=TAKEN, subject=what, detail=detail)


def note_read_live(
    *,
    organisation: Organisation,
    by: Person,
    token: Token | None,
    what: str,
    project: Project | None = None,
    now: datetime,
) -> None:
    """Write down that a program reads something: one line a day for each token (a session where there is none).

    A layer in QGIS is read in pages and tiles, anew at each move of the map; a line each would bury all others.

    Cost     nothing but a look into memory, once the line of the day is known to this process; else one query by the
             index of the latest acts. Two processes that begin at the same moment may write two lines.
    """
    program = f"{token.name} ({token.pk})" if token else ""
    midnight = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    where = project.pk if project else 0
    key = f"taken.{organisation.pk}.{where}.{by.pk}.{token.pk if token else 0}.{what}.{midnight:%Y-%m-%d}"
    if cache.get(key):
        return
    lines = Record.objects.filter(organisation=organisation, project=project, person=by, act=TAKEN, subject=what)
    if not lines.filter(at__gte=midnight, detail__live=True, detail__token=program).exists():
        record_act(
            organisation=organisation,
            project=project,
            by=by,
            act=TAKEN,
            subject=what,
            detail={"live": True, "token": program},
        )
    cache.set(key, True, _REMEMBERED_SECONDS)
