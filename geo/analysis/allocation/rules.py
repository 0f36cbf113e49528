"""What a choice of sites must hold to, and which of it contradicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from geo.analysis.allocation.costs import Bools, Floats, Ints

NO_PAIRS: NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)
# Sums of money and whole numbers as floats: what differs by less is the same.
HAIR = 1e-9


class Kind(StrEnum):
    """What a rule is about."""

    NUMBER = "number"
    BUDGET = "budget"
    MUST = "must"
    MUST_NOT = "must_not"
    AREA = "area"
    SPACING = "spacing"
    COVER = "cover"


class Contradiction(ValueError):  # noqa: N818 -- an answer about what was asked
    """Rules that cannot hold together; with any one of these kinds less they could.

    ``sites`` are the must sites and ``areas`` the areas that take part in it.
    """

    def __init__(self, kinds: frozenset[Kind], *, sites: tuple[int, ...] = (), areas: tuple[int, ...] = ()) -> None:
        super().__init__(f"these rules contradict: {', '.join(sorted(kinds))}")
        self.kinds, self.sites, self.areas = kinds, sites, areas


class OutOfTime(RuntimeError):  # noqa: N818 -- an answer about what was asked
    """In the time given not one choice was found that holds to all rules, nor that there is none."""


@dataclass(frozen=True)
class Rules:
    """The rules of a choice among n sites, by their places 0 .. n-1.

    Shape    prices (n,), 0 or more, with a budget; areas (n,), -1 for none; apart (p, 2): not both of a pair.
    Units    prices and budget in the same money.
    """

    k: int | None = None
    budget: float | None = None
    prices: Floats | None = None
    must: tuple[int, ...] = ()
    must_not: tuple[int, ...] = ()
    areas: Ints | None = None
    at_least: Mapping[int, int] = field(default_factory=dict)
    apart: Ints = field(default_factory=lambda: NO_PAIRS)

    def check(self, n_sites: int) -> None:
        """Raise ValueError for what is no rule about so many sites: wrong lengths, numbers out of range."""
        if self.k is not None and self.k < 0:
            raise ValueError("k must be 0 or more")
        if self.budget is not None and (self.prices is None or not self.budget >= 0):
            raise ValueError("a budget must be 0 or more and needs prices")
        if self.prices is not None and not (
            self.prices.shape == (n_sites,) and np.isfinite(self.prices).all() and (self.prices >= 0).all()
        ):
            raise ValueError("prices must be finite numbers, 0 or more, one a site")
        if self.at_least and self.areas is None:
            raise ValueError("a least number per area needs the areas of the sites")
        if self.areas is not None and self.areas.shape != (n_sites,):
            raise ValueError("areas must name one area a site")
        for site in (*self.must, *self.must_not, *self.apart.ravel()):
            if not 0 <= site < n_sites:
                raise ValueError(f"there is no site {site}")


@dataclass(frozen=True)
class Choice:
    """What may still be chosen, beside the sites that are certain.

    ``need`` is the number still wanted in each area (by place), ``near`` and ``near_starts`` the sites each must not
    stand beside, ``k`` and ``budget`` what is left of them.
    """

    certain: Ints
    free: Bools
    k: int
    prices: Floats
    budget: float
    area: Ints
    need: Ints
    near_starts: Ints
    near: Ints

    @property
    def n_sites(self) -> int:
        """How many sites there are in all."""
        return len(self.free)

    @property
    def is_simple(self) -> bool:
        """Do only a number and areas limit it? Then the best sites for given values are found by sorting."""
        return np.isinf(self.budget) and not len(self.near)

    @property
    def is_possible(self) -> bool:
        """Does nothing that one sees at once stand against it?"""
        if self.k < 0 or self.budget < 0 or self.need.sum() > self.k:
            return False
        there = self.free & (self.area >= 0)
        return bool((np.bincount(self.area[there], minlength=len(self.need)) >= self.need).all())

    def given(self, inside: Ints, outside: Bools) -> "Choice":
        """The choice that is left when more sites are certain and others are out of the question."""
        free = self.free & ~outside
        free[inside] = False
        for site in inside:
            free[self.neighbours(site)] = False
        met = np.bincount(self.area[inside][self.area[inside] >= 0], minlength=len(self.need))
        budget = self.budget - float(self.prices[inside].sum())
        return replace(
            self,
            certain=np.concatenate([self.certain, inside]),
            free=free,
            k=self.k - len(inside),
            # What rounding took from the last cent is given back.
            budget=0.0 if -HAIR * (1 + abs(self.budget)) <= budget < 0 else budget,
            need=np.maximum(self.need - met, 0),
        )

    def neighbours(self, site: int) -> Ints:
        """The sites too near to this one."""
        return self.near[self.near_starts[site] : self.near_starts[site + 1]]

    def allows(self, chosen: Ints) -> bool:
        """May these free sites be chosen together?"""
        if len(chosen) > self.k or not self.free[chosen].all():
            return False
        if self.prices[chosen].sum() > self.budget * (1 + HAIR) + HAIR:
            return False
        held = np.bincount(self.area[chosen][self.area[chosen] >= 0], minlength=len(self.need))
        if (held < self.need).any():
            return False
        return not any(np.isin(self.neighbours(site), chosen).any() for site in chosen)


def choice_of(rules: Rules, n_sites: int) -> Choice:
    """Write the rules as what may be chosen, with nothing certain yet."""
    names, area = np.unique(rules.areas if rules.areas is not None else np.full(n_sites, -1), return_inverse=True)
    asked = {name: least for name, least in rules.at_least.items() if least > 0}
    place = {int(name): at for at, name in enumerate(sorted(asked))}
    of_name = np.array([place.get(int(name), -1) for name in names], dtype=np.int64)
    both = np.concatenate([rules.apart, rules.apart[:, ::-1]])
    both = np.unique(both[both[:, 0] != both[:, 1]], axis=0)
    free = np.ones(n_sites, dtype=np.bool_)
    free[list(rules.must_not)] = False
    return Choice(
        certain=np.empty(0, dtype=np.int64),
        free=free,
        k=n_sites if rules.k is None else min(rules.k, n_sites),
        prices=np.zeros(n_sites) if rules.prices is None else rules.prices.astype(np.float64),
        budget=np.inf if rules.budget is None else rules.budget,
        area=of_name[area] if n_sites else np.empty(0, dtype=np.int64),
        need=np.array([asked[name] for name in sorted(asked)], dtype=np.int64),
        near_starts=np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=n_sites))]).astype(np.int64),
        near=both[:, 1],
    )
