"""Finds the municipality a request speaks to, by its host name."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from participation.selectors.organisations import organisation_for_host

# Load balancers ask these by address, before any town is known.
TOWNLESS = ("/healthz", "/readyz", "/static/")


def organisation(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Put ``request.organisation`` on every request, or answer that no town lives here."""

    def find(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(TOWNLESS):
            found = organisation_for_host(request.get_host().partition(":")[0], settings.DEFAULT_ORGANISATION)
            if found is None:
                raise Http404("no municipality at this address")
            request.organisation = found  # type: ignore[attr-defined]
        return get_response(request)

    return find
