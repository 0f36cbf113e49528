"""The code of a letter: read from its QR sign or typed, and used only when the button is pressed.

One is for a vote, another shows that somebody lives in the town.
"""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Phase
from participation.rules.electorate import as_printed, as_typed
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.selectors.access import is_verified
from participation.selectors.electorate import codes_of
from participation.selectors.projects import standing
from participation.services.codes import (
    TRIES_OF_A_SESSION,
    TRIES_OF_AN_ADDRESS,
    check_by_letter,
    count_try,
    forget_tries,
    redeem_code,
    redeem_resident_code,
)
from participation.web.asking import (
    LETTERS,
    answering_refusals,
    letter_of,
    now,
    person_of,
    project_or_404,
    sign_in_first,
    town_of,
    voter_of,
)
from participation.web.projects import process_context
from participation.web.sentences import refusal, status_of


class CodeForm(forms.Form):
    """Asks for the code of a letter."""

    code = forms.CharField(
        label=_("Code of your letter"),
        help_text=_("16 signs, such as K7F3-9QXM-2H4P-TR8W. Capitals, dashes and spaces do not matter."),
        max_length=60,
        error_messages={"required": _("Type the code that stands in your letter.")},
    )


def _sources(request: HttpRequest) -> dict[str, int]:
    """Whence a try of a code comes, hashed, and how many wrong ones a minute each may make."""

    def hashed(kind: str, value: str) -> str:
        return salted_hmac(f"participation.code_try.{kind}", value, algorithm="sha256").hexdigest()

    sources = {hashed("address", str(get_adapter().get_client_ip(request))): TRIES_OF_AN_ADDRESS}
    if request.session.session_key:
        sources[hashed("session", request.session.session_key)] = TRIES_OF_A_SESSION
    return sources


def _redeem(request: HttpRequest, vote: Phase, text: str) -> None:
    """Use a code; in this browser its holder votes from now on, where nobody is signed in.

    Refuses  what services.codes.redeem_code and count_try refuse.
    """
    tries = count_try(_sources(request))
    person = person_of(request)
    voter = redeem_code(phase=vote, text=text, person=person, held=letter_of(request, vote), now=now())
    forget_tries(tries)
    letters = dict(request.session.get(LETTERS) or {})
    letters.pop(str(vote.pk), None)
    # A session that could do less a moment ago gets a new name: whoever knew the old one cannot vote with it.
    request.session.cycle_key()
    request.session[LETTERS] = letters if person else letters | {str(vote.pk): voter.pk}


@answering_refusals
def code_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the code of a letter; reading the page (also by its QR sign) uses nothing."""
    project = project_or_404(request, slug)
    where = standing(project, now())
    vote = where.vote
    if vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    check_by_letter(vote, where.now)
    if request.method == "POST" and request.POST.get("forget"):
        letters = dict(request.session.get(LETTERS) or {})
        letters.pop(str(vote.pk), None)
        request.session[LETTERS] = letters
        messages.info(request, gettext("This browser forgot your code. Your ballot stays in the box."))
        return redirect("project", slug=slug)
    scanned = as_typed(request.GET.get("code", "")[:60])
    form = CodeForm(request.POST or None, initial={"code": as_printed(scanned)})
    status, said, wait = 200, None, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _redeem(request, vote, form.cleaned_data["code"])
            except Refused as refused:
                said, status, wait = refusal(refused), status_of(refused), refused.facts.get("seconds")
            else:
                if Act.VOTE in where.acts:
                    messages.success(request, gettext("Your code is good. You can vote now."))
                    return redirect("ballot", slug=slug)
                messages.success(request, gettext("Your code is good. You can vote as soon as the vote opens."))
                return redirect("project", slug=slug)
    person = voter_of(request, vote)
    context = process_context(request, project, where) | {
        "form": form,
        "refusal": said,
        "has_code": person is not None and codes_of(vote, person).exists(),
        "by_letter": letter_of(request, vote) is not None and person_of(request) is None,
        "scanned": bool(scanned),
    }
    return _answer(request, "participation/code.html", context, status, wait)


@answering_refusals
def my_code_page(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the letter that shows where somebody lives; whoever is not signed in does so with it."""
    town, person = town_of(request), person_of(request)
    scanned = as_typed(request.GET.get("code", "")[:60])
    form = CodeForm(request.POST or None, initial={"code": as_printed(scanned)})
    status, said, wait = 200, None, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            code = form.cleaned_data["code"]
            if person is None:
                # Nothing is tried for nobody: the code comes back with whoever signed in.
                back_to = f"{reverse('my_code')}?{urlencode({'code': as_printed(as_typed(code))})}"
                return sign_in_first(request, back_to=back_to)
            try:
                tries = count_try(_sources(request))
                redeem_resident_code(organisation=town, text=code, person=person, now=now())
                forget_tries(tries)
            except Refused as refused:
                said, status, wait = refusal(refused), status_of(refused), refused.facts.get("seconds")
            else:
                messages.success(request, gettext("The town knows now that you live here."))
                return redirect("me")
    context: dict[str, object] = {
        "form": form,
        "refusal": said,
        "is_verified": person is not None and is_verified(town, person),
        "scanned": bool(scanned),
        "reader": person,
    }
    return _answer(request, "participation/my_code.html", context, status, wait)


def _answer(request: HttpRequest, template: str, context: dict[str, object], status: int, wait: object) -> HttpResponse:
    """Show a page of codes; whoever tried too many hears how long to wait."""
    response = render(request, template, context, status=status)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response
