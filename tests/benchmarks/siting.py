"""How fast planners get clusters, heat and sites, and how near the best those are, each against what others would use.

Peers: PostGIS' ST_ClusterDBSCAN, numpy's histogram with scipy's filter, spopt with CBC. Knows no Django.
"""

import csv
import io
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, NamedTuple

import numpy as np
import psycopg
import pulp
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from sklearn.metrics import adjusted_rand_score
from spopt.locate import MCLP

from config.embedded import ROOT
from geo.analysis.allocation.costs import distances, within
from geo.analysis.allocation.models import Solution, mclp, p_median
from geo.analysis.allocation.rules import Rules
from geo.analysis.clusters import clusters
from geo.analysis.density import Density, density, picture
from geo.plane.crs import LAMBERT_72
from geo.queries.numbers import asked
from siting.management.allocation_files import graph

Floats = NDArray[np.float64]

N_PINS = 1_000_000
SIDE_M = 20_000.0
RADIUS_M, MIN_COUNT = 30, 10
# The finest grid of a heat map this wide: 1,024 cells a side.
BANDWIDTH_M = 100.0
ROUNDS = 5
SECONDS = 10.0
K = 20
FIFTH = 0.2
TWENTIETH = 0.05
GAP = 0.03
MEDIAN_GAP = 0.01
ERROR = 1e-3
# Of the twenty of OR-Library; of those made here as large a share.
EXACT = 16 / 20
# Published questions, where they lie beside the checkout.
MEDIANS = ROOT.parent / "shared/data/orlib_pmed"


class Figures(NamedTuple):
    """One promise: ours, the peer or the limit, and their ratio, in the order a row of the benchmarks has."""

    name: str
    ours: float
    peer: float
    ratio: float
    goal: float
    sense: Literal[">=", "<="]


def rows(url: str, *, n_pins: int = N_PINS) -> Iterator[Figures]:
    """Measure all of it; seconds, shares and numbers."""
    points, weights = demand_points(n_pins)
    yield from _clusters(url, points)
    yield from _heat(points, weights)
    yield from _coverage()
    yield from _medians()


def demand_points(n: int) -> tuple[Floats, Floats]:
    """Pins of a wide town: half of them around 400 hearts."""
    chance = np.random.default_rng(1)
    hearts = chance.uniform(0, SIDE_M, (400, 2))
    close = hearts[chance.integers(0, 400, n // 2)] + chance.normal(0, 120, (n // 2, 2))
    everywhere = chance.uniform(0, SIDE_M, (n - n // 2, 2))
    points = np.clip(np.concatenate([close, everywhere]), 0, SIDE_M) + np.array([30_000, 170_000])
    return np.round(points, 2), chance.integers(1, 5, n).astype(np.float64)


def _in_turn(ours: Callable[[], Any], peer: Callable[[], Any], n_rounds: int) -> tuple[float, float, float]:
    """Seconds of both sides, and the median of the rounds' ratios."""
    took: list[tuple[float, float]] = []
    for _ in range(n_rounds):
        began = perf_counter()
        ours()
        between = perf_counter()
        peer()
        took.append((between - began, perf_counter() - between))
    mine, others = zip(*took, strict=True)
    return statistics.median(mine), statistics.median(others), statistics.median(a / b for a, b in took)


def _clusters(url: str, points: Floats) -> Iterator[Figures]:
    """From the table to the label of every pin, both ways, and whether they say the same."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("CREATE TABLE bench_pin (id integer PRIMARY KEY, point geometry(Point, 31370))")
        try:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMPORARY TABLE given (id integer, x float8, y float8)")
                with cursor.copy("COPY given FROM STDIN") as copy:
                    copy.write("".join(f"{at}\t{x!r}\t{y!r}\n" for at, (x, y) in enumerate(points.tolist())))
                cursor.execute(
                    "INSERT INTO bench_pin SELECT id, ST_SetSRID(ST_MakePoint(x, y), 31370) FROM given ORDER BY id"
                )
                cursor.execute("VACUUM ANALYZE bench_pin")
                yield from _both_clusterings(cursor, points)
        finally:
            connection.execute("DROP TABLE bench_pin")


def _both_clusterings(cursor: Any, points: Floats) -> Iterator[Figures]:
    by = {}

    def ours() -> None:
        read = asked(cursor, "SELECT id, ST_X(point), ST_Y(point) FROM bench_pin ORDER BY id", (), 3)
        found = clusters(
            read[:, 1:], np.ones(len(read)), radius_m=RADIUS_M, min_count=MIN_COUNT, ids=read[:, 0].astype(np.int64)
        )
        by["ours"] = found.labels

    def peer() -> None:
        question = "SELECT coalesce(ST_ClusterDBSCAN(point, %s, %s) OVER (), -1) FROM bench_pin ORDER BY id"
        by["peer"] = asked(cursor, question, (RADIUS_M, MIN_COUNT), 1)[:, 0].astype(np.int64)

    ours()
    yield Figures("dbscan-to-postgis", *_in_turn(ours, peer, ROUNDS), FIFTH, "<=")
    core = cKDTree(points).query_ball_point(points, RADIUS_M, return_length=True) >= MIN_COUNT
    differ = int(np.count_nonzero((by["ours"] < 0) != (by["peer"] < 0)))
    yield Figures("dbscan-noise-differs", differ, 0, differ, 0, "<=")
    alike = float(adjusted_rand_score(by["ours"][core], by["peer"][core]))
    yield Figures("dbscan-core-alike", alike, 1, alike, 1, ">=")


def _heat(points: Floats, weights: Floats) -> Iterator[Figures]:
    """From arrays to a PNG: ours also brings it into the plane of the map."""
    by: dict[str, Any] = {}

    def ours() -> None:
        by["ours"] = density(points, weights, bandwidth_m=BANDWIDTH_M, crs=LAMBERT_72)
        picture(by["ours"])

    ours()

    def peer() -> None:
        by["peer"] = _by_filter(by["ours"], points, weights)

    yield Figures("heat-to-filter-and-rgba", *_in_turn(ours, peer, ROUNDS), FIFTH, "<=")
    found: Density = by["ours"]
    scaled = by["peer"] * 1e6 / found.cell_m**2
    error = float(np.abs(scaled - found.grid.values).max() / scaled.max())
    yield Figures("heat-error", error, ERROR, error, ERROR, "<=")


def _by_filter(like: Density, points: Floats, weights: Floats) -> Floats:
    (height, width), box = like.grid.values.shape, like.grid.box
    # Rows from the north, as ours.
    bins = np.histogram2d(
        -points[:, 1], points[:, 0],
        bins=(height, width), range=((-box.max_y, -box.min_y), (box.min_x, box.max_x)), weights=weights,
    )[0]  # fmt: skip
    smooth = gaussian_filter(bins, like.bandwidth_m / like.cell_m, mode="constant")
    share = smooth / smooth.max()
    layers = [255 * share, 128 * share, 64 * (1 - share), 200 * (share > 0.05)]
    Image.fromarray(np.stack(layers, axis=-1).astype(np.uint8), "RGBA").save(io.BytesIO(), "PNG")
    return np.asarray(smooth, dtype=np.float64)


def _town(n_demand: int, n_sites: int, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Demand of a town 10 km wide, its weights, and sites; half of both around 30 hearts."""
    chance = np.random.default_rng(seed)
    hearts = chance.uniform(0, 10_000, (30, 2))

    def around(n: int) -> Floats:
        close = hearts[chance.integers(0, 30, n // 2)] + chance.normal(0, 400, (n // 2, 2))
        return np.concatenate([close, chance.uniform(0, 10_000, (n - n // 2, 2))])

    demand, sites = around(n_demand), around(n_sites)
    return demand, chance.integers(1, 6, n_demand).astype(np.float64), sites


def _coverage() -> Iterator[Figures]:
    """Proven best sites against spopt with CBC; then a question too large to be proven, and its gap."""
    demand, weights, sites = _town(10_000, 500)
    ways = distances(demand, sites)
    by: dict[str, float] = {}

    def ours() -> None:
        found = mclp(within(demand, sites, 250), weights, Rules(k=K))
        by["ours"], by["gap"] = found.objective, found.gap

    def peer() -> None:
        problem = MCLP.from_cost_matrix(ways, weights, service_radius=250, p_facilities=K)
        by["peer"] = problem.solve(pulp.PULP_CBC_CMD(msg=False)).problem.objective.value()

    ours()
    # The peer takes minutes: once has to do.
    yield Figures("mclp-to-spopt-cbc", *_in_turn(ours, peer, 1), TWENTIETH, "<=")
    yield Figures("mclp-same-optimum", by["ours"], by["peer"], by["ours"] / by["peer"], 1, ">=")
    yield Figures("mclp-gap", by["gap"], 0, by["gap"], 0, "<=")
    demand, weights, sites = _town(100_000, 2_000)
    for radius_m in (250, 500):
        began = perf_counter()
        cover = within(demand, sites, radius_m)
        large = mclp(cover, weights, Rules(k=K), seconds=SECONDS - (perf_counter() - began))
        yield Figures(f"mclp-large-gap-{radius_m}m", large.gap, GAP, large.gap, GAP, "<=")


def _medians() -> Iterator[Figures]:
    """Medians of graphs made here, and those of OR-Library where they lie beside the checkout."""
    made = [_median(_ways(100 * size, seed=size), p) for size in (1, 2, 3, 4) for p in (5, 10, 20 * size)]
    yield from _told("p-median", made, [found.bound for found in made])
    published = MEDIANS / "pmedopt.csv"
    if published.is_file():
        with published.open(newline="") as file:
            wanted = list(csv.DictReader(file))[:20]
        read = [graph(Path(MEDIANS / f"{row['instance']}.txt")) for row in wanted]
        found = [_median(given.ways, given.p) for given in read]
        yield from _told("p-median-or-library", found, [float(row["published_optimum"]) for row in wanted])


def _median(ways: Floats, p: int) -> Solution:
    return p_median(ways, np.ones(len(ways)), Rules(k=p), seconds=SECONDS)


def _told(name: str, found: list[Solution], best: list[float]) -> Iterator[Figures]:
    worst = max(one.objective / least - 1 for one, least in zip(found, best, strict=True))
    exact = sum(one.objective == least for one, least in zip(found, best, strict=True)) / len(found)
    proven = sum(one.gap == 0 for one in found) / len(found)
    slowest = max(one.seconds for one in found)
    yield Figures(f"{name}-above-best", worst, MEDIAN_GAP, worst, MEDIAN_GAP, "<=")
    yield Figures(f"{name}-exact", exact, EXACT, exact, EXACT, ">=")
    yield Figures(f"{name}-proven", proven, EXACT, proven, EXACT, ">=")
    yield Figures(f"{name}-slowest-s", slowest, SECONDS, slowest / SECONDS, 1, "<=")


def _ways(n: int, seed: int) -> Floats:
    """Shortest ways of a road graph as OR-Library makes them: n places, 2 to 8 roads each, of 1 to 100."""
    chance = np.random.default_rng(seed)
    ends = chance.integers(0, n, (n * n // 50, 2))
    ends = np.concatenate([ends, np.column_stack([np.arange(n - 1), np.arange(1, n)])])
    ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
    lengths = chance.integers(1, 101, len(ends)).astype(np.float64)
    return np.asarray(dijkstra(csr_matrix((lengths, (ends[:, 0], ends[:, 1])), shape=(n, n)), directed=False))
