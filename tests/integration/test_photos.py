"""Photos: pixels drawn anew and nothing else, whatever the file was; served to who may see what they belong to."""

import struct
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import compress, crc32

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, PngImagePlugin
from pytest_django import Settings

from participation.models import Draft, Photo, Project, Proposal
from participation.rules.refusals import Code, Refused
from participation.services.photos import drawn_anew, sweep
from participation.services.proposals import hide_proposal
from tests.cast import Cast

SECRET = b"GEHEIM-51.0543-3.7174"
SUGGEST = "/projects/laden/suggest/"
KINDS = ("JPEG", "PNG", "WEBP")


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """A folder of its own for what is uploaded."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600), **more: Any) -> bytes:
    """A picture that tells where it was taken, in every way its format knows, and behind its end."""
    image = Image.new("RGB", size, "#1f5c3a")
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = SECRET.decode()  # description, artist
    exif.get_ifd(0x8825)[0x1D] = SECRET.decode()  # GPS date
    exif[0x0112] = 6  # turned
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    into = BytesIO()
    if kind == "JPEG":
        image.save(into, kind, exif=exif, xmp=xmp, comment=SECRET, icc_profile=SECRET, **more)
    elif kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        image.save(into, kind, exif=exif, pnginfo=info, **more)
    else:
        image.save(into, kind, exif=exif, xmp=xmp, **more)
    return into.getvalue() + SECRET + b"<script>alert(1)</script>"


def suggest(cast: Cast) -> Client:
    """A resident who chose a place."""
    client = Client()
    client.force_login(cast["An"])
    client.post(SUGGEST, {"lon": "2.7", "lat": "50.85", "next": "1"})
    return client


def send_photo(client: Client, content: bytes, name: str = "foto.jpg", alt: str = "Het plein", **more: str) -> Any:
    """Add a photo in the second step."""
    file = SimpleUploadedFile(name, content, content_type="image/jpeg")
    return client.post(
        f"{SUGGEST}what/", {"title": "Aan de kerk", "body": "Reden", "photo": file, "alt": alt, "add_photo": "1"} | more
    )


def why(file: bytes) -> Code:
    """Why a file is refused."""
    with pytest.raises(Refused) as error:
        drawn_anew(BytesIO(file), len(file))
    return error.value.code


def test_the_planted_place_is_there_to_be_found() -> None:
    """The control: the files do hold it, and Pillow would pass some of it on."""
    for kind in KINDS:
        assert picture(kind).count(SECRET) >= 3, kind
    kept = BytesIO()
    image = Image.open(BytesIO(picture("JPEG")))
    image.save(kept, "JPEG", exif=image.getexif())
    assert SECRET in kept.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_planted_is_in_anything_served_or_exported(cast: Cast, media: Path, kind: str) -> None:
    client = suggest(cast)
    assert send_photo(client, picture(kind)).status_code == 302
    client.post(f"{SUGGEST}what/", {"title": "Aan de kerk", "body": "Reden"})
    client.post(f"{SUGGEST}check/")
    photo = Photo.objects.get()
    assert photo.proposal is not None
    Proposal.objects.filter(pk=photo.proposal.pk).update(state="published")
    files = [path for path in media.rglob("*") if path.is_file()]
    assert len(files) == 2
    page = f"/projects/laden/proposals/{photo.proposal.number}/"
    served = [path.read_bytes() for path in files]
    addresses = (
        f"/photos/{photo.key}/large.jpg", f"/photos/{photo.key}/small.jpg", page, "/projects/laden/",
        "/ogc/collections/laden-proposals/items", "/export/laden-proposals.csv", "/export/laden-proposals.geojson",
        "/export/laden-proposals.gpkg", "/api/v1/projects/laden/proposals",
    )  # fmt: skip
    for address in addresses:
        answer = Client().get(address)
        assert answer.status_code == 200, address
        served.append(b"".join(answer))
    assert all(SECRET not in content and b"<script>alert(1)" not in content for content in served)
    large = Image.open(BytesIO(b"".join(Client().get(addresses[0]))))
    # Turned upright, and nothing but a plain JPEG.
    assert large.size == (600, 900) if kind != "PNG" else large.size in {(600, 900), (900, 600)}
    assert (large.format, dict(large.getexif()), large.info.get("comment"), large.info.get("xmp")) == (
        "JPEG", {}, None, None,
    )  # fmt: skip
    assert "Het plein" in Client().get(page).content.decode()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is that large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_what_is_no_photo_is_refused_before_it_is_drawn() -> None:
    svg = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    gif = BytesIO()
    Image.new("RGB", (4, 4)).save(gif, "GIF")
    for file in (b"", b"hello", svg, gif.getvalue(), b"%PDF-1.7 " + b"x" * 100, b"\xff\xd8\xff\xe0" + b"\0" * 50):
        assert why(file) is Code.PHOTO_UNREADABLE
    for size in ((8_000, 8_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)):
        assert why(bomb(*size)) in {Code.PHOTO_TOO_MANY_PIXELS, Code.PHOTO_UNREADABLE}
    assert why(bomb(8_000, 8_000)) is Code.PHOTO_TOO_MANY_PIXELS
    with pytest.raises(Refused) as error:
        drawn_anew(BytesIO(b""), 16 * 1024 * 1024)
    assert error.value.code is Code.PHOTO_TOO_LARGE


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_cut_off_half_way_is_refused_and_the_text_is_kept(cast: Cast, media: Path, kind: str) -> None:
    whole = picture(kind, (400, 300))
    client = suggest(cast)
    answer = send_photo(client, whole[: len(whole) // 4])
    assert answer.status_code == 422
    assert b"Aan de kerk" in answer.content
    assert Draft.objects.get().content["title"] == "Aan de kerk"
    assert not Photo.objects.exists()
    assert not list(media.rglob("*.jpg"))


def test_it_asks_what_is_on_it_and_takes_three_at_most(cast: Cast, media: Path) -> None:
    client = suggest(cast)
    assert send_photo(client, picture(size=(60, 40)), alt=" ").status_code == 422
    for _ in range(3):
        assert send_photo(client, picture(size=(60, 40))).status_code == 302
    fourth = send_photo(client, picture(size=(60, 40)))
    assert (fourth.status_code, b'data-code="photo.too_many"' in fourth.content) == (409, True)
    assert Photo.objects.count() == 3
    key = Photo.objects.first().key  # type: ignore[union-attr]
    client.post(f"{SUGGEST}what/", {"title": "x", "drop_photo": str(key)})
    assert Photo.objects.count() == 2


def test_a_photo_is_seen_by_who_may_see_its_proposal(cast: Cast, media: Path) -> None:
    client = suggest(cast)
    send_photo(client, picture(size=(60, 40)))
    photo = Photo.objects.get()
    address = f"/photos/{photo.key}/small.jpg"
    assert client.get(address).status_code == 200
    assert Client().get(address).status_code == 404  # the draft of somebody else's browser
    client.post(f"{SUGGEST}what/", {"title": "Aan de kerk"})
    client.post(f"{SUGGEST}check/")
    assert Client().get(address).status_code == 404  # it waits
    assert client.get(address)["Cache-Control"] == "private, no-store"
    Proposal.objects.filter(photos=photo).update(state="published")
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        200,
        "image/jpeg",
        "nosniff",
    )
    proposal = Proposal.objects.get(photos=photo)
    hide_proposal(project=cast.project, number=proposal.number, reason="Toont iemand.", by=cast["Mo"])
    assert Client().get(address).status_code == 404
    assert Client(headers={"host": "elders.localhost"}).get(address).status_code == 404
    Proposal.objects.filter(pk=proposal.pk).update(state="published", hidden_because="")
    Project.objects.update(state="draft")
    assert Client().get(address).status_code == 404


def test_files_that_no_photo_stands_for_are_swept(cast: Cast, media: Path) -> None:
    client = suggest(cast)
    send_photo(client, picture(size=(60, 40)))
    kept = Photo.objects.get().key
    lost = media / "photos" / str(uuid4())
    lost.mkdir()
    (lost / "large.jpg").write_bytes(b"x")
    now = datetime.now(UTC)
    assert sweep(now=now) == 0
    assert sweep(now=now + timedelta(days=2)) == 1
    assert [path.name for path in (media / "photos").iterdir()] == [str(kept)]
