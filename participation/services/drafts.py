"""Keeps and forgets drafts."""

from collections.abc import Iterable, Mapping

from participation.models import Draft, Person, Project


def keep_draft(
    *, token: str | None, project: Project, kind: Draft.Kind, person: Person | None, content: Mapping[str, object]
) -> Draft:
    """Write a draft under its token, or under a new one; the last writer wins."""
    draft = Draft.objects.filter(token=token, project=project, kind=kind).first() if token else None
    draft = draft or Draft(project=project, kind=kind)
    draft.person = person or draft.person
    draft.content = dict(content)
    draft.save()
    return draft


def adopt_drafts(tokens: Iterable[str], person: Person) -> None:
    """Make drafts that nobody owns this person's; when they were touched last stays as it is."""
    Draft.objects.filter(token__in=list(tokens), person=None).update(person=person)


def drop_draft(token: str) -> None:
    """Forget a draft."""
    Draft.objects.filter(token=token).delete()
