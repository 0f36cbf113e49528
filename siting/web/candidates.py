"""Candidates at the desk: the list, the file of each, and making one of what came in."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from participation import public
from participation.models import Project
from participation.rules.places import lon_lat
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.web.asking import desk, may_do, now, town_of
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.maps import around, map_config
from participation.web.sentences import sentence
from siting.models import Candidate, Check, Decision
from siting.rules.links import day
from siting.selectors.candidates import (
    candidate_numbered,
    candidates_of,
    options_without_candidate,
    people_behind,
)
from siting.selectors.decisions import decisions_of
from siting.selectors.layers import feature_named, label_of
from siting.services.candidates import (
    ClusterAsItWas,
    From,
    add_proposals,
    change_candidate,
    check_candidate,
    drop_proposal,
    make_candidate,
    make_candidates_of_ballot,
)
from siting.web.asked import asked
from siting.web.drawn import grouping_of
from siting.web.there import there_of

MOST_NUMBERS = 500
# How wide the pages around one candidate look.
AROUND_M = 400


def numbers_in(text: str) -> list[int]:
    """The numbers somebody typed: "12, 15 and 31".

    Refuses  setup.too_many.
    """
    words = "".join(sign if sign.isdecimal() else " " for sign in text).split()
    found = sorted({int(word) for word in words if len(word) < 10})
    if len(found) > MOST_NUMBERS:
        raise Refused(Code.SETUP_TOO_MANY, {"max": MOST_NUMBERS})
    return found


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def candidate_or_404(project: Project, number: int) -> Candidate:
    """The candidate of this number."""
    found = candidate_numbered(project, number)
    if found is None:
        raise Http404("no such candidate")
    found.project = project
    return found


def candidate_pins(project: Project, candidates: list[Candidate]) -> list[dict[str, object]]:
    """Candidates as the map draws them."""
    return [
        {"number": each.number, "title": each.title, "lon": each.point.x, "lat": each.point.y} for each in candidates
    ]


@desk(DeskAct.SEE)
def candidates_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show all candidates: where they lie, how many people stand behind each, what was checked and decided."""
    project = desk_project(request, slug)
    candidates = list(candidates_of(project))
    people = people_behind(project, candidates)
    decided: dict[int, Decision] = {}
    for decision in decisions_of(project).filter(candidate__isnull=False):
        decided.setdefault(decision.candidate_id or 0, decision)
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "rows": [
            {"candidate": each, "n_people": people[each.pk], "decision": decided.get(each.pk)} for each in candidates
        ],
        "n_options": options_without_candidate(project).count() if may_do(request, DeskAct.SITE, project) else 0,
        "map": map_config(project, tiles=None, pins=candidate_pins(project, candidates), detail=None)
        if project.area is not None and candidates
        else None,
    }
    return render(request, "siting/candidates.html", context)


@require_POST
@desk(DeskAct.SITE)
def from_ballot(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a candidate of every option of the ballot that has none."""
    project = desk_project(request, slug)
    n = len(make_candidates_of_ballot(project=project, by=clerk(request), now=now()))
    said = ngettext("%(n)s candidate was made of the ballot.", "%(n)s candidates were made of the ballot.", n)
    messages.success(request, said % {"n": n})
    return redirect("desk_candidates", slug=slug)


# --- making one ----------------------------------------------------------------------------------------------


def _source(request: HttpRequest, project: Project, given: QueryDict) -> tuple[From, dict[str, Any]]:
    """What a new candidate comes from, and what its form begins with.

    Refuses  proposal.not_found, cluster.not_found, layer.feature_not_found.
    """
    if number := _whole(given.get("proposal")):
        proposal = public.proposals_by_number(project, [number]).first()
        if proposal is None:
            raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
        start = (proposal.point.x, proposal.point.y) if proposal.point else None
        return From(proposals=[number]), {
            "title": proposal.title,
            "start": start,
            "kind": "proposal",
            "about": proposal,
        }
    if (pin := _whole(given.get("pin"))) is not None:
        view = asked(given, there_of(project))[0]
        how, found = view.grouping, grouping_of(project, view)
        cluster = found.holding(pin)
        if cluster is None:
            raise Refused(Code.CLUSTER_NOT_FOUND)
        numbers = found.members(cluster)
        first = public.asked_places(project, numbers[:1])
        was = ClusterAsItWas(
            cluster.number, cluster.pin, cluster.n, cluster.weight, float(how.radius_m), how.min_count, how.weigh.value
        )
        title = first[0].title if first else ""
        about = {"n": cluster.n, "number": cluster.number, "radius_m": how.radius_m}
        return From(proposals=numbers, cluster=was), {
            "title": title, "start": (cluster.lon, cluster.lat), "kind": "cluster", "about": about,
        }  # fmt: skip
    layer, key = _whole(given.get("layer")), _whole(given.get("key"))
    if layer is not None and key is not None:
        feature = feature_named(town_of(request), layer, key)
        if feature is None:
            raise Refused(Code.LAYER_FEATURE_NOT_FOUND)
        middle = feature.geometry.point_on_surface if feature.geometry else None
        label = label_of(feature.layer)
        title = str(feature.properties.get(label, "")) or f"{feature.layer.name} {key}"
        start = (middle.x, middle.y) if middle else None
        return From(feature=feature), {"title": title[:120], "start": start, "kind": "feature", "about": feature}
    return From(), {"title": "", "start": None, "kind": "hand", "about": None}


@desk(DeskAct.SITE)
def new_candidate(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask where a new candidate would lie and what it is called; what it comes from stands in the address."""
    project = desk_project(request, slug)
    if project.area is None:
        return redirect("desk_candidates", slug=slug)
    came_from, begins = _source(request, project, request.GET)
    given: Mapping[str, Any] = request.POST
    refused = ""
    if request.method == "POST":
        try:
            candidate = make_candidate(
                project=project,
                title=given.get("title", ""),
                place=lon_lat(given.get("lon"), given.get("lat")),
                notes=given.get("notes", ""),
                came_from=came_from,
                by=clerk(request),
                now=now(),
            )
        except Refused as refusal:
            refused = sentence(refusal.code, refusal.facts)
        else:
            messages.success(request, gettext("Candidate %(number)s was made.") % {"number": candidate.number})
            return redirect("desk_candidate", slug=slug, number=candidate.number)
    start = begins["start"]
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "refused": refused,
        "kind": begins["kind"],
        "about": begins["about"],
        "title": given.get("title", begins["title"]),
        "notes": given.get("notes", ""),
        "lon": given.get("lon", f"{start[0]:.6f}" if start else ""),
        "lat": given.get("lat", f"{start[1]:.6f}" if start else ""),
        "map": map_config(project, mode="pick", start=list(start) if start else None, radius_m=50),
    }
    return render(request, "siting/candidate_new.html", context, status=422 if refused else 200)


# --- its file --------------------------------------------------------------------------------------------------


@desk(DeskAct.SEE)
def candidate_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the file of one candidate."""
    project = desk_project(request, slug)
    return _shown(request, project, candidate_or_404(project, number))


def _shown(
    request: HttpRequest, project: Project, candidate: Candidate, *, refused: str = "", status: int = 200
) -> HttpResponse:
    origins = list(candidate.origins.all())
    numbers = [origin.proposal_id for origin in origins if origin.proposal_id]
    proposals = list(public.proposals_by_number(project).filter(pk__in=numbers).order_by("-n_supports", "number"))
    pins = [
        {"number": each.number, "title": each.title, "lon": each.point.x, "lat": each.point.y, "later": True}
        for each in proposals
        if each.point
    ]
    here = candidate.point
    context = {
        "project": project,
        "candidate": candidate,
        "desk_items": desk_items(request, project),
        "refused": refused,
        "given": request.POST if refused else {},
        "proposals": proposals,
        "clusters": [origin.cluster for origin in origins if origin.cluster],
        "features": [origin.feature for origin in origins if origin.feature],
        "is_by_hand": any(origin.kind == "hand" for origin in origins),
        "n_people": public.n_people_behind(project, [each.number for each in proposals]),
        "states": Candidate.State.choices,
        "kinds": Check.Kind.choices,
        "outcomes": Check.Outcome.choices,
        "today": now().date().isoformat(),
        "decisions": decisions_of(project).filter(candidate=candidate),
        "map": map_config(
            project,
            tiles=None,
            pins=pins,
            bounds=around(here, AROUND_M),
            highlight=candidate.number,
            highlight_at={"lon": here.x, "lat": here.y, "theme": ""},
        ),
    }
    return render(request, "siting/candidate.html", context, status=status)


@require_POST
@desk(DeskAct.SITE)
def change(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Write into the file of a candidate: its place and notes, a check, which proposals it is about."""
    project = desk_project(request, slug)
    candidate = candidate_or_404(project, number)
    given, by = request.POST, clerk(request)
    try:
        match given.get("act"):
            case "edit":
                change_candidate(
                    candidate=candidate,
                    title=given.get("title", ""),
                    place=lon_lat(given.get("lon"), given.get("lat")),
                    notes=given.get("notes", ""),
                    state=given.get("state", ""),
                    by=by,
                )
            case "check":
                check_candidate(
                    candidate=candidate,
                    kind=given.get("kind", ""),
                    outcome=given.get("outcome", ""),
                    checked_by=given.get("checked_by", ""),
                    checked_on=day(given.get("checked_on", "")),
                    note=given.get("note", ""),
                    document=given.get("document", ""),
                    by=by,
                    now=now(),
                )
            case "add":
                add_proposals(candidate=candidate, project=project, numbers=numbers_in(given.get("numbers", "")), by=by)
            case "drop":
                drop_proposal(candidate=candidate, number=_whole(given.get("number")) or 0, by=by)
    except Refused as refusal:
        said = sentence(refusal.code, refusal.facts)
        return _shown(request, project, candidate, refused=said, status=422)
    messages.success(request, gettext("Candidate %(number)s was changed.") % {"number": number})
    return redirect("desk_candidate", slug=slug, number=number)
