"""What a planner can set, between which limits, and what holds when nothing is set."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Weigh(StrEnum):
    """What counts: every pin the same, or each by its supporters or its counted votes."""

    PINS = "pins"
    SUPPORTERS = "supporters"
    VOTES = "votes"


class Method(StrEnum):
    """How groups are found: by a distance, or by density wherever it is higher than around."""

    DBSCAN = "dbscan"
    HDBSCAN = "hdbscan"


class Ballot(StrEnum):
    """Whether a proposal is on the ballot."""

    ON = "on"
    OFF = "off"


# A street, and a walk of a quarter of an hour.
MIN_RADIUS_M, MAX_RADIUS_M = 25, 1000
# One pin is no cluster; above 50 only the largest projects have any.
LEAST_MIN_COUNT, MOST_MIN_COUNT = 2, 50
MIN_BANDWIDTH_M, MAX_BANDWIDTH_M = 50, 1000

# The distance people walk to a parked car, and the smallest group that is more than a coincidence of two.
RADIUS_M, MIN_COUNT = 250, 3
# Wide enough to be seen when a whole town is on the screen.
BANDWIDTH_M = 500
# How wide a hexagon for hot spots is: some houses, to a whole village.
MIN_CELL_M, MAX_CELL_M = 100, 2000
CELL_M = 400
# HDBSCAN: the smallest group that is called one.
GROUP_PINS, MOST_GROUP_PINS = 10, 500
# Words that stand out, so many of them.
WORDS_LISTED = 6
# A count of people below this is not told.
LEAST_PEOPLE_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which pins are looked at; what is empty lets all through. Days count from their first to their last minute."""

    theme: str = ""
    area: str = ""
    origin: str = ""
    ballot: Ballot | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""

    def told(self) -> dict[str, str]:
        """What is filtered, in words that can stand in an address or a table; only what is."""
        said = {
            "theme": self.theme,
            "area": self.area,
            "origin": self.origin,
            "ballot": self.ballot.value if self.ballot else "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "text": self.text,
        }
        return {name: value for name, value in said.items() if value}

    @classmethod
    def read(cls, told: Mapping[str, str]) -> "Sieve":
        """The filters that these words tell."""
        return cls(
            theme=told.get("theme", ""),
            area=told.get("area", ""),
            origin=told.get("origin", ""),
            text=told.get("text", ""),
            since=date.fromisoformat(told["since"]) if "since" in told else None,
            until=date.fromisoformat(told["until"]) if "until" in told else None,
            ballot=Ballot(told["ballot"]) if "ballot" in told else None,
        )


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
    per_inhabitant: bool = False


@dataclass(frozen=True, slots=True)
class Spots:
    """How hot spots are looked for: in hexagons whose middles lie this far apart, and what counts in them."""

    cell_m: float = CELL_M
    weigh: Weigh = Weigh.SUPPORTERS
