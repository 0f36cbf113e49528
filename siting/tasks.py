"""What happens at the siting desk without anybody waiting for it.

Studies and scenarios are computed here. A worker that is killed leaves a run without a word; whoever opens its page
may begin it again.
"""

from datetime import UTC, datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from siting.selectors.runs import RUN_CLUSTERS, RUN_SCENARIO, RUN_STUDY
from siting.services.kept import carry_out
from siting.services.layers import forget_old_drafts
from siting.services.scenarios import run_scenario
from siting.services.studies import run_study


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="forget_old_drafts")
def forget_drafts(timestamp: int) -> None:
    """Delete the layers that were uploaded and never put to use."""
    forget_old_drafts(now=datetime.fromtimestamp(timestamp, UTC))


@app.task(name=RUN_CLUSTERS)
def group_by_density(run_id: int) -> None:
    """Group the pins of a project as asked."""
    carry_out(run_id=run_id)


@app.task(name=RUN_STUDY)
def study(pk: int) -> None:
    """Compute a study."""
    run_study(pk, clock=timezone.now)


@app.task(name=RUN_SCENARIO)
def scenario(pk: int) -> None:
    """Compute a scenario."""
    run_scenario(pk, clock=timezone.now)
