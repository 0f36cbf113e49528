"""Somebody of the staff adds a passkey, signs in with it at the desk, and removes it again."""

from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import CDPSession, expect

from participation.models import Organisation
from tests.journeys.walker import PHONE, NewWalker, Walker

PLANNER = "planner@poperinge.example"
# Browsers bind a passkey to a name, never to a number such as 127.0.0.1.
NAMED = "localhost"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_key(walker: Walker) -> tuple[CDPSession, str]:
    """Give this browser the lock of a phone, which says yes to whatever it is asked."""
    devices = walker.context.new_cdp_session(walker.page)
    devices.send("WebAuthn.enable")
    return devices, devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]


def test_planner_signs_in_at_the_desk_with_a_passkey(new_walker: NewWalker) -> None:
    Organisation.objects.filter(slug="poperinge").update(staff_second_factor=True)
    walker = new_walker(size=PHONE, host=NAMED)
    page = walker.page
    devices, key = with_key(walker)
    walker.go("/desk/")
    walker.type_code(PLANNER)
    # The desk leads whoever has none to where they set one up, and lets them in with it.
    assert walker.path == "/account/factor/"
    walker.press("Add a passkey")
    # The button does nothing before the page's scripts are there.
    page.wait_for_url(f"**{reverse('mfa_add_webauthn')}")
    page.wait_for_load_state("networkidle")
    walker.press("Add a passkey", page.locator("form"))
    page.wait_for_url("**/account/factor/codes/")
    assert len(devices.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1
    walker.go("/desk/")
    assert walker.path == "/desk/"

    walker.go("/account/logout/")
    walker.press("Sign out", page.locator("main"))
    walker.go("/desk/")
    walker.type_code(PLANNER)
    assert walker.path.startswith("/account/factor/show/")
    page.wait_for_load_state("networkidle")
    walker.press("Use a passkey")
    page.wait_for_url("**/desk/")

    # A browser that holds no such passkey says so on the page, and nobody comes in.
    other = new_walker(size=PHONE, host=NAMED)
    with_key(other)
    other.go("/desk/")
    other.type_code(PLANNER)
    other.press("Use a passkey")
    expect(other.page.get_by_role("alert")).to_contain_text(other.say("Your browser gave no passkey."))
    other.go("/desk/")
    assert other.path.startswith("/account/")

    walker.go("/account/factor/passkeys/")
    walker.link("Remove").click()
    # Whoever takes one away shows it once more.
    walker.press("Use a passkey instead")
    page.wait_for_load_state("networkidle")
    walker.press("Use a passkey")
    walker.sees("Remove this passkey?")
    walker.press("Remove", page.locator("form"))
    walker.sees("You have no passkey yet.")
    assert not Authenticator.objects.filter(user__email=PLANNER, type="webauthn").exists()
