"""Sessions in the database, found only by keys that could be ours."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from participation.queries.visiting import row_of

# As Django has it for its own keys.
SHORTEST = 8


class SessionStore(DatabaseStore):
    """Django's own, that asks the database for nothing but letters and digits, and in few words.

    A cookie may hold anything; a NUL, for one, is an error in PostgreSQL and not an unknown key.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and str(key).isascii() and str(key).isalnum() and len(str(key)) >= SHORTEST

    def _get_session_from_db(self) -> Session | None:
        found = row_of(Session, self.session_key)
        if found is None or found.expire_date <= timezone.now():
            self._session_key = None
            return None
        return found
