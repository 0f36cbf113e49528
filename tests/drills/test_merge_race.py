"""Hearts come and go while proposals are joined and taken apart: the count is what it should be, always."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from participation.models import Merge, Person, Phase, Proposal, Support
from participation.rules.refusals import Refused
from participation.services.merging import merge_proposals, undo_merge
from participation.services.proposals import support, take_back_support
from tests.cast import Cast
from tests.drills.hammer import hammer, number, without_trigger

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
ROUNDS, THREADS = 6, 12
NUMBERS = (31, 32, 33)

# Different supporters by the rows themselves, against what is kept: how many proposals are wrong.
WRONG = """
SELECT count(*) FROM participation_proposal p WHERE p.number > 30 AND p.n_supports <> (
  SELECT count(DISTINCT s.person_id) FROM participation_support s JOIN participation_proposal o ON o.id = s.proposal_id
   WHERE o.id = p.id OR o.merged_into_id = p.id)
"""


@pytest.fixture
def open_project(cast: Cast) -> Cast:
    """Three ideas that can be supported now."""
    Phase.objects.create(project=cast.project, position=2, kind="discuss", name={}, opens_at=NOW - timedelta(days=1))
    Proposal.objects.bulk_create(
        Proposal(project=cast.project, number=n, title=f"Idee {n}", created_at=NOW) for n in NUMBERS
    )
    return cast


def everything_at_once(cast: Cast) -> list[Exception]:
    """Two threads of staff join and take apart, the rest give their heart and take it back; what went wrong."""
    people = [Person.objects.create_user(email=f"p{n}@example.org") for n in range(THREADS)]

    def act(at: int, thread: int) -> Any:
        rows = {
            row.number: row
            for row in Proposal.objects.filter(number__in=NUMBERS).select_related("project__organisation")
        }
        if thread < 2:
            live = Merge.objects.filter(undone_at=None).select_related("project__organisation", "target").first()
            if live is not None and (at + thread) % 2:
                return undo_merge(merge=live, by=cast["Mo"], base_url="", now=NOW)
            target, *parts = NUMBERS[thread:] + NUMBERS[:thread]
            return merge_proposals(
                project=cast.project, numbers=parts[: 1 + at % 2], into=target, by=cast["Mo"], base_url="", now=NOW
            )
        row = rows[NUMBERS[(at + thread) % 3]]
        if thread % 4 == 0 and at % 2:
            return take_back_support(proposal=row, person=people[thread], now=NOW)
        if thread % 4 == 1:
            return Support.objects.bulk_create([Support(proposal=row, person=people[thread])], ignore_conflicts=True)
        return support(proposal=row, person=people[thread], now=NOW)

    answers = hammer(ROUNDS, act, n_threads=THREADS)
    return [answer for row in answers for answer in row if isinstance(answer, Exception)]


def test_the_count_is_true_under_any_race(open_project: Cast) -> None:
    errors = everything_at_once(open_project)
    # Refusals are answers; a deadlock that the database breaks undoes that act whole.
    assert [error for error in errors if not isinstance(error, Refused | OperationalError)] == []
    assert Support.objects.count() > 0
    assert Merge.objects.exists()
    assert number(WRONG) == 0


def test_without_the_trigger_the_count_would_be_wrong(open_project: Cast) -> None:
    """The control: joined, and nobody counts anew."""
    for n, name in ((31, "An"), (32, "Vera")):
        Support.objects.create(proposal=Proposal.objects.get(number=n), person=open_project[name])
    with without_trigger("participation_proposal", "count_supports_merged"):
        merge_proposals(
            project=open_project.project, numbers=[31], into=32, by=open_project["Mo"], base_url="", now=NOW
        )
    assert number(WRONG) > 0
