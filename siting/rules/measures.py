"""How a criterion gets its values: which measures there are, and what each needs to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What is measured of a site. Distances are as the crow flies, in the metric plane of the place."""

    NEAREST = "nearest"
    COUNT = "count"
    SUM = "sum"
    INSIDE = "inside"
    BELOW = "below"
    EXISTING = "existing"
    SUPPORTS = "supports"
    PINS = "pins"
    CHECK = "check"
    HAND = "hand"


# What each is worth nothing without.
NEEDS_LAYER = frozenset({Measure.NEAREST, Measure.COUNT, Measure.SUM, Measure.INSIDE, Measure.BELOW})
NEEDS_RADIUS = frozenset({Measure.COUNT, Measure.SUM, Measure.SUPPORTS, Measure.PINS})
NEEDS_ATTRIBUTE = frozenset({Measure.SUM, Measure.BELOW})
# Read from a layer; without one, or with one that is gone, everything is unknown.
READS_LAYER = NEEDS_LAYER | {Measure.EXISTING}


class Unit(StrEnum):
    """What the numbers of a criterion are."""

    METRES = "m"
    COUNT = "count"
    YES_NO = "yes_no"
    NUMBER = "number"
    LEVEL = "level"


UNIT_OF: Mapping[Measure, Unit] = {
    Measure.NEAREST: Unit.METRES,
    Measure.EXISTING: Unit.METRES,
    Measure.COUNT: Unit.COUNT,
    Measure.SUM: Unit.NUMBER,
    Measure.INSIDE: Unit.YES_NO,
    Measure.BELOW: Unit.NUMBER,
    Measure.SUPPORTS: Unit.COUNT,
    Measure.PINS: Unit.COUNT,
    Measure.CHECK: Unit.YES_NO,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How one criterion is measured. ``layer`` is the slug of a layer, ``attribute`` one of its columns or, of a
    check by staff, which check.
    """

    measure: Measure
    layer: str = ""
    attribute: str = ""
    radius_m: float | None = None


def lacks(asked: Asked) -> list[str]:
    """What must still be said before this can be measured: of ``layer``, ``attribute``, ``radius_m``."""
    missing = []
    if asked.measure in NEEDS_LAYER and not asked.layer:
        missing.append("layer")
    if asked.measure in NEEDS_ATTRIBUTE and not asked.attribute:
        missing.append("attribute")
    if asked.measure in NEEDS_RADIUS and not asked.radius_m:
        missing.append("radius_m")
    return missing
