"""Suggesting a place in three calm steps: where, what and why, is it right. Nothing filled in is ever lost."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from participation.models import Draft, Project, Proposal
from participation.rules.access import Level
from participation.rules.address_search import Address
from participation.rules.phases import Act
from participation.rules.places import SPOTS_MAX, Chosen, Drawn, Given, LonLat, Shape, lon_lat, typed_pair
from participation.rules.refusals import Code, Refused
from participation.rules.wording import BODY_MAX, TITLE_MAX, cleaned, title_and_body
from participation.selectors.access import level_in
from participation.selectors.doubles import alike, near_by_title
from participation.selectors.drafts import draft_photos
from participation.selectors.projects import standing
from participation.selectors.proposals import last_proposal_of, nearby, supported_by
from participation.selectors.zones import objects_called, objects_to_choose
from participation.services.claims import send_without_account
from participation.services.photos import MOST, add_photo, drop_photo
from participation.services.places import checked_place
from participation.services.proposals import send_draft
from participation.web.access import not_let_in
from participation.web.addresses import addresses_called
from participation.web.asking import (
    answering_refusals,
    bound_without_account,
    now,
    person_of,
    project_or_404,
    sign_in_first,
)
from participation.web.claims import link_of, sent_page
from participation.web.drafts import draft_of, drop, keep, offered_draft, token_of
from participation.web.maps import map_config
from participation.web.places import (
    SHAPE_HELP,
    SHAPE_NAMES,
    cross_in,
    drawing,
    given_in,
    is_placed,
    object_pins,
    on_map,
    shape_in,
    spots_in,
    zone_lines,
    zones_shown,
)
from participation.web.projects import process_context
from participation.web.proposal_questions import asked_with, rows_of_draft, take_answers
from participation.web.sentences import refusal, status_of

NEAR = 5
OBJECTS_A_PAGE, OBJECTS_DRAWN = 30, 2000


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


def about(request: HttpRequest, project: Project, given: Given, title: str = "") -> dict[str, object]:
    """What there is to say about a place at once: whether something can come there, and what lies near.

    Shape    found (services.places.Checked) or refusal; alike, what lies near and is called like the title, and nearby,
             the rest; zones, what those ask in which it lies.
    """
    try:
        found = checked_place(project, given)
    except Refused as refused:
        return {"found": None, "refusal": refusal(refused), "alike": [], "nearby": []}
    near = supported_by(nearby(project, found.mark), request.user)
    like, rest = near_by_title(near, title[:TITLE_MAX], limit=NEAR)
    return {
        "found": found,
        "refusal": None,
        "alike": like,
        "nearby": rest,
        "zones": zone_lines([*found.zones.reason, *found.zones.look]),
    }


@require_GET
def place_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer, for the map as it moves, what there is to say about a place, and about what was called so far."""
    project = project_or_404(request, slug)
    title = str(draft_of(request, project, Draft.Kind.PROPOSAL).get("title", ""))
    try:
        context = about(request, project, lon_lat(request.GET.get("lon"), request.GET.get("lat")), title)
    except Refused as refused:
        context = {"refusal": refusal(refused)}
    return render(request, "participation/suggest_place.html", context | {"project": project})


def _alike(project: Project, title: str, draft: Mapping[str, object]) -> list[Proposal]:
    """What is called like this near the place of a draft, or anywhere while it has none that can be."""
    given = given_in(project, draft) if project.area is not None else None
    mark = None
    if given is not None:
        with suppress(Refused):
            mark = checked_place(project, given).mark
    return alike(project, title[:TITLE_MAX], mark, limit=NEAR)


@require_GET
def alike_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer, as a title is typed, with what was suggested near the chosen place and is called alike."""
    project = project_or_404(request, slug)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    title = cleaned(request.GET.get("title", ""))
    context = {"project": project, "alike": _alike(project, title, draft)}
    return render(request, "participation/suggest_alike.html", context)


def _asked_place(request: HttpRequest, project: Project) -> tuple[LonLat | None, list[Address]]:
    """Read where: what was typed wins over the map's cross; several places of that name are offered to choose."""
    chosen = typed_pair(request.POST.get("choice", "")[:60])
    if chosen:
        return chosen, []
    typed = cleaned(request.POST.get("where", ""))[:200]
    lon, lat = request.POST.get("lon"), request.POST.get("lat")
    # The same words again are asked for again by who presses "Search" (or Enter), or has no place yet.
    is_settled = typed == request.POST.get("where_was", "") and not request.POST.get("search") and (lon or lat)
    if not typed or is_settled:
        return lon_lat(lon, lat), []
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


def _picking_map(project: Project, draft: Mapping[str, object], zones: list[dict[str, Any]]) -> dict[str, object]:
    check = reverse("suggest_place", args=(project.slug,))
    given = given_in(project, draft)
    at = cross_in(draft) or (given.spots[-1] if isinstance(given, Drawn) else None)
    return map_config(
        project,
        mode="pick",
        check=f"{check}?lon={{lon}}&lat={{lat}}",
        start=[at.lon, at.lat] if at else None,
        radius_m=project.nearby_radius_m,
        **on_map(zones, drawing(given)),
    )


def _put_down(request: HttpRequest, project: Project, draft: dict[str, object], context: dict[str, object]) -> None:
    """Take in what the form says of the place: another shape, a spot more or less, the cross, or no place.

    Refuses  pin.*, place.too_many_spots.
    """
    draft.pop("nowhere", None)
    if request.POST.get("shape", "") in project.shapes:
        draft["shape"] = request.POST["shape"]
        return
    spots = [[spot.lon, spot.lat] for spot in spots_in(draft)]
    taken_away = request.POST.get("take_away", "")
    if taken_away.isdecimal() and len(taken_away) < 4:
        draft["spots"] = [spot for at, spot in enumerate(spots) if at != int(taken_away)]
        return
    draws = shape_in(project, draft) is not Shape.POINT
    if draws and request.POST.get("next"):
        return
    place, context["found_names"] = _asked_place(request, project)
    if place is None:
        return
    draft |= {"lon": place.lon, "lat": place.lat}
    if draws and (request.POST.get("add") or request.POST.get("choice")):
        if len(spots) >= SPOTS_MAX:
            raise Refused(Code.PLACE_TOO_MANY_SPOTS, {"max": SPOTS_MAX})
        checked_place(project, place)
        draft["spots"] = [*spots, [place.lon, place.lat]]


@answering_refusals
def where(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask where it should come: a name, coordinates, the map; says at once what lies there."""
    project = project_or_404(request, slug)
    standing(project, now()).require(Act.PROPOSE)
    if project.area is None:
        return redirect("suggest_what", slug=slug)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    if request.method == "POST" and request.POST.get("nowhere") and project.place_optional:
        keep(request, project, Draft.Kind.PROPOSAL, draft | {"nowhere": True})
        return redirect("suggest_what", slug=slug)
    if project.from_inventory:
        return choose_object(request, project, draft)
    context: dict[str, object] = {"found_names": []}
    if request.method == "POST":
        draft["where"] = cleaned(request.POST.get("where", ""))[:200]
        try:
            _put_down(request, project, draft, context)
            keep(request, project, Draft.Kind.PROPOSAL, draft)
            given = given_in(project, draft)
            if request.POST.get("next"):
                if given is None:
                    raise Refused(Code.PIN_MISSING)
                checked_place(project, given)
                return redirect("suggest_what", slug=slug)
        except Refused as refused:
            context["refusal"] = refusal(refused)
    given = given_in(project, draft)
    if given and not context.get("refusal"):
        said = about(request, project, given, str(draft.get("title", "")))
        # A shape that is being drawn is not wrong yet.
        if isinstance(given, LonLat) or said["found"]:
            context |= said
    shape = shape_in(project, draft)
    lines, zones = zones_shown(project)
    shared = _context(request, project, 1, draft) | {
        "map": _picking_map(project, draft, zones),
        "shapes": [(one, SHAPE_NAMES[Shape(one)], one == shape) for one in project.shapes],
        "draws": shape is not Shape.POINT,
        "shape_help": SHAPE_HELP.get(shape, ""),
        "spots": list(enumerate(spots_in(draft))),
        "all_zones": lines,
    }
    status = 422 if context.get("refusal") else 200
    return render(request, "participation/suggest_where.html", shared | context, status=status)


def choose_object(request: HttpRequest, project: Project, draft: dict[str, object]) -> HttpResponse:
    """Ask which object of the inventory: a list to search, and the same on the map."""
    context: dict[str, object] = {}
    if request.method == "POST":
        text = request.POST.get("object", "")
        number = int(text) if text.isdecimal() and len(text) < 10 else 0
        try:
            checked_place(project, Chosen(number))
            keep(request, project, Draft.Kind.PROPOSAL, draft | {"object": number, "nowhere": False})
            return redirect("suggest_what", slug=project.slug)
        except Refused as refused:
            context["refusal"] = refusal(refused)
    asked = request.GET.get("q", "")[:100].replace("\x00", "")
    rows = objects_called(objects_to_choose(project), asked)
    page = Paginator(rows, OBJECTS_A_PAGE).get_page(request.GET.get("page"))
    free = rows.filter(is_free=True)
    shared = _context(request, project, 1, draft) | {
        "page": page,
        "objects": list(page.object_list),
        "n_free": free.count(),
        "text": asked,
        "map": map_config(project, tiles=None, detail=None, pins=object_pins(free[:OBJECTS_DRAWN])),
    }
    status = 422 if context.get("refusal") else 200
    return render(request, "participation/suggest_object.html", shared | context, status=status)


def _photos(request: HttpRequest, project: Project) -> bool:
    """Take a photo in or out of the draft, as the form asks; is the same page to be shown again?

    Refuses  photo.*, act.too_often_here; the text of the form was kept before.
    """
    draft = Draft.objects.get(token=str(token_of(request, project, Draft.Kind.PROPOSAL)))
    if request.POST.get("drop_photo"):
        with suppress(ValueError):
            drop_photo(draft=draft, key=UUID(request.POST["drop_photo"]))
        return True
    file = request.FILES.get("photo")
    if file is not None:
        bound_without_account(request, "photo")
        alt = request.POST.get("alt", "")
        add_photo(draft=draft, file=file, size=file.size or 0, alt=alt, now=now())
    return bool(request.POST.get("add_photo"))


@answering_refusals
def what(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask what and why: a title, a reason, a theme."""
    project = project_or_404(request, slug)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    asked, status = None, 200
    if request.method == "POST":
        # What was typed is kept before anything is said about it, cut where no honest text is longer.
        draft |= {
            "title": cleaned(request.POST.get("title", ""))[: 4 * TITLE_MAX],
            "body": cleaned(request.POST.get("body", ""))[: 4 * BODY_MAX],
            "theme": cleaned(request.POST.get("theme", ""))[:60],
        }
        asked = take_answers(request, project, draft)
    standing(project, now()).require(Act.PROPOSE)
    if asked is not None and request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    if project.area is not None and not is_placed(project, draft):
        return redirect("suggest", slug=slug)
    given = given_in(project, draft) if project.area is not None else None
    try:
        needs_reason = checked_place(project, given).zones.reason if given else ()
    except Refused:
        # The town changed its mind about this place meanwhile; the first step says why.
        return redirect("suggest", slug=slug)
    context: dict[str, object] = {"zones": zone_lines(needs_reason)}
    if asked is not None:
        try:
            if _photos(request, project) or asked.stays:
                return redirect("suggest_what", slug=slug)
            _title, body = title_and_body(request.POST.get("title", ""), request.POST.get("body", ""))
            if needs_reason and not body:
                raise Refused(Code.ZONE_REASON_MISSING, {"name": needs_reason[0].name})
            asked.require()
            return redirect("suggest_check", slug=slug)
        except Refused as refused:
            context |= {"refusal": refusal(refused)} | asked_with(request, project, asked.draft, asked.refusals)
            status = status_of(refused)
    like = _alike(project, str(draft.get("title", "")), draft)
    context = asked_with(request, project, draft) | context
    context = _context(request, project, 2, draft) | context | {"title_max": TITLE_MAX, "alike": like}
    context |= {"photos": draft_photos(token_of(request, project, Draft.Kind.PROPOSAL)), "photos_max": MOST}
    return render(request, "participation/suggest_what.html", context, status=status)


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
    place: Given | None
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
    link = link_of(request, secret)
    context = {"project": project, "proposal": proposal, "link": link}
    return sent_page(request, "participation/suggest_sent.html", context)


@answering_refusals
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show it as others will see it; whoever is not signed in does so here, then it is sent."""
    project = project_or_404(request, slug)
    draft = draft_of(request, project, Draft.Kind.PROPOSAL)
    if not draft.get("title"):
        return _sent_before(request, project) if request.method == "POST" else redirect("suggest", slug=slug)
    here = reverse("suggest_check", args=(slug,))
    not_taken: Refused | None = None
    if request.method == "POST":
        person = person_of(request)
        if person is None and not request.POST.get("without"):
            return sign_in_first(request, back_to=here)
        written = Written(
            token=token_of(request, project, Draft.Kind.PROPOSAL),
            project=project,
            title=str(draft.get("title", "")),
            body=str(draft.get("body", "")),
            place=given_in(project, draft),
            theme=str(draft.get("theme", "")),
            language=get_language() or "nl",
            now=now(),
        )
        try:
            bound_without_account(request, "propose")
            if person is None:
                return _sent_without_account(request, project, written)
            proposal = send_draft(person=person, **written)
        except Refused as refused:
            if refused.code in {Code.FORM_CHANGED, Code.ANSWERS_INCOMPLETE}:
                return redirect("suggest_what", slug=slug)
            not_taken = refused
        else:
            drop(request, project.pk, Draft.Kind.PROPOSAL)
            if proposal is None:
                return _sent_before(request, project)
            messages.success(request, gettext("Your proposal was sent. This is its own page: keep the link."))
            return redirect("proposal", slug=slug, number=proposal.number)
    given = given_in(project, draft) if project.area is not None else None
    shown = about(request, project, given) if given else {}
    theme = next((theme for theme in project.themes.all() if theme.slug == draft.get("theme")), None)
    # What is alike is asked about; else what merely lies near.
    like = _alike(project, str(draft["title"]), draft)
    context = _context(request, project, 3, draft) | shown | {"theme": theme, "person": person_of(request)}
    context["refusal"] = refusal(not_taken) if not_taken else None
    context |= {"alike": like, "photos": draft_photos(token_of(request, project, Draft.Kind.PROPOSAL))}
    context |= {"answer_rows": rows_of_draft(request, project, draft)}
    return render(
        request, "participation/suggest_check.html", context, status=status_of(not_taken) if not_taken else 200
    )
