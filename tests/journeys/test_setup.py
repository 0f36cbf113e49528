"""A planner sets up a project and opens it, in Dutch and French; a resident takes part without account."""

import time

import pytest
from playwright.sync_api import expect

from participation.models import Project, Proposal
from tests.journeys.setting_up import PLANNER, begin, fill, go_on
from tests.journeys.walker import DESK, PHONE, NewWalker

# The whole set-up may take ten minutes; the clicks of it are the least part.
CLICKS_S = 120


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.parametrize(("size", "script"), [(DESK, True), (PHONE, False)], ids=["1280", "390-no-script"])
def test_from_nothing_to_open(new_walker: NewWalker, language: str, size: tuple[int, int], script: bool) -> None:
    walker = new_walker(size=size, language=language, script=script)
    page = walker.page
    walker.enter_as(PLANNER)
    walker.go("/desk/")
    began = time.monotonic()
    walker.press("New project")
    fill(walker, title="Boekenruilkasten")
    page.locator('input[name="begin"][value="blank"]').check()
    walker.press("Begin", page.locator("main"))
    fill(walker, question_nl="Waar komt een boekenruilkast?", summary_nl="Stel een plek voor.")
    page.locator("summary", has_text=walker.say("French")).click()
    fill(walker, title_fr="Boîtes à livres", question_fr="Où placer une boîte à livres ?")
    go_on(walker)
    if script:
        # Three clicks on the map are a drawing.
        page.evaluate("document.querySelector('kp-map').ready")
        area = page.locator(".kp-map__canvas")
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        assert box
        for x, y in ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)):
            area.click(position={"x": box["width"] * x, "y": box["height"] * y})
        expect(page.locator('input[name="kind"][value="drawn"]')).to_be_checked()
        assert len(page.locator("#id_corners").input_value().splitlines()) == 3
    else:
        page.locator('input[name="kind"][value="town"]').check()
    go_on(walker)
    page.locator("#preset").select_option("propose_vote")
    walker.press("Add them")
    expect(page.locator(".kp-setup__phases > li")).to_have_count(5)
    opens = page.locator("#opens_1").input_value()
    page.locator("#opens_1").fill(f"2026-01-01{opens[10:]}")
    go_on(walker)
    page.locator('input[name="propose"][value="anyone"]').check()
    go_on(walker)
    page.locator("#id_new0_nl").fill("Aan een school")
    go_on(walker)
    # No questions of its own.
    go_on(walker)
    fill(walker, rules_nl="Op openbaar domein.", outcome_nl="Het college beslist en zegt waarom.")
    go_on(walker)
    page.locator('input[name="method"][value="support"]').check()
    go_on(walker)
    fill(walker, promise="Ja.", missing="Mensen zonder mail.", change="De plek, niet het aantal.")
    go_on(walker)
    walker.press("Make it public")
    assert time.monotonic() - began < CLICKS_S
    asked = {"nl": "Waar komt een boekenruilkast?", "fr": "Où placer une boîte à livres ?"}[language]
    expect(page.locator("h1")).to_have_text(asked)
    project = Project.objects.get(slug="boekenruilkasten")
    assert project.state == Project.State.OPEN
    assert project.phases.get(kind="vote").method == "support"
    assert project.area is not None


def test_without_an_account_and_claimed_later(new_walker: NewWalker, size: tuple[int, int], script: bool) -> None:
    walker = new_walker(size=size, script=script)
    planner = new_walker(size=DESK)
    setup = begin(planner, "line-up", "Wat te doen")
    planner.go(setup + "access/")
    planner.page.locator('input[name="propose"][value="anyone"]').check()
    go_on(planner)
    planner.go(setup + "phases/")
    planner.page.locator("#opens_1").fill("2026-01-01T09:00")
    go_on(planner)
    planner.go(setup + "check/")
    planner.press("Make it public")

    walker.go("/projects/wat-te-doen/")
    walker.sees("You need no account to propose. The town looks at it before it is public.")
    walker.go("/projects/wat-te-doen/suggest/what/")
    fill(walker, title="Zwemmen op zondag")
    walker.press("Next: check it")
    walker.press("Send without an account")
    walker.sees("Keep this link. You see it only once.")
    link = walker.page.locator("#claim_link").input_value()
    assert Proposal.objects.get(title="Zwemmen op zondag").author is None
    walker.go(link.removeprefix(walker.origin))
    walker.press("Sign in and make it mine")
    walker.type_code("zwemmer@poperinge.example")
    walker.press("Make it mine")
    walker.sees("Being checked")
    author = Proposal.objects.get(title="Zwemmen op zondag").author
    assert author is not None
    assert author.email == "zwemmer@poperinge.example"
