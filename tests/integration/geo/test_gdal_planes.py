"""GDAL's own readers agree with the database row by row, place and attributes: points, lines, areas, rows without a
place, in three planes; live layers, and the tiles of the deepest zoom but four."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import connection
from django.test import Client

from geo.plane.tiles import Tile, tile_at
from participation.middleware import KNOWN_SECONDS
from participation.models import Membership, Organisation, Person, Project, Proposal, Theme
from participation.rules.roles import Role
from participation.rules.tokens import Scope
from participation.services.tokens import make_token
from siting.models import Layer, LayerFeature
from tests.cast import box

# In a process of its own, as QGIS is: GDAL keeps Python's lock while it reads, and the server here could not answer.
CLIENT = """
import json, pyogrio.raw, shapely, sys
address, layer, how = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
meta, table = pyogrio.raw.read_arrow(address, layer=layer, **how)
place = meta["geometry_name"] or "wkb_geometry"
rows = table.to_pylist()
print(json.dumps([[row["nr"], row[place] and shapely.to_wkt(shapely.from_wkb(row[place]), 9),
                  [row.get(name) for name in sys.argv[4:]]] for row in rows]))
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
COLUMNS = {"nr": "integer", "merk": "text", "maat": "number", "open": "boolean", "groot": "integer"}


def values(n: int) -> dict[str, Any]:
    """What a row says: a text with odd signs, broken and large numbers, nothing at all."""
    return {
        "nr": n,
        "merk": "ja" if n % 5 == 0 else ["=1+1", 'é\n"𝔘"', None][n % 3],
        "maat": n / 7 - 0.1 if n % 6 else None,
        "open": n % 2 == 0 if n % 7 else None,
        "groot": n * 10**12 + 1,
    }


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
        attributes=[{"name": name, "kind": kind, "n_empty": 0} for name, kind in COLUMNS.items()], shown=[*COLUMNS],
    )  # fmt: skip
    LayerFeature.objects.bulk_create(
        LayerFeature(
            layer=layer,
            key=n,
            geometry=None if n % 4 == 0 else GEOSGeometry(SHAPES[shape](n), srid=4326),
            properties=values(n),
        )
        for n in range(1, N + 1)
    )
    return layer


Rows = list[tuple[int, Any, list[Any]]]


def read(address: str, layer: str, **how: Any) -> Rows:
    """All rows as GDAL sees them."""
    command = [sys.executable, "-c", CLIENT, f"OAPIF:{address}/ogc/", layer, json.dumps(how), *COLUMNS]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    return [(key, place and shapely.from_wkt(place), told) for key, place, told in json.loads(answer.stdout)]


def stored(layer: Layer, srid: int, where: str = "true") -> Rows:
    """The rows as PostGIS brings them into another plane."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, ST_AsBinary(ST_Transform(geometry, %s)), properties FROM siting_layerfeature"
            f" WHERE layer_id = %s AND {where} ORDER BY key",
            [srid, layer.pk],
        )
        return [
            (key, place and shapely.from_wkb(bytes(place)), [json.loads(held)[name] for name in COLUMNS])
            for key, place, held in cursor.fetchall()
        ]


def differing(one: Rows, other: Rows, close: float) -> list[int]:
    """Which rows are not the same, to this distance?"""
    assert [row[0] for row in one] == [row[0] for row in other]
    return [
        key
        for (key, here, said), (_, there, held) in zip(one, other, strict=True)
        if said != held
        or (here is None) != (there is None)
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
    assert sum(place is None for _, place, _ in found) == N // 4
    # The control: a plane read for another would be seen in every row that has a place.
    other = stored(layer, 3812 if srid != 3812 else 31370)
    assert len(differing(found, other, CLOSE[srid])) == N - N // 4


def test_gdal_leaves_its_filter_to_the_server(town: Organisation, live_server: Any) -> None:
    layer = layer_of(town, "Point")
    for asked, where in (("nr > 7 AND nr <= 15", "key > 7 AND key <= 15"), ("merk = 'ja'", "key %% 5 = 0")):
        found = read(live_server.url, "layer-point", where=asked)
        assert differing(found, stored(layer, 4326, where), CLOSE[4326]) == []


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


# --- tiles -------------------------------------------------------------------------------------------------

ZOOM = 18
N_PINS = 200
# A tile is 4096 steps wide, and a pin stands at the nearest: in each plane what a step is at 51 degrees, and a
# millimetre of rounding where a plane lies askew.
STEP = {4326: 360 / 2**ZOOM / 4096, 31370: 0.026, 3812: 0.026}


def pins(project: Project) -> None:
    """Pins that stand alone, every fourth without a theme, some hidden, some without a place."""
    Project.objects.filter(pk=project.pk).update(area=box(2.5, 50.7, 2.8, 51.0))
    themes = [None, *(Theme.objects.create(project=project, slug=slug) for slug in ("plein", "straat-50%", "park"))]
    Proposal.objects.bulk_create(
        Proposal(
            project=project, number=n, title=f"Pin {n} é \"𝔘\"", theme=themes[n % 4], created_at=datetime.now(UTC),
            state="hidden" if n % 20 == 7 else "published",
            point=None if n % 20 == 9 else Point(2.6 + n * 0.00071, 50.8 + (n * 37 % 101) * 0.00093, srid=4326),
        )
        for n in range(1, N_PINS + 1)
    )  # fmt: skip


def by_tile(path: Path, tile: Tile) -> gpd.GeoDataFrame:
    """The pins of a tile as GDAL reads them."""
    x, y, z = (str(part) for part in (tile.x, tile.y, tile.z))
    return pyogrio.read_dataframe(path, layer="pins", X=x, Y=y, Z=z)


def test_gdal_reads_the_tiles_row_by_row(project: Project, client: Client, tmp_path: Path) -> None:
    pins(project)
    public = Proposal.objects.filter(project=project, state="published", point__isnull=False)
    places = {row.number: (row.point.x, row.point.y) for row in public if row.point}
    frames = []
    for tile in sorted({tile_at(*place, ZOOM) for place in places.values()}):
        answer = client.get(f"/ogc/collections/pins-proposals/tiles/WebMercatorQuad/{ZOOM}/{tile.y}/{tile.x}")
        assert answer.status_code == 200
        # Only in such a folder GDAL knows a tile as one.
        path = tmp_path / str(ZOOM) / str(tile.x) / f"{tile.y}.pbf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer.content)
        frames.append(by_tile(path, tile))
    found = pd.concat(frames)
    # A pin on the seam of two tiles may be drawn in both; no other is.
    assert len(found) - len(found.drop_duplicates("id")) <= 2
    found = found.drop_duplicates("id").sort_values("id")
    assert (found.n == 1).all()
    held = [(row.number, row.title, row.theme.slug if row.theme else "") for row in public.order_by("number")]
    assert list(zip(found.id, found.title, found.theme, strict=True)) == held
    assert len(held) == N_PINS * 18 // 20
    for srid, step in STEP.items():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ST_X(p), ST_Y(p) FROM (SELECT number, ST_Transform(point, %s) AS p FROM participation_proposal"
                " WHERE project_id = %s AND state = 'published' AND point IS NOT NULL) AS t ORDER BY number",
                [srid, project.pk],
            )
            wanted = np.array(cursor.fetchall())
        apart = np.abs(shapely.get_coordinates(found.to_crs(srid).geometry) - wanted).max()
        assert apart <= step, (srid, apart)
        # The control: a pin that is a few steps off would be seen.
        assert apart > step / 100
