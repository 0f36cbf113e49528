"""Takes villages and neighbourhoods in, and says anew in which each proposal lies."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction
from django.utils.text import slugify
from shapely.geometry.base import BaseGeometry

from geo.formats.reading import Row
from participation.models import Area, Organisation, Project, Proposal, Record
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from participation.rules.rows import (
    cell,
    plain_text,
    short_slug,
)
from participation.rules.wording import cleaned
from participation.selectors.closing import areas_frozen
from participation.selectors.places import ground_of
from participation.services.importing.rows import (
    BATCH,
    OnRefused,
    RefusedRow,
    batches,
    lats,
    lons,
    whole,
)


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
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    counts = AreaCounts()
    seen: set[str] = set()
    for row in rows:
        counts.read += 1
        name = " ".join(plain_text(cell(row.attributes.get(columns.name))[:1000]).split())
        if row.fault is not None:
            counts.refused[row.fault.code] += 1
            on_refused(RefusedRow(row.line, name[:100], row.fault))
            continue
        try:
            if not name or len(name) > 100:
                raise Refused(Code.AREA_NAME_MISSING)
            code = (
                cleaned(cell(row.attributes.get(columns.code)))[:40]
                if columns.code
                else short_slug(slugify(name), name)[:40]
            )
            if not code or code in seen:
                raise Refused(Code.ROW_REPEATED if code else Code.AREA_NAME_MISSING)
            outline, repaired = surface(row.geometry)
        except Refused as refused:
            counts.refused[refused.code.value] += 1
            on_refused(RefusedRow(row.line, name[:100], refused))
            continue
        seen.add(code)
        values: dict[str, object] = {"name": name, "outline": outline}
        inhabitants = whole(cell(row.attributes.get(columns.population))) if columns.population else 0
        if inhabitants:
            values["population"] = inhabitants
        _area, added = Area.objects.update_or_create(organisation=organisation, code=code, defaults=values)
        counts.added += added
        counts.updated += not added
        if repaired:
            counts.repaired.append(name)
    _assign_neighbourhoods(organisation)
    if dry_run:
        transaction.set_rollback(True)
    elif seen:
        Record.objects.create(
            organisation=organisation,
            act="areas.loaded",
            subject=source[:100],
            detail={"added": counts.added, "updated": counts.updated},
        )
    return counts


def _assign_neighbourhoods(organisation: Organisation) -> None:
    for project in Project.objects.filter(organisation=organisation):
        ground = ground_of(project)
        rows = Proposal.objects.filter(project=project, point__isnull=False).only("pk", "point", "area_id")
        if areas_frozen(project):
            rows = rows.exclude(on_ballot=True)
        for batch in batches(rows.order_by("pk").iterator(chunk_size=BATCH)):
            places = [LonLat(row.point.x, row.point.y) for row in batch if row.point]
            found = ground.neighbourhood_ids(lons(places), lats(places))
            moved = [row for row, area_id in zip(batch, found, strict=True) if row.area_id != area_id]
            for row, area_id in zip(batch, found, strict=True):
                row.area_id = area_id
            Proposal.objects.bulk_update(moved, ["area"])
