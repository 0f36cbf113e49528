"""Somebody with a browser: walks through the site, and everything that goes wrong on the way is noted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from participation.models import Person
from tests.journeys.stage import PostOffice

PHONE, DESK = (390, 844), (1280, 900)
SIZES = (PHONE, DESK)
AXE = Path(settings.BASE_DIR) / "node_modules/axe-core/axe.min.js"

# A page that breaks its own policy says so; the browser's console says it too, but not where.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""


@dataclass
class Watch:
    """What went wrong on the pages of one browser."""

    origin: str
    problems: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of this browser from now on."""
        context.add_init_script(TELL_VIOLATIONS)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.problems.append(f"asked another host: {request.url}")

    def _response(self, response: Response) -> None:
        # A page may refuse (4xx) with a sentence; a part of a page may not be missing.
        is_page = response.request.is_navigation_request()
        # A busy server asks for a moment, and the map asks again (geo.slots, tests/integration/test_busy.py).
        is_busy = response.status == 503 and "retry-after" in response.headers
        if (response.status >= 500 and not is_busy) or (400 <= response.status < 500 and not is_page):
            self.problems.append(f"{response.status} for {response.request.method} {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        # The browser also logs the status of a refused page, which _response judges.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console {message.type}: {message.text}")


@dataclass
class Walker:
    """One person at one browser window."""

    page: Page
    context: BrowserContext
    origin: str
    post: PostOffice
    language: str
    watch: Watch
    script: bool

    @property
    def path(self) -> str:
        """Where is the window now, without the site's address?"""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def say(self, words: str, **facts: object) -> str:
        """Say words of the site, written as in the code, as this reader's pages show them."""
        with translation.override(self.language):
            return gettext(words) % facts if facts else gettext(words)

    def go(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.origin + path)

    def button(self, words: str, within: Locator | None = None) -> Locator:
        """Find the button that says this (a hidden addition such as ": Watouplein" may follow)."""
        return (within or self.page).get_by_role("button", name=self.say(words)).and_(self.page.locator(":visible"))

    def link(self, words: str, within: Locator | None = None) -> Locator:
        """Find the link that says this."""
        return (within or self.page).get_by_role("link", name=self.say(words)).and_(self.page.locator(":visible"))

    def field(self, words: str) -> Locator:
        """Find the form field that is called so."""
        return self.page.get_by_label(self.say(words))

    def press(self, words: str, within: Locator | None = None) -> None:
        """Press the first button or follow the first link that says this."""
        button = self.button(words, within)
        (button if button.count() else self.link(words, within)).first.click()

    def sees(self, words: str, **facts: object) -> None:
        """Expect these words of the site somewhere on the page."""
        expect(self.page.locator("body")).to_contain_text(self.say(words, **facts))

    def refusal(self, code: str) -> str:
        """Expect a refusal with this code, and read its sentence."""
        alert = self.page.locator(f'[data-code="{code}"]').first
        expect(alert).to_be_visible()
        return alert.inner_text()

    def card(self, title: str) -> Locator:
        """Find a proposal in the list."""
        return self.page.locator(".kp-card").filter(has_text=title).first

    def type_code(self, address: str) -> None:
        """Go through the two pages of signing in, with the code from the mail."""
        self.page.locator("#id_email").fill(address)
        self.press("Send me a code")
        self.page.locator("#id_code").fill(self.post.code_for(address))
        self.press("Sign in", self.page.locator("main"))

    def enter_as(self, address: str) -> None:
        """Be signed in already, for a walk that is about something else."""
        client = Client()
        client.force_login(Person.objects.get(email=address))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.origin}])


NewWalker = Callable[..., Walker]


def open_browser(
    browser: Browser,
    origin: str,
    post: PostOffice,
    *,
    size: tuple[int, int] = DESK,
    language: str = "nl",
    script: bool = True,
    axe: bool = False,
    place: tuple[float, float] | None = None,
    host: str = "",
) -> Walker:
    """Open a window of this size; ``place`` (lon, lat) is where the device says it is, ``host`` our other name."""
    if host:
        origin = urlsplit(origin)._replace(netloc=f"{host}:{urlsplit(origin).port}").geturl()
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        java_script_enabled=script,
        reduced_motion="reduce",
        has_touch=size == PHONE,
        geolocation={"longitude": place[0], "latitude": place[1]} if place else None,
        permissions=["geolocation"] if place else [],
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": origin}])
    watch = Watch(origin)
    watch.over(context)
    if axe:
        context.add_init_script(path=AXE)
    return Walker(context.new_page(), context, origin, post, language, watch, script)
