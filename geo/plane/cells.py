"""Squares of the European grid, named by a code: size and lower left corner in EPSG:3035.

Source   INSPIRE data specification on geographical grid systems, 4.2; "1kmN3132E3799" is the form of statistics
         offices, "CRS3035RES1000mN3132000E3799000" the full one.
"""

import re

import shapely
from shapely.geometry.base import BaseGeometry

_SHORT = re.compile(r"(\d{1,3})(k?m)N(\d{1,7})E(\d{1,7})", re.ASCII)
_LONG = re.compile(r"CRS3035RES(\d{1,6})mN(\d{1,8})E(\d{1,8})", re.ASCII)
_MAX_SIZE_M = 100_000


def square_of(code: str) -> BaseGeometry | None:
    """The square of this code, x and y in metres of EPSG:3035; none where it is no code of a square."""
    text = code.strip()
    if found := _LONG.fullmatch(text):
        size, south, west = (int(part) for part in found.groups())
    elif found := _SHORT.fullmatch(text):
        size = int(found[1]) * (1000 if found[2] == "km" else 1)
        # The corner is written in units of the square's size, as far as that is a power of ten.
        unit = 10 ** (len(str(size)) - 1)
        south, west = int(found[3]) * unit, int(found[4]) * unit
    else:
        return None
    if not 0 < size <= _MAX_SIZE_M:
        return None
    return shapely.box(west, south, west + size, south + size)
