"""Writes a layer into a file, in the format and the plane asked for: the same rows and columns as the live layer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import shapely
from django.db.models import BinaryField, F, FloatField, Func, QuerySet, TextField, Value
from numpy.typing import NDArray

from geo import companion, problems
from geo.catalog import AnyLayer, FeatureSource, Layer, Raster
from geo.columns import Feature
from geo.conditions import Both, Condition, Filled
from geo.formats import csv, fgb, geojson, geojsonseq, gpkg, kml, parquet, shp, tif, xlsx
from geo.formats.frames import TYPES as ARROW
from geo.formats.frames import Frame, Heading, schema
from geo.formats.shapes import Points, Shapes
from geo.plane.boxes import Box
from geo.plane.crs import CRS84, Crs, transform
from geo.plane.grids import crop, warp
from geo.queries.copying import copied

FEATURE_FORMATS: dict[str, ModuleType] = {
    "geojson": geojson,
    "geojsonseq": geojsonseq,
    "gpkg": gpkg,
    "fgb": fgb,
    "parquet": parquet,
    "shp": shp,
    "kml": kml,
    "csv": csv,
    "xlsx": xlsx,
}
FORMATS: dict[str, ModuleType] = FEATURE_FORMATS | {"tif": tif}
TYPES: dict[str, str] = {name: module.TYPE for name, module in FORMATS.items()}
# As people call them.
NAMES = {
    "geojson": "GeoJSON",
    "geojsonseq": "GeoJSON sequence",
    "gpkg": "GeoPackage",
    "fgb": "FlatGeobuf",
    "parquet": "GeoParquet",
    "shp": "Shapefile",
    "kml": "KML",
    "csv": "CSV",
    "xlsx": "Excel",
    "tif": "GeoTIFF",
}
# How a file of the format is called where that is not the name of the format.
SUFFIXES = {"shp": "zip", "geojsonseq": "geojsons"}

# Rows read, moved and written at a time: enough that columns pay, few enough to forget.
BATCH = 10_000
# As what the database tells a column of each kind.
_STORED = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "date": "date",
    "boolean": "boolean",
}


@dataclass(frozen=True)
class Asked:
    """Which rows of a layer: those that touch a box, have these values and are like a condition says."""

    box: Box | None = None
    where: Mapping[str, object] = field(default_factory=dict)
    condition: Condition | None = None
    # The same as people read it; empty for all rows.
    words: str = ""


EVERYTHING = Asked()


def formats_of(layer: AnyLayer) -> tuple[str, ...]:
    """The formats that this layer can be written in."""
    if isinstance(layer, Raster):
        return ("tif",)
    unfit = set()
    if layer.geometry_type not in shp.HOLDS:
        unfit.add("shp")
    if layer.geometry_type is None:
        # A folder of placemarks without a place shows nothing.
        unfit.add("kml")
    return tuple(name for name in FEATURE_FORMATS if name not in unfit)


def is_possible(format: str, crs: Crs) -> bool:  # noqa: A002
    """Can a file of this format be in this plane?"""
    planes = getattr(FORMATS[format], "PLANES", None)
    return planes is None or crs.code in planes


def file_name(layer: AnyLayer, format: str, crs: Crs) -> str:  # noqa: A002
    """What a file of a layer is called."""
    return f"{layer.id}_epsg{crs.code}.{SUFFIXES.get(format, format)}"


def check(layer: AnyLayer, format: str, crs: Crs) -> None:  # noqa: A002
    """Refuse what cannot be written.

    Raises   FormatUnknown, FormatUnfit, PlaneUnfit.
    """
    if format not in FORMATS:
        raise problems.FormatUnknown(format=format, known=", ".join(FORMATS))
    if format not in formats_of(layer):
        raise problems.FormatUnfit(layer=layer.id, format=format, known=", ".join(formats_of(layer)))
    if not is_possible(format, crs):
        raise problems.PlaneUnfit(format=format, crs=crs.name)


def about(layer: AnyLayer, format: str, crs: Crs, asked: Asked = EVERYTHING) -> str:  # noqa: A002
    """What goes with a file: where it comes from, what its columns mean, and what this format cannot keep.

    Raises   as ``check``.
    """
    check(layer, format, crs)
    return companion.about(layer, format=format, losses=FORMATS[format].LOSSES, crs=crs, asked=asked.words)


def write(
    layer: AnyLayer,
    format: str,  # noqa: A002
    crs: Crs,
    asked: Asked,
    path: Path,
    *,
    told: Callable[[int], None] = lambda _n: None,
) -> None:
    """Write a layer, or the part of it that is asked for; ``told`` hears how many rows are behind, now and then.

    CRS      places in ``crs``, x before y (lon before lat) whatever its authority says: that is how files are read.
    Raises   FormatUnknown, FormatUnfit, PlaneUnfit, NothingToDraw, DiskFull; what ``told`` raises. What was written
             until then is the caller's to delete.
    Cost     memory for one batch of rows, however many there are.
    """
    text = about(layer, format, crs, asked)
    try:
        _write(layer, format, crs, asked, path, text, told)
    except OSError as error:
        raise problems.DiskFull from error


def _write(
    layer: AnyLayer,
    format: str,  # noqa: A002
    crs: Crs,
    asked: Asked,
    path: Path,
    text: str,
    told: Callable[[int], None],
) -> None:
    if isinstance(layer, Raster):
        grid = layer.grid if asked.box is None else crop(layer.grid, asked.box)
        if not grid.values.size:
            raise problems.NothingToDraw(layer=layer.id)
        tif.write(warp(grid, crs), path)
        return
    heading = Heading(
        name=layer.id,
        title=str(layer.title),
        description=str(layer.description),
        about=text,
        columns=layer.columns,
        crs=crs,
        geometry_type=layer.geometry_type,
        look=layer.look if isinstance(layer, FeatureSource) else None,
        has_gaps=partial(_has_gaps, layer, asked),
    )
    FEATURE_FORMATS[format].write(_counted(frames(layer, crs, asked), told), heading, path)


def _has_gaps(layer: Layer, asked: Asked) -> bool:
    """Does a row of these have no place?"""
    gaps: Condition = Filled("", negated=True)
    if asked.condition is not None:
        gaps = Both((asked.condition, gaps))
    return next(layer.features(asked.box, limit=1, where=asked.where, condition=gaps), None) is not None


def _counted(several: Iterator[Frame], told: Callable[[int], None]) -> Iterator[Frame]:
    n = 0
    for frame in several:
        n += len(frame.keys)
        yield frame
        told(n)


def frames(layer: Layer, crs: Crs, asked: Asked = EVERYTHING) -> Iterator[Frame]:
    """The rows of a layer by the batch, their places in ``crs``.

    Order    by key.
    """
    if isinstance(layer, FeatureSource):
        rows = layer.within(asked.box, asked.where, asked.condition)
        yield from _copied(layer, rows, crs)
        return
    features = layer.features(asked.box, where=asked.where, condition=asked.condition)
    while batch := list(islice(features, BATCH)):
        yield _framed(layer, batch, crs)


def _framed(layer: Layer, features: list[Feature], crs: Crs) -> Frame:
    cells = [
        pa.array([_of_kind(each.attributes.get(column.name), column.kind) for each in features], ARROW[column.kind])
        for column in layer.columns
    ]
    places = np.array([each.geometry for each in features], dtype=object)
    return Frame(
        np.array([each.key for each in features], dtype=np.int64),
        _placed(layer, places, crs),
        pa.RecordBatch.from_arrays(cells, schema=schema(layer.columns)),
    )


def _of_kind(value: Any, kind: str) -> Any:
    if value is None:
        return None
    kinds: dict[str, Callable[[Any], Any]] = {"text": str, "integer": int, "number": float, "boolean": bool}
    return kinds.get(kind, lambda day: day)(value)


def _copied(source: FeatureSource, rows: "QuerySet[Any, Any]", crs: Crs) -> Iterator[Frame]:
    """The rows of the database, straight from its own CSV into columns."""
    names = source.names_of(column.name for column in source.columns)
    stored = {names[column.name]: _STORED[column.kind] for column in source.columns}
    arrow = {names[column.name]: ARROW[column.kind] for column in source.columns}
    is_point = source.geometry_type == "Point"
    if source.geometry is not None and is_point:
        for name, function in (("kp_lon", "ST_X"), ("kp_lat", "ST_Y")):
            rows = rows.annotate(**{name: Func(F(source.geometry), function=function, output_field=FloatField())})
            stored[name], arrow[name] = "double precision", pa.float64()
    elif source.geometry is not None:
        wkb: Func = Func(F(source.geometry), function="ST_AsBinary", output_field=BinaryField())
        rows = rows.annotate(kp_place=Func(wkb, Value("hex"), function="encode", output_field=TextField()))
        stored["kp_place"], arrow["kp_place"] = "text", pa.string()
    wanted = schema(source.columns)
    for lines in copied(rows.values("kp_key", *stored), stored, BATCH):
        table = _table(lines, {"kp_key": pa.int64()} | arrow)
        values = pa.RecordBatch.from_arrays(
            [table.column(name).combine_chunks() for name in names.values()], schema=wanted
        )
        if source.geometry is None:
            places: Points | Shapes = Shapes(np.full(len(table), None, dtype=object))
        elif is_point:
            lon_lat = (table.column(name).to_numpy() for name in ("kp_lon", "kp_lat"))
            places = _points(np.column_stack([*lon_lat]), crs)
        else:
            places = Shapes(_moved(shapely.from_wkb(table.column("kp_place").to_numpy(zero_copy_only=False)), crs))
        yield Frame(table.column("kp_key").to_numpy(), places, values)


def _table(lines: bytes, columns: dict[str, Any]) -> Any:
    return pa.csv.read_csv(
        pa.BufferReader(lines),
        pa.csv.ReadOptions(column_names=list(columns), block_size=len(lines) + 1, use_threads=False),
        pa.csv.ParseOptions(newlines_in_values=True),
        pa.csv.ConvertOptions(
            column_types=columns,
            # Nothing between two commas is no value; "" is an empty text, and "NULL" four letters.
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def _placed(layer: Layer, places: NDArray[np.object_], crs: Crs) -> Points | Shapes:
    if layer.geometry_type == "Point":
        return _points(np.column_stack([shapely.get_x(places), shapely.get_y(places)]), crs)
    return Shapes(_moved(places, crs))


def _points(places: NDArray[np.float64], crs: Crs) -> Points:
    there = ~np.isnan(places[:, 0])
    places[there] = transform(places[there], CRS84, crs)
    return Points(places)


def _moved(places: NDArray[np.object_], crs: Crs) -> NDArray[np.object_]:
    """The places in another plane; an empty one is none."""
    found = places.copy()
    found[shapely.is_empty(places)] = None
    if crs.code == CRS84.code:
        return found
    moved: NDArray[np.object_] = shapely.transform(found, lambda points: transform(points, CRS84, crs))
    return moved
