"""What holds where in a project: zones where anything goes, nothing, only with a reason, or after a look by staff."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import shapely
from shapely.geometry.base import BaseGeometry


class ZoneKind(StrEnum):
    """What a zone means for a proposal in it."""

    FREE = "free"
    BARRED = "barred"
    REASON = "reason"
    LOOK = "look"


ZONES_MAX = 200


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """One zone: ``key`` names it to whoever asks."""

    key: int
    kind: ZoneKind
    outline: BaseGeometry


@dataclass(frozen=True, slots=True)
class ZoneVerdict:
    """Which zones a place lies in, by what they ask for, each kind in the order of the zones."""

    barred: tuple[int, ...] = ()
    reason: tuple[int, ...] = ()
    look: tuple[int, ...] = ()


def verdict(place: BaseGeometry, zones: Sequence[ZoneFacts]) -> ZoneVerdict:
    """What do the zones say about a place?

    What lies in a free zone is left alone by all others; of what remains, each zone that it lies in counts. A line or
    an area that only touches a zone from outside does not lie in it; a spot on the border does.
    """
    free = [zone.outline for zone in zones if zone.kind is ZoneKind.FREE]
    left = shapely.difference(place, shapely.union_all(free)) if free else place
    if left.is_empty:
        return ZoneVerdict()
    met = [zone for zone in zones if _lies_in(left, zone.outline)]

    def of(kind: ZoneKind) -> tuple[int, ...]:
        return tuple(_keys(zone for zone in met if zone.kind is kind))

    return ZoneVerdict(of(ZoneKind.BARRED), of(ZoneKind.REASON), of(ZoneKind.LOOK))


def _keys(zones: Iterable[ZoneFacts]) -> list[int]:
    return [zone.key for zone in zones]


def _lies_in(place: BaseGeometry, outline: BaseGeometry) -> bool:
    if place.geom_type in {"Point", "MultiPoint"}:
        return bool(outline.intersects(place))
    return bool(outline.intersects(place)) and not bool(outline.touches(place))
