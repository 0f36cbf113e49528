"""Sessions as Django reads them, from the same table."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from participation.models import Session


class SessionStore(DatabaseStore):
    """Django's own."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table of sessions."""
        return Session
