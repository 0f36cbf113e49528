"""Sessions in the database, found only by keys that could be ours, each with the person who signed in there."""

import json
from functools import partial
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from participation.models import Person, Session
from participation.queries.visiting import visit

# As Django has it for its own keys.
SHORTEST = 8


class SessionStore(DatabaseStore):
    """Django's own, that asks the database for nothing but letters and digits, and for the person at once.

    A cookie may hold anything; a NUL, for one, is an error in PostgreSQL and not an unknown key.
    """

    person: Person | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table of sessions."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row of this session."""
        row = super().create_model_instance(data)
        return Session(
            session_key=row.session_key,
            session_data=row.session_data,
            expire_date=row.expire_date,
            person_id=int(data[SESSION_KEY]) if SESSION_KEY in data else None,
        )

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Write what a session holds; unsigned, for whoever can write into this table needs no session."""
        return json.dumps(session_dict, separators=(",", ":"))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Read what a session holds; nothing, where it was not written here."""
        try:
            found = json.loads(session_data)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and str(key).isascii() and str(key).isalnum() and len(str(key)) >= SHORTEST

    def _get_session_from_db(self) -> Session | None:
        found, self.person = visit(str(self.session_key))
        if found is None or found.expire_date <= timezone.now():
            self._session_key = self.person = None
            return None
        return found


class SignedInMiddleware(AuthenticationMiddleware):
    """Says who is signed in: the person who came with the session, without asking the database a second time."""

    def process_request(self, request: HttpRequest) -> None:
        """Put the person on the request, found when somebody asks."""
        super().process_request(request)
        request.user = SimpleLazyObject(partial(_who, request))  # type: ignore[assignment]


def _who(request: HttpRequest) -> Person | AnonymousUser:
    # Looking into the session loads it.
    person: Person | None = request.session.person if SESSION_KEY in request.session else None  # type: ignore[attr-defined]
    return person if person is not None and person.is_active else AnonymousUser()
