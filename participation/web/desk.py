"""The desk of moderators and planners: what waits, and what goes on the ballot."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from participation.models import Person, Project, Record
from participation.rules.electorate import Eligibility
from participation.rules.roles import DeskAct, may
from participation.selectors.projects import standing
from participation.selectors.proposals import filtered, public_proposals
from participation.selectors.queue import projects_at_the_desk
from participation.services.proposals import set_shortlist
from participation.web import acts
from participation.web.asking import desk, now, person_of, role_of, town_of
from participation.web.words import eyebrow

A_PAGE = 50

# The pages of one project at the desk, in the order of the work: (address name, label).
desk_pages: list[tuple[str, object]] = [
    ("desk_queue", _("Queue")),
    ("desk_shortlist", _("Ballot")),
    ("desk_voters", _("Voters")),
    ("desk_vote", _("Vote")),
    ("desk_codes", _("Letters")),
    ("desk_paper", _("On paper")),
]
# The pages of the whole town at the desk, beside the overview.
town_pages: list[tuple[str, object]] = [
    ("desk", _("Projects")),
    ("desk_town_queue", _("Queue")),
    ("desk_templates", _("Answer templates")),
]
# Pages of the town that ask for more than seeing the desk.
TOWN_ACTS = {"desk_templates": DeskAct.MODERATE}


def desk_project(request: HttpRequest, slug: str) -> Project:
    """Find a project of this town, drafts included."""
    found = projects_at_the_desk(town_of(request)).defer(None).filter(slug=slug).first()
    if found is None:
        raise Http404("no such project")
    return found


def desk_items(request: HttpRequest, project: Project) -> list[dict[str, object]]:
    """The desk's pages of one project, as its menu shows them; other apps add theirs to ``desk_pages``.

    Letters and paper are there where the vote asks for them and the reader may do it.
    """
    role = role_of(request)
    vote = standing(project, now()).vote
    asked = {
        "desk_voters": vote is not None and may(role, DeskAct.ELECTORATE),
        "desk_codes": vote is not None and vote.eligibility == Eligibility.CODE and may(role, DeskAct.ELECTORATE),
        "desk_paper": vote is not None and vote.takes_paper and may(role, DeskAct.PAPER),
    }
    return [
        {
            "href": reverse(name, args=(project.slug,)),
            "label": label,
            "count": project.n_waiting if name == "desk_queue" and hasattr(project, "n_waiting") else None,
            "current": request.path == reverse(name, args=(project.slug,)),
        }
        for name, label in desk_pages
        if name not in asked or asked[name]
    ]


def town_items(request: HttpRequest) -> list[dict[str, object]]:
    """The desk's pages of the whole town, as its menu shows them; other apps add theirs to ``town_pages``."""
    role = role_of(request)
    return [
        {"href": reverse(name), "label": label, "current": request.path == reverse(name)}
        for name, label in town_pages
        if may(role, TOWN_ACTS.get(name, DeskAct.SEE))
    ]


def clerk(request: HttpRequest) -> Person:
    """Who of the staff acts? The desk's guard let nobody else in."""
    person = person_of(request)
    if person is None:
        raise Http404("not signed in")
    return person


@desk(DeskAct.SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """Show all projects with what waits in each, and the latest acts."""
    moment = now()
    rows = [
        {"project": project, "eyebrow": eyebrow(standing(project, moment)), "items": desk_items(request, project)}
        for project in projects_at_the_desk(town_of(request))
    ]
    records = [
        {"at": r.at, "project": r.project, "person": r.person, "said": acts.said(r)}
        for r in Record.objects.filter(organisation=town_of(request)).select_related("person", "project")[:15]
    ]
    may_verify = may(role_of(request), DeskAct.ELECTORATE)
    context = {"rows": rows, "records": records, "may_verify": may_verify, "desk_items": town_items(request)}
    return render(request, "participation/desk_overview.html", context)


@desk(DeskAct.SEE)
def shortlist_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which proposals are on the ballot and which could be."""
    project = desk_project(request, slug)
    text = request.GET.get("q", "")[:100].replace("\x00", "")
    rows = filtered(public_proposals(project), text=text).order_by("on_ballot", "-n_supports", "number")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {"project": project, "page": page, "text": text, "desk_items": desk_items(request, project)}
    return render(request, "participation/desk_shortlist.html", context)


@require_POST
@desk(DeskAct.SHORTLIST)
def shortlist(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the ticked proposals on the ballot, or take them off."""
    project = desk_project(request, slug)
    numbers = [int(text) for text in request.POST.getlist("number")[:1000] if text.isdecimal() and len(text) < 10]
    joins = request.POST.get("act") != "off"
    changed = set_shortlist(project=project, numbers=numbers, on_ballot=joins, by=clerk(request))
    said = (
        ngettext("%(n)s place joined the ballot.", "%(n)s places joined the ballot.", len(changed))
        if joins
        else ngettext("%(n)s place left the ballot.", "%(n)s places left the ballot.", len(changed))
    )
    messages.success(request, said % {"n": len(changed)})
    return redirect("desk_shortlist", slug=slug)
