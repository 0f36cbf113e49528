"""The list and the map of a project follow each other; in a crowd what is clicked is what is told, and nobody else."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone
from playwright.sync_api import Page, expect

from geo.plane.tiles import lon_lat, tile_at
from participation.models import Project, Proposal, Theme
from tests.journeys.walker import DESK, PHONE, NewWalker

PROJECT = "/projects/laadpunten/"
# Cells of a tile in which one pin each makes it too crowded for titles.
CROWD = [(x, y) for x in range(2, 20) for y in range(2, 33)]
CLOSEST = 19


@pytest.fixture
def crowded(town: None) -> str:
    """Five pins on one spot, one that stands alone and a crowd, all in 48 metres: the box around them."""
    project = Project.objects.get(slug="laadpunten")
    theme = Theme.objects.create(project=project, slug="druk", name={"nl": "Druk"}, colour="#1d4ed8", position=2)
    tile = tile_at(2.7266, 50.8559, CLOSEST)

    def at(x: float, y: float) -> Point:
        return Point(*lon_lat(tile.x + x, tile.y + y, CLOSEST), srid=4326)

    places = [at((x + 0.5) / 64, (y + 0.5) / 64) for x, y in CROWD] + [at(0.6, 0.8)] * 5 + [at(0.85, 0.3)]
    Proposal.objects.bulk_create(
        Proposal(
            project=project, number=n, title=f"Druk {n}", point=place, theme=theme, created_at=timezone.now()
        )
        for n, place in enumerate(places, start=2001)
    )  # fmt: skip
    west, north = lon_lat(tile.x - 0.5, tile.y - 0.5, CLOSEST)
    east, south = lon_lat(tile.x + 1.5, tile.y + 1.5, CLOSEST)
    return f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}"


def test_in_a_crowd_a_click_tells_of_these_pins_alone(new_walker: NewWalker, crowded: str) -> None:
    walker = new_walker(size=DESK)
    walker.go(f"{PROJECT}?bbox={crowded}")
    ring = walker.page.locator("kp-map .kp-ring").filter(has_text=re.compile("^5$"))
    ring.click()
    card = walker.page.locator("kp-map .kp-map__card")
    first = 2001 + len(CROWD)
    expect(card.locator("li a")).to_have_text([f"Druk {n}" for n in range(first, first + 5)])
    mark = walker.page.locator("kp-map .kp-mark").filter(has_text=str(first + 5))
    # Though its tile is too full for titles, it has the colour and the shape of its theme.
    expect(mark.locator(".kp-mark__shape")).to_have_css("fill", "rgb(29, 78, 216)")
    mark.click()
    expect(card.locator(".kp-card__title a")).to_have_text(f"Druk {first + 5}")
    # What does not fit on a card stands on the list, with what is in the box around it.
    walker.page.locator("kp-map .kp-ring").filter(has_not_text=re.compile("^5$")).first.click()
    title = card.locator(".kp-card__title")
    expect(title).to_have_text(re.compile(r"^\d+ "))
    many = int(title.inner_text().split()[0])
    rest = card.locator(".kp-map__words > a")
    rest.click()
    walker.page.wait_for_url(lambda url: crowded not in unquote(url))
    # The box around a round group holds some of its neighbours as well.
    listed = int((walker.page.locator("#count").text_content() or "").split()[0])
    assert many <= listed < len(CROWD)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_the_list_follows_the_map_and_back(new_walker: NewWalker, size: tuple[int, int]) -> None:
    walker = new_walker(size=size)
    page = walker.page

    def show(tab: str) -> None:
        if size == PHONE:
            page.get_by_text(walker.say(tab), exact=True).and_(page.locator(":visible")).first.click()

    def found() -> int:
        return int(page.locator("#count").text_content().split()[0])  # type: ignore[union-attr]

    walker.go(PROJECT)
    everything = found()
    show("Map")
    expect(page.locator("kp-map .kp-mark, kp-map .kp-ring").first).to_be_visible()
    switch = walker.field("In the list only what the map shows")
    switch.focus()
    page.keyboard.press("Space")
    page.wait_for_url("**bbox=**")
    assert found() <= everything
    for _ in range(3):
        before = page.url
        page.locator("kp-map .leaflet-control-zoom-in").click()
        page.wait_for_url(lambda url: url != before)  # noqa: B023
    narrowed = found()
    assert 0 < narrowed < everything
    box = [float(part) for part in parse_qs(urlsplit(page.url).query)["bbox"][0].split(",")]
    show("List")
    places = page.locator("#found .kp-card").evaluate_all("cards => cards.map(c => [+c.dataset.lon, +c.dataset.lat])")
    assert len(places) == min(narrowed, 30)
    assert all(box[0] <= lon <= box[2] and box[1] <= lat <= box[3] for lon, lat in places)
    # The address says the same to whoever opens it anew, and the map shows the same again.
    page.reload()
    assert found() == narrowed
    show("Map")
    expect(page.locator("kp-map .kp-mark, kp-map .kp-ring").first).to_be_visible()
    if size == DESK:
        _pointing(page)
    switch.focus()
    page.keyboard.press("Space")
    page.wait_for_url(lambda url: "bbox" not in url)
    assert found() == everything


def _pointing(page: Page) -> None:
    """What is pointed at or in focus here stands out there."""
    # One that is seen: some are drawn beyond the edge, for when the map moves.
    seen = """marks => marks.findIndex((mark) => {
      const map = mark.closest("kp-map").getBoundingClientRect(), at = mark.getBoundingClientRect();
      return at.left > map.left && at.top > map.top && at.right < map.right && at.bottom < map.bottom;
    })"""
    marks = page.locator("kp-map .kp-mark")
    mark = marks.nth(marks.evaluate_all(seen))
    number = mark.text_content()
    card = page.locator(f'.kp-card[data-pin="{number}"]')
    mark.hover()
    expect(card).to_have_class(re.compile("is-pointed-at"))
    card.locator(".kp-card__link").hover()
    pointed = page.locator("kp-map .is-pointed-at")
    expect(pointed).to_have_text(str(number))
    page.locator("h1").hover()
    expect(pointed).to_have_count(0)
    card.locator("a").first.focus()
    expect(pointed).to_have_text(str(number))


def test_without_script_the_address_narrows_the_list(new_walker: NewWalker) -> None:
    walker = new_walker(script=False)
    walker.go(PROJECT)
    everything = walker.page.locator("#count").inner_text()
    walker.go(f"{PROJECT}?bbox=2.72,50.85,2.73,50.86")
    assert walker.page.locator("#count").inner_text() != everything
    walker.field("In the list only what the map shows").uncheck()
    walker.press("Show")
    assert "bbox" not in walker.page.url
    assert walker.page.locator("#count").inner_text() == everything
