"""Makes scenarios of a study that is done, computes them, and moves their sites by hand."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from participation import public
from participation.models import Person
from participation.rules.refusals import Code, Refused
from siting.models import Scenario, Study
from siting.rules.scenarios import Model, Moved, Wanted, kept, read
from siting.selectors.measuring import Tell
from siting.selectors.outcomes import computed, stamp_of_scenario
from siting.selectors.runs import RUN_SCENARIO
from siting.selectors.stage import Unsolvable
from siting.services.running import Clock, Impossible, compute, queue_run, stop_run

READINGS = 3
# Side by side they are compared; nobody compares more.
MOST_SCENARIOS = 30


@transaction.atomic
def create_scenario(*, study: Study, title: str, wanted: Wanted, by: Person, now: datetime) -> Scenario:
    """Make a scenario and put it in the queue of the worker.

    Locks    the study's row: two scenarios at once get two numbers.
    Refuses  study.not_done, study.too_many_scenarios.
    """
    scenario = _made(study, title, wanted, by, now)
    queue_run(scenario, RUN_SCENARIO, now=now)
    return scenario


def _made(study: Study, title: str, wanted: Wanted, by: Person, now: datetime) -> Scenario:
    held = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    if held.state != Study.State.DONE:
        raise Refused(Code.STUDY_NOT_DONE)
    if held.scenarios.count() >= MOST_SCENARIOS:
        raise Refused(Code.STUDY_TOO_MANY_SCENARIOS, {"max": MOST_SCENARIOS})
    highest: int | None = held.scenarios.aggregate(top=Max("number"))["top"]
    scenario = Scenario.objects.create(
        study=study,
        number=(highest or 0) + 1,
        title=title,
        asked=kept(wanted),
        created_by=by,
        created_at=now,
    )
    _record(scenario, by, "scenario.made")
    return scenario


def _record(scenario: Scenario, by: Person | None, act: str) -> None:
    project = scenario.study.project
    subject = f"scenario {scenario.study.number}.{scenario.number}"
    public.record_act(organisation=project.organisation, project=project, by=by, act=act, subject=subject)


@transaction.atomic
def start_scenario(*, scenario: Scenario, by: Person | None, now: datetime) -> None:
    """Compute a scenario again that was stopped, failed, or lost its worker.

    Locks    the scenario's row.
    Refuses  study.running.
    """
    if scenario.state != Scenario.State.DONE:
        queue_run(scenario, RUN_SCENARIO, now=now)
        _record(scenario, by, "scenario.started")


@transaction.atomic
def stop_scenario(*, scenario: Scenario, by: Person | None, now: datetime) -> None:
    """Stop a scenario that waits or is being computed; one that is neither stays as it is."""
    if stop_run(scenario, now=now):
        _record(scenario, by, "scenario.stopped")


def move_site(
    *, scenario: Scenario, number: int, lon: float, lat: float, title: str, by: Person, clock: Clock
) -> Scenario:
    """Put one site of a scenario elsewhere: a scenario made by hand, computed at once, for nothing is searched.

    Moving a site of a scenario that is by hand already changes that one.

    Locks    the study's row.
    Refuses  study.not_done while there is nothing to move.
    """
    chosen = (scenario.result or {}).get("chosen", [])
    if number not in {site["number"] for site in chosen}:
        raise Refused(Code.STUDY_NOT_DONE)
    sites = tuple(
        Moved(number, lon, lat) if site["number"] == number else Moved(site["number"], site["lon"], site["lat"])
        for site in chosen
    )
    before = read(scenario.asked)
    wanted = replace(before, model=Model.HAND, sites=sites, must=(), must_not=(), at_least_per_area=0, spacing_m=0)
    with transaction.atomic():
        if before.model is Model.HAND:
            moved = Scenario.objects.select_for_update(of=("self",)).get(pk=scenario.pk)
            moved.asked, moved.state, moved.result = kept(wanted), Scenario.State.QUEUED, None
            moved.save()
            _record(moved, by, "scenario.moved")
        else:
            moved = _made(scenario.study, title, wanted, by, clock())
            moved.state = Scenario.State.QUEUED
            moved.save()
    run_scenario(moved.pk, clock=clock)
    moved.refresh_from_db()
    return moved


@transaction.atomic
def drop_scenario(*, scenario: Scenario, by: Person | None) -> None:
    """Take a scenario away; its numbers are not used again."""
    _record(scenario, by, "scenario.dropped")
    Scenario.objects.filter(pk=scenario.pk).delete()


def run_scenario(pk: int, *, clock: Clock) -> None:
    """Compute a scenario that waits in the queue; whatever happens, it is whole or it is not there."""

    def work(tell: Tell) -> tuple[dict[str, Any], dict[str, Any]]:
        scenario = Scenario.objects.select_related("study__project__organisation", "study__area").get(pk=pk)
        stamp = stamp_of_scenario(scenario)
        for _reading in range(READINGS):
            try:
                result = computed(scenario, tell)
            except Unsolvable as why:
                raise Impossible(why.code, **why.facts) from why
            now = stamp_of_scenario(scenario)
            if now == stamp:
                return stamp, result
            stamp = now
        raise Impossible("data_moves")

    compute(Scenario, pk, clock=clock, work=work)
