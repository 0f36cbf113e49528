"""Takes in what people answer with: a picture is drawn anew as every photo is, a PDF is copied page by page, and a
document is kept for staff alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from geo.intake.documents.apart import plain_pdf
from geo.intake.documents.refused import Locked, Unreadable
from participation.models import AnswerFile, Draft
from participation.rules.questions import Kind, Question
from participation.rules.refusals import Code, Refused
from participation.rules.wording import cleaned, line
from participation.services.photos import drawn_anew

FOLDER = "answers"
MEGABYTE = 1024 * 1024
MAX_BYTES = 10 * MEGABYTE
ALT_MAX, NAME_MAX = 200, 120
# What begins so is a picture, whatever it is called; it goes the way of photos.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
PDF, TEXT, JPEG = "application/pdf", "text/plain; charset=utf-8", "image/jpeg"


def path_of(key: UUID) -> str:
    """Where the bytes of a file lie under MEDIA_ROOT."""
    return f"{FOLDER}/{key}"


def add_answer_file(
    *, draft: Draft, question: Question, file: IO[bytes], size: int, name: str, alt: str, now: datetime
) -> AnswerFile:
    """Put a photo or a document into a draft, in the place of the one that answered this question.

    Of a picture only pixels are kept (services.photos), of a PDF what is drawn on its pages (geo.intake.documents);
    of other documents plain text is taken. That is done before anything is locked: a document may take its time.

    Locks    the draft's row.
    Refuses  body.too_long, photo.*, answer.file_not_taken, answer.file_too_large, answer.file_locked,
             answer.file_broken.
    """
    name = " ".join(cleaned(name.replace("\\", "/").rpartition("/")[2]).split())[-NAME_MAX:] or "bestand"
    alt = line(alt, ALT_MAX)
    made = AnswerFile(draft=draft, question=question.key, name=name, alt=alt, created_at=now)
    head = file.read(512)
    file.seek(0)
    if question.kind is Kind.PHOTO or head.startswith(_PICTURES):
        if question.kind is Kind.PHOTO and not alt:
            raise Refused(Code.PHOTO_ALT_MISSING)
        drawn = drawn_anew(file, size)
        made.content_type, made.width, made.height = JPEG, drawn.width, drawn.height
        content = drawn.files["large"]
    else:
        if size > MAX_BYTES:
            raise Refused(Code.ANSWER_FILE_TOO_LARGE, {"max": MAX_BYTES // MEGABYTE})
        content = file.read()
        made.content_type = _type_of(content)
        if made.content_type == PDF:
            content = _drawn_on(content)
    with transaction.atomic():
        Draft.objects.select_for_update(no_key=True).get(pk=draft.pk)
        AnswerFile.objects.filter(draft=draft, question=question.key).delete()
        default_storage.save(path_of(made.key), ContentFile(content))
        made.save()
    return made


def _type_of(content: bytes) -> str:
    """What a document is by what is in it: its name says nothing."""
    if content.startswith(b"%PDF-"):
        return PDF
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(Code.ANSWER_FILE_NOT_TAKEN) from error
    # Markup is a page to a browser and a program to others.
    if not text.strip() or "\x00" in text or text.lstrip("\ufeff \t\r\n").startswith("<"):
        raise Refused(Code.ANSWER_FILE_NOT_TAKEN)
    return TEXT


def _drawn_on(content: bytes) -> bytes:
    """What is drawn on the pages of a PDF, and nothing else of it."""
    try:
        return plain_pdf(content)
    except Locked as error:
        raise Refused(Code.ANSWER_FILE_LOCKED) from error
    except Unreadable as error:
        raise Refused(Code.ANSWER_FILE_BROKEN) from error


def drop_answer_file(*, draft: Draft, question: str) -> None:
    """Take the file that answers this question out of a draft."""
    AnswerFile.objects.filter(draft=draft, question=question).delete()


def forget_files(keys: Iterable[UUID]) -> None:
    """Delete the bytes of files that are gone."""
    for key in keys:
        default_storage.delete(path_of(key))


def sweep(*, now: datetime) -> int:
    """Delete bytes that no answer stands for any more, a day after they were written; how many files those were."""
    if not default_storage.exists(FOLDER):
        return 0
    _folders, files = default_storage.listdir(FOLDER)
    known = {str(key) for key in AnswerFile.objects.values_list("key", flat=True)}
    old = [
        name
        for name in set(files) - known
        if now - default_storage.get_modified_time(f"{FOLDER}/{name}") > timedelta(days=1)
    ]
    for name in old:
        default_storage.delete(f"{FOLDER}/{name}")
    return len(old)
