"""What makes a site good: criteria that exclude and criteria that are weighed, and a score that opens into its parts.

A value that is not known never passes and never scores: it stands there as unknown, and the score says how much
higher it could still become.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

Value = float | str | None


class Kind(StrEnum):
    """What a criterion does with a site."""

    HARD = "hard"
    SCORED = "scored"


class Verdict(StrEnum):
    """What a hard criterion says of a site."""

    PASS = "pass"  # noqa: S105 -- not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class BadCriterion(ValueError):  # noqa: N818 -- an answer about what was asked
    """A criterion that cannot judge anything; the text says why, for those who write criteria in code."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What a measured number is worth: straight lines between points (x, worth 0..1), level before and after them."""

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not self.points:
            raise BadCriterion("a curve needs a point")
        if any(left[0] >= right[0] for left, right in pairwise(self.points)):
            raise BadCriterion("the points of a curve go from left to right")
        if any(not 0 <= y <= 1 for _x, y in self.points):
            raise BadCriterion("a worth lies between 0 and 1")

    def worth(self, value: float | str) -> float | None:
        """What this value is worth; None when it is not a number."""
        if isinstance(value, str) or value != value:
            return None
        at = bisect_right(self.points, value, key=lambda point: point[0])
        if at == 0:
            return self.points[0][1]
        if at == len(self.points):
            return self.points[-1][1]
        (x0, y0), (x1, y1) = self.points[at - 1], self.points[at]
        # Weighed from both ends, so that rounding never leaves the range between them.
        part = (value - x0) / (x1 - x0)
        return min(max(y0 * (1 - part) + y1 * part, min(y0, y1)), max(y0, y1))


@dataclass(frozen=True, slots=True)
class Levels:
    """What each named kind is worth: {"car park": 1, "parallel": 0.3}."""

    worths: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        if not self.worths:
            raise BadCriterion("there must be a level")
        if any(not 0 <= y <= 1 for _name, y in self.worths):
            raise BadCriterion("a worth lies between 0 and 1")

    def worth(self, value: float | str) -> float | None:
        """What this level is worth; None when there is no such level."""
        return dict(self.worths).get(str(value))


Worth = Curve | Levels


def more_is_better(none: float, full: float) -> Curve:
    """Nothing up to ``none``, everything from ``full`` on."""
    return Curve(((none, 0.0), (full, 1.0)))


def less_is_better(full: float, none: float) -> Curve:
    """Everything up to ``full``, nothing from ``none`` on."""
    return Curve(((full, 1.0), (none, 0.0)))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: hard with limits (or with levels, of which a worth of 0 fails), or scored with a weight."""

    code: str
    kind: Kind
    weight: float = 0.0
    worth: Worth | None = None
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.kind is Kind.SCORED and self.worth is None:
            raise BadCriterion(f"{self.code} is scored, but nothing says what a value is worth")
        if self.kind is Kind.HARD and self.least is None and self.most is None and not isinstance(self.worth, Levels):
            raise BadCriterion(f"{self.code} excludes, but nothing says when")
        if not 0 <= self.weight < float("inf"):
            raise BadCriterion("a weight is 0 or more")


@dataclass(frozen=True, slots=True)
class Check:
    """What one hard criterion says of a site."""

    code: str
    value: Value
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Part:
    """What one scored criterion adds to a site's score: ``points`` = ``share`` x ``worth``, nothing when unknown."""

    code: str
    value: Value
    worth: float | None
    share: float

    @property
    def points(self) -> float:
        """What it adds."""
        return self.share * (self.worth or 0.0)


@dataclass(frozen=True, slots=True)
class Score:
    """All that the criteria say of one site."""

    checks: tuple[Check, ...]
    parts: tuple[Part, ...]

    @property
    def total(self) -> float:
        """The score, 0..1: the sum of the parts."""
        return sum(part.points for part in self.parts)

    @property
    def unknown_share(self) -> float:
        """How much higher the score could become when what is unknown turns out well."""
        return sum(part.share for part in self.parts if part.worth is None)

    @property
    def verdict(self) -> Verdict:
        """Excluded when one criterion fails; unknown when one is; passed only when all are."""
        found = {check.verdict for check in self.checks}
        return next((v for v in (Verdict.FAIL, Verdict.UNKNOWN) if v in found), Verdict.PASS)


def shares(criteria: Iterable[Criterion]) -> dict[str, float]:
    """The weights of the scored criteria as parts of 1; all 0 where nothing weighs anything."""
    weights = {criterion.code: criterion.weight for criterion in criteria if criterion.kind is Kind.SCORED}
    largest = max(weights.values(), default=0.0)
    if largest == 0:
        return dict.fromkeys(weights, 0.0)
    # Divided by the largest first: the sum of very small or very large weights is still a number.
    total = sum(weight / largest for weight in weights.values())
    return {code: weight / largest / total for code, weight in weights.items()}


def check(criterion: Criterion, value: Value) -> Verdict:
    """Does a site with this value pass?"""
    if value is None or value != value:
        return Verdict.UNKNOWN
    if isinstance(criterion.worth, Levels):
        worth = criterion.worth.worth(value)
        return Verdict.UNKNOWN if worth is None else Verdict.PASS if worth > 0 else Verdict.FAIL
    if isinstance(value, str):
        return Verdict.UNKNOWN
    too_little = criterion.least is not None and value < criterion.least
    too_much = criterion.most is not None and value > criterion.most
    return Verdict.FAIL if too_little or too_much else Verdict.PASS


def judge(criteria: Sequence[Criterion], values: Mapping[str, Value]) -> Score:
    """Score one site by what was measured of it; what is not in ``values`` is unknown."""
    share = shares(criteria)
    checks, parts = [], []
    for criterion in criteria:
        value = values.get(criterion.code)
        if criterion.kind is Kind.HARD:
            checks.append(Check(criterion.code, value, check(criterion, value)))
        else:
            worth = None if value is None or criterion.worth is None else criterion.worth.worth(value)
            parts.append(Part(criterion.code, value, worth, share[criterion.code]))
    return Score(tuple(checks), tuple(parts))


def ranked(scores: Sequence[Score]) -> list[int]:
    """The places of the sites that are not excluded, best first; equals keep the order they came in."""
    allowed = [at for at, score in enumerate(scores) if score.verdict is not Verdict.FAIL]
    return sorted(allowed, key=lambda at: -scores[at].total)
