"""Finds the municipality a request speaks to, by its host name, and the person a program asks for, by its token."""

import binascii
import copy
import time
from base64 import b64decode
from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone

from participation.models import Organisation
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.selectors.base_maps import picture_origins
from participation.selectors.organisations import organisation_for_host
from participation.selectors.tokens import token_called
from participation.services.tokens import note_use
from participation.web.asking import refused_page
from participation.web.problems import problem

# Load balancers ask these by address, before any town is known.
TOWNLESS = ("/healthz", "/readyz", "/static/")
# What changes about a town shows everywhere after so long; asking at every request would cost each of them a query.
KNOWN_SECONDS = 2.0
# Host names come from outside: so many are remembered at most.
MOST_KNOWN = 1000


def organisation(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Put ``request.organisation`` on every request, or answer that no town lives here.

    Beside it ``request.moment``: what else of this town was looked up since it is known, by name; not to be changed.
    """
    known: dict[str, tuple[float, Organisation, dict[str, object]]] = {}

    def town(host: str) -> tuple[Organisation, dict[str, object]]:
        until, found, moment = known.get(host, (0.0, None, {}))
        if found is None or until < time.monotonic():
            found = organisation_for_host(host, settings.DEFAULT_ORGANISATION)
            if found is None:
                raise Http404("no municipality at this address")
            if len(known) >= MOST_KNOWN:
                known.clear()
            moment = {}
            known[host] = (time.monotonic() + KNOWN_SECONDS, found, moment)
        # A copy: what a request changes on its town is not everybody's.
        return copy.copy(found), moment

    def find(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(TOWNLESS):
            request.organisation, request.moment = town(request.get_host().partition(":")[0])  # type: ignore[attr-defined]
        response = get_response(request)
        found = getattr(request, "organisation", None)
        if found is not None and not leads_on(response) and (origins := picture_origins(found)):
            # Browsers load the pictures under this town's maps, and no other town's.
            response._csp_update = {"img-src": origins}  # type: ignore[attr-defined]
        return response

    return find


def leads_on(response: HttpResponseBase) -> bool:
    """Does an answer only say where to go on? It shows nothing, and every ballot that is cast gets one."""
    return 300 <= response.status_code < 400


class PolicyMiddleware(CSPMiddleware):  # type: ignore[misc]
    """Says what a page may load and run; an answer that leads on loads nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Put the policy on an answer."""
        return response if leads_on(response) else super().process_response(request, response)


# Where programs ask; a page for people takes no token.
FOR_PROGRAMS = ("/ogc/", "/export/", "/api/")
# Live layers and files are read, so that one right is enough; the API asks for a right an act (participation/api).
LAYERS = ("/ogc/", "/export/")


def token(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put the person of a token on the request (``request.user``, ``request.token``), or refuse a token that is none.

    A token comes as ``Authorization: Bearer``, or as the password of Basic with any name, which QGIS and GDAL can
    send. Never in an address: those stand in logs and histories.
    """

    def know(request: HttpRequest) -> HttpResponse:
        said = request.META.get("HTTP_AUTHORIZATION", "")
        if not said or not request.path.startswith(FOR_PROGRAMS):
            return get_response(request)
        town: Organisation = request.organisation  # type: ignore[attr-defined]
        now = timezone.now()
        found = token_called(town, secret_of(said), now)
        if found is None:
            return problem(Refused(Code.TOKEN_UNKNOWN), realm=town.slug)
        if request.path.startswith(LAYERS) and Scope.READ not in found.scopes:
            return problem(Refused(Code.TOKEN_SCOPE_MISSING, {"scope": Scope.READ.value}))
        note_use(found, now)
        request.user, request.token = found.person, found  # type: ignore[attr-defined]
        return get_response(request)

    return know


def secret_of(said: str) -> str:
    """The token in an Authorization header; "" where there is none."""
    kind, _, rest = said.partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        try:
            return b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return ""
    return ""


def whole_forms(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a form whose body broke off (config.wsgi) before anybody looks at it: else it would look empty."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST":
            try:
                _ = request.POST
            except UnreadablePostError:
                return refused_page(request, Refused(Code.UPLOAD_CUT_OFF))
        return get_response(request)

    return answer
