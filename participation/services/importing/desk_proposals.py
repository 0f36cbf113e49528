"""Proposals from a file at the desk: which are new, which change, and how both are taken back."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import shapely
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.timezone import get_current_timezone

from geo.formats.rows import Row, RowFault
from participation.models import Import, ImportedRow, Phase, Project, Proposal, Theme
from participation.rules.places import LonLat, Shape, mark_of
from participation.rules.refusals import Code, Refused
from participation.selectors.closing import is_frozen
from participation.selectors.imports import hangs_on
from participation.selectors.proposals import geos_point, nearest_area
from participation.selectors.zones import asks_for_shapes, from_geos, to_geos
from participation.services.importing.proposals import Columns, ProposalImport, Reading, Settled
from participation.services.importing.rows import BATCH, NUMBER, batches, kept_rows

FIELDS = ("title", "body", "theme")
COLUMNS = (*FIELDS, "key", "date", "object")
# Nearer than this a place did not move: formats round to a millimetre, a hand moves it by metres.
SAME_M = 0.01
_DEGREE_M = 111_320.0
# A Shapefile cuts a text at 254 bytes, between two letters; blanks at the cut are gone.
_CUT_BYTES = range(240, 255)
# What is said of a row that comes in otherwise than it stands in the file.
LOOK, NOT_MOVED = "look", "not_moved"


class _DeskImport(ProposalImport):
    """An import that also changes what was imported, or exported, before; it writes down what becomes of each row."""

    def __init__(self, of: Import, project: Project, columns: Columns, now: datetime) -> None:
        language = (project.organisation.languages or ["nl"])[0]
        reading = Reading(zone=get_current_timezone(), zero=LonLat(0.0, 0.0), language=language)
        super().__init__(project, columns, reading, now, lambda _row: None)
        self.of = of
        self.rows: list[ImportedRow] = []
        self.mapped = [name for name in FIELDS if getattr(columns, name, "")]
        self.voted = any(is_frozen(vote) for vote in Phase.objects.filter(project=project, kind="vote"))

    def refuse(self, line: int, key: str, why: Refused | RowFault) -> None:
        self.counts.refused[str(why.code)] += 1
        self.note(line, key, ImportedRow.Act.REFUSED, code=str(why.code), facts=dict(why.facts))

    def note(self, line: int, key: str, act: ImportedRow.Act, **more: Any) -> None:
        self.rows.append(ImportedRow(of=self.of, line=line, key=key[:200], act=act, **more))

    def take(self, rows: Sequence[Row]) -> None:
        self.counts.read += len(rows)
        sound = self.sound(rows)
        there = self.known(sound)
        candidates, stays = [], set()
        for row, shown, import_key in sound:
            proposal = there.get(import_key)
            try:
                if self.columns.key == NUMBER and shown and proposal is None:
                    raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": shown[:20]})
                moves = proposal is None or self.says_where(proposal, row)
                candidates.append(self.understood(row, shown, import_key, wants_place=moves))
            except Refused as refused:
                self.refuse(row.line, shown, refused)
            else:
                if proposal is not None and not moves and self.lies_elsewhere(proposal, row):
                    stays.add(row.line)
        new: list[Settled] = []
        changed: list[Proposal] = []
        for each in self.settled(candidates):
            proposal = there.get(each.candidate.import_key)
            if proposal is None:
                new.append(each)
            elif self.change(proposal, each, NOT_MOVED if each.candidate.line in stays else ""):
                changed.append(proposal)
        new = self.allowed(new)
        for each, made in zip(new, self.add(new), strict=True):
            # Where it was blurred, the place of the file is for nobody to read here.
            names = self.mapped if self.project.blur_m or each.place is None else [*self.mapped, "place"]
            after = {name: self.said(name, each) for name in names}
            facts = {"proposal": made, "number": made.number, "after": after, "note": LOOK if each.zones.look else ""}
            self.note(each.candidate.line, each.candidate.key, ImportedRow.Act.NEW, **facts)
        Proposal.objects.bulk_update(changed, ["title", "body", "theme", "point", "shape", "area"], batch_size=BATCH)

    def known(self, sound: Sequence[tuple[Row, str, str]]) -> dict[str, Proposal]:
        """The proposals that these rows are about, by the key of the row; locked in the order of their numbers."""
        rows = Proposal.objects.filter(project=self.project).select_related("theme").order_by("number")
        rows = rows.select_for_update(no_key=True, of=("self",))
        keys = [key for _row, _shown, key in sound]
        if self.columns.key == NUMBER:
            numbers = [int(key) for key in keys if key.isdecimal() and len(key) < 10]
            return {str(row.number): row for row in rows.filter(number__in=numbers)}
        return {str(row.import_key): row for row in rows.filter(import_key__in=keys)}

    def says_where(self, proposal: Proposal, row: Row) -> bool:
        """Does a row say where this proposal lies?

        Not where the public place is a rough one, or that of an object; nor does a spot say it of a line.
        """
        project = self.project
        if project.area is None or project.from_inventory or project.blur_m or not _has_place(row):
            return False
        if not self.asks_for_shapes or row.geometry is None or row.geometry.geom_type != "Point":
            return True
        return Shape.POINT in project.shapes and (proposal.shape is None or proposal.shape.geom_type == "Point")

    def lies_elsewhere(self, proposal: Proposal, row: Row) -> bool:
        """Does a row lie elsewhere than what everybody sees of this proposal?"""
        if self.project.area is None or row.geometry is None or row.geometry.is_empty or proposal.point is None:
            return False
        mark = mark_of(row.geometry)
        return not _is_same("place", [proposal.point.x, proposal.point.y], [mark.lon, mark.lat])

    def said(self, name: str, each: Settled) -> Any:
        """What a row says of a field, as it is written down."""
        match name:
            case "theme":
                return self.themes.slug_of(each.candidate.theme)
            case "place":
                if each.candidate.shape is not None:
                    return json.loads(shapely.to_geojson(each.candidate.shape))
                return [each.place.lon, each.place.lat] if each.place else None
        return getattr(each.candidate, name)

    def change(self, proposal: Proposal, each: Settled, note: str) -> bool:
        """Change a proposal as its row says, and write down what that was."""
        line, key = each.candidate.line, each.candidate.key
        names = self.mapped if each.place is None else [*self.mapped, "place"]
        before = {name: _held(proposal, name) for name in names}
        after = {name: self.said(name, each) for name in names}
        differs = [name for name in names if not _is_same(name, before[name], after[name])]
        try:
            if differs and proposal.on_ballot and self.voted:
                raise Refused(Code.BALLOT_FROZEN)
            if "place" in differs:
                each.require_zones(after.get("body", proposal.body))
        except Refused as refused:
            self.refuse(line, key, refused)
            return False
        facts = {"proposal": proposal, "number": proposal.number, "note": note}
        if not differs:
            self.counts.repeats += 1
            self.note(line, key, ImportedRow.Act.SAME, **facts)
            return False
        for name in differs:
            match name:
                case "theme":
                    proposal.theme = self.themes.named(each.candidate.theme)
                case "place":
                    _move(proposal, each, shapes=self.asks_for_shapes)
                case _:
                    setattr(proposal, name, after[name])
        facts |= {"before": {name: before[name] for name in differs}, "after": {name: after[name] for name in differs}}
        self.note(line, key, ImportedRow.Act.CHANGED, **facts)
        return True


def _has_place(row: Row) -> bool:
    """Does a row say where it lies, if only wrongly?"""
    return row.fault is not None or (row.geometry is not None and not row.geometry.is_empty)


def _move(proposal: Proposal, each: Settled, *, shapes: bool) -> None:
    assert each.place is not None
    assert each.geometry is not None
    proposal.point, proposal.area_id = geos_point(each.place), each.area_id
    proposal.shape = to_geos(each.geometry) if shapes else None


def _held(proposal: Proposal, name: str) -> Any:
    match name:
        case "theme":
            return proposal.theme.slug if proposal.theme else ""
        case "place":
            if proposal.shape is not None and proposal.shape.geom_type != "Point":
                return json.loads(shapely.to_geojson(from_geos(proposal.shape)))
            return [proposal.point.x, proposal.point.y] if proposal.point else None
    return getattr(proposal, name)


def _is_same(name: str, before: Any, after: Any) -> bool:
    if name == "place" and isinstance(before, list) and isinstance(after, list):
        x = (after[0] - before[0]) * math.cos(math.radians(before[1]))
        return math.hypot(x, after[1] - before[1]) * _DEGREE_M < SAME_M
    if name == "place" and isinstance(before, dict) and isinstance(after, dict):
        was, is_now = (shapely.normalize(shapely.from_geojson(json.dumps(place))) for place in (before, after))
        return bool(shapely.equals_exact(was, is_now, SAME_M / _DEGREE_M))
    if name in {"title", "body"} and after and len(after.encode()) in _CUT_BYTES and before.startswith(after):
        return True
    return bool(before == after)


def check(of: Import, columns: Mapping[str, str]) -> None:
    """Say whether these columns are enough.

    Refuses  import.no_words.
    """
    if "title" not in columns and "body" not in columns:
        raise Refused(Code.IMPORT_NO_WORDS)


def become(of: Import, columns: Mapping[str, str], now: datetime) -> list[ImportedRow]:
    """Carry the rows of a file out, and say what became of each.

    Locks    the project's row (next_number), then the proposals in the order of their numbers.
    """
    assert of.project is not None
    under_way = _DeskImport(of, of.project, Columns(**columns), now)
    for batch in batches(kept_rows(of)):
        under_way.take(batch)
    return under_way.rows


def take_back(of: Import) -> list[ImportedRow]:
    """Take back what the rows of a file did; each row that stays says why.

    Locks    the proposals in the order of their numbers.
    """
    acts = [ImportedRow.Act.NEW, ImportedRow.Act.CHANGED]
    rows = list(of.rows.filter(act__in=acts, proposal__isnull=False).order_by("number"))
    there = Proposal.objects.select_for_update(no_key=True, of=("self",)).order_by("number")
    proposals = there.select_related("theme", "project__organisation").in_bulk([row.proposal_id for row in rows])
    themes = {theme.slug: theme for theme in Theme.objects.filter(project=of.project)}
    for row in rows:
        row.left = _taken_back(row, proposals[row.proposal_id], themes)
    return rows


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
                        _put_back(proposal, value)
                    case _:
                        setattr(proposal, name, value)
            proposal.save(update_fields=["title", "body", "theme", "point", "shape", "area"])
    except (ProtectedError, RestrictedError, IntegrityError):
        return "in_use"
    return ""


def _put_back(proposal: Proposal, place: Any) -> None:
    """Lay a proposal where it lay."""
    if not place:
        proposal.point = proposal.shape = proposal.area = None
        return
    shape = shapely.from_geojson(json.dumps(place)) if isinstance(place, dict) else shapely.Point(place)
    proposal.point = geos_point(mark_of(shape))
    proposal.shape = to_geos(shape) if asks_for_shapes(proposal.project) else None
    proposal.area = nearest_area(proposal.project.organisation, proposal.point)
