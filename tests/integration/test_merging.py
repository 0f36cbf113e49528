"""Joining proposals and undoing it: nobody is lost, nobody counted twice, everybody told once."""

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from procrastinate.contrib.django.models import ProcrastinateJob

from participation.models import Comment, Follow, Merge, Person, Phase, Project, Proposal, Record, Support
from participation.public import n_people_behind
from participation.rules.refusals import Code, Refused
from participation.selectors.comments import comments_on
from participation.selectors.follows import followed_by, people_to_tell
from participation.services.merge_mails import tell_of_merge
from participation.services.merging import merge_proposals, undo_merge
from participation.services.proposals import hide_proposal, publish_proposal, support, take_back_support
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks

NOW = datetime.now(UTC)
SITE = "https://beslist.example.org"


def jobs() -> list[ProcrastinateJob]:
    """What is on its way about joining."""
    return list(ProcrastinateJob.objects.filter(task_name__endswith="tell_of_merge").order_by("id"))


@pytest.fixture
def wide(cast: Cast) -> Cast:
    """The cast while proposals can be supported, with three ideas beside the ballot: 11, 12 and 13."""
    Phase.objects.create(project=cast.project, position=2, kind="discuss", name={}, opens_at=NOW - timedelta(days=1))
    for number in (11, 12, 13):
        Proposal.objects.create(
            project=cast.project, number=number, title=f"Idee {number}", author=cast["Vera"], created_at=NOW,
            point=cast.options[0].point,
        )  # fmt: skip
    return cast


def at(cast: Cast, number: int) -> Proposal:
    """The proposal of this number, as it is now."""
    return Proposal.objects.select_related("project__organisation").get(project=cast.project, number=number)


def merge(cast: Cast, numbers: list[int], into: int, by: str = "Mo") -> Merge:
    """Join these."""
    return merge_proposals(project=cast.project, numbers=numbers, into=into, by=cast[by], base_url=SITE, now=NOW)


def undo(cast: Cast, done: Merge) -> None:
    """Undo it."""
    undo_merge(merge=Merge.objects.select_related("project__organisation", "target").get(pk=done.pk),
               by=cast["Mo"], base_url=SITE, now=NOW)  # fmt: skip


def refused(act: Any, *args: Any, **kwargs: Any) -> Code:
    """Why it is refused."""
    with pytest.raises(Refused) as error:
        act(*args, **kwargs)
    return error.value.code


def supporters(*rows: Proposal) -> int:
    """How many different people, counted past the triggers."""
    return Support.objects.filter(proposal__in=rows).values("person").distinct().count()


def test_whoever_supports_both_counts_once_and_the_original_stays_to_be_read(wide: Cast) -> None:
    for number, names in ((11, ("An", "Vera")), (12, ("An", "Piet")), (13, ("Marc",))):
        for name in names:
            support(proposal=at(wide, number), person=wide[name], now=NOW)
    merge(wide, [11, 12], 13)
    assert at(wide, 13).n_supports == 4
    assert n_people_behind(wide.project, [13]) == 4
    page = Client().get("/projects/laden/proposals/11/")
    assert page.status_code == 200
    assert b"/projects/laden/proposals/13/" in page.content
    assert b"Idee 11" not in Client().get("/projects/laden/?sort=new").content
    # Who supports an original is shown as supporting, and can take it back there.
    assert not support(proposal=at(wide, 13), person=wide["An"], now=NOW)
    take_back_support(proposal=at(wide, 13), person=wide["An"], now=NOW)
    assert at(wide, 13).n_supports == 3


def test_undoing_keeps_who_came_since_with_the_target(wide: Cast) -> None:
    support(proposal=at(wide, 11), person=wide["An"], now=NOW)
    support(proposal=at(wide, 12), person=wide["An"], now=NOW)
    done = merge(wide, [11], 12)
    support(proposal=at(wide, 12), person=wide["Piet"], now=NOW)
    assert (at(wide, 12).n_supports, at(wide, 11).state) == (2, "merged")
    undo(wide, done)
    assert (at(wide, 11).n_supports, at(wide, 12).n_supports) == (1, 2)
    assert (at(wide, 11).state, at(wide, 11).merged_into) == ("published", None)
    assert refused(undo, wide, done) is Code.MERGE_UNDONE


def test_what_is_joined_with_a_joined_one_points_at_the_root_and_comes_back_in_any_order(wide: Cast) -> None:
    for number, name in ((11, "An"), (12, "Vera"), (13, "Piet")):
        support(proposal=at(wide, number), person=wide[name], now=NOW)
    first = merge(wide, [11], 12)
    second = merge(wide, [12], 13)
    assert at(wide, 11).merged_into == at(wide, 12).merged_into == at(wide, 13)
    assert at(wide, 13).n_supports == 3
    undo(wide, second)
    assert at(wide, 11).merged_into == at(wide, 12)
    assert (at(wide, 12).n_supports, at(wide, 13).n_supports) == (2, 1)
    again = merge(wide, [12], 13)
    undo(wide, first)
    assert (at(wide, 11).merged_into, at(wide, 12).merged_into) == (None, at(wide, 13))
    assert (at(wide, 11).n_supports, at(wide, 13).n_supports) == (1, 2)
    undo(wide, again)
    assert [at(wide, n).n_supports for n in (11, 12, 13)] == [1, 1, 1]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_is_joined_with_a_joined_one_is_joined_with_its_root_and_all_comes_back_in_any_order(
    wide: Cast, order: tuple[int, ...]
) -> None:
    """A fourth, off the ballot, is joined with one that was joined itself with one that was joined."""
    Proposal.objects.create(
        project=wide.project, number=14, title="Idee 14", author=wide["Gis"], created_at=NOW,
        point=wide.options[0].point,
    )  # fmt: skip
    for number, names in ((11, ("An", "Vera")), (12, ("Vera",)), (13, ("Piet",)), (14, ("An", "Marc"))):
        for name in names:
            support(proposal=at(wide, number), person=wide[name], now=NOW)
        Follow.objects.create(proposal=at(wide, number), person=wide["Cora"], wanted=number % 2 == 0)
        Comment.objects.create(proposal=at(wide, number), author=wide["An"], text=f"Bij {number}", created_at=NOW)
    before = everything(wide.project)
    acts = [merge(wide, [11], 12), merge(wide, [12], 13), merge(wide, [14], 11)]
    assert acts[2].target == at(wide, 13)
    assert {at(wide, number).merged_into for number in (11, 12, 14)} == {at(wide, 13)}
    assert at(wide, 13).n_supports == supporters(*(at(wide, number) for number in (11, 12, 13, 14))) == 4
    assert set(comments_on(at(wide, 13)).values_list("text", flat=True)) == {f"Bij {n}" for n in (11, 12, 13, 14)}
    for n_undone, which in enumerate(order, start=1):
        undo(wide, acts[which])
        # Undone is what was undone, and nothing else.
        assert (at(wide, 14).state == "merged") == (2 not in order[:n_undone])
        assert (at(wide, 12).state == "merged") == (1 not in order[:n_undone])
        assert (at(wide, 11).state == "merged") == (0 not in order[:n_undone])
    assert everything(wide.project) == before


def test_refusals(wide: Cast) -> None:
    hide_proposal(project=wide.project, number=13, reason="dubbel", by=wide["Mo"])
    assert refused(merge, wide, [12], 13) is Code.MERGE_TARGET_NOT_PUBLIC
    assert refused(merge, wide, [13], 12) is Code.MERGE_NOT_POSSIBLE
    assert refused(merge, wide, [12], 12) is Code.MERGE_NOTHING
    assert refused(merge, wide, [99], 12) is Code.PROPOSAL_NOT_FOUND
    assert refused(merge, wide, [11], 12, "An") is Code.NOT_STAFF
    # An option of a running vote cannot be joined away, voted on or not.
    assert refused(merge, wide, [1], 11) is Code.MERGE_ON_BALLOT
    cast_ballot(phase=wide.vote, person=wide["An"], choices=picks([1]), nonce=uuid4())
    assert refused(merge, wide, [1], 11) is Code.MERGE_ON_BALLOT
    assert at(wide, 1).state == "published"
    # Others can be joined with an option.
    merge(wide, [11], 1)
    assert at(wide, 11).merged_into == at(wide, 1)


def test_the_database_holds_the_tree(wide: Cast) -> None:
    """Past the services: not with itself, not with what is joined, not what something is joined with."""
    merge(wide, [11], 12)
    for number, other in ((12, 12), (13, 11), (12, 13)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.filter(pk=at(wide, number).pk).update(state="merged", merged_into=at(wide, other))
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=at(wide, 11).pk).update(state="published")


def test_without_the_trigger_the_tree_could_break(wide: Cast) -> None:
    """The control."""
    merge(wide, [11], 12)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE participation_proposal DISABLE TRIGGER merged_into_a_root")
    Proposal.objects.filter(pk=at(wide, 12).pk).update(state="merged", merged_into=at(wide, 13))
    assert at(wide, 11).merged_into != at(wide, 13)


def test_what_nobody_saw_stays_unseen_when_it_is_joined(wide: Cast) -> None:
    Proposal.objects.filter(pk=at(wide, 11).pk).update(state="submitted")
    merge(wide, [11], 12)
    assert Client().get("/projects/laden/proposals/11/").status_code == 404
    author = Client()
    author.force_login(wide["Vera"])
    assert author.get("/projects/laden/proposals/11/").status_code == 200


def test_a_joined_one_can_be_hidden_and_stays_so_when_it_is_taken_apart(wide: Cast) -> None:
    done = merge(wide, [11], 12)
    hide_proposal(project=wide.project, number=11, reason="Noemt iemand.", by=wide["Mo"])
    answer = Client().get("/projects/laden/proposals/11/")
    assert answer.status_code == 410
    assert b"Noemt iemand." in answer.content
    assert b"Idee 11" not in answer.content
    undo(wide, done)
    assert at(wide, 11).state == "hidden"
    publish_proposal(project=wide.project, number=11, by=wide["Mo"])
    assert at(wide, 11).state == "published"


def test_everybody_concerned_is_told_once_and_the_target_is_not(wide: Cast) -> None:
    support(proposal=at(wide, 11), person=wide["An"], now=NOW)
    support(proposal=at(wide, 12), person=wide["An"], now=NOW)
    Follow.objects.create(proposal=at(wide, 11), person=wide["Piet"], wanted=True)
    Follow.objects.create(proposal=at(wide, 11), person=wide["Marc"], wanted=False)
    support(proposal=at(wide, 11), person=wide["Marc"], now=NOW)
    Proposal.objects.filter(pk=at(wide, 13).pk).update(author=wide["Gis"])
    done = merge(wide, [11, 12], 13)
    (job,) = jobs()
    assert job.scheduled_at is not None
    assert tell_of_merge(merge_id=done.pk, people=job.args["people"], undone=False, base_url=SITE) == 3
    assert sorted(letter.to[0] for letter in mail.outbox) == ["an@example.org", "piet@example.org", "vera@example.org"]
    letter = next(letter for letter in mail.outbox if letter.to == ["an@example.org"])
    assert "Idee 11" in letter.body
    assert "Idee 12" in letter.body
    assert f"{SITE}/projects/laden/proposals/13/" in letter.body
    # One click, and no mail about it comes any more.
    off = letter.extra_headers["List-Unsubscribe"].strip("<>").removeprefix(SITE)
    assert Client().get(off).status_code == 200
    assert wide["An"].pk in people_to_tell([at(wide, 13).pk])
    assert Client().post(off, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert wide["An"].pk not in people_to_tell([at(wide, 13).pk])
    assert wide["Vera"].pk in people_to_tell([at(wide, 13).pk])
    undo(wide, done)
    assert len(jobs()) == 2


def test_what_is_undone_at_once_is_told_to_nobody(wide: Cast) -> None:
    done = merge(wide, [11], 12)
    undo(wide, done)
    (job,) = jobs()
    assert tell_of_merge(merge_id=done.pk, people=job.args["people"], undone=False, base_url=SITE) == 0
    assert mail.outbox == []


def everything(project: Project) -> tuple[Any, ...]:
    """All that joining could touch: states and counts, and who supports, follows or said what."""
    return (
        {row["number"]: row for row in Proposal.objects.filter(project=project).values()},
        set(Support.objects.values_list("proposal", "person")),
        set(Comment.objects.values_list("pk", "proposal", "author")),
        set(Follow.objects.values_list("proposal", "person", "wanted")),
    )


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_merging_5_of_500_and_undoing_it_restores_every_supporter_comment_and_follower(wide: Cast, seed: int) -> None:
    chance = random.Random(seed)
    with transaction.atomic():
        people = Person.objects.bulk_create(Person(email=f"{seed}-{n}@example.org") for n in range(30))
        rows = Proposal.objects.bulk_create(
            Proposal(
                project=wide.project, number=1000 + n, title=f"Plek {n}", author=chance.choice(people), created_at=NOW
            )
            for n in range(500)
        )
        Support.objects.bulk_create(
            {(row.pk, person.pk): Support(proposal=row, person=person)
             for row, person in ((chance.choice(rows), chance.choice(people)) for _ in range(1500))}.values()
        )  # fmt: skip
        Comment.objects.bulk_create(
            Comment(proposal=chance.choice(rows), author=chance.choice(people), text="Ja", created_at=NOW)
            for _ in range(300)
        )
        Follow.objects.bulk_create(
            [Follow(proposal=chance.choice(rows), person=person, wanted=chance.random() < 0.5) for person in people]
        )
        target, *parts = chance.sample(rows, 6)
        before = everything(wide.project)
        said = {row.pk: set(comments_on(row).values_list("pk", flat=True)) for row in (target, *parts)}
        heard = {person.pk: set(followed_by(person).values_list("pk", flat=True)) for person in people}
        done = merge(wide, [row.number for row in parts], target.number)
        assert at(wide, target.number).n_supports == supporters(target, *parts)
        assert set(comments_on(target).values_list("pk", flat=True)) == set().union(*said.values())
        newcomer = chance.choice(people)
        came = support(proposal=at(wide, target.number), person=newcomer, now=NOW)
        undo(wide, done)
        if came:
            take_back_support(proposal=at(wide, target.number), person=newcomer, now=NOW)
        assert everything(wide.project) == before
        assert {row.pk: set(comments_on(row).values_list("pk", flat=True)) for row in (target, *parts)} == said
        assert {person.pk: set(followed_by(person).values_list("pk", flat=True)) for person in people} == heard
        transaction.set_rollback(True)


def test_what_was_done_stands_in_the_audit_trail(wide: Cast) -> None:
    done = merge(wide, [11, 12], 13)
    undo(wide, done)
    acts = Record.objects.filter(act__startswith="proposals.").order_by("pk").values_list("act", "detail__numbers")
    assert list(acts) == [("proposals.merged", [11, 12]), ("proposals.unmerged", [11, 12])]
