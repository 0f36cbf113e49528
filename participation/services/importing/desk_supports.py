"""Supports from a file at the desk: who supports what, seen row by row, and taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from geo.formats.rows import Row, RowFault
from participation.models import Import, ImportedRow, Person, Project, Support
from participation.rules.refusals import Code, Refused
from participation.services.importing.rows import PSEUDONYM_DOMAIN, batches, kept_rows
from participation.services.importing.supports import Given, SupportColumns, SupportImport

COLUMNS = ("key", "person")
GONE = "gone"


class _DeskSupports(SupportImport):
    """An import that writes down what becomes of each row; never who it is that supports."""

    def __init__(self, of: Import, project: Project, columns: SupportColumns) -> None:
        super().__init__(project, columns, lambda _row: None)
        self.of = of
        self.rows: list[ImportedRow] = []

    def note(self, row: Row, key: str, act: ImportedRow.Act, **more: Any) -> None:
        self.rows.append(ImportedRow(of=self.of, line=row.line, key=key[:200], act=act, **more))

    def refuse(self, row: Row, key: str, why: Refused | RowFault) -> None:
        super().refuse(row, key, why)
        self.note(row, key, ImportedRow.Act.REFUSED, code=str(why.code), facts=dict(why.facts))

    def repeat(self, given: Given) -> None:
        super().repeat(given)
        facts = {"proposal": given.proposal, "number": given.proposal.number}
        self.note(given.row, given.key, ImportedRow.Act.SAME, **facts)

    def add(self, given: Sequence[Given]) -> list[Support]:
        made = super().add(given)
        for each, support in zip(given, made, strict=True):
            facts = {"proposal": each.proposal, "number": each.proposal.number, "made": support.pk}
            self.note(each.row, each.key, ImportedRow.Act.NEW, after={"title": each.proposal.title}, **facts)
        return made


def check(of: Import, columns: Mapping[str, str]) -> None:
    """Say whether these columns are enough.

    Refuses  import.no_person.
    """
    if "key" not in columns or "person" not in columns:
        raise Refused(Code.IMPORT_NO_PERSON)


def become(of: Import, columns: Mapping[str, str], now: datetime) -> list[ImportedRow]:
    """Carry the rows of a file out, and say what became of each.

    Locks    the proposals of a batch in the order of their numbers.
    """
    assert of.project is not None
    under_way = _DeskSupports(of, of.project, SupportColumns(proposal=columns["key"], person=columns["person"]))
    for batch in batches(kept_rows(of)):
        under_way.take(batch)
    return under_way.rows


def take_back(of: Import) -> list[ImportedRow]:
    """Delete the supports that a file brought, and the pseudonyms that nothing is left of."""
    rows = list(of.rows.filter(act=ImportedRow.Act.NEW, made__isnull=False))
    there = Support.objects.filter(pk__in=[row.made for row in rows], proposal__project=of.project)
    found = dict(there.values_list("pk", "person_id"))
    for row in rows:
        row.left = "" if row.made in found else GONE
    there.delete()
    people = Person.objects.filter(pk__in=set(found.values()), is_active=False, email__endswith=f"@{PSEUDONYM_DOMAIN}")
    people.filter(supports__isnull=True, proposals__isnull=True).delete()
    return rows
