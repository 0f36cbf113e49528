"""The questions of a project as a form of their own: answer, look it over, send. Nothing filled in is ever lost."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from participation.models import AnswerFile, AnswerSheet, Draft, FormVersion, Project, Proposal
from participation.rules.access import Level
from participation.rules.phases import Act
from participation.rules.questions import Asked, as_typed, read, shown
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.access import level_in
from participation.selectors.forms import draft_files, file_named, public_keys, sheet_of, version_of
from participation.selectors.projects import standing
from participation.selectors.proposals import visible_proposals
from participation.services.answer_files import JPEG, path_of
from participation.services.answers import (
    ANSWERS,
    changes_since,
    checked,
    send_answers,
    written_in,
)
from participation.services.claims import answer_without_account
from participation.web.access import not_let_in
from participation.web.asking import (
    answering_refusals,
    bound_without_account,
    may_do,
    now,
    person_of,
    project_or_404,
    sign_in_first,
    town_of,
)
from participation.web.claims import link_of, sent_page
from participation.web.drafts import draft_of, drop, keep, offered_draft, token_of
from participation.web.projects import process_context
from participation.web.questions import (
    answer_rows,
    asked_version,
    filled_in,
    hiding_css,
    place_map,
    said,
    shown_questions,
    take_files,
)
from participation.web.sentences import refusal, status_of
from participation.web.taken import take_file

KIND = Draft.Kind.FORM


def _asked(project: Project) -> FormVersion:
    version = version_of(project, Asked.ALONE)
    if version is None or not version.questions:
        raise Http404("nothing is asked")
    return version


def _content(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What stands in the form: what this browser began, else what this person sent."""
    content = draft_of(request, project, KIND)
    sheet = None if content else sheet_of(project, request.user)
    if sheet is None:
        return content
    return {ANSWERS: {key: as_typed(value) for key, value in sheet.answers.items()}}


def _files(request: HttpRequest, project: Project, content: dict[str, Any]) -> dict[str, AnswerFile]:
    """The files that answer questions, by question: those of this browser's draft, else those that were sent."""
    raw = written_in(content)
    sheet = sheet_of(project, request.user)
    sent = (
        {file.question: file for file in sheet.files.all() if raw.get(file.question) == str(file.key)} if sheet else {}
    )
    return sent | draft_files(token_of(request, project, KIND))


def _page(
    request: HttpRequest,
    project: Project,
    version: FormVersion,
    content: dict[str, Any],
    *,
    refusals: dict[str, Refused] | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    where = standing(project, now())
    questions = read(version.questions)
    changed = changes_since(version, content)
    if changed and refused is None:
        refused = Refused(Code.FORM_CHANGED)
    if refusals and refused is None:
        refused = Refused(Code.ANSWERS_INCOMPLETE)
    raw = written_in(content)
    context = process_context(request, project, where) | {
        "not_let_in": not_let_in(project, where, Act.ANSWER, person_of(request)),
        "needs_no_account": level_in(project, where, Act.ANSWER) is Level.ANYONE,
        "offered": offered_draft(request, project, KIND),
        "version": version,
        "rows": shown_questions(
            questions, raw, refusals=refusals, changed=changed, files=_files(request, project, content)
        ),
        "gone": [
            (said(one.label), typed if isinstance(typed, str) else ", ".join(typed))
            for one in (changed.gone if changed else ())
            if (typed := raw.get(one.key))
        ],
        "css": hiding_css(questions),
        "place_map": place_map(project, questions),
        "sent": sheet_of(project, request.user),
        "refusal": refusal(refused) if refused else None,
        "steps": [gettext("Questions"), gettext("Is it right?")],
        "step": 1,
    }
    status = status_of(refused) if refused else 200
    return render(request, "participation/form.html", context, status=status)


@answering_refusals
def form(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the questions; what is filled in is kept before anything is said about it."""
    project = project_or_404(request, slug)
    version = _asked(project)
    content = _content(request, project)
    if request.method != "POST":
        standing(project, now()).require(Act.ANSWER)
        return _page(request, project, version, content)
    seen = asked_version(request, project, Asked.ALONE, version)
    content = filled_in(request, seen, content)
    dropped = request.POST.get("drop_file", "")
    if dropped:
        content[ANSWERS].pop(dropped, None)
    keep(request, project, KIND, content)
    draft = Draft.objects.get(token=str(token_of(request, project, KIND)))
    if request.FILES:
        bound_without_account(request, "answer_file")
    refusals = take_files(request, draft, version)
    standing(project, now()).require(Act.ANSWER)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    if changes_since(version, content):
        return _page(request, project, version, content, refusals=refusals)
    if dropped or request.POST.get("add_file"):
        return _page(request, project, version, content, refusals=refusals) if refusals else redirect("form", slug=slug)
    if request.POST.get("stay"):
        messages.success(
            request,
            gettext("It was kept. You can go on later on any device.")
            if person_of(request)
            else gettext("It was kept in this browser. Sign in to go on elsewhere."),
        )
        return redirect("form", slug=slug)
    typed = written_in(content) | {key: str(file.key) for key, file in _files(request, project, content).items()}
    refusals = checked(project, read(version.questions), typed).refusals | refusals
    if refusals:
        return _page(request, project, version, content, refusals=refusals)
    return redirect("form_check", slug=slug)


@answering_refusals
def form_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what was answered; whoever is not signed in does so here where it must be, then it is sent."""
    project = project_or_404(request, slug)
    version = _asked(project)
    content = draft_of(request, project, KIND)
    if not content:
        # Without a draft there is nothing to look over; the second request of a double click finds it sent.
        return redirect("form_done" if request.method == "POST" else "form", slug=slug)
    person, where = person_of(request), standing(project, now())
    refused = None
    if request.method == "POST":
        if person is None and not request.POST.get("without"):
            return sign_in_first(request, back_to=reverse("form_check", args=(slug,)))
        try:
            bound_without_account(request, "answer")
            about: Any = {"token": token_of(request, project, KIND), "project": project}
            about |= {"language": get_language() or "nl", "now": now()}
            sent = answer_without_account(**about) if person is None else send_answers(**about, person=person)
        except Refused as why:
            if why.code in {Code.FORM_CHANGED, Code.ANSWERS_INCOMPLETE}:
                typed = written_in(content) | {k: str(f.key) for k, f in _files(request, project, content).items()}
                found = checked(project, read(version.questions), typed).refusals
                return _page(request, project, version, dict(content), refusals=found, refused=why)
            refused = why
        else:
            drop(request, project.pk, KIND)
            if isinstance(sent, tuple):
                context = _done(request, project) | {"link": link_of(request, sent[1])}
                return sent_page(request, "participation/form_done.html", context)
            return redirect("form_done", slug=slug)
    files = _files(request, project, dict(content))
    typed = written_in(content) | {key: str(file.key) for key, file in files.items()}
    answers = checked(project, read(version.questions), typed).answers
    context = process_context(request, project, where) | {
        "rows": answer_rows(read(version.questions), answers, {str(file.key): file for file in files.values()}),
        "n_left": len(shown(read(version.questions), answers)) - len(answers),
        "refusal": refusal(refused) if refused else None,
        "not_let_in": not_let_in(project, where, Act.ANSWER, person),
        "needs_no_account": level_in(project, where, Act.ANSWER) is Level.ANYONE,
        "person": person,
        "sent": sheet_of(project, person),
        "steps": [gettext("Questions"), gettext("Is it right?")],
        "step": 2,
    }
    status = status_of(refused) if refused else 200
    return render(request, "participation/form_check.html", context, status=status)


@require_safe
def form_done(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that the answers are in, and what happens next."""
    project = project_or_404(request, slug)
    _asked(project)
    return render(request, "participation/form_done.html", _done(request, project))


def _done(request: HttpRequest, project: Project) -> dict[str, Any]:
    where = standing(project, now())
    return process_context(request, project, where) | {
        "sent": sheet_of(project, request.user),
        "closes_at": getattr(where.opening(Act.ANSWER), "closes_at", None),
    }


@require_safe
def answer_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """Hand out what somebody answered with: to staff, to who sent it, and to everybody a photo that is public."""
    found = file_named(town_of(request), key)
    if found is None or not _may_see(request, found) or not default_storage.exists(path_of(found.key)):
        raise Http404("no such file")
    with default_storage.open(path_of(found.key)) as file:
        response = HttpResponse(file.read(), content_type=found.content_type)
    if found.content_type != JPEG:
        response["Content-Disposition"] = "attachment"
        if found.sheet is not None and not _is_sender(request, found.sheet):
            take_file(request, "answer", project=found.sheet.project, file=found.name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    # Opened by itself it is a picture or a text and nothing else.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _is_sender(request: HttpRequest, sheet: AnswerSheet) -> bool:
    person = person_of(request)
    return person is not None and sheet.person_id == person.pk


def _may_see(request: HttpRequest, found: AnswerFile) -> bool:
    if may_do(request, DeskAct.SEE, found.sheet.project if found.sheet else None):
        return found.sheet is not None or _is_own(request, found)
    if found.sheet is None:
        return _is_own(request, found)
    if _is_sender(request, found.sheet):
        return True
    proposal, project = found.sheet.proposal, found.sheet.project
    if proposal is None or proposal.state != Proposal.State.PUBLISHED or project.state == Project.State.DRAFT:
        return False
    project.organisation = town_of(request)
    is_public = found.sheet.version_id in public_keys(project, Asked.PROPOSAL).get(found.question, ())
    return is_public and visible_proposals(project, request.user).filter(pk=proposal.pk).exists()


def _is_own(request: HttpRequest, found: AnswerFile) -> bool:
    draft = found.draft
    if draft is None:
        return False
    return token_of(request, draft.project, Draft.Kind(draft.kind)) == str(draft.pk)
