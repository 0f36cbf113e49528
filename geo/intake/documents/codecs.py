"""Compressed pictures inside a document, without what stands beside their pixels; the pixels stay bit for bit.

Source   ITU-T T.81 annex B (JPEG), ITU-T T.800 annexes A and I (JPEG 2000).
"""

import re
import zlib

from geo.intake.documents.refused import Unreadable

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SCAN, _COMMENT, _ADOBE = 0xDA, 0xFE, 0xEE
_APPLICATION = range(0xE0, 0xF0)
_RESTART = range(0xD0, 0xD8)
# Adobe's segment says how colours were turned; in twelve bytes.
_ADOBE_BYTES = 12
# In a scan FF is followed by 00, a restart or the marker after the scan.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_CODESTREAM = b"\xff\x4f\xff\x51"
_TILE_PART, _JPX_COMMENT = 0x90, 0x64
_JPX_KEPT = {b"jP  ", b"ftyp", b"jp2h", b"jp2c"}
_HEADER_KEPT = {b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef"}
# A colour space by a profile of its own, and the enumerated one that stands for it.
_BY_PROFILE = 2
_ENUMERATED = {b"RGB ": 16, b"GRAY": 17, b"CMYK": 12}
_CHUNK = 1024 * 1024
_MOST_PIXELS_BYTES = 400 * _CHUNK


def jpeg_pixels(data: bytes) -> bytes:
    """A JPEG without application segments, comments, and what follows its end.

    Raises   Unreadable.
    """
    if not data.startswith(_SOI):
        raise Unreadable
    out, at = bytearray(_SOI), 2
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if data[at : at + 2] != _EOI and (len(data) < at + 4 or data[at] != 0xFF):
            raise Unreadable
        marker = data[at + 1]
        if marker == _EOI[1]:
            return bytes(out + _EOI)
        if marker in _RESTART or marker == 0x01:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            raise Unreadable
        if marker == _ADOBE and body.startswith(b"Adobe"):
            out += _segment(marker, body[:_ADOBE_BYTES])
        elif marker not in _APPLICATION and marker != _COMMENT:
            out += _segment(marker, body)
        at += 2 + length
        if marker == _SCAN:
            found = _AFTER_SCAN.search(data, at)
            if found is None:  # its end was forgotten: readers draw it nevertheless
                return bytes(out + data[at:] + _EOI)
            out += data[at : found.start()]
            at = found.start()


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body


def jpx_pixels(data: bytes) -> bytes:
    """A JPEG 2000 without boxes and segments that are not needed to draw it.

    Raises   Unreadable.
    """
    return _codestream(data) if data.startswith(_CODESTREAM) else _boxes(data, _JPX_KEPT)


def _boxes(data: bytes, kept: set[bytes]) -> bytes:
    out, at = bytearray(), 0
    while at < len(data):
        size, kind, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = len(data) - at
        body = data[at + head : at + size]
        if size < head or len(body) != size - head:
            raise Unreadable
        if kind in kept:
            if kind == b"jp2h":
                body = _boxes(body, _HEADER_KEPT)
            elif kind == b"jp2c":
                body = _codestream(body)
            elif kind == b"colr" and body[:1] == bytes((_BY_PROFILE,)):
                body = bytes((1, 0, 0)) + _ENUMERATED.get(body[19:23], 16).to_bytes(4)
            out += (len(body) + 8).to_bytes(4) + kind + body
        at += size
    return bytes(out)


def _codestream(data: bytes) -> bytes:
    out, at = bytearray(data[:2]), 2
    while True:
        marker = data[at : at + 2]
        if len(marker) < 2 or marker[0] != 0xFF:
            raise Unreadable
        if marker[1] == _TILE_PART:
            return bytes(out + data[at:])
        length = int.from_bytes(data[at + 2 : at + 4])
        if length < 2:
            raise Unreadable
        if marker[1] != _JPX_COMMENT:
            out += data[at : at + 2 + length]
        at += 2 + length


def flate_alone(data: bytes) -> bytes | None:
    """Deflated bytes without what follows their end; None where they are none.

    Raises   Unreadable: they hold more than a page can need.
    """
    reader, rest, n = zlib.decompressobj(), data, 0
    try:
        while rest and not reader.eof:
            n += len(reader.decompress(rest, _CHUNK))
            rest = reader.unconsumed_tail
            if n > _MOST_PIXELS_BYTES:
                raise Unreadable
    except zlib.error:
        return None
    return data[: len(data) - len(reader.unused_data)]
