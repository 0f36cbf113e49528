"""PDFs of strangers: what is drawn on the pages comes through, everything else stays behind."""

import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageChops
from pypdf import PdfReader, PdfWriter
from pypdf.generic import StreamObject

from geo.intake.documents.apart import plain_pdf
from geo.intake.documents.codecs import flate_alone, jpeg_pixels, jpx_pixels
from geo.intake.documents.refused import Locked, Unreadable
from tests.documents import SECRET, SEEN, plain_document, telling_document, telling_jpeg, written


def everything_in(document: bytes) -> bytes:
    """The bytes of a PDF, and of all its streams unpacked."""
    reader = PdfReader(BytesIO(document))
    found = [document]
    for number in range(1, int(str(reader.trailer["/Size"]))):
        one = reader.get_object(number)
        if isinstance(one, StreamObject):
            found.append(one.get_data())
        found.append(repr(one).encode())
    return b"\n".join(found)


def test_nothing_but_what_is_drawn_comes_through() -> None:
    given = telling_document()
    # The control: it is there to be found, in every corner, and pypdf alone would pass it on.
    assert everything_in(given).count(SECRET.encode()) >= 12
    again = BytesIO()
    PdfWriter(clone_from=PdfReader(BytesIO(given))).write(again)
    assert SECRET.encode() in everything_in(again.getvalue())
    made = plain_pdf(given)
    assert SECRET.encode() not in everything_in(made)
    for word in (b"/JS", b"/JavaScript", b"/EmbeddedFile", b"/URI", b"/Annots", b"/Metadata", b"/Info", b"<script"):
        assert word not in everything_in(made), word


def test_its_pages_look_the_same() -> None:
    given, made = PdfReader(BytesIO(telling_document())), PdfReader(BytesIO(plain_pdf(telling_document())))
    assert len(made.pages) == len(given.pages) == 1
    said = made.pages[0].extract_text()
    # What was filled into the form is on the page itself now.
    assert {SEEN, "Ingevuld"} <= {word for word in (SEEN, "Ingevuld") if word in said}
    assert made.pages[0].mediabox == given.pages[0].mediabox
    assert len(made.pages[0].images) == 2
    for image in made.pages[0].images:
        shown = Image.open(BytesIO(image.data)).convert("RGB")
        assert not ImageChops.difference(shown, Image.open(BytesIO(telling_jpeg())).convert("RGB")).getbbox()
    assert len(PdfReader(BytesIO(plain_pdf(plain_document(4)))).pages) == 4


def test_what_cannot_be_copied_is_refused() -> None:
    whole = plain_document()
    locked = PdfWriter(clone_from=PdfReader(BytesIO(whole)))
    locked.encrypt("geheim", algorithm="RC4-128")
    into = BytesIO()
    locked.write(into)
    with pytest.raises(Locked):
        plain_pdf(into.getvalue())
    no_page = BytesIO()
    PdfWriter().write(no_page)
    for broken in (b"%PDF-1.7", whole[: len(whole) // 2], whole[:-40], b"%PDF-1.7 plan %%EOF", no_page.getvalue()):
        with pytest.raises(Unreadable):
            plain_pdf(broken)


def test_what_is_made_to_hurt_is_refused_or_drawn_and_no_more() -> None:
    root, pages = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</A 5 0 R>>>>>>"
    nested = zlib.compress(b"[" * 200_000)
    packing = zlib.compressobj()
    bomb = b"".join(packing.compress(b"q " * 500_000) for _part in range(100)) + packing.flush()
    packed = [b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(one), one) for one in (nested, bomb)]
    head = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 5 0 R>>>>/Length 5>>"
    ring = head + b"stream\n/A Do\nendstream"
    for hurting in (
        written(root, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"),
        *(written(root, pages, page, one) for one in packed),
    ):
        with pytest.raises(Unreadable):
            plain_pdf(hurting)
    drawn = plain_pdf(written(root, pages, page, b"<</Length 5>>stream\n/A Do\nendstream", ring))
    assert len(PdfReader(BytesIO(drawn)).pages) == 1


def test_pictures_keep_their_pixels_and_nothing_beside_them() -> None:
    given = telling_jpeg()
    made = jpeg_pixels(given)
    assert given.count(SECRET.encode()) >= 4
    assert SECRET.encode() not in made
    same = [Image.open(BytesIO(data)).convert("RGB").tobytes() for data in (given, made)]
    assert same[0] == same[1]
    progressive = BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(progressive, "JPEG", progressive=True, comment=SECRET)
    assert Image.open(BytesIO(jpeg_pixels(progressive.getvalue()))).size == (64, 64)
    newer = BytesIO()
    Image.new("RGB", (64, 48), "#1f5c3a").save(newer, "JPEG2000", comment=SECRET)
    box = (len(SECRET) + 8).to_bytes(4) + b"xml " + SECRET.encode()
    planted = newer.getvalue() + box
    plain = jpx_pixels(planted)
    assert (planted.count(SECRET.encode()), plain.count(SECRET.encode())) == (2, 0)
    assert Image.open(BytesIO(plain)).convert("RGB").getpixel((9, 9)) == (31, 92, 58)
    for bad in (b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00", given[:300]):
        with pytest.raises(Unreadable):
            jpeg_pixels(bad)
    assert flate_alone(b"not deflated") is None
