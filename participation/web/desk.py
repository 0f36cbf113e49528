"""The desk of moderators and planners: what waits, and what goes on the ballot."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from participation.models import Person, Project
from participation.rules.electorate import Eligibility
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.projects import standing
from participation.selectors.proposals import filtered, public_proposals
from participation.selectors.queue import projects_at_the_desk, with_counts
from participation.selectors.staff import latest_acts
from participation.services.proposals import set_shortlist
from participation.web import acts
from participation.web.asking import desk, may_do, now, person_of, roles_of, town_of
from participation.web.sentences import refusal, status_of
from participation.web.words import eyebrow

A_PAGE = 50
TICKED_AT_MOST = 1000

# The headings of a project's menu; each stands where its first page does.
INTAKE, VOTING, SITES, OUT = _("Intake"), _("Voting"), _("Sites"), _("Take along")

# The pages of one project at the desk, in the order of the work: (address name, label, heading). One without a
# heading stands in the menu by itself.
desk_pages: list[tuple[str, object] | tuple[str, object, object]] = [
    ("desk_queue", _("Queue"), INTAKE),
    ("desk_form", _("Form"), INTAKE),
    ("desk_inventory", _("Inventory"), INTAKE),
    ("desk_imports", _("From a file"), INTAKE),
    ("desk_shortlist", _("Ballot"), VOTING),
    ("desk_voters", _("Voters"), VOTING),
    ("desk_vote", _("Vote"), VOTING),
    ("desk_codes", _("Letters"), VOTING),
    ("desk_paper", _("On paper"), VOTING),
    ("desk_setup_question", _("Set-up")),
    ("desk_zones", _("Zones"), _("Set-up")),
]
# The pages of the whole town at the desk, beside the overview.
town_pages: list[tuple[str, object]] = [
    ("desk", _("Projects")),
    ("desk_town_queue", _("Queue")),
    ("desk_templates", _("Answer templates")),
    ("desk_areas", _("Neighbourhoods")),
    ("desk_maps", _("Maps and data")),
    ("desk_access", _("QGIS and API")),
    ("desk_webhooks", "Webhooks"),
    ("desk_staff", _("People")),
    ("desk_audit", _("Acts")),
]
# Those that whoever works in a single project sees as well, with that project alone.
pages_for_some = frozenset({"desk", "desk_town_queue", "desk_access"})
# Pages that not everybody at the desk may see, and what one must be allowed to do.
guarded_pages: dict[str, DeskAct] = {
    "desk_templates": DeskAct.MODERATE,
    "desk_areas": DeskAct.LAYERS,
    "desk_staff": DeskAct.PEOPLE,
    "desk_audit": DeskAct.AUDIT,
    "desk_webhooks": DeskAct.TOKENS,
}


def desk_project(request: HttpRequest, slug: str) -> Project:
    """Find a project of this town, drafts included."""
    found = projects_at_the_desk(town_of(request)).defer(None).filter(slug=slug).first()
    if found is None:
        raise Http404("no such project")
    return found


def desk_items(request: HttpRequest, project: Project) -> list[dict[str, Any]]:
    """The desk's menu of one project: headings, each with its pages; other apps add theirs to ``desk_pages``.

    Letters and paper are there where the vote asks for them and the reader may do it.
    """

    def may(act: DeskAct) -> bool:
        return may_do(request, act, project)

    vote = standing(project, now()).vote
    asked = {
        "desk_form": getattr(project, "asks", True),
        "desk_imports": may(DeskAct.LAYERS),
        "desk_voters": vote is not None and may(DeskAct.ELECTORATE),
        "desk_codes": vote is not None and vote.eligibility == Eligibility.CODE and may(DeskAct.ELECTORATE),
        "desk_paper": vote is not None and vote.takes_paper and may(DeskAct.PAPER),
        "desk_setup_question": may(DeskAct.WORDS),
        "desk_zones": may(DeskAct.SETUP) and project.area_source.get("kind") != "none",
        "desk_inventory": project.from_inventory,
    }
    groups: dict[str, dict[str, Any]] = {}
    for name, label, *heading in desk_pages:
        if name in asked and not asked[name]:
            continue
        page = _item(request, reverse(name, args=(project.slug,)), label)
        page["count"] = project.n_waiting if name == "desk_queue" and hasattr(project, "n_waiting") else None
        said = str(heading[0] if heading else label)
        group = groups.setdefault(said, page | {"label": said, "pages": []})
        group["pages"].append(page)
        # Of its pages one is read: the heading is where the reader is, the page itself is marked below it.
        group["current"] = group["current"] or (page["current"] and "true")
    return list(groups.values())


def town_items(request: HttpRequest) -> list[dict[str, Any]]:
    """The desk's menu of the whole town; other apps add theirs to ``town_pages``."""
    roles = roles_of(request)
    return [
        _item(request, reverse(name), label)
        for name, label in town_pages
        if roles.may(guarded_pages.get(name, DeskAct.SEE))
        or (name in pages_for_some and roles.may_somewhere(DeskAct.SEE))
    ]


def _item(request: HttpRequest, href: str, label: object) -> dict[str, Any]:
    """One link of the menu; ``current`` says as aria-current does whether the reader is there, or on a page below."""
    below = request.path.startswith(href) and href != reverse("desk")
    return {"href": href, "label": label, "current": "page" if request.path == href else "true" if below else ""}


def clerk(request: HttpRequest) -> Person:
    """Who of the staff acts? The desk's guard let nobody else in."""
    person = person_of(request)
    if person is None:
        raise Http404("not signed in")
    return person


@desk(DeskAct.SEE, anywhere=True)
def overview(request: HttpRequest) -> HttpResponse:
    """Show the projects that the reader works in with what waits in each, and the latest acts."""
    moment, where = now(), roles_of(request).where(DeskAct.SEE)
    rows = [
        {"project": project, "eyebrow": eyebrow(standing(project, moment)), "items": desk_items(request, project)}
        for project in with_counts(projects_at_the_desk(town_of(request), where))
    ]
    records = [
        {"at": r.at, "project": r.project, "person": r.person, "said": acts.said(r)}
        for r in latest_acts(town_of(request), where)[:15]
    ]
    context = {
        "rows": rows,
        "records": records,
        "may_verify": may_do(request, DeskAct.ELECTORATE),
        "may_set_up": may_do(request, DeskAct.SETUP),
        "desk_items": town_items(request),
    }
    return render(request, "participation/desk_overview.html", context)


@desk(DeskAct.SEE)
def shortlist_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which proposals are on the ballot and which could be."""
    return _shortlist(request, desk_project(request, slug), request.GET)


def _shortlist(
    request: HttpRequest, project: Project, asked: QueryDict, refused: Refused | None = None
) -> HttpResponse:
    """The list as it was asked for; after a refusal with what was ticked."""
    text = asked.get("q", "")[:100].replace("\x00", "")
    rows = filtered(public_proposals(project), text=text).order_by("on_ballot", "-n_supports", "number")
    page = Paginator(rows, A_PAGE).get_page(asked.get("page"))
    context = {
        "project": project,
        "page": page,
        "text": text,
        "ticked": _numbers(asked),
        "refusal": refusal(refused) if refused else None,
        "has_objects": project.from_inventory,
        "n_on_ballot": project.proposals.filter(on_ballot=True).count(),
        "desk_items": desk_items(request, project),
    }
    status = status_of(refused) if refused else 200
    return render(request, "participation/desk_shortlist.html", context, status=status)


def _numbers(asked: QueryDict) -> list[int]:
    return [int(text) for text in asked.getlist("number")[:TICKED_AT_MOST] if text.isdecimal() and len(text) < 10]


@require_POST
@desk(DeskAct.SHORTLIST)
def shortlist(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the ticked proposals on the ballot, or take them off."""
    project = desk_project(request, slug)
    joins = request.POST.get("act") != "off"
    try:
        if len(request.POST.getlist("number")) > TICKED_AT_MOST:
            raise Refused(Code.SETUP_TOO_MANY, {"max": TICKED_AT_MOST})
        changed = set_shortlist(project=project, numbers=_numbers(request.POST), on_ballot=joins, by=clerk(request))
    except Refused as refused:
        return _shortlist(request, project, request.POST, refused)
    said = (
        ngettext("%(n)s place joined the ballot.", "%(n)s places joined the ballot.", len(changed))
        if joins
        else ngettext("%(n)s place left the ballot.", "%(n)s places left the ballot.", len(changed))
    )
    messages.success(request, said % {"n": len(changed)})
    return redirect("desk_shortlist", slug=slug)
