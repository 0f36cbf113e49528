"""A planner computes a study and a scenario and moves a place, with and without JavaScript."""

from django.utils import timezone
from playwright.sync_api import expect

from participation.models import Person, Project
from siting.models import Scenario, Study
from siting.services.scenarios import run_scenario
from siting.services.studies import run_study
from tests.integration import studies
from tests.journeys.walker import Walker

DESK = "/desk/projects/laadpunten/studies/"


def test_from_a_study_to_a_place_moved_by_hand(resident: Walker) -> None:
    walker = resident
    planner = Person.objects.get(email="planner@poperinge.example")
    studies.whole(Project.objects.get(slug="laadpunten"), planner)
    walker.enter_as("planner@poperinge.example")

    # Study 2 was begun: it is computed, and the page that is open says so by itself where it can.
    walker.go(f"{DESK}2/")
    walker.press("Compute")
    walker.sees("Waiting for its turn.")
    run_study(Study.objects.get(number=2, project__slug="laadpunten").pk, clock=timezone.now)
    if not walker.script:
        walker.go(f"{DESK}2/")
    walker.sees("How firm is this order?")
    walker.page.locator(".ks-site summary").first.click()
    walker.sees("Together")

    walker.go(f"{DESK}2/scenarios/new/")
    walker.page.locator("#id_title").fill("Two places")
    walker.page.locator("#id_pins").fill("1")
    walker.page.locator("#id_k").fill("2")
    walker.press("Compute")
    run_scenario(Scenario.objects.get(title="Two places").pk, clock=timezone.now)
    walker.go(f"{DESK}2/scenarios/")
    walker.sees("The same six figures for each")

    walker.go(f"{DESK}2/scenarios/1/")
    walker.page.locator("#id_lon").fill("2.60")
    walker.press("Move it")
    expect(walker.page.locator("h1")).to_contain_text("met de hand verplaatst")
    expect(walker.page.locator("main")).to_contain_text("voor de verplaatsing")
