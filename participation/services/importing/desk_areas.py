"""Neighbourhoods from a file at the desk: which are new, which change, and how both are taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from geo.formats.rows import RowFault
from geo.plane.same import same_shapes
from participation.models import Area, Import, ImportedRow
from participation.rules.refusals import Code, Refused
from participation.selectors.imports import is_voted_on_by_area
from participation.services.importing.areas import (
    AreaColumns,
    AreaImport,
    AreaRow,
    assign_neighbourhoods,
    lock_areas,
)
from participation.services.importing.rows import kept_rows

COLUMNS = ("name", "code", "population")
FIELDS = ("name", "population", "outline")


class _DeskAreas(AreaImport):
    """A load that leaves what is the same alone, and writes down what becomes of each row."""

    def __init__(self, of: Import, columns: AreaColumns) -> None:
        super().__init__(of.town, columns, lambda _row: None)
        self.of = of
        self.rows: list[ImportedRow] = []

    def note(self, line: int, key: str, act: ImportedRow.Act, **more: Any) -> None:
        self.rows.append(ImportedRow(of=self.of, line=line, key=key[:200], act=act, **more))

    def refuse(self, line: int, key: str, why: Refused | RowFault) -> None:
        super().refuse(line, key, why)
        self.note(line, key, ImportedRow.Act.REFUSED, code=str(why.code), facts=dict(why.facts))

    def add(self, row: AreaRow) -> Area:
        made = super().add(row)
        self.note(row.line, row.code, ImportedRow.Act.NEW, made=made.pk, after=_held(made))
        return made

    def change(self, area: Area, row: AreaRow) -> None:
        before = _held(area)
        after = _held(Area(name=row.name, outline=row.outline, population=row.population or area.population))
        differs = [name for name in FIELDS if not _is_same(name, before[name], after[name])]
        if not differs:
            self.note(row.line, row.code, ImportedRow.Act.SAME, made=area.pk)
            return
        super().change(area, row)
        facts = {"before": {name: before[name] for name in differs}, "after": {name: after[name] for name in differs}}
        self.note(row.line, row.code, ImportedRow.Act.CHANGED, made=area.pk, **facts)


def _held(area: Area) -> dict[str, Any]:
    return {"name": area.name, "population": area.population, "outline": bytes(area.outline.wkb).hex()}


def _is_same(name: str, before: Any, after: Any) -> bool:
    if name != "outline":
        return bool(before == after)
    return bool(same_shapes(*(shapely.from_wkb(outline) for outline in (before, after)))[0])


def check(of: Import, columns: Mapping[str, str]) -> None:
    """Say whether these columns are enough.

    Refuses  import.no_name.
    """
    if "name" not in columns:
        raise Refused(Code.IMPORT_NO_NAME)


def become(of: Import, columns: Mapping[str, str], now: datetime) -> list[ImportedRow]:
    """Carry the rows of a file out, and say what became of each.

    Locks    the organisation's row.
    """
    lock_areas(of.town)
    under_way = _DeskAreas(of, AreaColumns(**columns))
    for row in kept_rows(of):
        under_way.take(row)
    assign_neighbourhoods(of.town)
    return under_way.rows


def take_back(of: Import) -> list[ImportedRow]:
    """Take the neighbourhoods of a file away, give the others their earlier outline, and say where all proposals lie.

    Locks    the organisation's row.
    """
    lock_areas(of.town)
    acts = [ImportedRow.Act.NEW, ImportedRow.Act.CHANGED]
    rows = list(of.rows.filter(act__in=acts).order_by("line", "pk"))
    areas = Area.objects.filter(organisation=of.town).in_bulk([row.made for row in rows if row.made])
    for row in rows:
        area = areas.get(row.made or 0)
        row.left = "gone" if area is None else _taken_back(row, area)
    assign_neighbourhoods(of.town)
    return rows


def _taken_back(row: ImportedRow, area: Area) -> str:
    """Take one row back; why not, where it stays."""
    held = _held(area)
    if any(not _is_same(name, held[name], value) for name, value in row.after.items()):
        return "changed"
    if row.act == ImportedRow.Act.NEW:
        if is_voted_on_by_area(area):
            return "in_use"
        area.delete()
        return ""
    for name, value in row.before.items():
        setattr(area, name, _outline(value) if name == "outline" else value)
    area.save(update_fields=list(row.before))
    return ""


def _outline(wkb: str) -> MultiPolygon:
    found = GEOSGeometry(memoryview(bytes.fromhex(wkb)), srid=4326)
    assert isinstance(found, MultiPolygon)
    return found
