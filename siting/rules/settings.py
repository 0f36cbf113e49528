"""What a planner can set, between which limits, and what holds when nothing is set."""

from dataclasses import dataclass
from enum import StrEnum


class Weigh(StrEnum):
    """What counts: every pin the same, or each by its supporters."""

    PINS = "pins"
    SUPPORTERS = "supporters"


class Method(StrEnum):
    """How groups are found: by a distance, or by density wherever it is higher than around."""

    DBSCAN = "dbscan"
    HDBSCAN = "hdbscan"


# A street, and a walk of a quarter of an hour.
MIN_RADIUS_M, MAX_RADIUS_M = 25, 1000
# One pin is no cluster; above 50 only the largest projects have any.
LEAST_MIN_COUNT, MOST_MIN_COUNT = 2, 50
MIN_BANDWIDTH_M, MAX_BANDWIDTH_M = 50, 1000

# The distance people walk to a parked car, and the smallest group that is more than a coincidence of two.
RADIUS_M, MIN_COUNT = 250, 3
# Wide enough to be seen when a whole town is on the screen.
BANDWIDTH_M = 500


@dataclass(frozen=True, slots=True)
class Grouping:
    """How pins are grouped into clusters."""

    radius_m: float = RADIUS_M
    min_count: int = MIN_COUNT
    weigh: Weigh = Weigh.SUPPORTERS
    method: Method = Method.DBSCAN


@dataclass(frozen=True, slots=True)
class Heat:
    """How a heat map is drawn."""

    bandwidth_m: float = BANDWIDTH_M
    weigh: Weigh = Weigh.SUPPORTERS
