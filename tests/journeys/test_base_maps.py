"""A background that is down costs nothing but itself: the next one comes, and at last the town's own lines."""

import time
from base64 import b64decode
from collections import Counter

from playwright.sync_api import Route, expect

from participation.middleware import KNOWN_SECONDS
from participation.models import Organisation
from tests.journeys.walker import NewWalker

PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
DOWN, UP = "https://down.example.org", "https://up.example.org"


def own(name: str, origin: str, kind: str = "xyz") -> dict[str, object]:
    """A town's own map service."""
    url = f"{origin}/{{z}}/{{x}}/{{y}}.png" if kind == "xyz" else f"{origin}/wms"
    return {"kind": kind, "name": name, "url": url, "attribution": f"© {name}", "max_zoom": 19, "layer": "a"}


def test_the_map_goes_on_without_its_background(new_walker: NewWalker) -> None:
    maps = [own("Kaart", DOWN), own("Luchtfoto", UP), own("Dienst", UP, "wms")]
    Organisation.objects.filter(slug="poperinge").update(base_maps=maps)
    walker = new_walker()
    asked: Counter[str] = Counter()
    is_up = True

    def answer(route: Route) -> None:
        asked[route.request.url.split("/")[2]] += 1
        assert "cookie" not in route.request.headers
        if is_up and route.request.url.startswith(UP):
            route.fulfill(body=PICTURE, headers={"Cache-Control": "no-store", "Content-Type": "image/png"})
        else:
            route.fulfill(status=503, body="")

    walker.context.route("https://*.example.org/**", answer)
    # The town is remembered for two seconds; a new host name asks anew.
    walker.page.wait_for_timeout(2100)
    walker.go("/projects/laadpunten/")
    page = walker.page
    pins = page.locator("kp-map .kp-mark, kp-map .kp-ring")
    chosen = page.locator("kp-map .kp-map__grounds button[aria-pressed=true]")
    expect(pins.first).to_be_visible()
    expect(chosen).to_have_text("Luchtfoto")
    expect(page.locator("kp-map .leaflet-control-attribution")).to_have_text("© Luchtfoto")
    expect(page.locator("kp-map .kp-map__note")).to_contain_text("Kaart")
    assert page.locator("kp-map.has-pictures").count() == 1
    page.get_by_role("button", name="Dienst").click()
    expect(chosen).to_have_text("Dienst")
    expect(page.locator("kp-map .leaflet-control-attribution")).to_have_text("© Dienst")
    is_up = False
    walker.go("/projects/laadpunten/")
    expect(page.locator("kp-map.has-pictures")).to_have_count(0)
    expect(chosen).to_have_count(0)
    expect(pins.first).to_be_visible()
    # The server of the pins itself: what was drawn stays said in the list, and one press asks again.
    walker.context.route("**/tiles/WebMercatorQuad/**", lambda route: route.fulfill(status=500, body=""))
    walker.go("/projects/laadpunten/?theme=")
    note = page.locator("kp-map .kp-map__note")
    again = note.get_by_role("button", name=walker.say("Try again"))
    expect(again).to_be_visible()
    assert page.locator(".kp-card[data-pin]").count() > 20
    walker.context.unroute("**/tiles/WebMercatorQuad/**")
    again.click()
    expect(pins.first).to_be_visible()
    assert min(asked.values()) > 0
    assert set(asked) == {"down.example.org", "up.example.org"}
    # The site knows a town for so long, and the next walk is through another one.
    time.sleep(KNOWN_SECONDS)
    # These failures were meant.
    told = walker.watch.problems
    meant = (".example.org/", "/tiles/WebMercatorQuad/")
    told[:] = [problem for problem in told if not any(part in problem for part in meant)]
