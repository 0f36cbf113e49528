"""What other programs can be told of, how a message is signed, and when a failed one is tried again."""

import base64
import hashlib
import hmac
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from participation.rules.outgoing import Origin, check_listed
from participation.rules.refusals import Code, Refused
from participation.rules.wording import bounded

NAME_MAX = 60
MOST_EACH = 20
SALT_BYTES = 16
SECRET_PREFIX = "whsec_"  # noqa: S105 -- as Standard Webhooks writes a secret, not one
# After the first try: soon, in case it was a hiccup; then less and less often, for two and a half days.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440, 1440))
MOST_TRIES = len(WAITS) + 1
# How long a message that was sent, or given up, can be looked at.
KEPT = timedelta(days=30)
# A receiver that answers later than that has not taken it.
TIMEOUT_S = 10
# Long enough for one try; a worker that was ended in the middle of one leaves the message to be sent again.
LEASE = timedelta(seconds=6 * TIMEOUT_S)
GONE = 410


class Event(StrEnum):
    """What can happen; written by triggers of migration 0009, in the transaction in which it does."""

    PROPOSAL_PUBLISHED = "proposal.published"
    PROPOSAL_HIDDEN = "proposal.hidden"
    ANSWERS_PUBLISHED = "answers.published"
    VOTE_COUNTED = "vote.counted"
    PROJECT_PUBLISHED = "project.published"


# What the desk sends to try a receiver out; nobody subscribes to it.
TEST = "test"


def check_webhook(name: str, url: str, events: Collection[str], listed: Collection[Origin]) -> tuple[str, list[Event]]:
    """Give back the name and the events of a webhook that may be.

    Refuses  body.too_long, webhook.name_missing, webhook.no_event, call.bad_url, call.not_listed.
    """
    name = bounded(name, NAME_MAX)
    if not name:
        raise Refused(Code.WEBHOOK_NAME_MISSING)
    found = [event for event in Event if event.value in events]
    if not found:
        raise Refused(Code.WEBHOOK_NO_EVENT)
    check_listed(url, listed)
    return name, found


def key_of(installation: str, salt: bytes) -> bytes:
    """The key of a webhook, made of the secret of the installation: no copy of the database holds it."""
    return hmac.new(installation.encode(), b"kiesplek webhook " + salt, hashlib.sha256).digest()


def secret_text(key: bytes) -> str:
    """The key as its receiver is given it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signature(key: bytes, message: str, timestamp: int, body: bytes) -> str:
    """What stands in ``webhook-signature``: HMAC-SHA256 over number, time and body, each known to the receiver.

    Source   Standard Webhooks (standardwebhooks.com), version 1.
    """
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def wait_after(n_tries: int) -> timedelta | None:
    """How long after this many tries is it tried again? None when it is given up."""
    return WAITS[n_tries - 1] if n_tries <= len(WAITS) else None
