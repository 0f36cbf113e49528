"""Suggesting a place in three calm steps: where, what and why, is it right. Nothing filled in is ever lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from participation.models import Draft, Project
from participation.rules.access import Level
from participation.rules.address_search import Address
from participation.rules.phases import Act
from participation.rules.places import LonLat, lon_lat, typed_pair
from participation.rules.refusals import Code, Refused
from participation.rules.wording import BODY_MAX, TITLE_MAX, cleaned, title_and_body
from participation.selectors.access import level_in
from participation.selectors.projects import standing
from participation.selectors.proposals import last_proposal_of, nearby, place_verdict, supported_by
from participation.services.claims import send_without_account
from participation.services.proposals import checked_place, send_draft
from participation.web.access import not_let_in
from participation.web.addresses import addresses_called
from participation.web.asking import answering_refusals, now, person_of, project_or_404, sign_in_first
from participation.web.drafts import draft_of, drop, keep, offered_draft, token_of
from participation.web.maps import map_config
from participation.web.projects import process_context
from participation.web.sentences import refusal

NEAR = 5


def _context(request: HttpRequest, project: Project, step: int, draft: Mapping[str, object]) -> dict[str, object]:
    where_now = standing(project, now())
    return process_context(request, project, where_now) | {
        "not_let_in": not_let_in(project, where_now, Act.PROPOSE, person_of(request)),
        "needs_no_account": level_in(project, where_now, Act.PROPOSE) is Level.ANYONE,
        "step": step - (project.area is None),
        "draft": draft,
        "offered": offered_draft(request, project, Draft.Kind.PROPOSAL),
        "has_map": project.area is not None,
        "steps": [gettext("Where?"), gettext("What and why?"), gettext("Is it right?")][project.area is None :],
    }


def _place(draft: Mapping[str, object]) -> LonLat | None:
    lon, lat = draft.get("lon"), draft.get("lat")
    return LonLat(lon, lat) if isinstance(lon, float) and isinstance(lat, float) else None


def about(request: HttpRequest, project: Project, place: LonLat) -> dict[str, object]:
    """What there is to say about a place at once: inside or how far outside, which neighbourhood, what lies near."""
    verdict = place_verdict(project, place)
    near = list(supported_by(nearby(project, place), request.user)[:NEAR]) if verdict.inside else []
    outside = refusal(Refused(Code.PIN_OUTSIDE_AREA, {"metres": verdict.outside_by_m}))
    return {"place": place, "verdict": verdict, "nearby": near, "refusal": None if verdict.inside else outside}


@require_GET
def place_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer, for the map as it moves, what there is to say about a place."""
    project = project_or_404(request, slug)
    try:
        context = about(request, project, lon_lat(request.GET.get("lon"), request.GET.get("lat")))
    except Refused as refused:
        context = {"refusal": refusal(refused)}
    return render(request, "participation/suggest_place.html", context | {"project": project})


def _asked_place(request: HttpRequest, project: Project) -> tuple[LonLat | None, list[Address]]:
    """Read where: what was typed wins over the map's cross; several places of that name are offered to choose."""
    chosen = typed_pair(request.POST.get("choice", "")[:60])
    if chosen:
        return chosen, []
    typed = cleaned(request.POST.get("where", ""))[:200]
    if not typed or typed == request.POST.get("where_was", ""):
        return lon_lat(request.POST.get("lon"), request.POST.get("lat")), []
    pair = typed_pair(typed)
    if pair:
        return pair, []
    found = addresses_called(project.organisation, typed)
    if not found:
        raise Refused(Code.PIN_PLACE_UNKNOWN, {"text": typed[:60]})
    exact = [address for address in found if address.name.partition(" (")[0].casefold() == typed.casefold()]
    if len(found) == 1 or len(exact) == 1:
        best = (exact or found)[0]
        return LonLat(best.lon, best.lat), []
    return None, found


def _picking_map(project: Project, place: LonLat | None) -> dict[str, object]:
    check = reverse("suggest_place", args=(project.slug,))
    return map_config(
        project,
        mode="pick",
        check=f"{check}?lon={{lon}}&lat={{lat}}",
        start=[place.lon, place.lat] if place else None,
        radius_m=project.nearby_radius_m,
    )


@answering_refusals
def where(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask where it should come: a name, coordinates, the map; says at once what lies there."""
    project = project_or_404(request, slug)
    standing(project, now()).require(Act.PROPOSE)
    if project.area is None:
        return redirect("suggest_what", slug=slug)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    context: dict[str, object] = {"found": []}
    if request.method == "POST":
        draft["where"] = cleaned(request.POST.get("where", ""))[:200]
        try:
            place, found = _asked_place(request, project)
            context["found"] = found
            if place:
                draft |= {"lon": place.lon, "lat": place.lat}
                keep(request, project, Draft.Kind.PROPOSAL, draft)
                checked_place(project, place)
                if request.POST.get("next"):
                    return redirect("suggest_what", slug=slug)
        except Refused as refused:
            context["refusal"] = refusal(refused)
    place = _place(draft)
    if place:
        context = about(request, project, place) | {key: value for key, value in context.items() if value}
    context = _context(request, project, 1, draft) | context | {"map": _picking_map(project, place)}
    return render(request, "participation/suggest_where.html", context, status=422 if context.get("refusal") else 200)


@answering_refusals
def what(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask what and why: a title, a reason, a theme."""
    project = project_or_404(request, slug)
    standing(project, now()).require(Act.PROPOSE)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    if project.area is not None and _place(draft) is None:
        return redirect("suggest", slug=slug)
    context: dict[str, object] = {}
    if request.method == "POST":
        # What was typed is kept even when it is refused, cut where no honest text is longer.
        draft |= {
            "title": cleaned(request.POST.get("title", ""))[: 4 * TITLE_MAX],
            "body": cleaned(request.POST.get("body", ""))[: 4 * BODY_MAX],
            "theme": cleaned(request.POST.get("theme", ""))[:60],
        }
        keep(request, project, Draft.Kind.PROPOSAL, draft)
        try:
            title_and_body(request.POST.get("title", ""), request.POST.get("body", ""))
            return redirect("suggest_check", slug=slug)
        except Refused as refused:
            context["refusal"] = refusal(refused)
    context = _context(request, project, 2, draft) | context | {"title_max": TITLE_MAX, "body_max": BODY_MAX}
    return render(request, "participation/suggest_what.html", context, status=422 if context.get("refusal") else 200)


def _sent_before(request: HttpRequest, project: Project) -> HttpResponse:
    """Lead the second request of a double click to where the first one went: the browser shows this one's answer."""
    last = last_proposal_of(request.user, project)
    return redirect("proposal", project.slug, last.number) if last else redirect("suggest", slug=project.slug)


class Written(TypedDict):
    """What was filled in, as the services take it."""

    token: str | None
    project: Project
    title: str
    body: str
    place: LonLat | None
    theme: str
    language: str
    now: datetime


def _sent_without_account(request: HttpRequest, project: Project, written: Written) -> HttpResponse:
    """Send it for nobody we know, and show the link that makes it theirs: here, now and never again."""
    sent = send_without_account(**written)
    drop(request, project.pk, Draft.Kind.PROPOSAL)
    if sent is None:
        return redirect("project", slug=project.slug)
    proposal, secret = sent
    link = request.build_absolute_uri(reverse("claim", args=(secret,)))
    context = process_context(request, project, standing(project, now())) | {"proposal": proposal, "link": link}
    answer = render(request, "participation/suggest_sent.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@answering_refusals
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show it as others will see it; whoever is not signed in does so here, then it is sent."""
    project = project_or_404(request, slug)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    if not draft.get("title"):
        return _sent_before(request, project) if request.method == "POST" else redirect("suggest", slug=slug)
    here = reverse("suggest_check", args=(slug,))
    context: dict[str, object] = {}
    if request.method == "POST":
        person = person_of(request)
        if person is None and not request.POST.get("without"):
            return sign_in_first(request, back_to=here)
        written = Written(
            token=token_of(request, project, Draft.Kind.PROPOSAL),
            project=project,
            title=str(draft.get("title", "")),
            body=str(draft.get("body", "")),
            place=_place(draft),
            theme=str(draft.get("theme", "")),
            language=get_language() or "nl",
            now=now(),
        )
        try:
            if person is None:
                return _sent_without_account(request, project, written)
            proposal = send_draft(person=person, **written)
        except Refused as refused:
            context["refusal"] = refusal(refused)
        else:
            drop(request, project.pk, Draft.Kind.PROPOSAL)
            if proposal is None:
                return _sent_before(request, project)
            messages.success(request, gettext("Your proposal was sent. This is its own page: keep the link."))
            return redirect("proposal", slug=slug, number=proposal.number)
    place = _place(draft)
    shown = about(request, project, place) if place else {}
    theme = next((theme for theme in project.themes.all() if theme.slug == draft.get("theme")), None)
    context = _context(request, project, 3, draft) | shown | context | {"theme": theme, "person": person_of(request)}
    return render(request, "participation/suggest_check.html", context, status=422 if context.get("refusal") else 200)
