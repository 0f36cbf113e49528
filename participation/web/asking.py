"""What most views ask first: which project, what time by the database, who is there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from allauth.account.adapter import get_adapter
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import salted_hmac

from participation.models import Organisation, Person, Phase, Project
from participation.queries.voting import database_now
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct, Roles
from participation.selectors.electorate import holder_of_letter
from participation.selectors.projects import project_named
from participation.selectors.roles import key_of_project, roles_in
from participation.services.pace import check_without_account
from participation.web.second_factor import factor_missing
from participation.web.sentences import refusal, status_of

# In the session: who votes by letter, phase -> person.
LETTERS = "letters"

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def town_of(request: HttpRequest) -> Organisation:
    """Which municipality is spoken to?"""
    found: Organisation = request.organisation  # type: ignore[attr-defined]
    return found


def person_of(request: HttpRequest) -> Person | None:
    """Who is signed in, if anybody?"""
    return request.user if isinstance(request.user, Person) else None


def letter_of(request: HttpRequest, vote: Phase) -> Person | None:
    """Who votes by letter in this browser, in this vote alone? It is no sign-in: nothing else knows this person."""
    letters = request.session.get(LETTERS)
    return holder_of_letter(vote.pk, letters.get(str(vote.pk))) if letters else None


def voter_of(request: HttpRequest, vote: Phase) -> Person | None:
    """Who votes here: who is signed in, else who filled in the code of a letter in this browser?"""
    return person_of(request) or letter_of(request, vote)


def project_or_404(request: HttpRequest, slug: str) -> Project:
    """Find the public project of this address."""
    project = project_named(town_of(request), slug)
    if project is None:
        raise Http404("no such project")
    return project


def now() -> datetime:
    """Ask the database what time it is: one clock for every web machine."""
    return database_now()


def refused_page(
    request: HttpRequest, refused: Refused, *, back_to: str = "/", written: Sequence[str] = ()
) -> HttpResponse:
    """Show a refusal as a page of its own, with its code and status, and the way back.

    ``written`` names the fields that hold somebody's words: what was sent in the first of them that is not empty
    stands there to be changed and sent again, with the rest of the form as it was.
    """
    context: dict[str, object] = {"refusal": refusal(refused), "back_to": back_to}
    if name := next((name for name in written if request.POST.get(name)), ""):
        rest = [(key, value) for key, values in request.POST.lists() for value in values]
        rest = [(key, value) for key, value in rest if key not in {name, "csrfmiddlewaretoken"}]
        context["again"] = {"name": name, "text": request.POST[name], "rest": rest}
    return render(request, "errors/refused.html", context, status=status_of(refused))


def answering_refusals(view: View[Rest]) -> View[Rest]:
    """Turn a refusal that a view does not handle itself into a page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            return refused_page(request, refused)

    return cast(View[Rest], answer)


def sign_in_first(request: HttpRequest, *, back_to: str) -> HttpResponse:
    """Send somebody to the sign-in page, and back to where they were when they are done."""
    return redirect_to_login(back_to, reverse("account_request_login_code"))


def bound_without_account(request: HttpRequest, what: str) -> None:
    """Let one network address send only so much of this kind without an account; who is signed in answers for it.

    Refuses  act.too_often_here.
    """
    if person_of(request) is None:
        address = str(get_adapter().get_client_ip(request))
        check_without_account(salted_hmac(f"participation.{what}", address, algorithm="sha256").hexdigest())


def roles_of(request: HttpRequest) -> Roles:
    """What is whoever asks in this town and its projects? Asked of the database once a request."""
    if not hasattr(request, "roles_here"):
        request.roles_here = roles_in(town_of(request), person_of(request))  # type: ignore[attr-defined]
    found: Roles = request.roles_here  # type: ignore[attr-defined]
    return found


def may_do(request: HttpRequest, act: DeskAct, project: Project | None = None) -> bool:
    """May whoever asks do this at the desk of this project, or of the whole town where none is named?"""
    return roles_of(request).may(act, project.pk if project else None)


def _let_in(request: HttpRequest, act: DeskAct, slug: object, *, anywhere: bool) -> bool:
    """Is a page of the desk open: to whom the town gave the right, or this project, or (``anywhere``) any project?"""
    roles = roles_of(request)
    if roles.may(act) or (anywhere and roles.may_somewhere(act)):
        return True
    # Which project it is, is asked of nobody who has no role in any.
    return bool(roles.projects) and isinstance(slug, str) and roles.may(act, key_of_project(town_of(request), slug))


def desk(act: DeskAct, *, anywhere: bool = False) -> Callable[[View[Rest]], View[Rest]]:
    """Let only staff with this right in; others get 404, so that nothing tells what exists.

    A page of a project (its address holds ``slug``) asks for the right there. A page of the town asks for it in the
    whole town, or with ``anywhere`` in some project: then it shows no more than those projects.
    """

    def guard(view: View[Rest]) -> View[Rest]:
        @wraps(view)
        def answer(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            person = person_of(request)
            if person is None:
                return sign_in_first(request, back_to=request.get_full_path())
            if not _let_in(request, act, kwargs.get("slug"), anywhere=anywhere):
                raise Http404("not for this person")
            if town_of(request).staff_second_factor and (missing := factor_missing(request, person.pk)) is not None:
                return missing
            return answering_refusals(view)(request, *args, **kwargs)

        return cast(View[Rest], answer)

    return guard
