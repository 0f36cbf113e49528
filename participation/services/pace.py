"""Bounds how often programs may ask, and forgets what is not needed any more."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from participation.models import Pace, Repeat
from participation.queries import pace as queries
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


def forget_requests() -> None:
    """Forget old counts and old answers."""
    Pace.objects.filter(began_at__lt=Now() - timedelta(hours=1)).delete()
    Repeat.objects.filter(made_at__lt=Now() - REPEATS_KEPT).delete()
