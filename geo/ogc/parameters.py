"""Reads the parameters of a request; every one is either understood or refused by name."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.http import HttpRequest

from geo import problems
from geo.catalog import Column, Days
from geo.plane import boxes
from geo.plane.boxes import BadBox, Box
from geo.plane.crs import ALL, CRS84, SERVED, Crs, UnknownCrs, parse

DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
# PostgreSQL's largest whole number; a longer one is in no column.
MAX_INTEGER = 2**63 - 1

_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)


def known(request: HttpRequest, names: Iterable[str]) -> dict[str, str]:
    """The parameters given, each once and each known.

    Raises   ParameterUnknown, ParameterRepeated.
    """
    allowed = sorted(set(names))
    given: dict[str, str] = {}
    for name, values in request.GET.lists():
        if name not in allowed:
            raise problems.ParameterUnknown(name=name, known=", ".join(allowed))
        if len(values) > 1:
            raise problems.ParameterRepeated(name=name)
        given[name] = str(values[0])
    return given


def crs(text: str | None, *, among: tuple[Crs, ...] = SERVED) -> Crs:
    """The coordinate system asked for; lon, lat when none is.

    Raises   CrsUnknown.
    """
    if text is None:
        return CRS84
    try:
        return parse(text, among=among)
    except UnknownCrs as error:
        names = [each.uri if among is SERVED else each.name for each in among if among is SERVED or each is not CRS84]
        raise problems.CrsUnknown(crs=text, known=", ".join(names)) from error


def box(given: Mapping[str, str]) -> Box | None:
    """The box of ``bbox``, in the system of ``bbox-crs`` and in the order of its axes.

    Raises   BoxBad, CrsUnknown.
    """
    plane = crs(given.get("bbox-crs"), among=ALL)
    if "bbox" not in given:
        return None
    try:
        found = boxes.parse(given["bbox"], plane)
        found.outline()
    except BadBox as error:
        raise problems.BoxBad(bbox=given["bbox"]) from error
    return found


def limit(text: str | None) -> int:
    """How many features a page holds; more than the most means the most (OGC API Features, 7.15.2).

    Raises   ParameterBad.
    """
    if text is None:
        return DEFAULT_LIMIT
    found = whole(text)
    if found is None or found < 1:
        raise problems.ParameterBad(name="limit", value=text, wanted="1, 2, ... 10000")
    return min(found, MAX_LIMIT)


def whole(text: str) -> int | None:
    """The whole number, when it is one that a database can hold."""
    if not _WHOLE.fullmatch(text):
        return None
    return found if abs(found := int(text)) <= MAX_INTEGER else None


def after(text: str | None) -> int | None:
    """The key behind which a page begins.

    Raises   ParameterBad.
    """
    if text is None:
        return None
    found = whole(text)
    if found is None:
        raise problems.ParameterBad(name="after", value=text, wanted="1, 2, ...")
    return found


def moment(text: str | None) -> None:
    """Look whether ``datetime`` is well-formed: nothing here has a time, so every feature matches any (7.15.4).

    Raises   ParameterBad.
    """
    if text is None:
        return
    ends = [end for end in text.split("/") if end not in {"", ".."}]
    try:
        found = [datetime.fromisoformat(end.replace("Z", "+00:00")).timestamp() for end in ends]
    except (ValueError, OverflowError, OSError) as error:
        raise problems.ParameterBad(name="datetime", value=text, wanted="2023-01-01T00:00:00Z/..") from error
    if text.count("/") > 1 or (not ends and "/" not in text) or found != sorted(found):
        raise problems.ParameterBad(name="datetime", value=text, wanted="2023-01-01T00:00:00Z/..")


def days(text: str | None) -> Days:
    """The days of ``datetime``, for a layer whose features have one: an instant is its day, an interval both ends.

    Raises   ParameterBad.
    """
    moment(text)
    if text is None:
        return None, None
    first, _, last = text.partition("/") if "/" in text else (text, "", text)
    return tuple(None if end in {"", ".."} else datetime.fromisoformat(end).date() for end in (first, last))  # type: ignore[return-value]


def where(given: Mapping[str, str], columns: Iterable[Column]) -> dict[str, object]:
    """Which columns have to have exactly which value.

    Raises   ParameterBad.
    """
    return {column.name: value(column, given[column.name]) for column in columns if column.name in given}


def value(column: Column, text: str) -> object:
    """A value of this column.

    Raises   ParameterBad.
    """
    match column.kind:
        case "text" if "\0" not in text:
            return text
        case "integer" if (found := whole(text)) is not None:
            return found
        case "number" if _NUMBER.fullmatch(text):
            return float(text)
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case "date":
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
    wanted = {"text": "a", "integer": "1", "number": "1.5", "boolean": "true, false", "date": "2023-01-31"}[column.kind]
    raise problems.ParameterBad(name=column.name, value=text, wanted=wanted)
