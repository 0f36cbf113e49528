"""The vote at the desk: its rules as they stand, what is frozen, and a later closing time by two officers."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import is_naive, localtime, make_aware
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Phase
from participation.rules.electorate import Eligibility
from participation.rules.phases import NOTICE, check_in_reach
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.voting import NO_CAP, Method, Rule
from participation.selectors.closing import extensions_of, is_frozen, vote_of_desk
from participation.services.closing import agree_extension, ask_extension
from participation.web.asking import desk, may_do, now
from participation.web.desk import clerk, desk_items, desk_project
from participation.web.sentences import money, refusal
from participation.web.words import grouped

METHODS = {
    Method.CHOICES: _("choices: one vote each"),
    Method.SUPPORT: _("as many as one likes, one vote each"),
    Method.POINTS: _("points to divide"),
    Method.BUDGET: _("a sum to spend"),
    Method.RANKING: _("an order"),
}
RULES = {
    Rule.PLURALITY: _("most votes first"),
    Rule.GREEDY: _("most votes first, what does not fit is skipped"),
    Rule.EQUAL_SHARES: _("equal shares"),
    Rule.BORDA: _("higher ranks count more (Borda)"),
}
VOTERS = {
    Eligibility.MAIL: _("anyone with a confirmed mail address"),
    Eligibility.VERIFIED: _("residents whom the town verified"),
    Eligibility.CODE: _("who has a code from a letter"),
}


def rules_of(vote: Phase) -> list[tuple[object, object]]:
    """The rules of a vote, those that say something about it: (what, how)."""
    method = Method(vote.method)
    rows: list[tuple[object, object]] = [
        (_("How one votes"), METHODS[method]),
        (_("Choices at most"), _("no limit") if vote.cap == NO_CAP else grouped(vote.cap)),
        (_("Choices at least"), grouped(vote.floor)),
    ]
    if method is Method.POINTS:
        rows += [
            (_("Points to divide"), grouped(vote.points)),
            (_("Points on one at most"), grouped(vote.points_max)),
        ]
    if vote.budget_cents is not None:
        rows.append((_("Sum to spend"), money(vote.budget_cents)))
    for label, n in (
        (_("In one neighbourhood at most"), vote.cap_per_area),
        (_("Of one theme at most"), vote.cap_per_theme),
        (_("People who may vote"), vote.n_eligible),
        (_("Least age"), vote.min_age),
    ):
        if n is not None:
            rows.append((label, grouped(n)))
    yes_no = {True: _("yes"), False: _("no")}
    return [
        *rows,
        (_("How it is counted"), RULES[Rule(vote.rule)]),
        *([] if vote.budget_cents is not None else [(_("How many are chosen"), grouped(vote.n_winners))]),
        (_("At least one in each neighbourhood"), yes_no[vote.one_per_area]),
        (_("Who may vote"), VOTERS[Eligibility(vote.eligibility)]),
        (_("Ballots on paper"), yes_no[vote.takes_paper]),
        (_("New proposals during the vote"), yes_no[vote.write_ins]),
        (_("They may join the ballot"), yes_no[vote.write_ins_join]),
        (_("Counts hidden until the close"), yes_no[vote.hides_tally]),
        (_("Opens"), date_format(localtime(vote.opens_at), "DATETIME_FORMAT")),
    ]


def _page(request: HttpRequest, slug: str, *, refused: Refused | None = None) -> HttpResponse:
    project = desk_project(request, slug)
    moment = now()
    vote = vote_of_desk(project, moment)
    said = refusal(refused) if refused else None
    status = said["status"] if said else 200
    context: dict[str, object] = {
        "project": project,
        "desk_items": desk_items(request, project),
        "vote": vote,
        "refusal": said,
        "given": request.POST,
    }
    if vote is not None:
        person = clerk(request)
        context |= {
            "frozen": is_frozen(vote),
            "rules": rules_of(vote),
            "is_over": vote.closed_at is not None or (vote.closes_at is not None and vote.closes_at <= moment),
            "may_extend": may_do(request, DeskAct.EXTEND, project),
            "extensions": [
                {"row": row, "waits": row.agreed_at is None, "own": row.asked_by_id == person.pk}
                for row in extensions_of(vote)
            ],
            "earliest": localtime((vote.closes_at or moment + NOTICE) + timedelta(minutes=1)).strftime(
                "%Y-%m-%dT%H:%M"
            ),
        }
    return render(request, "participation/desk_vote.html", context, status=status if isinstance(status, int) else 422)


@desk(DeskAct.SEE)
def vote_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rules of a project's vote, and which closing times were asked for."""
    return _page(request, slug)


def _moment(text: str) -> datetime:
    """Read a day and an hour, in the town's time where it names no other.

    Refuses  extension.time_bad.
    """
    try:
        found = parse_datetime(text.strip()[:40])
        # An hour that clocks skip in spring is none; of one that comes twice in autumn the first is meant.
        aware = make_aware(found) if found and is_naive(found) else found
    except (ValueError, OverflowError):
        aware = None
    if aware is None:
        raise Refused(Code.EXTENSION_TIME_BAD)
    check_in_reach(aware)
    return aware


@require_POST
@desk(DeskAct.EXTEND)
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a later closing time."""
    project = desk_project(request, slug)
    try:
        closes_at = _moment(request.POST.get("closes_at", ""))
        ask_extension(project=project, closes_at=closes_at, reason=request.POST.get("reason", ""), by=clerk(request))
    except Refused as refused:
        return _page(request, slug, refused=refused)
    messages.success(request, gettext("You asked for it. It holds as soon as a second officer agrees."))
    return redirect("desk_vote", slug=slug)


@require_POST
@desk(DeskAct.EXTEND)
def agree(request: HttpRequest, slug: str, key: int) -> HttpResponse:
    """Agree to a later closing time that somebody else asked for."""
    try:
        agreed = agree_extension(project=desk_project(request, slug), key=key, by=clerk(request))
    except Refused as refused:
        return _page(request, slug, refused=refused)
    said = date_format(localtime(agreed.closes_at), "DATETIME_FORMAT")
    messages.success(request, gettext("The vote closes on %(at)s.") % {"at": said})
    return redirect("desk_vote", slug=slug)
