"""Draws maps on the server, for reports and pictures: outlines, marks with numbers, a scale. Knows no Django."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.plane.crs import CRS84, metric_for, reproject, transform

INK, LAND, LINE, MUTED = "#14213d", "#f5f7f3", "#6f9482", "#4d5a66"
MM_AN_INCH = 25.4
# Room around what is drawn, as a share of its size.
MARGIN = 0.04
# Lengths a scale bar may have.
SCALES_M = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: where (degrees), what is written in it ("" for a dot), its colour, the radius of a circle round it."""

    lon: float
    lat: float
    text: str = ""
    colour: str = "#1f5c3a"
    around_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Outline:
    """One surface (degrees) with the name written in it ("" for none)."""

    shape: BaseGeometry
    name: str = ""


def map_svg(outlines: Sequence[Outline], marks: Sequence[Mark], *, width_mm: float) -> str:
    """Draw a map as SVG, in a plane that measures truly where it lies.

    Units    marks and outlines in degrees WGS 84, lon before lat; the height follows from what is drawn.
    Order    marks as given: the last lies on top.
    Raises   ValueError when there is nothing to draw.
    """
    lonlat = np.array([(mark.lon, mark.lat) for mark in marks], dtype=np.float64).reshape(-1, 2)
    bounds = [shapely.box(*outline.shape.bounds) for outline in outlines if not outline.shape.is_empty]
    if not bounds and not len(lonlat):
        raise ValueError("nothing to draw")
    middle = shapely.MultiPoint(
        [*lonlat.tolist(), *(point for box in bounds for point in box.exterior.coords)]
    ).envelope.centroid
    crs = metric_for(middle.x, middle.y)
    shapes = [reproject(outline.shape, CRS84, crs) for outline in outlines]
    points = transform(lonlat, CRS84, crs) if len(lonlat) else lonlat
    west, south, east, north = _frame(shapes, points, marks)
    figure = Figure(figsize=(width_mm / MM_AN_INCH, width_mm / MM_AN_INCH * (north - south) / (east - west)))
    FigureCanvasSVG(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    _draw_outlines(axes, outlines, shapes)
    _draw_marks(axes, marks, points)
    _draw_scale(axes, west, south, east - west)
    out = io.StringIO()
    # Without a date in it, the same map is the same file.
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _frame(
    shapes: Sequence[BaseGeometry], points: NDArray[np.float64], marks: Sequence[Mark]
) -> tuple[float, float, float, float]:
    """The box that holds everything, circles included, with a margin; never without width or height."""
    boxes = [shape.bounds for shape in shapes if not shape.is_empty]
    boxes += [
        (x - mark.around_m, y - mark.around_m, x + mark.around_m, y + mark.around_m)
        for (x, y), mark in zip(points.tolist(), marks, strict=True)
    ]
    found = np.array(boxes, dtype=np.float64)
    west, south = found[:, :2].min(axis=0)
    east, north = found[:, 2:].max(axis=0)
    pad = max(east - west, north - south, 200.0) * MARGIN
    half = max(200.0 - (east - west), 200.0 - (north - south), 0.0) / 2
    return float(west - pad - half), float(south - pad - half), float(east + pad + half), float(north + pad + half)


def _patch(shape: BaseGeometry) -> list[PathPatch]:
    parts = shape.geoms if hasattr(shape, "geoms") else [shape]
    return [
        PathPatch(
            Path.make_compound_path(*(Path(np.asarray(ring.coords)[:, :2]) for ring in (p.exterior, *p.interiors)))
        )
        for p in parts
        if p.geom_type == "Polygon" and not p.is_empty
    ]


def _draw_outlines(axes: Axes, outlines: Sequence[Outline], shapes: Sequence[BaseGeometry]) -> None:
    patches = [patch for shape in shapes for patch in _patch(shape)]
    axes.add_collection(PatchCollection(patches, facecolor=LAND, edgecolor=LINE, linewidth=0.6))
    for outline, shape in zip(outlines, shapes, strict=True):
        if outline.name:
            at = shape.representative_point()
            axes.text(at.x, at.y, outline.name, fontsize=6, color=MUTED, ha="center", va="center")


def _draw_marks(axes: Axes, marks: Sequence[Mark], points: NDArray[np.float64]) -> None:
    for (x, y), mark in zip(points.tolist(), marks, strict=True):
        if mark.around_m:
            around = shapely.Point(x, y).buffer(mark.around_m)
            axes.add_collection(
                PatchCollection(_patch(around), facecolor=mark.colour, edgecolor=mark.colour, alpha=0.15, linewidth=0.5)
            )
    for (x, y), mark in zip(points.tolist(), marks, strict=True):
        size = 9.0 if mark.text else 3.0
        axes.plot(x, y, "o", markersize=size, color=mark.colour, markeredgecolor="white", markeredgewidth=0.6)
        if mark.text:
            axes.text(x, y, mark.text, fontsize=5, color="white", ha="center", va="center_baseline", weight="bold")


def _draw_scale(axes: Axes, west: float, south: float, width_m: float) -> None:
    length = max((one for one in SCALES_M if one <= width_m / 4), default=SCALES_M[0])
    x, y = west + width_m * MARGIN / 2, south + width_m * MARGIN / 2
    axes.plot([x, x + length], [y, y], color=INK, linewidth=1.2, solid_capstyle="butt")
    said = f"{length} m" if length < 1_000 else f"{math.floor(length / 1_000)} km"
    axes.text(x, y + width_m * 0.008, said, fontsize=5.5, color=INK, ha="left", va="bottom")
