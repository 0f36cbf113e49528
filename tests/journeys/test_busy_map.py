"""A map whose tiles are refused because the server is busy asks again, and fills."""

from collections import Counter

from playwright.sync_api import Route, expect

from tests.journeys.walker import NewWalker


def test_the_map_fills_once_the_server_has_time(new_walker: NewWalker) -> None:
    walker = new_walker()
    asked: Counter[str] = Counter()

    def busy_once(route: Route) -> None:
        asked[route.request.url] += 1
        if asked[route.request.url] == 1:
            route.fulfill(status=503, headers={"Retry-After": "1"}, content_type="application/problem+json", body="{}")
        else:
            route.continue_()

    walker.context.route("**/tiles/WebMercatorQuad/**", busy_once)
    walker.go("/projects/laadpunten/")
    expect(walker.page.locator("kp-map .kp-mark, kp-map .kp-ring").first).to_be_visible()
    assert asked
    assert set(asked.values()) == {2}
    # These refusals were meant.
    told = walker.watch.problems
    told[:] = [problem for problem in told if not (problem.startswith("503 ") and "/tiles/" in problem)]
