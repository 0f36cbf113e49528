"""GDAL's own client agrees with the database row by row: points, lines, areas, rows without a place, three planes."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection

from participation.middleware import KNOWN_SECONDS
from participation.models import Membership, Organisation, Person
from participation.rules.roles import Role
from participation.rules.tokens import Scope
from participation.services.tokens import make_token
from siting.models import Layer, LayerFeature

# In a process of its own, as QGIS is: GDAL keeps Python's lock while it reads, and the server here could not answer.
CLIENT = """
import json, pyogrio, shapely, sys
address, layer, how = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
frame = pyogrio.read_dataframe(address, layer=layer, **how)
places = getattr(frame, "geometry", [None] * len(frame))
print(json.dumps([[int(key), None if place is None else shapely.to_wkt(place, 9)]
                  for key, place in zip(frame["nr"], places)]))
"""

SHAPES: dict[str, Callable[[int], str]] = {
    "Point": lambda n: f"POINT({2.6 + n / 500} {50.8 + n / 700})",
    "LineString": lambda n: f"LINESTRING({2.6 + n / 500} 50.8, {2.61 + n / 500} 50.82, {2.6 + n / 400} 50.85)",
    "Polygon": lambda n: (
        f"POLYGON(({2.6 + n / 500} 50.8, {2.62 + n / 500} 50.8, {2.62 + n / 500} 50.82, {2.6 + n / 500} 50.8),"
        f"({2.61 + n / 500} 50.803, {2.615 + n / 500} 50.803, {2.615 + n / 500} 50.806, {2.61 + n / 500} 50.803))"
    ),
}
N = 23
# A millimetre of rounding on either side, in degrees and in metres.
CLOSE = {4326: 2e-8, 31370: 0.05, 3812: 0.05}


@pytest.fixture
def town(transactional_db: None) -> Organisation:
    return Organisation.objects.create(slug="testdam", name="Testdam", site_name="Testdam", hosts=["localhost"])


def layer_of(town: Organisation, shape: str, *, is_public: bool = True, slug: str = "") -> Layer:
    """A layer of the town; every fourth row has no place, every fifth has a mark."""
    layer = Layer.objects.create(
        organisation=town, slug=slug or shape.lower(), name=shape, state=Layer.State.CURRENT, source="x", licence="CC0",
        is_public=is_public, geometry_type=shape, file_name="x", n_features=N, uploaded_at=datetime.now(UTC),
        attributes=[{"name": "nr", "kind": "integer", "n_empty": 0}, {"name": "merk", "kind": "text", "n_empty": 18}],
    )  # fmt: skip
    LayerFeature.objects.bulk_create(
        LayerFeature(
            layer=layer,
            key=n,
            geometry=None if n % 4 == 0 else GEOSGeometry(SHAPES[shape](n), srid=4326),
            properties={"nr": n, "merk": "ja" if n % 5 == 0 else None},
        )
        for n in range(1, N + 1)
    )
    return layer


def read(address: str, layer: str, **how: Any) -> list[tuple[int, Any]]:
    """All rows as GDAL sees them."""
    command = [sys.executable, "-c", CLIENT, f"OAPIF:{address}/ogc/", layer, json.dumps(how)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    return [(key, place and shapely.from_wkt(place)) for key, place in json.loads(answer.stdout)]


def stored(layer: Layer, srid: int, where: str = "true") -> list[tuple[int, Any]]:
    """The rows as PostGIS brings them into another plane."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, ST_AsBinary(ST_Transform(geometry, %s)) FROM siting_layerfeature"
            f" WHERE layer_id = %s AND {where} ORDER BY key",
            [srid, layer.pk],
        )
        return [(key, place and shapely.from_wkb(bytes(place))) for key, place in cursor.fetchall()]


def differing(one: list[tuple[int, Any]], other: list[tuple[int, Any]], close: float) -> list[int]:
    """Which rows are not the same, to this distance?"""
    assert [key for key, _ in one] == [key for key, _ in other]
    return [
        key
        for (key, here), (_, there) in zip(one, other, strict=True)
        if (here is None) != (there is None)
        # Which way round a ring runs, and where it begins, is the reader's own matter.
        or (here is not None and not shapely.equals_exact(shapely.normalize(here), shapely.normalize(there), close))
    ]


@pytest.mark.parametrize("srid", [31370, 3812, 4326])
@pytest.mark.parametrize("shape", SHAPES)
def test_gdal_agrees_with_the_database(town: Organisation, live_server: Any, shape: str, srid: int) -> None:
    layer = layer_of(town, shape)
    # Small pages, so that links to the next one are followed.
    how: dict[str, Any] = {"PAGE_SIZE": 7} | ({} if srid == 4326 else {"CRS": f"EPSG:{srid}"})
    found = read(live_server.url, f"layer-{layer.slug}", **how)
    assert len(found) == N
    expected = stored(layer, srid)
    assert differing(found, expected, CLOSE[srid]) == []
    assert sum(place is None for _, place in found) == N // 4
    # The control: a plane read for another would be seen in every row that has a place.
    other = stored(layer, 3812 if srid != 3812 else 31370)
    assert len(differing(found, other, CLOSE[srid])) == N - N // 4


def test_gdal_leaves_its_filter_to_the_server(town: Organisation, live_server: Any) -> None:
    layer = layer_of(town, "Point")
    for asked, where in (("nr > 7 AND nr <= 15", "key > 7 AND key <= 15"), ("merk = 'ja'", "key %% 5 = 0")):
        found = read(live_server.url, "layer-point", where=asked)
        assert [key for key, _ in found] == [key for key, _ in stored(layer, 4326, where)]


def test_gdal_enters_with_a_token_as_its_password(town: Organisation, live_server: Any) -> None:
    # The town of a host is known for a moment: the one of the test before must be forgotten.
    time.sleep(KNOWN_SECONDS)
    layer = layer_of(town, "Point", is_public=False)
    person = Person.objects.create_user(email="gis@example.org")
    Membership.objects.create(organisation=town, person=person, role=Role.GIS)
    _token, secret = make_token(
        organisation=town, by=person, name="QGIS", scopes=[Scope.READ], days=30, now=datetime.now(UTC)
    )
    assert len(read(live_server.url, f"layer-{layer.slug}", USERPWD=f"qgis:{secret}")) == N
    with pytest.raises(AssertionError):
        read(live_server.url, f"layer-{layer.slug}")
    with pytest.raises(AssertionError):
        read(live_server.url, f"layer-{layer.slug}", USERPWD="qgis:wrong")
