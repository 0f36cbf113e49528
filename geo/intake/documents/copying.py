"""Copies the pages of a PDF into a new one: of everything in it only what draws them.

What is taken is on the list (``DRAWN``); what is not on it stays behind, whatever it is called: who wrote it when and
with what, XMP, attachments, scripts and actions, links, bookmarks, thumbnails, profiles of colour, comments in
streams. What was filled into a form or written on top is drawn into the page, as who sent it saw it.

Source   ISO 32000-1:2008, 7.8 (content streams), 8 and 9 (graphics and fonts), 12.5.5 (appearances).
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.filters import decode_stream_data
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    ContentStream,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

from geo.intake.documents.codecs import flate_alone, jpeg_pixels, jpx_pixels
from geo.intake.documents.refused import Locked, Unreadable

DRAWN = frozenset(
    f"/{key}"
    for line in (
        "Type Subtype S",
        "BBox Matrix FormType Group CS I K",
        "Width Height ColorSpace BitsPerComponent Decode ImageMask Mask SMask SMaskInData Intent Interpolate Matte",
        "BaseFont FirstChar LastChar Widths FontDescriptor Encoding BaseEncoding Differences ToUnicode DescendantFonts",
        "CIDSystemInfo Registry Ordering Supplement DW W DW2 W2 CIDToGIDMap FontBBox FontMatrix FontName FontStretch",
        "FontWeight Flags ItalicAngle Ascent Descent Leading CapHeight XHeight StemV StemH AvgWidth MaxWidth",
        "MissingWidth FontFile FontFile2 FontFile3 CharSet CIDSet CMapName WMode UseCMap Length1 Length2 Length3",
        "LW LC LJ ML D RI OP op OPM Font FL SM SA BM CA ca AIS TK G BC TR",
        "PatternType PaintType TilingType XStep YStep Shading ExtGState",
        "ShadingType Background AntiAlias Domain Function Coords Extend BitsPerCoordinate BitsPerFlag VerticesPerRow",
        "FunctionType Range Size BitsPerSample Order Encode C0 C1 N Functions Bounds",
        "WhitePoint BlackPoint Gamma",
        "Columns Rows BlackIs1 EncodedByteAlign EndOfLine EndOfBlock DamagedRowsBeforeError JBIG2Globals",
        "ColorTransform Predictor Colors EarlyChange",
    )
    for key in line.split()
)
_PAGE = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Group")
_RESOURCES = ("/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading")
_DEVICE = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}
# What is compressed so stays so; pixels are not touched.
_CODECS: dict[str, Callable[[bytes], bytes]] = {
    "/DCTDecode": jpeg_pixels,
    "/JPXDecode": jpx_pixels,
    "/CCITTFaxDecode": bytes,
    "/JBIG2Decode": bytes,
}
# Marks on content: words for other programs, layers, structure. None of them draws.
_MARKS = {b"BMC", b"BDC", b"EMC", b"MP", b"DP"}
_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5
# A reader looks for the end of a PDF among its last bytes; without one it was cut off.
_END, _END_WITHIN = b"%%EOF", 1024
# What is copied: a value by the list, a stream of operators, or what stands under names that are somebody's own.
PLAIN, CONTENT, NAMES = "plain", "content", "names"


def copied(content: bytes) -> bytes:
    """The pages of a PDF as a new PDF.

    Raises   Locked, Unreadable; on a file made to hurt whatever pypdf raises, RecursionError, MemoryError.
    """
    if _END not in content[-_END_WITHIN:]:
        raise Unreadable
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        raise Locked
    copier = _Copier()
    for page in reader.pages:
        copier.add(page)
    if not reader.pages:
        raise Unreadable
    into = BytesIO()
    copier.writer.write(into)
    return into.getvalue()


class _Copier:
    """Copies objects into a new document, each once; ``_made`` holds what is underway too, for circles."""

    def __init__(self) -> None:
        self.writer = PdfWriter()
        self.writer.metadata = None
        self._made: dict[tuple[int, str], PdfObject] = {}

    def add(self, page: PageObject) -> None:
        """Copy one page."""
        made = DictionaryObject()
        made[NameObject("/Type")] = NameObject("/Page")
        for key in _PAGE:
            if key in page:
                made[NameObject(key)] = self._copy(page.raw_get(key))
        resources = self._resources(_at(page, "/Resources"))
        drawn = b"q\n" + self._operators(_at(page, "/Contents")) + b"\nQ\n"
        forms = resources.setdefault(NameObject("/XObject"), DictionaryObject())
        for number, (appearance, matrix) in enumerate(_written_on_top(page)):
            name = NameObject(f"/KpOnTop{number}")
            form = self._copy(appearance, CONTENT)
            made_form = form.get_object()
            assert isinstance(made_form, StreamObject)
            made_form[NameObject("/Subtype")] = NameObject("/Form")
            forms[name] = form
            drawn += f"q {' '.join(f'{part:.5f}' for part in matrix)} cm {name} Do Q\n".encode()
        made[NameObject("/Resources")] = resources
        made[NameObject("/Contents")] = self.writer._add_object(_deflated(StreamObject(), drawn))
        pages = self.writer.root_object["/Pages"]
        assert isinstance(pages, DictionaryObject)
        made[NameObject("/Parent")] = self.writer.root_object.raw_get("/Pages")
        kids = pages["/Kids"]
        assert isinstance(kids, ArrayObject)
        kids.append(self.writer._add_object(made))
        pages[NameObject("/Count")] = NumberObject(len(kids))

    def _copy(self, value: PdfObject, kind: str = PLAIN) -> PdfObject:
        """Copy a value; what is referred to is copied once and referred to."""
        if not isinstance(value, IndirectObject):
            return self._copy_of(value, kind, None)
        key = (value.idnum, kind)
        if key not in self._made:
            source = value.get_object()
            if source is None:
                raise Unreadable
            self._copy_of(source, kind, key)
        return self._made[key]

    def _begun(self, target: PdfObject, key: tuple[int, str] | None) -> PdfObject:
        """Where it is referred to: its number in the new document, before its parts are copied."""
        if key is None and not isinstance(target, StreamObject):
            return target
        reference = self.writer._add_object(target)
        if key is not None:
            self._made[key] = reference
        return reference

    def _copy_of(self, source: PdfObject, kind: str, key: tuple[int, str] | None) -> PdfObject:
        if isinstance(source, StreamObject):
            stream = StreamObject()
            there = self._begun(stream, key)
            self._fill_stream(stream, source, kind)
            return there
        if isinstance(source, DictionaryObject):
            table = DictionaryObject()
            there = self._begun(table, key)
            self._fill(table, source, kind)
            return there
        if isinstance(source, ArrayObject):
            if len(source) > 1 and source[0] == "/ICCBased":
                n = _at(source[1], "/N")
                made: PdfObject = NameObject(_DEVICE.get(int(n), "/DeviceRGB") if n is not None else "/DeviceRGB")
                return self._begun(made, key)
            array = ArrayObject()
            there = self._begun(array, key)
            array.extend(self._copy(part, kind) for part in list.__iter__(source))
            return there
        if isinstance(source, TextStringObject):
            # As it stood: what stands in a font or a palette are bytes, not words.
            return self._begun(ByteStringObject(source.original_bytes), key)
        return self._begun(source.clone(self.writer) if key else source, key)

    def _fill(self, target: DictionaryObject, source: DictionaryObject, kind: str = PLAIN) -> None:
        for name in source:
            if kind == NAMES:
                target[NameObject(name)] = self._copy(source.raw_get(name), CONTENT)
            elif name == "/Resources":
                target[NameObject(name)] = self._resources(source[name])
            elif name == "/CharProcs":
                target[NameObject(name)] = self._copy(source.raw_get(name), NAMES)
            elif name in DRAWN:
                target[NameObject(name)] = self._copy(source.raw_get(name))

    def _resources(self, source: PdfObject | None) -> DictionaryObject:
        """What a content draws with, by the names it calls it."""
        target = DictionaryObject()
        if not isinstance(source, DictionaryObject):
            return target
        for category in _RESOURCES:
            named = _at(source, category)
            if isinstance(named, DictionaryObject):
                target[NameObject(category)] = DictionaryObject(
                    {NameObject(name): self._copy(named.raw_get(name)) for name in named}
                )
        return target

    def _fill_stream(self, target: StreamObject, source: StreamObject, kind: str) -> None:
        self._fill(target, source)
        if kind == CONTENT or _at(source, "/Subtype") == "/Form" or _at(source, "/PatternType") == 1:
            _deflated(target, self._operators(source))
            return
        filters, parameters = _listed(source, "/Filter"), _listed(source, "/DecodeParms")
        codec = str(filters[-1]) if filters else ""
        if codec in _CODECS:
            before = StreamObject()
            before._data = source._data
            before[NameObject("/Filter")] = ArrayObject(filters[:-1])
            if len(parameters) == len(filters):
                before[NameObject("/DecodeParms")] = ArrayObject(parameters[:-1])
            data = _CODECS[codec](decode_stream_data(before))
        elif filters == ["/FlateDecode"] and (alone := flate_alone(source._data)) is not None:
            data = alone
        else:
            _deflated(target, source.get_data())
            return
        target._data = data
        target[NameObject("/Filter")] = NameObject(codec)
        if len(parameters) == len(filters) and parameters[-1] is not None:
            target[NameObject("/DecodeParms")] = self._copy(parameters[-1])

    def _operators(self, source: PdfObject | None) -> bytes:
        """A content stream that draws the same, without marks and comments."""
        content = ContentStream(source, None, "bytes")
        kept = []
        for operands, operator in content.operations:
            if operator in _MARKS:
                continue
            if operator == b"INLINE IMAGE" and {"/DCT", "/DCTDecode"} & set(_inline_filters(operands["settings"])):
                operands["data"] = jpeg_pixels(operands["data"]) + b"\n"
            kept.append((operands, operator))
        content.operations = kept
        return content.get_data()


def _at(table: DictionaryObject, key: str) -> Any:
    """The value itself, also where the table only refers to it; None where there is none."""
    found = table.get(key)
    return found.get_object() if found is not None else None


def _deflated(target: StreamObject, data: bytes) -> StreamObject:
    plain = StreamObject()
    plain._data = data
    target._data = plain.flate_encode()._data
    target[NameObject("/Filter")] = NameObject("/FlateDecode")
    target.pop("/DecodeParms", None)
    return target


def _listed(source: DictionaryObject, key: str) -> list[Any]:
    value = _at(source, key)
    if value is None:
        return []
    return list(value) if isinstance(value, ArrayObject) else [value]


def _inline_filters(settings: DictionaryObject) -> list[str]:
    found = _at(settings, "/F") or _at(settings, "/Filter")
    return [str(one) for one in found] if isinstance(found, ArrayObject) else [str(found)]


def _written_on_top(page: PageObject) -> list[tuple[PdfObject, tuple[float, ...]]]:
    """What stands on a page beside its content and is seen: its appearance, and the matrix that puts it in place."""
    found = []
    for reference in _at(page, "/Annots") or ():
        one = reference.get_object()
        if not isinstance(one, DictionaryObject) or _at(one, "/Subtype") in {"/Popup", "/Link"}:
            continue
        if int(_at(one, "/F") or 0) & (_HIDDEN | _NO_VIEW):
            continue
        looks = _at(one, "/AP")
        if not isinstance(looks, DictionaryObject) or "/N" not in looks:
            continue
        appearance = looks.raw_get("/N")
        if not isinstance(appearance.get_object(), StreamObject):
            states = appearance.get_object()
            state = _at(one, "/AS")
            if not isinstance(states, DictionaryObject) or state not in states:
                continue
            appearance = states.raw_get(str(state))
        form = appearance.get_object()
        if isinstance(form, StreamObject) and "/Rect" in one and "/BBox" in form:
            found.append((appearance, _fitting(form, one)))
    return found


def _numbers(array: PdfObject) -> list[float]:
    return [float(part.get_object()) for part in array] if isinstance(array, ArrayObject) else []


def _fitting(form: DictionaryObject, one: DictionaryObject) -> tuple[float, ...]:
    """The matrix that lays the box of an appearance onto its rectangle (12.5.5, algorithm 8.1)."""
    x0, y0, x1, y1 = _numbers(form["/BBox"])
    a, b, c, d, e, f = _numbers(_at(form, "/Matrix")) or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    left, bottom, right, top = _numbers(one["/Rect"])
    left, right, bottom, top = min(left, right), max(left, right), min(bottom, top), max(bottom, top)
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)]
    west, east = min(x for x, _y in corners), max(x for x, _y in corners)
    south, north = min(y for _x, y in corners), max(y for _x, y in corners)
    wide = (right - left) / (east - west) if east > west else 1.0
    high = (top - bottom) / (north - south) if north > south else 1.0
    return wide, 0.0, 0.0, high, left - west * wide, bottom - south * high
