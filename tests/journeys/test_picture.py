"""The picture in README is a screenshot of the running site: KIESPLEK_PICTURES=1 makes it anew."""

import os
from pathlib import Path

from django.conf import settings
from playwright.sync_api import expect

from tests.journeys.walker import NewWalker

PICTURE = Path(settings.BASE_DIR) / "docs/pictures/map.png"


def test_the_map_shows_its_pins(new_walker: NewWalker) -> None:
    walker = new_walker(size=(1280, 800), language="en")
    walker.go("/projects/laadpunten/")
    walker.page.wait_for_load_state("networkidle")
    expect(walker.page.locator("kp-map .kp-pin, kp-map .kp-ring").first).to_be_visible()
    if os.environ.get("KIESPLEK_PICTURES") == "1":
        # The question and the map on one picture: the frame above them is left out.
        walker.page.locator("h1").evaluate("h1 => scrollTo(0, h1.getBoundingClientRect().top + scrollY - 24)")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        walker.page.screenshot(path=PICTURE)
