"""Signing in with a code by mail: no password, and the same road for a new and a known address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from django.http import HttpRequest
from django.utils.translation import get_language

from participation.services.people import known_person


class MailForm(RequestLoginCodeForm):  # type: ignore[misc]
    """Asks for a mail address. A new address gets an account at once; nobody can act with it without the code."""

    def clean_email(self) -> str:
        """Find or make the person behind the address, so that the answer never tells whether it was known."""
        email: str = self.cleaned_data["email"].strip().lower()
        self._user = known_person(email=email, language=get_language() or "nl")
        return email


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """How allauth behaves here."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by a form of its own: MailForm is the one road."""
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """People have no user name."""
