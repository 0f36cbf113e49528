"""Links that are good once: what is sent, and what is kept of it."""

import hashlib
import secrets
from datetime import timedelta

# 128 bits of chance: nobody guesses one, so that a plain hash of it is enough to keep.
_BYTES = 16
INVITATION_LASTS = timedelta(days=7)


def new_token() -> str:
    """Draw the secret of a link."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(token: str) -> bytes:
    """What is kept of the secret of a link."""
    return hashlib.sha256(token.encode()).digest()
