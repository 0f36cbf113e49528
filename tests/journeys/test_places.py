"""A planner draws where nothing can come; on a phone somebody puts down a line, with the map and without a script."""

import pytest
from playwright.sync_api import expect

from participation.models import Project, Proposal, Zone
from participation.queries.voting import database_now
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker

SETUP = "/desk/projects/laadpunten/setup/area/"
SUGGEST = "/projects/laadpunten/suggest/"
PLANNER, RESIDENT = "planner@poperinge.example", "bewoner@poperinge.example"
MARKET = (50.8553, 2.7262)


def zone_is_drawn(planner: Walker) -> None:
    """The planner asks for lines as well, and bars the ground around the market with three clicks."""
    planner.enter_as(PLANNER)
    planner.go(SETUP)
    planner.field("A line").check()
    planner.press("Keep")
    planner.sees("It was kept.")
    planner.page.locator('main a[href="/desk/projects/laadpunten/zones/"]').click()
    planner.page.get_by_label(planner.say("Nothing can come here")).last.check()
    planner.page.locator("input[name=name_nl]").last.fill("Markt")
    planner.page.locator("textarea[name=why_nl]").last.fill("Er liggen kabels.")
    frame = planner.page.locator("#map .kp-map__canvas")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.6)):
        planner.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    corners = planner.page.locator("[data-draw-corners]")
    assert len(corners.input_value().splitlines()) == 3
    lat, lon = MARKET
    corners.fill(f"{lat - 0.002}, {lon - 0.002}\n{lat - 0.002}, {lon + 0.002}\n{lat + 0.002}, {lon}")
    planner.press("Add")
    planner.sees("The zones")
    assert Zone.objects.get(project__slug="laadpunten").name == {"nl": "Markt"}


@pytest.mark.parametrize("script", [True, False], ids=["map", "no-script"])
def test_a_line_beside_a_barred_zone(new_walker: NewWalker, script: bool) -> None:
    zone_is_drawn(new_walker(size=DESK))
    project = Project.objects.get(slug="laadpunten")
    Project.objects.filter(pk=project.pk).update(moderated_first=False)
    project.phases.filter(kind="vote").update(write_ins=True)
    walker = new_walker(size=PHONE, script=script)
    walker.enter_as(RESIDENT)
    walker.go(SUGGEST)
    walker.press("A line")
    lat, lon = MARKET
    where = walker.page.locator("#id_where")
    where.fill(f"{lat}, {lon}")
    walker.press("Add this spot")
    assert "kabels" in walker.refusal("zone.barred")
    for at in (0.004, 0.006):
        where.fill(f"{lat + at}, {lon}")
        walker.press("Add this spot")
        expect(walker.page.locator("button[name=take_away]").last).to_be_visible()
    if script:
        expect(walker.page.locator("path.kp-map__drawn--mine")).to_have_count(1)
        expect(walker.page.locator("path.kp-map__drawn--barred")).to_have_count(1)
        # The cross stands where the last spot was put; moved a little, it is one more.
        walker.page.locator("#map .kp-map__canvas").focus()
        walker.page.keyboard.press("ArrowRight")
        expect(walker.page.locator("#id_lon")).not_to_have_value(f"{lon:.6f}")
        walker.press("Add this spot")
        expect(walker.page.locator("button[name=take_away]")).to_have_count(3)
        walker.page.locator("button[name=take_away]").last.click()
    expect(walker.page.locator("button[name=take_away]")).to_have_count(2)
    walker.press("This is my place, next")
    walker.page.locator("#id_title").fill("Een laadstraat")
    walker.press("Next: check it")
    walker.press("Send my proposal")
    walker.sees("Your proposal was sent. This is its own page: keep the link.")
    found = Proposal.objects.get(title="Een laadstraat")
    assert found.created_at <= database_now()
    assert found.shape is not None
    assert found.shape.geom_type == "LineString"
    if script:
        expect(walker.page.locator("path.kp-map__drawn--mine")).to_have_count(1)
