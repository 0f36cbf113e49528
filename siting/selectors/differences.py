"""What differs between two versions of a layer: which features are new, changed, gone and the same."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB

from geo.plane.same import ordered, same_shapes
from participation.rules.rows import cell
from siting.models import Layer, LayerFeature
from siting.selectors.attributes import value_of

BATCH = 2000
# Of what is new or gone, what is said of it; all of it stands in the layer.
TOLD = 6
# Where no column is the key: a place to a centimetre, so that what came back from another plane is known again.
_CENTIMETRE = 7

T = TypeVar("T")


class Fate(StrEnum):
    """What becomes of a feature; of the last two it cannot be told, because of its key."""

    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"
    SAME = "same"
    NO_KEY = "no_key"
    TWICE = "twice"


class Difference(NamedTuple):
    """One feature by its number in a version, the former one's where ``was``; a place is [corners, lon, lat].

    ``key`` is empty where a feature is known by all it holds.
    ``before`` and ``after`` hold the attributes that differ, of what is new or gone some of all.
    """

    fate: Fate
    number: int
    key: str
    before: dict[str, str]
    after: dict[str, str]
    place_before: list[float] | None = None
    place_after: list[float] | None = None
    was: bool = False


def differences(former: Layer, new: Layer) -> Iterator[Difference]:
    """Compare a version with the former one, by its key column, or by all that a feature holds where there is none.

    Columns that only one of them has are not compared. Shapes are the same to a millimetre.

    Order    the features of the new version first, some thousand at a time, then what is told of the former one.
    Cost     reads each version twice, some thousand features at a time; keeps the keys of both.
    """
    found = _differences(former, new)
    return found if new.key_column else (each._replace(key="") for each in found)


def _differences(former: Layer, new: Layer) -> Iterator[Difference]:
    shared = [name for name in former.names if name in new.names]
    keys = {layer.pk: list(_keys(layer, new.key_column, shared)) for layer in (former, new)}
    counts = {pk: Counter(key for _number, key in several if key) for pk, several in keys.items()}
    known = {key: number for number, key in keys[former.pk]}
    twice = {key for several in counts.values() for key, n in several.items() if n > 1}
    for batch in _batches(keys[new.pk]):
        if not new.key_column:
            # What is known by all it holds, and is known, is the same.
            found = [number for number, key in batch if key in known]
            yield from (Difference(Fate.SAME, number, "", {}, {}) for number in found)
            batch = [(number, key) for number, key in batch if key not in known]
        pairs = [(number, known[key]) for number, key in batch if key in counts[former.pk] and key not in twice]
        now = _rows(new, [number for number, _key in batch])
        was = _rows(former, [number for _number, number in pairs])
        same = _same_places([was[other][1] for _n, other in pairs], [now[number][1] for number, _other in pairs])
        stays = dict(zip((number for number, _other in pairs), same, strict=True))
        for number, key in batch:
            values, place = now[number]
            if not key or key in twice:
                fate = Fate.TWICE if key else Fate.NO_KEY
                yield Difference(fate, number, key, {}, _some(values, new.names), None, _middle(place))
            elif key not in counts[former.pk]:
                yield Difference(Fate.NEW, number, key, {}, _some(values, new.names), None, _middle(place))
            else:
                yield _compared(number, key, was[known[key]], (values, place), shared, stays=stays[number])
    for batch in _batches(keys[former.pk]):
        left = [(n, key) for n, key in batch if not key or key in twice or key not in counts[new.pk]]
        was = _rows(former, [number for number, _key in left])
        for number, key in left:
            values, place = was[number]
            fate = Fate.NO_KEY if not key else Fate.TWICE if key in twice else Fate.GONE
            said = _some(values, former.names)
            yield Difference(fate, number, key, said, {}, _middle(place), None, was=True)


Row = tuple[Mapping[str, Any], shapely.Geometry | None]


def _compared(number: int, key: str, was: Row, now: Row, shared: Iterable[str], *, stays: bool) -> Difference:
    if stays and was[0] == now[0]:
        return Difference(Fate.SAME, number, key, {}, {})
    pairs = {name: (cell(was[0].get(name)), cell(now[0].get(name))) for name in shared}
    differs = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if stays and not differs:
        return Difference(Fate.SAME, number, key, {}, {})
    before = {name: pair[0] for name, pair in differs.items()}
    after = {name: pair[1] for name, pair in differs.items()}
    places = (None, None) if stays else (_middle(was[1]), _middle(now[1]))
    return Difference(Fate.CHANGED, number, key, before, after, *places)


def _keys(layer: Layer, column: str, shared: list[str]) -> Iterator[tuple[int, str]]:
    """The number and the key of each feature; what all it holds is called, once for each time that it is there."""
    rows = LayerFeature.objects.filter(layer=layer).order_by("key")
    if column:
        for number, value in rows.values_list("key", value_of(column)).iterator(chunk_size=BATCH):
            yield number, cell(value).strip()
        return
    seen: Counter[str] = Counter()
    for batch in _batches(_all(rows)):
        places = ordered(np.array([place for _number, _values, place in batch], dtype=object))
        rounded = shapely.transform(places, lambda corners: np.round(corners, _CENTIMETRE))
        for (number, values, _place), wkb in zip(batch, shapely.to_wkb(rounded), strict=True):
            told = "\x1f".join(f"{name}\x1e{cell(values.get(name))}" for name in shared)
            mark = hashlib.sha256(told.encode(errors="replace") + (wkb or b"")).hexdigest()
            seen[mark] += 1
            yield number, f"{mark} {seen[mark]}"


def _all(rows: Any) -> Iterator[tuple[int, Mapping[str, Any], shapely.Geometry | None]]:
    values = rows.annotate(wkb=AsWKB("geometry")).values_list("key", "properties", "wkb")
    for number, properties, wkb in values.iterator(chunk_size=BATCH):
        yield number, properties, None if wkb is None else shapely.from_wkb(bytes(wkb))


def _rows(layer: Layer, numbers: list[int]) -> dict[int, Row]:
    rows = LayerFeature.objects.filter(layer=layer, key__in=numbers)
    return {number: (values, place) for number, values, place in _all(rows)}


def _same_places(was: list[Any], now: list[Any]) -> list[bool]:
    return [bool(same) for same in same_shapes(was, now)] if was else []


def _middle(place: shapely.Geometry | None) -> list[float] | None:
    if place is None:
        return None
    middle = place.centroid
    return [int(shapely.get_num_coordinates(place)), middle.x, middle.y]


def _some(values: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    filled = ((name, cell(values.get(name))) for name in names)
    return dict(islice(((name, said) for name, said in filled if said), TOLD))


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    several = iter(rows)
    while batch := list(islice(several, BATCH)):
        yield batch


def differing_rows(layer: Layer, fate: Fate) -> Iterator[Difference]:
    """What differs from the version that a layer was compared with, of one kind, as it was written down."""
    path = differing_path(layer, fate)
    if path.is_file():
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield Difference(**json.loads(line) | {"fate": fate})


def differing_path(layer: Layer, fate: Fate) -> Path:
    """Where what differs is written down, beside the layer's file: a line a row."""
    return Path(f"{layer.file.path}.{fate}")


def differing_paths(layer: Layer) -> list[Path]:
    """All these files."""
    return [differing_path(layer, fate) for fate in Fate]
