"""What a scenario asks: by which model sites are chosen, for which demand, under which conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

RADIUS_M = 250
# What is chosen among is small enough to read; what is served lies within a walk or a ride.
MOST_SITES, MIN_RADIUS_M, MAX_RADIUS_M = 500, 25, 20_000


class Model(StrEnum):
    """How the sites are found."""

    COVER = "cover"
    MEDIAN = "median"
    FEWEST = "fewest"
    VOTED = "voted"
    HAND = "hand"


# The models that look for the best choice, and so can say how far from it they are.
COMPUTED = frozenset({Model.COVER, Model.MEDIAN, Model.FEWEST})


class Source(StrEnum):
    """Where demand comes from."""

    PINS = "pins"
    SUPPORTS = "supports"
    VOTES = "votes"
    LAYER = "layer"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One part of the demand; ``share`` is its part of the mix. A layer (of inhabitants, say) names its column."""

    source: Source
    share: float = 1.0
    layer: str = ""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A site put somewhere by hand: the candidate it comes from, and where it lies now."""

    number: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything a scenario asks. Candidates are named by their number; ``price_cents`` is what a site costs of
    which no cost is known. ``uses_existing`` counts what the study's layer says is there already, ``uses_built``
    what was built by decision since.
    """

    model: Model
    mix: tuple[Ingredient, ...]
    radius_m: int = RADIUS_M
    k: int | None = None
    budget_cents: int | None = None
    price_cents: int | None = None
    uses_existing: bool = True
    uses_built: bool = False
    must: tuple[int, ...] = ()
    must_not: tuple[int, ...] = ()
    at_least_per_area: int = 0
    spacing_m: int = 0
    sites: tuple[Moved, ...] = ()


def kept(wanted: Wanted) -> dict[str, Any]:
    """Write what is asked as it is kept: plain facts, the same for the same question."""
    facts = asdict(wanted)
    facts["mix"] = [dict(part) for part in facts["mix"]]
    facts["sites"] = [dict(site) for site in facts["sites"]]
    facts["must"], facts["must_not"] = sorted(wanted.must), sorted(wanted.must_not)
    return facts


def read(facts: Mapping[str, Any]) -> Wanted:
    """Read what is asked as it was kept."""
    plain = dict(facts)
    plain["model"] = Model(plain["model"])
    plain["mix"] = tuple(Ingredient(**{**part, "source": Source(part["source"])}) for part in plain["mix"])
    plain["sites"] = tuple(Moved(**site) for site in plain["sites"])
    plain["must"], plain["must_not"] = tuple(plain["must"]), tuple(plain["must_not"])
    return Wanted(**plain)


def mixed(totals: Sequence[float], shares: Sequence[float]) -> list[float]:
    """By what must each ingredient be multiplied, so that it has its share of a demand of 100?

    One alone stays as it is: people are people. An ingredient of which there is nothing leaves its share to the rest.
    """
    if len(totals) == 1:
        return [1.0]
    wanted = [share if total > 0 else 0.0 for total, share in zip(totals, shares, strict=True)]
    whole = sum(wanted)
    return [
        100 * share / whole / total if whole and total > 0 else 0.0 for total, share in zip(totals, wanted, strict=True)
    ]
