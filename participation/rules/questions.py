"""The questions of a project: what kinds there are, which one is shown after which answer, what an answer must be.

A set of questions is written down as plain data (``written``), so that it can be kept as it was when somebody
answered it. An answer is kept as: text; the key of an option, or a list of them; a number; a day as ISO text; a
GeoJSON geometry; the key of a file.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from shapely.geometry import Polygon

from participation.rules.places import LonLat, typed_pair
from participation.rules.refusals import Code, Refused
from participation.rules.wording import cleaned

Text = Mapping[str, str]
Answers = Mapping[str, Any]
# What a form sends for each question: what was typed, or the options that were ticked.
Raw = Mapping[str, str | list[str]]

# More than anybody fills in; what a form of a town is refused beyond.
QUESTIONS_MAX, OPTIONS_MAX = 60, 40
SHORT_MAX, LONG_MAX = 200, 4000
LABEL_MAX, HELP_MAX = 200, 600
CORNERS_MAX = 500
# About a decimetre: what a finger on a map can mean.
PLACE_DECIMALS = 6


class Kind(StrEnum):
    """What sort of answer a question asks for."""

    SHORT = "short"
    LONG = "long"
    ONE = "one"
    MANY = "many"
    AGREE = "agree"
    NUMBER = "number"
    DATE = "date"
    PHOTO = "photo"
    FILE = "file"
    POINT = "point"
    LINE = "line"
    AREA = "area"


class Asked(StrEnum):
    """Where questions are asked: in a form of their own, or with every proposal."""

    ALONE = "alone"
    PROPOSAL = "proposal"


# One answers these by choosing; another question can depend on what was chosen.
CHOICES = frozenset({Kind.ONE, Kind.MANY, Kind.AGREE})
WITH_OPTIONS = frozenset({Kind.ONE, Kind.MANY})
PLACES = frozenset({Kind.POINT, Kind.LINE, Kind.AREA})
UPLOADS = frozenset({Kind.PHOTO, Kind.FILE})
# A place tells where somebody lives or walks, and nobody reads a stranger's file before it would be public.
STAFF_ONLY = PLACES | {Kind.FILE}
# From "not at all" to "wholly".
AGREEMENT = ("1", "2", "3", "4", "5")
CORNERS_MIN = {Kind.POINT: 1, Kind.LINE: 2, Kind.AREA: 3}
GEOMETRY = {Kind.POINT: "Point", Kind.LINE: "LineString", Kind.AREA: "Polygon"}


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; ``key`` stays when its words change."""

    key: str
    text: Text


@dataclass(frozen=True, slots=True)
class When:
    """The question is shown when one of these options of an earlier one was chosen."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``key`` stays its own for ever, also when it is gone. Bounds are of a number."""

    key: str
    kind: Kind
    label: Text
    help: Text = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    is_required: bool = False
    is_public: bool = False
    when: When | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def option_keys(self) -> tuple[str, ...]:
        """What can be chosen."""
        return AGREEMENT if self.kind is Kind.AGREE else tuple(option.key for option in self.options)


Questions = tuple[Question, ...]


# --- written down -----------------------------------------------------------------------------------------------------


def written(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Write questions down as plain data."""
    return [
        {
            "key": one.key,
            "kind": one.kind.value,
            "label": dict(one.label),
            "help": dict(one.help),
            "options": [{"key": option.key, "text": dict(option.text)} for option in one.options],
            "is_required": one.is_required,
            "is_public": one.is_public,
            "when": {"question": one.when.question, "options": list(one.when.options)} if one.when else None,
            "at_least": one.at_least,
            "at_most": one.at_most,
        }
        for one in questions
    ]


def read(rows: Iterable[Mapping[str, Any]]) -> Questions:
    """Read what ``written`` wrote."""
    return tuple(
        Question(
            key=row["key"],
            kind=Kind(row["kind"]),
            label=row["label"],
            help=row["help"],
            options=tuple(Option(option["key"], option["text"]) for option in row["options"]),
            is_required=row["is_required"],
            is_public=row["is_public"],
            when=When(row["when"]["question"], tuple(row["when"]["options"])) if row["when"] else None,
            at_least=row["at_least"],
            at_most=row["at_most"],
        )
        for row in rows
    )


# --- a set of questions -----------------------------------------------------------------------------------------------


def checked_set(questions: Sequence[Question], *, first_language: str) -> Questions:
    """Give back the questions as they may be asked: what must not be public is for staff alone.

    Refuses  setup.too_many (questions or options), question.label_missing and question.option_missing in the town's
             first language, question.too_few_options, question.bounds_bad, question.when_bad (what it depends on must
             stand before it and still have those options); body.too_long.
    """
    if len(questions) > QUESTIONS_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": QUESTIONS_MAX})
    before: dict[str, Question] = {}
    for one in questions:
        _check_words(one, first_language)
        name = {"name": one.label[first_language]}
        if one.kind in WITH_OPTIONS and len(one.options) < 2:
            raise Refused(Code.QUESTION_TOO_FEW_OPTIONS, name)
        if one.at_least is not None and one.at_most is not None and one.at_least > one.at_most:
            raise Refused(Code.QUESTION_BOUNDS_BAD, name)
        if one.when is not None:
            asked = before.get(one.when.question)
            if asked is None or not one.when.options or not set(one.when.options) <= set(asked.option_keys):
                raise Refused(Code.QUESTION_WHEN_BAD, name)
        before[one.key] = one
    return tuple(replace(one, is_public=one.is_public and one.kind not in STAFF_ONLY) for one in questions)


def _check_words(one: Question, first: str) -> None:
    if not one.label.get(first):
        raise Refused(Code.QUESTION_LABEL_MISSING, {"language": first})
    if len(one.options) > OPTIONS_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": OPTIONS_MAX})
    if any(not option.text.get(first) for option in one.options):
        raise Refused(Code.QUESTION_OPTION_MISSING, {"name": one.label[first], "language": first})
    lengths = [(LABEL_MAX, one.label.values()), (HELP_MAX, one.help.values())]
    lengths += [(LABEL_MAX, option.text.values()) for option in one.options]
    for most, texts in lengths:
        longest = max((len(text) for text in texts), default=0)
        if longest > most:
            raise Refused(Code.BODY_TOO_LONG, {"max": most, "length": longest})


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a set of questions: keys that are new, that ask something else, and questions that went."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: Questions

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def changes(before: Sequence[Question], after: Sequence[Question]) -> Changes:
    """Say what changed for somebody who read the questions before; help text and order ask nothing else."""
    old = {one.key: replace(one, help={}) for one in before}
    now = {one.key: replace(one, help={}) for one in after}
    return Changes(
        new=tuple(key for key in now if key not in old),
        changed=tuple(key for key, one in now.items() if key in old and old[key] != one),
        gone=tuple(one for one in before if one.key not in now),
    )


# --- answers ----------------------------------------------------------------------------------------------------------


def is_shown(one: Question, answers: Answers) -> bool:
    """Is this question shown, with these answers to the ones before it? One that was not shown has no answer."""
    if one.when is None:
        return True
    given = answers.get(one.when.question)
    chosen = given if isinstance(given, list) else [given]
    return any(key in one.when.options for key in chosen)


def shown(questions: Sequence[Question], answers: Answers) -> list[Question]:
    """Which questions are shown with these answers?"""
    return [one for one in questions if is_shown(one, answers)]


@dataclass(frozen=True, slots=True)
class Checked:
    """What can be kept of what was filled in, and why the rest cannot, by question."""

    answers: dict[str, Any]
    refusals: dict[str, Refused]


def checked_answers(questions: Sequence[Question], raw: Raw) -> Checked:
    """Check what was filled in: a question that is not shown needs no answer, and none is kept of it.

    Refuses  (in the result) answer.missing, answer.too_long, answer.option_unknown, answer.not_a_number,
             answer.too_small, answer.too_large, date.bad, answer.corner_bad, answer.too_few_corners,
             setup.too_many, area.not_a_surface, pin.*.
    """
    answers: dict[str, Any] = {}
    refusals: dict[str, Refused] = {}
    for one in questions:
        if not is_shown(one, answers):
            continue
        try:
            value = _value(one, raw.get(one.key, ""))
            if value is not None:
                answers[one.key] = value
            elif one.is_required:
                raise Refused(Code.ANSWER_MISSING)
        except Refused as refused:
            refusals[one.key] = refused
    return Checked(answers, refusals)


def _value(one: Question, given: str | list[str]) -> Any:
    """What this answer is kept as; None for nothing."""
    if one.kind is Kind.MANY:
        ticked = set([given] if isinstance(given, str) else given) - {""}
        if not ticked <= set(one.option_keys):
            raise Refused(Code.ANSWER_OPTION_UNKNOWN)
        return [key for key in one.option_keys if key in ticked] or None
    text = cleaned(given if isinstance(given, str) else next(iter(given), ""))
    if not text:
        return None
    match one.kind:
        case Kind.SHORT:
            return _no_longer(" ".join(text.split()), SHORT_MAX)
        case Kind.LONG:
            return _no_longer(text, LONG_MAX)
        case Kind.ONE | Kind.AGREE:
            if text not in one.option_keys:
                raise Refused(Code.ANSWER_OPTION_UNKNOWN)
            return text
        case Kind.NUMBER:
            return _number(one, text)
        case Kind.DATE:
            return _day(text)
        case Kind.POINT | Kind.LINE | Kind.AREA:
            return _geometry(one.kind, text)
    return text[:40]


def _no_longer(text: str, most: int) -> str:
    if len(text) > most:
        raise Refused(Code.ANSWER_TOO_LONG, {"max": most, "length": len(text)})
    return text


def _number(one: Question, text: str) -> int | float:
    try:
        value = float(text.replace(" ", "").replace(",", "."))
    except ValueError as error:
        raise Refused(Code.ANSWER_NOT_A_NUMBER, {"text": text[:40]}) from error
    if not math.isfinite(value):
        raise Refused(Code.ANSWER_NOT_A_NUMBER, {"text": text[:40]})
    if one.at_least is not None and value < one.at_least:
        raise Refused(Code.ANSWER_TOO_SMALL, {"least": plain(one.at_least)})
    if one.at_most is not None and value > one.at_most:
        raise Refused(Code.ANSWER_TOO_LARGE, {"most": plain(one.at_most)})
    return plain(value)


def plain(value: float) -> int | float:
    """A whole number without its point."""
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Refused(Code.DATE_BAD, {"date": text[:40]}) from error


def _geometry(kind: Kind, text: str) -> dict[str, Any]:
    rows = [line for line in text.splitlines() if line.strip()]
    if len(rows) > CORNERS_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": CORNERS_MAX})
    corners = [[round(place.lon, PLACE_DECIMALS), round(place.lat, PLACE_DECIMALS)] for place in map(_corner, rows)]
    least = CORNERS_MIN[kind]
    if len({tuple(corner) for corner in corners}) < least:
        raise Refused(Code.ANSWER_TOO_FEW_CORNERS, {"least": least})
    if kind is Kind.POINT:
        if len(corners) > 1:
            raise Refused(Code.PIN_NOT_A_POINT)
        return {"type": GEOMETRY[kind], "coordinates": corners[0]}
    if kind is Kind.LINE:
        return {"type": GEOMETRY[kind], "coordinates": corners}
    ring = [*corners, corners[0]]
    if not Polygon(ring).is_valid:
        raise Refused(Code.AREA_NOT_A_SURFACE)
    return {"type": GEOMETRY[kind], "coordinates": [ring]}


def _corner(line: str) -> LonLat:
    place = typed_pair(line)
    if place is None:
        raise Refused(Code.ANSWER_CORNER_BAD, {"text": line.strip()[:40]})
    return place


def corners_of(geometry: Mapping[str, Any]) -> list[list[float]]:
    """The corners of a kept place, lon before lat; of an area without the first one again."""
    coordinates = geometry["coordinates"]
    if geometry["type"] == GEOMETRY[Kind.POINT]:
        return [coordinates]
    return list(coordinates) if geometry["type"] == GEOMETRY[Kind.LINE] else list(coordinates[0][:-1])


def as_typed(value: Any) -> str | list[str]:
    """A kept answer as it would stand in the form."""
    if isinstance(value, list):
        return [str(each) for each in value]
    if isinstance(value, dict):
        return "\n".join(f"{lat:.{PLACE_DECIMALS}f}, {lon:.{PLACE_DECIMALS}f}" for lon, lat in corners_of(value))
    return str(value)
