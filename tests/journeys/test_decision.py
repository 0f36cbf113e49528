"""A planner goes from the sites of a ballot and what residents wrote in to a published decision, in the browser alone."""

import json
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from participation.models import Phase, Project, Response
from participation.services.synthetic import scatter_pins
from participation.services.voting import close_phase
from siting.models import Candidate, Layer, Scenario, Study
from siting.services.scenarios import run_scenario
from siting.services.studies import run_study
from tests.journeys.walker import NewWalker, Walker
from tests.past import end

DESK = "/desk/projects/laadpunten"
N_WRITE_INS = 400
CHARGERS = Path(__file__).resolve().parents[3] / "shared/data/be_osm_charging/charging_stations_osm_20251226.geojson"


def chargers(folder: Path) -> Path:
    """The charging points of OpenStreetMap where they lie beside the checkout, else some of our own."""
    if CHARGERS.is_file():
        return CHARGERS
    places = [(2.727, 50.855), (2.735, 50.853), (2.631, 50.861), (2.781, 50.829), (2.665, 50.802)]
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": {"capacity": 2}}
        for place in places
    ]
    file = folder / "chargers.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def upload_layer(walker: Walker, file: Path) -> None:
    """Take the existing charging points in: uploaded, looked at, used."""
    walker.go("/desk/layers/")
    walker.page.locator("#id_file").set_input_files(file)
    walker.page.locator("#id_name").fill("Laadpalen die er zijn")
    walker.page.locator("#id_kind").select_option("existing")
    walker.page.locator("#id_source").fill("OpenStreetMap")
    walker.page.locator("#id_licence").fill("ODbL 1.0")
    walker.press("Upload and look")
    walker.press("Use this layer")
    assert Layer.objects.get(name="Laadpalen die er zijn").state == Layer.State.CURRENT


def make_candidates(walker: Walker) -> None:
    """Take the sites of the ballot along, and make one of the heaviest cluster of what was written in."""
    walker.go(f"{DESK}/candidates/")
    walker.page.locator("form[action$='/candidates/ballot/'] button").click()
    expect(walker.page.locator("tbody tr")).to_have_count(32)
    walker.go(f"{DESK}/map/?on_ballot=off")
    walker.press("Make it a candidate")
    walker.page.locator("#title").fill("Waar velen om vragen")
    walker.press("Make this candidate")
    assert Candidate.objects.count() == 33


def compute_study(walker: Walker) -> None:
    """Hold the candidates against the criteria for charging points."""
    walker.go(f"{DESK}/studies/new/")
    walker.page.locator("#id_title").fill("Waar eerst laden?")
    walker.page.locator("input[name=template][value=charging]").check()
    walker.page.locator("#id_existing_layer").select_option(label="Laadpalen die er zijn")
    walker.press("Next: criteria")
    walker.page.locator("button[name=act][value=save]").first.click()
    walker.go(f"{DESK}/studies/1/")
    walker.press("Compute")
    walker.sees("Waiting for its turn.")
    run_study(Study.objects.get().pk, clock=timezone.now)
    walker.go(f"{DESK}/studies/1/")
    walker.sees("How firm is this order?")


def compute_scenario(walker: Walker, title: str, model: str, **more: str) -> Scenario:
    """Ask for a scenario and let it be computed."""
    walker.go(f"{DESK}/studies/1/scenarios/new/")
    walker.page.locator("#id_title").fill(title)
    walker.page.locator(f"input[name=model][value={model}]").check()
    walker.page.locator("#id_k").fill("12")
    walker.page.locator("#id_pins").fill("50")
    for field, value in more.items():
        walker.page.locator(f"#id_{field}").fill(value)
    walker.press("Compute")
    scenario = Scenario.objects.get(title=title)
    run_scenario(scenario.pk, clock=timezone.now)
    scenario.refresh_from_db()
    assert scenario.state == Scenario.State.DONE, scenario.failure
    return scenario


def decide(walker: Walker, numbers: list[int], outcome: str, reason: str) -> None:
    """Give these candidates the same answer."""
    walker.go(f"{DESK}/decisions/")
    for number in numbers:
        walker.page.locator(f"input[name=candidate][value='{number}']").check()
    walker.page.locator(f"input[name=outcome][value={outcome}]").check()
    walker.page.locator("#reason_nl").fill(reason)
    walker.press("Decide about what is ticked")


@pytest.mark.django_db
def test_from_32_sites_and_400_write_ins_to_a_published_decision(new_walker: NewWalker, tmp_path: Path) -> None:
    project = Project.objects.get(slug="laadpunten")
    scatter_pins(project=project, n=N_WRITE_INS, seed=7, now=timezone.now(), report=lambda _n: None)
    vote = Phase.objects.get(project=project, kind="vote")
    end(vote)
    assert close_phase(vote)
    walker = new_walker()
    walker.enter_as("planner@poperinge.example")

    upload_layer(walker, chargers(tmp_path))
    make_candidates(walker)
    compute_study(walker)
    best = compute_scenario(walker, "Meeste mensen", "cover")
    spread = compute_scenario(walker, "In elk dorp een", "cover", at_least_per_area="1")
    compute_scenario(walker, "Zoals gestemd", "voted")
    for scenario in (best, spread):
        assert scenario.result is not None
        # Proven: no choice is better than what the scenario says of itself.
        assert 0 <= scenario.result["figures"]["gap"] <= 0.03
    assert spread.result is not None
    assert spread.result["figures"]["n_areas_with"] >= best.result["figures"]["n_areas_with"]

    walker.go(f"{DESK}/studies/1/scenarios/")
    walker.sees("The same six figures for each")
    for title in ("Meeste mensen", "In elk dorp een", "Zoals gestemd"):
        expect(walker.page.locator("main")).to_contain_text(title)

    chosen = [site["number"] for site in spread.result["chosen"]]
    others = sorted(set(Candidate.objects.values_list("number", flat=True)) - set(chosen))
    decide(walker, chosen, "build", "Samen bereiken deze plekken de meeste mensen, met minstens een in elk dorp.")
    decide(walker, others, "later", "Deze plek komt in een volgende ronde aan de beurt.")
    walker.press("Publish and answer everyone")
    walker.page.wait_for_load_state()
    assert Response.objects.filter(proposal__project=project).count() >= 32

    walker.go(f"{DESK}/dossier/")
    walker.press("Publish it")
    walker.go("/projects/laadpunten/dossier/")
    expect(walker.page.locator("main")).to_contain_text("Waar velen om vragen")
    answer = walker.page.request.get(f"{walker.origin}/projects/laadpunten/dossier.pdf")
    assert answer.ok
    assert answer.body().startswith(b"%PDF-")
    walker.go("/projects/laadpunten/outcome/")
    expect(walker.page.locator("main")).to_contain_text("met minstens een in elk dorp")
