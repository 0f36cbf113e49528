"""Remembers what was computed of a project until the project changes."""

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from django.core.cache import cache

from participation.models import Project

T = TypeVar("T")

# A changed project has new keys; this only says how long unused answers are kept.
KEPT_SECONDS = 3600


def remembered(project: Project, what: object, make: Callable[[], T]) -> T:
    """The answer to this question about a project; ``repr(what)`` must name everything the answer depends on."""
    key = f"siting.{project.pk}.{project.revision}.{sha256(repr(what).encode()).hexdigest()[:24]}"
    found: T | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, KEPT_SECONDS)
    return found
