"""Who asks, how often, and where from: what every address of the API begins with."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.forms import Form
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from ninja.security import APIKeyCookie, HttpBearer

from participation.models import Organisation, Person, Project, Proposal, Token
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.projects import project_named
from participation.selectors.proposals import supported_by, visible_proposals
from participation.selectors.queue import projects_at_the_desk
from participation.selectors.roles import key_of_project, roles_in
from participation.services.pace import check_pace
from participation.services.repeats import once
from participation.web.asking import person_of, town_of
from participation.web.second_factor import factor_shown
from participation.web.taken import read_live

KEY_HEADER = "Idempotency-Key"
KEY_MAX = 200
# What a caller may say to be answered the same when it asks again.
REPEATABLE = {
    "parameters": [
        {
            "name": KEY_HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": KEY_MAX, "pattern": "^[!-~]*$"},
            "description": "The same key again, within a day, gets the first answer and changes nothing.",
        }
    ]
}


def token_of(request: HttpRequest) -> Token | None:
    """The token a program came with, if it did (participation/middleware.py knows it by then)."""
    found: Token | None = getattr(request, "token", None)
    return found


class RefusedWith(Refused):
    """A refusal that says more: ``errors`` stand beside its code, each with where it is."""

    def __init__(self, code: Code, facts: Mapping[str, object], errors: Sequence[object]) -> None:
        super().__init__(code, facts)
        self.errors = errors


class ByToken(HttpBearer):
    """A token of the desk, with the right that the act needs."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Person | None:
        """The person of the token.

        Refuses  token.scope_missing.
        """
        token = token_of(request)
        if token is None:
            return None
        if self.scope not in token.scopes:
            raise Refused(Code.TOKEN_SCOPE_MISSING, {"scope": self.scope.value})
        return token.person

    def authenticate(self, request: HttpRequest, token: str) -> Person | None:
        """The person of the token: the header was read by the middleware."""
        return self(request)


class BySession(APIKeyCookie):
    """The session of somebody signed in; what writes needs the token of the page as well."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | None:
        """Who is signed in."""
        return person_of(request)


def knowing(scope: Scope) -> list[Callable[[HttpRequest], Any]]:
    """The ways to be known: a token with this right first, else a session."""
    return [ByToken(scope), BySession()]


def paced(view: Callable[..., Any]) -> Callable[..., Any]:
    """An address of the API, bounded in how often one token, person or network address may ask it.

    Refuses  request.too_many.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        token, person = token_of(request), person_of(request)
        if token is not None:
            who = f"token {token.pk}"
        elif person is not None:
            who = f"person {person.pk}"
        else:
            who = f"address {get_adapter().get_client_ip(request)}"
        source = salted_hmac("participation.pace", who, algorithm="sha256").hexdigest()
        check_pace(source, acts=request.method not in {"GET", "HEAD", "OPTIONS"})
        return view(request, *args, **kwargs)

    return answer


def someone(request: HttpRequest) -> Person:
    """Who asks; a way to be known was asked for.

    Refuses  person.sign_in_first.
    """
    person = person_of(request)
    if person is None:
        raise Refused(Code.SIGN_IN_FIRST)
    return person


def project_called(request: HttpRequest, slug: str) -> Project:
    """The public project of this name.

    Refuses  project.not_found.
    """
    project = project_named(town_of(request), slug)
    if project is None:
        raise Refused(Code.PROJECT_NOT_FOUND, {"slug": slug[:60]})
    return project


def proposal_called(request: HttpRequest, slug: str, number: int) -> Proposal:
    """A proposal that whoever asks may see, marked by ``supported_by``.

    Refuses  project.not_found, proposal.not_found.
    """
    project = project_called(request, slug)
    rows = visible_proposals(project, request.user).select_related("merged_into")
    found = supported_by(rows, request.user).filter(number=number).first()
    if found is None:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    found.project = project
    return found


def desk_of(request: HttpRequest, act: DeskAct, *, slug: str = "", anywhere: bool = False) -> Organisation:
    """The town, for somebody who may do this at its desk, or at that of the project of this name, or (``anywhere``) of
    any project. That it was read stands in the audit trail, once a day and token.

    Who comes by session shows the second factor first where the town asks for one; a token was made behind it.

    Refuses  person.not_staff, person.second_factor.
    """
    town = _let_in(request, act, slug, anywhere=anywhere)
    if request.method == "GET":
        read_live(request, _address(request))
    return town


def _address(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.url_name or "" if match else ""


def _let_in(request: HttpRequest, act: DeskAct, slug: str, *, anywhere: bool = False) -> Organisation:
    town = town_of(request)
    roles = roles_in(town, someone(request))
    if not roles.may(act, key_of_project(town, slug) if slug else None) and not (anywhere and roles.may_somewhere(act)):
        raise Refused(Code.NOT_STAFF)
    if town.staff_second_factor and token_of(request) is None and not factor_shown(request):
        raise Refused(Code.SECOND_FACTOR)
    return town


def desk_project_called(request: HttpRequest, slug: str, act: DeskAct) -> Project:
    """The project of this name for somebody who may do this at the desk, drafts included.

    Refuses  what desk_of refuses (before it says what there is), project.not_found.
    """
    town = _let_in(request, act, slug)
    project = projects_at_the_desk(town).defer(None).filter(slug=slug).first()
    if project is None:
        raise Refused(Code.PROJECT_NOT_FOUND, {"slug": slug[:60]})
    project.organisation = town
    if request.method == "GET":
        read_live(request, _address(request), project=project)
    return project


def piece_called(request: HttpRequest, slug: str, number: int, act: DeskAct = DeskAct.MODERATE) -> Proposal:
    """A proposal of any state, for somebody who may do this at the desk.

    Refuses  what desk_project_called refuses, proposal.not_found.
    """
    project = desk_project_called(request, slug, act)
    found = supported_by(visible_proposals(project, request.user), request.user).filter(number=number).first()
    if found is None:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    found.project = project
    return found


def key_of(request: HttpRequest) -> str:
    """The Idempotency-Key of a request; "" where it has none.

    Refuses  request.bad for one that is too long or no plain text.
    """
    key = request.headers.get(KEY_HEADER, "")
    if len(key) > KEY_MAX or not (key.isascii() and key.isprintable()):
        raise Refused(Code.REQUEST_BAD)
    return key


def nonce_of(request: HttpRequest) -> UUID:
    """The nonce of a ballot: the same for the same key, else a new one."""
    key = key_of(request)
    return uuid5(NAMESPACE_URL, key) if key else uuid4()


def doing_once(request: HttpRequest, asked: str, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do an act once for the key of the request; each time where it has none."""
    key = key_of(request)
    if not key:
        return act()
    answer, _is_repeat = once(
        organisation=town_of(request),
        person=someone(request),
        key=key,
        asked=f"{request.method} {request.path} {asked}",
        act=act,
        now=timezone.now(),
    )
    return answer


def require_valid(form: Form) -> None:
    """Refuse what a form of the pages does not take, with what is wrong by field.

    Refuses  request.bad.
    """
    if form.is_valid():
        return
    said = [{"at": [name], "why": str(why)} for name, errors in form.errors.items() for why in errors]
    raise RefusedWith(Code.REQUEST_BAD, {}, said)


def require_languages(town: Organisation, *texts: Mapping[str, str]) -> None:
    """Refuse a text in a language that is none of the town's: no page would show it.

    Refuses  request.bad.
    """
    known = set(town.languages or ["nl"])
    said = [{"at": [code], "why": "no language of this town"} for text in texts for code in text if code not in known]
    if said:
        raise RefusedWith(Code.REQUEST_BAD, {}, said)
