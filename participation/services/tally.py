"""Counts a vote by any rule that fits its ballots, and says what another rule or a fair spread would change."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from django.core.cache import cache

from participation.models import Phase
from participation.queries import voting as queries
from participation.rules.counting import COUNT, Election, Outcome, at_least_one_per
from participation.rules.refusals import Code, Refused
from participation.rules.voting import RULES_OF, Method, Rule, by_lot
from participation.selectors.projects import options

CENTS = 100


def election_of(phase: Phase) -> Election[int]:
    """Read what there is to count: options by number, the last cast of every ballot, the printed order of equals.

    Ballots of which nothing is left on the ballot do not count, as withdrawn ones.
    """
    found = list(options(phase.project))
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
        ties=tuple(numbers if phase.project.source else by_lot(numbers, seed=f"phase {phase.pk}")),
        n_winners=None if spends else phase.n_winners,
        budget=phase.budget_cents if spends else None,
        unit=CENTS if spends else 1,
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """How a vote ends by one rule, with or without one winner an area; what comes and goes against the binding one."""

    rule: Rule
    one_per_area: bool
    is_binding: bool
    outcome: Outcome[int]
    winners: tuple[int, ...]
    come: tuple[int, ...]
    go: tuple[int, ...]


def rules_for(phase: Phase) -> tuple[Rule, ...]:
    """Which rules can count this vote? Without costs nothing is skipped, so greedy would say what plurality says."""
    fitting = RULES_OF[Method(phase.method)]
    if phase.budget_cents is None and phase.rule != Rule.GREEDY:
        return tuple(rule for rule in fitting if rule is not Rule.GREEDY)
    return fitting


def outcome_by(phase: Phase, rule: Rule) -> Outcome[int]:
    """Count a vote by a rule; what is closed never changes, so it is counted once.

    Refuses  vote.rule_not_for_ballot.
    """
    if phase.closed_at is None:
        return COUNT[rule](election_of(phase))
    key = f"outcome.{phase.pk}.{phase.project.revision}.{rule.value}"
    found = cache.get(key)
    if found is None:
        found = COUNT[rule](election_of(phase))
        cache.set(key, found, timeout=None)
    return cast(Outcome[int], found)


def winners_of(phase: Phase, outcome: Outcome[int], *, one_per_area: bool) -> tuple[int, ...]:
    """Who wins by this outcome, each neighbourhood with at least one place if so wished, in order."""
    if not one_per_area:
        return outcome.winners
    areas = {option.number: option.area_id for option in options(phase.project) if option.area_id is not None}
    return at_least_one_per(outcome.order, areas, len(outcome.winners)).winners


def counted_by(phase: Phase, rule: Rule, *, one_per_area: bool) -> Counted:
    """How would this vote end so, and what would change against what binds?

    Refuses  vote.not_counted while it runs, vote.rule_not_for_ballot.
    """
    if phase.closed_at is None:
        raise Refused(Code.VOTE_NOT_COUNTED)
    outcome = outcome_by(phase, rule)
    winners = winners_of(phase, outcome, one_per_area=one_per_area)
    binding_rule = Rule(phase.rule)
    bound = winners_of(phase, outcome_by(phase, binding_rule), one_per_area=phase.one_per_area)
    return Counted(
        rule=rule,
        one_per_area=one_per_area,
        is_binding=rule is binding_rule and one_per_area == phase.one_per_area,
        outcome=outcome,
        winners=winners,
        come=tuple(number for number in winners if number not in bound),
        go=tuple(number for number in bound if number not in winners),
    )
