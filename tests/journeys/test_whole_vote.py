"""A whole vote of the demo, from the open ballot to the explained result, in Dutch and in French, at both widths."""

import re

import pytest
from playwright.sync_api import expect

from participation.models import Person, Phase
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
