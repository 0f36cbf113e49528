"""Who may vote, by which road a ballot comes in, and what a code of a letter looks like."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from participation.rules.refusals import Code, Refused


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
# Spaces and whatever a keyboard makes of a dash.
BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212._]+")
# The first four signs find the code, the other twelve are its secret: 60 bits, out of reach for guessing even where
# somebody has the salted hashes.
LOCATOR, SECRET = 4, 12
# So many letters are printed at once at most: half a minute's work, and more than a town's streets take in one go.
CODES_MAX = 20_000
OLDEST = 125


def new_code() -> str:
    """Draw a code, without dashes."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LOCATOR + SECRET))


def as_printed(code: str) -> str:
    """Write a code in groups of four: "K7F3-9QXM-2H4P-TR8W"."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def as_typed(text: str) -> str:
    """Read what somebody typed: O for 0, I or L for 1, small letters, dashes; "" where it is none."""
    code = BETWEEN.sub("", text.upper()).translate(READ_AS)
    return code if len(code) == LOCATOR + SECRET and set(code) <= set(ALPHABET) else ""


def split(code: str) -> tuple[str, str]:
    """Take a code apart: what finds it, and its secret."""
    return code[:LOCATOR], code[LOCATOR:]


def digest_of(secret: str, salt: bytes) -> bytes:
    """What is kept of the secret of a code; it has 60 bits of chance, so that a plain hash is enough."""
    return hashlib.sha256(salt + secret.encode()).digest()


def opens(secret: str, salt: bytes, digest: bytes) -> bool:
    """Is this the secret of the code?"""
    return hmac.compare_digest(digest_of(secret, salt), digest)


def roll_text(name: str, born_on: date) -> str:
    """Write name and day of birth in one way, so that a resident is known again however the name was typed.

    Accents, capitals, hyphens and the order of the names do not count.

    Refuses  roll.name_missing.
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    words = sorted(re.findall(r"\w+", plain.casefold()))
    if not words:
        raise Refused(Code.ROLL_NAME_MISSING)
    return f"{' '.join(words)}|{born_on.isoformat()}"


def check_born_on(born_on: date | None, today: date) -> date:
    """Say whether somebody alive can be born on this day.

    Refuses  roll.bad_date.
    """
    if born_on is None or not 0 <= age_on(today, born_on) <= OLDEST:
        raise Refused(Code.ROLL_BAD_DATE)
    return born_on


@dataclass(frozen=True, slots=True)
class Voter:
    """What the rules need to know of somebody who wants to vote."""

    has_mail: bool
    is_verified: bool
    has_code: bool
    born_on: date | None


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may vote in a phase."""

    eligibility: Eligibility
    min_age: int | None
    takes_paper: bool


def check_eligible(voter: Voter, terms: Terms, *, on_paper: bool, today: date) -> None:
    """Say whether somebody may vote; whoever votes on paper is known to the clerk, with or without a mail address.

    Refuses  vote.no_paper, person.sign_in_first, vote.not_verified, vote.no_code, vote.too_young.
    """
    if on_paper and not terms.takes_paper:
        raise Refused(Code.VOTE_NO_PAPER)
    if terms.eligibility is Eligibility.MAIL and not (on_paper or voter.has_mail):
        raise Refused(Code.SIGN_IN_FIRST)
    if terms.eligibility is Eligibility.VERIFIED and not voter.is_verified:
        raise Refused(Code.VOTE_NOT_VERIFIED)
    if terms.eligibility is Eligibility.CODE and not voter.has_code:
        raise Refused(Code.VOTE_NO_CODE)
    if terms.min_age is not None and voter.born_on is not None and age_on(today, voter.born_on) < terms.min_age:
        raise Refused(Code.VOTE_TOO_YOUNG, {"min_age": terms.min_age})


def must_say_age(voter: Voter, terms: Terms) -> bool:
    """Must this voter declare to be old enough? Only where the day of birth is not known."""
    return terms.min_age is not None and voter.born_on is None


def check_voter(voter: Voter, terms: Terms, *, on_paper: bool, of_age: bool, today: date) -> None:
    """Say whether somebody may cast, with what was declared; queries/cast.sql decides the same in one statement.

    Refuses  what check_eligible refuses; vote.age_not_said.
    """
    check_eligible(voter, terms, on_paper=on_paper, today=today)
    if must_say_age(voter, terms) and not of_age:
        raise Refused(Code.VOTE_AGE_NOT_SAID, {"min_age": terms.min_age})


def age_on(day: date, born_on: date) -> int:
    """How old is somebody on a day?"""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
