"""Every page for people, at both widths and in four languages: no barrier that a machine can find.

Pages that are reached by doing something first: tests/journeys/test_pages_on_the_way.py.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django import DjangoDbBlocker

from tests.contracts.pages import ROWS, Row
from tests.journeys import stage
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


@pytest.fixture(scope="module")
def town(seeded: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One demo town for all who only look."""
    with django_db_blocker.unblock(), stage.own_town(seeded):
        yield


def visit(walker: Walker, name: str, first: Callable[[Walker], None] | None = None) -> None:
    """Go to a page of the table the way a person comes there."""
    row: Row = ROWS[name]
    if row.by:
        walker.enter_as(PEOPLE[row.by])
    if first:
        first(walker)
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


def found_on(new_walker: NewWalker, name: str, first: Callable[[Walker], None] | None = None) -> dict[str, list[str]]:
    """What is wrong with a page at both widths and in four languages, where something is."""
    walker = new_walker(size=PHONE, axe=True)
    visit(walker, name, first)
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
    return {where: what for where, what in found.items() if what}


@pytest.mark.parametrize("name", [name for name in PAGES if not ROWS[name].first])
def test_no_barriers(new_walker: NewWalker, name: str) -> None:
    assert found_on(new_walker, name) == {}


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
