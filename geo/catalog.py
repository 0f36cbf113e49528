"""The one list of layers from which tiles, live layers and exports are served: what is not on it cannot leak.

The domain says which rows (a queryset already filtered by who asks) and which columns; this says in what shape.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from hashlib import sha256
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np
import shapely
from django.contrib.gis.db.models import Extent
from django.contrib.gis.geos import GEOSGeometry
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import BigIntegerField, BinaryField, DateTimeField, F, FloatField, Func, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils.timezone import make_aware
from shapely.geometry.base import BaseGeometry

from geo.columns import Column, Feature, GeometryType, Look
from geo.conditions import NOTHING, Condition, in_query, matches
from geo.memory import KEPT_SECONDS
from geo.plane.boxes import Box
from geo.plane.grids import Grid

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


# Rows fetched at a time: enough to keep the socket busy, few enough to forget.
CHUNK = 2000


# The slot of a word that no slot is called by.
NO_SLOT = -1


class UnknownLayer(LookupError):  # noqa: N818 -- an answer about what was asked
    """No such layer for whoever asks."""


class Sort(NamedTuple):
    """One column to put features in order by; those in which nothing stands come last, either way."""

    column: str
    descending: bool = False


# Behind which feature to go on: its key, or where there is an order its values in that order and then its key.
Behind = int | tuple[object, ...]


class Asker(NamedTuple):
    """Who asks: the slug of the municipality spoken to, and the person (of whom geo knows nothing)."""

    organisation: str
    person: object


class Layer(Protocol):
    """A set of features that can be counted and read in key order, a box or a page at a time."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> "str | _StrPromise": ...
    @property
    def description(self) -> "str | _StrPromise": ...
    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def geometry_type(self) -> GeometryType | None: ...
    @property
    def updated(self) -> str: ...
    @property
    def fingerprint(self) -> str:
        """What an answer made from this layer may be known by: other rows or other content, another text."""

    @property
    def time(self) -> str:
        """The column of dates that says when a feature is from; empty when none does."""

    @property
    def dataset(self) -> str:
        """The data set that the layer is a part of, as a catalogue lists it; empty for one by itself."""

    @property
    def chosen_by(self) -> "str | _StrPromise":
        """Who chose the columns, in a sentence; empty where each of them is one that we define ourselves."""

    def count(
        self,
        box: Box | None = None,
        *,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
    ) -> int:
        """How many features touch the box, have exactly these values and are like ``condition`` says."""

    def features(
        self,
        box: Box | None = None,
        *,
        after: Behind | None = None,
        limit: int | None = None,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
        order: Sequence[Sort] = (),
    ) -> Iterator[Feature]:
        """Those features from the one behind ``after`` on.

        Order    as ``order`` says, then by key: whatever comes in meanwhile, nothing is given twice or left out.
        """

    def feature(self, key: int) -> Feature | None:
        """The feature of this number."""

    def extent(self) -> Box | None:
        """The box in degrees that everything lies in, as near as that is known without computing the layer; none when
        there is no place at all, or it is not known."""


class Stored(NamedTuple):
    """Where rows keep their place in whole numbers (geo_tile_x, geo_tile_y, geo_morton): names of columns.

    With an index on ``morton`` a tile is one range of it.
    """

    x: str
    y: str
    morton: str


class Slots(NamedTuple):
    """By what the pins of a group are told apart: the column of the slot, and what a tile calls each slot.

    ``of`` names the public column that says the same in words, ``values`` the slot of each of these words.
    """

    column: str
    names: Mapping[int, str]
    of: str = ""
    values: Mapping[str, int] = MappingProxyType({})


class Compiled(NamedTuple):
    """A queryset as the database reads it."""

    text: str
    values: tuple[Any, ...]
    using: str


# The first day and the last; none where it is open.
Days = tuple[date | None, date | None]


def in_days(column: str, days: Days) -> Q:
    """Which rows have a moment in these days, both included, by the clocks here? Asked so that an index answers."""
    first, last = days
    found = Q()
    if first is not None:
        found &= Q(**{f"{column}__gte": make_aware(datetime.combine(first, time.min))})
    # No day comes after the last one there is.
    if last is not None and last < date.max:
        found &= Q(**{f"{column}__lt": make_aware(datetime.combine(last + timedelta(days=1), time.min))})
    return found


@dataclass(frozen=True, eq=False)
class FeatureSource:
    """Rows of the database as a layer.

    ``rows`` is filtered by who asks. ``geometry`` names the EPSG:4326 column, ``key`` the public, unique whole
    number, ``weight`` what a pin weighs in clusters. ``updated`` is a short text that changes whenever the rows do.
    ``pin`` names the columns that a single pin carries in a map tile, ``slots`` what a group says shares of, ``time``
    the column that says when a row is from, ``dataset`` the data set it is a part of. ``counted`` is the number under
    which exactly these rows are counted in geo's pyramid, cell by cell: the domain keeps it true; with ``slot`` the
    rows are those of this slot.
    """

    id: str
    title: "str | _StrPromise"
    description: "str | _StrPromise"
    rows: "QuerySet[Any, Any]"
    geometry: str | None
    geometry_type: GeometryType | None
    key: str
    columns: tuple[Column, ...]
    updated: str
    weight: str | None = None
    pin: tuple[str, ...] = ()
    time: str = ""
    stored: Stored | None = None
    slots: Slots | None = None
    counted: int | None = None
    slot: int | None = None
    dataset: str = ""
    chosen_by: "str | _StrPromise" = ""
    look: Look | None = None

    def where(self, values: Mapping[str, object], days: Days = (None, None)) -> "FeatureSource":
        """The rows that have exactly these values, and a ``time`` from the first to the last of these."""
        rows, slots, others = self.rows, self.slots, dict(values)
        slot = slots.values.get(str(values[slots.of]), NO_SLOT) if slots and slots.of in values else None
        if slots and slot is not None:
            del others[slots.of]
            rows = rows.filter(**({slots.column: slot} if slot else {f"{slots.column}__isnull": True}))
        for column in self.columns:
            if column.name in others and column.found is not None:
                rows = rows.filter(column.found(others.pop(column.name)))
        if self.time and days != (None, None):
            rows = self._from(rows, days)
        found = self.only(rows)
        if others:
            names = self.names_of(others)
            found = found.only(found.shaped.filter(**{names[name]: value for name, value in others.items()}))
        # The pyramid tells the slots apart, and nothing else.
        is_slot = slot is not None and len(values) == 1 and days == (None, None)
        return replace(found, counted=self.counted, slot=slot) if is_slot else found

    def _from(self, rows: "QuerySet[Any, Any]", days: Days) -> "QuerySet[Any, Any]":
        """Those of the rows that are from these days."""
        (path,) = (column.path for column in self.columns if column.name == self.time)
        if isinstance(path, str) and "__" not in path and isinstance(rows.model._meta.get_field(path), DateTimeField):
            return rows.filter(in_days(path, days))
        name = self.names_of([self.time])[self.time]
        ends = zip(("gte", "lte"), days, strict=True)
        asked = {f"{name}__{end}": day for end, day in ends if day is not None}
        return replace(self, rows=rows).shaped.filter(**asked)

    def only(self, rows: "QuerySet[Any, Any]") -> "FeatureSource":
        """Some of the rows, under the same name: these were not counted beforehand."""
        return replace(self, rows=rows, counted=None, slot=None)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names) or not set(self.pin) <= set(names):
            raise ValueError(f"columns of layer {self.id} are named twice, or its pin names one it does not have")
        if self.counted is not None and self.stored is None:
            raise ValueError(f"layer {self.id} is counted, and does not say where its rows keep their places")

    @property
    def has_pins(self) -> bool:
        """Can the layer be drawn as pins: is each row a point, or does it say where its pin stands?"""
        return self.geometry is not None and (self.geometry_type == "Point" or self.stored is not None)

    @cached_property
    def shaped(self) -> "QuerySet[Any, Any]":
        """The rows with everything that may be shown under names of our own, unordered."""
        rows: QuerySet[Any, Any] = self.rows.order_by().annotate(kp_key=F(self.key))
        for at, column in enumerate(self.columns):
            path = F(column.path) if isinstance(column.path, str) else column.path
            name = f"kp_{at}"
            shown = rows.annotate(**{name: path})
            # The day, not the minute: when exactly somebody sat at home and typed is nobody's business.
            if column.kind == "date" and isinstance(shown.query.annotations[name].output_field, DateTimeField):
                shown = rows.annotate(**{name: TruncDate(path)})
            rows = shown
        return rows

    @cached_property
    def alone(self) -> Compiled | None:
        """What pins say that stand alone in a tile, to be looked up by their Morton code; none without any rows."""
        rows = self.shaped.annotate(kp_morton=F(self.stored.morton)) if self.stored else self.shaped.none()
        return compiled(rows.values("kp_key", "kp_morton", *self.names_of(self.pin).values()))

    @cached_property
    def sums(self) -> Compiled | None:
        """All rows as tiles group them, by the places that were stored: nothing but what an index can hold."""
        if self.stored is None:
            return None
        x, y, morton = map(F, self.stored)
        rows = self._weighed(self.rows.order_by()).annotate(kp_x=x, kp_y=y, kp_morton=morton)
        return compiled(rows.values("kp_morton", "kp_slot", "kp_weight", "kp_x", "kp_y"))

    def placed(self, around: Q) -> Compiled | None:
        """The rows around a tile as it groups them by their geometry, with what a single pin says."""
        lon, lat = (Func(F(str(self.geometry)), function=axis, output_field=FloatField()) for axis in ("ST_X", "ST_Y"))
        rows = self._weighed(self.shaped).annotate(kp_lon=lon, kp_lat=lat).filter(around)
        pin = self.names_of(self.pin).values()
        return compiled(rows.values("kp_key", "kp_weight", "kp_slot", "kp_lon", "kp_lat", *pin))

    def _weighed(self, rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        """Rows with what a pin weighs, and of which slot it is."""
        slot = Coalesce(F(self.slots.column), Value(0)) if self.slots else Value(0)
        weight = F(self.weight) if self.weight else Value(1)
        found: QuerySet[Any, Any] = rows.annotate(kp_weight=weight, kp_slot=Cast(slot, BigIntegerField()))
        return found

    def names_of(self, columns: Iterable[str]) -> dict[str, str]:
        """The names that these columns have in ``shaped``."""
        at = {column.name: f"kp_{number}" for number, column in enumerate(self.columns)}
        return {name: at[name] for name in columns}

    @cached_property
    def fingerprint(self) -> str:
        """Made of the query itself, so that askers who may see other rows, or in another language, share no answer."""
        try:
            text, values = self.shaped.query.sql_with_params()
        except EmptyResultSet:
            text, values = "", ()
        facts = (self.id, self.updated, text, repr(values), self.key, self.geometry, self.weight, self.pin, self.slots)
        return sha256(repr((facts, [column.name for column in self.columns])).encode()).hexdigest()[:24]

    def within(
        self,
        box: Box | None,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
    ) -> "QuerySet[Any, Any]":
        """The shaped rows that touch a box: put into the query before it is compiled, so that the index is used."""
        rows = (self.where(where) if where else self).shaped
        if condition is not None:
            names = self.names_of(column.name for column in self.columns)
            rows = rows.filter(in_query(condition, names, self.geometry))
        if box is None:
            return rows
        if self.geometry is None:
            return rows.none()
        outline = GEOSGeometry(memoryview(shapely.to_wkb(box.outline())), srid=4326)
        return rows.filter(**{f"{self.geometry}__intersects": outline})

    def count(
        self,
        box: Box | None = None,
        *,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
    ) -> int:
        return self.within(box, where, condition).count()

    def features(
        self,
        box: Box | None = None,
        *,
        after: Behind | None = None,
        limit: int | None = None,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
        order: Sequence[Sort] = (),
    ) -> Iterator[Feature]:
        kp = self.names_of(sort.column for sort in order)
        by = [
            F(kp[s.column]).desc(nulls_last=True) if s.descending else F(kp[s.column]).asc(nulls_last=True)
            for s in order
        ]
        rows = self.within(box, where, condition).order_by(*by, "kp_key")
        if after is not None:
            keys = after if isinstance(after, tuple) else (after,)
            rows = rows.filter(_behind([(kp[s.column], s.descending) for s in order], keys))
        names = [column.name for column in self.columns]
        fields = ["kp_key", *(f"kp_{at}" for at in range(len(names)))]
        if self.geometry is not None:
            place = Func(F(self.geometry), function="ST_AsBinary", output_field=BinaryField())
            rows, fields = rows.annotate(kp_place=place), ["kp_place", *fields]
        values = rows.values_list(*fields)
        if limit is not None:
            values = values[:limit]
        numbers = [at for at, column in enumerate(self.columns) if column.kind == "number"]
        for chunk in _chunks(values.iterator(chunk_size=CHUNK), CHUNK):
            places: Sequence[BaseGeometry | None] = [None] * len(chunk)
            if self.geometry is not None:
                wkb = [None if row[0] is None else bytes(row[0]) for row in chunk]
                places = shapely.from_wkb(np.array(wkb, dtype=object))
                chunk = [row[1:] for row in chunk]
            for place_of_row, (key, *cells) in zip(places, chunk, strict=True):
                for at in numbers:
                    if cells[at] is not None:
                        cells[at] = float(cells[at])
                yield Feature(key, place_of_row, dict(zip(names, cells, strict=True)))

    def feature(self, key: int) -> Feature | None:
        found = next(self.features(after=key - 1, limit=1), None)
        return found if found is not None and found.key == key else None

    def extent(self) -> Box | None:
        """Looked up once for each state of the rows: of a million it takes a good part of a second."""
        found: Box | None = cache.get_or_set(f"geo.extent.{self.fingerprint}", self._extent, KEPT_SECONDS)
        return found

    def _extent(self) -> Box | None:
        if self.geometry is None:
            return None
        found = self.rows.order_by().aggregate(kp_extent=Extent(self.geometry))["kp_extent"]
        return Box(*found) if found else None


@dataclass(frozen=True, eq=False)
class DerivedSource:
    """A layer computed from another one (clusters, their hulls); computed when it is first read.

    ``around`` tells where it is computed for, so that nobody who asks for the list of layers waits for any of them.
    """

    id: str
    title: "str | _StrPromise"
    description: "str | _StrPromise"
    geometry_type: GeometryType | None
    columns: tuple[Column, ...]
    updated: str
    compute: Callable[[], Sequence[Feature]] = field(repr=False)
    fingerprint: str = ""
    time: str = ""
    dataset: str = ""
    chosen_by: "str | _StrPromise" = ""
    around: Callable[[], Box | None] = field(default=lambda: None, repr=False)

    @cached_property
    def _features(self) -> Sequence[Feature]:
        return sorted(self.compute(), key=lambda feature: feature.key)

    def _within(
        self, box: Box | None, where: Mapping[str, object] | None, condition: Condition | None
    ) -> Iterator[Feature]:
        for feature in self._features:
            if where and any(feature.attributes.get(name) != value for name, value in where.items()):
                continue
            if condition is not None and not matches(condition, feature.attributes, feature.geometry):
                continue
            if box is None or (feature.geometry is not None and box.contains(feature.geometry)):
                yield feature

    def count(
        self,
        box: Box | None = None,
        *,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
    ) -> int:
        return sum(1 for _ in self._within(box, where, condition))

    def features(
        self,
        box: Box | None = None,
        *,
        after: Behind | None = None,
        limit: int | None = None,
        where: Mapping[str, object] | None = None,
        condition: Condition | None = None,
        order: Sequence[Sort] = (),
    ) -> Iterator[Feature]:
        found = list(self._within(box, where, condition))
        # Python's sort keeps equals as they stand: from the last column to the first, on top of the order of the keys.
        for sort in reversed(order):
            filled = [feature for feature in found if feature.attributes.get(sort.column) is not None]
            filled.sort(key=partial(_held, name=sort.column), reverse=sort.descending)
            found = filled + [feature for feature in found if feature.attributes.get(sort.column) is None]
        if after is not None:
            keys = after if isinstance(after, tuple) else (after,)
            found = [feature for feature in found if _is_behind(feature, order, keys)]
        return islice(iter(found), limit)

    def feature(self, key: int) -> Feature | None:
        return next((feature for feature in self._features if feature.key == key), None)

    def extent(self) -> Box | None:
        return self.around()


@dataclass(frozen=True, eq=False)
class Raster:
    """A layer of numbers on a grid (a heat map); computed when it is first read."""

    id: str
    title: "str | _StrPromise"
    description: "str | _StrPromise"
    updated: str
    compute: Callable[[], Grid] = field(repr=False)
    fingerprint: str = ""
    dataset: str = ""

    @cached_property
    def grid(self) -> Grid:
        return self.compute()


AnyLayer = Layer | Raster
Provider = Callable[[Asker], Iterable[AnyLayer]]

_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Put a domain's layers on the list (from ``AppConfig.ready``); also usable as a decorator."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def layers_for(asker: Asker) -> Iterator[AnyLayer]:
    """All layers that this asker may see."""
    for provider in tuple(_providers):
        yield from provider(asker)


def layer(asker: Asker, id: str) -> AnyLayer:  # noqa: A002 -- it is what it is called everywhere
    """The layer of this name.

    Raises   UnknownLayer, also for one that exists and is not shown to this asker.
    """
    for found in layers_for(asker):
        if found.id == id:
            return found
    raise UnknownLayer(id)


def _held(feature: Feature, name: str) -> Any:
    return feature.attributes[name]


def _behind(columns: Sequence[tuple[str, bool]], keys: Sequence[object]) -> Q:
    """Which rows stand behind one with these values, where what says nothing stands last?"""
    *values, key = keys
    found, so_far = NOTHING, Q()
    for (name, descending), value in zip(columns, values, strict=True):
        if value is None:
            so_far &= Q(**{f"{name}__isnull": True})
            continue
        further = Q(**{f"{name}__{'lt' if descending else 'gt'}": value}) | Q(**{f"{name}__isnull": True})
        found |= so_far & further
        so_far &= Q(**{name: value})
    return found | (so_far & Q(kp_key__gt=key))


def _is_behind(feature: Feature, order: Sequence[Sort], keys: Sequence[Any]) -> bool:
    """The same of one feature."""
    *values, key = keys
    for sort, value in zip(order, values, strict=True):
        held = feature.attributes.get(sort.column)
        if held == value:
            continue
        if held is None or value is None:
            return held is None
        return bool(held < value if sort.descending else held > value)
    return feature.key > int(key)


T = TypeVar("T")


def compiled(rows: "QuerySet[Any, Any]") -> Compiled | None:
    """The question that Django would ask; none when it knows that there are no such rows."""
    try:
        text, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return Compiled(text, values, rows.db)


def _chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    several = iter(rows)
    while chunk := list(islice(several, size)):
        yield chunk
