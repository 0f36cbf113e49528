"""Bounds how often programs and people without an account may ask, and forgets what is not needed any more."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from participation.models import Pace, Repeat
from participation.queries import pace as queries
from participation.rules.limits import HOUR, WITHOUT_ACCOUNT_AN_HOUR
from participation.rules.refusals import Code, Refused

# An act costs as much as so many readings.
ACT_WEIGHT = 10
# How long a repeated request gets its first answer: longer than any program goes on trying.
REPEATS_KEPT = timedelta(hours=24)


def check_pace(source: str, *, acts: bool) -> None:
    """Count a request of this source (a keyed hash).

    Refuses  request.too_many, with the ``seconds`` to wait.
    """
    counted = queries.count(source, ACT_WEIGHT if acts else 1)
    if counted.n > settings.API_PER_MINUTE:
        raise Refused(Code.REQUEST_TOO_MANY, {"seconds": counted.seconds})


def check_without_account(source: str) -> None:
    """Count what was sent by somebody we do not know; a source is a keyed hash of where from and what.

    Refuses  act.too_often_here.
    """
    counted = queries.count(source, seconds=int(HOUR.total_seconds()))
    if counted.n > WITHOUT_ACCOUNT_AN_HOUR:
        raise Refused(Code.TOO_OFTEN_HERE)


def forget_requests() -> None:
    """Forget old counts and old answers."""
    Pace.objects.filter(began_at__lt=Now() - HOUR).delete()
    Repeat.objects.filter(made_at__lt=Now() - REPEATS_KEPT).delete()
