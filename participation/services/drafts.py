"""Keeps and forgets drafts."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from participation.models import AnswerFile, Draft, Person, Photo, Project
from participation.services import answer_files, photos

# What nobody touched for so long is nobody's any more; the page on privacy says the same.
KEPT = timedelta(days=180)


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


@transaction.atomic
def forget_old(*, now: datetime) -> int:
    """Forget what was begun and not touched for half a year, with its photos and documents; how many drafts.

    Locks    the drafts' rows; one that is being written right now is left alone.
    """
    old = Draft.objects.select_for_update(skip_locked=True).filter(updated_at__lt=now - KEPT)
    tokens = list(old.values_list("token", flat=True))
    pictures = list(Photo.objects.filter(draft__in=tokens).values_list("key", flat=True))
    files = list(AnswerFile.objects.filter(draft__in=tokens).values_list("key", flat=True))
    Draft.objects.filter(token__in=tokens).delete()
    transaction.on_commit(lambda: photos.forget_files(pictures))
    transaction.on_commit(lambda: answer_files.forget_files(files))
    return len(tokens)
