"""Takes the supports of a file in: one a person and proposal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction

from geo.formats.reading import Row, RowFault
from participation.models import Project, Proposal, Record, Support
from participation.rules.refusals import Code, Refused
from participation.rules.rows import (
    cell,
    row_key,
)
from participation.rules.wording import cleaned
from participation.services.importing.rows import (
    BATCH,
    NUMBER,
    Counts,
    OnRefused,
    People,
    RefusedRow,
    batches,
)


@dataclass(frozen=True, slots=True)
class SupportColumns:
    """Which column names the proposal, which the person, and which value of which column means support."""

    proposal: str
    person: str
    value: str = ""
    support_value: str = ""


class Given(NamedTuple):
    """A row that says who supports what: the key it shows, the proposal, the person's name in the file."""

    row: Row
    key: str
    proposal: Proposal
    person: str


class SupportImport:
    """One import under way."""

    def __init__(self, project: Project, columns: SupportColumns, on_refused: OnRefused) -> None:
        self.project, self.columns, self.on_refused = project, columns, on_refused
        self.counts = Counts()
        self.people = People(project.organisation, (project.organisation.languages or ["nl"])[0])
        self.there: set[tuple[int, int]] = set()

    def refuse(self, row: Row, key: str, why: Refused | RowFault) -> None:
        refused = RefusedRow(row.line, key, why)
        self.counts.refused[refused.code] += 1
        self.on_refused(refused)

    def pass_over(self, row: Row, key: str) -> None:
        """What is said here is no support."""
        self.counts.passed_over += 1

    def repeat(self, given: Given) -> None:
        """This person supports it already."""
        self.counts.repeats += 1

    def add(self, given: Sequence[Given]) -> list[Support]:
        """Make these supports."""
        made = [Support(proposal=each.proposal, person_id=self.people.ids[each.person]) for each in given]
        Support.objects.bulk_create(made, batch_size=BATCH)
        self.counts.imported += len(made)
        return made

    def known(self, keys: set[str]) -> dict[str, Proposal]:
        """The proposals of these keys; locked in the order of their numbers, so that a support comes once."""
        rows = Proposal.objects.select_for_update(no_key=True).filter(project=self.project).order_by("number")
        if self.columns.proposal == NUMBER:
            numbers = [int(key) for key in keys if key.isdecimal() and len(key) < 10]
            return {str(row.number): row for row in rows.filter(number__in=numbers)}
        return {str(row.import_key): row for row in rows.filter(import_key__in=keys)}

    def take(self, rows: Sequence[Row]) -> None:
        """Take a batch of rows in."""
        self.counts.read += len(rows)
        given = self.sound(rows)
        self.people.meet(each.person for each in given)
        pairs = [(each.proposal.pk, self.people.ids[each.person]) for each in given]
        self.there.update(
            Support.objects.filter(
                proposal__in={pk for pk, _ in pairs}, person__in={person for _, person in pairs}
            ).values_list("proposal_id", "person_id")
        )
        new = []
        for each, pair in zip(given, pairs, strict=True):
            if pair in self.there:
                self.repeat(each)
            else:
                self.there.add(pair)
                new.append(each)
        self.add(new)

    def sound(self, rows: Sequence[Row]) -> list[Given]:
        """The rows that say who supports what.

        Refuses  by row: row.*, person.missing, proposal.not_found, proposal.not_public.
        """
        columns = self.columns
        good: list[tuple[Row, str, str, str]] = []
        for row in rows:
            shown = cleaned(cell(row.attributes.get(columns.proposal)))
            person = cleaned(cell(row.attributes.get(columns.person)))
            # Where something lies is no matter here, so a bad place is no fault.
            if row.fault is not None and not row.fault.code.startswith("pin."):
                self.refuse(row, shown, row.fault)
            elif not any(cell(value).strip() for value in row.attributes.values()):
                self.refuse(row, shown, Refused(Code.ROW_EMPTY))
            elif columns.value and cell(row.attributes.get(columns.value)).strip() != columns.support_value:
                self.pass_over(row, shown)
            elif not person:
                self.refuse(row, shown, Refused(Code.PERSON_MISSING))
            else:
                good.append((row, shown, row_key({}, "", shown), person))
        found = self.known({key for _, _, key, _ in good})
        given = []
        for row, shown, key, person in good:
            proposal = found.get(key) if shown else None
            if proposal is None:
                self.refuse(row, shown, Refused(Code.PROPOSAL_NOT_FOUND, {"number": shown[:40]}))
            elif proposal.state != Proposal.State.PUBLISHED:
                self.refuse(row, shown, Refused(Code.PROPOSAL_NOT_PUBLIC))
            else:
                given.append(Given(row, shown, proposal, person))
        return given


@transaction.atomic
def import_supports(
    *,
    project: Project,
    rows: Iterable[Row],
    columns: SupportColumns,
    source: str,
    on_refused: OnRefused,
    dry_run: bool = False,
) -> Counts:
    """Put the supports of a file on proposals that came from a file; one a person and proposal.

    Rows whose value says something else than support (a dislike, a bare comment) are passed over.

    Locks    the proposals of a batch in the order of their numbers.
    Refuses  by row: row.*, person.missing, proposal.not_found, proposal.not_public.
    """
    under_way = SupportImport(project, columns, on_refused)
    for batch in batches(rows):
        under_way.take(batch)
    counts = under_way.counts
    if dry_run:
        transaction.set_rollback(True)
    elif counts.imported:
        Record.objects.create(
            organisation=project.organisation,
            project=project,
            act="supports.imported",
            subject=source[:100],
            detail={"read": counts.read, "imported": counts.imported},
        )
    return counts
