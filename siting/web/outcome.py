"""What became of it: every decision with its reason, asked for against built, on a map and along the time."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from participation.models import Project
from participation.web.asking import project_or_404
from participation.web.maps import map_config
from participation.web.projects import page_context
from siting.selectors.decisions import Outcome, Place, outcome_of
from siting.selectors.dossier import has_dossier

STATES = {
    "built": _("built"),
    "building": _("being built"),
    "planned": _("will come"),
    "later": _("later"),
    "gone": _("not any more"),
    "not": _("will not come"),
}
# Drawn as a full mark: what is there; everything else is hollow.
THERE = {"built"}


@require_safe
def outcome_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what became of what was asked for; in words where nothing was decided yet."""
    project = project_or_404(request, slug)
    outcome = outcome_of(project)
    shown = request.GET.get("state", "")
    places = [place for place in outcome.places if shown not in STATES or place.state == shown]
    context = page_context(request, project) | {
        "outcome": outcome,
        "rows": [_row(project, at, place) for at, place in enumerate(outcome.places, start=1) if place in places],
        "figures": [(STATES[state], n) for state in STATES if (n := outcome.count(state))],
        "chips": [
            {"state": state, "label": f"{label} ({n})", "current": state == shown}
            for state, label in STATES.items()
            if (n := outcome.count(state))
        ],
        "has_dossier": has_dossier(project),
        "shown": shown if shown in STATES else "",
        "n_to_come": outcome.count("planned", "building", "built", "gone"),
        "n_built": outcome.count("built"),
        "timeline": [
            {"event": event, "words": STATES[event.roll_out.state] if event.roll_out else ""}
            for event in outcome.timeline
        ],
        "map": _map(project, outcome) if project.area is not None and outcome.places else None,
    }
    return render(request, "siting/outcome.html", context)


def _row(project: Project, at: int, place: Place) -> dict[str, Any]:
    latest = place.roll_outs[0] if place.roll_outs else None
    return {
        "at": at,
        "place": place,
        "state": place.state,
        "state_name": STATES[place.state],
        "is_there": place.state in THERE,
        "since": latest.on if latest and place.state != "planned" else None,
        "note": latest.note if latest else "",
        "links": [(number, reverse("proposal", args=(project.slug, number))) for number in place.proposals[:12]],
        "n_more": max(len(place.proposals) - 12, 0),
    }


def _map(project: Project, outcome: Outcome) -> dict[str, Any]:
    pins = [
        {
            "number": at,
            "title": place.title,
            "lon": place.point[0],
            "lat": place.point[1],
            "area": str(STATES[place.state]),
            "later": place.state not in THERE,
        }
        for at, place in enumerate(outcome.places, start=1)
        if place.point is not None
    ]
    return map_config(project, tiles=None, pins=pins, detail=None)
