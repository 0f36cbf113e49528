"""Groupings that were asked for in the background, and clusters that a planner kept by name."""

from dataclasses import asdict
from typing import Any

import numpy as np
import shapely
from django.db.models import Case, Count, F, Func, IntegerField, Max, QuerySet, TextField, Value, When

from participation.models import Project
from siting.models import ClusterRun, SavedCluster
from siting.rules.settings import LEAST_PEOPLE_SHOWN
from siting.selectors.clusters import Cluster, ClusterMap
from siting.selectors.remembered import remembered

# So many of the latest runs can be chosen from.
RUNS_LISTED = 5


def saved_clusters(project: Project) -> QuerySet[SavedCluster]:
    """The clusters kept by name, by that name."""
    return SavedCluster.objects.filter(project=project)


def catalogued_clusters(project: Project) -> QuerySet[SavedCluster]:
    """The clusters kept by name with ``n`` pins, their ``told`` people (none where they are few) and ``said`` words."""
    return saved_clusters(project).annotate(
        n=Func(F("numbers"), function="cardinality", output_field=IntegerField()),
        told=Case(When(n_people__gte=LEAST_PEOPLE_SHOWN, then=F("n_people"))),
        said=Func(F("words"), Value(", "), function="array_to_string", output_field=TextField()),
    )


def kept_revision(project: Project) -> str:
    """A short text that changes whenever a kept cluster comes or goes; none is ever changed."""
    found = saved_clusters(project).aggregate(n=Count("pk"), latest=Max("pk"))
    return f"kept.{project.pk}.{found['n']}.{found['latest']}"


def latest_runs(project: Project) -> list[ClusterRun]:
    """The latest groupings asked for in the background, newest first; without their results, which are large."""
    return list(ClusterRun.objects.filter(project=project).defer("result")[:RUNS_LISTED])


def run_of(project: Project, number: int | None) -> ClusterRun | None:
    """The grouping of this number, without its result."""
    if number is None:
        return None
    return ClusterRun.objects.filter(project=project, pk=number).defer("result").first()


def clusters_of_run(project: Project, run: ClusterRun) -> ClusterMap:
    """The clusters that a finished grouping found; none before it is finished."""
    if run.state != ClusterRun.State.DONE:
        nothing = np.empty(0, dtype=np.int64)
        return ClusterMap((), nothing, nothing, nothing)
    return remembered(project, ("run", run.pk), lambda: unpacked(run.result or {}))


def packed(found: ClusterMap) -> dict[str, Any]:
    """A grouping as it is kept in the database."""
    return {
        "numbers": found.numbers.tolist(),
        "n_supports": found.n_supports.tolist(),
        "labels": found.labels.tolist(),
        "groups": [
            asdict(group) | {"hull": shapely.to_wkt(group.hull, rounding_precision=7)} for group in found.groups
        ],
    }


def unpacked(kept: dict[str, Any]) -> ClusterMap:
    """A grouping as it was before it was kept."""
    numbers, n_supports, labels = (np.array(kept[name], dtype=np.int64) for name in ("numbers", "n_supports", "labels"))
    groups = tuple(Cluster(**(group | {"hull": shapely.from_wkt(group["hull"])})) for group in kept["groups"])
    return ClusterMap(groups, numbers, n_supports, labels)
