"""Features as GeoJSON says them, one by one for an answer or by the thousand for a file."""

import json
from collections.abc import Sequence
from datetime import date
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.columns import Column, Feature
from geo.formats.frames import Frame
from geo.formats.shapes import Points, Shapes

# A longitude that is no longer than a place needs.
_POINT = '{"type":"Point","coordinates":[%r,%r]}'


def geometry_text(geometry: BaseGeometry | None, digits: int) -> str:
    """A geometry as GeoJSON, with so many decimals, rings turning as RFC 7946 wants."""
    if geometry is None or geometry.is_empty:
        return "null"
    if geometry.geom_type == "Point":  # the common case, ten times as fast
        return _POINT % (round(geometry.x, digits), round(geometry.y, digits))
    rounded = shapely.transform(geometry, lambda points: np.round(points, digits))
    return str(shapely.to_geojson(shapely.orient_polygons(rounded, exterior_cw=False)))


def feature_text(feature: Feature, digits: int) -> str:
    """A feature as GeoJSON, its place as it is."""
    properties = {name: _plain(value) for name, value in feature.attributes.items()}
    told = json.dumps(properties, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    place = geometry_text(feature.geometry, digits)
    return f'{{"type":"Feature","id":{int(feature.key)},"geometry":{place},"properties":{told}}}'


def feature_texts(frame: Frame, columns: Sequence[Column], digits: int) -> list[str]:
    """The features of a frame, letter for letter as ``feature_text`` says each."""
    names = [json.dumps(column.name, ensure_ascii=False).replace("%", "%%") for column in columns]
    told = ",".join(f"{name}:%s" for name in names)
    pattern = f'{{"type":"Feature","id":%d,"geometry":%s,"properties":{{{told}}}}}'
    values = [_texts(each, column.kind) for each, column in zip(frame.values.columns, columns, strict=True)]
    return [pattern % row for row in zip(frame.keys, _places(frame.places, digits), *values, strict=True)]


def _places(places: Points | Shapes, digits: int) -> list[str]:
    if isinstance(places, Shapes):
        return [geometry_text(place, digits) for place in places.of]
    x, y = np.round(places.xy, digits).T.tolist()
    return ["null" if lon != lon else _POINT % (lon, lat) for lon, lat in zip(x, y, strict=True)]


def _texts(values: Any, kind: str) -> list[str]:
    match kind:
        case "number":
            return ["null" if each is None or not np.isfinite(each) else repr(each) for each in values.to_pylist()]
        case "integer":
            return ["null" if each is None else str(each) for each in values.to_pylist()]
    # Most texts, days and truths come again and again: each is written out once.
    coded = values.dictionary_encode()
    held = coded.dictionary.to_pylist()
    match kind:
        case "text":
            told = [encode_basestring(each) for each in held]
        case "boolean":
            told = ["true" if each else "false" for each in held]
        case _:
            told = [f'"{each.isoformat()}"' for each in held]
    return ["null" if at is None else told[at] for at in coded.indices.to_pylist()]


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
