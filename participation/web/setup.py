"""Setting a project up at the desk, step by step; the same pages change it later, as far as it may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Project
from participation.rules.access import LEVELS, SET_ELSEWHERE
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.templates import TEMPLATES
from participation.selectors.forms import form_here
from participation.selectors.projects import standing
from participation.selectors.queue import projects_at_the_desk
from participation.selectors.setup import frozen_votes, missing, phases_of, project_of_desk, themes_in_use, votes_of
from participation.services.setup import (
    THEMES_MAX,
    ThemeRow,
    begin_project,
    publish_project,
    set_access,
    set_considered,
    set_texts,
    set_themes,
    set_vote,
    settings_of,
    with_method,
)
from participation.web.access import ACT_NAMES, LEVEL_NAMES, access_rows, offered
from participation.web.asking import desk, may_do, now, town_of
from participation.web.closing import METHODS, RULES, rules_of
from participation.web.desk import clerk, desk_items, town_items
from participation.web.embed import embed_lines
from participation.web.sentences import refusal, sentence, status_of
from participation.web.setup_forms import CONSIDER, ConsiderForm, NewForm, TextsForm, VoteForm, languages_of
from participation.web.words import phase_line

START_HOUR = 9
BLANK_THEMES = 3
THEME_COLOURS = ("#1f5c3a", "#8f4207", "#1d4f91", "#6b2a6b", "#a3211a", "#3d4a52")


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the set-up: its address is ``desk_setup_<name>``."""

    name: str
    label: Any


STEPS = (
    Step("question", _("Question")),
    Step("area", _("Area")),
    Step("phases", _("Phases")),
    Step("access", _("Who may do what")),
    Step("themes", _("Themes")),
    Step("questions", _("Questions")),
    Step("rules", _("Rules and promise")),
    Step("vote", _("Vote")),
    Step("consider", _("Questions to you")),
    Step("check", _("Check and publish")),
)
NAMES = [step.name for step in STEPS]
# What is filled in elsewhere than in the step it belongs to.
GAP_PAGES = {Code.SETUP_INVENTORY_EMPTY: "desk_inventory"}


def asked_project(request: HttpRequest, slug: str) -> Project:
    """Find the project that is set up; others do not exist here."""
    found = project_of_desk(town_of(request), slug)
    if found is None:
        raise Http404("no such project")
    return found


def next_monday(moment: datetime) -> datetime:
    """The Monday after this week, at nine: time to prepare, and nobody has to work on a Sunday."""
    there = localtime(moment)
    monday = there + timedelta(days=7 - there.weekday())
    return monday.replace(hour=START_HOUR, minute=0, second=0, microsecond=0)


def page(
    request: HttpRequest, project: Project, name: str, context: Mapping[str, object], refused: Refused | None = None
) -> HttpResponse:
    """Draw one step, with the others around it."""
    is_draft = project.state == Project.State.DRAFT
    at = NAMES.index(name)
    shared: dict[str, object] = {
        "project": project,
        "is_draft": is_draft,
        "desk_items": desk_items(request, project),
        "may_set_up": may_do(request, DeskAct.SETUP, project),
        "steps": [
            {
                "href": reverse(f"desk_setup_{step.name}", args=(project.slug,)),
                "label": step.label,
                "state": "now" if step.name == name else "done" if NAMES.index(step.name) < at else "next",
            }
            for step in STEPS
        ],
        "step_label": STEPS[at].label,
        "refusal": refusal(refused) if refused else None,
        "next_label": STEPS[at + 1].label if at + 1 < len(STEPS) else "",
    }
    forms = (context.get("form"), context.get("asked"))
    bad = refused is not None or any(getattr(form, "errors", None) for form in forms)
    status = (status_of(refused) if refused else 422) if bad else 200
    template = str(context.get("template", f"participation/setup_{name}.html"))
    return render(request, template, shared | dict(context), status=status)


def kept(request: HttpRequest, project: Project, name: str) -> HttpResponse:
    """Lead on after something was kept: to the next step of a draft, else back to the same page with a word."""
    if project.state != Project.State.DRAFT or request.POST.get("stay"):
        messages.success(request, gettext("It was kept."))
        return redirect(f"desk_setup_{name}", slug=project.slug)
    return redirect(f"desk_setup_{NAMES[NAMES.index(name) + 1]}", slug=project.slug)


def as_sent(request: HttpRequest, refused: Refused | None) -> Callable[[str, Any], Any]:
    """How a field is drawn: after a refusal as it was sent, so that nothing typed is lost; else as it is kept."""
    return (lambda name, kept_as: request.POST.get(name, kept_as)) if refused else (lambda _name, kept_as: kept_as)


@desk(DeskAct.SETUP)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a project: from nothing, from a template, or as a copy."""
    town = town_of(request)
    projects = {project.slug: project for project in projects_at_the_desk(town).defer(None)}
    form = NewForm(request.POST or None, language=get_language() or "nl", projects=list(projects.values()))
    said = None
    if request.method == "POST" and form.is_valid():
        kind, _colon, slug = form.cleaned_data["begin"].partition(":")
        try:
            project = begin_project(
                organisation=town,
                title=form.cleaned_data["title"],
                template=TEMPLATES[slug] if kind == "template" else None,
                copy_of=projects[slug] if kind == "copy" else None,
                starts_at=next_monday(now()),
                by=clerk(request),
            )
        except Refused as refused:
            said = refusal(refused)
        else:
            return redirect("desk_setup_question", slug=project.slug)
    context = {"form": form, "refusal": said, "desk_items": town_items(request)}
    return render(request, "participation/setup_new.html", context, status=422 if form.errors or said else 200)


def _texts_step(request: HttpRequest, slug: str, name: str, texts: tuple[str, ...]) -> HttpResponse:
    project = asked_project(request, slug)
    form = TextsForm(request.POST or None, project=project, names=texts)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            set_texts(project=project, texts=form.texts(), by=clerk(request))
            return kept(request, project, name)
        except Refused as found:
            refused = found
    return page(request, project, name, {"form": form, "languages": form.by_language()}, refused)


@desk(DeskAct.WORDS)
def question(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask title, question and summary in the languages of the town."""
    return _texts_step(request, slug, "question", ("title", "question", "summary"))


@desk(DeskAct.WORDS)
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the rules of the game, and what will happen with the outcome."""
    return _texts_step(request, slug, "rules", ("rules", "outcome"))


@desk(DeskAct.SETUP)
def access(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask how well somebody must be known for each act."""
    project = asked_project(request, slug)
    acts = [act for act in offered if act not in SET_ELSEWHERE]
    phases = phases_of(project)
    refused = None
    if request.method == "POST":
        try:
            set_access(
                project=project,
                levels={act.value: request.POST.get(act.value, "")[:20] for act in acts},
                by_phase={
                    phase.pk: {act.value: request.POST.get(f"{phase.pk}-{act.value}", "")[:20] for act in acts}
                    for phase in phases
                },
                moderated_first=bool(request.POST.get("moderated_first")),
                by=clerk(request),
            )
            return kept(request, project, "access")
        except Refused as found:
            refused = found
    where = standing(project, now())
    typed = as_sent(request, refused)
    context = {
        "moderated_first": typed("moderated_first", "") if refused else project.moderated_first,
        "acts": [
            {
                "act": act.value,
                "name": ACT_NAMES[act],
                "levels": [
                    (
                        level.value,
                        LEVEL_NAMES[level],
                        level == typed(act.value, project.access.get(act, LEVELS[act][0])),
                    )
                    for level in LEVELS[act]
                ],
            }
            for act in acts
        ],
        "phases": [
            {
                "row": phase,
                "acts": [
                    {
                        "key": f"{phase.pk}-{act.value}",
                        "name": ACT_NAMES[act],
                        "levels": [
                            (
                                level.value,
                                LEVEL_NAMES[level],
                                level == typed(f"{phase.pk}-{act.value}", phase.access.get(act)),
                            )
                            for level in LEVELS[act]
                        ],
                    }
                    for act in acts
                    if act in where.acts_of(phase)
                ],
            }
            for phase in phases
            if any(act in where.acts_of(phase) for act in acts)
        ],
    }
    return page(request, project, "access", context, refused)


@desk(DeskAct.SETUP)
def themes(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the themes: a name in each language, and the colour of their marks."""
    project = asked_project(request, slug)
    languages = languages_of(project.organisation)
    known = list(project.themes.all())
    keys = [str(theme.pk) for theme in known] + [f"new{n}" for n in range(BLANK_THEMES)]
    refused = None
    if request.method == "POST":
        rows = [
            ThemeRow(
                key=int(key) if key.isdecimal() else None,
                name={code: request.POST.get(f"{key}-{code}", "")[:200] for code, _name in languages},
                colour=_colour(request.POST.get(f"{key}-colour", "")),
            )
            for key in keys[: THEMES_MAX + BLANK_THEMES]
        ]
        try:
            set_themes(project=project, rows=rows, by=clerk(request))
            return kept(request, project, "themes")
        except Refused as found:
            refused = found
    in_use, names = themes_in_use(project), {str(theme.pk): theme for theme in known}
    typed = as_sent(request, refused)
    context = {
        "rows": [
            {
                "key": key,
                "number": number,
                "in_use": key in names and names[key].pk in in_use,
                "colour": _colour(
                    typed(
                        f"{key}-colour",
                        names[key].colour if key in names else THEME_COLOURS[(number - 1) % len(THEME_COLOURS)],
                    )
                ),
                "names": [
                    (code, name, typed(f"{key}-{code}", names[key].name.get(code, "") if key in names else ""))
                    for code, name in languages
                ],
            }
            for number, key in enumerate(keys, start=1)
        ],
    }
    return page(request, project, "themes", context, refused)


def _colour(text: str) -> str:
    is_hex = len(text) == 7 and text[0] == "#" and all(sign in "0123456789abcdefABCDEF" for sign in text[1:])
    return text.lower() if is_hex else THEME_COLOURS[0]


@desk(DeskAct.SETUP)
def vote(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the rules of a vote; of the first, where there are several."""
    project = asked_project(request, slug)
    votes = votes_of(project)
    asked = request.GET.get("phase", "")
    chosen = next((row for row in votes if str(row.pk) == asked), votes[0] if votes else None)
    if chosen is None:
        if request.method == "POST":
            return kept(request, project, "vote")
        return page(request, project, "vote", {"votes": []})
    now_set = settings_of(chosen)
    frozen = chosen.pk in frozen_votes(project)
    form = VoteForm(request.POST or None, now=now_set, methods=METHODS, rules=RULES)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            settings = with_method(chosen, form.settings())
            set_vote(project=project, key=chosen.pk, settings=settings, by=clerk(request))
            return kept(request, project, "vote")
        except Refused as found:
            refused = found
    context = {"form": form, "votes": votes, "chosen": chosen, "frozen": frozen, "rules": rules_of(chosen)}
    return page(request, project, "vote", context, refused)


@desk(DeskAct.WORDS)
def consider(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the planner three critical questions, whose answers are kept."""
    project = asked_project(request, slug)
    form = ConsiderForm(request.POST or None, given=project.considered)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            set_considered(project=project, answers=form.cleaned_data, by=clerk(request))
            return kept(request, project, "consider")
        except Refused as found:
            refused = found
    return page(request, project, "consider", {"form": form}, refused)


@desk(DeskAct.WORDS)
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show all of it at a glance and what is missing; make it public."""
    project = asked_project(request, slug)
    refused = None
    if request.method == "POST":
        try:
            publish_project(project=project, by=clerk(request))
            messages.success(request, gettext("Your project is public now."))
            return redirect("project", slug=slug)
        except Refused as found:
            refused = found
    where = standing(project, now())
    context = {
        "gaps": [
            {
                "href": reverse(GAP_PAGES.get(why.code, f"desk_setup_{name}"), args=(slug,)),
                "said": sentence(why.code, why.facts),
            }
            for name, why in missing(project)
        ],
        "phases": phase_line(where),
        "previews": phases_of(project),
        "access_rows": access_rows(project, where, form_here(project)),
        "votes": [(row, rules_of(row)) for row in votes_of(project)],
        "considered": [(said, project.considered.get(ask.value, "")) for ask, said in CONSIDER.items()],
        "n_considered": len(project.considered),
    }
    if project.state != Project.State.DRAFT:
        lines, fixed = embed_lines(request, project)
        context |= {
            "lines": lines,
            "fixed": fixed,
            "sites": town_of(request).embed_hosts,
            "may_embed": may_do(request, DeskAct.TOKENS),
        }
    return page(request, project, "check", context, refused)
