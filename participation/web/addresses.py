"""Searches addresses at the service the operator named, in the form of Flanders' geolocation service, version 4.

The service is asked only when the town's own places hold nothing of that name; when it does not answer in time the
search goes on without it. Source: https://geo.api.vlaanderen.be/geolocation/v4/ (Location).
"""

import json
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# Longer than that nobody waits for a suggestion; and no honest answer to five addresses is larger.
TIMEOUT_S = 3
LARGEST_ANSWER = 200_000
MOST = 5


@dataclass(frozen=True, slots=True)
class Address:
    """One address found, degrees WGS 84."""

    name: str
    lon: float
    lat: float


class _NoRedirect(HTTPRedirectHandler):
    """Follows nothing: only the host the operator named is ever asked."""

    def redirect_request(self, *args: object) -> None:
        """Say no to every redirect."""


def addresses_called(text: str) -> list[Address]:
    """Which addresses are called so? None where no service is configured or it does not answer."""
    if not settings.ADDRESS_SEARCH:
        return []
    url = f"{settings.ADDRESS_SEARCH}?{urlencode({'q': text, 'c': MOST})}"
    try:
        with build_opener(_NoRedirect).open(
            Request(url, headers={"Accept": "application/json"}),  # noqa: S310 -- the settings let only https through
            timeout=TIMEOUT_S,
        ) as answer:
            found = json.loads(answer.read(LARGEST_ANSWER))["LocationResult"]
        return [
            Address(
                str(row["FormattedAddress"])[:200],
                float(row["Location"]["Lon_WGS84"]),
                float(row["Location"]["Lat_WGS84"]),
            )
            for row in found[:MOST]
        ]
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        log.warning("address search did not answer", why=repr(error))
        return []
