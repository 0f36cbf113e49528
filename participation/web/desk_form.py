"""What was answered, for staff: the counts, and every form that was sent."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from participation.models import AnswerSheet
from participation.rules.questions import Asked, read
from participation.rules.roles import DeskAct
from participation.selectors.answer_layers import LAYERS
from participation.selectors.forms import sheets_of, tallied
from participation.web.asking import desk, may_do
from participation.web.desk import desk_items, desk_project
from participation.web.form_summary import drawn, sheets_said
from participation.web.questions import answer_rows
from participation.web.setup_questions import ASKED_NAMES

A_PAGE = 20
TEXTS = 10


def _sheet(row: AnswerSheet) -> dict[str, object]:
    files = {str(file.key): file for file in row.files.all()}
    return {"row": row, "rows": answer_rows(read(row.version.questions), row.answers, files)}


@desk(DeskAct.SEE)
def form_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how often what was answered, and the answers themselves, the latest first."""
    project = desk_project(request, slug)
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
        "csv": reverse("export", args=(f"{slug}-{LAYERS[asked]}.csv",)) if may_export else "",
    }
    return render(request, "participation/desk_form.html", context)
