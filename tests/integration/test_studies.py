"""Studies measure what they say, keep what they were given, and are whole or not there."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from participation.models import Area, Project, Record
from participation.rules.refusals import Code, Refused
from siting.models import Candidate, ClusterRun, Criterion, HandValue, Layer, Study
from siting.rules.criteria import Kind, Verdict, more_is_better
from siting.rules.measures import Asked, Measure
from siting.rules.settings import Sieve, Weigh
from siting.rules.stamps import differences
from siting.selectors import measuring
from siting.selectors.measuring import stamp_of
from siting.selectors.runs import SILENT, is_lost
from siting.selectors.studies import scored
from siting.services.kept import ask_run
from siting.services.running import stop_run
from siting.services.studies import (
    CriterionSettings,
    add_criterion,
    clone_study,
    publish_study,
    repeat_study,
    run_study,
    set_criteria,
    start_study,
    type_values,
)
from tests.cast import Cast
from tests.integration import studies as stage
from tests.integration.studies import NOW, clock

pytestmark = pytest.mark.django_db


def criterion(measure: Measure, **more: object) -> CriterionSettings:
    asked = {name: more.pop(name) for name in ("layer", "attribute", "radius_m") if name in more}
    settings = {
        "name": "Own", "kind": Kind.SCORED, "weight": 1.0, "worth": more_is_better(0, 1000), "least": None,
        "most": None, "source": "", "asked": Asked(measure, **asked),  # type: ignore[arg-type]
    }  # fmt: skip
    return CriterionSettings(**{**settings, **more})  # type: ignore[arg-type]


def values(study: Study, code: str) -> list[object]:
    assert study.result is not None
    found: list[object] = study.result["values"][code]
    return found


def test_what_is_measured_from_layers_is_what_lies_there(cast: Cast) -> None:
    # Two candidates, 0.01 degree of latitude apart: 1,112 m.
    stage.candidate(cast, 1, 2.70, 50.85)
    stage.candidate(cast, 2, 2.70, 50.86)
    stage.layer(
        cast, "halls", ["POINT (2.70 50.851)", "POINT (2.70 50.852)", ""], [{"seats": 10}, {"seats": 5}, {"seats": 99}]
    )
    square = "POLYGON ((2.69 50.845, 2.71 50.845, 2.71 50.855, 2.69 50.855, 2.69 50.845))"
    stage.layer(cast, "zones", [square], [{"price": 7.5}])
    study = stage.study(cast, existing_layer="halls")
    own = {
        name: add_criterion(study=study, by=None, settings=settings).code
        for name, settings in {
            "nearest": criterion(Measure.NEAREST, layer="halls"),
            "count": criterion(Measure.COUNT, layer="halls", radius_m=500),
            "sum": criterion(Measure.SUM, layer="halls", attribute="seats", radius_m=500),
            "inside": criterion(Measure.INSIDE, layer="zones"),
            "below": criterion(Measure.BELOW, layer="zones", attribute="price"),
        }.items()
    }
    study = stage.run(study)
    near, far = values(study, own["nearest"])
    assert near == pytest.approx(111.2, abs=0.5)
    assert far == pytest.approx(889.9, abs=1)
    assert values(study, "existing") == [near, far]
    assert values(study, own["count"]) == [2, 0]
    assert values(study, own["sum"]) == [15, 0]
    assert values(study, own["inside"]) == [1, 0]
    assert values(study, own["below"]) == [7.5, None]


def test_demand_is_counted_through_the_door(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    stage.supports(cast, [4, 2])
    study = stage.study(cast)
    pins = add_criterion(study=study, by=None, settings=criterion(Measure.PINS, radius_m=2000)).code
    study = stage.run(study)
    # The pins stand 1,400 m apart: within 250 m only their own supporters, within 2 km their neighbours too.
    assert values(study, "demand") == [4, 2, 0, 0, 0, 0, 0, 0]
    assert values(study, pins) == [2, 3, 3, 3, 3, 3, 3, 2]


def test_checks_and_hard_criteria_exclude_or_stay_unknown(cast: Cast) -> None:
    first, second, third, *_rest = stage.candidates_at_pins(cast)
    stage.checked(first, "grid", "fine")
    stage.checked(first, "grid", "against", days=1)
    stage.checked(second, "grid", "conditions")
    stage.checked(third, "grid", "asked")
    study = stage.study(cast)
    grid = criterion(Measure.CHECK, attribute="grid", kind=Kind.HARD, worth=None, least=1.0)
    add_criterion(study=study, by=None, settings=grid)
    found = scored(stage.run(study))
    assert [score.verdict for score in found.scores[:4]] == [
        Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN, Verdict.UNKNOWN,
    ]  # fmt: skip
    assert 0 not in found.order


def test_a_layer_that_is_gone_or_lacks_its_column_breaks_nothing_and_is_told(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    stage.layer(cast, "halls", ["POINT (2.7 50.85)"], [{"seats": 1}])
    study = stage.study(cast, existing_layer="halls")
    beds = criterion(Measure.SUM, layer="halls", attribute="beds", radius_m=9)
    sums = add_criterion(study=study, by=None, settings=beds).code
    none = add_criterion(study=study, by=None, settings=criterion(Measure.NEAREST)).code
    done = stage.run(study)
    assert done.result is not None
    assert done.result["gone"] == {sums: "attribute_gone", none: "no_layer"}
    assert values(done, sums) == [None] * 8
    # The layer goes: what was computed stays, the stamp says what changed, a repeat says the layer is gone.
    Layer.objects.all().delete()
    assert len(scored(done).order) == 8
    assert differences(done.stamp, stamp_of(done)) == ["layers.halls"]
    again = repeat_study(study=done, by=cast["Piet"], now=NOW)
    run_study(again.pk, clock=clock)
    again.refresh_from_db()
    assert again.result is not None
    assert again.result["gone"]["existing"] == "layer_gone"
    assert again.stamp_hash != done.stamp_hash


def test_the_same_question_on_the_same_data_has_the_same_outcome(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    stage.supports(cast, [3, 1, 2])
    first = stage.run(stage.study(cast))
    second = repeat_study(study=first, by=cast["Piet"], now=NOW)
    run_study(second.pk, clock=clock)
    second.refresh_from_db()
    assert (second.stamp_hash, second.result_hash) == (first.stamp_hash, first.result_hash)
    # The control: one supporter more, and both differ.
    stage.supports(cast, [0, 0, 0, 1])
    third = repeat_study(study=first, by=cast["Piet"], now=NOW)
    run_study(third.pk, clock=clock)
    third.refresh_from_db()
    assert third.stamp_hash != first.stamp_hash
    assert third.result_hash != first.result_hash
    assert differences(first.stamp, third.stamp) == ["revision"]


def test_a_copy_carries_what_was_typed_and_may_differ_in_one_thing(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast, template="charging")
    n = type_values(study=study, typed={("pav.width", 1): 2.0, ("pav.width", 2): 1.0}, by=cast["Piet"], now=NOW)
    assert n == 2
    done = stage.run(study)
    copy = clone_study(study=done, by=cast["Piet"], now=NOW)
    type_values(study=copy, typed={("pav.width", 2): None}, by=cast["Piet"], now=NOW)
    again = stage.run(copy)
    verdicts = [[score.checks for score in scored(one).scores] for one in (done, again)]
    widths = [[{c.code: c.verdict for c in checks}["pav.width"] for checks in some[:3]] for some in verdicts]
    assert widths == [["pass", "fail", "unknown"], ["pass", "unknown", "unknown"]]
    assert differences(done.stamp, again.stamp) == ["hand"]
    assert HandValue.objects.filter(criterion__study=done).count() == 2


def test_only_candidates_of_the_neighbourhood_that_were_not_dropped(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    Candidate.objects.filter(number=1).update(state=Candidate.State.DROPPED)
    west = Area.objects.get(organisation=cast.town, code="W1")
    done = stage.run(stage.study(cast, area=west))
    assert [site.number for site in scored(done).sites] == [2, 3, 4]
    assert {site.area for site in scored(done).sites} == {"Westkant"}


# --- whole or not there -----------------------------------------------------------------------------------------


def test_starting_puts_one_job_in_the_queue_in_the_same_transaction(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    start_study(study=study, by=None, now=NOW)
    jobs = ProcrastinateJob.objects.filter(task_name="siting.run_study")
    assert [job.args for job in jobs] == [{"pk": study.pk}]
    with pytest.raises(Refused) as refused:
        start_study(study=study, by=None, now=NOW)
    assert refused.value.code is Code.STUDY_RUNNING
    # It waits in the queue, so nothing is lost, however long there is no worker.
    with pytest.raises(Refused):
        start_study(study=study, by=None, now=NOW + 10 * SILENT)
    assert not is_lost(study, now=NOW + 10 * SILENT)


@pytest.mark.parametrize(("seconds_since", "lost"), [(5, False), (120, True)])
def test_a_run_is_lost_once_its_worker_says_nothing(cast: Cast, seconds_since: int, lost: bool) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    start_study(study=study, by=None, now=NOW)
    Study.objects.filter(pk=study.pk).update(state=Study.State.RUNNING)
    study.refresh_from_db()
    later = NOW + timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id",
            [later - timedelta(seconds=seconds_since)],
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", cursor.fetchone())
    assert is_lost(study, now=later) is lost
    # What has just been begun is never lost: its worker may not have said a word yet.
    assert not is_lost(study, now=NOW + SILENT / 2)
    if lost:
        start_study(study=study, by=None, now=later)
        study.refresh_from_db()
        assert study.state == Study.State.QUEUED
    else:
        with pytest.raises(Refused):
            start_study(study=study, by=None, now=later)


def test_a_grouping_whose_worker_is_gone_is_asked_for_anew(cast: Cast) -> None:
    def ask(moment: datetime) -> ClusterRun:
        return ask_run(project=cast.project, min_count=5, weigh=Weigh.PINS, sieve=Sieve(), by=cast["Piet"], now=moment)

    first = ask(NOW)
    assert ask(NOW + timedelta(hours=1)) == first
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")
    assert ask(NOW + timedelta(hours=1)) != first
    first.refresh_from_db()
    assert first.state == ClusterRun.State.FAILED


def test_a_study_stopped_half_way_leaves_nothing(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast, template="charging")
    start_study(study=study, by=None, now=NOW)
    real = measuring._values
    calls = []

    def stopped_in_the_middle(*args: object) -> object:
        calls.append(args)
        if len(calls) == 3:
            assert stop_run(study, now=NOW)
        return real(*args)  # type: ignore[arg-type]

    with patch.object(measuring, "_values", stopped_in_the_middle):
        run_study(study.pk, clock=clock)
    study.refresh_from_db()
    assert len(calls) == 3, "it ended with the next step"
    assert (study.state, study.result, study.stamp) == ("stopped", None, {})
    # It can be begun again, and is whole then.
    assert stage.run(study).state == Study.State.DONE


def test_an_error_leaves_nothing_and_says_so(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    start_study(study=study, by=None, now=NOW)
    with patch.object(measuring, "_values", side_effect=RuntimeError), pytest.raises(RuntimeError):
        run_study(study.pk, clock=clock)
    study.refresh_from_db()
    assert (study.state, study.failure, study.result) == ("failed", {"code": "broken", "facts": {}}, None)


def test_two_workers_compute_it_once(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    start_study(study=study, by=None, now=NOW)
    real = measuring._values

    def another_worker(*args: object) -> object:
        run_study(study.pk, clock=clock)
        return real(*args)  # type: ignore[arg-type]

    with patch.object(measuring, "_values", another_worker):
        run_study(study.pk, clock=clock)
    study.refresh_from_db()
    assert study.state == Study.State.DONE


def test_data_that_change_while_they_are_read_are_read_again(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    start_study(study=study, by=None, now=NOW)
    real = measuring._values
    calls = []

    def somebody_supports(*args: object) -> object:
        found = real(*args)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) == 2:
            stage.supports(cast, [1])
        return found

    with patch.object(measuring, "_values", somebody_supports):
        run_study(study.pk, clock=clock)
    done = Study.objects.get(pk=study.pk)
    assert values(done, "demand")[0] == 1
    assert done.stamp["revision"] == Project.objects.get(pk=cast.project.pk).revision


def test_what_ran_stays_as_it_is(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    done = stage.run(stage.study(cast))
    for change in (
        lambda: set_criteria(study=done, by=None, changed={}, dropped=["demand"]),
        lambda: add_criterion(study=done, by=None, settings=criterion(Measure.HAND)),
        lambda: type_values(study=done, typed={}, by=cast["Piet"], now=NOW),
        lambda: start_study(study=done, by=None, now=NOW + timedelta(days=1)),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert refused.value.code is Code.STUDY_FROZEN
    assert Criterion.objects.filter(study=done).count() == 2


def test_nothing_to_look_into_is_refused_in_a_sentence(cast: Cast) -> None:
    study = stage.study(cast)
    with pytest.raises(Refused) as refused:
        start_study(study=study, by=None, now=NOW)
    assert refused.value.code is Code.STUDY_NO_CANDIDATES
    stage.candidates_at_pins(cast)
    set_criteria(study=study, by=None, changed={}, dropped=["demand", "existing"])
    with pytest.raises(Refused) as refused:
        start_study(study=study, by=None, now=NOW)
    assert refused.value.code is Code.STUDY_NO_CRITERIA


def test_only_what_is_done_is_shown_to_everybody_and_that_is_recorded(cast: Cast) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    with pytest.raises(Refused) as refused:
        publish_study(study=study, is_public=True, by=cast["Piet"])
    assert refused.value.code is Code.STUDY_NOT_DONE
    done = stage.run(study)
    publish_study(study=done, is_public=True, by=cast["Piet"])
    publish_study(study=done, is_public=True, by=cast["Piet"])
    assert Study.objects.get(pk=done.pk).is_public
    assert list(Record.objects.filter(act="study.published").values_list("subject", flat=True)) == ["study 1"]


def test_one_spot_and_no_pins_have_scores_too(cast: Cast) -> None:
    cast.project.proposals.all().delete()
    for number in (1, 2, 3):
        stage.candidate(cast, number, 2.7, 50.85)
    done = stage.run(stage.study(cast))
    found = scored(done)
    assert values(done, "demand") == [0, 0, 0]
    assert found.order == [0, 1, 2]
    assert all(one.is_firm for one in found.firm)
