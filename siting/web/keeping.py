"""What planners keep: clusters by name, side by side, and groupings made in the background."""

from typing import Any

import numpy as np
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from geo.plane.crs import CRS84, metric_for, transform
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.web.asking import desk, may_do, now
from participation.web.desk import clerk, desk_items, desk_project
from siting.models import SavedCluster
from siting.rules.settings import GROUP_PINS, LEAST_MIN_COUNT, MOST_GROUP_PINS, Method
from siting.selectors.kept import run_of, saved_clusters
from siting.services.kept import ask_run, forget_cluster, keep_cluster
from siting.web.asked import asked
from siting.web.drawn import grouping_of
from siting.web.there import there_of

# As many as fit side by side.
MOST_COMPARED = 2
# A number with more digits is in no project.
MOST_DIGITS = 10


@desk(DeskAct.SEE)
def kept_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the kept clusters; two that are named side by side."""
    project = desk_project(request, slug)
    saved = list(saved_clusters(project))
    wanted = [text for text in request.GET.getlist("cluster") if text.isdecimal()]
    chosen = [cluster for cluster in saved if str(cluster.pk) in wanted][:MOST_COMPARED]
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "saved": [{"cluster": cluster, "is_chosen": cluster in chosen} for cluster in saved],
        "compared": _side_by_side(*chosen) if len(chosen) == MOST_COMPARED else None,
        "may_keep": may_do(request, DeskAct.SITE, project),
    }
    return render(request, "siting/kept.html", context)


def _side_by_side(one: SavedCluster, two: SavedCluster) -> dict[str, Any]:
    """Two kept clusters, and what they share."""
    shared = len(set(one.numbers) & set(two.numbers))
    crs = metric_for(one.centre.x, one.centre.y)
    ends = transform(np.array([(c.centre.x, c.centre.y) for c in (one, two)]), CRS84, crs)
    return {
        "clusters": (one, two),
        "n_shared": shared,
        "metres": float(((ends[0] - ends[1]) ** 2).sum() ** 0.5),
    }


@require_POST
@desk(DeskAct.SITE)
def keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the cluster that is looked at."""
    project = desk_project(request, slug)
    query = QueryDict(request.POST.get("query", ""))
    view, _form = asked(query, there_of(project))
    pin = request.POST.get("pin", "")
    number = int(pin) if pin.isdecimal() and len(pin) < MOST_DIGITS else 0
    found = grouping_of(project, view)
    cluster = found.holding(number)
    if cluster is None:
        raise Refused(Code.CLUSTER_NOT_FOUND)
    method = Method.HDBSCAN if run_of(project, view.run) else Method.DBSCAN
    saved = keep_cluster(
        project=project,
        found=found,
        cluster=cluster,
        name=request.POST.get("name", ""),
        method=method,
        settings=view.query(),
        by=clerk(request),
        now=now(),
    )
    messages.success(request, _("“%(name)s” is kept.") % {"name": saved.name})
    return redirect("desk_kept", slug=slug)


@require_POST
@desk(DeskAct.SITE)
def forget(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Forget a kept cluster."""
    forget_cluster(project=desk_project(request, slug), number=number, by=clerk(request))
    return redirect("desk_kept", slug=slug)


@require_POST
@desk(DeskAct.EXPORT)
def run(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a worker group what passes the filters by how densely it lies."""
    project = desk_project(request, slug)
    view, _form = asked(QueryDict(request.POST.get("query", "")), there_of(project))
    given = request.POST.get("group_pins", "")
    pins = int(given) if given.isdecimal() and len(given) < MOST_DIGITS else GROUP_PINS
    made = ask_run(
        project=project,
        min_count=min(max(pins, LEAST_MIN_COUNT), MOST_GROUP_PINS),
        weigh=view.grouping.weigh,
        sieve=view.sieve,
        by=clerk(request),
        now=now(),
    )
    return HttpResponseRedirect(f"{reverse('desk_map', args=(slug,))}?{view.query(run=made.pk, see=None)}")
