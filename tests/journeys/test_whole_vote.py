"""A whole vote of the demo, from the open ballot to the explained result, in Dutch and in French, at both widths."""

import re

import pytest
from playwright.sync_api import Route, expect

from participation.models import BallotCast, Person, Phase
from participation.rules.voting import Choice
from participation.selectors.projects import choices_cast
from tests.journeys.stage import close_vote_a_second_ago, reopen_vote
from tests.journeys.walker import NewWalker, Walker

AN = "bewoner@poperinge.example"


def tick(walker: Walker, number: int) -> None:
    """Tap an option of the ballot; its whole card is the box's label."""
    walker.page.locator(f"label[for=n{number}]").click()


def cast(walker: Walker) -> None:
    """Go from the ballot over the check into the box."""
    walker.press("Next: check it")
    walker.press("Cast my ballot")
    walker.sees("Your ballot is in the box")


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.parametrize("slug", ["laadpunten", "parkconcerten"])
def test_a_vote_is_cast_changed_closed_and_explained(
    new_walker: NewWalker, size: tuple[int, int], slug: str, language: str
) -> None:
    reopen_vote(slug)
    vote = Phase.objects.get(project__slug=slug, kind="vote")
    an = Person.objects.get(email=AN)
    before = choices_cast(vote, an)
    walker = new_walker(size=size, language=language)
    walker.enter_as(AN)
    page = walker.page
    walker.go(f"/projects/{slug}/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    walker.go(f"/projects/{slug}/ballot/")
    for choice in before or []:
        tick(walker, choice.number)
    boxes = page.locator("kp-ballot input[name=number]")
    numbers = [int(str(boxes.nth(at).get_attribute("value"))) for at in range(vote.cap)]
    for number in numbers:
        tick(walker, number)
    cast(walker)
    assert [choice.number for choice in choices_cast(vote, an) or []] == numbers

    walker.press("Change my ballot")
    tick(walker, numbers[0])
    cast(walker)
    assert {choice.number for choice in choices_cast(vote, an) or []} == set(numbers[1:])

    # Nobody hears how it stands while the vote runs.
    walker.go(f"/projects/{slug}/results/")
    expect(page.locator(".kp-bars")).to_have_count(0)

    close_vote_a_second_ago(slug)
    walker.go(f"/projects/{slug}/results/")
    assert re.search(r"\d", page.locator("h1").inner_text())
    expect(page.locator(".kp-bars").first).to_be_visible()
    # By another rule: which one binds is said, and what would change.
    walker.press("Equal shares")
    walker.sees("Binding is “%(name)s”.", name=walker.say("Most votes"))


def test_a_line_that_breaks_at_the_very_moment_of_casting_loses_and_doubles_nothing(walker: Walker) -> None:
    """The ballot arrives, the answer does not: loading again tells that it is in the box, once."""
    vote = Phase.objects.get(project__slug="laadpunten", kind="vote")
    an = Person.objects.get(email=AN)
    n_casts = BallotCast.objects.filter(ballot__phase=vote, ballot__person=an).count()
    walker.enter_as(AN)
    page = walker.page
    walker.go("/projects/laadpunten/ballot/")
    for choice in choices_cast(vote, an) or []:
        tick(walker, choice.number)
    number = int(str(page.locator("kp-ballot input[name=number]").first.get_attribute("value")))
    tick(walker, number)
    walker.press("Next: check it")

    def swallow(route: Route) -> None:
        # The site does its work; its answer never reaches the browser.
        route.fetch(max_redirects=0)
        route.abort("connectionfailed")

    page.route("**/ballot/cast/", swallow, times=1)
    with page.expect_event("requestfailed"):
        walker.press("Cast my ballot")
    assert choices_cast(vote, an) == [Choice(number)]
    page.wait_for_url(re.compile("^chrome-error:"))
    # Loading again sends the same form, with the same nonce: a replay.
    page.reload()
    walker.sees("Your ballot is in the box")
    assert choices_cast(vote, an) == [Choice(number)]
    assert BallotCast.objects.filter(ballot__phase=vote, ballot__person=an).count() == n_casts + 1
