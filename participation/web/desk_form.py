"""What was answered, for staff: the counts, and every form that was sent."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from participation.models import AnswerSheet, Project
from participation.rules.questions import Asked, read
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.selectors.answer_layers import LAYERS
from participation.selectors.forms import sheets_of, tallied
from participation.services.answers import leave_out, take_back
from participation.web.asking import desk, may_do
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.form_summary import drawn, sheets_said
from participation.web.questions import answer_rows
from participation.web.sentences import refusal, status_of
from participation.web.setup_questions import ASKED_NAMES

A_PAGE = 20
TEXTS = 10
MOST_DIGITS = 15


def _number(request: HttpRequest) -> int:
    """Which sheet a form is about; 0, which no sheet has, for anything else."""
    text = request.POST.get("number", "")
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0


def _sheet(row: AnswerSheet) -> dict[str, object]:
    files = {str(file.key): file for file in row.files.all()}
    return {"row": row, "rows": answer_rows(read(row.version.questions), row.answers, files)}


@require_safe
@desk(DeskAct.SEE)
def form_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how often what was answered, and the answers themselves, the latest first."""
    return _page(request, desk_project(request, slug))


@require_POST
@desk(DeskAct.MODERATE)
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave what somebody answered out of what is counted, or count it again."""
    project, number, by = desk_project(request, slug), _number(request), clerk(request)
    try:
        if request.POST.get("act") == "take_back":
            take_back(project=project, number=number, by=by)
            messages.success(request, gettext("These answers count again."))
        else:
            leave_out(project=project, number=number, reason=request.POST.get("reason", ""), by=by)
            messages.success(request, gettext("These answers were left out: they count nowhere."))
    except Refused as refused:
        return _page(request, project, refused)
    return redirect("desk_form", slug=slug)


def _page(request: HttpRequest, project: Project, refused: Refused | None = None) -> HttpResponse:
    slug = project.slug
    asked_in = [asked for asked in Asked if project.form_versions.filter(asked=asked).exists()]
    wanted = request.GET.get("asked", "")
    asked = next((one for one in asked_in if one == wanted), asked_in[0] if asked_in else Asked.ALONE)
    exact = request.GET.get("exact") == "1"
    n, rows = tallied(project, asked, exact=exact, public=False, texts=TEXTS)
    sheets = sheets_of(project, asked).prefetch_related("files")
    may_export = may_do(request, DeskAct.EXPORT, project)
    page = Paginator(sheets, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "asked": asked.value,
        "sets": [(one.value, ASKED_NAMES[one], one is asked) for one in asked_in],
        "exact": exact,
        "n": n,
        "n_said": sheets_said(n),
        "counts": [drawn(row, exact=exact) for row in rows],
        "page": page,
        "sheets": [_sheet(row) for row in page.object_list],
        "may_moderate": asked is Asked.ALONE and may_do(request, DeskAct.MODERATE, project),
        "refusal": refusal(refused) if refused else None,
        "refused_at": _number(request) if refused else 0,
        "csv": reverse("export", args=(f"{slug}-{LAYERS[asked]}.csv",)) if may_export else "",
    }
    status = status_of(refused) if refused else 200
    return render(request, "participation/desk_form.html", context, status=status)
