"""Fixtures of the walks: one browser, one site, and for every test the demo town as it was made."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.journeys import stage
from tests.journeys.stage import PostOffice
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker, open_browser

CHROMIUM = "/usr/bin/chromium"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave walks at a desk without JavaScript to ``make drills``: a phone's window finds most of what they find."""
    for item in items:
        chosen = getattr(item, "callspec", None)
        if chosen is not None and chosen.params.get("size") == DESK and chosen.params.get("script") is False:
            item.add_marker("long")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as the distribution ships it."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def seeded(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of the database with the demo town in it."""
    with django_db_blocker.unblock(), stage.seeded_database(migrated) as name:
        yield name


@pytest.fixture(scope="session")
def post() -> Iterator[PostOffice]:
    """The mail server."""
    with stage.post_office() as office:
        yield office


@pytest.fixture(scope="session")
def site(post: PostOffice) -> Iterator[str]:
    """The address of the running site."""
    with stage.live_site() as address:
        yield address


@pytest.fixture
def town(seeded: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo town, untouched."""
    with django_db_blocker.unblock(), stage.own_town(seeded):
        yield


@pytest.fixture
def new_walker(browser: Browser, site: str, post: PostOffice, town: None) -> Iterator[NewWalker]:
    """Opens windows; at the end nothing may have gone wrong in any of them."""
    walkers: list[Walker] = []

    def opened(**wishes: Any) -> Walker:
        walkers.append(open_browser(browser, site, post, **wishes))
        return walkers[-1]

    yield opened
    for walker in walkers:
        walker.context.close()
    assert [problem for walker in walkers for problem in walker.watch.problems] == []


@pytest.fixture(params=[PHONE, DESK], ids=["390", "1280"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """A phone's window, then a desk's."""
    wide: tuple[int, int] = request.param
    return wide


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def script(request: pytest.FixtureRequest) -> bool:
    """With JavaScript, then without."""
    return bool(request.param)


@pytest.fixture
def walker(new_walker: NewWalker, size: tuple[int, int]) -> Walker:
    """A Dutch reader with JavaScript, at both widths."""
    return new_walker(size=size)


@pytest.fixture
def resident(new_walker: NewWalker, size: tuple[int, int], script: bool) -> Walker:
    """A Dutch reader, at both widths, with and without JavaScript."""
    return new_walker(size=size, script=script)
