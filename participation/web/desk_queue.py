"""The queue of staff: a list over all projects, the chosen piece, its place and what lies near it."""

from collections.abc import Callable, Collection, Mapping
from copy import copy
from functools import wraps
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Comment, Project, Proposal, Record
from participation.rules.limits import JOINED_AT_MOST, MAIL_MAX
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.comments import comments_on
from participation.selectors.merging import joinings_of
from participation.selectors.organisations import address_of
from participation.selectors.queue import (
    Pile,
    Sieve,
    Whose,
    dossier,
    in_town,
    listed,
    moderators,
    projects_at_the_desk,
    queue,
    tags_in_use,
    templates_of,
)
from participation.selectors.undoing import act_of_joining, last_act
from participation.services import comments, merging, moderation
from participation.services.proposals import hide_proposal, publish_proposal
from participation.services.undoing import undo
from participation.web import acts
from participation.web.asking import desk, may_do, now, person_of, refused_page, roles_of, sign_in_first, town_of
from participation.web.desk import PILES, clerk, desk_items, desk_project, town_items
from participation.web.desk_piece import comments_context, comments_page, piece_context, what_was_sent
from participation.web.sentences import refusal, status_of

A_PAGE = 50
# In the session: what was sent when nobody was signed in any more, and about which piece.
UNSENT = "queue_unsent"
TYPED = ("act", "text", "reason", "tags", "number", "comment")

WHOSE = {Whose.ANYBODY: _("Everybody's"), Whose.MINE: _("Handed to me"), Whose.NOBODY: _("Nobody's yet")}


def _sieve(query: QueryDict, project: str = "") -> Sieve:
    """Take the sieve from the address; what we do not know is left out."""

    def plain(name: str) -> str:
        return query.get(name, "")[:60].replace("\x00", "").strip()

    pile, whose = query.get("state", ""), query.get("whose", "")
    return Sieve(
        pile=Pile(pile) if pile in set(Pile) else Pile.WAITING,
        project=project or plain("project"),
        tag=plain("tag").casefold(),
        whose=Whose(whose) if whose in set(Whose) else Whose.ANYBODY,
        text=plain("q"),
    )


@desk(DeskAct.SEE, anywhere=True)
def town_queue(request: HttpRequest) -> HttpResponse:
    """Show what waits in all projects of the town that the reader works in."""
    return _to_unsent(request) if "unsent" in request.GET else _page(request, None)


@desk(DeskAct.SEE)
def queue_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits in one project."""
    return _page(request, desk_project(request, slug))


def _page(
    request: HttpRequest, project: Project | None, refused: Refused | None = None, sent: QueryDict | None = None
) -> HttpResponse:
    """Draw the list and the piece asked for; after a refusal also what was sent."""
    town, person = town_of(request), clerk(request)
    sieve = _sieve(request.GET, project.slug if project else "")
    where = roles_of(request).where(DeskAct.SEE)
    page = Paginator(queue(town, sieve, person, where), A_PAGE).get_page(request.GET.get("page"))
    items = listed(page.object_list)  # type: ignore[arg-type]
    asked = request.GET.get("piece", "")
    at = next((at for at, row in enumerate(items) if str(row.pk) == asked), None)
    piece = items[at] if at is not None else _of_no_list(request, asked, project, where)
    if piece is None and items:
        piece, at = items[0], 0
    here = request.GET.copy()
    for name in ("piece", "comments"):
        here.pop(name, None)
    back = request.path + (f"?{here.urlencode()}" if here else "")
    context: dict[str, object] = {
        "project": project,
        "sieve": sieve,
        "piles": [(pile.value, label, pile is sieve.pile) for pile, label in PILES.items()],
        "whose": [(value.value, label, value is sieve.whose) for value, label in WHOSE.items()],
        "projects": None if project else list(projects_at_the_desk(town, where).prefetch_related(None)),
        "tags": tags_in_use(town, where),
        "page": page,
        "items": items,
        "piece": piece,
        "back": back,
        "previous": items[at - 1] if at else None,
        # What is in no list any more leads back to the first of it.
        "following": next(iter(items[0 if at is None else at + 1 :]), None),
        # After a refusal the browser is at the address of the act, where no page is.
        "page_path": request.path,
        "desk_items": desk_items(request, project) if project else town_items(request),
        "may_moderate": False,
        "last": last_act(town, person),
    }
    if piece is not None:
        about = project or piece.project
        about.organisation = town
        prefetch_related_objects([about], "themes")
        known = dossier(piece, page=comments_page(request))
        context |= {"about": about, "dossier": known, "colleagues": moderators(about)}
        context |= piece_context(request, piece, about, known)
        context["comments"] = comments_context(request, back)
        context["may_moderate"] = may_do(request, DeskAct.MODERATE, about)
        context["templates"] = [
            (row.name, row.text.get(piece.language) or next(iter(row.text.values()))) for row in templates_of(town)
        ]
    if context["last"] is not None:
        context["last_said"] = acts.said(context["last"])  # type: ignore[arg-type]
    if piece is not None and sent is None:
        sent = QueryDict(_unsent(request, about.slug, piece.number))
    if piece is not None and sent:
        context["sent"] = what_was_sent(sent, piece, known.said)
    context["refusal"] = refusal(refused) if refused is not None else None
    status = status_of(refused) if refused is not None else 200
    return render(request, "participation/desk_queue.html", context, status=status)


def _unsent(request: HttpRequest, slug: str, number: int) -> str:
    """What did this browser send about this piece before its person signed in again, as a form sends it?"""
    *about, sent = request.session.get(UNSENT) or ("", 0, "")
    return str(sent) if about == [slug, number] else ""


def _to_unsent(request: HttpRequest) -> HttpResponse:
    """Lead back to the piece about which something was sent that did not arrive."""
    slug, number, _sent = request.session.get(UNSENT) or ("", 0, "")
    rows = in_town(town_of(request), roles_of(request).where(DeskAct.SEE))
    piece = rows.filter(project__slug=slug, number=number).first()
    if piece is None:
        return redirect("desk_town_queue")
    return redirect(f"{reverse('desk_queue', args=(slug,))}?{urlencode({'state': piece.state, 'piece': piece.pk})}")


def _of_no_list(
    request: HttpRequest, asked: str, project: Project | None, where: Collection[int] | None
) -> Proposal | None:
    """Find a piece that was asked for and is not on this page of the list: somebody decided about it meanwhile."""
    if not (asked.isdecimal() and len(asked) < 16):
        return None
    rows = in_town(town_of(request), where).filter(pk=int(asked))
    return next(iter(listed(rows.filter(project=project) if project else rows)), None)


def _drawn_again(request: HttpRequest, project: Project, piece: Proposal, refused: Refused) -> HttpResponse:
    """Answer a refused act with the page that it was done on."""
    parts = urlsplit(_way_back(request, project.slug, piece=piece.pk))
    everywhere = parts.path == reverse("desk_town_queue")
    asked = copy(request)
    asked.path = asked.path_info = parts.path if everywhere else reverse("desk_queue", args=(project.slug,))
    asked.GET = QueryDict(parts.query)
    asked.META = request.META | {"QUERY_STRING": parts.query}
    return _page(asked, None if everywhere else project, refused, request.POST)


def _way_back(request: HttpRequest, slug: str = "", *, piece: object = "") -> str:
    """Where at the desk was the act done?"""
    asked = request.POST.get("back", "")
    here = reverse("desk_queue", args=(slug,)) if slug else reverse("desk_town_queue")
    if asked.startswith("/desk/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        here = asked
    return f"{here}{'&' if '?' in here else '?'}{urlencode({'piece': piece})}" if piece else here


def _publish(request: HttpRequest, piece: Proposal) -> str:
    publish_proposal(project=piece.project, number=piece.number, by=clerk(request))
    return gettext("“%(title)s” is public now.") % {"title": piece.title}


def _hide(request: HttpRequest, piece: Proposal) -> str:
    reason = request.POST.get("reason", "")
    hide_proposal(project=piece.project, number=piece.number, reason=reason, by=clerk(request))
    return gettext("“%(title)s” is not shown any more.") % {"title": piece.title}


def _numbers(request: HttpRequest) -> list[int]:
    typed = " ".join(request.POST.getlist("number")).replace(",", " ").replace("#", " ")
    found = dict.fromkeys(int(text) for text in typed.split() if text.isdecimal() and len(text) < 10)
    if len(found) > JOINED_AT_MOST:
        raise Refused(Code.SETUP_TOO_MANY, {"max": JOINED_AT_MOST})
    return list(found)


def _merge(request: HttpRequest, piece: Proposal) -> str:
    """Join the chosen ones with this piece, or this piece with the one chosen (``into``)."""
    numbers = _numbers(request)
    into_other = request.POST.get("direction") == "into"
    merge = merging.merge_proposals(
        project=piece.project,
        numbers=[piece.number] if into_other else numbers,
        into=(numbers or [piece.number])[0] if into_other else piece.number,
        by=clerk(request),
        base_url=address_of(piece.project.organisation),
        now=now(),
    )
    n = merge.parts.count()
    said = ngettext("%(n)s proposal was joined with “%(title)s”.", "%(n)s proposals were joined with “%(title)s”.", n)
    return said % {"n": n, "title": merge.target.title}


def _unmerge(request: HttpRequest, piece: Proposal) -> str:
    """Take one act of joining back that bears on this piece, whenever it was done."""
    asked = request.POST.get("merge", "")
    merge = next((each.merge for each in joinings_of(piece) if str(each.merge.pk) == asked), None)
    record = act_of_joining(merge) if merge is not None else None
    if record is None:
        raise Refused(Code.MERGE_UNDONE)
    return _undone(request, record.pk)[0]


def _undone(request: HttpRequest, record: int) -> tuple[str, Record]:
    town = town_of(request)
    done = undo(organisation=town, record_id=record, by=clerk(request), base_url=address_of(town), now=now())
    return gettext("Undone: %(act)s") % {"act": acts.said(done)}, done


def _note(request: HttpRequest, piece: Proposal) -> str:
    moderation.add_note(proposal=piece, text=request.POST.get("text", ""), by=clerk(request), now=now())
    return gettext("Your note was kept. Only staff can read it.")


def _tags(request: HttpRequest, piece: Proposal) -> str:
    moderation.set_tags(proposal=piece, text=request.POST.get("tags", ""), by=clerk(request))
    return gettext("The tags were kept.")


def _hand_over(request: HttpRequest, piece: Proposal) -> str:
    asked = request.POST.get("to", "")
    to = next((person for person in moderators(piece.project) if str(person.pk) == asked), None)
    if asked and to is None:
        raise Refused(Code.ASSIGNEE_UNKNOWN)
    base_url = address_of(piece.project.organisation)
    moderation.hand_over(proposal=piece, to=to, by=clerk(request), base_url=base_url)
    if to is None:
        return gettext("This is nobody's in particular now.")
    return gettext("This was handed to %(person)s.") % {"person": to.public_name or to.email}


def _mail(request: HttpRequest, piece: Proposal) -> str:
    moderation.write_author_mail(
        proposal=piece,
        text=request.POST.get("text", ""),
        by=clerk(request),
        base_url=address_of(piece.project.organisation),
        now=now(),
    )
    return gettext("Your answer is on its way by mail.")


def _settle(request: HttpRequest, piece: Proposal) -> str:
    comments.settle_reports(proposal=piece, by=clerk(request))
    return gettext("The reports were looked at.")


def _lock(request: HttpRequest, piece: Proposal) -> str:
    comments.lock_comments(proposal=piece, locked=True, by=clerk(request))
    return gettext("Nobody can comment on this any more.")


def _unlock(request: HttpRequest, piece: Proposal) -> str:
    comments.lock_comments(proposal=piece, locked=False, by=clerk(request))
    return gettext("Comments are open again.")


def _comment(state: str, said: object) -> Callable[[HttpRequest, Proposal], str]:
    def decide(request: HttpRequest, piece: Proposal) -> str:
        key = request.POST.get("comment", "")
        found = comments_on(piece).select_related("proposal__project__organisation")
        comment = found.filter(pk=int(key) if key.isdecimal() and len(key) < 16 else 0).first()
        if comment is None:
            raise Refused(Code.COMMENT_NOT_FOUND)
        comments.decide_comment(comment=comment, state=state, reason=request.POST.get("reason", ""), by=clerk(request))
        return str(said)

    return decide


# What can be done with a piece, and whether the next one comes up then.
ACTS: Mapping[str, tuple[Callable[[HttpRequest, Proposal], str], bool]] = {
    "publish": (_publish, True),
    "hide": (_hide, True),
    "merge": (_merge, True),
    "unmerge": (_unmerge, False),
    "note": (_note, False),
    "tags": (_tags, False),
    "hand_over": (_hand_over, False),
    "mail": (_mail, False),
    "settle": (_settle, True),
    "lock": (_lock, False),
    "unlock": (_unlock, False),
    "comment_publish": (_comment(Comment.State.PUBLISHED, _("The comment is public now.")), False),
    "comment_hide": (_comment(Comment.State.HIDDEN, _("The comment is not shown any more.")), False),
}


def _keeping_what_was_written(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let who was signed out meanwhile sign in, and find there what they wrote."""

    @wraps(view)
    def kept(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
        if person_of(request) is not None:
            return view(request, slug=slug, number=number)
        written = QueryDict(mutable=True)
        for name in TYPED:
            written.setlist(name, [text[:MAIL_MAX] for text in request.POST.getlist(name)[:A_PAGE]])
        request.session[UNSENT] = [slug, number, written.urlencode()]
        return sign_in_first(request, back_to=f"{reverse('desk_town_queue')}?unsent=1")

    return kept


@require_POST
@_keeping_what_was_written
@desk(DeskAct.MODERATE)
def moderate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Do one act with a piece of the queue, then come back to the queue: at the next piece where this one is done."""
    project = desk_project(request, slug)
    project.organisation = town_of(request)
    piece = Proposal.objects.select_related("author").filter(project=project, number=number).first()
    if piece is None:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    piece.project = project
    if request.POST.get("act", "") not in ACTS:
        raise BadRequest("no such act")
    act, goes_on = ACTS[request.POST["act"]]
    try:
        messages.success(request, act(request, piece))
    except Refused as refused:
        return _drawn_again(request, project, piece, refused)
    if _unsent(request, slug, number):
        del request.session[UNSENT]
    asked = request.POST.get("following", "")
    following = asked if asked.isdecimal() else ""
    return redirect(_way_back(request, slug, piece=following if goes_on else piece.pk))


@require_POST
@desk(DeskAct.MODERATE, anywhere=True)
def undo_act(request: HttpRequest, record: int) -> HttpResponse:
    """Undo one act of the desk, then come back to the queue."""
    try:
        said, done = _undone(request, record)
    except Refused as refused:
        return refused_page(request, refused, back_to=_way_back(request))
    messages.info(request, said)
    return redirect(_way_back(request, done.project.slug if done.project else ""))
