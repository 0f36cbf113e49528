"""How a file is read that does not say everything itself: which layer of it, which plane, which columns say where."""

from collections.abc import Mapping

from geo.plane.crs import ALL, CRS84

PLANES = [(crs.name, f"{crs.title} ({crs.name})") for crs in ALL if crs is not CRS84]


def asked_reading(given: Mapping[str, str]) -> dict[str, str]:
    """What the form says of it (components/read_otherwise.html), as the services take it."""
    most = {"file_layer": 200, "crs": 20, "lon": 200, "lat": 200}
    return {name: given.get(name, "")[:length] for name, length in most.items()}
