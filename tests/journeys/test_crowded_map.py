"""A crowd of pins on the map: groups say of which themes they are, open when clicked, and outlive a dead server."""

import pytest
from django.utils import timezone
from playwright.sync_api import Request, Route, expect

from participation.models import Project, Proposal, Theme
from participation.services.synthetic import scatter_pins
from tests.journeys.walker import DESK, PHONE, NewWalker

N_PINS = 3000
TILES = "**/tiles/WebMercatorQuad/**"


@pytest.fixture
def crowd(new_walker: NewWalker) -> Project:
    """A project full of pins of three themes; some have none."""
    project = Project.objects.get(slug="laadpunten")
    scatter_pins(project=project, n=N_PINS, seed=3, now=timezone.now(), report=lambda _n: None)
    themes = [
        Theme.objects.create(project=project, slug=f"soort-{n}", name={"nl": f"Soort {n}"}, colour=colour, position=n)
        for n, colour in enumerate(("#1f5c3a", "#b3261e", "#1d4ed8"))
    ]
    pins = Proposal.objects.filter(project=project, title__regex=r" \d+$")
    for n, theme in enumerate(themes):
        pins.filter(number__iregex=rf"[{n}{n + 3}]$").update(theme=theme)
    return project


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_group_shows_its_themes_and_opens(new_walker: NewWalker, crowd: Project, size: tuple[int, int]) -> None:
    walker = new_walker(size=size)
    asked: set[int] = set()

    def note(request: Request) -> None:
        if "/tiles/" in request.url:
            asked.add(int(request.url.rsplit("/", 3)[1]))

    walker.context.on("request", note)
    walker.go(f"/projects/{crowd.slug}/")
    if size == PHONE:
        walker.page.get_by_text(walker.say("Map"), exact=True).first.click()
    ring = walker.page.locator("kp-map .kp-ring").filter(has=walker.page.locator(".kp-ring__share")).first
    expect(ring).to_be_visible()
    assert "Soort" in (ring.locator(".kp-ring__face").get_attribute("title") or "")
    before = max(asked)
    ring.click()
    expect(walker.page.locator("kp-map.is-zooming")).to_have_count(0)
    expect(walker.page.locator("kp-map .kp-ring, kp-map .kp-mark").first).to_be_visible()
    walker.page.wait_for_timeout(500)
    assert max(asked) > before


def test_the_map_keeps_its_pins_while_the_server_is_down(new_walker: NewWalker, crowd: Project) -> None:
    walker = new_walker(size=DESK)
    walker.go(f"/projects/{crowd.slug}/")
    marks = walker.page.locator("kp-map .kp-ring, kp-map .kp-mark")
    expect(marks.first).to_be_visible()

    def down(route: Route) -> None:
        route.fulfill(status=502, body="")

    walker.context.route(TILES, down)
    walker.page.locator("kp-map .leaflet-control-zoom-in").click()
    told = walker.page.locator("kp-map .kp-map__note")
    expect(told).to_contain_text(walker.say("Part of the map did not load."))
    expect(marks.first).to_be_attached()
    walker.context.unroute(TILES, down)
    told.get_by_role("button").click()
    expect(told).to_be_empty()
    expect(marks.first).to_be_visible()
    # These were meant.
    walker.watch.problems[:] = [problem for problem in walker.watch.problems if not problem.startswith("502 ")]
