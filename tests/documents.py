"""PDF documents that tell more than one sees on their pages."""

from io import BytesIO

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SECRET = "GEHEIM-51.0543-3.7174"
SEEN = "Plan van de Kerkstraat"


def telling_jpeg(size: tuple[int, int] = (300, 200)) -> bytes:
    """A picture with where it was taken, in EXIF, XMP, a comment and behind its end."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif.get_ifd(0x8825)[0x1D] = SECRET
    into = BytesIO()
    image = Image.new("RGB", size, "#1f5c3a")
    image.save(into, "JPEG", exif=exif, comment=SECRET, xmp=SECRET.encode(), icc_profile=SECRET.encode())
    return into.getvalue() + SECRET.encode()


def plain_document(n_pages: int = 1) -> bytes:
    """A PDF of pages with a line of text, a picture, and a form that was filled in."""
    into = BytesIO()
    # As it stands, so that what is planted can be found by its bytes.
    canvas = Canvas(into, pageCompression=0)
    canvas.setTitle(SECRET)
    canvas.setAuthor(SECRET)
    for number in range(n_pages):
        canvas.drawString(100, 700, f"{SEEN} {number + 1}")
        canvas.drawImage(ImageReader(BytesIO(telling_jpeg())), 100, 400, width=200, height=130)
        if number == 0:
            canvas.acroForm.textfield(name="naam", value="Ingevuld", x=100, y=300, width=200, height=30)
        canvas.linkURL(f"https://example.org/{SECRET}", (0, 0, 10, 10))
        canvas.showPage()
    canvas.save()
    return into.getvalue()


def stream_of(content: bytes, **more: str) -> DecodedStreamObject:
    """A stream with this in it."""
    stream = DecodedStreamObject()
    stream.set_data(content)
    for key, value in more.items():
        stream[NameObject(f"/{key}")] = NameObject(f"/{value}")
    return stream


def telling_document() -> bytes:
    """The same, with a secret wherever a PDF has room for one, and acts for whoever opens it."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(plain_document())))
    writer.add_attachment("huis.txt", SECRET.encode())
    writer.add_outline_item(title=SECRET, page_number=0)
    root, page = writer.root_object, writer.pages[0]
    root[NameObject("/Metadata")] = writer._add_object(
        stream_of(f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode(), Type="Metadata", Subtype="XML")
    )
    script = {
        NameObject("/S"): NameObject("/JavaScript"),
        NameObject("/JS"): TextStringObject(f"app.alert('{SECRET}')"),
    }
    root[NameObject("/OpenAction")] = DictionaryObject(script)
    page[NameObject("/Metadata")] = root.raw_get("/Metadata")
    page[NameObject("/PieceInfo")] = DictionaryObject({NameObject("/App"): TextStringObject(SECRET)})
    page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): TextStringObject(SECRET)})
    raw = stream_of(telling_jpeg(), Type="XObject", Subtype="Image", ColorSpace="DeviceRGB", Filter="DCTDecode")
    profile = stream_of(SECRET.encode())
    profile[NameObject("/N")] = NumberObject(3)
    raw[NameObject("/ColorSpace")] = ArrayObject([NameObject("/ICCBased"), writer._add_object(profile)])
    for key, value in (("/Width", 300), ("/Height", 200), ("/BitsPerComponent", 8)):
        raw[NameObject(key)] = NumberObject(value)
    raw[NameObject("/Metadata")] = root.raw_get("/Metadata")
    resources = page["/Resources"]
    assert isinstance(resources, DictionaryObject)
    pictures = resources.setdefault(NameObject("/XObject"), DictionaryObject())
    pictures[NameObject("/Im9")] = writer._add_object(raw)
    drawn = page.get_contents()
    assert drawn is not None
    before = drawn.get_data()
    marked = f"\n% {SECRET}\n/Span <</ActualText ({SECRET})>> BDC q 50 0 0 40 300 400 cm /Im9 Do Q EMC\n".encode()
    page[NameObject("/Contents")] = writer._add_object(stream_of(before + marked))
    into = BytesIO()
    writer.write(into)
    return into.getvalue() + f"\n<script>alert('{SECRET}')</script>".encode()


def written(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of them its root; whatever stands in them."""
    out, starts = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, start=1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    return out + head + table + b"trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
