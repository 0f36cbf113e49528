"""The square tiles of web maps (WebMercatorQuad): where a tile lies, how it is cut into cells.

A pin belongs to exactly one tile of a zoom: tiles are half-open (west and north edge in, east and south edge
out), and the last column and row take in what lies on or beyond the edge of the world. So tiles need no buffer,
and the counts of all tiles add up.
"""

import math
from typing import NamedTuple

from geo.plane.boxes import Box

MAX_ZOOM = 22
# Where the square of the world ends: atan(sinh(pi)).
MAX_LAT = math.degrees(math.atan(math.sinh(math.pi)))
# Further than any coordinate that a column can sensibly hold: the outer tiles are open to the outside.
BEYOND = 1e9
# How much wider than the tile the prefilter asks (a share of the tile): the exact decision is made by the same
# arithmetic for all tiles, so this one only has to err on the generous side (PostGIS compares boxes in float32).
PAD = 1 / 64
# ... and never less than this: single precision is 1.5e-5 degrees at 180.
PAD_DEG = 1e-4

# Stored places are whole numbers of so many bits along the world: 2 cm.
WORLD_BITS = 31

# Cells a side of a tile, by the first zoom they hold for. A picture tile is 256 px wide, so cells of 64, 32, 4 px:
# groups as long as pins would cover each other, single pins when the streets can be read.
_CELLS = ((18, 64), (17, 8), (0, 4))


class BadTile(ValueError):  # noqa: N818 -- an answer about what was asked
    """A tile that does not exist."""


class Tile(NamedTuple):
    """One tile: zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @property
    def cells(self) -> int:
        """How many cells lie along a side."""
        return next(cells for zoom, cells in _CELLS if self.z >= zoom)

    @property
    def morton(self) -> int:
        """Its row and column with their bits in turn, the row first: the tiles within it begin with the same bits."""
        return sum((self.x >> bit & 1) << 2 * bit | (self.y >> bit & 1) << 2 * bit + 1 for bit in range(self.z))

    def morton_range(self) -> tuple[int, int]:
        """The least and the greatest Morton code of the places in it."""
        below = 2 * (WORLD_BITS - self.z)
        return self.morton << below, (self.morton + 1 << below) - 1

    def box(self) -> Box:
        """Where it lies, in degrees."""
        north_west, south_east = lon_lat(self.x, self.y, self.z), lon_lat(self.x + 1, self.y + 1, self.z)
        return Box(north_west[0], south_east[1], south_east[0], north_west[1])

    def search_box(self) -> Box:
        """A box that surely holds all its pins: a little wider, and open at the edge of the world."""
        west, south, east, north = self.box()[:4]
        pad_x, pad_y = max((east - west) * PAD, PAD_DEG), max((north - south) * PAD, PAD_DEG)
        last = 2**self.z - 1
        return Box(
            -BEYOND if self.x == 0 else west - pad_x,
            -BEYOND if self.y == last else south - pad_y,
            BEYOND if self.x == last else east + pad_x,
            BEYOND if self.y == 0 else north + pad_y,
        )


def tile(z: int, x: int, y: int) -> Tile:
    """The tile with these numbers.

    Raises   BadTile.
    """
    if not 0 <= z <= MAX_ZOOM or not 0 <= x < 2**z or not 0 <= y < 2**z:
        raise BadTile(f"{z}/{x}/{y}")
    return Tile(z, x, y)


def world(lon: float, lat: float) -> tuple[float, float]:
    """A place in the unit square: x from the west, y from the north; beyond the square counts as its edge."""
    lat = min(max(lat, -MAX_LAT), MAX_LAT)
    s = math.sin(math.radians(lat))
    x, y = (lon + 180) / 360, 0.5 - math.log((1 + s) / (1 - s)) / (4 * math.pi)
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


def whole(lon: float, lat: float) -> tuple[int, int]:
    """A place in the whole numbers that are stored, as the database computes them (geo_tile_x, geo_tile_y)."""
    x, y = world(lon, lat)
    return min(int(x * 2**WORLD_BITS), 2**WORLD_BITS - 1), min(int(y * 2**WORLD_BITS), 2**WORLD_BITS - 1)


def tile_around(north_west: tuple[int, int], south_east: tuple[int, int]) -> Tile:
    """The smallest tile that holds this box of whole numbers."""
    (left, top), (right, bottom) = north_west, south_east
    below = max((left ^ right).bit_length(), (top ^ bottom).bit_length())
    return Tile(WORLD_BITS - below, left >> below, top >> below)


def lon_lat(x: float, y: float, z: int) -> tuple[float, float]:
    """The place of a point given in tile units of a zoom."""
    size = 2**z
    return x / size * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / size))))


def tile_at(lon: float, lat: float, z: int) -> Tile:
    """The tile that a pin belongs to."""
    x, y = world(lon, lat)
    size = 2**z
    return Tile(z, min(int(x * size), size - 1), min(int(y * size), size - 1))
