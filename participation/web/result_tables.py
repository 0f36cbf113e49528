"""A result as tables: the same rows on the page, in a spreadsheet, as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from geo.formats.formulas import inert
from participation.models import Phase
from participation.rules.explaining import unit_of
from participation.rules.voting import Method
from participation.selectors.results import Result
from participation.services.tally import Counted, seed_of
from participation.web.result_words import CHANNEL_NAMES, UNIT_NAMES

Cell = str | int | float | Decimal | bool | None
WIDEST = 60


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name for machines, its name for people, and what it means."""

    key: str
    label: str
    meaning: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the cells of a row stand as the columns do."""

    key: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]

    def records(self) -> list[dict[str, Cell]]:
        """Each row by the names of its columns."""
        return [dict(zip([column.key for column in self.columns], row, strict=True)) for row in self.rows]


def tables_of(vote: Phase, counted: Counted, result: Result) -> list[Table]:
    """All tables a result has: options, neighbourhoods where places are asked, turnout."""
    found = [options_table(vote, counted, result)]
    if vote.project.area is not None:
        found.append(areas_table(result))
    return [*found, turnout_table(result)]


def options_table(vote: Phase, counted: Counted, result: Result) -> Table:
    """The options in the order of the result."""
    unit = unit_of(Method(vote.method), counted.rule)
    has_map, has_costs = vote.project.area is not None, vote.budget_cents is not None
    columns = [
        Column("rank", _("Rank"), _("The place in the order of this rule, the chosen ones first."), True),
        Column("number", _("Number"), _("The number of the proposal in this project."), True),
        Column("title", _("Proposal"), _("What it is called; empty when it is no longer shown.")),
    ]
    if has_map:
        columns.append(Column("area", _("Neighbourhood"), _("Where the place lies.")))
    label = str(UNIT_NAMES[unit])
    columns.append(Column("score", label[:1].upper() + label[1:], _("What it got in this way of counting."), True))
    if unit != "rank_points":
        columns.append(
            Column("percent", "%", _("The score for every hundred ballots; on points, of all points given."), True)
        )
    if has_costs:
        columns.append(Column("cost", _("Cost (€)"), _("What it costs, in euro."), True))
    columns.append(Column("chosen", _("Chosen"), _("Whether it is chosen in this way of counting.")))
    whole = counted.n_choices if unit == "points" else counted.n_ballots
    rows: list[list[Cell]] = []
    for row in result.rows:
        cells: list[Cell] = [row.rank, row.proposal.number, row.proposal.title if row.is_public else ""]
        if has_map:
            cells.append(row.proposal.area.name if row.proposal.area else "")
        cells.append(row.score)
        if unit != "rank_points":
            cells.append(round(100 * row.score / whole, 1) if whole else 0.0)
        if has_costs:
            cells.append(Decimal(row.proposal.cost_cents or 0) / 100)
        rows.append([*cells, row.is_winner])
    return Table("options", _("Proposals"), columns, rows)


def areas_table(result: Result) -> Table:
    """What each neighbourhood got."""
    columns = [
        Column("area", _("Neighbourhood"), _("The part of the town.")),
        Column("score", _("Votes for places there"), _("What the places there got together."), True),
        Column("per_thousand", _("per 1,000 inhabitants"), _("The same for every 1,000 inhabitants there."), True),
        Column("chosen", _("Chosen"), _("How many places there are chosen."), True),
        Column("options", _("On the ballot"), _("How many places there were on the ballot."), True),
        Column("population", _("Inhabitants"), _("How many people live there; empty where it is not known."), True),
        Column("estimated", _("Inhabitants estimated"), _("Whether the number of inhabitants is an estimate.")),
    ]
    rows: list[list[Cell]] = [
        [
            area.name,
            area.score,
            round(area.per_thousand, 1) if area.per_thousand is not None else None,
            area.n_chosen,
            area.n_options,
            area.population,
            area.population_is_estimate,
        ]
        for area in result.areas
    ]
    return Table("areas", _("Neighbourhoods"), columns, rows)


def turnout_table(result: Result) -> Table:
    """How many people took part, by the road their last ballot came."""
    columns = [
        Column("channel", _("How people voted"), _("By which road somebody’s last ballot came.")),
        Column("people", _("People"), _("How many people; empty where so few came that it would tell who."), True),
        Column("percent", _("Per 100 who may vote"), _("For every hundred who may vote, where that is known."), True),
    ]
    told = result.turnout

    def row(name: str | Promise, n: int | None) -> list[Cell]:
        share = round(100 * n / told.n_of, 1) if told.n_of and n is not None and not told.of_inhabitants else None
        return [str(name), n, share]

    rows = [row(CHANNEL_NAMES[channel], n) for channel, n in told.channels.items()]
    return Table("turnout", _("Turnout"), columns, [*rows, row(_("Together"), told.n_people)])


def as_csv(table: Table) -> bytes:
    """One table with the names for machines on top; no cell is computed by a spreadsheet, Excel sees UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.key for column in table.columns])
    for row in table.rows:
        writer.writerow([_plain(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: Cell) -> object:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return inert(cell) if isinstance(cell, str) else "" if cell is None else cell


def as_json(vote: Phase, counted: Counted, tables: Sequence[Table], words: Mapping[str, str]) -> bytes:
    """All tables and what was counted how; ``words`` add what only people read."""
    whole: dict[str, object] = {
        "project": vote.project.slug,
        **words,
        "method": vote.method,
        "rule": counted.rule.value,
        "one_per_area": counted.one_per_area,
        "is_binding": counted.is_binding,
        "binding_rule": vote.rule,
        "counted_at": vote.closed_at.isoformat() if vote.closed_at else None,
        "n_ballots": counted.n_ballots,
        "n_choices": counted.n_choices,
        "n_winners": None if vote.budget_cents is not None else vote.n_winners,
        "budget_cents": vote.budget_cents,
        "winners": list(counted.winners),
        "drawn": list(counted.explained.drawn),
        "draw": {"seed": seed_of(vote), "method": "lowest SHA-256 of seed:number first"},
    }
    whole |= {table.key: table.records() for table in tables}
    return json.dumps(whole, ensure_ascii=False, indent=1, default=float).encode()


def as_xlsx(tables: Sequence[Table], words: Sequence[tuple[str, str]], *, made_at: datetime | None = None) -> bytes:
    """A workbook: a sheet a table, and one that says what was counted and what each column means.

    Numbers are numbers and text is text: nothing in it is ever computed. With ``made_at`` the same tables are the
    same file; else it carries the time of writing.
    """
    memory = io.BytesIO()
    book = Workbook(memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    if made_at is not None:
        book.set_properties({"created": made_at})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for table in tables:
        sheet = book.add_worksheet(table.title[:31])
        for at, column in enumerate(table.columns):
            sheet.write_string(0, at, column.label, head)
            widths = [len(str(row[at])) for row in table.rows if row[at] is not None]
            sheet.set_column(at, at, min(max([10, *widths]), WIDEST))
        for down, row in enumerate(table.rows, start=1):
            for at, cell in enumerate(row):
                if isinstance(cell, bool):
                    sheet.write_boolean(down, at, cell)
                elif isinstance(cell, int | float | Decimal):
                    sheet.write_number(down, at, cell)
                elif cell is not None:
                    sheet.write_string(down, at, cell)
        sheet.freeze_panes(1, 0)
    sheet = book.add_worksheet(_("What the columns mean")[:31])
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 2, WIDEST)
    down = 0
    for name, said in words:
        sheet.write_string(down, 0, name, head)
        sheet.write_string(down, 1, said)
        down += 1
    down += 1
    for at, name in enumerate((_("Sheet"), _("Column"), _("Meaning"))):
        sheet.write_string(down, at, name, head)
    for table in tables:
        for column in table.columns:
            down += 1
            for at, text in enumerate((table.title, column.label, column.meaning)):
                sheet.write_string(down, at, text, wrapped)
    book.close()
    return memory.getvalue()
