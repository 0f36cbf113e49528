"""Counts a vote by any rule that fits its ballots, and says what another rule or a fair spread would change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from django.core.cache import cache

from participation.models import Phase
from participation.queries import voting as queries
from participation.rules.counting import COUNT, Election, Outcome
from participation.rules.explaining import Explained, explain
from participation.rules.explaining import winners_of as winners_by
from participation.rules.refusals import Code, Refused
from participation.rules.voting import RULES_OF, Method, Rule, by_lot
from participation.selectors.results import counted_options

T = TypeVar("T")

CENTS = 100


def seed_of(phase: Phase) -> str:
    """From what is the draw of a vote made? Published with its rules; participation.rules.voting.by_lot draws."""
    return f"phase {phase.pk}"


def election_of(phase: Phase) -> Election[int]:
    """Read what there is to count: options by number, the last cast of every ballot, the printed order of equals.

    Ballots of which nothing is left on the ballot do not count, as withdrawn ones.
    """
    found = list(counted_options(phase))
    numbers = [option.number for option in found]
    rows = queries.last_ballots(phase.pk)
    method = Method(phase.method)
    place = {number: at for at, number in enumerate(numbers)}
    _ballots, counts = np.unique(rows[:, 0], return_counts=True)
    values = rows[:, 3] if method is Method.RANKING else rows[:, 2]
    spends = phase.budget_cents is not None
    return Election(
        method=method,
        options=tuple(numbers),
        costs=np.array([(option.cost_cents or 0) if spends else 1 for option in found], dtype=np.int64),
        indptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        chosen=np.array([place[number] for number in rows[:, 1].tolist()], dtype=np.int64),
        values=np.ascontiguousarray(values),
        # A file brings no draw: who counts it again takes equals in the order in which they stand there.
        ties=tuple(numbers if phase.project.source else by_lot(numbers, seed=seed_of(phase))),
        n_winners=None if spends else phase.n_winners,
        budget=phase.budget_cents if spends else None,
        unit=CENTS if spends else 1,
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """How a vote ends by one rule, with or without one winner an area; what comes and goes against the binding one.

    ``n_ballots`` counted, with ``n_choices`` on them, or so many points where points are given.
    """

    rule: Rule
    one_per_area: bool
    is_binding: bool
    outcome: Outcome[int]
    explained: Explained[int]
    n_ballots: int
    n_choices: int

    @property
    def winners(self) -> tuple[int, ...]:
        """Who wins, in order."""
        return self.explained.winners

    @property
    def come(self) -> tuple[int, ...]:
        """Who wins and would not by what binds."""
        return tuple(reason.option for reason in self.explained.come)

    @property
    def go(self) -> tuple[int, ...]:
        """Who does not win and would by what binds."""
        return tuple(reason.option for reason in self.explained.go)


def rules_for(phase: Phase) -> tuple[Rule, ...]:
    """Which rules can count this vote? Without costs nothing is skipped, so greedy would say what plurality says."""
    fitting = RULES_OF[Method(phase.method)]
    if phase.budget_cents is None and phase.rule != Rule.GREEDY:
        return tuple(rule for rule in fitting if rule is not Rule.GREEDY)
    return fitting


def _once(phase: Phase, name: str, made: Callable[[], T]) -> T:
    """What is closed never changes: make it once."""
    if phase.closed_at is None:
        return made()
    key = f"{name}.{phase.pk}.{phase.closed_at.timestamp()}.{phase.project.revision}"
    found = cache.get(key)
    if found is None:
        found = made()
        cache.set(key, found, timeout=None)
    return cast(T, found)


def outcome_by(phase: Phase, rule: Rule) -> Outcome[int]:
    """Count a vote by a rule.

    Refuses  vote.rule_not_for_ballot.
    """
    return _once(phase, f"outcome.{rule.value}", lambda: COUNT[rule](election_of(phase)))


def _areas(phase: Phase) -> dict[int, int]:
    return {option.number: option.area_id for option in counted_options(phase) if option.area_id is not None}


def winners_of(phase: Phase, outcome: Outcome[int], *, one_per_area: bool) -> tuple[int, ...]:
    """Who wins by this outcome, each neighbourhood with at least one place if so wished, in order."""
    return winners_by(election_of(phase), outcome, _areas(phase)) if one_per_area else outcome.winners


def counted_by(phase: Phase, rule: Rule, *, one_per_area: bool) -> Counted:
    """How would this vote end so, what would change against what binds, and why?

    Refuses  vote.not_counted while it runs, vote.rule_not_for_ballot.
    """
    if phase.closed_at is None:
        raise Refused(Code.VOTE_NOT_COUNTED)
    return _once(phase, f"counted.{rule.value}.{one_per_area}", lambda: _counted(phase, rule, one_per_area))


def _counted(phase: Phase, rule: Rule, one_per_area: bool) -> Counted:
    election, binding = election_of(phase), Rule(phase.rule)
    areas = _areas(phase)
    bound = winners_by(election, outcome_by(phase, binding), areas if phase.one_per_area else None)
    outcome = outcome_by(phase, rule)
    return Counted(
        rule=rule,
        one_per_area=one_per_area,
        is_binding=rule is binding and one_per_area == phase.one_per_area,
        outcome=outcome,
        explained=explain(election, outcome, areas if one_per_area else None, against=bound),
        n_ballots=election.n_ballots,
        n_choices=int(election.values.sum()) if election.method is Method.POINTS else len(election.chosen),
    )
