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
from tests.drills.hammer import N_THREADS, hammer, number, without_trigger
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
# Held by the keys of the cap instead, whose control is in test_ballot_race.py.
BY_KEY = {"ranking"}
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
    shown = 0
    if name not in BY_KEY:
        with without_trigger("participation_vote", "votes_within_limits"):
            hammer(1, lambda _at, thread: cast_any(cast, limit, people[0], f"{name}.control.{thread}"))
        shown = number(limit.over)
    tell(
        f"limit-{name}",
        attempts=len(people) * N_THREADS,
        violations=over + twice,
        control_violations=shown,
        written=written,
    )
    assert (over, twice) == (0, 0)
    assert 0 < written < len(people) * N_THREADS
    assert shown or name in BY_KEY
