"""Each way to vote under a race, over all channels at once: no ballot over any limit, nobody with two ballots."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.db import IntegrityError

from participation.models import Person, Phase, Proposal
from participation.queries import voting as queries
from participation.rules.electorate import Channel
from participation.rules.voting import Choice
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.hammer import N_THREADS, casting_otherwise, hammer, number, without, without_trigger
from tests.drills.test_ballot_race import voters
from tests.integration.test_methods import CENTS

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Limit:
    """A phase's settings, how a ballot is drawn that is often over them, and which casts are, asked of the tables."""

    settings: dict[str, object]
    most: int
    over: str


SUMS = (
    "SELECT count(*) FROM (SELECT v.cast_id FROM participation_vote v JOIN participation_proposal p"
    " ON p.id = v.proposal_id GROUP BY v.cast_id{more} HAVING {what}) t"
)
LIMITS = {
    "points": Limit(
        {"method": "points", "points": 10, "points_max": 4, "cap": 8},
        5,
        SUMS.format(more="", what="sum(v.value) > 10 OR max(v.value) > 4"),
    ),
    "budget": Limit(
        {"method": "budget", "rule": "greedy", "budget_cents": 3 * CENTS, "cap": 8},
        1,
        SUMS.format(more="", what=f"sum(p.cost_cents) > {3 * CENTS}"),
    ),
    "area": Limit({"cap": 8, "cap_per_area": 2}, 1, SUMS.format(more=", p.area_id", what="count(*) > 2")),
    "theme": Limit({"cap": 8, "cap_per_theme": 2}, 1, SUMS.format(more=", p.theme_id", what="count(*) > 2")),
    "ranking": Limit({"method": "ranking", "rule": "borda", "cap": 3}, 1, SUMS.format(more="", what="count(*) > 3")),
}
# Held by the statement and by a check of the table instead; the others by the trigger.
BY_CHECK = {"ranking"}
TWO_BALLOTS = (
    "SELECT count(*) FROM (SELECT FROM participation_ballot GROUP BY phase_id, person_id HAVING count(*) > 1) t"
)


def cast_any(cast: Cast, limit: Limit, person: Person, seed: str) -> bool:
    """Cast something drawn, by a channel drawn, past the friendly check in front; was it written?"""
    chance = random.Random(seed)
    numbers = chance.sample(range(1, 9), chance.randint(0, 5))
    channel = chance.choice(list(Channel))
    try:
        answer = queries.cast(
            phase_id=cast.vote.pk,
            person_id=person.pk,
            choices=[Choice(one, chance.randint(1, limit.most)) for one in numbers],
            nonce=uuid4(),
            channel=channel,
            clerk_id=cast["Mo"].pk if channel is Channel.PAPER else None,
        )
    except IntegrityError:
        return False
    return answer is not None and answer.seq is not None


def shown_without_guard(cast: Cast, name: str, person: Person) -> int:
    """How many casts are over the limit once what holds it was taken away."""

    def cast_all() -> int:
        hammer(1, lambda _at, thread: cast_any(cast, LIMITS[name], person, f"{name}.control.{thread}"))
        return number(LIMITS[name].over)

    if name not in BY_CHECK:
        with without_trigger("participation_vote", "votes_within_limits"):
            return cast_all()
    loose = ("BETWEEN phase.floor AND phase.cap", ">= phase.floor")
    with casting_otherwise(loose), without("participation_vote", "vote_within_cap"):
        return cast_all()


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_holds_under_a_race_over_all_channels(
    cast: Cast, tell: Tell, rounds: Callable[[int, int], int], name: str
) -> None:
    limit = LIMITS[name]
    Proposal.objects.filter(project=cast.project).update(cost_cents=CENTS)
    Phase.objects.filter(pk=cast.vote.pk).update(**limit.settings)
    people = voters(rounds(2, 400))

    def go(at: int, thread: int) -> bool:
        return cast_any(cast, limit, people[at], f"{name}.{at}.{thread}")

    answers = hammer(len(people), go)
    for answer in (answer for one_round in answers for answer in one_round):
        if isinstance(answer, Exception):
            raise answer
    written = sum(answer is True for one_round in answers for answer in one_round)
    over, twice = number(limit.over), number(TWO_BALLOTS)
    shown = shown_without_guard(cast, name, people[0])
    tell(
        f"limit-{name}",
        attempts=len(people) * N_THREADS,
        violations=over + twice,
        control_violations=shown,
        written=written,
    )
    assert (over, twice) == (0, 0)
    assert 0 < written < len(people) * N_THREADS
    assert shown, "without its guard the limit still held"
