"""Integer programs for HiGHS: choices that hold to the rules, at least cost. Sparse, written down directly."""

import time
from dataclasses import dataclass

import highspy
import numpy as np

from geo.analysis.allocation.costs import Costs, Floats, Ints
from geo.analysis.allocation.rules import Choice, Contradiction, Kind, Rules

# One solver a request: the machine's other cores answer others.
THREADS = 1
# What the numbers of a program with broken numbers are brought to, because HiGHS' tolerances are absolute.
SCALE = 1e4
# A contradiction is looked into for so long; what then is not settled counts as part of it.
EXPLAIN_SECONDS = 5.0
# A choice that only has to hold to the rules is found in a moment: it may take that also when the time is over.
GRACE_SECONDS = 1.0
# Single sites and areas of a contradiction are told apart up to so many.
TOLD_APART = 60


@dataclass(frozen=True)
class Solved:
    """What HiGHS found: the chosen variables or None, a bound that holds (-inf: none), and whether there is none."""

    chosen: Ints | None
    bound: float
    is_optimal: bool
    is_impossible: bool


class _Quiet(highspy.Highs):  # type: ignore[misc]
    """HiGHS without a word: its constructor greets on stdout, where the JSON of a command goes."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


class Program:
    """Rows and columns of an integer program that is being written down: minimise, variables between 0 and 1."""

    def __init__(self, n_sites: int) -> None:
        self.n_sites, self.n_columns = n_sites, n_sites
        self.costs: list[Floats] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.columns: list[Ints] = []
        self.factors: list[Floats] = []

    def row(
        self, columns: Ints, factors: Floats | None = None, *, lower: float = -np.inf, upper: float = np.inf
    ) -> None:
        """Add a row: lower <= sum of factors x columns <= upper."""
        self.columns.append(columns)
        self.factors.append(np.ones(len(columns)) if factors is None else factors)
        self.lower.append(lower)
        self.upper.append(upper)

    def keep(self, choice: Choice, sites: Ints, *, kinds: frozenset[Kind] = frozenset(Kind)) -> None:
        """Add the rows of a choice among these sites (the first columns), of the kinds wanted."""
        place = np.full(choice.n_sites, -1, dtype=np.int64)
        place[sites] = np.arange(len(sites))
        if Kind.NUMBER in kinds and choice.k < len(sites):
            self.row(place[sites], upper=choice.k)
        if Kind.BUDGET in kinds and np.isfinite(choice.budget):
            self.row(place[sites], choice.prices[sites], upper=choice.budget)
        if Kind.AREA in kinds:
            for area, least in enumerate(choice.need):
                if least:
                    self.row(place[sites[choice.area[sites] == area]], lower=float(least))
        if Kind.SPACING in kinds:
            for site in sites:
                near = choice.neighbours(site)
                for other in place[near[(near > site)]]:
                    if other >= 0:
                        self.row(np.array([place[site], other]), upper=1.0)

    def solve(
        self, costs: Floats, *, seconds: float, start: Floats | None = None, whole: bool = False, base: float = 0.0
    ) -> Solved:
        """Find the cheapest; ``whole`` says that all costs are whole numbers, so that less than 1 apart is the same."""
        if not self.n_columns:
            holds = all(lower <= 0 <= upper for lower, upper in zip(self.lower, self.upper, strict=True))
            nothing = np.empty(0, dtype=np.int64) if holds else None
            return Solved(nothing, base if holds else np.inf, is_optimal=holds, is_impossible=not holds)
        scale = 1.0 if whole or not costs.any() else SCALE / float(np.abs(costs).max())
        lengths = np.array([len(columns) for columns in self.columns], dtype=np.int64)
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.n_columns, len(lengths)
        program.col_cost_ = costs * scale
        program.col_lower_, program.col_upper_ = np.zeros(self.n_columns), np.ones(self.n_columns)
        program.row_lower_, program.row_upper_ = np.array(self.lower), np.array(self.upper)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        program.a_matrix_.index_ = np.concatenate([*self.columns, np.empty(0, dtype=np.int64)]).astype(np.int32)
        program.a_matrix_.value_ = np.concatenate([*self.factors, np.empty(0)])
        kinds = [highspy.HighsVarType.kInteger] * self.n_sites
        program.integrality_ = kinds + [highspy.HighsVarType.kContinuous] * (self.n_columns - self.n_sites)
        solver = _Quiet()
        for name, value in (
            ("threads", THREADS),
            ("time_limit", max(seconds, 0.0)),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.999 if whole else 1e-7),
        ):
            solver.setOptionValue(name, value)
        solver.passModel(program)
        if start is not None:
            given = highspy.HighsSolution()
            given.col_value = start.tolist()
            solver.setSolution(given)
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return Solved(None, np.inf, is_optimal=False, is_impossible=True)
        info = solver.getInfo()
        chosen = None
        if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            chosen = np.flatnonzero(np.array(solver.getSolution().col_value[: self.n_sites]) > 0.5)
        is_optimal = status in {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty}
        return Solved(chosen, info.mip_dual_bound / scale + base, is_optimal=is_optimal, is_impossible=False)


def cheapest(costs: Costs, choice: Choice, *, start: Ints | None, until: float) -> Solved:
    """Solve what is left exactly: sites that are in no doubt should be out of it already.

    A row is a step of a demand's costs: it is paid unless a site at most so dear is chosen. Steps with the very same
    sites are one.
    Source   Church & ReVelle 1974; Elloumi 2010 for the steps.
    """
    sites = np.flatnonzero(choice.free)
    place = np.full(costs.n_sites, -1, dtype=np.int64)
    place[sites] = np.arange(len(sites))
    steps: dict[bytes, float] = {}
    base = costs.base
    for row in range(len(costs.otherwise)):
        at = slice(costs.row_starts[row], costs.row_starts[row + 1])
        paid, reach = costs.row_costs[at], place[costs.row_sites[at]]
        rises = np.append(paid[1:], costs.otherwise[row]) - paid
        base += paid[0]
        for last in np.flatnonzero(rises > 0):
            key = np.sort(reach[: last + 1]).tobytes()
            steps[key] = steps.get(key, 0.0) + float(rises[last])
    program = Program(len(sites))
    program.n_columns += len(steps)
    program.keep(choice, sites)
    for number, key in enumerate(steps):
        columns = np.append(np.frombuffer(key, dtype=np.int64), len(sites) + number)
        program.row(columns, lower=1.0)
    value = None
    if start is not None:
        value = np.zeros(program.n_columns)
        value[place[start]] = 1
        for number, key in enumerate(steps):
            value[len(sites) + number] = not value[np.frombuffer(key, dtype=np.int64)].any()
    paid = np.concatenate([np.zeros(len(sites)), np.fromiter(steps.values(), np.float64, len(steps))])
    solved = program.solve(paid, seconds=until - time.monotonic(), start=value, whole=costs.is_whole, base=base)
    chosen = None if solved.chosen is None else sites[solved.chosen]
    return Solved(chosen, solved.bound, solved.is_optimal, solved.is_impossible)


def any_choice(choice: Choice, wanted: Floats, *, until: float, at_least_one: bool) -> Solved:
    """A choice that holds to the rules with as few sites as can be, those with a high ``wanted`` (0..1) rather."""
    sites = np.flatnonzero(choice.free)
    program = Program(len(sites))
    program.keep(choice, sites)
    if at_least_one:
        program.row(np.arange(len(sites)), lower=1.0)
    solved = program.solve(1 - 0.5 * wanted[sites], seconds=max(until - time.monotonic(), GRACE_SECONDS))
    chosen = None if solved.chosen is None else sites[solved.chosen]
    return Solved(chosen, solved.bound, solved.is_optimal, solved.is_impossible)


def explain(rules: Rules, choice: Choice, covers: list[Ints], *, at_least_one: bool = False) -> Contradiction:
    """Say which rules contradict: a set of which none can be missed.

    ``choice`` is that of the rules with nothing certain yet; ``covers`` lists sites of which one at least must be
    chosen.
    Source   the deletion filter of Chinneck & Dravnieks 1991.
    """
    until = time.monotonic() + EXPLAIN_SECONDS
    kinds = set(Kind)
    must, areas = set(rules.must), set(np.flatnonzero(choice.need).tolist())

    def is_impossible() -> bool:
        program = Program(choice.n_sites)
        need = np.where(np.isin(np.arange(len(choice.need)), list(areas)), choice.need, 0)
        free = np.ones(choice.n_sites, dtype=np.bool_)
        all_sites = np.arange(choice.n_sites)
        tried = Choice(
            choice.certain, free, choice.k, choice.prices, choice.budget, choice.area, need, choice.near_starts,
            choice.near,
        )  # fmt: skip
        program.keep(tried, all_sites, kinds=frozenset(kinds))
        if Kind.MUST in kinds:
            for site in must:
                program.row(np.array([site]), lower=1.0)
        if Kind.MUST_NOT in kinds:
            for site in rules.must_not:
                program.row(np.array([site]), upper=0.0)
        if Kind.COVER in kinds:
            for cover in covers:
                program.row(cover, lower=1.0)
        if at_least_one:
            program.row(all_sites, lower=1.0)
        return program.solve(np.zeros(choice.n_sites), seconds=until - time.monotonic()).is_impossible

    for kind in Kind:
        kinds.discard(kind)
        if not is_impossible():
            kinds.add(kind)
    for kind, single in ((Kind.MUST, must), (Kind.AREA, areas)):
        if kind in kinds and len(single) <= TOLD_APART:
            for one in sorted(single):
                single.discard(one)
                if not is_impossible():
                    single.add(one)
    named = sorted(name for name, least in rules.at_least.items() if least > 0)
    return Contradiction(
        frozenset(kinds),
        sites=tuple(sorted(must)) if Kind.MUST in kinds else (),
        areas=tuple(named[area] for area in sorted(areas)) if Kind.AREA in kinds else (),
    )


def covering(
    covers: list[Ints], choice: Choice, prices: Floats, *, start: Ints | None, whole: bool, seconds: float
) -> Solved:
    """The cheapest free sites of which each cover has one."""
    sites = np.flatnonzero(choice.free)
    place = np.full(choice.n_sites, -1, dtype=np.int64)
    place[sites] = np.arange(len(sites))
    program = Program(len(sites))
    program.keep(choice, sites)
    for cover in covers:
        columns = place[cover]
        program.row(columns[columns >= 0], lower=1.0)
    value = None
    if start is not None:
        value = np.zeros(len(sites))
        value[place[start]] = 1
    solved = program.solve(prices[sites], seconds=seconds, start=value, whole=whole)
    chosen = None if solved.chosen is None else sites[solved.chosen]
    return Solved(chosen, solved.bound, solved.is_optimal, solved.is_impossible)
