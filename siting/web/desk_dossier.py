"""The decision dossier at the desk: put together from a study and its scenarios, looked at, and published."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Project
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.web.asking import desk, may_do, now
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.sentences import sentence
from participation.web.taken import take_file
from siting.models import Study
from siting.rules.stamps import digest
from siting.selectors.dossier import contents, dossiers_of, scenarios_done, studies_done, told
from siting.services.dossiers import publish_dossier
from siting.web.dossier_pages import (
    FILES,
    Shown,
    chapters_of,
    context_of,
    file_of,
    language_choices,
    languages_of,
    standing_in,
    with_pictures,
)
from siting.web.dossier_pictures import SCREEN_MM


class DossierForm(forms.Form):
    """About which study and which of its scenarios, and in which language to look at it."""

    study = forms.TypedChoiceField(label=_("Study"), coerce=int)
    scenario = forms.TypedMultipleChoiceField(
        label=_("Scenarios"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    language = forms.ChoiceField(
        label=_("Show it in"), help_text=_("Everybody reads it in every language of the town.")
    )

    def __init__(self, data: Any, *, project: Project, studies: list[Study], study: Study) -> None:
        """Offer what was computed, of the study that is chosen."""
        super().__init__(data)
        self.fields["study"].choices = [(s.number, f"{s.number}. {s.title}") for s in studies]  # type: ignore[attr-defined]
        rows = scenarios_done(study).values_list("number", "title")
        self.fields["scenario"].choices = [(n, f"{n}. {title}") for n, title in rows]  # type: ignore[attr-defined]
        self.fields["language"].choices = language_choices(project)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Draft:
    """What a planner puts together: the form as it stands, the study, and the numbers of its scenarios."""

    form: DossierForm
    study: Study
    scenarios: list[int]
    language: str


def _draft(request: HttpRequest, project: Project) -> Draft | None:
    """What was chosen, else the latest study that everybody may read, or the latest, with all its scenarios."""
    studies = list(studies_done(project).defer("result", "stamp"))
    if not studies:
        return None
    given = request.POST if request.method == "POST" else request.GET
    number = given.get("study", "")
    chosen = next((study for study in studies if str(study.number) == number), studies[0])
    study = studies_done(project).get(pk=chosen.pk)
    done = list(scenarios_done(study).values_list("number", flat=True))
    asked = {int(n) for n in given.getlist("scenario") if n.isascii() and n.isdecimal() and len(n) < 7}
    # A form of another study ticks what that one has: then all of this one's are meant.
    same_study = given.get("of", number) == number
    picked = [n for n in done if n in asked] if "study" in given and same_study else done
    language = given.get("language", "")
    language = language if language in languages_of(project) else (get_language() or "nl")
    data = {"study": str(study.number), "scenario": [str(n) for n in picked], "language": language}
    return Draft(DossierForm(data, project=project, studies=studies, study=study), study, picked, language)


def _shown_now(project: Project, draft: Draft) -> Shown:
    rows = [row for row in scenarios_done(draft.study) if row.number in draft.scenarios]
    content = contents(project, draft.study, rows)
    return Shown(project, told(content), digest(content), None, lost=False)


def _query(draft: Draft) -> str:
    """What was chosen, as it stands in an address."""
    scenarios = [("scenario", number) for number in draft.scenarios]
    return urlencode([("study", draft.study.number), ("language", draft.language), *scenarios])


@desk(DeskAct.SEE)
def desk_dossier_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the dossier as it would be published now, and what to put in it."""
    return _desk_page(request, desk_project(request, slug))


def _desk_page(request: HttpRequest, project: Project, *, refused: str = "", status: int = 200) -> HttpResponse:
    draft = _draft(request, project)
    versions = list(dossiers_of(project))
    context: dict[str, Any] = {
        "project": project,
        "desk_items": desk_items(request, project),
        "draft": draft,
        "versions": versions,
        "refused": refused,
        "may_publish": may_do(request, DeskAct.DECIDE, project),
        "is_draft_project": project.state == Project.State.DRAFT,
    }
    if draft is not None:
        shown = _shown_now(project, draft)
        query = _query(draft)
        context |= {
            "form": draft.form,
            "files": [
                (kind.upper(), f"{reverse('desk_dossier_file', args=(project.slug, kind))}?{query}")
                for kind in FILES[:2]
            ],
            "is_new": not versions or versions[0].content_hash != shown.fingerprint,
            "language": draft.language,
            "seen": shown.fingerprint,
        }
        with translation.override(draft.language):
            chapters = with_pictures(chapters_of(shown, request), standing_in(shown, width_mm=SCREEN_MM))
            context["body"] = render_to_string("siting/dossier_body.html", context_of(shown, chapters), request=request)
    return render(request, "siting/desk_dossier.html", context, status=status)


@desk(DeskAct.SEE)
def desk_dossier_file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Give the dossier as it would be published now as PDF or workbook, for who prepares the meeting."""
    project = desk_project(request, slug)
    draft = _draft(request, project)
    if draft is None or kind not in FILES[:2]:
        raise Http404("no such file")
    with translation.override(draft.language):
        answer = file_of(request, _shown_now(project, draft), kind)
    if answer.status_code == HTTPStatus.OK:
        take_file(request, "dossier", project=project, format=kind)
    return answer


@require_POST
@desk(DeskAct.DECIDE)
def desk_dossier_publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish the dossier as it stands."""
    project = desk_project(request, slug)
    draft = _draft(request, project)
    if draft is None:
        raise Http404("no study was computed")
    try:
        found = publish_dossier(
            project=project,
            study=draft.study,
            scenarios=draft.scenarios,
            by=clerk(request),
            now=now(),
            seen=request.POST.get("seen", ""),
        )
    except Refused as refusal:
        return _desk_page(request, project, refused=sentence(refusal.code, refusal.facts), status=422)
    messages.success(request, gettext("Version %(n)s is published. Everybody can read it.") % {"n": found.version})
    return redirect(f"{reverse('desk_dossier', args=(slug,))}?{_query(draft)}")
