"""Finds the municipality a request speaks to, by its host name."""

import copy
import time
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from participation.models import Organisation
from participation.selectors.organisations import organisation_for_host

# Load balancers ask these by address, before any town is known.
TOWNLESS = ("/healthz", "/readyz", "/static/")
# What changes about a town shows everywhere after so long; asking at every request would cost each of them a query.
KNOWN_SECONDS = 2.0
# Host names come from outside: so many are remembered at most.
MOST_KNOWN = 1000


def organisation(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Put ``request.organisation`` on every request, or answer that no town lives here."""
    known: dict[str, tuple[float, Organisation]] = {}

    def town(host: str) -> Organisation:
        until, found = known.get(host, (0.0, None))
        if found is None or until < time.monotonic():
            found = organisation_for_host(host, settings.DEFAULT_ORGANISATION)
            if found is None:
                raise Http404("no municipality at this address")
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[host] = (time.monotonic() + KNOWN_SECONDS, found)
        # A copy: what a request changes on its town is not everybody's.
        return copy.copy(found)

    def find(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(TOWNLESS):
            request.organisation = town(request.get_host().partition(":")[0])  # type: ignore[attr-defined]
        return get_response(request)

    return find
