"""The maps and charts of a dossier, drawn on the server; beside each stands a table or list that says the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256

import numpy as np
import shapely
from django.core.cache import cache
from django.utils.translation import get_language, gettext
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo.charts import Bar, Pair, pairs_svg, shares_svg, stacked_svg
from geo.pictures import Mark, Outline, map_svg
from geo.plane.crs import CRS84, metric_for, reproject, transform
from participation.web.report import COLOURS
from siting.models import Scenario
from siting.rules.criteria import Kind
from siting.rules.scenarios import Model
from siting.selectors.dossier import Told
from siting.web import study_words as words

# As wide as the text of an A4 page, and narrow enough for letters that can be read on a phone.
PAPER_MM, SCREEN_MM, MAP_MM = 170.0, 112.0, 100.0
# How maps of a crowd are called, beside the map of the whole town.
DETAIL = "-detail"
FEWEST_IN_A_CROWD = 4
# As shares of the town's size: nearer, two numbered marks touch; a crowd that spreads wider is a map of its own.
TOO_NEAR, WORTH_A_DETAIL = 0.035, 0.4
DETAIL_WIDE = 1.8
LEAST_DETAIL_M, AIR = 500.0, 1.3
# More bars are not read; the table has more rows, the workbook all.
MOST_BARS = 20
KEPT_SECONDS = 3600
TOWN, AMBER, GREY = COLOURS["build"], COLOURS["later"], COLOURS["not"]
# Colours of places by what became of them; what is to come is the town's, as on its pages.
OF_STATE = {"later": AMBER, "not": GREY, "gone": GREY}

Drawing = Callable[[], str]


def letters_of(told: Told) -> dict[str, str]:
    """The letter by which charts and tables call each criterion that gives points: A, B, ... Z, AA, AB, ..."""
    scored = [row.code for row in told.found.criteria if row.kind == Kind.SCORED]
    return {code: _letter(at) for at, code in enumerate(scored)}


def _letter(at: int) -> str:
    return (_letter(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)


def drawings(told: Told, width_mm: float) -> dict[str, Drawing]:
    """How to draw each picture this dossier has, by name."""
    found: dict[str, Drawing] = {}
    outlines = [Outline(shapely.from_wkt(area["outline"]), area["name"]) for area in told.content["areas"]]

    # Drawn as large as they are set, so that their letters keep their size.
    map_mm = min(width_mm, MAP_MM)

    def maps(name: str, marks: Sequence[Mark]) -> None:
        found[name] = partial(map_svg, outlines, marks, width_mm=map_mm)
        if crowd := crowded(outlines, marks):
            found[name + DETAIL] = partial(_detail, outlines, marks, crowd, map_mm)

    if told.found.order:
        maps("candidates", _candidates(told))
        found["scores"] = partial(_scores, told, width_mm)
    for row in told.scenarios:
        assert row.result is not None
        if row.result["chosen"]:
            maps(f"places-{row.number}", _places(row))
        if any(area["weight"] for area in row.result["areas"]):
            found[f"reach-{row.number}"] = partial(_reach, row, width_mm)
    if any(row.result["figures"]["gap"] is not None for row in told.scenarios if row.result):
        found["gap"] = partial(_gap, told, width_mm)
    if len(told.scenarios) > 1:
        maps("differences", _differences(told))
    if marks := _decided(told):
        maps("decisions", marks)
    return found


def drawn(name: str, how: Mapping[str, Drawing], *, of: str, width_mm: float) -> str:
    """Draw a picture, or take it as it was drawn before; ``of`` is the fingerprint of what is shown."""
    about = f"{of}.{name}.{width_mm}.{get_language()}"
    key = f"dossier.{sha256(about.encode()).hexdigest()}"
    svg: str | None = cache.get(key)
    if svg is None:
        svg = how[name]()
        cache.set(key, svg, KEPT_SECONDS)
    return svg


def crowded(outlines: Sequence[Outline], marks: Sequence[Mark]) -> list[Mark]:
    """The largest group of marks that hide one another's numbers on a map of the whole town; none where none do."""
    if len(marks) < FEWEST_IN_A_CROWD or not outlines:
        return []
    lon_lat = np.array([(mark.lon, mark.lat) for mark in marks], dtype=np.float64)
    west, south, east, north = shapely.total_bounds([outline.shape for outline in outlines])
    crs = metric_for((west + east) / 2, (south + north) / 2)
    corners = transform(np.array([(west, south), (east, north)]), CRS84, crs)
    points = transform(lon_lat, CRS84, crs)
    near = cKDTree(points).sparse_distance_matrix(cKDTree(points), float(np.ptp(corners, axis=0).max()) * TOO_NEAR)
    near.setdiag(1)
    _n, group = connected_components(near.tocsr(), directed=False)
    largest = int(np.bincount(group).argmax())
    crowd = [mark for mark, at in zip(marks, group, strict=True) if at == largest]
    # Nearer by is no help where all there is lies together already.
    spread = np.ptp(points[group == largest], axis=0).max() / np.ptp(corners, axis=0).max()
    return crowd if len(crowd) >= FEWEST_IN_A_CROWD and spread < WORTH_A_DETAIL else []


def _detail(outlines: Sequence[Outline], marks: Sequence[Mark], crowd: Sequence[Mark], width_mm: float) -> str:
    """Draw what lies around a crowd of marks nearer by, wider than high; circles would hide one another, so without."""
    lon_lat = np.array([(mark.lon, mark.lat) for mark in crowd], dtype=np.float64)
    crs = metric_for(*lon_lat.mean(axis=0))
    points = transform(lon_lat, CRS84, crs)
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    x, y = (west + east) / 2, (south + north) / 2
    half = max((east - west) / DETAIL_WIDE, north - south, LEAST_DETAIL_M) * AIR / 2
    box = shapely.box(x - half * DETAIL_WIDE, y - half, x + half * DETAIL_WIDE, y + half)
    near = []
    for outline in outlines:
        shape = shapely.intersection(reproject(outline.shape, CRS84, crs), box)
        if not shape.is_empty:
            # A corner of a neighbourhood has no room for its name.
            name = outline.name if shape.area > box.area / 5 else ""
            near.append(Outline(reproject(shape, crs, CRS84), name))
    around = reproject(box, crs, CRS84)
    inside = [replace(mark, around_m=0.0) for mark in marks if shapely.intersects_xy(around, mark.lon, mark.lat)]
    return map_svg(near, inside, width_mm=width_mm)


def _candidates(told: Told) -> list[Mark]:
    """All candidates by their place in the order, the first ones on top; those left out as grey dots."""
    first = told.study.n_first
    order = told.found.order
    out = [site for at, site in enumerate(told.found.sites) if at not in set(order)]
    marks = [Mark(site.lon, site.lat, colour=GREY) for site in out]
    ranked = [(rank, told.found.sites[at]) for rank, at in enumerate(order, start=1)]
    return marks + [
        Mark(site.lon, site.lat, str(rank) if rank <= first else "", TOWN if rank <= first else AMBER)
        for rank, site in reversed(ranked)
    ]


def _scores(told: Told, width_mm: float) -> str:
    letters = letters_of(told)
    bars = [
        Bar(
            f"{rank}. {told.found.sites[at].title}",
            tuple(part.points for part in told.found.scores[at].parts),
            words.number(round(told.found.scores[at].total, 2)),
        )
        for rank, at in enumerate(told.found.order[:MOST_BARS], start=1)
    ]
    return stacked_svg(bars, list(letters.values()), width_mm=width_mm)


def _places(row: Scenario) -> list[Mark]:
    assert row.result is not None
    radius = float(row.asked["radius_m"])
    turns = list(enumerate(row.result["chosen"], start=1))
    return [Mark(site["lon"], site["lat"], str(turn), TOWN, radius) for turn, site in reversed(turns)]


def _differences(told: Told) -> list[Mark]:
    """Places in every scenario green, the others amber; what is written is the numbers of the scenarios."""
    spots: dict[tuple[float, float], list[int]] = {}
    for row in told.scenarios:
        assert row.result is not None
        for site in row.result["chosen"]:
            spots.setdefault((site["lon"], site["lat"]), []).append(row.number)
    everywhere = len(told.scenarios)
    return [
        Mark(lon, lat, "✓", TOWN) if len(inside) == everywhere else Mark(lon, lat, "·".join(map(str, inside)), AMBER)
        for (lon, lat), inside in spots.items()
    ]


def _reach(row: Scenario, width_mm: float) -> str:
    assert row.result is not None
    pairs = [
        Pair(
            area["name"],
            area["before"] / area["weight"] if area["weight"] else None,
            area["after"] / area["weight"] if area["weight"] else None,
            words.percent(area["after"] / area["weight"]) if area["weight"] else "–",
        )
        for area in row.result["areas"]
    ]
    return pairs_svg(pairs, before=gettext("now"), after=gettext("with these places"), width_mm=width_mm)


def _gap(told: Told, width_mm: float) -> str:
    bars: list[tuple[str, float | None, str]] = []
    for row in told.scenarios:
        assert row.result is not None
        gap = row.result["figures"]["gap"]
        share = None if gap is None else nearness(row.asked["model"], gap)
        said = gettext("not computed") if share is None else words.percent(share)
        bars.append((f"{row.number}. {row.title}", share, said))
    return shares_svg(bars, width_mm=width_mm)


def nearness(model: str, gap: float) -> float:
    """How near is a choice to what no choice can beat, at least, 0..1? The gap is a share of the choice itself."""
    return 1 / (1 + gap) if model == Model.COVER else max(1 - gap, 0.0)


def _decided(told: Told) -> list[Mark]:
    rows = list(enumerate(told.content["decisions"], start=1))
    return [
        Mark(row["point"][0], row["point"][1], str(at), OF_STATE.get(row["state"], TOWN))
        for at, row in reversed(rows)
        if row["point"]
    ]
