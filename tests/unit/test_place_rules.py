"""What somebody points at is one shape, its zones say what holds, and chance hides it far enough and not too far."""

import math
import random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from participation.rules.blurring import DEGREE_M, NEAREST, blurred
from participation.rules.places import (
    SPOTS_MAX,
    Drawn,
    LonLat,
    PlaceSettings,
    Shape,
    checked_settings,
    drawn_from,
    lies_in,
    mark_of,
)
from participation.rules.refusals import Code, Refused
from participation.rules.zones import ZoneFacts, ZoneKind, ZoneVerdict, verdict

LAT = 50.86
SQUARE = [LonLat(2.70, 50.85), LonLat(2.71, 50.85), LonLat(2.71, 50.86), LonLat(2.70, 50.86)]


def metres(one: LonLat, other: LonLat) -> float:
    """How far apart, by the plane around them."""
    dx = (one.lon - other.lon) * math.cos(math.radians(one.lat))
    return math.hypot(dx, one.lat - other.lat) * DEGREE_M


@pytest.mark.parametrize(
    ("shape", "spots", "code"),
    [
        (Shape.LINE, SQUARE[:1], Code.PLACE_TOO_FEW_SPOTS),
        (Shape.LINE, SQUARE[:1] * 3, Code.PLACE_TOO_FEW_SPOTS),
        (Shape.AREA, SQUARE[:2], Code.PLACE_TOO_FEW_SPOTS),
        (Shape.AREA, [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]], Code.PLACE_CROSSES_ITSELF),
        (Shape.POINTS, [LonLat(2.7, 50 + n / 1000) for n in range(SPOTS_MAX + 1)], Code.PLACE_TOO_MANY_SPOTS),
    ],
)
def test_what_is_no_shape_is_refused(shape: Shape, spots: list[LonLat], code: Code) -> None:
    with pytest.raises(Refused) as refused:
        _ = Drawn(shape, tuple(spots)).geometry
    assert refused.value.code is code


def test_the_mark_of_a_shape_lies_on_it() -> None:
    for shape in Shape:
        geometry = Drawn(shape, tuple(SQUARE[:1] if shape is Shape.POINT else SQUARE)).geometry
        mark = mark_of(geometry)
        assert geometry.distance(shapely.Point(mark.lon, mark.lat)) < 1e-9, shape
    assert mark_of(Drawn(Shape.POINTS, tuple(SQUARE)).geometry) == SQUARE[0]


def test_geojson_is_read_as_it_is_drawn() -> None:
    for shape in Shape:
        was = Drawn(shape, tuple(SQUARE[:1] if shape is Shape.POINT else SQUARE))
        assert drawn_from(shapely.geometry.mapping(was.geometry)) == was


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Circle", "coordinates": [2.7, 50.8]},
        {"type": "Point"},
        {"type": "Point", "coordinates": [2.7]},
        {"type": "Point", "coordinates": None},
        {"type": "LineString", "coordinates": 3},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]], [[0, 0], [1, 0], [1, 1], [0, 0]]]},
        {"type": ["Point"], "coordinates": [2.7, 50.8]},
    ],
)
def test_bad_geojson_is_refused_in_a_sentence(geometry: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        drawn_from(geometry)
    assert refused.value.code is Code.PLACE_UNREADABLE


def test_all_of_a_line_must_lie_inside_and_not_only_its_ends() -> None:
    """The control: its ends alone would let a line across the hole through."""
    ring = shapely.box(2.6, 50.8, 2.8, 50.9).difference(shapely.box(2.68, 50.84, 2.72, 50.86))
    line = shapely.LineString([(2.65, 50.85), (2.75, 50.85)])
    assert all(ring.covers(shapely.Point(at)) for at in line.coords)
    assert not lies_in(line, ring)
    assert lies_in(shapely.LineString([(2.65, 50.82), (2.75, 50.82)]), ring)
    assert lies_in(shapely.LineString([(2.65, 50.8), (2.75, 50.8 - 0.4 / DEGREE_M)]), ring), "half a metre beside it"
    assert not lies_in(shapely.LineString([(2.65, 50.8), (2.75, 50.8 - 0.7 / DEGREE_M)]), ring)


# --- zones ------------------------------------------------------------------

SOUTH, MIDDLE = shapely.box(2.6, 50.80, 2.8, 50.86), shapely.box(2.65, 50.82, 2.75, 50.84)
ZONES = [
    ZoneFacts(1, ZoneKind.BARRED, SOUTH),
    ZoneFacts(2, ZoneKind.FREE, MIDDLE),
    ZoneFacts(3, ZoneKind.LOOK, shapely.box(2.6, 50.86, 2.8, 50.9)),
    ZoneFacts(4, ZoneKind.REASON, shapely.box(2.7, 50.86, 2.8, 50.9)),
]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (shapely.Point(2.62, 50.81), ZoneVerdict(barred=(1,))),
        (shapely.Point(2.70, 50.83), ZoneVerdict()),
        (shapely.Point(2.65, 50.88), ZoneVerdict(look=(3,))),
        (shapely.Point(2.75, 50.88), ZoneVerdict(look=(3,), reason=(4,))),
        (shapely.Point(2.75, 50.95), ZoneVerdict()),
        (shapely.Point(2.62, 50.86), ZoneVerdict(barred=(1,), look=(3,))),
        (shapely.LineString([(2.66, 50.83), (2.74, 50.83)]), ZoneVerdict()),
        (shapely.LineString([(2.62, 50.83), (2.74, 50.83)]), ZoneVerdict(barred=(1,))),
        (shapely.LineString([(2.62, 50.86), (2.64, 50.88)]), ZoneVerdict(look=(3,))),
        (shapely.box(2.62, 50.9, 2.64, 50.92), ZoneVerdict()),
    ],
)
def test_each_zone_a_place_lies_in_says_its_rule(place: shapely.Geometry, said: ZoneVerdict) -> None:
    assert verdict(place, ZONES) == said


# --- chance -----------------------------------------------------------------


@given(st.floats(-80, 80), st.floats(-179, 179), st.integers(50, 2000), st.integers(0, 2**32))
def test_a_blurred_place_is_far_enough_and_not_too_far(lat: float, lon: float, blur_m: int, seed: int) -> None:
    exact = LonLat(lon, lat)
    found = blurred(exact, blur_m=blur_m, inside=(), chance=random.Random(seed))
    assert blur_m * NEAREST * 0.995 <= metres(exact, found) <= blur_m * 1.001


@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1))
def test_a_blurred_place_stays_inside_the_area(seed: int, x: float, y: float) -> None:
    area = shapely.box(2.70, 50.85, 2.705, 50.853)
    exact = LonLat(2.70 + 0.005 * x, 50.85 + 0.003 * y)
    found = blurred(exact, blur_m=200, inside=(area, None), chance=random.Random(seed))
    assert area.buffer(1e-9).covers(shapely.Point(found.lon, found.lat))
    assert metres(exact, found) >= 200 * NEAREST * 0.995


def test_an_area_smaller_than_the_chance_is_left_out() -> None:
    """A courtyard: rather a place beside it than one that says where it is."""
    exact = LonLat(2.70, 50.85)
    found = blurred(exact, blur_m=600, inside=(shapely.Point(2.70, 50.85).buffer(0.0003),), chance=random.Random(1))
    assert metres(exact, found) >= 600 * NEAREST * 0.995


def test_all_directions_are_as_likely() -> None:
    exact, chance = LonLat(2.70, LAT), random.Random(7)
    found = [blurred(exact, blur_m=300, inside=(), chance=chance) for _ in range(2000)]
    quarters = [0, 0, 0, 0]
    for one in found:
        quarters[2 * (one.lon > exact.lon) + (one.lat > exact.lat)] += 1
    assert all(420 < n < 580 for n in quarters), quarters
    # By area: half of the ring lies beyond the root of the mean of its squared radii.
    half = 300 * math.sqrt((1 + NEAREST**2) / 2)
    assert 0.46 < sum(metres(exact, one) > half for one in found) / len(found) < 0.54


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (PlaceSettings(shapes=()), Code.PLACE_NO_SHAPE),
        (PlaceSettings(blur_m=10), Code.PLACE_BLUR_BAD),
        (PlaceSettings(blur_m=5000), Code.PLACE_BLUR_BAD),
        (PlaceSettings(per_object=0), Code.PLACE_PER_OBJECT_BAD),
        (PlaceSettings(from_inventory=True, blur_m=200), Code.PLACE_BLURRED_OBJECTS),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: PlaceSettings, code: Code) -> None:
    with pytest.raises(Refused) as refused:
        checked_settings(settings)
    assert refused.value.code is code
