"""Who may vote, by which road a ballot comes in, and what a code of a letter looks like."""

import secrets
from datetime import date
from enum import StrEnum


class Eligibility(StrEnum):
    """Who may vote: anyone with a confirmed mail address, residents the town verified, who has a code by letter."""

    MAIL = "mail"
    VERIFIED = "verified"
    CODE = "code"


class Channel(StrEnum):
    """How a ballot came in: on the site, on the site with a code of a letter, on paper typed in by a clerk."""

    WEB = "web"
    CODE = "code"
    PAPER = "paper"


class VerifiedBy(StrEnum):
    """How the town knows that somebody is a resident."""

    STAFF = "staff"
    LETTER = "letter"
    OIDC = "oidc"


# Crockford's base 32: no I, L, O or U, so that nothing is read as something else or spells a word.
# Source: https://www.crockford.com/base32.html
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
# The first four signs find the code, the other twelve are its secret: 60 bits, out of reach for guessing even where
# somebody has the salted hashes.
LOCATOR, SECRET = 4, 12


def new_code() -> str:
    """Draw a code, without dashes."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LOCATOR + SECRET))


def as_printed(code: str) -> str:
    """Write a code in groups of four: "K7F3-9QXM-2H4P-TR8W"."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def as_typed(text: str) -> str:
    """Read what somebody typed: O for 0, I or L for 1, small letters, dashes; "" where it is none."""
    code = "".join(text.upper().split()).replace("-", "").translate(READ_AS)
    return code if len(code) == LOCATOR + SECRET and set(code) <= set(ALPHABET) else ""


def age_on(day: date, born_on: date) -> int:
    """How old is somebody on a day?"""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
