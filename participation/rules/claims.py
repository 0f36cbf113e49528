"""What an identity provider says of somebody, and whether that makes them a resident."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

CLAIM_MAX = 200


@dataclass(frozen=True, slots=True)
class Claims:
    """What is read of an identity: ``email`` only where the provider confirmed it; ``residence`` as a plain code."""

    email: str = ""
    name: str = ""
    born_on: date | None = None
    residence: str = ""


def plain_code(text: object) -> str:
    """A postcode or code of a municipality without blanks, in capitals."""
    return "".join(str(text).split()).upper()[:CLAIM_MAX] if isinstance(text, str | int) else ""


def claim_at(said: Mapping[str, Any], path: str) -> object:
    """The claim at a path such as ``address.postal_code``; None where it was not said."""
    found: object = said
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def read_claims(said: Mapping[str, Any], *, residence_claim: str) -> Claims:
    """Read what a provider says; whatever is not as it should be counts as not said."""

    def text(name: str) -> str:
        value = said.get(name)
        return " ".join(value.split())[:CLAIM_MAX] if isinstance(value, str) else ""

    try:
        born_on = date.fromisoformat(text("birthdate"))
    except ValueError:
        # A year alone, or "0000-12-31" for a day without its year: OpenID Connect Core 1.0, section 5.1.
        born_on = None
    return Claims(
        email=text("email").lower() if said.get("email_verified") in (True, "true") else "",
        name=f"{text('given_name')} {text('family_name')}".strip() or text("name"),
        born_on=born_on,
        residence=plain_code(claim_at(said, residence_claim)),
    )


def lives_in(claims: Claims, codes: Collection[str]) -> bool:
    """Does somebody live where one of these codes says?"""
    return bool(claims.residence) and claims.residence in codes
