"""The ballot: choose, see what is left, check, cast, change until it closes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from participation.models import Draft, Phase, Project, Proposal
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Choice, Method, check_ballot, in_drawn_order
from participation.selectors.projects import ballot_rules, option_facts, options, standing
from participation.services.voting import cast_ballot
from participation.web.asking import answering_refusals, now, person_of, project_or_404, sign_in_first
from participation.web.drafts import drop, keep
from participation.web.maps import map_config
from participation.web.projects import Chosen, chosen_on, drawing_seed, process_context
from participation.web.sentences import refusal


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


class Line(NamedTuple):
    """One choice of a ballot as the pages show it: the option, its place in the order, its points."""

    proposal: Proposal
    position: int
    value: int


def lines(chosen: Chosen, by_number: Mapping[int, Proposal]) -> list[Line]:
    """The choices of a ballot that are still options, in order."""
    kept = [choice for choice in chosen.choices if choice.number in by_number]
    return [Line(by_number[choice.number], at, choice.value) for at, choice in enumerate(kept, start=1)]


@answering_refusals
def ballot(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the ballot: every option in an order drawn for this reader, the chosen ones on top."""
    project = project_or_404(request, slug)
    vote = running_vote(project)
    if request.method == "POST":
        return _keep_choices(request, project, vote)
    chosen = chosen_on(request, project, vote)
    by_number = {option.number: option for option in options(project)}
    drawn = in_drawn_order(list(by_number), drawing_seed(request, project))
    context = process_context(request, project, standing(project, now())) | {
        "chosen": chosen,
        "method": vote.method,
        "lines": lines(chosen, by_number),
        "other_options": [by_number[number] for number in drawn if number not in chosen.numbers],
        "gone": [number for number in chosen.numbers if number not in by_number],
        "map": map_config(project) if project.area else None,
    }
    return render(request, "participation/ballot.html", context)


def _whole(text: str) -> int:
    """Read a small whole number of a form; anything else counts as 0."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _filled_in(request: HttpRequest, method: Method) -> list[Choice]:
    """Read the ballot as it was filled in: boxes ticked, points given, or ranks written.

    Refuses  vote.rank_twice.
    """
    if method in {Method.CHOICES, Method.BUDGET}:
        numbers = [_whole(text) for text in request.POST.getlist("number")[:1000]]
        return [Choice(number) for number in dict.fromkeys(numbers)]
    field = "points-" if method is Method.POINTS else "rank-"
    written = {
        _whole(name.removeprefix(field)): _whole(request.POST[name])
        for name in list(request.POST)[:2000]
        if name.startswith(field)
    }
    given = {number: value for number, value in written.items() if number and value}
    if method is Method.POINTS:
        return [Choice(number, points) for number, points in given.items()]
    twice = [rank for rank, n in Counter(given.values()).items() if n > 1]
    if twice:
        raise Refused(Code.VOTE_RANK_TWICE, {"rank": min(twice)})
    return [Choice(number) for number in sorted(given, key=given.__getitem__)]


def _keep_choices(request: HttpRequest, project: Project, vote: Phase) -> HttpResponse:
    """Keep what was filled in, and go on to the check when it is a whole ballot."""
    rules = ballot_rules(vote)
    try:
        choices = _filled_in(request, rules.method)
        keep(request, project, Draft.Kind.BALLOT, {"choices": choices})
        check_ballot(choices, rules, option_facts(project.pk, choices))
    except Refused as refused:
        messages.error(request, str(refusal(refused)["sentence"]))
        return redirect("ballot", slug=project.slug)
    return redirect("ballot_check", slug=project.slug)


@require_POST
@answering_refusals
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Put one option on this reader's ballot, or take it off (``off``); nothing is cast yet."""
    project = project_or_404(request, slug)
    vote = running_vote(project)
    number = _whole(request.POST.get("number", ""))
    choices = [choice for choice in chosen_on(request, project, vote).choices if choice.number != number]
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


@answering_refusals
def ballot_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the choices once more, then cast them as a whole."""
    project = project_or_404(request, slug)
    vote = running_vote(project)
    chosen = chosen_on(request, project, vote)
    by_number = {option.number: option for option in options(project).filter(number__in=chosen.numbers)}
    context = process_context(request, project, standing(project, now())) | {
        "chosen": chosen,
        "lines": lines(chosen, by_number),
        "gone": [number for number in chosen.numbers if number not in by_number],
        "nonce": uuid4(),
        "withdrawal_nonce": uuid4(),
        "sign_in_url": f"{reverse('account_request_login_code')}?next={reverse('ballot_check', args=(slug,))}",
        "person": person_of(request),
    }
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


@require_POST
@answering_refusals
def cast(request: HttpRequest, slug: str) -> HttpResponse:
    """Cast the choices in the form as a whole ballot; the same form sent twice casts once."""
    project = project_or_404(request, slug)
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=reverse("ballot_check", args=(slug,)))
    vote = standing(project, now()).vote
    if vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    try:
        nonce = UUID(request.POST.get("nonce", ""))
        choices = [_choice(text) for text in request.POST.getlist("choice")[:1000]]
    except ValueError as error:
        raise Refused(Code.VOTE_BAD_NONCE) from error
    receipt = cast_ballot(phase=vote, person=person, choices=choices, nonce=nonce)
    drop(request, project, Draft.Kind.BALLOT)
    if choices:
        messages.success(
            request,
            gettext("Your ballot is in the box, with %(n)s choices. You can change it until the vote closes.")
            % {"n": len(receipt.choices)},
        )
    else:
        messages.info(request, gettext("Your ballot was withdrawn. It no longer counts."))
    return redirect("ballot_done", slug=slug)


@answering_refusals
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what was cast and what happens next."""
    project = project_or_404(request, slug)
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=reverse("ballot_done", args=(slug,)))
    vote = standing(project, now()).vote
    if vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    chosen = chosen_on(request, project, vote)
    by_number = {option.number: option for option in options(project).filter(number__in=chosen.numbers)}
    context = process_context(request, project, standing(project, now())) | {
        "lines": lines(chosen, by_number),
        "last": vote.casts.filter(ballot__person=person).order_by("-seq").first(),
    }
    return render(request, "participation/ballot_done.html", context)
