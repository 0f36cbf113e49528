"""Takes a file in at the desk: read apart, seen row by row, carried out as it was seen, taken back."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from geo.formats.rows import UnreadableFile
from geo.intake.apart import Reading as FileReading
from geo.intake.apart import reading_of
from participation.models import Import, ImportedRow, Organisation, Person, Project
from participation.rules.refusals import Code, Refused
from participation.rules.rows import cell
from participation.rules.wording import cleaned
from participation.services.importing import desk_areas, desk_proposals, desk_supports
from participation.services.importing.rows import BATCH, rows_path
from participation.services.records import record_act

FIRST_ROWS = 6
DRAFTS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Way:
    """How files of one kind come in: which columns can be named and whether they are enough, what becomes of the rows,
    how that is taken back (each row that stays says why in ``left``), and what both are called in the audit."""

    columns: tuple[str, ...]
    check: Callable[[Import, Mapping[str, str]], None]
    become: Callable[[Import, Mapping[str, str], datetime], list[ImportedRow]]
    take_back: Callable[[Import], list[ImportedRow]]
    done: str
    undone: str


WAYS = {
    Import.Kind.PROPOSALS: Way(
        desk_proposals.COLUMNS,
        desk_proposals.check,
        desk_proposals.become,
        desk_proposals.take_back,
        "proposals.imported",
        "proposals.import_undone",
    ),
    Import.Kind.SUPPORTS: Way(
        desk_supports.COLUMNS,
        desk_supports.check,
        desk_supports.become,
        desk_supports.take_back,
        "supports.imported",
        "supports.import_undone",
    ),
    Import.Kind.AREAS: Way(
        desk_areas.COLUMNS,
        desk_areas.check,
        desk_areas.become,
        desk_areas.take_back,
        "areas.loaded",
        "areas.load_undone",
    ),
}


def _way(of: Import) -> Way:
    return WAYS[Import.Kind(of.kind)]


def upload_import(
    *,
    of: Project | Organisation,
    kind: str = Import.Kind.PROPOSALS,
    file: "UploadedFile[Any]",
    file_name: str,
    by: Person,
    now: datetime,
) -> Import:
    """Keep a file as a draft, and read it as far as it says what it is; neighbourhoods are those of a town.

    Refuses  file.unreadable.
    Cost     reads the file in a process of its own (geo.intake.apart).
    """
    owner = {"project": of} if isinstance(of, Project) else {"organisation": of}
    found = Import(kind=kind, file_name=cleaned(file_name)[-200:] or "file", by=by, uploaded_at=now, **owner)
    # A name nobody chose: what a stranger calls a file has no say in where it lies.
    found.file.save(f"{uuid4().hex}{Path(found.file_name).suffix[:10].lower()}", file, save=False)
    try:
        _read(found, by, "import.uploaded")
    except BaseException:
        _forget_file(found)
        raise
    return found


def read_import(draft: Import, *, file_layer: str, crs: str, lon: str, lat: str, by: Person) -> None:
    """Read a draft's file anew: another layer of it, in another plane, its places by other columns.

    Refuses  import.not_a_draft, file.unreadable.
    """
    if draft.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    draft.file_layer, draft.crs, draft.lon, draft.lat = file_layer, crs, lon, lat
    _read(draft, by, "import.read_anew")


def _read(draft: Import, by: Person, act: str) -> None:
    try:
        with reading_of(
            Path(draft.file.path),
            name=draft.file_name,
            layer=draft.file_layer,
            crs=draft.crs,
            lon=draft.lon,
            lat=draft.lat,
            every_row=True,
            needs_places=draft.kind == Import.Kind.AREAS,
        ) as reading:
            draft.report = _report(reading)
            if not reading.needs:
                shutil.move(reading.rows, rows_path(draft))
    except UnreadableFile as refused:
        raise Refused(Code.FILE_UNREADABLE, {"why": str(refused).rstrip(".")}) from refused
    with transaction.atomic():
        draft.columns, draft.counts = {}, {}
        draft.save()
        draft.rows.all().delete()
        _record(draft, by, act, {"kind": draft.kind} | _chosen(draft))


def _chosen(of: Import) -> dict[str, str]:
    """How a file is read, where somebody said it."""
    said = {"layer": of.file_layer, "crs": of.crs, "lon": of.lon, "lat": of.lat}
    return {name: text for name, text in said.items() if text}


def _report(reading: FileReading) -> dict[str, Any]:
    names = [attribute["name"] for attribute in reading.attributes]
    first = [] if reading.needs else list(islice(reading.every_row(), FIRST_ROWS))
    return reading.counts | {
        "needs": reading.needs,
        "layers": list(reading.layers),
        "layer": reading.layer,
        "crs_in_file": reading.crs_in_file,
        "crs": reading.crs,
        "names": names,
        "first": [[cell(row.attributes.get(name)) for name in names] for row in first],
    }


def _forget_file(of: Import) -> None:
    if of.file:
        rows_path(of).unlink(missing_ok=True)
        of.file.delete(save=False)


def _become(of: Import, columns: Mapping[str, str], now: datetime) -> list[ImportedRow]:
    return sorted(_way(of).become(of, columns, now), key=lambda row: row.line)


def plan_import(*, draft: Import, columns: Mapping[str, str], by: Person, now: datetime) -> None:
    """Say row by row what would become of a file with these columns; nothing of it is done.

    Locks    what carrying it out locks, while it looks: the same code runs, and is taken back.
    Refuses  import.not_a_draft, import.not_read, theme.too_many; import.no_words, import.no_person, import.no_name
             where a column is missing.
    """
    if draft.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    if draft.report.get("needs"):
        raise Refused(Code.IMPORT_NOT_READ)
    chosen = {name: columns.get(name, "") for name in _way(draft).columns}
    chosen = {name: column for name, column in chosen.items() if column in draft.report["names"]}
    _way(draft).check(draft, chosen)
    with transaction.atomic():
        rows = _become(draft, chosen, now)
        transaction.set_rollback(True)
    for row in rows:
        if row.act == ImportedRow.Act.NEW:
            # Numbers and keys of what was taken back again.
            row.proposal, row.number, row.made = None, None, None
    with transaction.atomic():
        draft.columns = chosen
        draft.counts = _counts(rows)
        draft.save()
        draft.rows.all().delete()
        ImportedRow.objects.bulk_create(rows, batch_size=BATCH)
        _record(draft, by, "import.tried", {"kind": draft.kind} | _in_short(draft))


def _counts(rows: Sequence[ImportedRow]) -> dict[str, Any]:
    acts = Counter(str(row.act) for row in rows)
    return dict(acts) | {"codes": dict(Counter(row.code for row in rows if row.code)), "read": len(rows)}


def _in_short(of: Import) -> dict[str, Any]:
    return {name: of.counts.get(name, 0) for name in ("new", "changed", "refused")}


def _seen(rows: Iterator[ImportedRow] | Sequence[ImportedRow]) -> list[tuple[Any, ...]]:
    return [(row.line, row.key, row.act, row.before, row.after, row.code, row.note) for row in rows]


@transaction.atomic
def carry_out_import(*, draft: Import, by: Person, now: datetime) -> Import:
    """Take a file in, exactly as it was looked at.

    Locks    the import's row, then what its kind locks.
    Refuses  import.not_a_draft, import.not_read, import.nothing; import.changed when a row would now become something
             else than was shown.
    """
    found = _locked(draft)
    if found.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    if not found.columns:
        raise Refused(Code.IMPORT_NOT_READ)
    if not found.counts.get("new") and not found.counts.get("changed"):
        raise Refused(Code.IMPORT_NOTHING)
    rows = _become(found, found.columns, now)
    if _seen(rows) != _seen(found.rows.order_by("line", "pk").iterator()):
        raise Refused(Code.IMPORT_CHANGED)
    found.rows.all().delete()
    ImportedRow.objects.bulk_create(rows, batch_size=BATCH)
    found.state, found.done_at, found.counts = Import.State.DONE, now, _counts(rows)
    # What came in stands in the rows; the file may hold more than that, and is needed no more.
    found.report.pop("first", None)
    found.save()
    transaction.on_commit(partial(_forget_file, found))
    _record(found, by, _way(found).done, _in_short(found))
    return found


@transaction.atomic
def undo_import(*, done: Import, by: Person, now: datetime) -> Import:
    """Take an import back: what it made goes, what it changed becomes what it was.

    What somebody used or changed since stays as it is, and its row says so.

    Locks    the import's row, then what its kind locks.
    Refuses  import.not_done.
    """
    found = _locked(done)
    if found.state != Import.State.DONE:
        raise Refused(Code.IMPORT_NOT_DONE)
    rows = _way(found).take_back(found)
    ImportedRow.objects.bulk_update(rows, ["left"], batch_size=BATCH)
    found.state, found.undone_at = Import.State.UNDONE, now
    left = sum(1 for row in rows if row.left)
    found.counts |= {"undone": len(rows) - left, "left": left}
    found.save()
    _record(found, by, _way(found).undone, {"undone": len(rows) - left, "left": left})
    return found


def _locked(of: Import) -> Import:
    rows = Import.objects.select_for_update(of=("self",)).select_related("project__organisation", "organisation")
    return rows.get(pk=of.pk)


@transaction.atomic
def delete_import(*, draft: Import, by: Person | None) -> None:
    """Forget a file that was not taken in.

    Refuses  import.not_a_draft.
    """
    if draft.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    _record(draft, by, "import.discarded", {"kind": draft.kind})
    draft.delete()
    transaction.on_commit(partial(_forget_file, draft))


def forget_drafts(*, now: datetime) -> int:
    """Forget the files that nobody took in within a day; how many."""
    old = list(Import.objects.filter(state=Import.State.DRAFT, uploaded_at__lt=now - DRAFTS_KEPT))
    for draft in old:
        delete_import(draft=draft, by=None)
    return len(old)


def _record(of: Import, by: Person | None, act: str, detail: Mapping[str, object]) -> None:
    record_act(organisation=of.town, project=of.project, by=by, act=act, subject=of.file_name, detail=detail)
