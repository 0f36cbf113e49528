"""Every page for people, at both widths and in four languages: no barrier that a machine can find."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.urls import reverse
from playwright.sync_api import Page

from participation.models import Claim, Invitation, Organisation, Person, Phase, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.links import digest_of
from participation.services.codes import make_codes
from siting.services.dossiers import publish_dossier
from tests.contracts.pages import ROWS, Row
from tests.integration import studies
from tests.journeys.stage import vote_by_letter
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker

PROJECT = "/projects/laadpunten/"
PAGES = sorted(name for name, row in ROWS.items() if row.page)
PEOPLE = {
    "resident": "bewoner@poperinge.example",
    "planner": "planner@poperinge.example",
    "manager": "manager@poperinge.example",
}
LANGUAGES = ("nl", "fr", "en", "de")

# WCAG 2.2 up to AA, and what axe holds for good practice beside it.
AXE = """() => axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
  "wcag22aa", "best-practice"]}).then(({violations}) => violations.flatMap(({id, nodes}) =>
  nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.any.concat(node.all, node.none)[0]?.message ?? ""}`)))"""

SHAPE = """() => ({
  lang: document.documentElement.lang,
  title: document.title.trim(),
  h1: [...document.querySelectorAll("h1")].filter((h1) => h1.checkVisibility()).map((h1) => h1.innerText.trim()),
  tooWide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  unnamed: [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")]
    .filter((node) => node.checkVisibility() && !(node.labels?.length || node.innerText?.trim() ||
      node.getAttribute("aria-label") || node.getAttribute("aria-labelledby")))
    .map((node) => node.outerHTML.slice(0, 120)),
  squeezed: [...document.querySelectorAll("h1, h2, h3, p, li, label, td, th, a, button, dd")].filter((node) => {
    const {width, height} = node.getBoundingClientRect();
    return node.checkVisibility() && width > 1 && width < 64 && height > 120 && node.innerText.trim().length > 8;
  }).map((node) => node.innerText.trim().slice(0, 60)),
  twice: [...document.querySelectorAll("[id]")].map(({id}) => id).filter((id, at, all) => all.indexOf(id) !== at),
})"""


def barriers(page: Page, language: str) -> list[str]:
    """What is wrong with the page in the window, as far as a machine sees it?"""
    found: list[str] = page.evaluate(AXE)
    return found + misshapen(page, language)


def misshapen(page: Page, language: str) -> list[str]:
    """What is wrong with the words of the page in the window, and the room they take?"""
    found = []
    shape: Mapping[str, Any] = page.evaluate(SHAPE)
    if shape["lang"] != language:
        found.append(f"the page says it is in {shape['lang']}")
    if not re.match(r"\S.* · \S", shape["title"]):
        found.append(f"title: {shape['title']!r}")
    if len(shape["h1"]) != 1 or not shape["h1"][0]:
        found.append(f"headings of the first rank: {shape['h1']}")
    if shape["tooWide"] > 0:
        found.append(f"{shape['tooWide']} px wider than the window")
    found += [f"squeezed to a column of letters: {text}" for text in shape["squeezed"]]
    found += [f"no name: {control}" for control in shape["unnamed"]]
    found += [f"id {name} is there twice" for name in shape["twice"]]
    return found


def _place(walker: Walker) -> None:
    walker.go(PROJECT + "suggest/")
    walker.page.locator("#id_where").fill("Watouplein")
    walker.press("Search", walker.page.locator(".kp-pick"))
    walker.press("This is my place, next")


def _text(walker: Walker) -> None:
    _place(walker)
    walker.page.locator("#id_title").fill("Naast de kiosk")
    walker.press("Next: check it")


def _ask_code(walker: Walker) -> None:
    walker.go("/account/login/code/")
    walker.page.locator("#id_email").fill("lezer@poperinge.example")
    walker.press("Send me a code")


def _choose(walker: Walker) -> None:
    walker.go(PROJECT + "ballot/")
    walker.page.locator("kp-ballot .kp-option__label").last.click()
    walker.press("Next: check it")


def _by_letter(walker: Walker) -> None:
    vote_by_letter("laadpunten")


def _letters(walker: Walker) -> None:
    """A print, so that the list has a row."""
    vote_by_letter("laadpunten")
    vote = Phase.objects.select_related("project").get(project__slug="laadpunten", kind="vote")
    make_codes(phase=vote, n=3, by=Person.objects.get(email=PEOPLE["planner"]), now=database_now())


def _cast(walker: Walker) -> None:
    _choose(walker)
    walker.press("Cast my ballot")


def _study(walker: Walker) -> None:
    project = Project.objects.get(slug="laadpunten")
    studies.whole(project, Person.objects.get(email=PEOPLE["planner"]))


def _dossier(walker: Walker) -> None:
    """A study, a decision, and the dossier about both, published."""
    project, planner = Project.objects.get(slug="laadpunten"), Person.objects.get(email=PEOPLE["planner"])
    studies.whole(project, planner)
    studies.decided(project, planner)
    if not project.dossiers.exists():
        study = project.studies.get(number=1)
        publish_dossier(project=project, study=study, scenarios=[1, 2], by=planner, now=database_now())


def _upload(walker: Walker) -> None:
    square = '{"type":"Polygon","coordinates":[[[2.7,50.84],[2.72,50.84],[2.72,50.86],[2.7,50.84]]]}'
    walker.go("/desk/layers/")
    page = walker.page
    page.set_input_files("#id_file", {"name": "a.geojson", "mimeType": "application/json", "buffer": square.encode()})
    for field in ("name", "source", "licence"):
        page.locator(f"#id_{field}").fill("Driehoek")
    walker.press("Upload and look")


def _candidate(walker: Walker) -> None:
    walker.go("/desk/projects/laadpunten/candidates/new/?proposal=1")
    walker.press("Make this candidate")


def _decision(walker: Walker) -> None:
    walker.go("/desk/projects/laadpunten/decisions/")
    for at in (0, 1):
        walker.page.locator("input[name=proposal]").nth(at).check()
    walker.page.locator("#template").select_option("build_wanted")
    walker.press("Decide about what is ticked")
    walker.press("Publish and answer everyone")


def _claim(walker: Walker) -> None:
    proposal = Proposal.objects.filter(project__slug="laadpunten", author=None)[0]
    Claim.objects.get_or_create(proposal=proposal, defaults={"digest": digest_of("x"), "made_at": database_now()})


def _invite(walker: Walker) -> None:
    Invitation.objects.get_or_create(
        digest=digest_of("x"),
        defaults={
            "organisation": Organisation.objects.get(slug="poperinge"),
            "email": "nieuw@poperinge.example",
            "role": "planner",
            "invited_by": Person.objects.get(email=PEOPLE["manager"]),
            "invited_at": database_now(),
            "expires_at": database_now() + timedelta(days=7),
        },
    )


def _app(walker: Walker) -> None:
    """A second factor, set up in this browser."""
    Authenticator.objects.all().delete()
    walker.go("/account/factor/app/")
    key = walker.page.locator("main code").inner_text()
    counter = next(iter(yield_hotp_counters_from_time()))
    walker.page.locator("#id_code").fill(format_hotp_value(hotp_value(key, counter)))
    walker.press("Set it up")


def _fill_in(walker: Walker) -> None:
    walker.go("/projects/uitpas/form/")
    walker.page.locator("#id_q1_o1").check()
    walker.press("Next: check it")


FIRST: dict[str, Callable[[Walker], None]] = {
    "fill_in": _fill_in,
    "place": _place,
    "text": _text,
    "ask_code": _ask_code,
    "choose": _choose,
    "cast": _cast,
    "study": _study,
    "dossier": _dossier,
    "upload": _upload,
    "candidate": _candidate,
    "decision": _decision,
    "by_letter": _by_letter,
    "letters": _letters,
    "claim": _claim,
    "invite": _invite,
    "app": _app,
}


def visit(walker: Walker, name: str) -> None:
    """Go to a page of the table the way a person comes there."""
    row: Row = ROWS[name]
    if row.by:
        walker.enter_as(PEOPLE[row.by])
    if row.first:
        FIRST[row.first](walker)
    path = reverse(name, kwargs=dict(row.demo)) + row.query
    walker.go(path)
    # The workbench writes into its address what it shows.
    assert walker.path.partition("?")[0] == path.partition("?")[0], "led elsewhere"
    draw(walker)


def draw(walker: Walker) -> None:
    """Wait a moment for the map, where there is one."""
    if walker.script and walker.page.locator("kp-map").count():
        walker.page.evaluate(
            "Promise.race([document.querySelector('kp-map').ready, new Promise(r => setTimeout(r, 1500))])"
        )


@pytest.mark.parametrize("name", PAGES)
def test_no_barriers(new_walker: NewWalker, name: str) -> None:
    walker = new_walker(size=PHONE, axe=True)
    visit(walker, name)
    found = {f"{name} 390 nl": barriers(walker.page, "nl")}
    # The other languages on the narrow window, where long words break out.
    for other in LANGUAGES[1:]:
        walker.context.add_cookies([{"name": "django_language", "value": other, "url": walker.origin}])
        walker.page.reload()
        found[f"{name} 390 {other}"] = misshapen(walker.page, other)
    walker.context.clear_cookies(name="django_language")
    walker.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    walker.page.reload()
    draw(walker)
    found[f"{name} 1280 nl"] = barriers(walker.page, "nl")
    assert {where: what for where, what in found.items() if what} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_barriers_beside_the_neighbours_of_a_place(
    new_walker: NewWalker, size: tuple[int, int], language: str
) -> None:
    walker = new_walker(size=size, language=language, axe=True)
    walker.go(PROJECT + "suggest/")
    walker.page.locator("#id_where").fill("Watouplein")
    walker.press("Search", walker.page.locator(".kp-pick"))
    walker.sees("Suggested near here already")
    assert barriers(walker.page, language) == []


@pytest.mark.parametrize("path", ["/nergens/", "/projects/parkconcerten/ballot/", "/projects/laadpunten/results/"])
def test_no_barriers_where_something_is_refused(new_walker: NewWalker, size: tuple[int, int], path: str) -> None:
    walker = new_walker(size=size, axe=True)
    walker.go(path)
    assert barriers(walker.page, "nl") == []


def test_no_barriers_in_the_dark(new_walker: NewWalker, size: tuple[int, int]) -> None:
    walker = new_walker(size=size, axe=True)
    walker.page.emulate_media(color_scheme="dark")
    found = {}
    for path in ("/", PROJECT, PROJECT + "ballot/", "/projects/zitbanken/results/", "/style/"):
        walker.go(path)
        found[path] = barriers(walker.page, "nl")
    assert {where: what for where, what in found.items() if what} == {}


def test_text_twice_as_large_still_fits(new_walker: NewWalker) -> None:
    """WCAG 1.4.10: what is 1280 px wide, at 400 percent is 320 px."""
    walker = new_walker(size=(320, 640))
    wide = {}
    for path in ("/", "/projects/", PROJECT, PROJECT + "ballot/", PROJECT + "suggest/", "/projects/zitbanken/results/"):
        walker.go(path)
        wide[path] = walker.page.evaluate(SHAPE)["tooWide"]
    assert {path: px for path, px in wide.items() if px > 0} == {}


def test_a_barrier_would_be_seen(new_walker: NewWalker) -> None:
    """The control: the same look reports what was put wrong on purpose."""
    walker = new_walker(size=PHONE, axe=True)
    walker.go("/privacy/")
    walker.page.evaluate(
        """() => {
        document.documentElement.lang = "xx";
        document.title = "";
        document.querySelector("main").insertAdjacentHTML("beforeend",
          `<h1>Nog een</h1><input id="main"><img src="data:,"><div id="wide">.</div><p id="narrow">a b c d e f g</p>`);
        document.getElementById("wide").style.minWidth = "900px";
        document.getElementById("narrow").style.width = "20px";
        }"""
    )
    found = " | ".join(barriers(walker.page, "nl"))
    signs = ["html-lang-valid", "document-title", "image-alt", "label:", "says it is in xx", "title: ''", "first rank"]
    signs += ["wider than", "squeezed", "no name: <input", "id main is there twice"]
    assert [sign for sign in signs if sign not in found] == []


def test_a_broken_policy_would_be_seen(new_walker: NewWalker) -> None:
    """The control of the watch on every walk: an inline script and a foreign picture are noted."""
    walker = new_walker()
    walker.go("/privacy/")
    walker.page.evaluate(
        """() => {
        const script = document.createElement("script");
        script.textContent = "window.broken = true";
        document.body.append(script);
        const picture = new Image();
        picture.src = "https://elders.example/spy.gif";
        document.body.append(picture);
        }"""
    )
    walker.page.wait_for_timeout(300)
    noted = " ".join(walker.watch.problems)
    walker.watch.problems.clear()
    assert "script-src" in noted
    assert "img-src" in noted or "elders.example" in noted
    assert walker.page.evaluate("window.broken") is None
