"""Reads the parameters of a request; every one is either understood or refused by name."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from math import isfinite

from django.http import HttpRequest
from django.utils.timezone import get_current_timezone

from geo import problems
from geo.catalog import Behind, Days, Sort
from geo.columns import Column, Feature
from geo.conditions import Both, Compare, Condition, Either, Filled
from geo.ogc import cql
from geo.plane import boxes
from geo.plane.boxes import BadBox, Box
from geo.plane.crs import ALL, CRS84, SERVED, Crs, UnknownCrs, parse

DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
# PostgreSQL's largest whole number; a longer one is in no column.
MAX_INTEGER = 2**63 - 1

_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)
# With an exponent too: as Python and every program of statistics write what is very small or very large.
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)


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


def after(text: str | None, order: Sequence[Sort], columns: Iterable[Column]) -> Behind | None:
    """Behind which feature a page begins: its key, or with ``sortby`` what ``behind`` made of it.

    Raises   ParameterBad.
    """
    if text is None:
        return None
    if not order:
        if (found := whole(text)) is not None:
            return found
    else:
        kinds = {column.name: column for column in columns}
        with suppress(ValueError, TypeError, problems.ParameterBad):
            *values, key = json.loads(urlsafe_b64decode(text.encode() + b"=="))
            if len(values) == len(order) and isinstance(key, int) and abs(key) <= MAX_INTEGER:
                told = [
                    None if each is None else value(kinds[s.column], each)
                    for s, each in zip(order, values, strict=True)
                ]
                return (*told, key)
    raise problems.ParameterBad(name="after", value=text, wanted="rel=next")


def behind(feature: Feature, order: Sequence[Sort]) -> str:
    """What ``after`` has to be to go on behind this feature."""
    if not order:
        return str(feature.key)
    values = [_written(feature.attributes[sort.column]) for sort in order]
    return urlsafe_b64encode(json.dumps([*values, feature.key]).encode()).decode().rstrip("=")


def _written(held: object) -> str | None:
    """A value as an address says it."""
    if held is None:
        return None
    return str(held).lower() if isinstance(held, bool) else str(held)


def order(text: str | None, columns: Iterable[Column]) -> tuple[Sort, ...]:
    """The columns of ``sortby``: "-n_supports,title" has the most supported first, then by title.

    Raises   ParameterBad.
    """
    if text is None:
        return ()
    known_names = [column.name for column in columns]
    found = tuple(Sort(part.lstrip("+- "), descending=part.startswith("-")) for part in text.split(","))
    names = [sort.column for sort in found]
    if not set(names) <= set(known_names) or len(set(names)) < len(names):
        raise problems.ParameterBad(name="sortby", value=text, wanted=", ".join(known_names))
    return found


def shown(text: str | None, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of ``properties``, in the order of the layer; all of them when it is not given.

    Raises   ParameterBad.
    """
    if text is None:
        return tuple(columns)
    wanted = [part for part in text.split(",") if part]
    if not set(wanted) <= {column.name for column in columns}:
        raise problems.ParameterBad(name="properties", value=text, wanted=", ".join(column.name for column in columns))
    return tuple(column for column in columns if column.name in wanted)


def moment(text: str | None, column: str) -> Condition | None:
    """What ``datetime`` asks of the column of days; features without a day match any time, and so does a layer
    without such a column (Features part 1, 7.15.4).

    Raises   ParameterBad.
    """
    if text is None:
        return None
    ends = text.split("/")
    try:
        days = [None if end in {"", ".."} else _day(end) for end in ends]
    except (ValueError, OverflowError, OSError) as error:
        raise problems.ParameterBad(name="datetime", value=text, wanted="2023-01-01T00:00:00Z/..") from error
    first, last = days[0], days[-1]
    if len(ends) > 2 or (len(ends) == 1 and first is None) or (first and last and first > last):
        raise problems.ParameterBad(name="datetime", value=text, wanted="2023-01-01T00:00:00Z/..")
    if not column:
        return None
    bounds: list[Condition] = [Compare(column, ">=", first)] if first else []
    bounds += [Compare(column, "<=", last)] if last else []
    return Either((Both(tuple(bounds)), Filled(column, negated=True)))


def _day(text: str) -> date:
    """The day of a moment, here."""
    if len(text) == len("2023-01-31"):
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise ValueError("a moment says its zone")
    return found.astimezone(get_current_timezone()).date()


def condition(
    given: Mapping[str, str], columns: Sequence[Column], *, has_geometry: bool, time: str
) -> Condition | None:
    """What ``filter`` and ``datetime`` ask together.

    Raises   FilterLanguageUnknown, CrsUnknown, ParameterBad, and what ``cql.condition`` raises.
    """
    if given.get("filter-lang", "cql2-text") != "cql2-text":
        raise problems.FilterLanguageUnknown(lang=given["filter-lang"])
    plane = crs(given.get("filter-crs"), among=ALL)
    parts = [moment(given.get("datetime"), time)]
    if "filter" in given:
        parts.append(cql.condition(given["filter"], columns, has_geometry=has_geometry, crs=plane))
    found = tuple(part for part in parts if part is not None)
    return Both(found) if found else None


def days(text: str | None) -> Days:
    """The days of ``datetime``, for a layer whose features have one: an instant is its day, an interval both ends.

    Raises   ParameterBad.
    """
    if text is None:
        return None, None
    moment(text, "")
    first, _, last = text.partition("/") if "/" in text else (text, "", text)
    return tuple(None if end in {"", ".."} else _day(end) for end in (first, last))  # type: ignore[return-value]


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
        case "number" if _NUMBER.fullmatch(text) and isfinite(number := float(text)):
            return number
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case "date":
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
    wanted = {"text": "a", "integer": "1", "number": "1.5", "boolean": "true, false", "date": "2023-01-31"}[column.kind]
    raise problems.ParameterBad(name=column.name, value=text, wanted=wanted)
