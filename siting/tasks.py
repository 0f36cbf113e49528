"""What siting does in the background: studies and scenarios are computed by a worker.

A worker that is killed leaves a run without a word; whoever opens its page may begin it again.
"""

from django.utils import timezone
from procrastinate.contrib.django import app

from siting.services.scenarios import RUN_SCENARIO, run_scenario
from siting.services.studies import RUN_STUDY, run_study


@app.task(name=RUN_STUDY)
def study(pk: int) -> None:
    """Compute a study."""
    run_study(pk, clock=timezone.now)


@app.task(name=RUN_SCENARIO)
def scenario(pk: int) -> None:
    """Compute a scenario."""
    run_scenario(pk, clock=timezone.now)
