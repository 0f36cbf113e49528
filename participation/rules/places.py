"""What people type for a place, and how far counts as inside."""

import math
import re
from dataclasses import dataclass

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
