"""The second factor: our words and keys for allauth's pages, and whether whoever is at the desk showed one."""

import base64
from typing import Any
from urllib.parse import quote

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from cryptography.fernet import Fernet
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.selectors.staff import APP, with_second_factor


def _locked() -> Fernet:
    key = salted_hmac("participation.second_factor", "key", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How allauth's second factor behaves here: its secrets are kept encrypted, and it speaks as we do."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right, or too old. Type the one your app shows now."),
    }

    def encrypt(self, text: str) -> str:
        """Encrypt with a key made of the installation's secret, so that the database alone opens no door."""
        return _locked().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Read it again."""
        return _locked().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, kind: Authenticator.Type) -> str:
        """Name a passkey by its number."""
        n = Authenticator.objects.filter(user_id=user.pk, type=kind).count() + 1
        return gettext("Passkey %(n)s") % {"n": n}


class _Coded:
    """A form with a code: called so, and typed on a keypad."""

    fields: dict[str, Any]

    def _say(self) -> None:
        field = self.fields["code"]
        field.label = gettext("Code")
        field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class CodeForm(_Coded, AuthenticateForm):  # type: ignore[misc]
    """Asks for the code of the app while somebody signs in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._say()


class CodeAgainForm(_Coded, ReauthenticateForm):  # type: ignore[misc]
    """Asks for the code of the app once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._say()


class ActivateForm(_Coded, ActivateTOTPForm):  # type: ignore[misc]
    """Asks for the first code of a new app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._say()


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Asks how a passkey is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = gettext("Name of this passkey")


def shown_by_setting_up(sender: object, request: HttpRequest, user: Any, authenticator: Any, **_more: object) -> None:
    """Whoever sets a factor up has shown it by that: they need not at once do so again."""
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)


def factor_shown(request: HttpRequest) -> bool:
    """Was a second factor shown in this session?"""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def factor_missing(request: HttpRequest, person_id: int) -> HttpResponse | None:
    """Send whoever has no second factor to where they set one up, and whoever did not show it to where they do.

    None where it was shown in this session.
    """
    if factor_shown(request):
        return None
    if with_second_factor([person_id]):
        # Whoever has a passkey alone is asked for that: codes on paper are for when it is lost.
        name = "mfa_reauthenticate" if with_second_factor([person_id], APP) else "mfa_reauthenticate_webauthn"
        return redirect(f"{reverse(name)}?next={quote(request.get_full_path())}")
    messages.info(request, gettext("Your town asks staff for a second factor. Set one up here, then go on."))
    return redirect("mfa_index")
