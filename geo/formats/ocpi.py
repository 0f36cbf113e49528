"""OCPI: charging locations as operators exchange them (Locations, versions 2.1.1 to 2.3.0); in.

Source   github.com/ocpi/ocpi, mod_locations.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely

from geo.formats.rows import Row, RowFault, UnreadableFile, placed, text_fault
from geo.plane.crs import CRS84

_GONE = {"REMOVED", "PLANNED"}
_PLAIN = ("id", "name", "address", "city", "postal_code", "country", "parking_type", "last_updated")
_WATTS_A_KILOWATT = 1000


def is_ocpi(path: Path) -> bool:
    """Does this JSON hold charging locations rather than features?"""
    with path.open("rb") as file:
        start = file.read(65_536)
    return b'"evses"' in start and b'"latitude"' in start


def read(path: Path) -> Iterator[Row]:
    """The locations, numbered from 1: how many points each has and how strong the strongest is, in kW.

    Raises   UnreadableFile.
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise UnreadableFile("file.not_json", line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise UnreadableFile("file.too_deep") from error
    except ValueError as error:
        raise UnreadableFile("file.not_ocpi") from error
    # The answer of a server wraps the list (status_code, data).
    found = content.get("data") if isinstance(content, dict) else content
    if not isinstance(found, list):
        raise UnreadableFile("file.not_ocpi")
    for number, location in enumerate(found, start=1):
        yield _row(number, location)


def _row(number: int, location: Any) -> Row:
    if not isinstance(location, dict) or not isinstance(location.get("coordinates"), dict):
        return Row(number, {}, None, RowFault("row.not_a_feature"))
    evses = [evse for evse in _list(location.get("evses")) if evse.get("status") not in _GONE]
    powers = [power for evse in evses for plug in _list(evse.get("connectors")) if (power := _kilowatts(plug))]
    attributes: dict[str, object] = {
        name: location[name] for name in _PLAIN if isinstance(location.get(name), str | int | float)
    }
    operator = location.get("operator")
    attributes["operator"] = operator.get("name") if isinstance(operator, dict) else None
    attributes["n_points"] = len(evses)
    attributes["max_power_kw"] = max(powers, default=None)
    if fault := text_fault(attributes):
        return Row(number, {name: str(value)[:200] for name, value in attributes.items()}, None, fault)
    where = location["coordinates"]
    try:
        place = shapely.Point(float(where["longitude"]), float(where["latitude"]))
    except (KeyError, TypeError, ValueError):
        facts = {"x": str(where.get("longitude"))[:50], "y": str(where.get("latitude"))[:50]}
        return Row(number, attributes, None, RowFault("pin.not_a_number", facts))
    result = placed(place, CRS84)
    is_fault = isinstance(result, RowFault)
    return Row(number, attributes, None if is_fault else result, result if is_fault else None)


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _kilowatts(plug: dict[str, Any]) -> float | None:
    """How strong a plug is: by its own word (2.2), else by volts, amperes and phases (2.1.1)."""
    power = plug.get("max_electric_power")
    if not isinstance(power, int | float):
        volts, amperes = plug.get("voltage", plug.get("max_voltage")), plug.get("amperage", plug.get("max_amperage"))
        if not isinstance(volts, int | float) or not isinstance(amperes, int | float):
            return None
        power = volts * amperes * (3 if plug.get("power_type") == "AC_3_PHASE" else 1)
    return round(power / _WATTS_A_KILOWATT, 1)
