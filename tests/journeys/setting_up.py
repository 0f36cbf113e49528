"""What a planner does in every project: sets it up step by step, looks after the queue, makes the shortlist."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from django.utils.timezone import localtime
from playwright.sync_api import expect

from participation.queries.voting import database_now
from participation.web.setup import NAMES
from tests.journeys.walker import Walker

PLANNER = "planner@poperinge.example"
Doing = Callable[[Walker], None]


def go_on(walker: Walker) -> None:
    """Press the button that leads to the next step."""
    walker.page.locator("main form button.utrecht-button--primary-action").first.click()


def fill(walker: Walker, **fields: str) -> None:
    """Fill fields in by their names."""
    for name, text in fields.items():
        walker.page.locator(f"#id_{name}").fill(text)


def begin(planner: Walker, template: str, title: str) -> str:
    """Begin a project from a template; gives back where its set-up is."""
    planner.enter_as(PLANNER)
    planner.go("/desk/projects/new/")
    fill(planner, title=title)
    planner.page.locator(f'input[name="begin"][value="template:{template}"]').check()
    planner.press("Begin", planner.page.locator("main"))
    return planner.path.removesuffix("question/")


def through_the_steps(planner: Walker, doing: Mapping[str, Doing]) -> None:
    """Go from the first step to the last by the button that says "next"; ``doing`` is what is filled in on the way."""
    for name in NAMES[:-1]:
        assert urlsplit(planner.path).path.endswith(f"/setup/{name}/")
        if name in doing:
            doing[name](planner)
        go_on(planner)
    assert planner.path.endswith("/setup/check/")


def dated(*spans: tuple[float, float]) -> Doing:
    """Fill in when the first phases open and close, in days from now; the others stay as they are."""

    def doing(planner: Walker) -> None:
        now = localtime(database_now())
        for number, span in enumerate(spans, start=1):
            for field, days in zip(("opens", "closes"), span, strict=True):
                at = planner.page.locator(f"#{field}_{number}")
                if at.get_attribute("readonly") is None:
                    at.fill((now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M"))

    return doing


def move_on(planner: Walker, setup: str, *spans: tuple[float, float]) -> None:
    """Let the phases of a public project follow one another sooner than was planned."""
    planner.go(setup + "phases/")
    dated(*spans)(planner)
    go_on(planner)
    planner.sees("It was kept.")


def publish_what_waits(planner: Walker, slug: str, n: int) -> None:
    """Publish the proposals that wait in the queue, one after the other."""
    planner.go(f"/desk/projects/{slug}/queue/")
    for _n in range(n):
        planner.press("Publish", planner.page.locator(".kp-queue__piece"))
    planner.sees("Nothing waits")


def shortlist(planner: Walker, slug: str, *titles: str) -> None:
    """Put proposals on the ballot."""
    planner.go(f"/desk/projects/{slug}/ballot/")
    for title in titles:
        planner.page.locator("tr").filter(has_text=title).locator("label").click()
    planner.press("Put ticked ones on the ballot")
    for title in titles:
        expect(planner.page.locator("tr").filter(has_text=title).locator("td").last).to_have_text(planner.say("yes"))
