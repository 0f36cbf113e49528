"""What people point at or type for a place, what a project asks for, and how far counts as inside."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from participation.rules.refusals import Code, Refused

# Half a metre: what a hand-drawn border and a phone's rounding may differ before a resident is told "outside".
BORDER_TOLERANCE_M = 0.5

_NUMBER = r"[-+]?\d{1,3}(?:[.,]\d+)?"
_PAIR = re.compile(rf"^\s*({_NUMBER})\s*°?\s*([NSEWO]?)\s*[,;/ ]\s*({_NUMBER})\s*°?\s*([NSEWO]?)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LonLat:
    """A place on earth, degrees WGS 84."""

    lon: float
    lat: float


def a_number(text: object) -> float:
    """Read a coordinate typed with a point or a comma.

    Refuses  pin.not_a_number for anything else, NaN and infinity included.
    """
    try:
        value = float(str(text).strip().replace(",", "."))
    except ValueError as error:
        raise Refused(Code.PIN_NOT_A_NUMBER, {"text": str(text)[:40]}) from error
    if not math.isfinite(value):
        raise Refused(Code.PIN_NOT_A_NUMBER, {"text": str(text)[:40]})
    return value


def lon_lat(lon: object, lat: object) -> LonLat:
    """Read a longitude and a latitude.

    Refuses  pin.missing, pin.not_a_number, pin.at_zero (0,0 is what broken devices send), pin.outside_world.
    """
    if str(lon if lon is not None else "").strip() == "" or str(lat if lat is not None else "").strip() == "":
        raise Refused(Code.PIN_MISSING)
    x, y = a_number(lon), a_number(lat)
    if x == 0 and y == 0:
        raise Refused(Code.PIN_AT_ZERO)
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise Refused(Code.PIN_OUTSIDE_WORLD, {"lon": x, "lat": y})
    return LonLat(x, y)


def typed_pair(text: str) -> LonLat | None:
    """Read "50.8553, 2.7262" or "50,8553 2,7262" or "2.7262 E 50.8553 N"; None when it is no pair of numbers.

    Order    without letters latitude comes first, as maps on phones show it.
    """
    match = _PAIR.match(text.strip())
    if not match:
        return None
    first, first_side, second, second_side = match.groups()
    values = [(a_number(first), first_side.upper()), (a_number(second), second_side.upper())]
    if values[0][1] in {"E", "W", "O"} or values[1][1] in {"N", "S"}:
        values.reverse()
    lat, lon = (-value if side in {"S", "W"} else value for value, side in values)
    return lon_lat(lon, lat)


# --- what a project asks for ------------------------------------------------------------------------------------------


class Shape(StrEnum):
    """What can be pointed at: a spot, several spots that belong together, a line along them, the area between them."""

    POINT = "point"
    POINTS = "points"
    LINE = "line"
    AREA = "area"


_KINDS = {"Point": Shape.POINT, "MultiPoint": Shape.POINTS, "LineString": Shape.LINE, "Polygon": Shape.AREA}
LEAST_SPOTS = {Shape.POINT: 1, Shape.POINTS: 1, Shape.LINE: 2, Shape.AREA: 3}
# More than anybody draws by hand; a longer road or a finer border comes from a file, at the desk.
SPOTS_MAX = 100
# Nearer than this says which house it is, farther than this says nothing.
BLUR_LEAST_M, BLUR_MOST_M = 50, 2000
PER_OBJECT_MAX = 1000
# How near another proposal must lie to be shown as near, or as the same one.
NEAR_LEAST_M, NEAR_MOST_M, NEAR_USUAL_M = 10, 5000, 250
# So much of a line may lie outside: half a metre in degrees of latitude, a third of one east to west.
_TOLERANCE_DEGREES = BORDER_TOLERANCE_M / 111_320


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """What a project asks of a place.

    ``blur_m`` is how far a public place may lie from the exact one, None where the exact one is public.
    ``from_inventory``: only objects of the inventory, each at most ``per_object`` times, None for any number.
    ``near_m``: within how many metres another proposal is shown while one suggests, and may be the same one.
    """

    shapes: tuple[Shape, ...] = (Shape.POINT,)
    optional: bool = False
    blur_m: int | None = None
    from_inventory: bool = False
    per_object: int | None = 1
    near_m: int = NEAR_USUAL_M


def checked_settings(given: PlaceSettings) -> PlaceSettings:
    """Say whether a project can ask for this.

    Refuses  place.no_shape, place.blur_bad, place.per_object_bad, place.near_bad, place.blurred_objects.
    """
    if not given.shapes:
        raise Refused(Code.PLACE_NO_SHAPE)
    if given.blur_m is not None and not BLUR_LEAST_M <= given.blur_m <= BLUR_MOST_M:
        raise Refused(Code.PLACE_BLUR_BAD, {"least": BLUR_LEAST_M, "most": BLUR_MOST_M})
    if given.per_object is not None and not 1 <= given.per_object <= PER_OBJECT_MAX:
        raise Refused(Code.PLACE_PER_OBJECT_BAD, {"max": PER_OBJECT_MAX})
    if not NEAR_LEAST_M <= given.near_m <= NEAR_MOST_M:
        raise Refused(Code.PLACE_NEAR_BAD, {"least": NEAR_LEAST_M, "most": NEAR_MOST_M})
    if given.from_inventory and given.blur_m is not None:
        raise Refused(Code.PLACE_BLURRED_OBJECTS)
    return given


# --- what somebody pointed at -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """Spots in their order, and what they make together."""

    shape: Shape
    spots: tuple[LonLat, ...]

    @property
    def geometry(self) -> BaseGeometry:
        """The shape in lon, lat.

        Refuses  place.too_few_spots, place.too_many_spots, place.crosses_itself.
        """
        least = LEAST_SPOTS[self.shape]
        # The ends of what was drawn twice at one spot are one spot.
        different = len(set(self.spots))
        if different < least:
            raise Refused(Code.PLACE_TOO_FEW_SPOTS, {"least": least, "n": different})
        if len(self.spots) > SPOTS_MAX:
            raise Refused(Code.PLACE_TOO_MANY_SPOTS, {"max": SPOTS_MAX})
        at = [(spot.lon, spot.lat) for spot in self.spots]
        if self.shape is Shape.POINT:
            return shapely.Point(at[0])
        if self.shape is Shape.POINTS:
            return shapely.MultiPoint(at)
        if self.shape is Shape.LINE:
            return shapely.LineString(at)
        area = shapely.Polygon(at)
        if not area.is_valid or area.area == 0:
            raise Refused(Code.PLACE_CROSSES_ITSELF)
        return area


@dataclass(frozen=True, slots=True)
class Chosen:
    """An object of the inventory, by its number."""

    number: int


Given = LonLat | Drawn | Chosen


def drawn(given: LonLat | Drawn) -> Drawn:
    """A spot alone as what it makes."""
    return given if isinstance(given, Drawn) else Drawn(Shape.POINT, (given,))


def drawn_from(geometry: Mapping[str, Any]) -> Drawn:
    """Read a GeoJSON geometry: a point, points, a line, or an area without holes.

    Refuses  place.unreadable, what lon_lat refuses.
    """
    try:
        shape, at = _KINDS[geometry["type"]], geometry["coordinates"]
        if shape is Shape.POINT:
            at = [at]
        if shape is Shape.AREA:
            (ring,) = at
            # GeoJSON says the first corner once more at the end.
            at = ring[:-1]
        if len(at) > SPOTS_MAX:
            raise Refused(Code.PLACE_TOO_MANY_SPOTS, {"max": SPOTS_MAX})
        return Drawn(shape, tuple(lon_lat(spot[0], spot[1]) for spot in at))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Refused(Code.PLACE_UNREADABLE) from error


def kind_of(geometry: BaseGeometry) -> Shape:
    """Say which shape a geometry of a file is; it may have more corners than anybody draws.

    Refuses  place.unreadable for several lines or areas and for holes, place.crosses_itself.
    """
    kind = _KINDS.get(geometry.geom_type)
    if kind is None or (kind is Shape.AREA and len(geometry.interiors)):
        raise Refused(Code.PLACE_UNREADABLE)
    if kind is Shape.AREA and (not geometry.is_valid or geometry.area == 0):
        raise Refused(Code.PLACE_CROSSES_ITSELF)
    return kind


def mark_of(geometry: BaseGeometry) -> LonLat:
    """The one spot that stands for a shape on the map: the first of several, the middle of a line, inside an area."""
    if geometry.geom_type == "MultiPoint":
        spot = geometry.geoms[0]
    elif geometry.geom_type == "LineString":
        spot = geometry.interpolate(0.5, normalized=True)
    else:
        spot = geometry.representative_point()
    return LonLat(spot.x, spot.y)


def lies_in(geometry: BaseGeometry, area: BaseGeometry) -> bool:
    """Does all of a shape lie in an area, half a metre beside its border included?"""
    return bool(area.covers(geometry)) or bool(shapely.buffer(area, _TOLERANCE_DEGREES).covers(geometry))
