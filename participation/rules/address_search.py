"""The services that know addresses: how each is asked, and how its answer is read; pure, so that a new one is a class.

A town's own places come first and need none of them (participation/selectors/organisations.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

MOST = 5
NAME_MAX = 200
# What a town has that chose nothing: the first service that the operator named.
FIRST_SERVICE = "first"

# West, south, east, north.
Around = Sequence[float] | None


@dataclass(frozen=True, slots=True)
class Address:
    """One address found, degrees WGS 84."""

    name: str
    lon: float
    lat: float


class Service(Protocol):
    """One form of asking for an address."""

    def question(self, text: str, around: Around) -> Mapping[str, str]:
        """What stands behind the ``?``."""

    def answer(self, told: Any) -> Iterator[Address]:
        """The addresses of an answer (JSON), best first.

        Raises   KeyError, TypeError, ValueError for what has another form.
        """


class Geolocation:
    """Flanders' geolocation service, version 4. Source: geo.api.vlaanderen.be/geolocation/v4 (Location)."""

    def question(self, text: str, around: Around) -> Mapping[str, str]:
        return {"q": text, "c": str(MOST)}

    def answer(self, told: Any) -> Iterator[Address]:
        for row in told["LocationResult"]:
            place = row["Location"]
            yield Address(str(row["FormattedAddress"]), float(place["Lon_WGS84"]), float(place["Lat_WGS84"]))


class Photon:
    """Photon over OpenStreetMap. Source: github.com/komoot/photon (Search)."""

    def question(self, text: str, around: Around) -> Mapping[str, str]:
        near = {"bbox": ",".join(f"{part:.5f}" for part in around)} if around else {}
        return {"q": text, "limit": str(MOST)} | near

    def answer(self, told: Any) -> Iterator[Address]:
        for row in told["features"]:
            said, (lon, lat) = row["properties"], row["geometry"]["coordinates"][:2]
            street = " ".join(str(said[part]) for part in ("street", "housenumber") if said.get(part))
            town = " ".join(str(said[part]) for part in ("postcode", "city") if said.get(part))
            parts = dict.fromkeys(part for part in (str(said.get("name") or ""), street, town) if part)
            yield Address(", ".join(parts), float(lon), float(lat))


class Nominatim:
    """Nominatim over OpenStreetMap. Source: nominatim.org/release-docs/latest/api/Search."""

    def question(self, text: str, around: Around) -> Mapping[str, str]:
        near = {"viewbox": ",".join(f"{part:.5f}" for part in around), "bounded": "1"} if around else {}
        return {"q": text, "format": "jsonv2", "limit": str(MOST)} | near

    def answer(self, told: Any) -> Iterator[Address]:
        for row in told:
            yield Address(str(row["display_name"]), float(row["lon"]), float(row["lat"]))


SERVICES: dict[str, Service] = {"geolocation": Geolocation(), "photon": Photon(), "nominatim": Nominatim()}


def read(service: Service, told: Any) -> list[Address]:
    """The addresses of an answer that are in the world and have a name, as many as are shown.

    Raises   KeyError, TypeError, ValueError for what has another form.
    """
    found = []
    for address in service.answer(told):
        if address.name and abs(address.lon) <= 180 and abs(address.lat) <= 90:
            found.append(Address(address.name[:NAME_MAX], address.lon, address.lat))
        if len(found) == MOST:
            break
    return found
