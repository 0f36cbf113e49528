"""Takes the proposals of a file in: each comes in, was there before, or is told why not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from django.utils.text import slugify
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.formats.reading import Row, RowFault
from participation.models import Area, InventoryObject, Project, Proposal, Record, Theme
from participation.rules.places import BORDER_TOLERANCE_M, LonLat, Shape, kind_of, lies_in, mark_of
from participation.rules.refusals import Code, Refused
from participation.rules.rows import (
    THEME_MAX,
    cell,
    moment,
    plain_text,
    row_key,
    short_slug,
    shortened,
    title_from,
)
from participation.rules.wording import cleaned, title_and_body
from participation.selectors.places import Ground, ground_of
from participation.selectors.zones import ZonesAtHand, ZonesMet, asks_for_shapes, from_geos, inventory_of
from participation.services.importing.rows import (
    BATCH,
    Counts,
    OnRefused,
    People,
    RefusedRow,
    batches,
    lats,
    lons,
    whole,
)
from participation.services.places import NO_ZONES, keep_exact, public_place
from participation.services.proposals import next_number

# More kinds than this is no classification but a column of texts or numbers, taken by mistake.
THEMES_MAX = 100
# Dark enough for white text on them (4.5 : 1) and far enough apart to be told from one another.
PALETTE = ("#1f5c3a", "#8a3b12", "#1d4f91", "#7a1f5c", "#5b5a00", "#0b6470", "#9b1c31", "#4a3f9f", "#5c4033", "#44546a")
# A tenth of a millimetre: what going to another plane and back may cost.
SAME_DEGREES = 1e-9


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the file holds what; an empty name: none does."""

    title: str = ""
    body: str = ""
    key: str = ""
    theme: str = ""
    person: str = ""
    date: str = ""
    supports: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells are to be understood. ``zero`` is where (0, 0) of the file's own plane lies in lon, lat."""

    zone: tzinfo
    zero: LonLat
    day_first: bool = False
    fix_swapped: bool = False
    language: str = "nl"
    origin: str = Proposal.Origin.RESIDENT


class _Place(NamedTuple):
    """A place as the file gives it, which may be none on earth (latitude 122), before anybody swapped it."""

    x: float
    y: float


@dataclass(slots=True)
class Candidate:
    """A row that was understood. ``shape`` is what it draws where that is more than a spot, ``place`` its mark then."""

    line: int
    key: str
    import_key: str
    title: str
    body: str
    theme: str
    person: str
    created_at: datetime | None
    place: _Place | None
    supports: int
    shape: BaseGeometry | None = None
    chosen: InventoryObject | None = None


class Settled(NamedTuple):
    """A row that lies where something can lie; without a place where none was given or asked."""

    candidate: Candidate
    place: LonLat | None = None
    area_id: int | None = None
    zones: ZonesMet = NO_ZONES

    @property
    def geometry(self) -> BaseGeometry | None:
        """What it draws."""
        return self.candidate.shape or (shapely.Point(self.place.lon, self.place.lat) if self.place else None)

    def require_zones(self, body: str) -> None:
        """Refuse what the zones do not allow.

        Refuses  zone.barred, zone.reason_missing.
        """
        if self.zones.barred:
            raise Refused(Code.ZONE_BARRED, {"name": self.zones.barred[0].name, "why": self.zones.barred[0].why})
        if self.zones.reason and not body:
            raise Refused(Code.ZONE_REASON_MISSING, {"name": self.zones.reason[0].name})


def _one(shape: BaseGeometry) -> BaseGeometry:
    """What stands alone in a collection: many formats know no other."""
    parts: Sequence[BaseGeometry] = list(getattr(shape, "geoms", ()))
    return parts[0] if len(parts) == 1 else shape


def _place(row: Row, zero: LonLat) -> _Place:
    if row.fault is not None and row.fault.code == Code.PIN_OUTSIDE_WORLD:
        return _Place(float(str(row.fault.facts["x"])), float(str(row.fault.facts["y"])))
    if row.geometry is None or row.geometry.is_empty:
        raise Refused(Code.PIN_MISSING)
    shape = _one(row.geometry)
    if shape.geom_type != "Point":
        raise Refused(Code.PIN_NOT_A_POINT)
    if abs(shape.x - zero.lon) < SAME_DEGREES and abs(shape.y - zero.lat) < SAME_DEGREES:
        raise Refused(Code.PIN_AT_ZERO)
    return _Place(shape.x, shape.y)


class Objects:
    """The inventory of a project, by what a file may call its objects, and how often each was proposed.

    Holds only under the lock of next_number.
    """

    def __init__(self, project: Project) -> None:
        self.most = project.per_object
        rows = list(inventory_of(project)) if project.from_inventory else []
        self.known: dict[str, InventoryObject] = {str(row.number): row for row in rows} | {row.key: row for row in rows}
        self.taken: Counter[int] = Counter({row.pk: row.n_proposals for row in rows})

    def named(self, said: str) -> InventoryObject:
        """Find the object of this key or number.

        Refuses  object.not_chosen, object.unknown, object.no_permission.
        """
        if not said:
            raise Refused(Code.OBJECT_NOT_CHOSEN)
        found = self.known.get(said)
        if found is None:
            raise Refused(Code.OBJECT_UNKNOWN, {"number": said[:40]})
        if found.permission == InventoryObject.Permission.REFUSED:
            raise Refused(Code.OBJECT_NO_PERMISSION, {"name": found.name})
        return found

    def take(self, chosen: InventoryObject) -> None:
        """Count it as proposed once more.

        Refuses  object.taken.
        """
        if self.most is not None and self.taken[chosen.pk] >= self.most:
            raise Refused(Code.OBJECT_TAKEN, {"name": chosen.name})
        self.taken[chosen.pk] += 1


class Themes:
    """The themes of a project by the words of a file, made when they are first met."""

    def __init__(self, project: Project, language: str) -> None:
        self.project, self.language = project, language
        self.known: dict[str, Theme] = {}
        rows = list(project.themes.all())
        for theme in rows:
            for name in (theme.slug, *(slugify(word) for word in theme.name.values())):
                self.known.setdefault(name, theme)
        self.position = max((theme.position for theme in rows), default=0)
        self.made = 0

    def slug_of(self, name: str) -> str:
        """By what the theme of this name is known, whether it is there or not."""
        slug = short_slug(slugify(name), name) if name else ""
        return self.known[slug].slug if slug in self.known else slug

    def named(self, name: str) -> Theme | None:
        """Find or make the theme of this name.

        Refuses  theme.too_many.
        """
        if not name:
            return None
        slug = short_slug(slugify(name), name)
        if slug not in self.known:
            self.made += 1
            self.position += 1
            if self.made > THEMES_MAX:
                raise Refused(Code.THEME_TOO_MANY, {"max": THEMES_MAX})
            self.known[slug] = Theme.objects.create(
                project=self.project,
                slug=slug,
                name={self.language: name},
                colour=PALETTE[(self.position - 1) % len(PALETTE)],
                position=self.position,
            )
        return self.known[slug]


class ProposalImport:
    """One import under way."""

    def __init__(
        self, project: Project, columns: Columns, reading: Reading, now: datetime, on_refused: OnRefused
    ) -> None:
        self.project, self.columns, self.reading, self.now, self.on_refused = project, columns, reading, now, on_refused
        self.counts = Counts()
        self.ground: Ground = ground_of(project)
        self.zones = ZonesAtHand(project)
        self.asks_for_shapes = asks_for_shapes(project)
        self.themes = Themes(project, reading.language)
        self.people = People(project.organisation, reading.language)
        self.number = next_number(project)
        self.objects = Objects(project)
        self.seen: set[str] = set()

    def refuse(self, line: int, key: str, why: Refused | RowFault) -> None:
        row = RefusedRow(line, key, why)
        self.counts.refused[row.code] += 1
        self.on_refused(row)

    def stops(self, fault: RowFault) -> bool:
        """Does this fault keep the row out? Not a bad place where none is asked, or one that may be swapped."""
        if fault.code == Code.PIN_OUTSIDE_WORLD:
            return False
        return self.project.area is not None or not fault.code.startswith("pin.")

    def key_of(self, row: Row) -> tuple[str, str]:
        """The key a row shows, and the one by which it is known again."""
        shown = cleaned(cell(row.attributes.get(self.columns.key))) if self.columns.key else ""
        place = row.geometry.wkb_hex if row.geometry is not None else ""
        return shown, row_key(row.attributes, place, shown)

    def sound(self, rows: Sequence[Row]) -> list[tuple[Row, str, str]]:
        """The rows that can be looked at, each with the key it shows and the one by which it is known again.

        Refuses  by row: row.*, pin.* where the file itself says so.
        """
        found: list[tuple[Row, str, str]] = []
        for row in rows:
            shown, import_key = self.key_of(row)
            if row.fault is not None and self.stops(row.fault):
                self.refuse(row.line, shown, row.fault)
            elif row.geometry is None and not any(cell(value).strip() for value in row.attributes.values()):
                self.refuse(row.line, shown, Refused(Code.ROW_EMPTY))
            elif import_key in self.seen:
                self.refuse(row.line, shown, Refused(Code.ROW_REPEATED))
            else:
                self.seen.add(import_key)
                found.append((row, shown, import_key))
        return found

    def take(self, rows: Sequence[Row]) -> None:
        """Take a batch of rows in."""
        self.counts.read += len(rows)
        new = self.sound(rows)
        there = set(
            Proposal.objects.filter(project=self.project, import_key__in=[key for _, _, key in new]).values_list(
                "import_key", flat=True
            )
        )
        candidates = []
        for row, shown, import_key in new:
            if import_key in there:
                self.counts.repeats += 1
                continue
            try:
                candidates.append(self.understood(row, shown, import_key))
            except Refused as refused:
                self.refuse(row.line, shown, refused)
        self.write(candidates)

    def understood(self, row: Row, shown: str, import_key: str, *, wants_place: bool = True) -> Candidate:
        """Read the cells of a row.

        Refuses  title.*, body.too_long, object.*, pin.* and place.* but for what the area says.
        """

        def text(column: str) -> str:
            return plain_text(cell(row.attributes.get(column))) if column else ""

        columns = self.columns
        title, body = text(columns.title), text(columns.body)
        theme = shortened(" ".join(text(columns.theme).split()), THEME_MAX)
        title, body = title_and_body(title or title_from(body) or theme, body)
        date = cell(row.attributes.get(columns.date)) if columns.date else ""
        created_at = moment(date, self.reading.zone, day_first=self.reading.day_first) if date.strip() else None
        if created_at is not None and created_at > self.now:
            created_at = None
        place, shape, chosen = self.where(row) if wants_place else (None, None, None)
        return Candidate(
            line=row.line,
            key=shown,
            import_key=import_key,
            title=title,
            body=body,
            theme=theme,
            person=cleaned(cell(row.attributes.get(columns.person))) if columns.person else "",
            created_at=created_at,
            place=place,
            supports=whole(cell(row.attributes.get(columns.supports))) if columns.supports else 0,
            shape=shape,
            chosen=chosen,
        )

    def where(self, row: Row) -> tuple[_Place | None, BaseGeometry | None, InventoryObject | None]:
        """Where a row lies as it says itself: its mark, its shape where that is more than a spot, its object.

        Refuses  object.*, pin.missing, pin.not_a_point, pin.at_zero, place.shape_not_asked, place.unreadable,
                 place.crosses_itself.
        """
        project = self.project
        if project.area is None:
            return None, None, None
        if project.from_inventory:
            said = cleaned(cell(row.attributes.get(self.columns.object))) if self.columns.object else ""
            if not said and project.place_optional:
                return None, None, None
            chosen = self.objects.named(said)
            mark = mark_of(from_geos(chosen.place))
            return _Place(mark.lon, mark.lat), None, chosen
        if row.geometry is None and row.fault is None and project.place_optional:
            return None, None, None
        if self.asks_for_shapes and row.geometry is not None and not row.geometry.is_empty:
            shape = _one(row.geometry)
            kind = kind_of(shape)
            if kind is Shape.POINT and kind not in project.shapes and Shape.POINTS in project.shapes:
                # One of several spots: many formats do not tell them apart.
                kind, shape = Shape.POINTS, shapely.MultiPoint([shape])
            if kind not in project.shapes:
                raise Refused(Code.PLACE_SHAPE_NOT_ASKED)
            if kind is not Shape.POINT:
                mark = mark_of(shape)
                return _Place(mark.lon, mark.lat), shape, None
        return _place(row, self.reading.zero), None, None

    def settled(self, candidates: Sequence[Candidate]) -> list[Settled]:
        """Keep the candidates that lie in the area or have no place, each with its neighbourhood and zones.

        Refuses  pin.swapped, pin.outside_area, pin.outside_world, place.part_outside.
        """
        kept: list[tuple[Candidate, LonLat | None]] = []
        spots = iter(self._spots([candidate for candidate in candidates if candidate.place is not None]))
        for candidate in candidates:
            spot = next(spots) if candidate.place is not None else None
            if isinstance(spot, Refused):
                self.refuse(candidate.line, candidate.key, spot)
            else:
                kept.append((candidate, spot))
        found = [Settled(candidate, place) for candidate, place in kept]
        placed = [each for each in found if each.place is not None]
        places = [each.place for each in placed if each.place is not None]
        drawn = [each.geometry for each in placed if each.geometry is not None]
        areas = iter(self.ground.neighbourhood_ids(lons(places), lats(places)))
        # Zones say nothing of the objects of an inventory: the town put those on the list itself.
        zones = iter([NO_ZONES] * len(drawn) if self.project.from_inventory else self.zones.met(drawn))
        return [each if each.place is None else each._replace(area_id=next(areas), zones=next(zones)) for each in found]

    def _spots(self, candidates: Sequence[Candidate]) -> list[LonLat | Refused]:
        """Where each of these lies, turned round where that is asked for, or why it cannot lie there."""
        places = [candidate.place for candidate in candidates if candidate.place is not None]
        given, swapped = [LonLat(x, y) for x, y in places], [LonLat(y, x) for x, y in places]
        if self.project.from_inventory:
            return list(given)
        on_earth = [abs(place.lon) <= 180 and abs(place.lat) <= 90 for place in given]
        away = _measured(self.ground, given, on_earth)
        inside_swapped = self.ground.holds(lons(swapped), lats(swapped))
        found: list[LonLat | Refused] = []
        for at, candidate in enumerate(candidates):
            if away[at] <= BORDER_TOLERANCE_M:
                is_in = (
                    candidate.shape is None or self.ground.area is None or lies_in(candidate.shape, self.ground.area)
                )
                found.append(given[at] if is_in else Refused(Code.PLACE_PART_OUTSIDE))
            elif inside_swapped[at] and candidate.shape is None:
                self.counts.swapped += self.reading.fix_swapped
                found.append(swapped[at] if self.reading.fix_swapped else Refused(Code.PIN_SWAPPED))
            elif not on_earth[at]:
                found.append(Refused(Code.PIN_OUTSIDE_WORLD, {"lon": given[at].lon, "lat": given[at].lat}))
            else:
                found.append(Refused(Code.PIN_OUTSIDE_AREA, {"metres": float(away[at])}))
        return found

    def allowed(self, settled: Sequence[Settled]) -> list[Settled]:
        """Keep the new ones that zones and inventory allow.

        Refuses  zone.barred, zone.reason_missing, object.taken.
        """
        found = []
        for each in settled:
            try:
                each.require_zones(each.candidate.body)
                if each.candidate.chosen is not None:
                    self.objects.take(each.candidate.chosen)
            except Refused as refused:
                self.refuse(each.candidate.line, each.candidate.key, refused)
            else:
                found.append(each)
        return found

    def write(self, candidates: Sequence[Candidate]) -> None:
        """Put what may come in into the database."""
        self.add(self.allowed(self.settled(candidates)))

    def add(self, settled: Sequence[Settled]) -> list[Proposal]:
        """Make proposals of these; what lies in a zone that asks for a look is not public before it had one."""
        self.people.meet(each.candidate.person for each in settled)
        proposals: list[Proposal] = []
        exact: list[GEOSGeometry | None] = []
        areas = Area.objects.in_bulk({each.area_id for each in settled if each.area_id} if self.project.blur_m else ())
        for each in settled:
            candidate, place, area_id = each.candidate, each.place, each.area_id
            self.counts.undated += bool(self.columns.date) and candidate.created_at is None
            self.counts.supports_left_out += candidate.supports
            point = shape = hidden = None
            if place is not None and each.geometry is not None:
                point, shape, hidden = public_place(self.project, each.geometry, place, areas.get(area_id or 0))
            exact.append(hidden)
            proposals.append(
                Proposal(
                    project=self.project,
                    number=self.number + len(proposals),
                    origin=self.reading.origin,
                    state=Proposal.State.SUBMITTED if each.zones.look else Proposal.State.PUBLISHED,
                    title=candidate.title,
                    body=candidate.body,
                    language=self.reading.language,
                    theme=self.themes.named(candidate.theme),
                    point=point,
                    shape=shape,
                    area_id=area_id,
                    inventory_object=candidate.chosen,
                    author_id=self.people.ids.get(candidate.person),
                    import_key=candidate.import_key,
                    created_at=candidate.created_at or self.now,
                )
            )
        Proposal.objects.bulk_create(proposals, batch_size=BATCH)
        keep_exact(zip(proposals, exact, strict=True))
        self.number += len(proposals)
        self.counts.imported += len(proposals)
        return proposals


def _measured(ground: Ground, places: Sequence[LonLat], on_earth: Sequence[bool]) -> NDArray[np.float64]:
    """Metres outside the area; infinite for what is no place on earth as it stands."""
    away = np.full(len(places), np.inf)
    known = np.array(on_earth, dtype=bool)
    away[known] = ground.outside_by_m(lons(places)[known], lats(places)[known])
    return away


@transaction.atomic
def import_proposals(
    *,
    project: Project,
    rows: Iterable[Row],
    columns: Columns,
    reading: Reading,
    now: datetime,
    source: str,
    on_refused: OnRefused,
    dry_run: bool = False,
) -> Counts:
    """Take the rows of a file in as public proposals; what was imported before is counted as a repeat.

    What lies in a zone that asks for it waits for a look by staff. A row that is refused never stops the others; a
    file that turns out unreadable leaves nothing behind.

    Locks    the project's row (next_number) to the end of the import: others' proposals wait for their numbers.
    Refuses  theme.too_many: the file as a whole; by ``on_refused``: row.*, title.*, body.too_long, pin.*, place.*,
             zone.barred, zone.reason_missing, object.*.
    """
    under_way = ProposalImport(project, columns, reading, now, on_refused)
    for batch in batches(rows):
        under_way.take(batch)
    counts = under_way.counts
    if dry_run:
        transaction.set_rollback(True)
    elif counts.imported:
        Record.objects.create(
            organisation=project.organisation,
            project=project,
            act="proposals.imported",
            subject=source[:100],
            detail={"read": counts.read, "imported": counts.imported},
        )
    return counts
