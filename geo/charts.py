"""Draws bar charts on the server, for reports: parts that add up, before beside after, shares. Knows no Django.

Whatever a colour says is also said by a letter or a pattern, and every chart is to stand beside its table.
"""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from geo.pictures import INK, LINE, MM_AN_INCH, MUTED

# Names within a drawing are made with this instead of by chance, so that the same figures are the same file.
rcParams["svg.hashsalt"] = "kiesplek"
# Dark and light in turn, so that neighbours differ in brightness too; each with the ink that can be read on it.
PARTS = (
    ("#1f5c3a", "white"), ("#f5b301", INK), ("#2f4b7c", "white"), ("#a5d6a7", INK), ("#7a3e9d", "white"),
    ("#ffccbc", INK), ("#00696f", "white"), ("#d1c4e9", INK), ("#8a4b08", "white"), ("#b3e5fc", INK),
)  # fmt: skip
BEFORE, AFTER = "#9aa5a0", "#1f5c3a"
ROW_MM, FOOT_MM, LEGEND_MM = 6.5, 9.0, 7.0
LABEL_SHARE = 0.32
LETTER_MM = 1.8
# A bar this long has room for what is said of it.
ROOM_FOR_WORDS = 0.6
# A letter is written into a part that is at least this wide, as a share of the longest bar.
ROOM_FOR_A_LETTER = 0.025


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar made of parts, in the order of the letters; ``said`` is written behind it."""

    label: str
    parts: tuple[float, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two shares (0..1) of the same: before and after; None where there is nothing to have a share of."""

    label: str
    before: float | None
    after: float | None
    said: str = ""


def stacked_svg(bars: Sequence[Bar], letters: Sequence[str], *, width_mm: float, top: float = 0.0) -> str:
    """Draw bars whose parts add up; each part carries its letter where there is room.

    Units    parts as given; the axis ends at ``top`` or at the longest bar.
    Order    the first bar on top.
    Raises   ValueError when there is nothing to draw.
    """
    figure, axes = _blank([bar.label for bar in bars], width_mm)
    end = max([top, *(sum(bar.parts) for bar in bars)]) or 1.0
    for row, bar in enumerate(bars):
        left = 0.0
        for at, (part, letter) in enumerate(zip(bar.parts, letters, strict=True)):
            if part <= 0:
                continue
            colour, ink = PARTS[at % len(PARTS)]
            axes.barh(row, part, left=left, height=0.72, color=colour, edgecolor="white", linewidth=0.5)
            if part / end >= ROOM_FOR_A_LETTER:
                axes.text(left + part / 2, row, letter, color=ink, fontsize=6, ha="center", va="center")
            left += part
        axes.text(left + end * 0.01, row, bar.said, color=INK, fontsize=7, ha="left", va="center")
    axes.set_xlim(0, end * 1.1)
    axes.set_xticks([])
    return _written(figure)


def pairs_svg(pairs: Sequence[Pair], *, before: str, after: str, width_mm: float) -> str:
    """Draw shares before (hatched) and after, one above the other; the axis ends at the whole.

    Raises   ValueError when there is nothing to draw.
    """
    figure, axes = _blank([pair.label for pair in pairs], width_mm, legend=True)
    for row, pair in enumerate(pairs):
        axes.barh(
            row - 0.2, pair.before or 0.0, height=0.36, color="white", edgecolor=BEFORE, hatch="////", linewidth=0.6
        )
        axes.barh(row + 0.2, pair.after or 0.0, height=0.36, color=AFTER)
        axes.text(max(pair.before or 0, pair.after or 0) + 0.01, row, pair.said, color=INK, fontsize=7, va="center")
    axes.barh(-9, 1, color="white", edgecolor=BEFORE, hatch="////", linewidth=0.6, label=before)
    axes.barh(-9, 1, color=AFTER, label=after)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=7, labelcolor=INK, borderpad=0
    )
    _percents(axes)
    return _written(figure)


def shares_svg(bars: Sequence[tuple[str, float | None, str]], *, width_mm: float) -> str:
    """Draw one share (0..1) a row with what is said of it; a row without one is only words.

    Raises   ValueError when there is nothing to draw.
    """
    figure, axes = _blank([label for label, _share, _said in bars], width_mm)
    for row, (_label, share, said) in enumerate(bars):
        axes.barh(row, share or 0.0, height=0.6, color=AFTER)
        inside = (share or 0.0) > ROOM_FOR_WORDS
        at = (share or 0.0) + (-0.01 if inside else 0.01)
        colour, side = ("white", "right") if inside else (INK, "left")
        axes.text(at, row, said, color=colour, fontsize=7, ha=side, va="center")
    _percents(axes)
    return _written(figure)


def _blank(labels: Sequence[str], width_mm: float, *, legend: bool = False) -> tuple[Figure, Axes]:
    """An empty chart with a row for each label."""
    if not labels:
        raise ValueError("nothing to draw")
    letters = int(width_mm * LABEL_SHARE / LETTER_MM)
    wrapped = [textwrap.fill(label, letters, max_lines=2, placeholder="…") for label in labels]
    above = LEGEND_MM if legend else 1.0
    height_mm = above + len(labels) * ROW_MM + FOOT_MM
    figure = Figure(figsize=(width_mm / MM_AN_INCH, height_mm / MM_AN_INCH))
    FigureCanvasSVG(figure)
    axes = figure.add_axes((LABEL_SHARE, FOOT_MM / height_mm, 0.98 - LABEL_SHARE, len(labels) * ROW_MM / height_mm))
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels=wrapped, fontsize=7, color=INK)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelsize=6.5, labelcolor=MUTED)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=LINE, alpha=0.35, linewidth=0.5)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(LINE)
    return figure, axes


def _percents(axes: Axes) -> None:
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0 %", "25 %", "50 %", "75 %", "100 %"])


def _written(figure: Figure) -> str:
    out = io.StringIO()
    # Without a date in it, the same chart is the same file.
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
