"""Signing in with a code by mail: no password, and the same road for a new and a known address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from participation.models import Person
from participation.services.people import known_person


class MailForm(RequestLoginCodeForm):  # type: ignore[misc]
    """Asks for a mail address. A new address gets an account at once; nobody can act with it without the code."""

    _user: Person | None

    def clean_email(self) -> str:
        """Find or make the person behind the address, so that the answer never tells whether it was known."""
        self.cleaned_data["email"] = self.cleaned_data["email"].strip().lower()
        # allauth counts here how often a code is asked for one address; only then may a new person come in.
        email: str = super().clean_email()
        if self._user is None:
            self._user = known_person(email=email, language=get_language() or "nl")
        return email


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """How allauth behaves here, and what it says where its own words are stiff."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("This is not the code we sent. Look in your latest mail, and type it again."),
        "too_many_login_attempts": _("You asked for many codes in a short time. Wait a minute, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by a form of its own: MailForm is the one road."""
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """People have no user name."""
