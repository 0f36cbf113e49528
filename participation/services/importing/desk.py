"""Takes a file of proposals in at the desk: read apart, seen row by row, carried out as it was seen, taken back."""

import math
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.timezone import get_current_timezone

from geo.formats.rows import Row, RowFault, UnreadableFile
from geo.intake.apart import Reading as FileReading
from geo.intake.apart import reading_of, rows_in
from participation.models import Import, ImportedRow, Person, Phase, Project, Proposal, Theme
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from participation.rules.rows import cell
from participation.rules.wording import cleaned
from participation.selectors.closing import is_frozen
from participation.selectors.imports import hangs_on
from participation.selectors.proposals import geos_point, nearest_area
from participation.selectors.zones import asks_for_shapes
from participation.services.importing.proposals import Candidate, Columns, ProposalImport, Reading, Settled
from participation.services.importing.rows import BATCH, batches
from participation.services.records import record_act

# The column of our own files by which a proposal is known again.
NUMBER = "number"
FIELDS = ("title", "body", "theme", "place")
FIRST_ROWS = 6
DRAFTS_KEPT = timedelta(days=1)
# Nearer than this a place did not move: formats round to a millimetre, a hand moves it by metres.
SAME_M = 0.01
_DEGREE_M = 111_320.0
# A Shapefile cuts a text at 254 bytes, between two letters; blanks at the cut are gone.
_CUT_BYTES = range(240, 255)


def upload_import(*, project: Project, file: "UploadedFile[Any]", file_name: str, by: Person, now: datetime) -> Import:
    """Keep a file as a draft, and read it as far as it says what it is.

    Refuses  file.unreadable.
    Cost     reads the file in a process of its own (geo.intake.apart).
    """
    found = Import(project=project, file_name=cleaned(file_name)[-200:] or "file", by=by, uploaded_at=now)
    # A name nobody chose: what a stranger calls a file has no say in where it lies.
    found.file.save(f"{uuid4().hex}{Path(found.file_name).suffix[:10].lower()}", file, save=False)
    try:
        read_import(found, file_layer="", crs="", lon="", lat="")
    except BaseException:
        _forget_file(found)
        raise
    return found


def read_import(draft: Import, *, file_layer: str, crs: str, lon: str, lat: str) -> None:
    """Read a draft's file anew: another layer of it, in another plane, its places by other columns.

    Refuses  import.not_a_draft, file.unreadable.
    """
    if draft.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    draft.file_layer, draft.crs, draft.lon, draft.lat = file_layer, crs, lon, lat
    try:
        with reading_of(
            Path(draft.file.path),
            name=draft.file_name,
            layer=file_layer,
            crs=crs,
            lon=lon,
            lat=lat,
            every_row=True,
            needs_places=False,
        ) as reading:
            draft.report = _report(reading)
            if not reading.needs:
                shutil.move(reading.rows, _rows_of(draft))
    except UnreadableFile as refused:
        raise Refused(Code.FILE_UNREADABLE, {"why": str(refused).rstrip(".")}) from refused
    with transaction.atomic():
        draft.columns, draft.counts = {}, {}
        draft.save()
        draft.rows.all().delete()


def _rows_of(draft: Import) -> Path:
    """Where the rows that were read lie, beside the file."""
    return Path(f"{draft.file.path}.rows")


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
        _rows_of(of).unlink(missing_ok=True)
        of.file.delete(save=False)


class _DeskImport(ProposalImport):
    """An import that also changes what was imported, or exported, before; it writes down what becomes of each row."""

    def __init__(self, of: Import, columns: Columns, now: datetime) -> None:
        language = (of.project.organisation.languages or ["nl"])[0]
        reading = Reading(zone=get_current_timezone(), zero=LonLat(0.0, 0.0), language=language)
        super().__init__(of.project, columns, reading, now, lambda _row: None)
        self.of = of
        self.rows: list[ImportedRow] = []
        self.mapped = [name for name in FIELDS if getattr(columns, name, "")]
        # What stands there is not what was sent where places are kept roughly, and more than a spot where shapes are
        # asked for: a file makes new places then, and moves none.
        if of.project.area is not None and not of.project.blur_m and not asks_for_shapes(of.project):
            self.mapped.append("place")
        votes = Phase.objects.filter(project=of.project, kind="vote")
        self.voted = any(is_frozen(vote) for vote in votes)

    def refuse(self, line: int, key: str, why: Refused | RowFault) -> None:
        self.counts.refused[str(why.code)] += 1
        self.note(line, key, ImportedRow.Act.REFUSED, code=str(why.code), facts=dict(why.facts))

    def note(self, line: int, key: str, act: ImportedRow.Act, **more: Any) -> None:
        self.rows.append(ImportedRow(of=self.of, line=line, key=key[:200], act=act, **more))

    def take(self, rows: Sequence[Row]) -> None:
        self.counts.read += len(rows)
        sound = self.sound(rows)
        there = self.known(sound)
        candidates = []
        for row, shown, import_key in sound:
            try:
                if self.columns.key == NUMBER and shown and import_key not in there:
                    raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": shown[:20]})
                candidates.append(self.understood(row, shown, import_key))
            except Refused as refused:
                self.refuse(row.line, shown, refused)
        new: list[Settled] = []
        changed: list[Proposal] = []
        for each in self.settled(candidates):
            proposal = there.get(each[0].import_key)
            if proposal is None:
                new.append(each)
            elif self.change(proposal, *each):
                changed.append(proposal)
        for (candidate, place, _area), made in zip(new, self.add(new), strict=True):
            after = {name: self.said(name, candidate, place) for name in self.mapped}
            self.note(
                candidate.line, candidate.key, ImportedRow.Act.NEW, proposal=made, number=made.number, after=after
            )
        Proposal.objects.bulk_update(changed, ["title", "body", "theme", "point", "area"], batch_size=BATCH)

    def known(self, sound: Sequence[tuple[Row, str, str]]) -> dict[str, Proposal]:
        """The proposals that these rows are about, by the key of the row; locked in the order of their numbers."""
        rows = Proposal.objects.filter(project=self.project).select_related("theme").order_by("number")
        rows = rows.select_for_update(no_key=True, of=("self",))
        keys = [key for _row, _shown, key in sound]
        if self.columns.key == NUMBER:
            numbers = [int(key) for key in keys if key.isdecimal() and len(key) < 10]
            return {str(row.number): row for row in rows.filter(number__in=numbers)}
        return {str(row.import_key): row for row in rows.filter(import_key__in=keys)}

    def said(self, name: str, candidate: Candidate, place: LonLat | None) -> Any:
        """What a row says of a field, as it is written down."""
        match name:
            case "theme":
                return self.themes.slug_of(candidate.theme)
            case "place":
                return [place.lon, place.lat] if place else None
        return getattr(candidate, name)

    def change(self, proposal: Proposal, candidate: Candidate, place: LonLat | None, area_id: int | None) -> bool:
        """Change a proposal as its row says, and write down what that was."""
        before = {name: _held(proposal, name) for name in self.mapped}
        after = {name: self.said(name, candidate, place) for name in self.mapped}
        differs = [name for name in self.mapped if not _is_same(name, before[name], after[name])]
        if differs and proposal.on_ballot and self.voted:
            self.refuse(candidate.line, candidate.key, Refused(Code.BALLOT_FROZEN))
            return False
        facts = {"proposal": proposal, "number": proposal.number}
        if not differs:
            self.counts.repeats += 1
            self.note(candidate.line, candidate.key, ImportedRow.Act.SAME, **facts)
            return False
        for name in differs:
            match name:
                case "theme":
                    proposal.theme = self.themes.named(candidate.theme)
                case "place":
                    proposal.point, proposal.area_id = (geos_point(place) if place else None), area_id
                case _:
                    setattr(proposal, name, after[name])
        facts |= {"before": {name: before[name] for name in differs}, "after": {name: after[name] for name in differs}}
        self.note(candidate.line, candidate.key, ImportedRow.Act.CHANGED, **facts)
        return True


def _held(proposal: Proposal, name: str) -> Any:
    match name:
        case "theme":
            return proposal.theme.slug if proposal.theme else ""
        case "place":
            return [proposal.point.x, proposal.point.y] if proposal.point else None
    return getattr(proposal, name)


def _is_same(name: str, before: Any, after: Any) -> bool:
    if name == "place" and before and after:
        x = (after[0] - before[0]) * math.cos(math.radians(before[1]))
        return math.hypot(x, after[1] - before[1]) * _DEGREE_M < SAME_M
    if name in {"title", "body"} and after and len(after.encode()) in _CUT_BYTES and before.startswith(after):
        return True
    return bool(before == after)


def _become(of: Import, columns: Columns, now: datetime) -> list[ImportedRow]:
    """Carry the rows of a file out, and say what became of each."""
    under_way = _DeskImport(of, columns, now)
    for batch in batches(rows_in(_rows_of(of))):
        under_way.take(batch)
    return sorted(under_way.rows, key=lambda row: row.line)


def plan_import(*, draft: Import, columns: Mapping[str, str], now: datetime) -> None:
    """Say row by row what would become of a file with these columns; nothing of it is done.

    Locks    the project's row while it looks: the same code that would carry it out runs, and is taken back.
    Refuses  import.not_a_draft, import.not_read, import.no_words, theme.too_many, object.not_chosen (a project with
             an inventory).
    """
    if draft.project.from_inventory:
        raise Refused(Code.OBJECT_NOT_CHOSEN)
    if draft.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    if draft.report.get("needs"):
        raise Refused(Code.IMPORT_NOT_READ)
    chosen = {name: columns.get(name, "") for name in ("title", "body", "key", "theme", "date")}
    chosen = {name: column for name, column in chosen.items() if column in draft.report["names"]}
    if "title" not in chosen and "body" not in chosen:
        raise Refused(Code.IMPORT_NO_WORDS)
    with transaction.atomic():
        rows = _become(draft, Columns(**chosen), now)
        transaction.set_rollback(True)
    for row in rows:
        if row.act == ImportedRow.Act.NEW:
            # Numbers and keys of what was taken back again.
            row.proposal, row.number = None, None
    with transaction.atomic():
        draft.columns = chosen
        draft.counts = _counts(rows)
        draft.save()
        draft.rows.all().delete()
        ImportedRow.objects.bulk_create(rows, batch_size=BATCH)


def _counts(rows: Sequence[ImportedRow]) -> dict[str, Any]:
    acts = Counter(str(row.act) for row in rows)
    return dict(acts) | {"codes": dict(Counter(row.code for row in rows if row.code)), "read": len(rows)}


def _seen(rows: Iterator[ImportedRow] | Sequence[ImportedRow]) -> list[tuple[Any, ...]]:
    return [(row.line, row.key, row.act, row.before, row.after, row.code) for row in rows]


@transaction.atomic
def carry_out_import(*, draft: Import, by: Person, now: datetime) -> Import:
    """Take a file in, exactly as it was looked at.

    Locks    the import's row, then the project's (next_number).
    Refuses  import.not_a_draft, import.not_read, import.nothing; import.changed when a row would now become something
             else than was shown.
    """
    found = Import.objects.select_for_update(of=("self",)).select_related("project__organisation").get(pk=draft.pk)
    if found.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    if not found.columns:
        raise Refused(Code.IMPORT_NOT_READ)
    if not found.counts.get("new") and not found.counts.get("changed"):
        raise Refused(Code.IMPORT_NOTHING)
    rows = _become(found, Columns(**found.columns), now)
    if _seen(rows) != _seen(found.rows.order_by("line", "pk").iterator()):
        raise Refused(Code.IMPORT_CHANGED)
    found.rows.all().delete()
    ImportedRow.objects.bulk_create(rows, batch_size=BATCH)
    found.state, found.done_at, found.counts = Import.State.DONE, now, _counts(rows)
    found.save()
    # What came in stands in the rows; the file may hold more than that, and is needed no more.
    transaction.on_commit(partial(_forget_file, found))
    detail = {name: found.counts.get(name, 0) for name in ("new", "changed", "refused")}
    _record(found, by, "proposals.imported", detail)
    return found


@transaction.atomic
def undo_import(*, done: Import, by: Person, now: datetime) -> Import:
    """Take an import back: what it made goes, what it changed becomes what it was.

    What somebody supported, answered, put on a ballot or changed since stays as it is, and its row says so.

    Locks    the import's row, then the proposals in the order of their numbers.
    Refuses  import.not_done.
    """
    found = Import.objects.select_for_update(of=("self",)).select_related("project__organisation").get(pk=done.pk)
    if found.state != Import.State.DONE:
        raise Refused(Code.IMPORT_NOT_DONE)
    acts = [ImportedRow.Act.NEW, ImportedRow.Act.CHANGED]
    rows = list(found.rows.filter(act__in=acts, proposal__isnull=False).order_by("number"))
    there = Proposal.objects.select_for_update(no_key=True, of=("self",)).order_by("number")
    proposals = there.select_related("theme", "project__organisation").in_bulk([row.proposal_id for row in rows])
    themes = {theme.slug: theme for theme in Theme.objects.filter(project=found.project)}
    for row in rows:
        proposal = proposals[row.proposal_id]
        row.left = _taken_back(row, proposal, themes)
    ImportedRow.objects.bulk_update(rows, ["left"], batch_size=BATCH)
    found.state, found.undone_at = Import.State.UNDONE, now
    left = sum(1 for row in rows if row.left)
    found.counts |= {"undone": len(rows) - left, "left": left}
    found.save()
    _record(found, by, "proposals.import_undone", {"undone": len(rows) - left, "left": left})
    return found


def _taken_back(row: ImportedRow, proposal: Proposal, themes: Mapping[str, Theme]) -> str:
    """Take one row back; why not, where it stays."""
    if any(not _is_same(name, _held(proposal, name), value) for name, value in row.after.items()):
        return "changed"
    if hangs_on(proposal):
        return "in_use"
    try:
        with transaction.atomic():
            if row.act == ImportedRow.Act.NEW:
                proposal.delete()
                row.proposal = None
                return ""
            for name, value in row.before.items():
                match name:
                    case "theme":
                        proposal.theme = themes.get(value)
                    case "place":
                        proposal.point = geos_point(LonLat(*value)) if value else None
                        there = proposal.point and nearest_area(proposal.project.organisation, proposal.point)
                        proposal.area = there or None
                    case _:
                        setattr(proposal, name, value)
            proposal.save(update_fields=["title", "body", "theme", "point", "area"])
    except (ProtectedError, RestrictedError, IntegrityError):
        return "in_use"
    return ""


def delete_import(*, draft: Import) -> None:
    """Forget a file that was not taken in.

    Refuses  import.not_a_draft.
    """
    if draft.state != Import.State.DRAFT:
        raise Refused(Code.IMPORT_NOT_A_DRAFT)
    draft.delete()
    _forget_file(draft)


def forget_drafts(*, now: datetime) -> int:
    """Forget the files that nobody took in within a day; how many."""
    old = list(Import.objects.filter(state=Import.State.DRAFT, uploaded_at__lt=now - DRAFTS_KEPT))
    for draft in old:
        delete_import(draft=draft)
    return len(old)


def _record(of: Import, by: Person, act: str, detail: Mapping[str, object]) -> None:
    record_act(
        organisation=of.project.organisation, project=of.project, by=by, act=act, subject=of.file_name, detail=detail
    )
