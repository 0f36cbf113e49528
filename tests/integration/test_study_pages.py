"""The pages of studies and scenarios, walked as a planner does: from a question to figures ready for the college."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django import Settings

from participation.models import Phase
from siting.models import Criterion, HandValue, Scenario, Study
from siting.services.scenarios import run_scenario
from siting.services.studies import publish_study, run_study
from tests.cast import Cast
from tests.integration import studies as stage
from tests.integration.studies import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast, settings: Settings) -> Client:
    """The planner's browser, on a town with eight candidates."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    stage.candidates_at_pins(cast)
    stage.supports(cast, [9, 8, 7, 6, 5, 4, 3, 2])
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["Piet"])
    return client


def at(name: str, *args: object) -> str:
    return reverse(name, args=("laden", *args))


def words(client: Client, address: str, status: int = 200) -> str:
    """The text of a page, blanks put together."""
    response = client.get(address)
    assert response.status_code == status, response.content.decode()[-2000:]
    # A blank that does not break is a blank.
    return re.sub(r"\s+", " ", strip_tags(response.content.decode()))


def fields(client: Client, address: str) -> dict[str, str]:
    """What a form says as it is: every field with its first value."""
    context = client.get(address).context
    cards = context.get("cards")
    forms = [card["form"] for card in cards] if cards is not None else [context["form"]]
    found = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value not in (None, False):
                found[bound.html_name] = (
                    bound.field.widget.format_value(value) if not isinstance(value, list) else value
                )
    return {
        name: value[0] if isinstance(value, list) and value else value
        for name, value in found.items()
        if value not in (None, [])
    }


def test_from_a_question_to_scores_that_open(desk: Client, cast: Cast) -> None:
    answer = desk.post(
        at("desk_study_new"),
        {"title": "Where first?", "template": "charging", "n_first": "3", "question": "Which twelve?"},
    )
    assert answer["Location"] == at("desk_study_criteria", 1)
    shown = words(desk, at("desk_study_criteria", 1))
    assert "Free width of the pavement" in shown
    assert "zeist.nl" in desk.get(at("desk_study_criteria", 1)).content.decode()

    filled = fields(desk, at("desk_study_criteria", 1)) | {"act": "save"}
    dropped = {f"{row.code}-drop": "on" for row in Criterion.objects.filter(kind="hard").exclude(code="pav.width")}
    answer = desk.post(at("desk_study_criteria", 1), filled | dropped)
    assert answer.status_code == 302, answer.context["cards"]
    assert answer["Location"] == at("desk_study_values", 1)
    assert Criterion.objects.get(code="pav.width").name == ""

    typed = {f"pav.width.{n}": "2" for n in range(1, 7)} | {
        "pav.width.7": "1,2",
        "ev.bay_type.1": "car park",
        "ev.two_bays.1": "1",
    }
    answer = desk.post(at("desk_study_values", 1), typed, headers={"accept-language": "nl"})
    assert answer["Location"] == at("desk_study", 1), answer.context
    assert HandValue.objects.count() == 9

    assert desk.post(at("desk_study_act", 1), {"act": "start"}).status_code == 302
    assert "Waiting for its turn." in words(desk, at("desk_study", 1))
    assert desk.get(at("desk_study_progress", 1)).headers.get("HX-Refresh") is None
    run_study(Study.objects.get().pk, clock=clock)
    assert desk.get(at("desk_study_progress", 1))["HX-Refresh"] == "true"

    shown = words(desk, at("desk_study", 1))
    assert "These come first: Site 1" in shown
    assert "1 candidate is left out" in shown
    assert "Site 7: Free width of the pavement (1.20 m; at least 1.50 m)" in shown
    assert "Of 1 candidate it is not known yet whether it fits." in shown
    assert "How firm is this order?" in shown
    assert re.search(r"Whatever these count for, the order stays: .*Inhabitants within reach", shown)
    # Every part of the first score stands in the page.
    assert re.search(r"Supporters within reach925 %0\.180\.045", shown)
    assert "No layer was chosen for this, so it is not known of any candidate." in shown


def test_the_parts_in_the_page_add_up_to_the_score(desk: Client, cast: Cast) -> None:
    stage.run(stage.study(cast, template="charging"))
    page = desk.get(at("desk_study", 1)).context["rows"]
    for row in page:
        points = [float(part["points"] or 0) for part in row["parts"]]
        assert sum(points) == pytest.approx(float(row["together"]), abs=0.0105)


def test_what_cannot_be_is_said_at_the_field_and_nothing_is_lost(desk: Client, cast: Cast) -> None:
    stage.study(cast)
    filled = fields(desk, at("desk_study_criteria", 1)) | {
        "act": "save",
        "demand-worth": "many",
        "existing-weight": "-1",
    }
    response = desk.post(at("desk_study_criteria", 1), filled)
    assert response.status_code == 422
    shown = strip_tags(response.content.decode())
    assert "Write what each value is worth, such as “0: 0; 250: 1”." in shown
    assert 'value="many"' in response.content.decode()
    response = desk.post(
        at("desk_study_criteria", 1), {"act": "add", "new-name": "X", "new-kind": "scored", "new-measure": "sum"}
    )
    shown = strip_tags(response.content.decode())
    assert "Say what values are worth: this criterion gives points." in shown
    assert "Say within how many metres." in shown
    assert desk.post(at("desk_study_new"), {"title": ""}).status_code == 422
    assert desk.post(at("desk_study_act", 1), {"act": "publish"}).status_code == 409


def test_a_criterion_of_ones_own_is_added(desk: Client, cast: Cast) -> None:
    stage.layer(cast, "people", ["POINT (2.7 50.85)"], [{"n": 5}])
    stage.study(cast)
    own = {
        "act": "add", "new-name": "Homes near", "new-kind": "scored", "new-weight": "10", "new-measure": "sum",
        "new-of": "people|n", "new-radius_m": "300", "new-worth": "0: 0; 100: 1",
    }  # fmt: skip
    assert desk.post(at("desk_study_criteria", 1), own).status_code == 302
    row = Criterion.objects.get(name="Homes near")
    assert (row.layer, row.attribute, row.radius_m, row.worth) == ("people", "n", 300, {"curve": [[0, 0], [100, 1]]})


def test_the_weights_that_would_turn_the_order_are_told_in_words(desk: Client, cast: Cast) -> None:
    first = cast.options[0].point
    assert first is not None
    stage.layer(cast, "chargers", [f"POINT ({first.x + 0.001} {first.y})"])
    stage.run(stage.study(cast, existing_layer="chargers"))
    shown = words(desk, at("desk_study", 1))
    assert re.search(
        r"Distance to what is there already counts for 40 % of the score\. "
        r"If it counted for less than [\d.]+ %, Site 1 would come before Site \d\.",
        shown,
    )


def test_copy_repeat_and_two_side_by_side(desk: Client, cast: Cast) -> None:
    done = stage.run(stage.study(cast))
    assert desk.post(at("desk_study_act", 1), {"act": "repeat"})["Location"] == at("desk_study", 2)
    run_study(Study.objects.get(number=2).pk, clock=clock)
    assert "The same question on the same data as study 1, and the same outcome." in words(desk, at("desk_study", 2))
    assert desk.post(at("desk_study_act", 1), {"act": "copy"})["Location"] == at("desk_study_criteria", 3)
    Criterion.objects.filter(study__number=3, code="demand").update(weight=0)
    stage.run(Study.objects.get(number=3))
    shown = words(desk, at("desk_studies_compare") + "?a=1&b=3")
    assert "Not the same in both: the criteria or settings." in shown
    assert "Both have the same outcome" in words(desk, at("desk_studies_compare") + "?a=1&b=2")
    assert "Put two studies side by side" in words(desk, at("desk_studies"))
    stage.supports(cast, [0, 0, 0, 0, 0, 0, 0, 5])
    assert "Not the same any more: proposals or supporters." in words(desk, at("desk_study", done.number))


def test_a_study_is_read_by_everybody_only_while_it_is_published(desk: Client, cast: Cast) -> None:
    done = stage.run(stage.study(cast, question="Who comes first?"))
    visitor = Client(headers={"accept-language": "en"})
    page = at("study", 1)
    assert visitor.get(page).status_code == 404
    desk.post(at("desk_study_act", 1), {"act": "publish"})
    shown = words(visitor, page)
    assert "Who comes first?" in shown
    assert "Site 1" in shown
    assert "A score is no decision" in shown
    publish_study(study=Study.objects.get(pk=done.pk), is_public=False, by=cast["Piet"])
    assert visitor.get(page).status_code == 404


def asked(**more: str) -> dict[str, str]:
    return {
        "title": "Best cover",
        "model": "cover",
        "k": "2",
        "radius_m": "300",
        "supports": "100",
        "uses_existing": "on",
    } | more


def test_scenarios_side_by_side_in_plain_words(desk: Client, cast: Cast) -> None:
    stage.run(stage.study(cast))
    stage.counted(cast, [0, 0, 1, 0, 9, 0, 2, 0])
    for form in (
        asked(),
        asked(title="One a village", at_least_per_area="1"),
        asked(title="As voted", model="voted", k=""),
        asked(title="Impossible", k="1", at_least_per_area="1"),
    ):
        assert desk.post(at("desk_scenario_new", 1), form)["Location"] == at("desk_scenarios", 1)
    assert "waiting for its turn" in words(desk, at("desk_scenarios", 1))
    for row in Scenario.objects.all():
        run_scenario(row.pk, clock=clock)
    shown = words(desk, at("desk_scenarios", 1))
    assert "Best cover: with 2 new places, 39 % of the demand lies within 300 m of one." in shown
    assert "No other choice under these conditions does better; that is proven." in shown
    assert "This choice follows the vote; it was not computed." in shown
    figures = desk.get(at("desk_scenarios", 1)).context["figures"]
    assert [len(row["cells"]) for row in figures] == [3] * 6
    assert [cell["value"] for cell in figures[1]["cells"]] == [
        "39\N{NO-BREAK SPACE}%",
        "32\N{NO-BREAK SPACE}%",
        "18\N{NO-BREAK SPACE}%",
    ]
    refused = words(desk, at("desk_scenario", 1, 4))
    assert "These conditions cannot hold together: the least number per neighbourhood; the number of places." in refused
    assert "It is about these neighbourhoods: Oostkant, Westkant." in refused


def test_a_place_is_moved_and_the_figures_change_at_once(desk: Client, cast: Cast) -> None:
    stage.run(stage.study(cast))
    desk.post(at("desk_scenario_new", 1), asked())
    run_scenario(Scenario.objects.get().pk, clock=clock)
    shown = words(desk, at("desk_scenario", 1, 1))
    assert "Order of building" in shown
    moved = desk.post(
        at("desk_scenario_act", 1, 1), {"act": "move", "site": "1", "lon": "2.77", "lat": "50.85"}, follow=True
    )
    shown = strip_tags(moved.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    assert "Demand within reach: 23 %; before the move 39 %." in shown
    assert "Best cover, moved by hand" in shown
    wrong = desk.post(at("desk_scenario_act", 1, 1), {"act": "move", "site": "1", "lon": "x", "lat": ""}, follow=True)
    assert "give its new longitude and latitude as numbers" in strip_tags(wrong.content.decode())
    assert desk.post(at("desk_scenario_act", 1, 2), {"act": "drop"}).status_code == 302
    assert Scenario.objects.count() == 1


def test_a_scenario_that_says_too_little_is_sent_back(desk: Client, cast: Cast) -> None:
    stage.run(stage.study(cast))
    response = desk.post(at("desk_scenario_new", 1), asked(k="", supports="", budget="500"))
    shown = strip_tags(response.content.decode())
    assert response.status_code == 422
    assert "Say what one place costs" in shown
    assert "Say for whom places are chosen" in shown
    response = desk.post(at("desk_scenario_new", 1), asked() | {"must": ["1"], "must_not": ["1"]})
    assert "The same place must be in and may not" in strip_tags(response.content.decode())


def test_a_running_vote_is_not_shown_by_a_scenario(desk: Client, cast: Cast) -> None:
    stage.run(stage.study(cast))
    assert Phase.objects.get().closed_at is None
    desk.post(at("desk_scenario_new", 1), asked(supports="", votes="100"))
    run_scenario(Scenario.objects.get().pk, clock=clock)
    assert "No vote was counted yet." in words(desk, at("desk_scenario", 1, 1))


def test_moderators_read_and_do_not_write(desk: Client, cast: Cast) -> None:
    stage.run(stage.study(cast))
    client = Client()
    client.force_login(cast["Mo"])
    assert client.get(at("desk_study", 1)).status_code == 200
    assert client.get(at("desk_study_new")).status_code == 404
    assert client.post(at("desk_study_act", 1), {"act": "publish"}).status_code == 404
    assert not Study.objects.get().is_public
