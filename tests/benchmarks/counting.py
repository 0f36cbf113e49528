"""How long counting 100,000 ballots with 60 options takes, each rule, and what pabutools needs for the same."""

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pabutools.election import ApprovalBallot, ApprovalProfile, Cost_Sat, Instance, Project
from pabutools.rules import greedy_utilitarian_welfare, method_of_equal_shares

from participation.rules.counting import Election, borda, equal_shares, greedy, plurality
from participation.rules.voting import Method

N_BALLOTS = 100_000
N_OPTIONS = 60
BUDGET = 2_000_000
ROUNDS = 5
SECONDS = 10.0
RATIO = 0.5


class Figures(NamedTuple):
    """One promise: what ours took and the peer or the limit, in the order a row of the benchmarks has."""

    name: str
    ours: float
    peer: float
    ratio: float
    goal: float
    sense: Literal[">=", "<="]


def rows(*, n_ballots: int = N_BALLOTS, n_rounds: int = ROUNDS) -> list[Figures]:
    """Count the same ballots with every rule and with pabutools, in turn: medians, in seconds.

    pabutools' equal shares does not raise the budget here, ours does: it has the easier task.
    """
    chance = np.random.default_rng(1)
    costs = chance.integers(5_000, 200_000, N_OPTIONS)
    names = chance.random((n_ballots, N_OPTIONS)) < chance.beta(1, 4, N_OPTIONS)
    plain = _held(Method.BUDGET, names, np.ones(names.shape, dtype=np.int64), costs)
    points = _held(Method.POINTS, names, chance.integers(1, 6, names.shape), costs)
    ranking = _held(Method.RANKING, names, np.cumsum(names, axis=1), costs)
    projects = [Project(str(at), int(cost)) for at, cost in enumerate(costs)]
    instance = Instance(projects, budget_limit=BUDGET)
    ballots = [ApprovalBallot([projects[at] for at in np.flatnonzero(row)]) for row in names]
    profile = ApprovalProfile(ballots, instance=instance)
    tasks: dict[str, Callable[[], Any]] = {
        "plurality": lambda: plurality(plain),
        "greedy": lambda: greedy(plain),
        "equal-shares": lambda: equal_shares(plain),
        "equal-shares-points": lambda: equal_shares(points),
        "borda": lambda: borda(ranking),
        "pabutools greedy": lambda: greedy_utilitarian_welfare(instance, profile, sat_class=Cost_Sat),
        "pabutools equal-shares": lambda: method_of_equal_shares(instance, profile, sat_class=Cost_Sat),
    }
    # The first count compiles.
    equal_shares(plain)
    took: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(n_rounds):
        for name, task in tasks.items():
            began = perf_counter()
            task()
            took[name].append(perf_counter() - began)
    found = []
    for name in ("plurality", "greedy", "equal-shares", "equal-shares-points", "borda"):
        middle = statistics.median(took[name])
        found.append(Figures(f"count-{name}-s", middle, SECONDS, middle / SECONDS, 1.0, "<="))
    for name in ("greedy", "equal-shares"):
        ours, peer = took[name], took[f"pabutools {name}"]
        ratio = statistics.median(mine / other for mine, other in zip(ours, peer, strict=True))
        middle, other = statistics.median(ours), statistics.median(peer)
        found.append(Figures(f"count-{name}-to-pabutools", middle, other, ratio, RATIO, "<="))
    return found


def _held(
    method: Method, names: NDArray[np.bool_], values: NDArray[np.int64], costs: NDArray[np.int64]
) -> Election[int]:
    return Election(
        method,
        tuple(range(N_OPTIONS)),
        costs,
        np.concatenate(([0], np.cumsum(names.sum(axis=1)))),
        np.nonzero(names)[1],
        values[names],
        tuple(range(N_OPTIONS)),
        budget=BUDGET,
    )
