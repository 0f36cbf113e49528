"""Every limit of every way to vote: refused with its code, and held by the database when nobody asks the service."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from participation.models import Ballot, BallotCast, Phase, Proposal, Vote
from participation.rules.refusals import Code, Refused
from participation.rules.voting import NO_CAP, Choice, Rule
from participation.selectors.projects import choices_cast
from participation.services.tally import outcome_by
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks, text

CENTS = 100_000


@dataclass(frozen=True)
class Case:
    """A phase's settings, a ballot just within one of its limits, one just over it, and how that is refused."""

    settings: dict[str, object]
    good: list[Choice]
    bad: list[Choice]
    code: Code
    guard: str


POINTS = {"method": "points", "points": 10, "points_max": 4, "cap": 8}
BUDGET = {"method": "budget", "rule": "greedy", "budget_cents": 3 * CENTS, "cap": 8}
SUPPORT = {"method": "support", "cap": NO_CAP}
RANKING = {"method": "ranking", "rule": "borda", "cap": 3}
# Options 1 to 4 lie in Westkant, 5 to 8 in Oostkant; 1 to 5 are squares; each costs 1,000 euros (see setting).
CASES = {
    "choices": Case({"cap": 3}, picks([1, 2, 3]), picks([1, 2, 3, 4]), Code.VOTE_TOO_MANY, "vote_within_cap"),
    "points in all": Case(
        POINTS,
        [Choice(1, 4), Choice(2, 4), Choice(3, 2)],
        [Choice(1, 4), Choice(2, 4), Choice(3, 3)],
        Code.VOTE_TOO_MANY_POINTS,
        "votes_within_limits",
    ),
    "points on one": Case(
        POINTS, [Choice(1, 4)], [Choice(1, 5)], Code.VOTE_TOO_MANY_POINTS_ON_ONE, "votes_within_limits"
    ),
    "no points": Case(POINTS, [Choice(1, 1)], [Choice(1, 0)], Code.VOTE_BAD_POINTS, "vote_has_a_value"),
    "options with points": Case(
        POINTS | {"cap": 2}, picks([1, 2]), picks([1, 2, 3]), Code.VOTE_TOO_MANY, "vote_within_cap"
    ),
    "budget": Case(BUDGET, picks([1, 2, 3]), picks([1, 2, 3, 4]), Code.VOTE_OVER_BUDGET, "votes_within_limits"),
    "budget, one twice as much": Case(
        BUDGET, picks([1, 2]), [Choice(1, 2)], Code.VOTE_BAD_POINTS, "votes_within_limits"
    ),
    "choices in an area": Case(
        {"cap": 8, "cap_per_area": 2},
        picks([1, 2, 7, 8]),
        picks([1, 2, 3, 8]),
        Code.VOTE_TOO_MANY_IN_AREA,
        "votes_within_limits",
    ),
    "choices of a theme": Case(
        {"cap": 8, "cap_per_theme": 2},
        picks([1, 2, 6, 7, 8]),
        picks([1, 2, 3, 8]),
        Code.VOTE_TOO_MANY_OF_THEME,
        "votes_within_limits",
    ),
    "support worth two": Case(SUPPORT, picks(range(1, 9)), [Choice(1, 2)], Code.VOTE_BAD_POINTS, "votes_within_limits"),
    "support of one twice": Case(SUPPORT, picks([3, 1]), picks([3, 3]), Code.VOTE_TWICE, "vote_once_a_cast"),
    "support in an area": Case(
        SUPPORT | {"cap_per_area": 2},
        picks([1, 2, 7, 8]),
        picks([1, 2, 3, 8]),
        Code.VOTE_TOO_MANY_IN_AREA,
        "votes_within_limits",
    ),
    "ranks": Case(RANKING, picks([3, 1, 2]), picks([3, 1, 2, 4]), Code.VOTE_TOO_MANY, "vote_within_cap"),
    "one ranked twice": Case(RANKING, picks([3, 1]), picks([3, 3]), Code.VOTE_TWICE, "vote_once_a_cast"),
    "a choice worth two": Case({"cap": 3}, picks([1]), [Choice(1, 2)], Code.VOTE_BAD_POINTS, "votes_within_limits"),
    "a rank worth two": Case(RANKING, picks([1]), [Choice(1, 2)], Code.VOTE_BAD_POINTS, "votes_within_limits"),
}


def setting(cast: Cast, **settings: object) -> Phase:
    """Set the vote up, each option at 1,000 euros and only the first five squares."""
    Proposal.objects.filter(project=cast.project).update(cost_cents=CENTS)
    Proposal.objects.filter(project=cast.project, number__gt=5).update(theme=None)
    Phase.objects.filter(pk=cast.vote.pk).update(**settings)
    cast.vote.refresh_from_db()
    return cast.vote


def written_by_sql(cast: Cast, choices: list[Choice], *, positions: list[int] | None = None) -> str | None:
    """Write a ballot as the owner of the tables, in two bare statements; which constraint held it off, if any did."""
    pks = dict(Proposal.objects.filter(project=cast.project).values_list("number", "pk"))
    try:
        with transaction.atomic():
            ballot = Ballot.objects.create(phase=cast.vote, person=cast["Vera"])
            last = BallotCast.objects.create(
                ballot=ballot, phase=cast.vote, cap=cast.vote.cap, seq=1, nonce=uuid4(), recorded_at=datetime.now(UTC)
            )
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO participation_vote (cast_id, cap, position, proposal_id, value)"
                    " SELECT %s, %s, * FROM unnest(%s::int[], %s::bigint[], %s::int[])",
                    [
                        last.pk,
                        cast.vote.cap,
                        positions or list(range(1, len(choices) + 1)),
                        [pks[choice.number] for choice in choices],
                        [choice.value for choice in choices],
                    ],
                )
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return None


@pytest.mark.parametrize("name", CASES)
def test_the_last_ballot_within_a_limit_is_cast_and_the_first_over_it_refused(cast: Cast, name: str) -> None:
    case = CASES[name]
    vote = setting(cast, **case.settings)
    with pytest.raises(Refused) as refused:
        cast_ballot(phase=vote, person=cast["An"], choices=case.bad, nonce=uuid4())
    assert refused.value.code is case.code
    assert not Ballot.objects.exists()
    receipt = cast_ballot(phase=vote, person=cast["An"], choices=case.good, nonce=uuid4())
    assert list(receipt.choices) == case.good
    assert choices_cast(vote, cast["An"]) == case.good


@pytest.mark.parametrize("name", CASES)
def test_the_database_holds_it_when_the_service_is_not_asked(cast: Cast, name: str) -> None:
    case = CASES[name]
    setting(cast, **case.settings)
    assert written_by_sql(cast, case.bad) == case.guard
    assert written_by_sql(cast, case.good) is None
    assert Vote.objects.count() == len(case.good)


def test_a_position_over_the_cap_cannot_be_written(cast: Cast) -> None:
    setting(cast, **RANKING)
    assert written_by_sql(cast, picks([1, 2]), positions=[1, 4]) == "vote_within_cap"
    assert written_by_sql(cast, picks([1, 2]), positions=[2, 2]) == "participation_vote_pkey"


def test_support_has_no_limit_and_takes_what_joins_later(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="phase_support_has_no_cap"), transaction.atomic():
        setting(cast, method="support", cap=8)
    vote = setting(cast, **SUPPORT)
    cast_ballot(phase=vote, person=cast["An"], choices=picks(range(1, 9)), nonce=uuid4())
    late = Proposal.objects.create(
        project=cast.project, number=9, title="Later", on_ballot=True, created_at=datetime.now(UTC)
    )
    cast_ballot(phase=vote, person=cast["An"], choices=picks(range(1, 10)), nonce=uuid4())
    assert late.votes.count() == 1
    with pytest.raises(Refused) as refused:
        outcome_by(vote, Rule.BORDA)
    assert refused.value.code is Code.RULE_NOT_FOR_BALLOT
    assert set(outcome_by(vote, Rule.PLURALITY).scores.values()) == {1}


def test_points_cannot_be_added_to_a_cast_afterwards(cast: Cast) -> None:
    vote = setting(cast, **POINTS)
    cast_ballot(phase=vote, person=cast["An"], choices=[Choice(1, 4), Choice(2, 4)], nonce=uuid4())
    last = BallotCast.objects.get()
    with pytest.raises(IntegrityError, match="over a limit"), transaction.atomic():
        Vote.objects.create(cast=last, cap=last.cap, position=3, proposal=cast.options[2], value=3)


def test_what_options_cost_is_frozen_once_somebody_voted(cast: Cast) -> None:
    vote = setting(cast, **BUDGET)
    first, second = cast.options[:2]
    Proposal.objects.filter(pk=first.pk).update(cost_cents=CENTS + 1)
    cast_ballot(phase=vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    Proposal.objects.filter(pk=first.pk).update(cost_cents=CENTS + 1)
    for cents in (CENTS, None):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            Proposal.objects.filter(pk=first.pk).update(cost_cents=cents)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Proposal.objects.filter(pk=second.pk).update(cost_cents=CENTS + 1)


def test_options_without_an_area_or_theme_are_not_limited_by_it(cast: Cast) -> None:
    vote = setting(cast, cap=8, cap_per_area=1, cap_per_theme=1)
    Proposal.objects.filter(project=cast.project).update(area=None, theme=None)
    cast_ballot(phase=vote, person=cast["An"], choices=picks(range(1, 9)), nonce=uuid4())
    assert written_by_sql(cast, picks(range(1, 9))) is None


def test_an_option_without_a_cost_costs_nothing(cast: Cast) -> None:
    vote = setting(cast, **BUDGET)
    Proposal.objects.filter(number=4).update(cost_cents=None)
    cast_ballot(phase=vote, person=cast["An"], choices=picks([1, 2, 3, 4]), nonce=uuid4())
    assert written_by_sql(cast, picks([1, 2, 3, 4])) is None


STALE = {
    "cap": ({}, {"cap": 1}, picks([1, 2]), Code.VOTE_TOO_MANY),
    "points": (POINTS, {"points": 5}, [Choice(1, 4), Choice(2, 4)], Code.VOTE_TOO_MANY_POINTS),
    "points on one": (POINTS, {"points_max": 3}, [Choice(1, 4)], Code.VOTE_TOO_MANY_POINTS_ON_ONE),
    "budget": (BUDGET, {"budget_cents": CENTS}, picks([1, 2]), Code.VOTE_OVER_BUDGET),
    "area": ({}, {"cap_per_area": 1}, picks([1, 2]), Code.VOTE_TOO_MANY_IN_AREA),
}


@pytest.mark.parametrize("name", STALE)
def test_a_limit_that_grew_tighter_since_the_phase_was_read_is_said_too(cast: Cast, name: str) -> None:
    before, since, choices, code = STALE[name]
    stale = setting(cast, **before)
    Phase.objects.filter(pk=stale.pk).update(**since)
    with pytest.raises(Refused) as refused:
        cast_ballot(phase=stale, person=cast["An"], choices=choices, nonce=uuid4())
    assert refused.value.code is code
    assert not Ballot.objects.exists()


# --- what freezes with the first ballot ------------------------------------------------------------------------

SOON = datetime.now(UTC) + timedelta(hours=1)
# Each field of a phase and another value for it; a field that is in neither list has not been decided about.
FROZEN: dict[str, object] = {
    "project": None,
    "kind": "propose",
    "opens_at": SOON - timedelta(days=9),
    "method": "ranking",
    "rule": "greedy",
    "cap": 4,
    "floor": 2,
    "points": 12,
    "points_max": 9,
    "budget_cents": 1,
    "cap_per_area": 1,
    "cap_per_theme": 1,
    "n_winners": 5,
    "eligibility": "code",
    "min_age": 16,
    "takes_paper": True,
    "n_eligible": 9_000,
    "one_per_area": True,
    "write_ins": False,
    "write_ins_join": False,
    "hides_tally": False,
}
FREE: dict[str, object] = {
    "position": 7,
    "name": text("Anders"),
    # Who may propose or support while it runs; who may vote is eligibility.
    "access": {"propose": "verified"},
}
# What moves under conditions of its own (tests/integration/test_frozen.py).
GUARDED = {"closes_at", "closed_at"}


def changed(cast: Cast, name: str) -> dict[str, object]:
    """Another value for this field, by the name of its column."""
    if name == "project":
        return {"project_id": type(cast.project).objects.create(organisation=cast.town, slug="andere").pk}
    return {name: (FROZEN | FREE)[name]}


@pytest.mark.parametrize("name", [field.name for field in Phase._meta.fields if not field.primary_key])
def test_every_field_of_a_phase_is_frozen_with_the_first_ballot_or_free_on_purpose(cast: Cast, name: str) -> None:
    if name in GUARDED:
        return
    assert (name in FROZEN) != (name in FREE), f"does {name} freeze with the first ballot?"
    phase, change = Phase.objects.filter(pk=cast.vote.pk), changed(cast, name)
    with transaction.atomic():
        assert phase.update(**change) == 1
        transaction.set_rollback(True)
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    phase.update(**{name: getattr(cast.vote, name)})  # no change is no change
    if name in FREE:
        assert phase.update(**change) == 1
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        phase.update(**change)
