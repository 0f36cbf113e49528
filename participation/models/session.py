"""Who came back in which browser."""

from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from participation.models.person import Person

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


class Session(AbstractBaseSession):
    """A browser that came back, and who signed in there, if anybody: who is erased is signed in nowhere."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="sessions")

    @classmethod
    def get_session_store_class(cls) -> "type[SessionBase]":
        """What reads and writes these."""
        store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        return store
