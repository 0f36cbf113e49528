"""Searches addresses: among the town's own places, and where those hold nothing, at a service that the operator named.

The browser never asks a service itself: it would tell it who looks for what. When one does not answer in time the
search goes on without it.
"""

import json
from urllib.parse import urlencode

import structlog
from django.conf import settings

from participation.models import Organisation
from participation.outgoing import CallFailed, call
from participation.rules.address_search import FIRST_SERVICE, SERVICES, Address, read
from participation.rules.outgoing import origin_of
from participation.rules.refusals import Refused
from participation.selectors.organisations import places_named

log = structlog.get_logger(__name__)

# Longer than that nobody waits for a suggestion.
TIMEOUT_S = 3
OK = 200


def addresses_called(town: Organisation, text: str) -> list[Address]:
    """Which places and addresses are called so, best first?"""
    own = [
        Address(f"{place.name} ({place.area_name})" if place.area_name else place.name, place.point.x, place.point.y)
        for place in places_named(town, text)
    ]
    return own or _asked(town, text)


def service_of(town: Organisation) -> str:
    """Which of the operator's services does this town ask? "" for none."""
    if town.address_search == FIRST_SERVICE:
        return next(iter(settings.ADDRESS_SEARCH), "")
    return town.address_search if town.address_search in settings.ADDRESS_SEARCH else ""


def _asked(town: Organisation, text: str) -> list[Address]:
    name = service_of(town)
    if not name:
        return []
    service, base = SERVICES[name], settings.ADDRESS_SEARCH[name]
    question = service.question(text, town.outline.extent if town.outline else None)
    origin = origin_of(base)
    try:
        answer = call(
            f"{base}?{urlencode(question)}",
            listed=[origin] if origin else [],
            networks=settings.PRIVATE_NETWORKS,
            timeout_s=TIMEOUT_S,
            headers={"User-Agent": "Kiesplek"},
        )
        if answer.status != OK:
            raise CallFailed(f"status {answer.status}")
        return read(service, json.loads(answer.body))
    # RecursionError: brackets within brackets, as many as there is room for.
    except (Refused, CallFailed, KeyError, TypeError, ValueError, RecursionError) as error:
        log.warning("address search did not answer", service=name, why=repr(error))
        return []
