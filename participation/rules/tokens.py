"""What a token for programs looks like, what it may be made for, and for how long."""

import hashlib
import secrets
from enum import StrEnum

# Said in front, so that a token left in a file is recognised by those who search for such things.
PREFIX = "kp_"
# 256 bits of chance: nobody guesses one, and a plain hash is enough to keep it by.
SECRET_BYTES = 32
SHOWN = len(PREFIX) + 5
LENGTH = len(PREFIX) + 43
NAME_MAX = 60
# How many days a token may live; a year at most, so that a forgotten one ends by itself.
LIVES_DAYS = (30, 90, 365)
MOST_EACH = 20


class Scope(StrEnum):
    """What a program may do with a token, within what its person may do anyway."""

    READ = "read"
    CONTRIBUTE = "contribute"
    VOTE = "vote"
    MODERATE = "moderate"
    DECIDE = "decide"
    SET_UP = "set_up"


def new_token() -> str:
    """Draw a token."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest_of_token(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def looks_like_token(text: str) -> bool:
    """Could this be one of ours? Asked before the database is."""
    return len(text) == LENGTH and text.startswith(PREFIX) and text.isascii()
