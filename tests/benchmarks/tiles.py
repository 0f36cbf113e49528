"""How fast the tiles of a million pins are, and what it costs to keep them so. Imported once the environment names the
database.

Peers: SELECT 1 on the same connection, the same tile clustered on the fly with the index on the geometry, supercluster
(npm), and the same insert without the triggers that count.
"""

import random
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Literal, NamedTuple

import django
import numpy as np
from numpy.typing import NDArray

django.setup()

from django.contrib.gis.geos import MultiPolygon, Polygon  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils.timezone import localdate  # noqa: E402

from geo.catalog import FeatureSource  # noqa: E402
from geo.models import Cell, Delta  # noqa: E402
from geo.plane.crs import CRS84, LAMBERT_72, transform  # noqa: E402
from geo.plane.tiles import Tile, tile_at  # noqa: E402
from geo.queries.tiles import COUNTED_ZOOMS  # noqa: E402
from geo.tiles import vector_tile  # noqa: E402
from participation.models import Organisation, Project, Theme  # noqa: E402
from participation.selectors.layers import proposals_layer  # noqa: E402
from participation.services.pins import rebuild_tiles  # noqa: E402
from tests.benchmarks import stage  # noqa: E402
from tests.benchmarks.siting import demand_points  # noqa: E402

N_PINS = 1_000_000
N_THEMES = 5
MAX_ZOOM = 19
# Tiles a zoom, each under a pin drawn by lot: where more pins are, more people look.
N_TILES = 100
TIMES_SELECT = 6.0
TILE_KB = 500
# The median of a tile of one theme at its slowest zoom, of those that come out of counted cells.
FILTERED_MS = 10.0
LOW_ZOOM = 9
TIMES_GIST = 10.0
N_SLOW = 3
BUILD_ROUNDS = 5
BUILD = 1.0
N_CLIENTS = 8
INSERT_ROUNDS = 5
INSERT_SECONDS = 3
INSERT = 0.5
SUPERCLUSTER = Path(__file__).with_name("supercluster.mjs")

Floats = NDArray[np.float64]


class Figures(NamedTuple):
    """One promise: ours, the peer or the limit, and their ratio, in the order a row of the benchmarks has."""

    name: str
    ours: float
    peer: float
    ratio: float
    goal: float
    sense: Literal[">=", "<="]


def rows(url: str, town: Organisation, *, n_pins: int = N_PINS, note: Callable[[str], None]) -> Iterator[Figures]:
    """Measure all of it; milliseconds, seconds and inserts a second."""
    points, weights = demand_points(n_pins)
    places = transform(points, LAMBERT_72, CRS84)
    project = _filled(town, places, weights)
    note(f"  {n_pins:,} pins, {Cell.objects.count():,} cells, {Delta.objects.count():,} changes not merged yet")
    source = proposals_layer(project, has_map=True)
    yield from _tiles(source, places, note)
    yield _filtered(source, places, note)
    yield _on_the_fly(source, places, note)
    yield _build(project, places, weights, note)
    yield _insert(url, project, note)


def _filled(town: Organisation, places: Floats, weights: Floats) -> Project:
    """A project with all these pins, written in one statement."""
    around = Polygon.from_bbox((*places.min(axis=0), *places.max(axis=0)))
    project = Project.objects.create(organisation=town, slug="million", title={}, area=MultiPolygon(around, srid=4326))
    themes = [Theme.objects.create(project=project, slug=f"theme-{n}", position=n).pk for n in range(N_THEMES)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE given (number int, lon float8, lat float8, w int) ON COMMIT DROP")
        with cursor.copy("COPY given FROM STDIN") as copy:
            rows = zip(places.tolist(), weights.tolist(), strict=True)
            copy.write(
                "".join(f"{at}\t{lon!r}\t{lat!r}\t{w:.0f}\n" for at, ((lon, lat), w) in enumerate(rows, start=1))
            )
        cursor.execute(
            """
            INSERT INTO participation_proposal (project_id, number, origin, state, hidden_because, title, body,
                                                language, theme_id, point, on_ballot, n_supports, comments_locked,
                                                created_at)
            SELECT %s, number, 'resident', 'published', '', 'Pin ' || number, '', 'nl',
                   (%s::bigint[])[1 + number %% %s], ST_SetSRID(ST_MakePoint(lon, lat), 4326), false, w, false,
                   now()
              FROM given
            """,
            [project.pk, themes, N_THEMES],
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE participation_proposal, geo_cell, geo_delta")
    project.refresh_from_db()
    return project


def _ms(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return 1000 * (perf_counter() - began)


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _some_tiles(places: Floats, z: int, n: int) -> list[Tile]:
    chance = random.Random(z)
    chosen = [places[chance.randrange(len(places))].tolist() for _ in range(n)]
    return [tile_at(lon, lat, z) for lon, lat in chosen]


def _tiles(source: FeatureSource, places: Floats, note: Callable[[str], None]) -> Iterator[Figures]:
    """Every zoom against SELECT 1, in turn; the row is the zoom that is slowest beside it."""
    worst, largest, p95s = (0.0, 1.0), 0, []
    for z in range(MAX_ZOOM + 1):
        ours, floor, sizes = [], [], []
        for tile in _some_tiles(places, z, N_TILES):
            sizes.append(len(vector_tile(source, *tile)))
            ours.append(_ms(lambda tile=tile: vector_tile(source, *tile)))  # type: ignore[misc]
            floor.append(_ms(_select_one))
        p50, least = statistics.median(ours), statistics.median(floor)
        p95s.append(statistics.quantiles(ours, n=20)[-1])
        largest = max(largest, *sizes)
        note(f"  z{z}: p50 {p50:.2f} ms, p95 {p95s[-1]:.2f} ms, SELECT 1 {least:.3f} ms, at most {max(sizes):,} bytes")
        worst = max(worst, (p50, least), key=lambda pair: pair[0] / pair[1])
    yield Figures("tile-of-million-ms", *worst, worst[0] / worst[1], TIMES_SELECT, "<=")
    yield Figures("tile-of-million-kB", largest / 1000, TILE_KB, largest / 1000 / TILE_KB, 1.0, "<=")


def _filtered(source: FeatureSource, places: Floats, note: Callable[[str], None]) -> Figures:
    """Of one theme, which is counted beforehand as well; what is filtered otherwise is only told."""
    one = source.where({"theme": "theme-1"})
    worst = 0.0
    for z in COUNTED_ZOOMS:
        worst = max(worst, statistics.median(_times(one, places, z, N_TILES)))
    some = source.where({}, (localdate(), None))
    for z in COUNTED_ZOOMS[::4]:
        note(f"  z{z}: of a period {statistics.median(_times(some, places, z, N_SLOW)):.1f} ms")
    return Figures("filtered-tile-of-million-ms", worst, FILTERED_MS, worst / FILTERED_MS, 1.0, "<=")


def _times(source: FeatureSource, places: Floats, z: int, n: int) -> list[float]:
    return [_ms(lambda tile=tile: vector_tile(source, *tile)) for tile in _some_tiles(places, z, n)]  # type: ignore[misc]


def _on_the_fly(source: FeatureSource, places: Floats, note: Callable[[str], None]) -> Figures:
    """Against the same pins grouped when they are asked for; the row is the zoom at which that costs least more."""
    plain = replace(source, stored=None, counted=None)
    worst = (1.0, 1e9)
    for z in range(LOW_ZOOM + 1):
        pairs = [
            (_ms(lambda tile=tile: vector_tile(source, *tile)), _ms(lambda tile=tile: vector_tile(plain, *tile)))  # type: ignore[misc]
            for tile in _some_tiles(places, z, N_SLOW)
        ]
        ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
        note(f"  z{z}: {ours:.2f} ms against {peer:,.0f} ms on the fly")
        worst = min(worst, (ours, peer), key=lambda pair: pair[1] / pair[0])
    return Figures("tile-against-on-the-fly-ms", *worst, worst[1] / worst[0], TIMES_GIST, ">=")


def _build(project: Project, places: Floats, weights: Floats, note: Callable[[str], None]) -> Figures:
    """From the rows to every cell of every level, committed, against supercluster with its points in memory."""
    pairs = []
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(np.concatenate([places[:, 0], places[:, 1], weights]).tobytes())
        file.flush()
        for _ in range(BUILD_ROUNDS):
            # What supercluster does is begin with nothing, too.
            Cell.objects.filter(layer=project.pk).delete()
            with connection.cursor() as cursor:
                cursor.execute("VACUUM geo_cell, geo_delta")
            ours = _ms(lambda: rebuild_tiles(project)) / 1000
            done = subprocess.run(
                ["node", str(SUPERCLUSTER), file.name, "1"], capture_output=True, text=True, check=True
            )
            pairs.append((ours, float(done.stdout)))
            note(f"  build: {pairs[-1][0]:.2f} s against {pairs[-1][1]:.2f} s of supercluster")
    ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Figures("clusters-built-s", ours, peer, statistics.median(a / b for a, b in pairs), BUILD, "<=")


def _insert(url: str, project: Project, note: Callable[[str], None]) -> Figures:
    """Pins that are placed by eight people at once, with the triggers that count and without."""
    lon, lat = project.proposals.values_list("point", flat=True).first() or (0, 0)
    theme = project.themes.first()
    script = f"""
\\set east random(-50000, 50000)
\\set north random(-50000, 50000)
INSERT INTO participation_proposal (project_id, number, origin, state, hidden_because, title, body, language,
  theme_id, point, on_ballot, n_supports, comments_locked, created_at)
SELECT {project.pk}, nextval('bench_number'), 'resident', 'published', '', 'Pin', '', 'nl', {theme and theme.pk},
  ST_SetSRID(ST_MakePoint({lon} + :east / 1e6, {lat} + :north / 1e6), 4326), false, 0, false, now();
"""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SEQUENCE bench_number START {project.proposals.count() + 1}")
    pairs = []

    def placed(*, counting: bool) -> float:
        with connection.cursor() as cursor:
            act = "ENABLE" if counting else "DISABLE"
            for what in ("in", "change", "out"):
                cursor.execute(f"ALTER TABLE participation_proposal {act} TRIGGER count_pins_{what}")
        return stage.pgbench(url, script, n_clients=N_CLIENTS, seconds=INSERT_SECONDS)

    for _ in range(INSERT_ROUNDS):
        plain = placed(counting=False)
        pairs.append((placed(counting=True), plain))
        note(f"  insert: {pairs[-1][0]:,.0f} against {pairs[-1][1]:,.0f} a second")
    ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return Figures("pin-insert-against-plain", ours, peer, ratio, INSERT, ">=")
