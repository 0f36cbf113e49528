"""Remembers what was computed of a project until the project changes."""

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from geo.memory import kept
from participation.models import Project

T = TypeVar("T")


def remembered(project: Project, what: object, make: Callable[[], T]) -> T:
    """The answer to this question about a project; ``repr(what)`` must name everything the answer depends on.

    A changed project has new keys. The answer is everybody's: nobody may change it.
    """
    return kept(f"siting.{project.pk}.{project.revision}.{sha256(repr(what).encode()).hexdigest()[:24]}", make)
