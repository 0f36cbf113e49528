"""Takes the supports of a file in: one a person and proposal."""

from collections.abc import Iterable
from dataclasses import dataclass

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

    Locks    none: the unique key of person and proposal decides.
    Refuses  by row: row.*, person.missing, proposal.not_found, proposal.not_public.
    """
    counts = Counts()
    people = People(project.organisation, "nl")
    seen: set[tuple[int, int]] = set()

    def refuse(row: Row, key: str, why: Refused | RowFault) -> None:
        refused = RefusedRow(row.line, key, why)
        counts.refused[refused.code] += 1
        on_refused(refused)

    for batch in batches(rows):
        counts.read += len(batch)
        good: list[tuple[Row, str, str, str]] = []
        for row in batch:
            shown = cleaned(cell(row.attributes.get(columns.proposal)))
            person = cleaned(cell(row.attributes.get(columns.person)))
            # Where something lies is no matter here, so a bad place is no fault.
            if row.fault is not None and not row.fault.code.startswith("pin."):
                refuse(row, shown, row.fault)
            elif not any(cell(value).strip() for value in row.attributes.values()):
                refuse(row, shown, Refused(Code.ROW_EMPTY))
            elif columns.value and cell(row.attributes.get(columns.value)).strip() != columns.support_value:
                counts.passed_over += 1
            elif not person:
                refuse(row, shown, Refused(Code.PERSON_MISSING))
            else:
                good.append((row, shown, row_key({}, "", shown), person))
        found = {
            key: (pk, state)
            for key, pk, state in Proposal.objects.filter(
                project=project, import_key__in={key for _, _, key, _ in good}
            ).values_list("import_key", "pk", "state")
        }
        pairs: list[tuple[int, str]] = []
        for row, shown, key, person in good:
            pk, state = found.get(key, (None, ""))
            if pk is None or not shown:
                refuse(row, shown, Refused(Code.PROPOSAL_NOT_FOUND, {"number": shown[:40]}))
            elif state != Proposal.State.PUBLISHED:
                refuse(row, shown, Refused(Code.PROPOSAL_NOT_PUBLIC))
            else:
                pairs.append((pk, person))
        people.meet(person for _, person in pairs)
        wanted = [(pk, people.ids[person]) for pk, person in pairs]
        seen.update(
            Support.objects.filter(
                proposal__in={pk for pk, _ in wanted}, person__in={person for _, person in wanted}
            ).values_list("proposal_id", "person_id")
        )
        new = dict.fromkeys(pair for pair in wanted if pair not in seen)
        Support.objects.bulk_create(
            [Support(proposal_id=pk, person_id=person) for pk, person in new], ignore_conflicts=True
        )
        seen.update(new)
        counts.imported += len(new)
        counts.repeats += len(wanted) - len(new)
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
