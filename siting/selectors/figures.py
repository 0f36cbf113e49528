"""What is asked for, told in bars: per neighbourhood, per theme, over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from participation.models import Project, Theme
from siting.rules.settings import Sieve
from siting.selectors.demand import FIRST_DAY, Ints, MeasuredDemand, measured_demand, neighbourhoods
from siting.selectors.heard import groups
from siting.selectors.remembered import remembered

# Bars that fit side by side: longer spans are told in weeks, then in months.
MOST_BARS = 40
WEEK, MONTH = 7, 30


class Step(StrEnum):
    """How long the time of one bar is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name in the address (empty for the rest) and for people, or its first day."""

    name: str
    label: str
    n_pins: int
    n_supports: int
    first_day: date | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The bars of what is looked at; ``step`` is how long one bar of ``times`` lasts."""

    n_pins: int
    n_supports: int
    areas: tuple[Bar, ...]
    themes: tuple[tuple[Theme | None, Bar], ...]
    times: tuple[Bar, ...]
    step: Step


def figures(project: Project, sieve: Sieve) -> Figures:
    """Count the pins that pass the sieve.

    Order    areas with most pins first; themes as the project orders them, those without one last; times as they pass.
    """
    return remembered(project, ("figures", sieve, project.organisation.revision), lambda: _count(project, sieve))


def _count(project: Project, sieve: Sieve) -> Figures:
    pins = measured_demand(project, sieve)
    parts = neighbourhoods(project)
    by_area = _bars(pins, groups(pins, parts), [(part.code, part.name) for part in parts])
    themes = list(project.themes.all())
    place_of = np.full(len(pins.numbers), -1, dtype=np.int64)
    for at, theme in enumerate(themes):
        place_of[pins.themes == theme.pk] = at
    by_theme = _bars(pins, place_of, [(theme.slug, "") for theme in themes])
    times, step = _times(pins)
    return Figures(
        n_pins=len(pins.numbers),
        n_supports=int(pins.n_supports.sum()),
        areas=tuple(sorted((bar for bar in by_area if bar.n_pins), key=lambda bar: (not bar.name, -bar.n_pins))),
        themes=tuple(pair for pair in zip([*themes, None], by_theme, strict=True) if pair[1].n_pins or pair[0]),
        times=times,
        step=step,
    )


def _bars(pins: MeasuredDemand, place_of: Ints, names: Sequence[tuple[str, str]]) -> list[Bar]:
    """One bar for each name, and one for what has none."""
    at = np.where(place_of < 0, len(names), place_of)
    n_pins = np.bincount(at, minlength=len(names) + 1)
    n_supports = np.bincount(at, pins.n_supports, minlength=len(names) + 1)
    return [
        Bar(name, label, int(n_pins[number]), int(n_supports[number]))
        for number, (name, label) in enumerate([*names, ("", "")])
    ]


def _times(pins: MeasuredDemand) -> tuple[tuple[Bar, ...], Step]:
    if not len(pins.days):
        return (), Step.DAY
    first, last = (date.fromordinal(int(day) + FIRST_DAY) for day in (pins.days.min(), pins.days.max()))
    span = (last - first).days
    step = Step.DAY if span < MOST_BARS else Step.WEEK if span < WEEK * MOST_BARS else Step.MONTH
    starts = [_start(first, step)]
    while starts[-1] <= last:
        starts.append(_next(starts[-1], step))
    edges = np.array([start.toordinal() - FIRST_DAY for start in starts])
    at = np.searchsorted(edges, pins.days, side="right") - 1
    n_pins = np.bincount(at, minlength=len(starts))
    n_supports = np.bincount(at, pins.n_supports, minlength=len(starts))
    bars = [
        Bar(start.isoformat(), "", int(n_pins[number]), int(n_supports[number]), start)
        for number, start in enumerate(starts[:-1])
    ]
    return tuple(bars), step


def _start(day: date, step: Step) -> date:
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day


def _next(start: date, step: Step) -> date:
    if step is Step.MONTH:
        return (start.replace(day=1) + timedelta(days=MONTH + 2)).replace(day=1)
    return start + timedelta(days=WEEK if step is Step.WEEK else 1)


def last_day(bar: Bar, step: Step) -> date | None:
    """The last day of a bar of ``times``."""
    return _next(bar.first_day, step) - timedelta(days=1) if bar.first_day else None
