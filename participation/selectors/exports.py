"""Which files somebody asked for, and whether a worker is still at one."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from participation.models import Export, Organisation, Person

# A worker that makes a file is heard of every few seconds; longer only while an index is sorted.
SILENT = timedelta(minutes=5)
LISTED = 20


def all_exports_of(person: Person, organisation: Organisation) -> QuerySet[Export]:
    """What did this person ask for in this town, the latest first?"""
    return Export.objects.filter(person=person, organisation=organisation)


def exports_of(person: Person, organisation: Organisation) -> QuerySet[Export]:
    """What did this person ask for last in this town, the latest first?"""
    return all_exports_of(person, organisation)[:LISTED]


def export_of(person: Person, organisation: Organisation, pk: int) -> Export | None:
    """The file of this number, when it belongs to this person."""
    return Export.objects.filter(person=person, organisation=organisation, pk=pk).first()


def is_lost(export: Export, *, now: datetime) -> bool:
    """Is it being made by nobody any more?"""
    return export.state == Export.State.RUNNING and now - export.told_at > SILENT
