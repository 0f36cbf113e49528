"""Coordinates end up where they belong: check points, axis orders, boxes, tiles, grids."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from geo.plane import boxes, crs
from geo.plane.boxes import BadBox, Box
from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008, WEB_MERCATOR, WGS84, UnknownCrs, metric_for, parse, transform
from geo.plane.grids import Grid, crop, warp
from geo.plane.tiles import MAX_ZOOM, BadTile, lon_lat, tile, tile_at

# Poperinge's market square, computed with the formulas of the Flemish government's own map.
PLACE = np.array([[2.72659, 50.85386]])
CHECK = {LAMBERT_72: (34376.39, 172773.60), LAMBERT_2008: (534376.66, 672760.21), WEB_MERCATOR: (303522.61, 6595483.85)}
# The seven parameters with their rotations turned round, as they circulate: 64 m off.
WRONG = "+proj=lcc +lat_1=51.16666723333333 +lat_2=49.8333339 +lat_0=90 +lon_0=4.367486666666666 +x_0=150000.013 "
WRONG += "+y_0=5400088.438 +ellps=intl +towgs84=-106.869,52.2978,-103.724,-0.3366,0.457,-1.8422,-1.2747 +units=m"


@pytest.mark.parametrize("plane", CHECK)
def test_check_points_lie_within_5_cm(plane: crs.Crs) -> None:
    assert math.dist(transform(PLACE, CRS84, plane)[0], CHECK[plane]) < 0.05
    back = transform(np.array([CHECK[plane]]), plane, CRS84)[0]
    assert np.abs(back - PLACE[0]).max() * 111_320 < 0.05


def test_control_the_wrong_rotations_would_be_seen() -> None:
    from pyproj import Transformer

    wrong = Transformer.from_crs("EPSG:4326", WRONG, always_xy=True).transform(*PLACE[0])
    assert 50 < math.dist(wrong, CHECK[LAMBERT_72]) < 80


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EPSG:31370", LAMBERT_72),
        ("epsg:3812", LAMBERT_2008),
        ("3857", WEB_MERCATOR),
        ("http://www.opengis.net/def/crs/EPSG/0/31370", LAMBERT_72),
        ("https://www.opengis.net/def/crs/EPSG/0/4326", WGS84),
        ("[http://www.opengis.net/def/crs/OGC/1.3/CRS84]", CRS84),
        ("urn:ogc:def:crs:EPSG::31370", LAMBERT_72),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", CRS84),
        ("OGC:CRS84", CRS84),
    ],
)
def test_systems_are_known_by_all_their_names(text: str, expected: crs.Crs) -> None:
    assert parse(text) is expected


@pytest.mark.parametrize(
    "text", ["", "EPSG:", "EPSG:1", "http://evil.example/4326", "EPSG:31370; DROP", "٣١٣٧٠", "x" * 9999]
)
def test_other_systems_are_refused(text: str) -> None:
    with pytest.raises(UnknownCrs):
        parse(text)


def test_only_the_named_systems_flip() -> None:
    assert [plane.name for plane in crs.ALL if plane.flips] == ["EPSG:4326", "EPSG:4258", "EPSG:3035"]
    assert boxes.parse("50,2,51,3", WGS84)[:4] == (2, 50, 3, 51)
    assert boxes.parse("2,50,3,51", CRS84)[:4] == (2, 50, 3, 51)
    assert boxes.parse("2,50,0,3,51,9", CRS84)[:4] == (2, 50, 3, 51)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "nan,0,1,1",
        "0,0,inf,1",
        "0,5,1,4",
        "-181,0,0,1",
        "0,0,0,91",
        "1e999,0,0,0",
    ],
)
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(BadBox):
        boxes.parse(text)


def test_a_box_across_the_date_line_has_two_halves() -> None:
    outline = boxes.parse("170,-10,-170,10").outline()
    assert outline.geom_type == "MultiPolygon"
    assert shapely.intersects(outline, shapely.Point(179, 0))
    assert not shapely.intersects(outline, shapely.Point(0, 0))


def test_the_edge_of_a_lambert_box_bends_with_the_globe() -> None:
    """Halfway along the long side the true edge lies metres from the straight line in degrees."""
    box = Box(20_000, 160_000, 60_000, 180_000, LAMBERT_72)
    south = transform(np.array([[40_000, 160_010.0], [40_000, 159_990.0]]), LAMBERT_72, CRS84)
    assert [box.contains(shapely.Point(place)) for place in south] == [True, False]
    corners = transform(np.array([[20_000, 160_000.0], [60_000, 160_000.0]]), LAMBERT_72, CRS84)
    straight = transform(corners.mean(axis=0)[None], CRS84, LAMBERT_72)[0]
    assert abs(straight[1] - 160_000) > 10  # the control: corners alone would have been 10 m and more off


def test_measuring_goes_in_lambert_72_at_home_and_in_utm_elsewhere() -> None:
    assert metric_for(2.72, 50.85) is LAMBERT_72
    assert metric_for(-77.03, 38.9).code == 32618
    assert metric_for(151.2, -33.8).code == 32756
    assert metric_for(180, 0).code == 32660


@given(st.integers(0, MAX_ZOOM).flatmap(lambda z: st.tuples(st.just(z), *[st.integers(0, 2**z - 1)] * 2)))
def test_the_middle_of_a_tile_lies_in_it(numbers: tuple[int, int, int]) -> None:
    z, x, y = numbers
    assert tile_at(*lon_lat(x + 0.5, y + 0.5, z), z) == tile(z, x, y)


@pytest.mark.parametrize("numbers", [(-1, 0, 0), (23, 0, 0), (0, 1, 0), (0, 0, 1), (3, 8, 0), (3, 0, -1)])
def test_tiles_outside_the_world_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(BadTile):
        tile(*numbers)


def test_a_warped_grid_shows_each_place_the_same_number() -> None:
    x, _ = np.meshgrid(np.linspace(30_000, 40_000, 200), np.linspace(180_000, 170_000, 200))
    grid = Grid((x - 30_000).astype(np.float32), Box(30_000 - 25, 170_000 - 25, 40_000 + 25, 180_000 + 25, LAMBERT_72))
    turned = warp(grid, LAMBERT_2008)
    place = np.array([[35_000.0, 175_000.0]])
    (there,) = transform(place, LAMBERT_72, LAMBERT_2008)
    column = int((there[0] - turned.box.min_x) / turned.cell[0])
    row = int((turned.box.max_y - there[1]) / turned.cell[1])
    assert turned.values[row, column] == pytest.approx(5_000, abs=60)


@pytest.mark.parametrize("shape", [(300, 500), (1, 1), (1, 7), (64, 2)])
def test_a_warped_grid_is_that_of_scipy(shape: tuple[int, int]) -> None:
    height, width = shape
    values = np.random.default_rng(1).random(shape).astype(np.float32)
    grid = Grid(values, Box(30_000, 170_000, 30_000 + 20 * width, 170_000 + 20 * height, LAMBERT_72))
    turned = warp(grid, LAMBERT_2008)
    x = turned.box.min_x + (np.arange(width) + 0.5) * turned.cell[0]
    y = turned.box.max_y - (np.arange(height) + 0.5) * turned.cell[1]
    ground = transform(np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)]), LAMBERT_2008, LAMBERT_72)
    at = [(grid.box.max_y - ground[:, 1]) / 20 - 0.5, (ground[:, 0] - grid.box.min_x) / 20 - 0.5]
    wanted = map_coordinates(values, at, order=1, mode="constant", cval=0.0).reshape(shape)
    # At the very edge a hair decides between a number and none.
    assert np.mean(np.abs(turned.values - wanted) > 1e-3) < 0.01 or values.size < 200


def test_a_grid_is_cropped_to_whole_cells() -> None:
    grid = Grid(np.arange(100, dtype=np.float32).reshape(10, 10), Box(0, 0, 100, 100, LAMBERT_72))
    part = crop(grid, Box(25, 25, 44, 44, LAMBERT_72))
    assert part.box[:4] == (20, 20, 50, 50)
    assert part.values.tolist() == grid.values[5:8, 2:5].tolist()
    assert crop(grid, Box(200, 200, 300, 300, LAMBERT_72)).values.size == 0
