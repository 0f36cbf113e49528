"""What leaves as a file comes back the same, in every format and plane."""

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import pytest
import shapely
from django.contrib.gis.gdal import GDALRaster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import problems
from geo.catalog import DerivedSource
from geo.columns import Column, Feature
from geo.export import Asked, write
from geo.formats.reading import read
from geo.plane.boxes import Box
from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008, WEB_MERCATOR, Crs, transform
from tests.integration.geo.conftest import heat_of, hulls_of, source_of

Put = Callable[..., Any]
METRE = 1 / 111_320
PLANES = [CRS84, LAMBERT_72, LAMBERT_2008]
COLUMNS = (
    Column("t", "", "text", "t"),
    Column("i", "", "integer", "i"),
    Column("f", "", "number", "f"),
    Column("d", "", "date", "d"),
    Column("b", "", "boolean", "b"),
)

# Carriage returns come back as line feeds from GeoPackage and CSV alike; surrogates and NUL are no text.
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30)
ATTRIBUTES = st.fixed_dictionaries(
    {
        "t": TEXT,
        "i": st.integers(-(2**63), 2**63 - 1),
        "f": st.floats(-1e9, 1e9) | st.none(),
        "d": st.dates(date(1900, 1, 1)) | st.none(),
        "b": st.booleans() | st.none(),
    }
)
POINT = st.builds(shapely.Point, st.floats(2.5, 6.4), st.floats(49.5, 51.5))


def layer_of(features: list[Feature], geometry_type: Any = "Point") -> DerivedSource:
    return DerivedSource("some-layer", "Some", "", geometry_type, COLUMNS, "1", lambda: features)


@pytest.mark.parametrize("format_name", ["geojson", "gpkg", "csv"])
@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_comes_back_as_it_went(tmp_path: Path, format_name: str, plane: Crs, data: st.DataObject) -> None:
    attributes = data.draw(st.lists(ATTRIBUTES, max_size=8))
    features = [
        Feature(number, data.draw(POINT | st.none()), values) for number, values in enumerate(attributes, start=1)
    ]
    path = tmp_path / f"some.{format_name}"
    path.unlink(missing_ok=True)
    write(layer_of(features), format_name, plane, Asked(), path)
    back = list(read(path))
    assert [row.fault for row in back] == [None] * len(features)
    for row, feature in zip(back, features, strict=True):
        if feature.geometry is None:
            assert row.geometry is None
        else:
            assert row.geometry is not None
            assert row.geometry.distance(feature.geometry) < 0.05 * METRE / 2
        for name, value in feature.attributes.items():
            found = row.attributes[name]
            match value:
                case None:
                    assert found in {None, ""}
                case bool():
                    assert found in {value, "true" if value else "false"}
                case float():
                    assert float(str(found)) == value
                case date():
                    assert found == value.isoformat()
                case int():
                    assert int(str(found)) == value
                case _:
                    assert found == value


@pytest.mark.parametrize("format_name", ["geojson", "gpkg"])
@pytest.mark.parametrize("plane", [*PLANES, WEB_MERCATOR], ids=lambda plane: plane.name)
def test_gdal_places_a_file_where_it_belongs(tmp_path: Path, format_name: str, plane: Crs) -> None:
    place = (2.72659, 50.85386)
    path = tmp_path / f"some.{format_name}"
    attributes = {"t": "é", "i": 1, "f": 0.5, "d": date(2023, 1, 31), "b": True}
    write(layer_of([Feature(1, shapely.Point(place), attributes)]), format_name, plane, Asked(), path)
    frame = pyogrio.read_dataframe(path, layer=0)
    assert frame.crs.to_epsg() == plane.code
    expected = transform(np.array([place]), CRS84, plane)[0]
    assert np.abs(shapely.get_coordinates(frame.geometry[0])[0] - expected).max() < (0.05 if plane.is_metric else 5e-7)
    back = frame.to_crs(4326).geometry[0]
    assert back.distance(shapely.Point(place)) < 0.05 * METRE / 2
    assert frame.t[0] == "é"
    assert frame.b[0]


@pytest.mark.parametrize("format_name", ["geojson", "gpkg", "csv"])
def test_polygons_come_back_too(tmp_path: Path, format_name: str) -> None:
    shape = shapely.MultiPolygon([shapely.box(2.7, 50.8, 2.8, 50.9), shapely.Point(3, 51).buffer(0.01)])
    crossing = shapely.MultiPolygon([shapely.Polygon([(2, 50), (3, 51), (3, 50), (2, 51), (2, 50)])])
    values = dict.fromkeys(["t", "i", "f", "d", "b"])
    path = tmp_path / f"some.{format_name}"
    write(
        layer_of([Feature(1, shape, values), Feature(2, crossing, values)], "MultiPolygon"),
        format_name, LAMBERT_72, Asked(), path,
    )  # fmt: skip
    first, second = read(path)
    assert first.geometry is not None
    assert second.geometry is not None
    assert shapely.hausdorff_distance(first.geometry, shape) < METRE
    assert shapely.hausdorff_distance(second.geometry, crossing) < METRE


def test_cells_that_would_compute_are_inert_and_numbers_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    texts = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1", "plein"]
    values = {"i": -5, "f": -3.2, "d": None, "b": False}
    write(
        layer_of([Feature(n, shapely.Point(-3.5, -50), {"t": text} | values) for n, text in enumerate(texts)]),
        "csv", CRS84, Asked(), path,
    )  # fmt: skip
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["t", "i", "f", "d", "b", "lon", "lat"]
    assert [row[0] for row in rows] == [f"'{text}" for text in texts[:-1]] + ["plein"]
    assert {tuple(row[1:]) for row in rows} == {("-5", "-3.2", "", "false", "-3.5", "-50")}
    assert [row.attributes["t"] for row in read(path)] == texts


@pytest.mark.parametrize(
    ("plane", "kind", "names"),
    [
        (CRS84, "Point", ["lon", "lat"]),
        (LAMBERT_72, "Point", ["x_31370", "y_31370"]),
        (LAMBERT_2008, "Polygon", ["wkt_3812"]),
        (CRS84, "Polygon", ["wkt"]),
    ],
)
def test_csv_says_in_which_plane_it_is(tmp_path: Path, plane: Crs, kind: str, names: list[str]) -> None:
    write(layer_of([], kind), "csv", plane, Asked(), tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text("utf-8-sig").strip().split(",")[5:] == names


def test_geojson_in_degrees_follows_rfc_7946(tmp_path: Path) -> None:
    clockwise = shapely.Polygon([(2, 50), (2, 51), (3, 51), (3, 50), (2, 50)])
    values = {"t": "a", "i": 1, "f": float("nan"), "d": None, "b": None}
    write(layer_of([Feature(7, clockwise, values)], "Polygon"), "geojson", CRS84, Asked(), tmp_path / "x.geojson")
    content = json.loads((tmp_path / "x.geojson").read_text())
    assert "crs" not in content
    (feature,) = content["features"]
    assert feature["id"] == 7
    assert feature["properties"]["f"] is None
    assert shapely.LinearRing(feature["geometry"]["coordinates"][0]).is_ccw


def test_the_box_cuts_and_hidden_columns_do_not_exist(put: Put, tmp_path: Path) -> None:
    source = source_of(put([(2.7, 50.8), (2.8, 50.9), None], body="secret"))
    for format_name in ("geojson", "csv", "gpkg"):
        path = tmp_path / f"x.{format_name}"
        write(source, format_name, LAMBERT_72, Asked(Box(2.75, 50.85, 2.9, 51)), path)
        (row,) = read(path)
        assert row.attributes["title"] == "Pin 2"
        assert b"secret" not in path.read_bytes()


def test_clusters_and_heat_go_along(put: Put, tmp_path: Path) -> None:
    source = source_of(put([(2.7, 50.8)] * 5 + [(2.8, 50.9)] * 4 + [(2.6, 50.7)]))
    path = tmp_path / "hulls.gpkg"
    write(hulls_of(source, radius_m=100, min_count=3), "gpkg", LAMBERT_72, Asked(), path)
    frame = pyogrio.read_dataframe(path, layer=0)
    assert set(frame.geom_type) == {"Polygon"}
    assert frame.n.tolist() == [5, 4]
    assert frame.weight.tolist() == [6.0, 3.0]
    heat = heat_of(source, bandwidth_m=250)
    for plane in (CRS84, LAMBERT_72, LAMBERT_2008):
        path = tmp_path / f"{plane.code}.tif"
        write(heat, "tif", plane, Asked(), path)
        raster = GDALRaster(str(path))
        assert raster.srid == plane.code
        values = np.array(raster.bands[0].data())
        row, column = np.unravel_index(values.argmax(), values.shape)
        x = raster.origin.x + (column + 0.5) * raster.scale.x
        y = raster.origin.y + (row + 0.5) * raster.scale.y
        lon, lat = transform(np.array([[x, y]]), plane, CRS84)[0]
        assert (lon, lat) == (pytest.approx(2.7, abs=60 * METRE * 1.6), pytest.approx(50.8, abs=60 * METRE))
    write(heat, "tif", LAMBERT_72, Asked(Box(2.69, 50.79, 2.71, 50.81)), tmp_path / "part.tif")
    assert GDALRaster(str(tmp_path / "part.tif")).width < raster.width


def test_what_cannot_be_written_is_refused(put: Put, tmp_path: Path) -> None:
    source = source_of(put([(2.7, 50.8)]))
    path = tmp_path / "x"
    with pytest.raises(problems.FormatUnknown):
        write(source, "dwg", CRS84, Asked(), path)
    with pytest.raises(problems.FormatUnfit):
        write(source, "tif", CRS84, Asked(), path)
    with pytest.raises(problems.FormatUnfit):
        write(heat_of(source, bandwidth_m=100), "csv", CRS84, Asked(), path)
    with pytest.raises(problems.NothingToDraw):
        write(heat_of(source_of(source.rows.none()), bandwidth_m=100), "tif", CRS84, Asked(), path)
    with pytest.raises(problems.NothingToDraw):
        write(heat_of(source, bandwidth_m=100), "tif", CRS84, Asked(Box(0, 0, 1, 1)), path)
