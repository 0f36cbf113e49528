"""Builds areas.geojson and outline.geojson of the demo town from its hand-drawn border lines."""

import json
from pathlib import Path
from typing import Any

from shapely import Polygon, union_all
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

TOWN = Path(__file__).parent / "poperinge"

Point = tuple[float, float]


def line(borders: dict[str, Any], name: str) -> list[Point]:
    """The points of one named line; a leading minus sign gives them backwards."""
    stops = borders["lines"][name.removeprefix("-")]
    points = [tuple(borders["nodes"][stop] if isinstance(stop, str) else stop) for stop in stops]
    return points[::-1] if name.startswith("-") else points


def ring(borders: dict[str, Any], walk: list[str]) -> list[Point]:
    """The closed ring of a walk along lines.

    Raises   ValueError where a line does not begin at the end of the one before it.
    """
    points: list[Point] = []
    for name in walk:
        step = line(borders, name)
        if points and points[-1] != step[0]:
            raise ValueError(f"{name} begins at {step[0]}, but the walk stands at {points[-1]}")
        points += step[1:] if points else step
    if points[0] != points[-1]:
        raise ValueError(f"the walk {walk} does not come back to {points[0]}")
    return points


def feature(polygon: Polygon, properties: dict[str, Any]) -> dict[str, Any]:
    """One GeoJSON feature, its outer ring anticlockwise (RFC 7946)."""
    return {"type": "Feature", "properties": properties, "geometry": mapping(orient(polygon))}


def write(name: str, features: list[dict[str, Any]]) -> None:
    """Write a feature collection, one feature a line so that a changed border shows in a diff."""
    rows = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    text = '{"type": "FeatureCollection", "features": [\n' + rows + "\n]}\n"
    (TOWN / name).write_text(text, encoding="utf-8")


def build() -> None:
    """Make both files anew."""
    borders = json.loads((TOWN / "borders.json").read_text(encoding="utf-8"))
    polygons = [Polygon(ring(borders, area["walk"])) for area in borders["areas"]]
    areas = [{key: value for key, value in area.items() if key != "walk"} for area in borders["areas"]]
    population = sum(area["population"] for area in areas)
    write("areas.geojson", [feature(*pair) for pair in zip(polygons, areas, strict=True)])
    write("outline.geojson", [feature(union_all(polygons), {"name": "Poperinge", "population": population})])


if __name__ == "__main__":
    build()
