"""The pictures that can lie under a town's maps: presets, and XYZ, WMTS and WMS services of its own.

A town's list holds ``{"preset": name}`` or the fields of a ``BaseMap``; the first is shown, the next where it fails.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from participation.rules.outgoing import URL_MAX, origin_of
from participation.rules.refusals import Code, Refused
from participation.rules.wording import bounded

NAME_MAX, ATTRIBUTION_MAX, LAYER_MAX = 60, 200, 200
MOST = 5
LEAST_ZOOM, MOST_ZOOM, USUAL_ZOOM = 10, 22, 19
# Where Flanders' services have pictures (their capabilities); beyond is white, also in France.
FLANDERS = (2.53, 50.685, 5.92, 51.52)
_HOLES = ("{z}", "{x}", "{y}")
# What of an address is an address, and not the beginning of something else in a header.
_CLEAN = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%{}-]+")


class Kind(StrEnum):
    """How pictures are asked for."""

    XYZ = "xyz"
    WMTS = "wmts"
    WMS = "wms"


@dataclass(frozen=True, slots=True)
class BaseMap:
    """One service. ``layer`` and ``matrix_set`` (of Web Mercator, its levels being zooms) as the service calls them."""

    kind: Kind
    url: str
    attribution: str
    name: str = ""
    max_zoom: int = USUAL_ZOOM
    layer: str = ""
    matrix_set: str = ""
    format: str = "image/png"
    box: tuple[float, float, float, float] | None = None

    @property
    def origin(self) -> str:
        """Whence its pictures come: what a content security policy has to let in."""
        return str(origin_of(self.url))

    def shown(self) -> dict[str, Any]:
        """What a browser needs to know."""
        found: dict[str, Any] = {"attribution": self.attribution, "max_zoom": self.max_zoom, "bounds": self.box}
        match self.kind:
            case Kind.WMS:
                return found | {"url": self.url, "wms": {"layers": self.layer, "format": self.format}}
            case Kind.WMTS:
                asked = (
                    "SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&STYLE="
                    f"&LAYER={quote(self.layer, safe='')}&FORMAT={quote(self.format, safe='/')}"
                    f"&tileMatrixSet={quote(self.matrix_set, safe='')}"
                    "&tileMatrix={z}&tileRow={y}&tileCol={x}"
                )
                return found | {"url": self.url + ("&" if "?" in self.url else "?") + asked}
            case _:
                return found | {"url": self.url}


def _flemish(service: str, layer: str, format: str = "image/png") -> BaseMap:  # noqa: A002
    # Source: geo.api.vlaanderen.be, GetCapabilities of GRB and OMWRGBMRVL.
    url = f"https://geo.api.vlaanderen.be/{service}/wmts"
    maker = "© Digitaal Vlaanderen"
    return BaseMap(Kind.WMTS, url, maker, "", 20, layer, "GoogleMapsVL", format, FLANDERS)


PRESETS = {
    "grb": _flemish("GRB", "grb_bsk"),
    "grb-grey": _flemish("GRB", "grb_bsk_grijs"),
    "orthophoto": _flemish("OMWRGBMRVL", "omwrgbmrvl"),
    "osm": BaseMap(Kind.XYZ, "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap"),
}
Entry = Mapping[str, Any]


def base_map_of(entry: Entry) -> BaseMap | None:
    """The service of one entry of a town's list; none for a preset that there is no more."""
    if "preset" in entry:
        return PRESETS.get(entry["preset"])
    known = {each.name for each in fields(BaseMap)}
    given = {name: value for name, value in entry.items() if name in known}
    return BaseMap(**given | {"kind": Kind(entry["kind"]), "box": None})


def own_map(
    *, kind: str, name: str, url: str, attribution: str, max_zoom: int, layer: str, matrix_set: str
) -> dict[str, Any]:
    """An entry for a service that the town has of its own.

    Refuses  body.too_long, base_map.name_missing, base_map.bad_url, base_map.no_placeholder, base_map.no_layer,
             base_map.attribution_missing.
    """
    way = Kind(kind)
    name, attribution, url = bounded(name, NAME_MAX), bounded(attribution, ATTRIBUTION_MAX), url.strip()
    layer, matrix_set = bounded(layer, LAYER_MAX), bounded(matrix_set, LAYER_MAX)
    if not name:
        raise Refused(Code.BASE_MAP_NAME_MISSING)
    if len(url) > URL_MAX or not _CLEAN.fullmatch(url) or origin_of(url) is None:
        raise Refused(Code.BASE_MAP_BAD_URL, {"url": url[:80]})
    bare = url
    for hole in _HOLES if way is Kind.XYZ else ():
        if bare.count(hole) != 1:
            raise Refused(Code.BASE_MAP_NO_PLACEHOLDER)
        bare = bare.replace(hole, "")
    if "{" in bare or "}" in bare:
        raise Refused(Code.BASE_MAP_BAD_URL, {"url": url[:80]})
    if way is not Kind.XYZ and (not layer or (way is Kind.WMTS and not matrix_set)):
        raise Refused(Code.BASE_MAP_NO_LAYER)
    if not attribution:
        raise Refused(Code.BASE_MAP_ATTRIBUTION_MISSING)
    zoom = min(max(max_zoom, LEAST_ZOOM), MOST_ZOOM)
    found = asdict(BaseMap(way, url, attribution, name, zoom, layer, matrix_set))
    del found["box"]
    return found | {"kind": way.value}


def added(entries: Sequence[Entry], entry: Entry) -> list[Entry]:
    """The list with one more at its end.

    Refuses  base_map.twice, base_map.too_many.
    """
    if entry in entries:
        raise Refused(Code.BASE_MAP_TWICE)
    if len(entries) >= MOST:
        raise Refused(Code.BASE_MAP_TOO_MANY, {"most": MOST})
    return [*entries, entry]
