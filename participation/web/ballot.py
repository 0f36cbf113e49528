"""The ballot: choose, see what is left, check, cast, change until it closes."""

from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from participation.models import Draft, Phase, Project, Proposal
from participation.rules.electorate import Eligibility
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.voting import TICKED, Choice, Method, check_ballot, in_drawn_order
from participation.selectors.projects import ballot_rules, choices_cast, option_facts, options, standing, vote_named
from participation.services.voting import cast_ballot
from participation.web.asking import (
    answering_refusals,
    now,
    person_of,
    project_or_404,
    refused_page,
    sign_in_first,
    town_of,
    voter_of,
)
from participation.web.ballot_words import WRONG, given
from participation.web.drafts import draft_of, drop, keep, offered_draft
from participation.web.maps import map_config
from participation.web.projects import Chosen, chosen_of, chosen_on, drawing_seed, process_context
from participation.web.sentences import refusal, sentence
from participation.web.voters import said_age, says_age, voting_context


def running_vote(project: Project) -> Phase:
    """Find the vote that runs.

    Refuses  vote.not_open, vote.opens_later, vote.closed.
    """
    where = standing(project, now())
    where.require(Act.VOTE)
    vote = where.vote
    if vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    return vote


class Option(NamedTuple):
    """One option as the ballot shows it, with what stands in its field: points, a rank, "1" in a ticked box."""

    proposal: Proposal
    given: object


class Line(NamedTuple):
    """One choice of a ballot as the other pages show it; ``said`` is its points, its rank or its cost in words."""

    proposal: Proposal
    value: int
    said: str


def lines(chosen: Chosen, project: Project) -> list[Line]:
    """The choices of a ballot, in order."""
    by_number = {option.number: option for option in options(project).filter(number__in=chosen.numbers)}
    method = chosen.rules.method
    rows = [(rank, choice, by_number[choice.number]) for rank, choice in enumerate(chosen.choices, start=1)]
    return [
        Line(row, choice.value, given(method, value=choice.value, position=rank, cost_cents=row.cost_cents))
        for rank, choice, row in rows
    ]


def _as_written(request: HttpRequest, project: Project) -> dict[int, str]:
    """What was written in the fields of a ballot that could not be read as choices; empty when it could."""
    written = draft_of(request, project, Draft.Kind.BALLOT).get("written")
    return {int(number): text for number, text in written.items()} if isinstance(written, dict) else {}


@answering_refusals
def ballot(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the ballot: every option in an order drawn for this reader, the chosen ones on top."""
    project = project_or_404(request, slug)
    vote = running_vote(project)
    if request.method == "POST":
        return _keep_choices(request, project, vote)
    context = process_context(request, project, standing(project, now()))
    chosen = chosen_on(request, project, vote)
    stands: Mapping[int, object] = _as_written(request, project) or chosen.given
    by_number = {option.number: option for option in options(project)}
    drawn = in_drawn_order(list(by_number), drawing_seed(request, project))
    rules = chosen.rules
    context |= voting_context(request, vote) | {
        "chosen": chosen,
        "offered": offered_draft(request, project, Draft.Kind.BALLOT),
        "chosen_options": [Option(by_number[n], stood) for n, stood in stands.items() if n in by_number],
        "other_options": [Option(by_number[n], "") for n in drawn if n not in stands],
        "method": rules.method.value,
        "wrong": WRONG,
        "ranks": range(1, min(rules.cap, len(by_number)) + 1),
        "map": map_config(project, chosen=chosen.numbers) if project.area else None,
    }
    return render(request, "participation/ballot.html", context)


def _whole(text: str) -> int:
    """Read a small whole number of a form; anything else counts as 0."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _written(request: HttpRequest, method: Method) -> dict[int, str]:
    """What stands in the fields of a ballot with numbers to write, empty ones and zeros left out."""
    field = "points-" if method is Method.POINTS else "rank-"
    fields = [name for name in list(request.POST)[:2000] if name.startswith(field)]
    texts = {_whole(name.removeprefix(field)): request.POST[name].strip()[:20] for name in fields}
    return {number: text for number, text in texts.items() if number and text.strip("0")}


def _read(written: Mapping[int, str], method: Method) -> list[Choice]:
    """Read points or ranks as they were written.

    Refuses  vote.bad_points, vote.rank_twice.
    """
    values = {number: _whole(text) for number, text in written.items()}
    if not all(values.values()):
        raise Refused(Code.VOTE_BAD_POINTS)
    if method is Method.POINTS:
        return [Choice(number, points) for number, points in values.items()]
    twice = [rank for rank, n in Counter(values.values()).items() if n > 1]
    if twice:
        raise Refused(Code.VOTE_RANK_TWICE, {"rank": min(twice)})
    return [Choice(number) for number in sorted(values, key=values.__getitem__)]


def _keep_choices(request: HttpRequest, project: Project, vote: Phase) -> HttpResponse:
    """Keep what was filled in, and go on to the check when it is a whole ballot."""
    rules = ballot_rules(vote)
    draft: dict[str, object]
    if rules.method in TICKED:
        numbers = dict.fromkeys(_whole(text) for text in request.POST.getlist("number")[:1000])
        draft = {"choices": [Choice(number) for number in numbers if number]}
    else:
        written = _written(request, rules.method)
        try:
            draft = {"choices": _read(written, rules.method)}
        except Refused:
            draft = {"choices": [], "written": written}
    keep(request, project, Draft.Kind.BALLOT, draft)
    said = _why_not_whole(request, project, vote)
    if said:
        messages.error(request, str(said["sentence"]))
    return redirect("ballot" if said else "ballot_check", slug=project.slug)


def _why_not_whole(request: HttpRequest, project: Project, vote: Phase) -> dict[str, object] | None:
    """Say what is wrong with the ballot as it stands now, if anything is: the rules may have changed since."""
    rules = ballot_rules(vote)
    try:
        written = _as_written(request, project)
        choices = _read(written, rules.method) if written else chosen_on(request, project, vote).choices
        check_ballot(choices, rules, option_facts(project.pk, choices))
    except Refused as refused:
        return refusal(refused)
    return None


@require_POST
@answering_refusals
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Put one option on this reader's ballot, or take it off (``off``); nothing is cast yet."""
    project = project_or_404(request, slug)
    vote = running_vote(project)
    chosen = chosen_on(request, project, vote)
    if not chosen.at_once:
        return redirect("ballot", slug=slug)
    number = _whole(request.POST.get("number", ""))
    choices = [choice for choice in chosen.choices if choice.number != number]
    said = None
    if not request.POST.get("off"):
        if not options(project).filter(number=number).exists():
            raise Refused(Code.VOTE_OPTION_GONE, {"numbers": [number]})
        more = [*choices, Choice(number)]
        try:
            # One choice is no whole ballot yet: only what is too much is said here.
            check_ballot(more, replace(ballot_rules(vote), floor=1), option_facts(project.pk, more))
            choices = more
        except Refused as refused:
            said = refusal(refused)
    keep(request, project, Draft.Kind.BALLOT, {"choices": choices})
    if request.headers.get("HX-Request"):
        option = options(project).filter(number=number).first()
        context = {
            "project": project,
            "vote": vote,
            "may_vote": True,
            "chosen": chosen_on(request, project, vote),
            "proposal": option,
            "refusal": said,
        }
        return render(request, "participation/choose.html", context)
    if said:
        messages.error(request, str(said["sentence"]))
    back_to = request.POST.get("back_to", "")
    if not (back_to.startswith("/") and url_has_allowed_host_and_scheme(back_to, allowed_hosts={request.get_host()})):
        back_to = reverse("project", args=(slug,))
    return HttpResponseRedirect(back_to)


@require_safe
@answering_refusals
def ballot_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the choices once more, then cast them as a whole."""
    project = project_or_404(request, slug)
    vote = running_vote(project)
    chosen = chosen_on(request, project, vote)
    if _as_written(request, project):
        # Not yet to be read as choices: the ballot shows it as it was written.
        said = _why_not_whole(request, project, vote)
        messages.error(request, str(said["sentence"]) if said else "")
        return redirect("ballot", slug=slug)
    context = (
        process_context(request, project, standing(project, now()))
        | voting_context(request, vote)
        | {
            "chosen": chosen,
            "offered": offered_draft(request, project, Draft.Kind.BALLOT),
            "lines": lines(chosen, project),
            "refusal": _why_not_whole(request, project, vote),
            "nonce": uuid4(),
            "withdrawal_nonce": uuid4(),
            "sign_in_url": f"{reverse('account_request_login_code')}?next={reverse('ballot_check', args=(slug,))}",
            "said_age": said_age(request, vote),
        }
    )
    return render(request, "participation/ballot_check.html", context)


def _choice(text: str) -> Choice:
    """Read "12" or "12:3" of the form of the check: an option and its points.

    Raises   ValueError for anything else, and for what the database's whole numbers do not hold.
    """
    number, _, value = text.partition(":")
    choice = Choice(int(number), int(value or 1))
    if not all(0 <= part < 2**31 for part in choice):
        raise ValueError(text[:40])
    return choice


def _known_first(request: HttpRequest, vote: Phase, slug: str, page: str) -> HttpResponse:
    """Send somebody nobody knows to where they say who they are: the code of their letter, else signing in."""
    if vote.eligibility == Eligibility.CODE:
        return redirect("code", slug=slug)
    return sign_in_first(request, back_to=reverse(page, args=(slug,)))


@require_POST
@answering_refusals
def cast(request: HttpRequest, slug: str) -> HttpResponse:
    """Cast the choices in the form as a whole ballot; the same form sent twice casts once."""
    # Which vote it is may be known from a moment ago: whether it is open and what it allows, the cast itself asks.
    votes: dict[str, Phase | None] = request.moment.setdefault("votes", {})  # type: ignore[attr-defined]
    if slug not in votes:
        votes[slug] = vote_named(town_of(request), slug)
    vote = copy(votes[slug])
    if vote is None:
        project_or_404(request, slug)
        raise Refused(Code.VOTE_NOT_OPEN)
    person = voter_of(request, vote)
    if person is None:
        return _known_first(request, vote, slug, "ballot_check")
    try:
        nonce = UUID(request.POST.get("nonce", ""))
        choices = [_choice(text) for text in request.POST.getlist("choice")[:1000]]
    except ValueError as error:
        raise Refused(Code.VOTE_BAD_NONCE) from error
    if not choices and not request.POST.get("withdraw"):
        # Only the button that says so withdraws; a form that lost its choices on the way is no wish.
        raise Refused(Code.VOTE_BAD_NONCE)
    try:
        receipt = cast_ballot(phase=vote, person=person, choices=choices, nonce=nonce, of_age=says_age(request, vote))
    except Refused as refused:
        # A page from another browser, or one left open for long: what stood on it is not lost.
        project = project_or_404(request, slug)
        if choices and not draft_of(request, project, Draft.Kind.BALLOT):
            keep(request, project, Draft.Kind.BALLOT, {"choices": choices})
        if refused.code in {Code.VOTE_AGE_NOT_SAID, Code.VOTE_NO_CODE}:
            messages.error(request, sentence(refused.code, refused.facts))
            return redirect("code" if refused.code is Code.VOTE_NO_CODE else "ballot_check", slug=slug)
        over = refused.code in {Code.VOTE_CLOSED, Code.VOTE_OPENS_LATER, Code.VOTE_NOT_OPEN}
        return refused_page(request, refused, back_to=reverse("project" if over else "ballot", args=(slug,)))
    drop(request, vote.project_id, Draft.Kind.BALLOT)
    # Of a ballot in the box the next page itself says so.
    if not receipt.choices:
        messages.info(request, gettext("Your ballot was withdrawn. It no longer counts."))
    # From .../ballot/cast/ to .../ballot/done/: looking the address up would cost a twentieth of a cast.
    return HttpResponseRedirect(f"{request.path.removesuffix('cast/')}done/")


@require_safe
@answering_refusals
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what was cast and what happens next."""
    project = project_or_404(request, slug)
    vote = standing(project, now()).vote
    if vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    person = voter_of(request, vote)
    if person is None:
        return _known_first(request, vote, slug, "ballot_done")
    in_the_box = choices_cast(vote, person)
    chosen = chosen_of(vote, in_the_box, in_the_box or [])
    context = process_context(request, project, standing(project, now())) | {
        "chosen": chosen,
        "lines": lines(chosen, project),
        "by_letter": person_of(request) is None,
        "last": vote.casts.filter(ballot__person=person).order_by("-seq").first(),
    }
    return render(request, "participation/ballot_done.html", context)
