"""Whether what is computed in the background still has a worker that computes it."""

from datetime import datetime, timedelta

from django.db.models import Q
from procrastinate.contrib.django.models import ProcrastinateJob

from siting.models import ClusterRun, Scenario, Study

RUN_STUDY, RUN_SCENARIO, RUN_CLUSTERS = "siting.run_study", "siting.run_scenario", "siting.tasks.group_by_density"
# A worker says every ten seconds that it lives; one that was killed says nothing any more.
SILENT = timedelta(minutes=1)


def is_lost(run: Study | Scenario | ClusterRun, *, now: datetime) -> bool:
    """Was this begun, or taken out of the queue, by a worker that is gone? It can be begun again then."""
    if isinstance(run, ClusterRun):
        is_under_way = run.state in {run.State.WAITING, run.State.RUNNING}
        task, argument, told_at = RUN_CLUSTERS, "run_id", run.asked_at
    else:
        is_under_way, argument, told_at = run.is_under_way, "pk", run.told_at or run.created_at
        task = RUN_STUDY if isinstance(run, Study) else RUN_SCENARIO
    return is_under_way and now - told_at >= SILENT and not _has_worker(task, {argument: run.pk}, now=now)


def _has_worker(task: str, given: dict[str, int], *, now: datetime) -> bool:
    """Does this task wait for a worker, or is one at it that lives?"""
    at_it = Q(status="doing", worker__last_heartbeat__gt=now - SILENT)
    rows = ProcrastinateJob.objects.filter(Q(status="todo") | at_it, task_name=task, args__contains=given)
    return rows.exists()
