"""Studies at the desk: the list, a new one in plain steps, criteria, typed values, the outcome, and two compared."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from participation.models import Project
from participation.rules.roles import DeskAct
from participation.web.asking import desk, now, project_or_404
from participation.web.desk import clerk, desk_items, desk_project
from siting.models import Criterion, Study
from siting.models.naming import criterion_name
from siting.rules.measures import Measure
from siting.rules.stamps import differences
from siting.selectors.runs import is_lost
from siting.selectors.studies import (
    candidates_for,
    hand_values,
    public_study,
    scored,
    studies_of,
    study_numbered,
)
from siting.services import studies as services
from siting.web import study_pages as pages
from siting.web import study_words as words
from siting.web.study_forms import CriterionForm, StudyForm, typed_value, value_field

FIRST_PLACES = 3
COMPARED = 20


def desk_study_of(request: HttpRequest, slug: str, number: int) -> tuple[Project, Study]:
    """Find a study of a project of this town."""
    project = desk_project(request, slug)
    study = study_numbered(project, number)
    if study is None:
        raise Http404("no such study")
    return project, study


def _frame(request: HttpRequest, project: Project, **more: Any) -> dict[str, Any]:
    return {"project": project, "desk_items": desk_items(request, project)} | more


@desk(DeskAct.SEE)
def list_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the studies of a project, the latest first."""
    project = desk_project(request, slug)
    page = Paginator(studies_of(project), pages.A_PAGE).get_page(request.GET.get("page"))
    lost = {study.pk for study in page.object_list if is_lost(study, now=now())}
    done = list(studies_of(project).filter(state=Study.State.DONE).values_list("number", "title")[:100])
    return render(request, "siting/studies.html", _frame(request, project, page=page, done=done, lost=lost))


@desk(DeskAct.SITE)
def new_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a study: what it asks, and with which criteria it begins."""
    project = desk_project(request, slug)
    form = StudyForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        study = services.create_study(
            project=project, by=clerk(request), settings=form.settings(), template=form.cleaned_data["template"],
            now=now(),
        )  # fmt: skip
        return redirect("desk_study_criteria", slug=slug, number=study.number)
    context = _frame(request, project, form=form, n_candidates=project.candidates.count(), step=1)
    return render(request, "siting/study_question.html", context, status=422 if form.errors else 200)


@desk(DeskAct.SITE)
def question_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Change what a study asks."""
    project, study = desk_study_of(request, slug, number)
    if study.state == Study.State.DONE:
        return redirect("desk_study", slug=slug, number=number)
    initial = {
        "title": study.title, "question": study.question, "area": study.area, "n_first": study.n_first,
        "existing_layer": study.existing_layer,
    }  # fmt: skip
    form = StudyForm(request.POST or None, project=project, study=study, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_study(study=study, settings=form.settings(), by=clerk(request))
        return redirect("desk_study_criteria", slug=slug, number=number)
    context = _frame(request, project, study=study, form=form, n_candidates=candidates_for(study).count(), step=1)
    return render(request, "siting/study_question.html", context, status=422 if form.errors else 200)


@desk(DeskAct.SITE)
def criteria_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Set the criteria of a study, leave some out, add one of one's own."""
    project, study = desk_study_of(request, slug, number)
    if study.state == Study.State.DONE:
        return redirect("desk_study", slug=slug, number=number)
    layers = pages.current_layers(project)
    rows = list(study.criteria.all())
    adding, saving = request.POST.get("act") == "add", request.POST.get("act") == "save"
    posted = request.POST if saving else None
    forms_of = [(row, CriterionForm(posted, row=row, layers=layers, prefix=row.code)) for row in rows]
    own = CriterionForm(request.POST if adding else None, layers=layers, prefix="new")
    if adding and own.is_valid():
        services.add_criterion(study=study, settings=own.settings(), by=clerk(request))
        return redirect("desk_study_criteria", slug=slug, number=number)
    if saving and all(form.is_valid() for _row, form in forms_of):
        kept = [(row, form) for row, form in forms_of if not form.cleaned_data["drop"]]
        services.set_criteria(
            study=study,
            changed={row.code: form.settings(row) for row, form in kept},
            dropped=[row.code for row, form in forms_of if form.cleaned_data["drop"]],
            by=clerk(request),
        )
        return redirect("desk_study_values", slug=slug, number=number)
    names = pages.layer_names(project)
    told = pages.criteria_rows(study, rows, names)
    wrong = any(form.errors for _row, form in forms_of) or bool(own.errors)
    cards = [one | {"form": form} for one, (_row, form) in zip(told, forms_of, strict=True)]
    context = _frame(request, project, study=study, cards=cards, own=own, step=2, wrong=wrong)
    return render(request, "siting/study_criteria.html", context, status=422 if wrong else 200)


@desk(DeskAct.SITE)
def values_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Type in what no layer knows: criteria that are measured by hand, for a page of candidates at a time."""
    project, study = desk_study_of(request, slug, number)
    if study.state == Study.State.DONE:
        return redirect("desk_study", slug=slug, number=number)
    rows = list(study.criteria.filter(measure=Measure.HAND))
    page = Paginator(candidates_for(study), pages.A_PAGE).get_page(request.GET.get("page"))
    form = _values_form(request, study, rows, [candidate.number for candidate in page.object_list])
    if request.method == "POST" and form.is_valid():
        typed = {
            (row.code, candidate.number): typed_value(row, form.cleaned_data[f"{row.code}.{candidate.number}"])
            for row in rows
            for candidate in page.object_list
        }
        services.type_values(study=study, typed=typed, by=clerk(request), now=now())
        if page.has_next():
            return redirect(f"{request.path}?page={page.next_page_number()}")
        return redirect("desk_study", slug=slug, number=number)
    table = [
        {"candidate": one, "cells": [(row, form[f"{row.code}.{one.number}"]) for row in rows]}
        for one in page.object_list
    ]
    heads = [{"name": criterion_name(row), "unit": row.unit} for row in rows]
    context = _frame(request, project, study=study, form=form, heads=heads, table=table, page=page, step=3)
    return render(request, "siting/study_values.html", context, status=422 if form.errors else 200)


def _values_form(request: HttpRequest, study: Study, rows: list[Criterion], numbers: list[int]) -> forms.Form:
    known = hand_values(study)
    form = forms.Form(request.POST if request.method == "POST" else None)
    for row in rows:
        for number in numbers:
            field = value_field(row)
            found = known.get(row.code, {}).get(number)
            is_choice = isinstance(field, forms.ChoiceField)
            field.initial = f"{found:.0f}" if is_choice and isinstance(found, float | int) else found
            form.fields[f"{row.code}.{number}"] = field
    return form


@desk(DeskAct.SEE)
def study_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a study: what is left to do, how far it is, or what came out, each number with its parts."""
    project, study = desk_study_of(request, slug, number)
    names = pages.layer_names(project)
    rows = list(study.criteria.all())
    context = _frame(
        request,
        project,
        study=study,
        criteria=pages.criteria_rows(study, rows, names),
        failure=words.failure(study.failure),
        is_lost=is_lost(study, now=now()),
        existing=names.get(study.existing_layer, study.existing_layer),
        n_candidates=candidates_for(study).count(),
        n_scenarios=study.scenarios.count(),
    )
    if study.state == Study.State.DONE:
        context |= _outcome(request, study) | {"changed": pages.freshness(study, names)} | _repeated(study)
    return render(request, "siting/study.html", context)


def _outcome(request: HttpRequest, study: Study) -> dict[str, Any]:
    """What came out, a page of candidates at a time."""
    found = scored(study)
    page = Paginator(found.order, pages.A_PAGE).get_page(request.GET.get("page"))
    start = page.start_index() - 1 if found.order else 0
    return {
        "page": page,
        "rows": pages.site_rows(found, start, start + pages.A_PAGE),
        "first": [found.sites[at].title for at in found.order[:FIRST_PLACES]],
        "excluded": pages.excluded_rows(found),
        "n_to_check": sum(not row["fits"] for row in pages.site_rows(found)),
        "firm": pages.firmness_of(found, study),
        "map": pages.sites_map(study.project, found, study.n_first),
    }


def _repeated(study: Study) -> dict[str, Any]:
    """Whether this is another study once more, and whether the same came out."""
    before = study.cloned_from
    if before is None or before.state != Study.State.DONE:
        return {}
    return {
        "repeats": before,
        "same_question": before.stamp_hash == study.stamp_hash,
        "same_outcome": before.result_hash == study.result_hash,
    }


@desk(DeskAct.SEE)
def progress_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say how far a study is; a page that is open draws itself anew when it is over."""
    _project, study = desk_study_of(request, slug, number)
    response = render(request, "siting/run_progress.html", {"run": study, "address": request.path})
    if not study.is_under_way or is_lost(study, now=now()):
        response["HX-Refresh"] = "true"
    return response


@require_POST
@desk(DeskAct.SITE)
def act(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Start, stop, copy, repeat, publish or withdraw a study."""
    _project, study = desk_study_of(request, slug, number)
    match request.POST.get("act"):
        case "start":
            services.start_study(study=study, by=clerk(request), now=now())
        case "stop":
            services.stop_study(study=study, by=clerk(request), now=now())
        case "copy":
            copy = services.clone_study(study=study, by=clerk(request), now=now())
            return redirect("desk_study_criteria", slug=slug, number=copy.number)
        case "repeat":
            study = services.repeat_study(study=study, by=clerk(request), now=now())
        case "publish":
            services.publish_study(study=study, is_public=True, by=clerk(request))
            messages.success(request, _("Everybody can read the criteria and scores now."))
        case "withdraw":
            services.publish_study(study=study, is_public=False, by=clerk(request))
            messages.info(request, _("Only staff can read this study now."))
    return redirect("desk_study", slug=slug, number=study.number)


@desk(DeskAct.SEE)
def compare_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show two studies side by side: what differs in what they asked, and who stands where in each."""
    project = desk_project(request, slug)
    chosen = [request.GET.get(name, "") for name in ("a", "b")]
    found = [study_numbered(project, int(text)) for text in chosen if text.isdecimal() and len(text) < 10]
    both = [study for study in found if study is not None and study.state == Study.State.DONE]
    context = _frame(request, project, done=list(studies_of(project).filter(state=Study.State.DONE)))
    if len(both) == 2:
        context |= _compared(both[0], both[1], pages.layer_names(project))
    return render(request, "siting/studies_compare.html", context)


def _compared(one: Study, other: Study, names: dict[str, str]) -> dict[str, Any]:
    left, right = scored(one), scored(other)
    ranks = [{found.sites[at].number: rank for rank, at in enumerate(found.order, start=1)} for found in (left, right)]
    titles = {site.number: site.title for found in (right, left) for site in found.sites}
    totals = [
        {site.number: score.total for site, score in zip(found.sites, found.scores, strict=True)}
        for found in (left, right)
    ]
    order = sorted(titles, key=lambda number: (ranks[0].get(number, 10**6), ranks[1].get(number, 10**6)))
    rows = []
    for number in order[:COMPARED]:
        a, b = ranks[0].get(number), ranks[1].get(number)
        scores = [words.number(round(some[number], 2)) if number in some else "–" for some in totals]
        moved = a - b if a and b else 0
        rows.append(
            {"title": titles[number], "ranks": (a or "–", b or "–"), "scores": scores, "moved": moved, "down": -moved}
        )
    return {
        "pair": (one, other),
        "differ": words.changed(differences(one.stamp, other.stamp), names),
        "weights": _weights(left, right),
        "rows": rows,
        "same": one.result_hash == other.result_hash,
    }


def _weights(left: Any, right: Any) -> list[dict[str, Any]]:
    """The criteria of two studies with their shares, those first that differ."""
    shares = []
    for found in (left, right):
        parts = found.scores[0].parts if found.scores else ()
        shares.append({part.code: part.share for part in parts})
    names = {row.code: criterion_name(row) for found in (right, left) for row in found.criteria}
    rows = [
        {
            "name": names[code],
            "shares": [words.percent(some[code]) if code in some else "–" for some in shares],
            "differs": abs(shares[0].get(code, -1) - shares[1].get(code, -1)) > 1e-9,
        }
        for code in sorted(set(shares[0]) | set(shares[1]))
    ]
    return sorted(rows, key=lambda row: not row["differs"])


@require_safe
def public_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the criteria and scores of a study that the town published; nothing can be changed here."""
    project = project_or_404(request, slug)
    study = public_study(project, number)
    if study is None:
        raise Http404("no such study")
    names = pages.layer_names(project)
    context = {"project": project, "study": study} | _outcome(request, study)
    context["criteria"] = pages.criteria_rows(study, list(study.criteria.all()), names)
    return render(request, "siting/study_public.html", context)
