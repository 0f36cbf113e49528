"""Signing in and being verified with an identity provider that speaks OpenID Connect, named by the operator.

Of what the provider says nothing is kept but a keyed hash of who it is, and what makes somebody a resident.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.openid_connect import views
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localdate
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET
from requests import RequestException

from participation.rules.claims import read_claims
from participation.rules.refusals import Code, Refused
from participation.services.identities import take_identity
from participation.web.asking import now, person_of, refused_page, town_of


def provider_name() -> str:
    """What the operator's identity provider is called; empty where there is none."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return str(apps[0]["name"]) if apps else ""


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The provider as allauth speaks with it."""

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        """Hash who it is with the installation's secret: a national number must not stand in the database."""
        who = f"{self.app.settings['server_url']} {super().extract_uid(data)}"
        return salted_hmac("participation.identity", who, algorithm="sha256").hexdigest()

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Keep nothing."""
        return {}

    def get_default_scope(self) -> list[str]:
        """What is asked of the provider."""
        scopes: list[str] = self.app.settings["scopes"]
        return scopes

    def sociallogin_from_response(self, request: HttpRequest, response: Mapping[str, Any]) -> SocialLogin:
        """Take what was said along, for as long as this request lasts."""
        token, info = response.get("id_token") or {}, response.get("userinfo") or {}
        # What is said of somebody else is no answer: OpenID Connect Core 1.0, section 5.3.2.
        if token and info and token.get("sub") != info.get("sub"):
            raise PermissionDenied
        login = super().sociallogin_from_response(request, response)
        login.claims = read_claims({**token, **info}, residence_claim=self.app.settings["residence_claim"])
        return login


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """What happens here with an identity that was vouched for."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make whose identity it is and verify them; who is signed in already stays so and is led on."""
        signed_in, moment = person_of(request), now()
        try:
            account, is_resident = take_identity(
                organisation=town_of(request),
                provider=sociallogin.account.provider,
                uid=sociallogin.account.uid,
                claims=sociallogin.claims,
                signed_in=signed_in,
                language=get_language() or "nl",
                now=moment,
                today=localdate(moment),
            )
        except Refused as refused:
            raise ImmediateHttpResponse(refused_page(request, refused, back_to=reverse("me"))) from refused
        sociallogin.account, sociallogin.user = account, account.user
        town = {"town": town_of(request).name}
        if is_resident:
            messages.success(request, gettext("You are verified as a resident of %(town)s.") % town)
        else:
            messages.info(request, gettext("You are not verified: your address is not in %(town)s.") % town)
        if signed_in is not None:
            raise ImmediateHttpResponse(redirect(sociallogin.state.get("next") or "me"))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: Mapping[str, Any] | None = None,
    ) -> NoReturn:
        """Say in a sentence that it did not work, or lead back who thought better of it."""
        if error == AuthError.CANCELLED:
            back = redirect("me") if person_of(request) else redirect("account_request_login_code")
            raise ImmediateHttpResponse(back)
        raise ImmediateHttpResponse(_failed(request))


def _failed(request: HttpRequest) -> HttpResponse:
    refused = Refused(Code.IDENTITY_FAILED, {"name": provider_name()})
    return refused_page(request, refused, back_to=reverse("account_request_login_code"))


def _spoken(request: HttpRequest, provider_id: str, view: Any) -> HttpResponseBase:
    if not provider_name():
        raise Http404("no identity provider")
    try:
        answer: HttpResponseBase = view(request, provider_id)
    except RequestException:
        return _failed(request)
    return answer


def begin(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send somebody to the provider, to come back afterwards to where they were; an address alone sends nobody."""
    if request.method != "POST" and provider_name():
        return redirect("account_request_login_code")
    query = request.GET.copy()
    there = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(there, allowed_hosts={request.get_host()}):
        query["next"] = there
    request.GET = query  # type: ignore[assignment]
    return _spoken(request, provider_id, views.login)


@require_GET
def back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Hear what the provider says of who comes back from it."""
    return _spoken(request, provider_id, views.callback)
