"""How times and phases are said to people."""

from datetime import datetime

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext

from participation.models import Phase
from participation.rules.text import in_language
from participation.selectors.projects import Standing

_DAY_S = 86_400


def day(moment: datetime) -> str:
    """Say a day as the language writes it: "5 december", "5. Dezember"; the year where it is not this one."""
    there = localtime(moment)
    return date_format(there, "MONTH_DAY_FORMAT" if there.year == localtime().year else "DATE_FORMAT")


def time_left(until: datetime, now: datetime) -> str:
    """Say how long there is left: days, on the last day hours, in the last hour minutes."""
    seconds = max(int((until - now).total_seconds()), 0)
    if seconds >= _DAY_S:
        # "12 days left" all through the first of the twelve: nobody counts the started day as gone.
        days = -(-seconds // _DAY_S)
        return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}
    if seconds >= 3600:
        hours = seconds // 3600
        return ngettext("%(n)s hour left", "%(n)s hours left", hours) % {"n": hours}
    minutes = max(seconds // 60, 1)
    return ngettext("%(n)s minute left", "%(n)s minutes left", minutes) % {"n": minutes}


def when(phase: Phase, where: Standing) -> str:
    """Say when a phase is: what is left of the running one, the day of the others."""
    state = where.state_of(phase)
    if state == "now" and phase.closes_at:
        left, last_day = time_left(phase.closes_at, where.now), day(phase.closes_at)
        return gettext("%(left)s, until %(day)s") % {"left": left, "day": last_day}
    if state == "now":
        return gettext("now")
    if state == "next":
        return gettext("from %(day)s") % {"day": day(phase.opens_at)}
    return gettext("done")


def phase_line(where: Standing) -> list[dict[str, str]]:
    """The phases of a project as the phase line shows them."""
    language = get_language() or "nl"
    return [
        {"name": in_language(phase.name, language), "state": where.state_of(phase), "when": when(phase, where)}
        for phase in where.phases
    ]


def eyebrow(where: Standing) -> str:
    """Say in one line where a project stands, for its card."""
    phase = where.current
    if phase is None:
        later = where.next
        return gettext("starts %(day)s") % {"day": day(later.opens_at)} if later else gettext("finished")
    name = in_language(phase.name, get_language() or "nl")
    return f"{name}, {time_left(phase.closes_at, where.now)}" if phase.closes_at else name


def people(n: int) -> str:
    """Say a number of people who took part."""
    return ngettext("%(n)s person took part", "%(n)s people took part", n) % {"n": grouped(n)}


def grouped(n: int) -> str:
    """Write a whole number in the reader's way: 1.104 in Dutch."""
    return str(number_format(n, use_l10n=True, force_grouping=True))


def supporters(n: int) -> str:
    """Say how many people support something; nothing at all for nobody."""
    return ngettext("%(n)s supporter", "%(n)s supporters", n) % {"n": grouped(n)} if n else ""
