"""One proposal: its page, and the heart people put on it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from participation.models import Comment, Draft, Project, Proposal, TallyRow
from participation.rules.access import Level
from participation.rules.limits import COMMENT_MAX
from participation.rules.phases import Act
from participation.rules.places import LonLat
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.selectors.access import level_in
from participation.selectors.comments import SORTS, Thread, threads
from participation.selectors.follows import follows
from participation.selectors.merging import joined_with
from participation.selectors.projects import standing
from participation.selectors.proposals import hidden_stub, nearest, supported_by, visible_proposals
from participation.selectors.responses import responses_on
from participation.services.proposals import support, take_back_support
from participation.web.access import not_let_in
from participation.web.asking import answering_refusals, may_do, now, person_of, project_or_404, sign_in_first
from participation.web.drafts import draft_of
from participation.web.maps import map_config
from participation.web.places import bounds_of, on_map, shape_drawn
from participation.web.projects import process_context
from participation.web.proposal_questions import rows_with
from participation.web.sentences import refusal, status_of

# So many proposals nearby are named on the page of one.
NEAR = 5


def proposal_or_404(request: HttpRequest, project: Project, number: int) -> Proposal:
    """Find a proposal this reader may see; for others it does not exist."""
    found = _found(request, project, number)
    if found is None:
        raise Http404("no such proposal")
    return found


def _found(request: HttpRequest, project: Project, number: int) -> Proposal | None:
    rows = visible_proposals(project, request.user).select_related("merged_into")
    found = supported_by(rows, request.user).filter(number=number).first()
    if found is not None:
        found.project = project
    return found


def _stub(request: HttpRequest, project: Project, number: int) -> HttpResponse:
    """Say that something was hidden and why, and nothing of what it was; 404 where there was nothing."""
    stub = hidden_stub(project, number)
    if stub is None:
        raise Http404("no such proposal")
    return render(request, "participation/proposal_hidden.html", {"project": project, "stub": stub}, status=410)


@require_safe
def proposal_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one proposal, what became of it, what is said about it, and what lies near."""
    project = project_or_404(request, slug)
    proposal = _found(request, project, number)
    return _stub(request, project, number) if proposal is None else page_of(request, project, proposal)


def page_of(
    request: HttpRequest, project: Project, proposal: Proposal, *, refused: Refused | None = None
) -> HttpResponse:
    """Draw the page of a proposal; with the comment that was begun in this browser, and why it was refused."""
    where = standing(project, now())
    sort = request.GET.get("comments", "old")
    near = []
    map_data = None
    if proposal.point is not None:
        place = LonLat(proposal.point.x, proposal.point.y)
        near = nearest(project, place, n=NEAR, but=proposal)
        map_data = map_config(
            project,
            highlight=proposal.number,
            highlight_at={
                "lon": place.lon,
                "lat": place.lat,
                "theme": proposal.theme.slug if proposal.theme else "",
            },
            bounds=bounds_of(proposal),
            **on_map(shape_drawn(proposal)),
        )
    said = threads(proposal, request.user, sort=sort if sort in SORTS else "old")
    may_answer = may_do(request, DeskAct.MODERATE, project)
    may_comment = proposal.state == Proposal.State.PUBLISHED and not proposal.comments_locked
    context = process_context(request, project, where) | {
        "proposal": proposal,
        "joined": list(joined_with(proposal)),
        "answers": rows_with(proposal, staff=may_do(request, DeskAct.SEE, project)),
        "photos": list(proposal.photos.all()),
        "threads": said,
        "n_said": sum(1 + len(thread.replies) for thread in said),
        "comment_sort": sort,
        "comment_max": COMMENT_MAX,
        "begun": _begun(request, project, proposal, said),
        "refusal": refusal(refused) if refused else None,
        "may_comment": may_comment and (Act.COMMENT in where.acts or may_answer),
        "not_let_in": not_let_in(project, where, Act.COMMENT, person_of(request)) if not may_answer else None,
        "needs_account": level_in(project, where, Act.COMMENT) is not Level.ANYONE,
        "may_report": Act.REPORT in where.acts,
        "may_follow": Act.FOLLOW in where.acts,
        "follows": follows(request.user, proposal),
        "person": person_of(request),
        "nearby": near,
        "map": map_data,
        "tally": TallyRow.objects.filter(proposal=proposal, phase__closed_at__isnull=False).last(),
        "responses": responses_on(proposal),
        "may_see_exact": may_do(request, DeskAct.MODERATE, project),
        "is_author": person_of(request) is not None and proposal.author_id == request.user.pk,
    }
    context["takes_words"] = context["may_comment"] and not context["not_let_in"]
    return render(request, "participation/proposal.html", context, status=status_of(refused) if refused else 200)


def _begun(request: HttpRequest, project: Project, proposal: Proposal, said: list[Thread]) -> dict[str, object]:
    """The comment on this proposal that was written and not sent yet; a reply to nothing that is left is a comment."""
    draft = draft_of(request, project, Draft.Kind.COMMENT)
    if draft.get("proposal") != proposal.number:
        return {}
    answered = {thread.comment.pk for thread in said if thread.comment.state == Comment.State.PUBLISHED}
    return draft | {"parent": draft.get("parent") if draft.get("parent") in answered else None}


@require_POST
@answering_refusals
def support_proposal(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Put the reader's heart on a proposal, or take it off (``take_back``)."""
    project = project_or_404(request, slug)
    back_to = reverse("proposal", args=(slug, number))
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=back_to)
    proposal = proposal_or_404(request, project, number)
    if request.POST.get("take_back"):
        take_back_support(proposal=proposal, person=person, now=now())
        messages.info(request, gettext("You no longer support “%(title)s”.") % {"title": proposal.title})
    else:
        support(proposal=proposal, person=person, now=now())
        messages.success(request, gettext("You support “%(title)s”. Thank you.") % {"title": proposal.title})
    return redirect(back_to)
