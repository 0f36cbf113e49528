"""Takes rows of other people's files in: proposals, supports and neighbourhoods, each row or its refusal."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.text import slugify
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.formats.reading import Row, RowFault
from participation.models import Area, Organisation, Person, Project, Proposal, Record, Support, Theme
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
from participation.selectors.proposals import geos_point
from participation.services.proposals import next_number

BATCH = 1000
# More kinds than this is no classification but a column of texts or numbers, taken by mistake.
THEMES_MAX = 100
# Dark enough for white text on them (4.5 : 1) and far enough apart to be told from one another.
PALETTE = ("#1f5c3a", "#8a3b12", "#1d4f91", "#7a1f5c", "#5b5a00", "#0b6470", "#9b1c31", "#4a3f9f", "#5c4033", "#44546a")
# A tenth of a millimetre: what going to another plane and back may cost.
SAME_DEGREES = 1e-9
# More digits than the database's whole numbers hold are no count of people.
WHOLE_DIGITS = 9
PSEUDONYM_DOMAIN = "import.invalid"


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


class RefusedRow(NamedTuple):
    """A row that did not come in, by its line and key in the file, and why."""

    line: int
    key: str
    why: Refused | RowFault

    @property
    def code(self) -> str:
        """The code of the refusal, whoever gave it."""
        return str(self.why.code)


OnRefused = Callable[[RefusedRow], None]


@dataclass
class Counts:
    """What became of the rows: read = imported + repeats + passed_over + all refused."""

    read: int = 0
    imported: int = 0
    repeats: int = 0
    passed_over: int = 0
    undated: int = 0
    swapped: int = 0
    supports_left_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class _Place(NamedTuple):
    """A place as the file gives it, which may be none on earth (latitude 122), before anybody swapped it."""

    x: float
    y: float


@dataclass(slots=True)
class _Candidate:
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


T = TypeVar("T")


def _batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    several = iter(rows)
    while batch := list(islice(several, size)):
        yield batch


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


def _whole(text: str) -> int:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= WHOLE_DIGITS else 0


class _Themes:
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


def pseudonym(organisation: Organisation, name: str) -> str:
    """Give someone known only by the name in a file a mail address that leads nowhere and tells nothing.

    Keyed with the installation's secret, because a bare hash of a mail address is guessed in seconds. The same
    name is the same person in all files of one town, until the secret changes.
    """
    mark = salted_hmac("participation.importing", f"{organisation.slug}:{name}", algorithm="sha256").hexdigest()
    return f"{mark[:40]}@{PSEUDONYM_DOMAIN}"


class _People:
    """The persons behind the names in a file: inactive accounts under a pseudonym, made when first met."""

    def __init__(self, organisation: Organisation, language: str) -> None:
        self.organisation, self.language = organisation, language
        self.ids: dict[str, int] = {}

    def meet(self, names: Iterable[str]) -> None:
        """Find or make all these persons, so that ``ids`` knows them."""
        emails = {pseudonym(self.organisation, name): name for name in set(names) - {""} - self.ids.keys()}
        if not emails:
            return
        there = set(Person.objects.filter(email__in=emails).values_list("email", flat=True))
        strangers = [
            Person(email=email, language=self.language, is_active=False) for email in emails if email not in there
        ]
        for person in strangers:
            person.set_unusable_password()
        Person.objects.bulk_create(strangers, ignore_conflicts=True)
        for email, pk in Person.objects.filter(email__in=emails).values_list("email", "pk"):
            self.ids[emails[email]] = pk


class _ProposalImport:
    """One import under way."""

    def __init__(
        self, project: Project, columns: Columns, reading: Reading, now: datetime, on_refused: OnRefused
    ) -> None:
        self.project, self.columns, self.reading, self.now, self.on_refused = project, columns, reading, now, on_refused
        self.counts = Counts()
        self.ground: Ground = ground_of(project)
        self.themes = _Themes(project, reading.language)
        self.people = _People(project.organisation, reading.language)
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

    def take(self, rows: Sequence[Row]) -> None:
        """Take a batch of rows in."""
        self.counts.read += len(rows)
        new: list[tuple[Row, str, str]] = []
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
                new.append((row, shown, import_key))
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

    def understood(self, row: Row, shown: str, import_key: str) -> _Candidate:
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
        return _Candidate(
            line=row.line,
            key=shown,
            import_key=import_key,
            title=title,
            body=body,
            theme=theme,
            person=cleaned(cell(row.attributes.get(columns.person))) if columns.person else "",
            created_at=created_at,
            place=_place(row, self.reading.zero) if self.project.area is not None else None,
            supports=_whole(cell(row.attributes.get(columns.supports))) if columns.supports else 0,
        )

    def settled(self, candidates: Sequence[_Candidate]) -> list[tuple[_Candidate, LonLat | None, int | None]]:
        """Keep the candidates whose place lies in the area, each with its place and neighbourhood.

        Refuses  pin.swapped, pin.outside_area, pin.outside_world.
        """
        if self.project.area is None:
            return [(candidate, None, None) for candidate in candidates]
        places = [candidate.place for candidate in candidates if candidate.place is not None]
        given, swapped = [LonLat(x, y) for x, y in places], [LonLat(y, x) for x, y in places]
        on_earth = [abs(place.lon) <= 180 and abs(place.lat) <= 90 for place in given]
        away = _measured(self.ground, given, on_earth)
        inside_swapped = self.ground.holds(_lons(swapped), _lats(swapped))
        kept: list[tuple[_Candidate, LonLat]] = []
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
        neighbourhoods = self.ground.neighbourhood_ids(_lons(spots), _lats(spots))
        return [(candidate, place, pk) for (candidate, place), pk in zip(kept, neighbourhoods, strict=True)]

    def write(self, candidates: Sequence[_Candidate]) -> None:
        """Put what may come in into the database."""
        settled = self.settled(candidates)
        self.people.meet(candidate.person for candidate, _, _ in settled)
        proposals: list[Proposal] = []
        for candidate, place, area_id in settled:
            self.counts.undated += bool(self.columns.date) and candidate.created_at is None
            self.counts.supports_left_out += candidate.supports
            proposals.append(
                Proposal(
                    project=self.project,
                    number=self.number + len(proposals),
                    origin=self.reading.origin,
                    title=candidate.title,
                    body=candidate.body,
                    language=self.reading.language,
                    theme=self.themes.named(candidate.theme),
                    point=geos_point(place) if place else None,
                    area_id=area_id,
                    author_id=self.people.ids.get(candidate.person),
                    import_key=candidate.import_key,
                    created_at=candidate.created_at or self.now,
                )
            )
        Proposal.objects.bulk_create(proposals, batch_size=BATCH)
        self.number += len(proposals)
        self.counts.imported += len(proposals)


def _lons(places: Sequence[LonLat]) -> NDArray[np.float64]:
    return np.array([place.lon for place in places], dtype=np.float64)


def _lats(places: Sequence[LonLat]) -> NDArray[np.float64]:
    return np.array([place.lat for place in places], dtype=np.float64)


def _measured(ground: Ground, places: Sequence[LonLat], on_earth: Sequence[bool]) -> NDArray[np.float64]:
    """Metres outside the area; infinite for what is no place on earth as it stands."""
    away = np.full(len(places), np.inf)
    known = np.array(on_earth, dtype=bool)
    away[known] = ground.outside_by_m(_lons(places)[known], _lats(places)[known])
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
    Refuses  theme.too_many for the file as a whole; each row by ``on_refused``: row.*, title.*, body.too_long, pin.*.
    """
    under_way = _ProposalImport(project, columns, reading, now, on_refused)
    for batch in _batches(rows):
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


@dataclass(frozen=True, slots=True)
class SupportColumns:
    """Which column names the proposal, which the person, and which value of which column means support."""

    proposal: str
    person: str
    value: str = ""
    support_value: str = ""


@transaction.atomic
def import_supports(
    *,
    project: Project,
    rows: Iterable[Row],
    columns: SupportColumns,
    source: str,
    on_refused: OnRefused,
    dry_run: bool = False,
) -> Counts:
    """Put the supports of a file on proposals that came from a file; one a person and proposal.

    Rows whose value says something else than support (a dislike, a bare comment) are passed over.

    Locks    none: the unique key of person and proposal decides.
    Refuses  by row: row.*, person.missing, proposal.not_found, proposal.not_public.
    """
    counts = Counts()
    people = _People(project.organisation, "nl")
    seen: set[tuple[int, int]] = set()

    def refuse(row: Row, key: str, why: Refused | RowFault) -> None:
        refused = RefusedRow(row.line, key, why)
        counts.refused[refused.code] += 1
        on_refused(refused)

    for batch in _batches(rows):
        counts.read += len(batch)
        good: list[tuple[Row, str, str, str]] = []
        for row in batch:
            shown = cleaned(cell(row.attributes.get(columns.proposal)))
            person = cleaned(cell(row.attributes.get(columns.person)))
            # Where something lies is no matter here, so a bad place is no fault.
            if row.fault is not None and not row.fault.code.startswith("pin."):
                refuse(row, shown, row.fault)
            elif not any(cell(value).strip() for value in row.attributes.values()):
                refuse(row, shown, Refused(Code.ROW_EMPTY))
            elif columns.value and cell(row.attributes.get(columns.value)).strip() != columns.support_value:
                counts.passed_over += 1
            elif not person:
                refuse(row, shown, Refused(Code.PERSON_MISSING))
            else:
                good.append((row, shown, row_key({}, "", shown), person))
        found = {
            key: (pk, state)
            for key, pk, state in Proposal.objects.filter(
                project=project, import_key__in={key for _, _, key, _ in good}
            ).values_list("import_key", "pk", "state")
        }
        pairs: list[tuple[int, str]] = []
        for row, shown, key, person in good:
            pk, state = found.get(key, (None, ""))
            if pk is None or not shown:
                refuse(row, shown, Refused(Code.PROPOSAL_NOT_FOUND, {"number": shown[:40]}))
            elif state != Proposal.State.PUBLISHED:
                refuse(row, shown, Refused(Code.PROPOSAL_NOT_PUBLIC))
            else:
                pairs.append((pk, person))
        people.meet(person for _, person in pairs)
        wanted = [(pk, people.ids[person]) for pk, person in pairs]
        seen.update(
            Support.objects.filter(
                proposal__in={pk for pk, _ in wanted}, person__in={person for _, person in wanted}
            ).values_list("proposal_id", "person_id")
        )
        new = dict.fromkeys(pair for pair in wanted if pair not in seen)
        Support.objects.bulk_create(
            [Support(proposal_id=pk, person_id=person) for pk, person in new], ignore_conflicts=True
        )
        seen.update(new)
        counts.imported += len(new)
        counts.repeats += len(wanted) - len(new)
    if dry_run:
        transaction.set_rollback(True)
    elif counts.imported:
        Record.objects.create(
            organisation=project.organisation,
            project=project,
            act="supports.imported",
            subject=source[:100],
            detail={"read": counts.read, "imported": counts.imported},
        )
    return counts


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
        inhabitants = _whole(cell(row.attributes.get(columns.population))) if columns.population else 0
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
        for batch in _batches(rows.order_by("pk").iterator(chunk_size=BATCH)):
            places = [LonLat(row.point.x, row.point.y) for row in batch if row.point]
            found = ground.neighbourhood_ids(_lons(places), _lats(places))
            moved = [row for row, area_id in zip(batch, found, strict=True) if row.area_id != area_id]
            for row, area_id in zip(batch, found, strict=True):
                row.area_id = area_id
            Proposal.objects.bulk_update(moved, ["area"])
