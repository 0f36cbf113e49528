"""Scenarios choose by their model under their conditions, prove how good that is, and say what is impossible."""

from datetime import timedelta
from itertools import combinations
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from participation import public
from participation.models import Project
from participation.rules.refusals import Code, Refused
from siting.models import Candidate, Decision, Layer, RollOut, Scenario
from siting.rules.criteria import Kind
from siting.rules.measures import Asked, Measure
from siting.rules.scenarios import Ingredient, Model, Source, Wanted, kept, mixed, read
from siting.rules.stamps import differences
from siting.selectors import stage as stages
from siting.selectors.mixing import demand_mix
from siting.selectors.outcomes import stamp_of_scenario
from siting.selectors.studies import scored
from siting.services.scenarios import create_scenario, move_site, run_scenario
from siting.services.studies import CriterionSettings, add_criterion
from tests.cast import Cast
from tests.integration import studies as stage
from tests.integration.studies import NOW, clock

pytestmark = pytest.mark.django_db


def chosen(found: Scenario) -> list[int]:
    assert found.state == Scenario.State.DONE, found.failure
    assert found.result is not None
    return [site["number"] for site in found.result["chosen"]]


def figures(found: Scenario) -> dict[str, float]:
    assert found.result is not None, found.failure
    got: dict[str, float] = found.result["figures"]
    return got


def notes(found: Scenario) -> list[str]:
    assert found.result is not None, found.failure
    return [note["code"] for note in found.result["notes"]]


@pytest.fixture
def supported(cast: Cast) -> Cast:
    """Eight candidates at the eight pins, with falling numbers of supporters."""
    stage.candidates_at_pins(cast)
    stage.supports(cast, [9, 8, 7, 6, 5, 4, 3, 2])
    return cast


SUPPORTS = (Ingredient(Source.SUPPORTS),)


def test_the_best_cover_is_the_best_of_all_choices(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    found = stage.scenario(supported, study, mix=SUPPORTS, k=3, radius_m=1500)
    weights = np.array([9, 8, 7, 6, 5, 4, 3, 2])

    def covered(some: tuple[int, ...]) -> int:
        # Neighbours stand 1,400 m apart.
        reached = {near for at in some for near in (at - 1, at, at + 1) if 0 <= near < 8}
        return int(weights[list(reached)].sum())

    best = max(covered(some) for some in combinations(range(8), 3))
    assert figures(found)["covered_after"] == pytest.approx(best / 44, abs=1e-6)
    assert figures(found)["covered_before"] == 0
    assert (figures(found)["gap"], figures(found)["is_best"]) == (0, True)
    # The order of building: each next one adds less.
    assert found.result is not None
    gains = [site["gain"] for site in found.result["chosen"]]
    assert gains == sorted(gains, reverse=True)
    assert found.result["chosen"][-1]["total"] == pytest.approx(best / 44, abs=1e-6)


def test_median_and_fewest_answer_their_own_question(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    median = stage.scenario(supported, study, Model.MEDIAN, k=1, mix=SUPPORTS)
    at = {site.number: index for index, site in enumerate(scored(study).sites)}
    assert at[chosen(median)[0]] in {1, 2, 3}
    fewest = stage.scenario(supported, study, Model.FEWEST, radius_m=1500)
    assert len(chosen(fewest)) == 3
    assert figures(fewest)["covered_after"] == 1


def test_conditions_hold(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    wanted: dict[str, Any] = {"mix": SUPPORTS, "k": 3, "radius_m": 300}
    assert chosen(stage.scenario(supported, study, **wanted)) == [1, 2, 3]
    assert set(chosen(stage.scenario(supported, study, must=(8,), must_not=(1,), **wanted))) == {8, 2, 3}
    assert set(chosen(stage.scenario(supported, study, spacing_m=2000, **wanted))) == {1, 3, 5}
    spread = stage.scenario(supported, study, at_least_per_area=1, **wanted)
    assert set(chosen(spread)) == {1, 2, 5}
    assert figures(spread)["n_areas_chosen"] == figures(spread)["n_areas"] == 2


def test_a_budget_holds_and_what_sites_cost_is_told(supported: Cast) -> None:
    supported.project.proposals.filter(number=1).update(cost_cents=900_00)
    study = stage.run(stage.study(supported))
    found = stage.scenario(supported, study, mix=SUPPORTS, radius_m=300, budget_cents=1_000_00, price_cents=500_00)
    assert set(chosen(found)) == {2, 3}
    assert figures(found)["cost_cents"] == 1_000_00


def test_what_is_there_already_counts_before_and_is_not_chosen_again(supported: Cast) -> None:
    first = supported.options[0].point
    assert first is not None
    stage.layer(supported, "chargers", [f"POINT ({first.x} {first.y})"])
    study = stage.run(stage.study(supported, existing_layer="chargers"))
    found = stage.scenario(supported, study, mix=SUPPORTS, k=2, radius_m=300)
    assert chosen(found) == [2, 3]
    assert figures(found)["covered_before"] == pytest.approx(9 / 44, abs=1e-6)
    assert figures(found)["covered_after"] == pytest.approx(24 / 44, abs=1e-6)
    assert figures(found)["n_existing"] == 1
    alone = stage.scenario(supported, study, mix=SUPPORTS, k=2, radius_m=300, uses_existing=False)
    assert chosen(alone) == [1, 2]
    Layer.objects.all().delete()
    gone = stage.scenario(supported, study, mix=SUPPORTS, k=2)
    assert gone.failure == {"code": "existing_layer_gone", "facts": {"layer": "chargers"}}


def test_each_neighbourhood_is_told_before_and_after(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    found = stage.scenario(supported, study, mix=SUPPORTS, k=1, radius_m=300)
    assert found.result is not None
    areas = {area["name"]: area for area in found.result["areas"]}
    assert areas["Westkant"]["weight"] + areas["Oostkant"]["weight"] == 44
    assert (areas["Westkant"]["before"], areas["Westkant"]["after"], areas["Westkant"]["n_chosen"]) == (0, 9, 1)
    assert areas["Oostkant"]["after"] == 0


# --- demand -----------------------------------------------------------------------------------------------------


def test_votes_pass_the_door_only_when_they_are_counted(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    votes = (Ingredient(Source.VOTES),)
    running = stage.scenario(supported, study, mix=votes, k=1)
    assert running.failure == {"code": "no_counted_vote", "facts": {}}
    assert public.counted_votes(supported.project) is None
    stage.counted(supported, [0, 0, 1, 0, 9, 0, 2, 0])
    assert chosen(stage.scenario(supported, study, mix=votes, k=1)) == [5]


def test_as_voted_follows_the_count_and_not_the_cover(supported: Cast) -> None:
    stage.counted(supported, [0, 0, 1, 0, 9, 0, 2, 0])
    Candidate.objects.get(number=7).delete()
    study = stage.run(stage.study(supported))
    voted = stage.scenario(supported, study, Model.VOTED, mix=SUPPORTS)
    assert set(chosen(voted)) == {5, 3}
    assert notes(voted) == ["winners_without_candidate"]
    assert figures(voted)["gap"] is None


def test_inhabitants_come_from_a_layer_and_a_mix_says_its_shares(supported: Cast) -> None:
    last = supported.options[7].point
    assert last is not None
    square = last.buffer(0.001).wkt
    stage.layer(supported, "people", [square, "POINT (2.61 50.81)"], [{"n": 60}, {"n": -9}])
    study = stage.run(stage.study(supported))
    people = Ingredient(Source.LAYER, 1, "people", "n")
    found = stage.scenario(supported, study, mix=(people,), k=1)
    assert chosen(found) == [8]
    assert found.result is not None
    assert found.result["demand"][0] | {"share": 1} == {
        "source": "layer", "layer": "people", "attribute": "n", "share": 1, "total": 60, "before": 0, "after": 60,
    }  # fmt: skip
    mix = stage.scenario(
        supported, study, mix=(Ingredient(Source.LAYER, 3, "people", "n"), Ingredient(Source.PINS, 1)), k=1
    )
    assert chosen(mix) == [8]
    # Three quarters are inhabitants, all at 8; a quarter is pins, an eighth of them there.
    assert figures(mix)["covered_after"] == pytest.approx(0.75 + 0.25 / 8, abs=1e-6)
    gone = stage.scenario(supported, study, mix=(Ingredient(Source.LAYER, 1, "people", "old"),), k=1)
    assert gone.failure is not None
    assert gone.failure["code"] == "demand_column_gone"


def test_shares_of_a_mix() -> None:
    assert mixed([40], [0.2]) == [1]
    assert mixed([40, 10], [3, 1]) == [75 / 40, 25 / 10]
    assert mixed([40, 0], [1, 1]) == [100 / 40, 0]
    assert mixed([0, 0], [1, 1]) == [0, 0]


def test_what_is_asked_is_read_as_it_was_kept() -> None:
    wanted = Wanted(Model.COVER, (Ingredient(Source.LAYER, 0.5, "people", "n"),), k=3, must=(4, 2))
    assert read(kept(wanted)) == Wanted(Model.COVER, wanted.mix, k=3, must=(2, 4))


# --- what is impossible, and the edges ------------------------------------------------------------------------------


def test_conditions_that_contradict_are_named(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    found = stage.scenario(supported, study, k=1, at_least_per_area=1)
    assert found.state == Scenario.State.FAILED
    assert found.result is None
    assert found.failure is not None
    assert found.failure["code"] == "contradiction"
    assert {"number", "area"} <= set(found.failure["facts"]["kinds"])
    near = stage.scenario(supported, study, k=5, must=(1, 2), spacing_m=2000)
    assert near.failure is not None
    assert near.failure["facts"]["sites"] == ["Site 1", "Site 2"]


def test_a_site_that_fails_a_criterion_is_never_chosen(supported: Cast) -> None:
    stage.checked(Candidate.objects.get(number=1), "grid", "against")
    made = stage.study(supported)
    grid = Asked(Measure.CHECK, attribute="grid")
    add_criterion(study=made, by=None, settings=CriterionSettings("Grid", Kind.HARD, 0, None, 1.0, None, grid, ""))
    study = stage.run(made)
    found = stage.scenario(supported, study, mix=SUPPORTS, k=8)
    assert 1 not in chosen(found)
    assert notes(found) == ["excluded", "k_more_than_candidates"]
    asked = stage.scenario(supported, study, mix=SUPPORTS, k=8, must=(1,))
    assert asked.failure == {"code": "must_is_excluded", "facts": {"sites": ["Site 1"]}}


def test_no_pins_one_pin_and_all_on_one_spot(cast: Cast) -> None:
    cast.project.proposals.all().delete()
    stage.candidate(cast, 1, 2.7, 50.85)
    study = stage.run(stage.study(cast))
    nothing = stage.scenario(cast, study, k=1)
    assert nothing.failure == {"code": "no_demand", "facts": {}}
    for number in range(1, 6):
        stage.proposal(cast, number, 2.7, 50.85)
        for model in (Model.COVER, Model.MEDIAN, Model.FEWEST):
            found = stage.scenario(cast, study, model, title=f"{number} {model}", k=3)
            assert chosen(found) == [1]
            assert figures(found)["covered_after"] == 1
            assert figures(found)["mean_m"] == 0


def test_too_much_demand_is_put_together_and_the_figures_stay_true(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    plain = stage.scenario(supported, study, Model.MEDIAN, mix=SUPPORTS, k=2)
    with patch.object(stages, "MOST_DISTANCES", 60):
        rough = stage.scenario(supported, study, Model.MEDIAN, mix=SUPPORTS, k=2)
    assert "put_together" in notes(rough)
    assert figures(rough)["mean_m"] == pytest.approx(figures(plain)["mean_m"], rel=0.5)


def test_a_site_moved_by_hand_changes_the_figures(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    best = stage.scenario(supported, study, mix=SUPPORTS, k=2, radius_m=300)
    assert chosen(best) == [1, 2]
    there = supported.options[7].point
    assert there is not None
    moved = move_site(
        scenario=best, number=1, lon=there.x, lat=there.y, title="By hand", by=supported["Piet"], clock=clock
    )
    assert moved.pk != best.pk
    assert figures(moved)["covered_after"] == pytest.approx((8 + 2) / 44, abs=1e-6)
    again = move_site(
        scenario=moved, number=2, lon=there.x, lat=there.y, title="By hand", by=supported["Piet"], clock=clock
    )
    assert again.pk == moved.pk
    assert figures(again)["covered_after"] == pytest.approx(2 / 44, abs=1e-6)
    best.refresh_from_db()
    assert chosen(best) == [1, 2]


def test_a_scenario_needs_a_study_that_is_done(supported: Cast) -> None:
    with pytest.raises(Refused) as refused:
        stage.scenario(supported, stage.study(supported), k=1)
    assert refused.value.code is Code.STUDY_NOT_DONE


def test_a_scenario_stopped_half_way_leaves_nothing(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    made = create_scenario(
        study=study, title="x", wanted=Wanted(Model.COVER, SUPPORTS, k=1), by=supported["Piet"], now=NOW
    )
    real = demand_mix

    def stopped(*args: Any) -> object:
        Scenario.objects.filter(pk=made.pk).update(state=Scenario.State.STOPPED)
        return real(*args)

    with patch.object(stages, "demand_mix", stopped):
        run_scenario(made.pk, clock=clock)
    made.refresh_from_db()
    assert (made.state, made.result) == ("stopped", None)


def test_the_same_scenario_on_the_same_data_has_the_same_outcome(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    first, second = (stage.scenario(supported, study, title=title, mix=SUPPORTS, k=3) for title in ("a", "b"))
    assert (first.stamp_hash, first.result_hash) == (second.stamp_hash, second.result_hash)
    stage.supports(Cast(**{**vars(supported), "options": supported.options[7:]}), [12])
    third = stage.scenario(supported, study, title="c", mix=SUPPORTS, k=3)
    assert third.stamp_hash != first.stamp_hash
    assert Project.objects.get(pk=supported.project.pk).revision == third.stamp["revision"]


# --- what was built since -----------------------------------------------------------------------------------------


def built(cast: Cast, candidate: Candidate, *states: str) -> None:
    """Decide to build a candidate, and say how far it came."""
    decision = Decision.objects.create(
        project=cast.project, candidate=candidate, outcome="build", reason={"nl": "Daarom."}, decided_at=NOW
    )
    for days, state in enumerate(states):
        RollOut.objects.create(decision=decision, state=state, on=(NOW + timedelta(days=days)).date(), recorded_at=NOW)


def test_what_we_built_counts_when_asked_and_is_taken_for_what_reaches_people(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    first, second = Candidate.objects.filter(project=supported.project).order_by("number")[:2]
    built(supported, first, "building", "built")
    built(supported, second, "built", "gone")
    settings: dict[str, Any] = {"mix": SUPPORTS, "k": 2, "radius_m": 300}
    without = stage.scenario(supported, study, **settings)
    counting = stage.scenario(supported, study, title="With what stands", uses_built=True, **settings)
    assert figures(without)["n_existing"] == 0
    # The second one is gone again: one stands.
    assert figures(counting)["n_existing"] == 1
    assert figures(counting)["covered_before"] > 0
    assert first.number in chosen(without)
    assert first.number not in chosen(counting)


def test_what_the_layer_knows_already_is_not_counted_twice(supported: Cast) -> None:
    first = Candidate.objects.get(project=supported.project, number=1)
    built(supported, first, "built")
    stage.layer(supported, "palen", [f"POINT({first.point.x + 0.00005} {first.point.y})"])
    study = stage.run(stage.study(supported, existing_layer="palen"))
    both = stage.scenario(supported, study, mix=SUPPORTS, k=2, radius_m=300, uses_built=True)
    assert figures(both)["n_existing"] == 1


def test_a_scenario_says_when_more_was_built_since(supported: Cast) -> None:
    study = stage.run(stage.study(supported))
    counting = stage.scenario(supported, study, mix=SUPPORTS, k=2, radius_m=300, uses_built=True)
    assert differences(counting.stamp, stamp_of_scenario(counting)) == []
    built(supported, Candidate.objects.get(project=supported.project, number=1), "built")
    assert differences(counting.stamp, stamp_of_scenario(counting)) == ["built"]
