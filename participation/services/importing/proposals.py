"""Takes the proposals of a file in: each comes in, was there before, or is told why not."""

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

from geo.formats.reading import Row, RowFault
from participation.models import Area, Project, Proposal, Record, Theme
from participation.rules.places import BORDER_TOLERANCE_M, LonLat
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
from participation.services.places import keep_exact, public_place
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


# A row that may come in, its place, and the neighbourhood that lies in.
Settled = tuple[Candidate, LonLat | None, int | None]


def _place(row: Row, zero: LonLat) -> _Place:
    if row.fault is not None and row.fault.code == Code.PIN_OUTSIDE_WORLD:
        return _Place(float(str(row.fault.facts["x"])), float(str(row.fault.facts["y"])))
    shape = row.geometry
    if shape is None or shape.is_empty:
        raise Refused(Code.PIN_MISSING)
    if shape.geom_type == "MultiPoint" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if shape.geom_type != "Point":
        raise Refused(Code.PIN_NOT_A_POINT)
    if abs(shape.x - zero.lon) < SAME_DEGREES and abs(shape.y - zero.lat) < SAME_DEGREES:
        raise Refused(Code.PIN_AT_ZERO)
    return _Place(shape.x, shape.y)


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
        self.themes = Themes(project, reading.language)
        self.people = People(project.organisation, reading.language)
        self.number = next_number(project)
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

    def understood(self, row: Row, shown: str, import_key: str) -> Candidate:
        """Read the cells of a row.

        Refuses  title.*, body.too_long, pin.* but for what the area says.
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
        return Candidate(
            line=row.line,
            key=shown,
            import_key=import_key,
            title=title,
            body=body,
            theme=theme,
            person=cleaned(cell(row.attributes.get(columns.person))) if columns.person else "",
            created_at=created_at,
            place=_place(row, self.reading.zero) if self.project.area is not None else None,
            supports=whole(cell(row.attributes.get(columns.supports))) if columns.supports else 0,
        )

    def settled(self, candidates: Sequence[Candidate]) -> list[Settled]:
        """Keep the candidates whose place lies in the area, each with its place and neighbourhood.

        Refuses  pin.swapped, pin.outside_area, pin.outside_world.
        """
        if self.project.area is None:
            return [(candidate, None, None) for candidate in candidates]
        places = [candidate.place for candidate in candidates if candidate.place is not None]
        given, swapped = [LonLat(x, y) for x, y in places], [LonLat(y, x) for x, y in places]
        on_earth = [abs(place.lon) <= 180 and abs(place.lat) <= 90 for place in given]
        away = _measured(self.ground, given, on_earth)
        inside_swapped = self.ground.holds(lons(swapped), lats(swapped))
        kept: list[tuple[Candidate, LonLat]] = []
        for at, candidate in enumerate(candidates):
            if away[at] <= BORDER_TOLERANCE_M:
                kept.append((candidate, given[at]))
            elif inside_swapped[at] and self.reading.fix_swapped:
                self.counts.swapped += 1
                kept.append((candidate, swapped[at]))
            elif inside_swapped[at]:
                self.refuse(candidate.line, candidate.key, Refused(Code.PIN_SWAPPED))
            elif not on_earth[at]:
                facts = {"lon": given[at].lon, "lat": given[at].lat}
                self.refuse(candidate.line, candidate.key, Refused(Code.PIN_OUTSIDE_WORLD, facts))
            else:
                facts = {"metres": float(away[at])}
                self.refuse(candidate.line, candidate.key, Refused(Code.PIN_OUTSIDE_AREA, facts))
        spots = [place for _, place in kept]
        neighbourhoods = self.ground.neighbourhood_ids(lons(spots), lats(spots))
        return [(candidate, place, pk) for (candidate, place), pk in zip(kept, neighbourhoods, strict=True)]

    def write(self, candidates: Sequence[Candidate]) -> None:
        """Put what may come in into the database."""
        self.add(self.settled(candidates))

    def add(self, settled: Sequence[Settled]) -> list[Proposal]:
        """Make proposals of these."""
        self.people.meet(candidate.person for candidate, _, _ in settled)
        proposals: list[Proposal] = []
        exact: list[GEOSGeometry | None] = []
        areas = Area.objects.in_bulk({area_id for _, _, area_id in settled if area_id} if self.project.blur_m else ())
        for candidate, place, area_id in settled:
            self.counts.undated += bool(self.columns.date) and candidate.created_at is None
            self.counts.supports_left_out += candidate.supports
            point = shape = hidden = None
            if place:
                spot = shapely.Point(place.lon, place.lat)
                point, shape, hidden = public_place(self.project, spot, place, areas.get(area_id or 0))
            exact.append(hidden)
            proposals.append(
                Proposal(
                    project=self.project,
                    number=self.number + len(proposals),
                    origin=self.reading.origin,
                    title=candidate.title,
                    body=candidate.body,
                    language=self.reading.language,
                    theme=self.themes.named(candidate.theme),
                    point=point,
                    shape=shape,
                    area_id=area_id,
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

    A row that is refused never stops the others; a file that turns out unreadable leaves nothing behind.

    Locks    the project's row (next_number) to the end of the import: others' proposals wait for their numbers.
    Refuses  object.not_chosen (a project with an inventory), theme.too_many: the file as a whole; by ``on_refused``:
             row.*, title.*, body.too_long, pin.*.
    """
    if project.from_inventory:
        raise Refused(Code.OBJECT_NOT_CHOSEN)
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
