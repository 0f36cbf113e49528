"""Keeps in this process what is dear to compute, as it is: a hundred thousand pins would take longer to unpack from
Django's cache than many an answer made of them. What is kept must not be changed."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from django.core.cache import cache

T = TypeVar("T")

# So many answers, those that were asked for last: of the largest projects some hundred megabytes.
MOST_KEPT = 64
# This only says how long an unused answer is kept.
KEPT_SECONDS = 3600

_kept: OrderedDict[str, Any] = OrderedDict()
_lock = Lock()


def kept(key: str, make: Callable[[], T]) -> T:
    """The answer of this name, made when it is not there; ``key`` must name everything the answer depends on.

    Django's cache knows that it is there: what is forgotten there, or is too old, is made anew here.
    Locks    none while it is made: two who ask at once make it twice.
    """
    with _lock:
        found: T | None = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is None or cache.get(key) is None:
        found = make()
        cache.set(key, True, KEPT_SECONDS)
        with _lock:
            _kept[key] = found
            _kept.move_to_end(key)
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return found
