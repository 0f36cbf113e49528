"""The ballot: choose, see what is left, check, cast, change until it closes."""

from functools import partial
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from participation.models import Draft, Phase, Project
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.voting import check_choices, in_drawn_order
from participation.selectors.projects import options, standing, vote_named
from participation.services.voting import cast_ballot
from participation.web.asking import answering_refusals, now, person_of, project_or_404, sign_in_first, town_of
from participation.web.drafts import drop, keep
from participation.web.maps import map_config
from participation.web.projects import chosen_on, drawing_seed, process_context
from participation.web.sentences import refusal

KNOWN_SECONDS = 2


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
        "chosen_options": [by_number[number] for number in chosen.numbers if number in by_number],
        "other_options": [by_number[number] for number in drawn if number not in chosen.numbers],
        "gone": [number for number in chosen.numbers if number not in by_number],
        "map": map_config(project) if project.area else None,
    }
    return render(request, "participation/ballot.html", context)


def _keep_choices(request: HttpRequest, project: Project, vote: Phase) -> HttpResponse:
    """Keep what was ticked, and go on to the check when it is a whole ballot."""
    numbers = [int(text) for text in request.POST.getlist("number")[:1000] if text.isdecimal() and len(text) < 10]
    keep(request, project, Draft.Kind.BALLOT, {"numbers": list(dict.fromkeys(numbers))})
    try:
        check_choices(numbers, cap=vote.cap, floor=vote.floor)
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
    text = request.POST.get("number", "")
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    chosen = chosen_on(request, project, vote)
    numbers = [n for n in chosen.numbers if n != number]
    said = None
    if not request.POST.get("off"):
        if not options(project).filter(number=number).exists():
            raise Refused(Code.VOTE_OPTION_GONE, {"numbers": [number]})
        if len(numbers) >= vote.cap:
            said = refusal(Refused(Code.VOTE_TOO_MANY, {"chosen": len(numbers) + 1, "cap": vote.cap}))
        else:
            numbers.append(number)
    keep(request, project, Draft.Kind.BALLOT, {"numbers": numbers})
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
        "chosen_options": [by_number[number] for number in chosen.numbers if number in by_number],
        "gone": [number for number in chosen.numbers if number not in by_number],
        "nonce": uuid4(),
        "withdrawal_nonce": uuid4(),
        "sign_in_url": f"{reverse('account_request_login_code')}?next={reverse('ballot_check', args=(slug,))}",
        "person": person_of(request),
    }
    return render(request, "participation/ballot_check.html", context)


@require_POST
@answering_refusals
def cast(request: HttpRequest, slug: str) -> HttpResponse:
    """Cast the choices in the form as a whole ballot; the same form sent twice casts once."""
    town = town_of(request)
    # Which vote it is may be known from a moment ago: whether it is open and what it allows, the cast itself asks.
    # A slug is at most 60 characters long, so what is cut off here names no project.
    vote: Phase | None = cache.get_or_set(
        f"participation.vote.{town.pk}.{slug[:80]}", partial(vote_named, town, slug), KNOWN_SECONDS
    )
    if vote is None:
        project_or_404(request, slug)
        raise Refused(Code.VOTE_NOT_OPEN)
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=reverse("ballot_check", args=(slug,)))
    try:
        nonce = UUID(request.POST.get("nonce", ""))
        numbers = [int(text) for text in request.POST.getlist("number")[:1000]]
        if any(abs(number) > 2**31 - 1 for number in numbers):
            raise ValueError
    except ValueError as error:
        raise Refused(Code.VOTE_BAD_NONCE) from error
    receipt = cast_ballot(phase=vote, person=person, numbers=numbers, nonce=nonce)
    drop(request, vote.project_id, Draft.Kind.BALLOT)
    if numbers:
        messages.success(
            request,
            gettext("Your ballot is in the box, with %(n)s choices. You can change it until the vote closes.")
            % {"n": len(receipt.numbers)},
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
        "chosen_options": [by_number[number] for number in chosen.numbers if number in by_number],
        "last": vote.casts.filter(ballot__person=person).order_by("-seq").first(),
    }
    return render(request, "participation/ballot_done.html", context)
