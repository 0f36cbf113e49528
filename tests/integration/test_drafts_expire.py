"""Drafts that nobody touched for half a year go, their photos and documents with them; others stay."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

from django.test import Client
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from participation.models import AnswerFile, Draft, Photo
from participation.queries.voting import database_now
from participation.rules.questions import Kind, Question
from participation.services.answer_files import add_answer_file
from participation.services.drafts import KEPT, forget_old, keep_draft
from participation.services.photos import add_photo
from participation.tasks import forget_old_drafts
from tests.cast import Cast, text


def begun(cast: Cast, name: str, *, ago: timedelta) -> Draft:
    """A draft with a photo and a document, touched last so long ago."""
    now = database_now() - ago
    draft = keep_draft(
        token=None, project=cast.project, kind=Draft.Kind.PROPOSAL, person=cast[name], content={"title": name}
    )
    picture = BytesIO()
    Image.new("RGB", (40, 30)).save(picture, "JPEG")
    picture.seek(0)
    add_photo(draft=draft, file=picture, size=999, alt="Plein", now=now)
    question = Question("q1", Kind.FILE, text("Plan"))
    add_answer_file(draft=draft, question=question, file=BytesIO(b"Een plan"), size=8, name="x.txt", alt="", now=now)
    Draft.objects.filter(pk=draft.pk).update(updated_at=now)
    return draft


def test_what_nobody_touched_for_half_a_year_goes_with_its_files(
    cast: Cast, settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.MEDIA_ROOT = tmp_path
    old = begun(cast, "An", ago=KEPT + timedelta(minutes=1))
    young = begun(cast, "Vera", ago=KEPT - timedelta(minutes=1))
    gone: list[UUID] = [Photo.objects.get(draft=old).key, AnswerFile.objects.get(draft=old).key]
    left = [Photo.objects.get(draft=young).key, AnswerFile.objects.get(draft=young).key]
    # By an earlier clock none is old.
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_old(now=database_now() - timedelta(hours=1)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        forget_old_drafts(int(database_now().timestamp()))
    assert list(Draft.objects.all()) == [young]
    stored = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert not any(str(key) in path for key in gone for path in stored)
    assert all(any(str(key) in path for path in stored) for key in left)
    assert Client().get(f"/photos/{gone[0]}/small.jpg").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_old(now=database_now() + timedelta(days=1)) == 1
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
