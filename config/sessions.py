"""Sessions in the database, found only by keys that could be ours."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

# As Django has it for its own keys.
SHORTEST = 8


class SessionStore(DatabaseStore):
    """Django's own, that asks the database for nothing but letters and digits.

    A cookie may hold anything; a NUL, for one, is an error in PostgreSQL and not an unknown key.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and str(key).isascii() and str(key).isalnum() and len(str(key)) >= SHORTEST
