"""GeoJSON: a collection, a feature, a geometry, or one feature a line; in and out."""

import json
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from shapely.geometry import shape

from geo.formats.frames import Frame, Heading
from geo.formats.geojson_text import feature_texts
from geo.formats.rows import Row, RowFault, UnreadableFile, placed, text_fault
from geo.plane.crs import CRS84, Crs, UnknownCrs, parse

TYPE = "application/geo+json"

LOSSES = (
    _("Places are rounded to a millimetre."),
    _("In Lambert the file names its plane as GeoJSON did before 2016: QGIS and GDAL read that, a web map does not."),
    _("A number that is infinite, or none at all (NaN), becomes empty."),
)

# --- out ---------------------------------------------------------------------------------------------


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write a collection, a feature a line.

    CRS      GeoJSON means lon, lat in WGS 84 (RFC 7946). In another plane the file carries the ``crs`` member of
             the 2008 specification: RFC 7946 took it out, QGIS and GDAL read it, and place the file rightly.
    """
    crs, member = heading.crs, ""
    if crs.code != CRS84.code:
        name = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs.code}"}}
        member = f'"crs":{json.dumps(name)},\n'
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"type":"FeatureCollection",\n{member}"features":[\n')
        between = ""
        for frame in frames:
            file.write(between + ",\n".join(feature_texts(frame, heading.columns, crs.digits)))
            between = ",\n"
        file.write("\n]}\n")


# --- in ----------------------------------------------------------------------------------------------

_SPACE = " \t\r\n\x1e"  # RFC 8142 puts a record separator before each text
_GEOMETRIES = {
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
}  # fmt: skip


def read(path: Path, *, encoding: str | None = None, crs: Crs | None = None) -> Iterator[Row]:
    """The features of a file, numbered from 1; read one by one, so that memory holds the text and one feature.

    CRS      ``crs`` when given; else the ``crs`` member of the file; else lon, lat.
    Raises   UnreadableFile, also when reading has begun.
    """
    text = _text(path, encoding)
    if not text.strip(_SPACE):
        raise UnreadableFile("file.empty")
    try:
        plane = crs or _crs_of(text)
        for number, found in enumerate(_Text(text).features(), start=1):
            yield _row(number, found, plane)
    except json.JSONDecodeError as error:
        raise UnreadableFile("file.not_json", line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise UnreadableFile("file.too_deep") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise UnreadableFile("file.not_geojson") from error


def crs_of(path: Path) -> str:
    """The plane of the old ``crs`` member, else the one that the standard means (RFC 7946).

    Raises   UnreadableFile.
    """
    try:
        return (_crs_of(_text(path, None)) or CRS84).name
    except json.JSONDecodeError as error:
        raise UnreadableFile("file.not_json", line=error.lineno, column=error.colno) from error
    except (RecursionError, ValueError) as error:
        raise UnreadableFile("file.not_geojson") from error


def _text(path: Path, encoding: str | None) -> str:
    content = path.read_bytes()
    used = encoding or ("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    try:
        return content.decode("utf-8-sig" if used.lower().replace("-", "") == "utf8" else used)
    except UnicodeDecodeError as error:
        raise UnreadableFile("file.encoding_wrong", encoding=used, at=error.start) from error
    except (LookupError, ValueError) as error:
        raise UnreadableFile("file.encoding_unknown", encoding=used) from error


class _Text:
    """Walks through a JSON text: the members of the outermost objects one by one, ``features`` item by item."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.decoder = json.JSONDecoder()
        self.members: dict[str, Any] = {}

    def features(self) -> Iterator[object]:
        """Everything that claims to be a feature or a geometry."""
        self._skip()
        while self.at < len(self.text):
            if self.text[self.at] != "{":
                self._value()
                raise UnreadableFile("file.not_geojson")
            had_features = yield from self._object()
            if not had_features:
                if self.members.get("type") not in {"Feature", *_GEOMETRIES}:
                    raise UnreadableFile("file.not_geojson")
                yield self.members
            self._skip()

    def _object(self) -> Generator[object, None, bool]:
        self.members, had_features = {}, False
        self._take("{")
        if not self._took("}"):
            while True:
                self._skip()
                name = self._value()
                if not isinstance(name, str):
                    raise self._wrong()
                self._take(":")
                self._skip()
                if name == "features" and self.text.startswith("[", self.at):
                    had_features = True
                    yield from self._items()
                else:
                    self.members[name] = self._value()
                if self._took("}"):
                    break
                self._take(",")
        return had_features

    def _items(self) -> Iterator[object]:
        self._take("[")
        if self._took("]"):
            return
        while True:
            self._skip()
            yield self._value()
            if self._took("]"):
                return
            self._take(",")

    def _value(self) -> Any:
        if self.at >= len(self.text):
            raise self._wrong()
        try:
            value, self.at = self.decoder.raw_decode(self.text, self.at)
        except StopIteration as error:
            raise self._wrong() from error
        return value

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def _took(self, sign: str) -> bool:
        self._skip()
        if self.text.startswith(sign, self.at):
            self.at += 1
            return True
        return False

    def _take(self, sign: str) -> None:
        if not self._took(sign):
            raise self._wrong()

    def _wrong(self) -> json.JSONDecodeError:
        return json.JSONDecodeError("unexpected", self.text, min(self.at, len(self.text)))


def _crs_of(text: str) -> Crs | None:
    """The plane of the 2008 ``crs`` member, wherever in the collection it stands."""
    if '"crs"' not in text:
        return None
    walk = _Text(text)
    for _found in walk.features():
        pass
    member = walk.members.get("crs")
    name = member.get("properties") if isinstance(member, dict) else None
    name = name.get("name") if isinstance(name, dict) else None
    if not isinstance(name, str):
        return None
    try:
        return parse(name)
    except UnknownCrs as error:
        raise UnreadableFile("file.crs_unknown", crs=name) from error


def _row(number: int, found: object, crs: Crs | None) -> Row:
    if not isinstance(found, dict) or found.get("type") not in {"Feature", *_GEOMETRIES}:
        return Row(number, {}, None, RowFault("row.not_a_feature"))
    is_feature = found["type"] == "Feature"
    properties = found.get("properties") if is_feature else None
    attributes = {
        str(name)[:200].replace("\0", ""): _scalar(value)
        for name, value in (properties.items() if isinstance(properties, dict) else ())
    }
    if fault := text_fault(attributes):
        return Row(number, {name: str(value)[:200] for name, value in attributes.items()}, None, fault)
    place = found.get("geometry") if is_feature else found
    if place is None:
        return Row(number, attributes, None)
    try:
        geometry = shape(_flat(place))
        is_empty = geometry.is_empty
    except Exception:  # shape() answers nonsense with many kinds of error
        return Row(number, attributes, None, RowFault("row.geometry_bad"))
    if is_empty:
        return Row(number, attributes, None)
    result = placed(geometry, crs)
    if isinstance(result, RowFault):
        return Row(number, attributes, None, result)
    return Row(number, attributes, result)


def _flat(place: Any) -> Any:
    """A geometry without heights, which may be there for some positions and not for others."""
    if place["type"] == "GeometryCollection":
        return {"type": place["type"], "geometries": [_flat(part) for part in place["geometries"]]}
    return {"type": place["type"], "coordinates": _positions(place["coordinates"])}


def _positions(part: Any) -> Any:
    if part and isinstance(part[0], int | float):
        return [float(number) for number in part[:2]]
    return [_positions(inner) for inner in part]


def _scalar(value: object) -> object:
    """A field as text, number, truth value or none; what is made of parts as JSON text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
