"""Keeps what someone began: a draft per browser, project and kind, found by a token in the session."""

from collections.abc import Mapping

from django.http import HttpRequest

from participation.models import Draft, Person, Project
from participation.selectors.drafts import draft_left
from participation.services.drafts import adopt_drafts, drop_draft, keep_draft
from participation.web.asking import person_of

PREFIX = "draft:"


def _key(project_id: int, kind: Draft.Kind) -> str:
    return f"{PREFIX}{project_id}:{kind.value}"


def token_of(request: HttpRequest, project: Project, kind: Draft.Kind) -> str | None:
    """By what token does this browser know its draft?"""
    token: str | None = request.session.get(_key(project.pk, kind))
    return token


def draft_of(request: HttpRequest, project: Project, kind: Draft.Kind) -> dict[str, object]:
    """What did this browser begin here? Empty when nothing."""
    token = request.session.get(_key(project.pk, kind))
    if not token:
        return {}
    found = Draft.objects.filter(token=token, project=project, kind=kind).first()
    return dict(found.content) if found else {}


def offered_draft(request: HttpRequest, project: Project, kind: Draft.Kind) -> Draft | None:
    """What did this person begin in another browser, while there is nothing of it in this one?"""
    person = person_of(request)
    if person is None or draft_of(request, project, kind):
        return None
    return draft_left(person, project, kind)


def take_up(request: HttpRequest, project: Project, kind: Draft.Kind) -> bool:
    """Go on in this browser with what was begun in another one; False where there is nothing."""
    offered = offered_draft(request, project, kind)
    if offered is None:
        return False
    request.session[_key(project.pk, kind)] = str(offered.token)
    return True


def adopt(sender: object, request: HttpRequest, user: Person, **_more: object) -> None:
    """Make what was begun in this browser theirs who sign in there, so that losing the session does not lose it."""
    adopt_drafts((token for name, token in request.session.items() if name.startswith(PREFIX)), user)


def keep(request: HttpRequest, project: Project, kind: Draft.Kind, content: Mapping[str, object]) -> None:
    """Keep what was filled in so far."""
    key = _key(project.pk, kind)
    draft = keep_draft(
        token=request.session.get(key), project=project, kind=kind, person=person_of(request), content=content
    )
    request.session[key] = str(draft.token)


def drop(request: HttpRequest, project_id: int, kind: Draft.Kind) -> None:
    """Forget a draft that was sent."""
    token = request.session.pop(_key(project_id, kind), None)
    if token:
        drop_draft(token)
