"""What people say about a proposal: writing a comment, and telling staff that something is wrong."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from participation.models import Comment, Draft, Project, Report
from participation.rules.access import Level
from participation.rules.limits import COMMENT_MAX
from participation.rules.phases import Act
from participation.rules.refusals import Refused
from participation.rules.wording import cleaned
from participation.selectors.access import level_in
from participation.selectors.comments import comments_on
from participation.selectors.projects import standing
from participation.services.claims import comment_without_account
from participation.services.comments import add_comment, report
from participation.web.asking import (
    answering_refusals,
    bound_without_account,
    now,
    person_of,
    project_or_404,
    sign_in_first,
)
from participation.web.claims import link_of, sent_page
from participation.web.drafts import drop, keep
from participation.web.proposals import page_of, proposal_or_404
from participation.web.sentences import refusal, status_of


def _key(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _takes_from_anyone(project: Project, act: Act) -> bool:
    return level_in(project, standing(project, now()), act) is Level.ANYONE


@require_POST
@answering_refusals
def add(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Write a comment, or a reply (``parent``); what was written is kept until it is sent, whatever comes between."""
    project = project_or_404(request, slug)
    back_to = reverse("proposal", args=(slug, number))
    person = person_of(request)
    text, parent = request.POST.get("text", ""), _key(request.POST.get("parent", ""))
    if words := cleaned(text)[: 4 * COMMENT_MAX]:
        keep(request, project, Draft.Kind.COMMENT, {"proposal": number, "parent": parent, "text": words})
    if person is None and not _takes_from_anyone(project, Act.COMMENT):
        return sign_in_first(request, back_to=f"{back_to}#comments")
    proposal = proposal_or_404(request, project, number)
    try:
        bound_without_account(request, "comment")
        about: Any = {"proposal": proposal, "text": text, "parent": parent, "language": get_language() or "nl"}
        if person is None:
            comment, secret = comment_without_account(**about, now=now())
        else:
            comment, secret = add_comment(**about, person=person, now=now()), ""
    except Refused as refused:
        return page_of(request, project, proposal, refused=refused)
    drop(request, project.pk, Draft.Kind.COMMENT)
    if secret:
        context = {"project": project, "proposal": proposal, "comment": comment, "link": link_of(request, secret)}
        return sent_page(request, "participation/comment_sent.html", context)
    if comment.state == Comment.State.SUBMITTED:
        messages.info(request, gettext("Your comment was sent. Staff of the town looks at it first."))
    else:
        messages.success(request, gettext("Your comment is public now."))
    return redirect(f"{back_to}#c{comment.pk}")


@answering_refusals
def report_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask what is wrong with a proposal, or with a comment on it (``comment``), and tell staff."""
    project = project_or_404(request, slug)
    person = person_of(request)
    if person is None and not _takes_from_anyone(project, Act.REPORT):
        return sign_in_first(request, back_to=request.get_full_path())
    proposal = proposal_or_404(request, project, number)
    key = request.GET.get("comment", "")
    comment = None
    if key:
        comment = comments_on(proposal).filter(pk=_key(key) or 0, state=Comment.State.PUBLISHED).first()
        if comment is None:
            raise Http404("no such comment")
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        try:
            bound_without_account(request, "report")
            report(
                proposal=comment.proposal if comment else proposal,
                comment=comment,
                person=person,
                reason=request.POST.get("reason", ""),
                text=request.POST.get("text", ""),
                now=now(),
            )
        except Refused as refused:
            context, status = {"refusal": refusal(refused), "given": request.POST}, status_of(refused)
        else:
            messages.success(request, gettext("Thank you. Staff of the town looks at it."))
            return redirect("proposal", slug=slug, number=number)
    context |= {"project": project, "proposal": proposal, "comment": comment, "reasons": Report.Reason.choices}
    return render(request, "participation/report.html", context, status=status)
