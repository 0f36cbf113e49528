"""Says what vote a pabulib file tells of: how it was voted, within which limits, and where its ballots break them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from participation.rules.pabulib import METHODS, RULES, Pabulib, ballots_of
from participation.rules.refusals import Code, Refused
from participation.rules.voting import NO_CAP, RULES_OF, Choice, Method, Rule

CENTS = 100
# What the database's whole numbers hold.
MOST = 2**31 - 1
_DAY = re.compile(r"(?:(?:(\d{1,2})\.)?(\d{1,2})\.)?(\d{4})")


@dataclass(frozen=True, slots=True)
class Note:
    """One thing the file says and its ballots contradict, or that is not held here.

    ``used`` is what the vote goes by instead; ``n`` ballots are concerned, the first of them ends on ``line``.
    """

    field: str
    declared: str
    used: str
    n: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """The vote of a file. Options are numbered from 1 in the order of the file; ballots name them in their own."""

    method: Method
    rule: Rule
    cap: int
    floor: int
    points: int
    points_max: int
    budget_cents: int
    costs_cents: tuple[int, ...]
    begins: date | None
    ends: date | None
    ballots: tuple[tuple[Choice, ...], ...]
    notes: tuple[Note, ...]


def vote_told(file: Pabulib) -> Told:
    """Read the vote. A limit that some ballots break is as wide as they are, and noted.

    Refuses  what rules.pabulib.ballots_of refuses; pabulib.number for parts of a cent and for sums no table holds,
             vote.too_many.
    """
    number = {project: at for at, project in enumerate(file.projects.column("project_id"), start=1)}
    method = METHODS[file.about["vote_type"]]
    scored = method is Method.POINTS
    ballots = tuple(
        tuple(Choice(number[project], value if scored else 1) for project, value in ballot.items())
        for ballot in ballots_of(file)
    )
    costs = tuple(
        _cents(cost, row.line, "cost")
        for row, cost in zip(file.projects.rows, file.projects.column("cost"), strict=True)
    )
    limits = _Limits(file, ballots)
    budget = _cents(file.about["budget"], 0, "budget")
    if method is Method.BUDGET and not limits.spends(budget, costs):
        method = Method.CHOICES
    cap, floor = limits.lengths(len(number))
    points, points_max = limits.points(cap) if scored else (1, 1)
    rule = limits.rule(method)
    begins, ends = limits.days()
    return Told(method, rule, cap, floor, points, points_max, budget, costs, begins, ends, ballots, tuple(limits.notes))


def named(choices: Iterable[tuple[str, int]], method: Method) -> tuple[str, str]:
    """Write a ballot as a file does: the cells of ``vote`` and ``points``."""
    pairs = list(choices)
    points = ",".join(str(value) for _project, value in pairs) if method is Method.POINTS else ""
    return ",".join(project for project, _value in pairs), points


def day_of(text: str, *, last: bool = False) -> date | None:
    """Read "15.04.2024", "04.2024" or "2024"; of a year or a month its first day, or its ``last``."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    day, month, year = (int(part) if part else None for part in found.groups())
    try:
        if day is None and last:
            after = date(int(year or 0) + (month in {None, 12}), 1 if month in {None, 12} else int(month or 0) + 1, 1)
            return date.fromordinal(after.toordinal() - 1)
        return date(int(year or 0), month or 1, day or 1)
    except ValueError:
        return None


def _cents(amount: str, line: int, field: str) -> int:
    cents = Decimal(amount) * CENTS
    if cents != int(cents):
        raise Refused(Code.PABULIB_NUMBER, {"line": line, "text": amount, "field": field})
    return int(cents)


class _Limits:
    """What META declares, held against the ballots."""

    def __init__(self, file: Pabulib, ballots: Sequence[Sequence[Choice]]) -> None:
        self.about, self.ballots = file.about, ballots
        self.lines = [row.line for row in file.votes.rows]
        self.filled = [at for at, ballot in enumerate(ballots) if ballot]
        self.notes: list[Note] = []

    def note(self, field: str, used: object, broken_by: Sequence[int] = ()) -> None:
        """Note what is not as declared, and by which ballots."""
        line = self.lines[broken_by[0]] if broken_by else 0
        self.notes.append(Note(field, self.about.get(field, ""), str(used), len(broken_by), line))

    def declared(self, key: str) -> int | None:
        """A whole number of META from 1 up; None where there is none."""
        try:
            value = Decimal(self.about.get(key, "").strip())
            whole = int(value)
        except (InvalidOperation, ValueError, OverflowError):
            return None
        return whole if value == whole and 1 <= whole <= MOST else None

    def at_most(self, key: str, found: Sequence[int], otherwise: int) -> int:
        """The limit declared, or the most that was found where that is more."""
        limit = self.declared(key)
        most = max(found, default=1)
        if limit is None:
            return max(otherwise, most)
        if most > limit:
            self.note(key, most, [at for at, n in zip(self.filled, found, strict=True) if n > limit])
        return max(limit, most)

    def lengths(self, n_options: int) -> tuple[int, int]:
        """How many options a ballot may name, and must."""
        found = [len(self.ballots[at]) for at in self.filled]
        cap = min(self.at_most("max_length", found, n_options), NO_CAP)
        if max(found, default=0) > cap:
            raise Refused(Code.VOTE_TOO_MANY, {"cap": cap, "chosen": max(found)})
        floor, least = self.declared("min_length") or 1, min(found, default=NO_CAP)
        if least < floor:
            self.note("min_length", least, [at for at, n in zip(self.filled, found, strict=True) if n < floor])
        if len(self.filled) < len(self.ballots):
            empty = [at for at, ballot in enumerate(self.ballots) if not ballot]
            self.note("num_votes", len(self.filled), empty)
        return cap, min(floor, least, cap)

    def points(self, cap: int) -> tuple[int, int]:
        """How many points there are to divide, and how many may go to one."""
        sums = [sum(choice.value for choice in self.ballots[at]) for at in self.filled]
        most = [max(choice.value for choice in self.ballots[at]) for at in self.filled]
        if sum(sums) > MOST:
            raise Refused(Code.PABULIB_NUMBER, {"line": self.lines[0], "text": str(sum(sums)), "field": "points"})
        one = self.at_most("max_points", most, 1)
        points = self.at_most("max_sum_points", sums, min(cap * one, MOST))
        return points, min(points, one if self.declared("max_points") else points)

    def spends(self, budget: int, costs: Sequence[int]) -> bool:
        """Had each voter the budget to spend, and nobody more?"""
        if "max_sum_cost" not in self.about:
            return False
        try:
            sum_declared = Decimal(self.about["max_sum_cost"]) * CENTS
        except InvalidOperation:
            sum_declared = Decimal(-1)
        spent = [sum(costs[choice.number - 1] for choice in self.ballots[at]) for at in self.filled]
        over = [at for at, sum_spent in zip(self.filled, spent, strict=True) if sum_spent > budget]
        if sum_declared != budget or over:
            self.note("max_sum_cost", "", over)
            return False
        return True

    def rule(self, method: Method) -> Rule:
        """How the vote was counted, or by the budget where its own rule is not known here."""
        rule = RULES.get(self.about.get("rule", ""))
        if rule in RULES_OF[method]:
            return rule
        fits = Rule.GREEDY if Rule.GREEDY in RULES_OF[method] else RULES_OF[method][0]
        self.note("rule", next(name for name, ours in RULES.items() if ours is fits))
        return fits

    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day."""
        begins, ends = day_of(self.about.get("date_begin", "")), day_of(self.about.get("date_end", ""), last=True)
        for key, day in (("date_begin", begins), ("date_end", ends)):
            if self.about.get(key) and day is None:
                self.note(key, "")
        if begins and ends and begins > ends:
            self.note("date_begin", ends)
            begins = ends
        return begins, ends
