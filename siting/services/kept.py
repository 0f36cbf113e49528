"""Keeps what planners found: clusters by name, and groupings that a worker makes."""

from datetime import datetime
from typing import Any

import shapely
from django.contrib.gis.geos import Point, Polygon
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from participation import public
from participation.models import Person, Project
from participation.rules.refusals import Code, Refused
from siting.models import ClusterRun, SavedCluster
from siting.rules.settings import WORDS_LISTED, Grouping, Method, Sieve, Weigh
from siting.selectors.clusters import Cluster, ClusterMap, clusters_of, people_in, words_of
from siting.selectors.demand import measured_demand
from siting.selectors.kept import packed
from siting.selectors.runs import RUN_CLUSTERS, is_lost

NAME_LETTERS = 120
# How far the work is when the pins are read; the grouping itself does not say how far it is.
READ = 0.2
# HDBSCAN parts groups however near they lie.
NEVER_PARTED_M = 0.0


def keep_cluster(
    *,
    project: Project,
    found: ClusterMap,
    cluster: Cluster,
    name: str,
    method: Method,
    settings: str,
    by: Person,
    now: datetime,
) -> SavedCluster:
    """Keep a cluster as it is, under a name.

    Refuses  cluster.name_missing, cluster.name_taken.
    """
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > NAME_LETTERS:
        raise Refused(Code.CLUSTER_NAME_MISSING, {"max": NAME_LETTERS})
    try:
        with transaction.atomic():
            saved = SavedCluster.objects.create(
                project=project,
                name=name,
                method=method,
                settings=settings,
                numbers=sorted(found.members(cluster)),
                centre=Point(cluster.lon, cluster.lat, srid=4326),
                hull=Polygon(shapely.get_coordinates(cluster.hull), srid=4326),
                area_m2=cluster.area_m2,
                n_supports=cluster.n_supports,
                n_people=people_in(project, found)[cluster.number - 1],
                weight=cluster.weight,
                words=words_of(project, found, cluster, limit=WORDS_LISTED),
                kept_by=by,
                kept_at=now,
            )
            _record(project, by, "cluster.kept", name)
    except IntegrityError as error:
        raise Refused(Code.CLUSTER_NAME_TAKEN, {"name": name}) from error
    return saved


@transaction.atomic
def forget_cluster(*, project: Project, number: int, by: Person) -> None:
    """Forget a kept cluster; one that is gone already stays gone."""
    for row in SavedCluster.objects.filter(project=project, pk=number):
        _record(project, by, "cluster.forgotten", row.name)
        row.delete()


def _record(project: Project, by: Person, act: str, name: str) -> None:
    public.record_act(organisation=project.organisation, project=project, by=by, act=act, subject=name)


def ask_run(*, project: Project, min_count: int, weigh: Weigh, sieve: Sieve, by: Person, now: datetime) -> ClusterRun:
    """Have a worker group the pins by how densely they lie (HDBSCAN).

    One that is asked for already and not done is not asked for again, unless its worker is gone. The work is put in
    line in the transaction that asks for it, so it cannot be lost.
    """
    told = sieve.told()
    with transaction.atomic():
        waiting = ClusterRun.objects.filter(
            project=project, min_count=min_count, weigh=weigh, sieve=told,
            state__in=[ClusterRun.State.WAITING, ClusterRun.State.RUNNING],
        ).first()  # fmt: skip
        if waiting is not None and not is_lost(waiting, now=now):
            return waiting
        if waiting is not None:
            _note(waiting, state=ClusterRun.State.FAILED, ended_at=now)
        run = ClusterRun.objects.create(
            project=project, min_count=min_count, weigh=weigh, sieve=told, asked_by=by, asked_at=now
        )
        app.configure_task(RUN_CLUSTERS).defer(run_id=run.pk)
        _record(project, by, "grouping.asked", f"{min_count}")
    return run


def carry_out(*, run_id: int) -> None:
    """Do one grouping and keep what it found; one that was done or forgotten is left alone.

    Locks    none while it works: its state says that it is under way, and a second worker that takes it over after
             a crash writes the same result.
    """
    run = ClusterRun.objects.select_related("project__organisation").filter(pk=run_id).first()
    if run is None or run.state == ClusterRun.State.DONE:
        return
    _note(run, state=ClusterRun.State.RUNNING, share_done=0.0)
    sieve = Sieve.read(run.sieve)
    try:
        _note(run, share_done=READ, n_pins=len(measured_demand(run.project, sieve).numbers))
        how = Grouping(NEVER_PARTED_M, run.min_count, Weigh(run.weigh), Method.HDBSCAN)
        found = clusters_of(run.project, how, sieve)
    except Exception:
        _note(run, state=ClusterRun.State.FAILED, ended_at=Now())
        raise
    _note(
        run,
        state=ClusterRun.State.DONE,
        share_done=1.0,
        n_clusters=len(found.groups),
        result=packed(found),
        ended_at=Now(),
    )


def _note(run: ClusterRun, **changes: Any) -> None:
    """Write down how far the work is; each for itself, so that the page that waits can see it."""
    ClusterRun.objects.filter(pk=run.pk).update(**changes)
