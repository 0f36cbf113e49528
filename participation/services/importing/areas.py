"""Takes villages and neighbourhoods in, and says anew in which each proposal lies."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction
from django.utils.text import slugify
from shapely.geometry.base import BaseGeometry

from geo.formats.rows import Row, RowFault
from participation.models import Area, Organisation, Project, Proposal, Record
from participation.models.proposal import LAT, LON
from participation.rules.refusals import Code, Refused
from participation.rules.rows import (
    cell,
    plain_text,
    short_slug,
)
from participation.rules.wording import bounded
from participation.selectors.closing import areas_frozen
from participation.selectors.places import ground_of
from participation.services.importing.rows import (
    OnRefused,
    RefusedRow,
    batches,
    whole,
)

# Proposals looked at together: whoever waits sees all of them pass.
MANY = 20_000
CODE_MAX = 40


def surface(shape: BaseGeometry | None) -> tuple[MultiPolygon, bool]:
    """Make a multipolygon of a shape, and say whether it had to be repaired.

    Refuses  area.not_a_surface for what has none: a point, a line, a polygon without extent.
    """
    if shape is None or shape.is_empty:
        raise Refused(Code.AREA_NOT_A_SURFACE)
    flat = shapely.force_2d(shape)
    repaired = not flat.is_valid
    sound = shapely.make_valid(flat) if repaired else flat
    parts = [part for part in shapely.get_parts(sound) if part.geom_type in {"Polygon", "MultiPolygon"}]
    whole = shapely.union_all(parts) if parts else None
    if whole is None or whole.area == 0:
        raise Refused(Code.AREA_NOT_A_SURFACE)
    if whole.geom_type == "Polygon":
        whole = shapely.MultiPolygon([whole])
    found = GEOSGeometry(memoryview(shapely.to_wkb(whole)), srid=4326)
    if not isinstance(found, MultiPolygon):
        raise Refused(Code.AREA_NOT_A_SURFACE)
    return found, repaired


@dataclass(frozen=True, slots=True)
class AreaColumns:
    """Which column holds the name of a neighbourhood, its code (else made of its name), and its inhabitants."""

    name: str
    code: str = ""
    population: str = ""


@dataclass
class AreaCounts:
    """What became of the areas of a file; ``repaired`` names those whose outline crossed itself."""

    read: int = 0
    added: int = 0
    updated: int = 0
    repaired: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class AreaRow:
    """A row that can be a neighbourhood; ``population`` 0 where the file does not say."""

    line: int
    code: str
    name: str
    outline: MultiPolygon
    population: int


class AreaImport:
    """One load under way."""

    def __init__(self, organisation: Organisation, columns: AreaColumns, on_refused: OnRefused) -> None:
        self.organisation, self.columns, self.on_refused = organisation, columns, on_refused
        self.counts = AreaCounts()
        self.known = {area.code: area for area in Area.objects.filter(organisation=organisation)}
        self.seen: set[str] = set()

    def refuse(self, line: int, key: str, why: Refused | RowFault) -> None:
        refused = RefusedRow(line, key, why)
        self.counts.refused[refused.code] += 1
        self.on_refused(refused)

    def take(self, row: Row) -> None:
        """Take one row in.

        Refuses  by row: row.*, area.name_missing, area.not_a_surface, row.repeated.
        """
        self.counts.read += 1
        try:
            name = " ".join(plain_text(cell(row.attributes.get(self.columns.name))[:1000]).split())
        except Refused:
            name = ""
        if row.fault is not None:
            self.refuse(row.line, name[:100], row.fault)
            return
        try:
            found, repaired = self.understood(row, name)
        except Refused as refused:
            self.refuse(row.line, name[:100], refused)
            return
        self.seen.add(found.code)
        if repaired:
            self.counts.repaired.append(name)
        area = self.known.get(found.code)
        if area is None:
            self.counts.added += 1
            self.add(found)
        else:
            self.counts.updated += 1
            self.change(area, found)

    def understood(self, row: Row, name: str) -> tuple[AreaRow, bool]:
        """Read a row, and say whether its outline had to be repaired."""
        if not name or len(name) > 100:
            raise Refused(Code.AREA_NAME_MISSING)
        columns = self.columns
        if columns.code:
            code = bounded(cell(row.attributes.get(columns.code)), CODE_MAX)
        else:
            code = short_slug(slugify(name), name)[:CODE_MAX]
        if not code or code in self.seen:
            raise Refused(Code.ROW_REPEATED if code else Code.AREA_NAME_MISSING)
        outline, repaired = surface(row.geometry)
        population = whole(cell(row.attributes.get(columns.population))) if columns.population else 0
        return AreaRow(row.line, code, name, outline, population), repaired

    def add(self, row: AreaRow) -> Area:
        """Make a neighbourhood."""
        return Area.objects.create(
            organisation=self.organisation,
            code=row.code,
            name=row.name,
            outline=row.outline,
            population=row.population or None,
        )

    def change(self, area: Area, row: AreaRow) -> None:
        """Give a neighbourhood the name, outline and inhabitants of a row."""
        area.name, area.outline = row.name, row.outline
        area.population = row.population or area.population
        area.save(update_fields=["name", "outline", "population"])


@transaction.atomic
def load_areas(
    *,
    organisation: Organisation,
    rows: Iterable[Row],
    columns: AreaColumns,
    source: str,
    on_refused: OnRefused,
    dry_run: bool = False,
) -> AreaCounts:
    """Take neighbourhoods in, known again by their code, and tell every proposal in which one it lies.

    Options of a vote whose outcome depends on the neighbourhood keep theirs once a ballot was cast.

    Locks    the organisation's row: two loads of one town follow each other.
    Refuses  by row: row.*, area.name_missing, area.not_a_surface, row.repeated.
    """
    lock_areas(organisation)
    under_way = AreaImport(organisation, columns, on_refused)
    for row in rows:
        under_way.take(row)
    counts = under_way.counts
    if dry_run:
        transaction.set_rollback(True)
        return counts
    assign_neighbourhoods(organisation)
    if under_way.seen:
        Record.objects.create(
            organisation=organisation,
            act="areas.loaded",
            subject=source[:100],
            detail={"added": counts.added, "updated": counts.updated},
        )
    return counts


def lock_areas(organisation: Organisation) -> None:
    """Let two loads of one town follow each other."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


def assign_neighbourhoods(organisation: Organisation) -> None:
    """Say anew in which neighbourhood each proposal of a town lies, but for what people voted on by neighbourhood."""
    for project in Project.objects.filter(organisation=organisation):
        ground = ground_of(project)
        rows = Proposal.objects.filter(project=project, point__isnull=False)
        if areas_frozen(project):
            rows = rows.exclude(on_ballot=True)
        # Numbers alone: a town may have a million proposals.
        told = rows.order_by("pk").values_list("pk", "area_id", LON, LAT)
        for batch in batches(told.iterator(chunk_size=MANY), MANY):
            keys, held, lon, lat = zip(*batch, strict=True)
            moved: dict[int | None, list[int]] = {}
            for key, before, now in zip(
                keys, held, ground.neighbourhood_ids(np.array(lon), np.array(lat)), strict=True
            ):
                if before != now:
                    moved.setdefault(now, []).append(key)
            for area_id, those in moved.items():
                Proposal.objects.filter(pk__in=those).update(area=area_id)
