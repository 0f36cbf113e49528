"""The reaction report: every contribution, without a name, with the town's answer; as a page and as PDF."""

from base64 import b64encode
from itertools import chain

import shapely
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from geo.pictures import Mark, Outline, map_svg
from participation.models import Area, Project, Proposal
from participation.rules.roles import DeskAct
from participation.rules.text import in_language
from participation.selectors.projects import standing
from participation.selectors.report import Chapter, chapters, contributions, counts, has_answers
from participation.web.asking import may_do, now, project_or_404
from participation.web.printing import printed
from participation.web.projects import process_context
from participation.web.taken import take_file

A_PAGE = 50
# As wide as the text of an A4 page.
MAP_WIDTH_MM = 170
# The colours of theme.css: the town's own, amber for what comes later, grey for what does not come or waits.
COLOURS = {"build": "#1f5c3a", "later": "#b45309", "not": "#717d78", "": "#9aa5a0"}


def _reported(request: HttpRequest, slug: str) -> Project:
    """Find a project whose report this reader may see: everyone once there is an answer, staff before."""
    project = project_or_404(request, slug)
    if not has_answers(project) and not may_do(request, DeskAct.SEE, project):
        raise Http404("nothing was answered yet")
    return project


def as_picture(svg: str) -> str:
    """Put a drawing into an address, so that it stands in the page itself."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def town_outlines(project: Project) -> list[Outline]:
    """The neighbourhoods of the project's town, to be drawn with their names."""
    areas = Area.objects.filter(organisation=project.organisation_id).order_by("name")
    return [Outline(shapely.from_wkb(bytes(area.outline.wkb)), area.name) for area in areas]


def _map(project: Project, found: list[Chapter]) -> str:
    """Draw where everything was asked for, coloured by the answer; "" when nothing has a place."""
    told = chain.from_iterable(chapter.contributions for chapter in found)
    marks = [
        Mark(
            one.proposal.point.x,
            one.proposal.point.y,
            colour=COLOURS[one.response.outcome if one.response else ""],
        )
        for one in told
        if one.proposal.point and not one.is_hidden
    ]
    return as_picture(map_svg(town_outlines(project), marks, width_mm=MAP_WIDTH_MM)) if marks else ""


@require_safe
def answers(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the report, some contributions a page."""
    project = _reported(request, slug)
    page = Paginator(contributions(project), A_PAGE).get_page(request.GET.get("page"))
    context = process_context(request, project, standing(project, now())) | {
        "page": page,
        "chapters": chapters(list(page.object_list)),
        "counts": counts(project),
    }
    return render(request, "participation/answers.html", context)


@require_safe
def answers_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the whole report as PDF."""
    project = _reported(request, slug)
    rows: list[Proposal] = list(contributions(project))
    found = chapters(rows)
    title = in_language(project.title, get_language() or "nl")
    context = {
        "project": project,
        "title": title,
        "chapters": found,
        "counts": counts(project),
        "map": _map(project, found),
        "colours": COLOURS,
        "made_at": now(),
    }
    if not has_answers(project):
        take_file(request, "answers", project=project, format="pdf", n=len(rows))
    return printed(request, "participation/answers_print.html", context, filename=f"{project.slug}-answers.pdf")
