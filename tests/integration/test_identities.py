"""Signing in and being verified with an identity provider: a real one, started on loopback, spoken to as it is."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings as django_settings
from django.test import Client
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]
from pytest_django import Settings

from participation.models import Membership, Person
from participation.queries.voting import database_now
from participation.services.roll import roll_key, verify_resident
from tests.cast import Cast

# The provider is built on a version of its library that calls its own way old.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

BEGIN = "/account/identity/begin/"
ADDRESS = {"street_address": "Markt 1", "postal_code": "89 70", "country": "BE"}
VERA = {
    "given_name": "Vera", "family_name": "Vermeulen", "birthdate": "1980-05-17", "address": ADDRESS,
    "email": "vera@example.org", "email_verified": True,
}  # fmt: skip
NIKA = VERA | {"given_name": "Nika", "birthdate": "1990-01-02", "email": "nika@example.org"}
FAR = NIKA | {"address": ADDRESS | {"postal_code": "9000"}}

Saying = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a running provider."""
    with run_server_in_thread(user_claims=[User(sub="nobody")]) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def says(provider: str, cast: Cast, settings: Settings) -> Saying:
    """Name the provider to the installation; gives back how to set what it says of somebody."""
    known = django_settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
    app = {
        "provider_id": "identity",
        "name": "Proefpas",
        "client_id": "kiesplek",
        "secret": "secret",
        "settings": {
            "server_url": provider,
            "scopes": ["openid", "profile", "email", "address"],
            "residence_claim": "address.postal_code",
            "oauth_pkce_enabled": True,
        },
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": known | {"APPS": [app]}}
    cast.town.resident_codes = ["8970", "8972"]
    cast.town.save()

    def say(who: str, claims: Mapping[str, Any]) -> None:
        requests.put(f"{provider}/users/{who}", json=dict(claims), timeout=5).raise_for_status()

    return say


def come_back(client: Client, who: str, *, to: str = "", deny: bool = False) -> object:
    """Go to the provider, sign in there as somebody, and follow the way back; the answer at the end of it."""
    there = client.post(BEGIN, {"next": to})
    assert there.status_code == 302, there.content.decode()[:2000]
    form = {"action": "deny"} if deny else {"sub": who}
    answer = requests.post(there["Location"], data=form, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    assert back.path == "/account/identity/back/"
    # This provider forgets the state where somebody says no; others send it back (RFC 6749, section 4.1.2.1).
    state = f"&state={parse_qs(urlsplit(there['Location']).query)['state'][0]}" if deny else ""
    return client.get(f"{back.path}?{back.query}{state}", follow=True, headers={"accept-language": "en"})


def test_who_is_signed_in_is_verified_and_nothing_said_is_kept(cast: Cast, says: Saying) -> None:
    says("eid-1", VERA)
    client = Client()
    client.force_login(cast["Vera"])
    answer = come_back(client, "eid-1", to="/projects/laden/")
    assert answer.redirect_chain[-1][0] == "/projects/laden/"  # type: ignore[attr-defined]
    assert b"You are verified as a resident of Toonstad." in answer.content  # type: ignore[attr-defined]
    member = Membership.objects.get(person=cast["Vera"])
    assert (member.verified_by, member.born_on) == ("oidc", date(1980, 5, 17))
    assert bytes(member.roll_key or b"") == roll_key(cast.town, "Vermeulen Vera", date(1980, 5, 17))
    account = SocialAccount.objects.get()
    assert (account.user, account.extra_data) == (cast["Vera"], {})
    assert "eid-1" not in account.uid
    assert not SocialToken.objects.exists()
    assert cast.town.records.get(act="resident.verified").person == cast["Vera"]


def test_who_lives_elsewhere_is_not_verified(cast: Cast, says: Saying) -> None:
    says("eid-far", FAR)
    client = Client()
    client.force_login(cast["An"])
    answer = come_back(client, "eid-far")
    assert b"your address is not in Toonstad" in answer.content  # type: ignore[attr-defined]
    assert not Membership.objects.filter(organisation=cast.town, verified_at__isnull=False).exists()


def test_a_new_identity_with_a_confirmed_address_gets_an_account_and_comes_back_to_it(cast: Cast, says: Saying) -> None:
    says("eid-2", NIKA)
    first = Client()
    come_back(first, "eid-2")
    person = Person.objects.get(email="nika@example.org")
    assert first.session["_auth_user_id"] == str(person.pk)
    assert Membership.objects.get(person=person).verified_by == "oidc"
    # Later the provider says another address: it is the same identity.
    says("eid-2", NIKA | {"email": "other@example.org"})
    again = Client()
    come_back(again, "eid-2")
    assert again.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        # Piet is a planner: whoever may write his address into an identity must not become him.
        (NIKA | {"email": "piet@example.org"}, b"identity.mail_known"),
        (NIKA | {"email_verified": False}, b"identity.no_mail"),
        ({"address": ADDRESS}, b"identity.no_mail"),
    ],
)
def test_a_mail_address_alone_opens_no_account(
    cast: Cast, says: Saying, claims: Mapping[str, Any], code: bytes
) -> None:
    says("eid-3", claims)
    client = Client()
    answer = come_back(client, "eid-3")
    assert code in answer.content  # type: ignore[attr-defined]
    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()


def test_one_identity_is_one_account_and_one_resident(cast: Cast, says: Saying) -> None:
    says("eid-4", VERA)
    vera, an = Client(), Client()
    vera.force_login(cast["Vera"])
    an.force_login(cast["An"])
    come_back(vera, "eid-4")
    assert b"identity.of_another" in come_back(an, "eid-4").content  # type: ignore[attr-defined]
    # Another identity of the same name and day of birth, as from a second provider's card.
    says("eid-5", VERA | {"email": "an@example.org"})
    assert b"roll.known" in come_back(an, "eid-5").content  # type: ignore[attr-defined]
    assert not SocialAccount.objects.filter(user=cast["An"]).exists(), "a refusal leaves nothing behind"
    # And a second identity of somebody who has one.
    says("eid-6", NIKA)
    assert b"identity.of_another" in come_back(vera, "eid-6").content  # type: ignore[attr-defined]


def test_who_was_verified_at_the_counter_stays_so(cast: Cast, says: Saying) -> None:
    now = database_now()
    verify_resident(
        organisation=cast.town, email="vera@example.org", name="Vera Vermeulen", born_on=date(1980, 5, 17),
        language="nl", by=cast["Piet"], now=now, today=now.date(),
    )  # fmt: skip
    says("eid-7", VERA)
    client = Client()
    client.force_login(cast["Vera"])
    come_back(client, "eid-7")
    assert Membership.objects.get(person=cast["Vera"]).verified_by == "staff"


def test_whoever_thinks_better_of_it_is_led_back(cast: Cast, says: Saying) -> None:
    answer = come_back(Client(), "eid-8", deny=True)
    assert answer.redirect_chain[-1][0] == "/account/login/code/"  # type: ignore[attr-defined]


def test_what_did_not_begin_here_or_cannot_be_heard_is_said_in_a_sentence(
    cast: Cast, says: Saying, settings: Settings
) -> None:
    forged = Client().get("/account/identity/back/?code=x&state=y", headers={"accept-language": "en"})
    assert (forged.status_code, b"identity.failed" in forged.content) == (502, True)
    app = django_settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://localhost:9"
    answer = Client().post(BEGIN, headers={"accept-language": "en"})
    assert (answer.status_code, b"Proefpas did not answer" in answer.content) == (502, True)


def test_the_buttons_are_there_where_a_provider_is(cast: Cast, says: Saying, settings: Settings) -> None:
    client = Client(headers={"accept-language": "en"})
    assert b"Sign in with Proefpas" in client.get("/account/login/code/").content
    assert client.get(BEGIN).status_code == 302
    client.force_login(cast["Piet"])
    assert b"Verify with Proefpas" in client.get("/me/").content
    client.post("/desk/people/codes/", {"codes": "8978,8972 8970 8970"})
    cast.town.refresh_from_db()
    assert cast.town.resident_codes == ["8970", "8972", "8978"]
    known = django_settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": known | {"APPS": []}}
    assert b"Proefpas" not in client.get("/me/").content
    assert client.post(BEGIN).status_code == 404
