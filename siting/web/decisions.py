"""Deciding at the desk: the same about many places at once, publishing it all, and what was built since."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import get_language_info, gettext, ngettext
from django.views.decorators.http import require_POST

from participation.models import Project
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.web.asking import desk, now
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.sentences import sentence
from siting.models import Decision, RollOut
from siting.rules.links import day
from siting.selectors.candidates import candidates_of, people_behind
from siting.selectors.decisions import (
    decision_in,
    decisions_of,
    outcome_of,
    proposals_without_candidate,
    unpublished,
)
from siting.services.decisions import About, decide, publish_decisions, roll_out, withdraw_decision
from siting.web.reasons import REASONS, TOLD

A_PAGE = 50
MOST = 1000


def in_languages(words: str, project: Project) -> dict[str, str]:
    """A sentence of ours in every language of the town."""
    found = {}
    for language in project.organisation.languages or ["nl"]:
        with translation.override(language):
            found[language] = gettext(words)
    return found


def _languages(project: Project) -> list[dict[str, str]]:
    return [
        {"code": code, "name": get_language_info(code)["name_local"]}
        for code in project.organisation.languages or ["nl"]
    ]


@desk(DeskAct.SEE)
def decisions_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what can be decided about, what waits to be published, and what became of the rest."""
    return _shown(request, desk_project(request, slug))


def _shown(request: HttpRequest, project: Project, *, refused: str = "", status: int = 200) -> HttpResponse:
    candidates = list(candidates_of(project))
    page = Paginator(proposals_without_candidate(project), A_PAGE).get_page(request.GET.get("page"))
    latest: dict[tuple[int | None, int | None], Decision] = {}
    for decision in decisions_of(project):
        latest.setdefault((decision.candidate_id, decision.proposal_id), decision)
    people = people_behind(project, candidates)
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "refused": refused,
        "given": request.POST if refused else {},
        "ticked": set(request.POST.getlist("candidate")) if refused else set(),
        "ticked_proposals": set(request.POST.getlist("proposal")) if refused else set(),
        "candidates": [
            {"about": each, "n": people[each.pk], "decision": latest.get((each.pk, None))} for each in candidates
        ],
        "proposals": [{"about": each, "n": each.n_supports, "decision": latest.get((None, each.pk))} for each in page],
        "page": page,
        "outcomes": Decision.Outcome.choices,
        "templates": [(name, gettext(words)) for name, (_outcome, words) in REASONS.items()],
        "languages": _languages(project),
        "waiting": unpublished(project),
        "places": [place for place in outcome_of(project).places if place.decision.outcome == Decision.Outcome.BUILD],
        "roll_out_states": RollOut.State.choices,
        "today": now().date().isoformat(),
    }
    return render(request, "siting/decisions.html", context, status=status)


def _reason(given: Any, project: Project) -> dict[str, str]:
    """What was typed in each language; where nothing was, the sentence chosen."""
    template = REASONS.get(given.get("template", ""))
    texts = in_languages(template[1], project) if template else {}
    typed = {language["code"]: given.get(f"reason_{language['code']}", "").strip() for language in _languages(project)}
    return texts | {code: text for code, text in typed.items() if text}


def _numbers(given: list[str]) -> list[int]:
    if len(given) > MOST:
        raise Refused(Code.SETUP_TOO_MANY, {"max": MOST})
    return sorted({int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 10})


@require_POST
@desk(DeskAct.DECIDE)
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Decide about what is ticked, take a decision back, publish, or say how far a place has come."""
    project = desk_project(request, slug)
    given, by = request.POST, clerk(request)
    try:
        match given.get("act"):
            case "decide":
                n = decide(
                    project=project,
                    about=About(_numbers(given.getlist("candidate")), _numbers(given.getlist("proposal"))),
                    outcome=given.get("outcome", ""),
                    reason=_reason(given, project),
                    council_link=given.get("council_link", ""),
                    by=by,
                    now=now(),
                )
                said = ngettext("Decided about %(n)s place.", "Decided about %(n)s places.", n) % {"n": n}
                messages.success(request, said)
            case "withdraw":
                withdraw_decision(project=project, pk=_numbers([given.get("decision", ""), "0"])[-1], by=by)
            case "publish":
                _n, n_answers = publish_decisions(
                    project=project, by=by, base_url=request.build_absolute_uri("/"), now=now()
                )
                said = ngettext(
                    "Published. %(n)s proposal has its answer, and everyone concerned gets a mail.",
                    "Published. %(n)s proposals have their answer, and everyone concerned gets a mail.",
                    n_answers,
                )
                messages.success(request, said % {"n": n_answers})
            case "roll_out":
                _roll_out(request, project)
    except Refused as refusal:
        return _shown(request, project, refused=sentence(refusal.code, refusal.facts), status=422)
    return redirect("desk_decisions", slug=slug)


def _roll_out(request: HttpRequest, project: Project) -> None:
    given = request.POST
    decision = decision_in(project, _numbers([given.get("decision", ""), "0"])[-1])
    if decision is None:
        raise Http404("no such decision")
    state = given.get("state", "")
    tell = in_languages(TOLD[state], project) if given.get("tell") and state in TOLD else None
    roll_out(
        project=project,
        decision=decision,
        state=state,
        on=day(given.get("on", "")),
        note=given.get("note", ""),
        tell=tell,
        by=clerk(request),
        base_url=request.build_absolute_uri("/"),
        now=now(),
    )
    messages.success(request, gettext("It was written down."))
