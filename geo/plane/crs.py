"""The coordinate systems spoken here, their names, and the way from one to another."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry


class UnknownCrs(ValueError):  # noqa: N818 -- an answer about what was asked
    """A coordinate system that is not offered, or not named in a way that is understood."""


@dataclass(frozen=True, slots=True)
class Crs:
    """One coordinate system. Inside the house coordinates always run x, y (lon, lat).

    ``flips`` says that its own authority writes the second axis first, so that a document which names it by
    ``uri`` has to carry lat, lon (OGC API Features, part 2); files and QGIS's traditional order do not.
    """

    code: int
    uri: str
    title: str
    flips: bool = False
    is_metric: bool = True

    @property
    def name(self) -> str:
        """The short name, such as EPSG:31370."""
        return f"EPSG:{self.code}"

    @property
    def digits(self) -> int:
        """How many decimals say a place to about a millimetre and no more."""
        return 3 if self.is_metric else 8


def _epsg(code: int) -> str:
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}"


# The same numbers as EPSG:4326 in the other order: what GeoJSON means by coordinates.
CRS84 = Crs(4326, "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "WGS 84, lon lat", is_metric=False)
WGS84 = Crs(4326, _epsg(4326), "WGS 84, lat lon", flips=True, is_metric=False)
ETRS89 = Crs(4258, _epsg(4258), "ETRS89, lat lon", flips=True, is_metric=False)
LAMBERT_72 = Crs(31370, _epsg(31370), "Belgian Lambert 72")
LAMBERT_2008 = Crs(3812, _epsg(3812), "Belgian Lambert 2008")
WEB_MERCATOR = Crs(3857, _epsg(3857), "Web Mercator")
LAEA = Crs(3035, _epsg(3035), "ETRS89-LAEA Europe", flips=True)

ALL = (CRS84, WGS84, LAMBERT_72, LAMBERT_2008, WEB_MERCATOR, ETRS89, LAEA)
# What live layers list: the plane of the GeoJSON standard first.
SERVED = (CRS84, WGS84, LAMBERT_72, LAMBERT_2008, WEB_MERCATOR)

_BY_URI = {crs.uri: crs for crs in ALL}
_BY_CODE = {crs.code: crs for crs in ALL if crs is not CRS84}
_SHORT = re.compile(r"(?:EPSG:)?(\d{4,6})", re.IGNORECASE | re.ASCII)
_URN = re.compile(r"urn:ogc:def:crs:(EPSG|OGC):[\d.]*:(\d+|CRS84)", re.IGNORECASE | re.ASCII)


def parse(text: str, *, among: Sequence[Crs] = ALL) -> Crs:
    """Find the coordinate system named ``EPSG:n``, ``n``, ``CRS84``, by OGC URI (https too) or by URN.

    Raises   UnknownCrs.
    """
    words = text.strip().strip("[]")
    uri = words.replace("https://www.opengis.net/", "http://www.opengis.net/", 1)
    found = _BY_URI.get(uri)
    if urn := _URN.fullmatch(words):
        words = urn[2]
    if words.upper() in {"CRS84", "OGC:CRS84"}:
        found = CRS84
    if short := _SHORT.fullmatch(words):
        found = _BY_CODE.get(int(short[1]))
    if found is None or found not in among:
        raise UnknownCrs(text[:100])
    return found


@lru_cache
def transformer(source: int, target: int) -> Transformer:
    """The way from one EPSG code to another, x before y on both sides."""
    return Transformer.from_crs(CRS.from_epsg(source), CRS.from_epsg(target), always_xy=True)


def transform(points: NDArray[np.float64], source: Crs, target: Crs) -> NDArray[np.float64]:
    """Bring points (n, 2) from one plane into another; what cannot be expressed there becomes infinite."""
    if source.code == target.code:
        return points
    x, y = transformer(source.code, target.code).transform(points[:, 0], points[:, 1])
    return np.column_stack([x, y])


def reproject(geometry: BaseGeometry, source: Crs, target: Crs) -> BaseGeometry:
    """Bring a geometry from one plane into another; a third dimension is dropped."""
    if source.code == target.code:
        return geometry
    return shapely.transform(shapely.force_2d(geometry), lambda points: transform(points, source, target))


def flip(geometry: BaseGeometry) -> BaseGeometry:
    """Swap the axes."""
    return shapely.transform(geometry, lambda points: points[:, ::-1])


# Where Lambert 72 measures truly (its area of use, with a margin): west, south, east, north.
_BELGIUM = (2.3, 49.3, 6.6, 51.7)


def metric_for(lon: float, lat: float) -> Crs:
    """The plane to measure in around a place: Lambert 72 in Belgium, elsewhere the UTM zone."""
    west, south, east, north = _BELGIUM
    if west <= lon <= east and south <= lat <= north:
        return LAMBERT_72
    zone = min(int((lon + 180) // 6) + 1, 60)
    code = (32600 if lat >= 0 else 32700) + zone
    return Crs(code, _epsg(code), f"UTM {zone}")
