"""The rules of a vote as they are set before it opens: which numbers fit together."""

from dataclasses import dataclass, replace

from participation.rules.electorate import Eligibility
from participation.rules.refusals import Code, Refused
from participation.rules.voting import NO_CAP, RULES_OF, Method, Rule

# What there is to spend in a vote with a budget where nobody said it yet (euro cents).
BUDGET_CENTS = 5_000_000


@dataclass(frozen=True, slots=True)
class VoteSettings:
    """All rules of a vote, by the names of the columns of a phase."""

    method: Method = Method.CHOICES
    rule: Rule = Rule.PLURALITY
    cap: int = 5
    floor: int = 1
    points: int = 10
    points_max: int = 10
    budget_cents: int | None = None
    cap_per_area: int | None = None
    cap_per_theme: int | None = None
    n_winners: int = 12
    one_per_area: bool = False
    eligibility: Eligibility = Eligibility.MAIL
    min_age: int | None = None
    takes_paper: bool = False
    n_eligible: int | None = None
    write_ins: bool = False
    write_ins_join: bool = False
    hides_tally: bool = True


def by_method(method: Method, settings: VoteSettings | None = None) -> VoteSettings:
    """The rules of a vote by another method: its own first rule of counting, and what it cannot do without."""
    given = settings or VoteSettings()
    rule = given.rule if given.rule in RULES_OF[method] else RULES_OF[method][0]
    cap = NO_CAP if method is Method.SUPPORT else (VoteSettings().cap if given.cap == NO_CAP else given.cap)
    budget = (given.budget_cents or BUDGET_CENTS) if method is Method.BUDGET else None
    return replace(given, method=method, rule=rule, cap=cap, budget_cents=budget)


def checked(settings: VoteSettings) -> VoteSettings:
    """Give back rules that fit together: who supports may support all, only a budget has a sum.

    Refuses  vote.rule_not_for_ballot, setup.floor_above_cap, setup.points_above, setup.budget_missing.
    """
    method = settings.method
    if settings.rule not in RULES_OF[method]:
        raise Refused(Code.RULE_NOT_FOR_BALLOT, {"rule": settings.rule.value, "method": method.value})
    if method is Method.BUDGET and not settings.budget_cents:
        raise Refused(Code.SETUP_BUDGET_MISSING)
    if method is Method.POINTS and settings.points_max > settings.points:
        raise Refused(Code.SETUP_POINTS_ABOVE, {"points": settings.points})
    cap = NO_CAP if method is Method.SUPPORT else settings.cap
    if settings.floor > cap:
        raise Refused(Code.SETUP_FLOOR_ABOVE_CAP, {"floor": settings.floor, "cap": cap})
    return replace(
        settings,
        cap=cap,
        points_max=min(settings.points_max, settings.points),
        budget_cents=settings.budget_cents if method is Method.BUDGET else None,
        write_ins_join=settings.write_ins and settings.write_ins_join,
    )
