"""Keeps what someone began: a draft per browser, project and kind, found by a token in the session."""

from collections.abc import Mapping

from django.http import HttpRequest

from participation.models import Draft, Project
from participation.services.drafts import drop_draft, keep_draft
from participation.web.asking import person_of


def _key(project_id: int, kind: Draft.Kind) -> str:
    return f"draft:{project_id}:{kind.value}"


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
