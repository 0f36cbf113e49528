"""The town's cases, each from the first step of its set-up to its shortlist."""

from pathlib import Path

from playwright.sync_api import expect

from participation.models import AnswerSheet, Comment, InventoryObject, Project, Proposal, Support
from tests.journeys.setting_up import (
    begin,
    dated,
    fill,
    move_on,
    publish_what_waits,
    shortlist,
    through_the_steps,
)
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker

RESIDENT, OTHER = "bewoner@poperinge.example", "buur@poperinge.example"
# A minute of a day: what begins that long ago has begun on a page that shows minutes.
MINUTE = 1 / 1440

BOXES = """nr;straat;eigenaar;lon;lat
F1;Boeschepestraat 12;Fluvius;2.7247;50.8522
F2;Krombeekseweg 40;Fluvius;2.7195;50.8605
P1;Engelstraat 3;Proximus;2.7224;50.8574
T1;Ver weg 1;Telenet;4.35;50.85
"""
SITES = """naam;omschrijving;lon;lat
Parking Gasthuisstraat;Dicht bij de winkels;2.7235;50.8568
Stationsplein;Naast de fietsen;2.7363;50.8545
Watouplein;Achter de kerk;2.6205;50.8596
"""


def whats_written(walker: Walker, title: str, body: str = "") -> None:
    """Say what and why, look at it."""
    fill(walker, title=title, body=body)
    walker.press("Next: check it")


def sent(walker: Walker) -> Proposal:
    """Send it with an account; gives back what came in."""
    walker.press("Send my proposal")
    walker.sees("Your proposal was sent. This is its own page: keep the link.")
    return Proposal.objects.latest("pk")


def test_utility_boxes(new_walker: NewWalker, tmp_path: Path) -> None:
    planner = new_walker(size=DESK)
    setup = begin(planner, "utility-boxes", "Kasten met kleur")
    slug = setup.split("/")[3]
    through_the_steps(planner, {"phases": dated((-10, 20), (20, 30))})
    # The objects are what no template brings: the last step says so, and leads there and back.
    planner.link("Upload the objects of the inventory, or let people propose any place.").click()
    file = tmp_path / "kasten.csv"
    file.write_text(BOXES, encoding="utf-8")
    planner.page.locator("#id_file").set_input_files(file)
    fill(planner, name_field="straat", owner_field="eigenaar", key_field="nr")
    planner.press("Upload", planner.page.locator("section[aria-labelledby=upload]"))
    expect(planner.page.locator("main")).to_contain_text("1 ligt buiten het gebied")
    for name, said in (("Boeschepestraat 12", "given"), ("Krombeekseweg 40", "refused")):
        card = planner.page.locator(".kp-card").filter(has_text=name)
        card.locator("select").select_option(said)
        planner.press("Keep", card)
        expect(card.locator("select")).to_have_value(said)
    planner.press("Go on with the set-up")
    planner.press("Make it public")

    resident = new_walker(size=DESK)
    resident.enter_as(RESIDENT)
    resident.go(f"/projects/{slug}/")
    resident.press("Suggest a place")
    refused = resident.card("Krombeekseweg 40")
    expect(refused).to_contain_text(resident.say("the owner does not agree"))
    expect(refused.get_by_role("button")).to_have_count(0)
    resident.press("Choose", resident.card("Boeschepestraat 12"))
    whats_written(resident, "Een vogel op de kast", "Er zitten hier veel mussen.")
    resident.refusal("answers.incomplete")
    resident.page.locator("#id_q1_o1").check()
    resident.press("Next: check it")
    expect(resident.page.locator("article")).to_contain_text("Boeschepestraat 12")
    bird = sent(resident)
    publish_what_waits(planner, slug, 1)
    resident.go(f"/projects/{slug}/suggest/")
    resident.press("proposed already", resident.card("Boeschepestraat 12"))
    expect(resident.page.locator("main")).to_contain_text("Fluvius")
    resident.sees("the owner agrees")

    move_on(planner, setup, (-10, -MINUTE), (-MINUTE, 10))
    shortlist(planner, slug, bird.title)
    bird.refresh_from_db()
    assert (bird.state, bird.on_ballot) == ("published", True)
    assert bird.inventory_object == InventoryObject.objects.get(project__slug=slug, key="F1")
    assert AnswerSheet.objects.get(proposal=bird).answers == {"q1": "o1"}


def test_charging_points(new_walker: NewWalker, tmp_path: Path) -> None:
    planner = new_walker(size=PHONE, language="fr", script=False)
    setup = begin(planner, "charging-points", "Bornes")
    slug = setup.split("/")[3]

    def with_a_shortlist(planner: Walker) -> None:
        """What is written in during the vote is looked at before the decision."""
        planner.page.locator("#kind").select_option("shortlist")
        planner.press("Add", planner.page.locator("#kind").locator(".."))
        for place in (5, 4):
            planner.press("Earlier", planner.page.locator(".kp-setup__phases > li").nth(place - 1))
        dated((-20, -10), (-10, 20), (20, 30), (30, 60), (60, 90))(planner)

    through_the_steps(planner, {"phases": with_a_shortlist})
    planner.press("Make it public")
    file = tmp_path / "sites.csv"
    file.write_text(SITES, encoding="utf-8")
    planner.page.set_default_timeout(60_000)
    planner.go(f"/desk/projects/{slug}/import/")
    planner.page.locator("#id_file").set_input_files(file)
    planner.press("Upload and look")
    planner.press("See what would change")
    expect(planner.page.locator("section[aria-labelledby=becomes]")).to_contain_text("Stationsplein")
    planner.press("Take it in")
    planner.sees("What changed")
    shortlist(planner, slug, "Parking Gasthuisstraat", "Stationsplein", "Watouplein")

    resident = new_walker(size=PHONE, language="fr", script=False)
    resident.enter_as(RESIDENT)
    resident.go(f"/projects/{slug}/")
    resident.press("Suggest a place")
    where(resident, "Couthof")
    whats_written(resident, "Au château", "Les promeneurs s’y garent.")
    castle = sent(resident)
    publish_what_waits(planner, slug, 1)

    neighbour = new_walker(size=PHONE, language="fr", script=False)
    neighbour.enter_as("inwoner-001@demo.invalid")
    neighbour.go(f"/projects/{slug}/suggest/")
    where(neighbour, "50.8836, 2.6586")
    whats_written(neighbour, "Devant le château")
    neighbour.sees("This looks like a proposal that is there already")
    neighbour.press("Support this instead")
    neighbour.press("Support", neighbour.page.locator("main"))
    neighbour.sees("You support “%(title)s”. Thank you.", title=castle.title)
    assert Support.objects.filter(proposal=castle, person__email="inwoner-001@demo.invalid").exists()

    move_on(planner, setup, (-20, -10), (-10, 20), (-MINUTE, 30))
    shortlist(planner, slug, castle.title)
    resident.go(f"/projects/{slug}/ballot/")
    expect(resident.page.locator("kp-ballot input[name=number]")).to_have_count(4)


def where(walker: Walker, place: str) -> None:
    """Type where it should come, and take it."""
    walker.page.locator("#id_where").fill(place)
    walker.press("Search", walker.page.locator(".kp-pick"))
    walker.press("This is my place, next")


def test_village_centre(new_walker: NewWalker) -> None:
    planner = new_walker(size=DESK, language="fr")
    setup = begin(planner, "village-centre", "Place d’Abele")
    slug = setup.split("/")[3]

    def in_abele(planner: Walker) -> None:
        """The neighbourhood alone."""
        planner.page.locator('input[name="kind"][value="areas"]').check()
        planner.page.locator("details", has_text="Abele").locator("summary").click()
        planner.page.get_by_label("Abele").check()

    through_the_steps(planner, {"area": in_abele, "phases": dated((-20, -10), (-10, 10), (10, 20), (20, 30))})
    planner.press("Make it public")

    # Nobody we know draws an area on the map, with the cross and the keys.
    somebody = new_walker(size=DESK, language="fr")
    somebody.go(f"/projects/{slug}/")
    somebody.press("Suggest a place")
    somebody.press("An area")
    field = somebody.page.locator("#id_where")
    for spot in ("50.8223, 2.6660", "50.8223, 2.6668", "50.8228, 2.6664"):
        field.fill(spot)
        somebody.press("Add this spot")
        expect(somebody.page.locator("button[name=take_away]").last).to_be_visible()
    expect(somebody.page.locator("path.kp-map__drawn--mine")).to_have_count(1)
    somebody.press("This is my place, next")
    whats_written(somebody, "Du gazon sur la place", "L’eau doit partir.")
    somebody.press("Send without an account")
    somebody.sees("Keep this link. You see it only once.")
    lawn = Proposal.objects.latest("pk")
    assert lawn.author is None
    assert lawn.state == "submitted"
    assert lawn.shape is not None
    assert lawn.shape.geom_type == "Polygon"

    resident = new_walker(size=DESK, language="fr")
    resident.enter_as(RESIDENT)
    resident.go(f"/projects/{slug}/suggest/")
    where(resident, "50.8225, 2.6665")
    whats_written(resident, "Plus d’herbe")
    grass = sent(resident)
    publish_what_waits(planner, slug, 2)
    resident.go(f"/projects/{slug}/proposals/{lawn.number}/")
    resident.press("Support", resident.page.locator("main"))

    move_on(planner, setup, (-20, -10), (-10, -5 * MINUTE), (-5 * MINUTE, 20))
    resident.go(f"/projects/{slug}/proposals/{lawn.number}/")
    resident.page.locator("#comment_text").fill("Et un banc à l’ombre.")
    resident.press("Send my comment")
    planner.go(f"/desk/projects/{slug}/queue/")
    planner.press("Publish the comment")
    planner.go(f"/desk/projects/{slug}/queue/?state=published&piece={grass.pk}")
    planner.page.locator("#join").fill(str(lawn.number))
    planner.press("Join this one with the other")
    grass.refresh_from_db()
    assert grass.merged_into == lawn
    resident.go(f"/projects/{slug}/proposals/{lawn.number}/")
    expect(resident.page.locator("#comments")).to_contain_text("Et un banc à l’ombre.")
    assert Comment.objects.get(proposal=lawn).state == "published"

    move_on(planner, setup, (-20, -10), (-10, -5 * MINUTE), (-5 * MINUTE, -MINUTE), (-MINUTE, 20))
    shortlist(planner, slug, lawn.title)
    lawn.refresh_from_db()
    assert lawn.on_ballot


def test_line_up(new_walker: NewWalker) -> None:
    planner = new_walker(size=PHONE, script=False)
    setup = begin(planner, "line-up", "Parkconcerten")
    slug = setup.split("/")[3]
    through_the_steps(planner, {"phases": dated((-10, 20), (20, 30), (30, 50))})
    planner.press("Make it public")
    resident = new_walker(size=PHONE, script=False)
    resident.enter_as(RESIDENT)
    groups = [f"{name} uit {place}" for place in ("Watou", "Proven") for name in ("Fanfare", "Koor", "Band", "DJ")]
    for group in groups:
        resident.go(f"/projects/{slug}/")
        resident.press("Suggest something")
        whats_written(resident, group)
        sent(resident)
    publish_what_waits(planner, slug, len(groups))

    move_on(planner, setup, (-10, -MINUTE), (-MINUTE, 10), (10, 30))
    shortlist(planner, slug, *groups[:5])
    resident.go(f"/projects/{slug}/")
    expect(resident.page.locator(".kp-nownext")).to_contain_text("Daarna: “Stemmen”")
    assert Project.objects.get(slug=slug).proposals.filter(on_ballot=True).count() == 5
