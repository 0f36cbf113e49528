"""Reads and writes elections as pabulib keeps them (.pb files): what it was about, the projects, the ballots."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from participation.rules.counting import Election, election
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Method, Rule

METHODS = {
    "approval": Method.BUDGET,
    "choose-1": Method.BUDGET,
    "cumulative": Method.POINTS,
    "scoring": Method.POINTS,
    "ordinal": Method.RANKING,
}
# How files name the rules we have; the first name of a rule is what we write.
RULES = {
    "greedy": Rule.GREEDY,
    "greedy-no-skip": Rule.PLURALITY,
    "equalshares/add1": Rule.EQUAL_SHARES,
    "borda": Rule.BORDA,
}
# What a section cannot do without.
SECTIONS = {
    "META": ("key", "value"),
    "PROJECTS": ("project_id", "cost"),
    "VOTES": ("voter_id", "vote"),
}
NEEDED = ("num_projects", "num_votes", "budget", "vote_type")
# Twelve digits of money, four of them cents: a sum over every ballot still counts exactly.
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4}0*)?")
_WHOLE = re.compile(r"[0-9]{1,9}(?:\.0+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row and the line it ends on; cells as they stand in the file."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One section: the names of its columns, and its rows."""

    fields: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, field: str) -> list[str]:
        """The cells of a column, without blanks at the ends."""
        at = self.fields.index(field)
        return [row.cells[at].strip() for row in self.rows]


@dataclass(frozen=True, slots=True)
class Pabulib:
    """A file: its three sections, unknown columns and keys included."""

    meta: Table
    projects: Table
    votes: Table

    @property
    def about(self) -> dict[str, str]:
        """The keys and values of META."""
        return dict(zip(self.meta.column("key"), self.meta.column("value"), strict=True))

    @property
    def official(self) -> frozenset[str] | None:
        """The projects that won officially; None when the file does not say."""
        if "selected" not in self.projects.fields:
            return None
        pairs = zip(self.projects.column("project_id"), self.projects.column("selected"), strict=True)
        return frozenset(project for project, selected in pairs if selected == "1")

    @property
    def n_votes(self) -> dict[str, int] | None:
        """How many votes the file says each project got; None when it does not say."""
        if "votes" not in self.projects.fields:
            return None
        pairs = zip(self.projects.column("project_id"), self.projects.column("votes"), strict=True)
        return {project: int(votes) for project, votes in pairs if votes.isdecimal()}


def read(text: str) -> Pabulib:
    """Read a file; the first thing wrong is refused with its line.

    Refuses  pabulib.section_missing, pabulib.section_twice, pabulib.field_missing, pabulib.quotes, pabulib.width,
             pabulib.repeated, pabulib.number, pabulib.vote_type, pabulib.count.
    """
    found: dict[str, list[Row]] = {}
    section = None
    for row in _rows(text):
        name = row.cells[0].strip().upper()
        if len(row.cells) == 1 and name in SECTIONS:
            if name in found:
                raise Refused(Code.PABULIB_SECTION_TWICE, {"line": row.line, "section": name})
            section = found.setdefault(name, [])
        elif section is None:
            raise Refused(Code.PABULIB_SECTION_MISSING, {"section": "META"})
        else:
            section.append(row)
    file = Pabulib(*(_table(name, found.get(name)) for name in SECTIONS))
    _check(file)
    return file


def written(file: Pabulib) -> str:
    """Write a file, so that reading it gives the same content."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    for name, table in zip(SECTIONS, (file.meta, file.projects, file.votes), strict=True):
        writer.writerow([name])
        writer.writerow(table.fields)
        writer.writerows(row.cells for row in table.rows)
    return out.getvalue()


def election_of(file: Pabulib) -> Election[str]:
    """Take the ballots of a file, to be counted: each project by its id, in the order of the file.

    Who names a project twice on an approval ballot names it once. Equals that cost the same go in the order of the
    file, for a file brings no draw.

    Refuses  pabulib.project_unknown, pabulib.repeated, pabulib.points, pabulib.one_choice, pabulib.number.
    """
    projects = file.projects.column("project_id")
    costs = [Decimal(cost) for cost in file.projects.column("cost")]
    budget = Decimal(file.about["budget"])
    # Cents only where some amount has them.
    digits = max(-int(amount.normalize().as_tuple().exponent) for amount in (*costs, budget))
    unit = 10 ** max(digits, 0)
    return election(
        METHODS[file.about["vote_type"]],
        projects,
        list(ballots_of(file)),
        ties=projects,
        costs={project: int(cost * unit) for project, cost in zip(projects, costs, strict=True)},
        budget=int(budget * unit),
        unit=unit,
    )


def ballots_of(file: Pabulib) -> Iterator[dict[str, int]]:
    """Read what each ballot names, in its order, with the points or the rank of each; those without points left out.

    Refuses  pabulib.project_unknown, pabulib.repeated, pabulib.points, pabulib.one_choice, pabulib.number.
    """
    kind, projects = file.about["vote_type"], set(file.projects.column("project_id"))
    scored = METHODS[kind] is Method.POINTS
    if scored and "points" not in file.votes.fields:
        raise Refused(Code.PABULIB_FIELD_MISSING, {"section": "VOTES", "field": "points"})
    points = file.votes.column("points") if scored else [""] * len(file.votes.rows)
    for row, vote, given in zip(file.votes.rows, file.votes.column("vote"), points, strict=True):
        named = _list(vote)
        for project in named:
            if project not in projects:
                raise Refused(Code.PABULIB_PROJECT_UNKNOWN, {"line": row.line, "text": project[:40]})
        if kind == "approval":
            yield dict.fromkeys(named, 1)
            continue
        if len(set(named)) != len(named):
            twice = next(project for project in named if named.count(project) > 1)
            raise Refused(Code.PABULIB_REPEATED, {"line": row.line, "text": twice[:40]})
        if kind == "choose-1" and len(named) > 1:
            raise Refused(Code.PABULIB_ONE_CHOICE, {"line": row.line, "n": len(named)})
        if scored:
            numbers = [_number(_WHOLE, one, row.line, "points") for one in _list(given)]
            if len(numbers) != len(named):
                raise Refused(Code.PABULIB_POINTS, {"line": row.line, "n": len(named), "points": len(numbers)})
            yield {project: number for project, number in zip(named, numbers, strict=True) if number}
        else:
            yield (
                {project: rank for rank, project in enumerate(named, start=1)}
                if kind == "ordinal"
                else dict.fromkeys(named, 1)
            )


def _rows(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield Row(reader.line_num, tuple(cells))
    except csv.Error as error:
        raise Refused(Code.PABULIB_QUOTES, {"line": reader.line_num}) from error


def _table(name: str, rows: list[Row] | None) -> Table:
    if not rows:
        raise Refused(Code.PABULIB_SECTION_MISSING, {"section": name})
    fields = tuple(field.strip() for field in rows[0].cells)
    for field in SECTIONS[name]:
        if fields.count(field) != 1:
            raise Refused(Code.PABULIB_FIELD_MISSING, {"section": name, "field": field})
    for row in rows[1:]:
        if len(row.cells) != len(fields):
            raise Refused(Code.PABULIB_WIDTH, {"line": row.line, "n": len(row.cells), "expected": len(fields)})
    table = Table(fields, tuple(rows[1:]))
    seen = set()
    for row, key in zip(table.rows, table.column(SECTIONS[name][0]), strict=True):
        if key in seen:
            raise Refused(Code.PABULIB_REPEATED, {"line": row.line, "text": key[:40]})
        seen.add(key)
    return table


def _check(file: Pabulib) -> None:
    about = file.about
    for key in NEEDED:
        if key not in about:
            raise Refused(Code.PABULIB_FIELD_MISSING, {"section": "META", "field": key})
    if about["vote_type"] not in METHODS:
        raise Refused(Code.PABULIB_VOTE_TYPE, {"text": about["vote_type"][:40], "known": ", ".join(METHODS)})
    lines = dict(zip(file.meta.column("key"), (row.line for row in file.meta.rows), strict=True))
    _number(_AMOUNT, about["budget"], lines["budget"], "budget")
    for row, cost in zip(file.projects.rows, file.projects.column("cost"), strict=True):
        _number(_AMOUNT, cost, row.line, "cost")
    for key, table in (("num_projects", file.projects), ("num_votes", file.votes)):
        declared = _number(_WHOLE, about[key], lines[key], key)
        if declared != len(table.rows):
            raise Refused(Code.PABULIB_COUNT, {"field": key, "declared": about[key], "found": len(table.rows)})


def _number(shape: re.Pattern[str], text: str, line: int, field: str) -> int:
    """The whole part of a number that has this shape."""
    if not shape.fullmatch(text):
        raise Refused(Code.PABULIB_NUMBER, {"line": line, "field": field, "text": text[:40]})
    return int(text.partition(".")[0])


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(",")] if cell else []
