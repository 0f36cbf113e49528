"""Takes photos in: what is kept are pixels drawn anew, in two sizes; nothing else of the file survives.

Whatever came beside the pixels (where and when it was taken, with which device, a second file behind the first) is
not read, so it cannot be served or exported. Source: trust in a stranger's picture ends at its pixels; Pillow's
readers of three plain formats are the only ones that see it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from threading import BoundedSemaphore
from typing import IO
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from participation.models import Draft, Photo
from participation.models.photo import ALT_MAX
from participation.rules.refusals import Code, Refused
from participation.rules.wording import line

FOLDER = "photos"
# The longer side of each file, in pixels.
SIZES = {"large": 1600, "small": 480}
QUALITY = 82
# SVG, GIF, TIFF and the rest are read by nobody here.
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 15 * 1024 * 1024
# More than any phone makes; three bytes each while it is drawn.
MAX_PIXELS = 50_000_000
MOST = 3
# So many are drawn at a time in one process, for the sake of its memory.
_AT_ONCE = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew: its JPEG files by size, and the pixels of the large one."""

    files: dict[str, bytes]
    width: int
    height: int


@contextmanager
def _refusing() -> Iterator[None]:
    """Say of whatever Pillow raises on a stranger's file what is wrong with it."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(Code.PHOTO_TOO_MANY_PIXELS, {"max": MAX_PIXELS // 1_000_000}) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise Refused(Code.PHOTO_UNREADABLE) from error


def drawn_anew(file: IO[bytes], size: int) -> Drawn:
    """Draw a picture anew, upright, on white where it is transparent.

    Refuses  photo.too_large, photo.too_many_pixels (before a pixel is read), photo.unreadable: another format, or cut
             off half-way.
    """
    if size > MAX_BYTES:
        raise Refused(Code.PHOTO_TOO_LARGE, {"max": MAX_BYTES // (1024 * 1024)})
    with _AT_ONCE, _refusing(), Image.open(file, formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise Refused(Code.PHOTO_TOO_MANY_PIXELS, {"max": MAX_PIXELS // 1_000_000})
        # A JPEG can be read smaller than it is, in a fraction of the memory.
        image.draft("RGB", (SIZES["large"], SIZES["large"]))
        # Other libraries of this process (WeasyPrint) have Pillow fill what is missing with grey; here it is refused.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        image.load()
        upright = ImageOps.exif_transpose(image).convert("RGBA")
        files: dict[str, bytes] = {}
        width = height = 0
        for name, side in SIZES.items():
            smaller = upright.copy()
            smaller.thumbnail((side, side))
            # A new picture: of the old one come its pixels, and none of what hangs on it.
            plain = Image.new("RGB", smaller.size, "white")
            plain.paste(smaller, mask=smaller.getchannel("A"))
            into = BytesIO()
            plain.save(into, "JPEG", quality=QUALITY, optimize=True)
            files[name] = into.getvalue()
            if name == "large":
                width, height = plain.size
        return Drawn(files, width, height)


def path_of(key: UUID, size: str) -> str:
    """Where the file of this size lies under MEDIA_ROOT."""
    return f"{FOLDER}/{key}/{size}.jpg"


@transaction.atomic
def add_photo(*, draft: Draft, file: IO[bytes], size: int, alt: str, now: datetime) -> Photo:
    """Put a photo into a draft.

    Locks    the draft's row: no two photos become one too many.
    Refuses  body.too_long, photo.alt_missing, photo.too_many, photo.too_large, photo.too_many_pixels, photo.unreadable.
    """
    alt = line(alt, ALT_MAX)
    if not alt:
        raise Refused(Code.PHOTO_ALT_MISSING)
    Draft.objects.select_for_update(no_key=True).get(pk=draft.pk)
    if Photo.objects.filter(draft=draft).count() >= MOST:
        raise Refused(Code.PHOTO_TOO_MANY, {"max": MOST})
    drawn = drawn_anew(file, size)
    photo = Photo(draft=draft, alt=alt, width=drawn.width, height=drawn.height, created_at=now)
    for name, content in drawn.files.items():
        default_storage.save(path_of(photo.key, name), ContentFile(content))
    photo.save()
    return photo


@transaction.atomic
def drop_photo(*, draft: Draft, key: UUID) -> None:
    """Take a photo out of a draft; its files go when that is certain."""
    if Photo.objects.filter(draft=draft, key=key).delete()[0]:
        transaction.on_commit(lambda: forget_files([key]))


def forget_files(keys: Iterable[UUID]) -> None:
    """Delete the files of photos that are gone."""
    for key in keys:
        for name in SIZES:
            default_storage.delete(path_of(key, name))
        default_storage.delete(f"{FOLDER}/{key}")


def sweep(*, now: datetime) -> int:
    """Delete files that no photo stands for any more, a day after they were written; how many photos those were."""
    if not default_storage.exists(FOLDER):
        return 0
    folders, _files = default_storage.listdir(FOLDER)
    known = {str(key) for key in Photo.objects.values_list("key", flat=True)}
    n = 0
    for name in set(folders) - known:
        large = path_of(UUID(name), "large")
        written = (
            default_storage.get_modified_time(large)
            if default_storage.exists(large)
            else datetime.min.replace(tzinfo=UTC)
        )
        if now - written > timedelta(days=1):
            forget_files([UUID(name)])
            n += 1
    return n
