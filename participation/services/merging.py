"""Joins proposals that ask for the same, and takes that back; nobody's support is lost or counted twice."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from procrastinate.contrib.django import app

from geo.queries.patience import again_after_deadlock
from participation.models import Merge, MergedProposal, Person, Phase, Project, Proposal
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.closing import is_frozen
from participation.selectors.comments import comments_on
from participation.selectors.follows import followers, people_to_tell
from participation.selectors.projects import facts
from participation.services.places import require_free
from participation.services.proposals import next_number, require_desk
from participation.services.records import record_act

MAIL_TASK = "participation.tasks.tell_of_merge"
PEOPLE_A_JOB = 50
# As long a slip of the hand can be undone before anybody hears of it.
PATIENCE = timedelta(minutes=5)


def _locked(rows: QuerySet[Proposal]) -> list[Proposal]:
    """Lock rows in the order of their ids, as whoever counts supports does."""
    return list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))


@again_after_deadlock
def merge_proposals(
    *, project: Project, numbers: Collection[int], into: int, by: Person, base_url: str, now: datetime
) -> Merge:
    """Join proposals with one that stays, or with the one that was joined with. Everyone concerned is told by mail.

    Nothing is moved (models.merge): to undo it is to take the links away.

    Locks    the proposals, those joined with them before and the target, in the order of their ids
             (tests/drills/test_merge_race.py).
    Refuses  person.not_staff, proposal.not_found, merge.nothing, merge.target_not_public, merge.not_possible,
             merge.on_ballot.
    """
    require_desk(project, by, DeskAct.MODERATE)
    asked = set(numbers) - {into}
    mine = Proposal.objects.filter(project=project)
    root = mine.filter(number=into, merged_into__isnull=False).values("merged_into")
    found = _locked(mine.filter(Q(number__in=asked | {into}) | Q(merged_into__number__in=asked) | Q(pk__in=root)))
    by_number = {row.number: row for row in found}
    missing = (asked | {into}) - set(by_number)
    if missing:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": min(missing)})
    target = by_number[into]
    if target.merged_into_id is not None:
        # Not among them when it was joined while its lock was waited for.
        end = target.merged_into_id
        (target,) = [row for row in found if row.pk == end] or _locked(mine.filter(pk=end))
    parts = [by_number[number] for number in sorted(asked) if by_number[number].pk != target.pk]
    _check(project, parts, target, now)
    merge = Merge.objects.create(project=project, target=target, by=by, at=now)
    follow = followers([part.pk for part in parts])
    MergedProposal.objects.bulk_create(
        MergedProposal(
            merge=merge,
            proposal=part,
            state_before=part.state,
            on_ballot_before=part.on_ballot,
            n_supporters=part.n_supports,
            n_comments=comments_on(part).count(),
            n_followers=sum(proposal == part.pk for proposal, _person in follow),
        )
        for part in parts
    )
    keys = [part.pk for part in parts]
    # What was joined with one of them before goes along first: nothing may point at what is joined itself.
    Proposal.objects.filter(merged_into__in=keys).update(merged_into=target)
    try:
        with transaction.atomic():
            Proposal.objects.filter(pk__in=keys).update(
                state=Proposal.State.MERGED, merged_into=target, on_ballot=False
            )
    except IntegrityError as error:
        # A first ballot was cast meanwhile (trigger list_frozen), or the target was joined itself.
        option = next((part for part in parts if part.on_ballot), None)
        if option is not None:
            raise Refused(Code.MERGE_ON_BALLOT, {"title": option.title}) from error
        raise Refused(Code.MERGE_NOT_POSSIBLE, {"number": target.number}) from error
    record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act="proposals.merged",
        subject=f"proposal {target.number}",
        detail={"merge": merge.pk, "numbers": [part.number for part in parts], "n": len(parts)},
    )
    _have_told(merge, keys, base_url, undone=False)
    return merge


def _check(project: Project, parts: Sequence[Proposal], target: Proposal, now: datetime) -> None:
    if not parts:
        raise Refused(Code.MERGE_NOTHING)
    if target.state != Proposal.State.PUBLISHED:
        raise Refused(Code.MERGE_TARGET_NOT_PUBLIC)
    for part in parts:
        if part.state not in {Proposal.State.PUBLISHED, Proposal.State.SUBMITTED}:
            raise Refused(Code.MERGE_NOT_POSSIBLE, {"number": part.number})
    options = [part for part in parts if part.on_ballot]
    if options and _list_stands(project, now):
        raise Refused(Code.MERGE_ON_BALLOT, {"title": options[0].title})


def _list_stands(project: Project, now: datetime) -> bool:
    """Does a vote of this project run, or has anybody voted?"""
    votes = Phase.objects.filter(project=project, kind="vote")
    return any(facts(vote).is_open(now) or is_frozen(vote) for vote in votes)


@again_after_deadlock
def undo_merge(*, merge: Merge, by: Person, base_url: str, now: datetime) -> list[Proposal]:
    """Let every proposal of one act of joining stand on its own again, as it was; those it was.

    What supported it or was said on it before comes back with it; what came to the target since stays there. Other
    acts of joining stay, whichever came first. An option comes back to its ballot unless that list stands by now.

    Locks    all that is joined with the same proposal, in the order of their ids; before them the project's row, for
             those of an inventory.
    Refuses  person.not_staff, merge.undone; object.taken when somebody else proposed an object meanwhile.
    """
    require_desk(merge.project, by, DeskAct.MODERATE)
    if merge.project.from_inventory:
        next_number(merge.project)
    root = merge.target.merged_into_id or merge.target_id
    rows = _locked(Proposal.objects.filter(Q(pk=root) | Q(merged_into=root)))
    merge = (
        Merge.objects.select_for_update(no_key=True).select_related("project__organisation", "target").get(pk=merge.pk)
    )
    if merge.undone_at is not None:
        raise Refused(Code.MERGE_UNDONE)
    parts = {part.proposal_id: part for part in merge.parts.all()}
    merge.parts.update(is_active=False)
    merge.undone_at = now
    merge.save(update_fields=["undone_at"])
    back = [row for row in rows if row.pk in parts]
    may_join = not _list_stands(merge.project, now)
    for row in back:
        part = parts[row.pk]
        if row.inventory_object and part.state_before != Proposal.State.HIDDEN:
            require_free(merge.project, row.inventory_object)
        Proposal.objects.filter(pk=row.pk).update(
            state=part.state_before, merged_into=None, on_ballot=part.on_ballot_before and may_join
        )
    _point_at_roots([row.pk for row in rows if row.pk not in parts and row.pk != root])
    record_act(
        organisation=merge.project.organisation,
        project=merge.project,
        by=by,
        act="proposals.unmerged",
        subject=f"proposal {merge.target.number}",
        detail={"merge": merge.pk, "numbers": [row.number for row in back], "n": len(back)},
    )
    if merge.told_at is not None:
        _have_told(merge, list(parts), base_url, undone=True)
    return back


def _point_at_roots(joined: Sequence[int]) -> None:
    """Point each of these at the end of its chain of acts that were not undone."""
    towards = dict(
        MergedProposal.objects.filter(proposal__in=joined, is_active=True).values_list(
            "proposal_id", "merge__target_id"
        )
    )
    for proposal in joined:
        end = towards[proposal]
        while end in towards:
            end = towards[end]
        Proposal.objects.filter(pk=proposal).exclude(merged_into=end).update(merged_into=end)


def _have_told(merge: Merge, proposals: Sequence[int], base_url: str, *, undone: bool) -> None:
    """Enqueue the mails in the transaction that makes them necessary: each person in one job, told once."""
    people = people_to_tell(proposals)
    jobs: list[dict[str, Any]] = [
        {"merge": merge.pk, "people": people[at : at + PEOPLE_A_JOB], "undone": undone, "base_url": base_url}
        for at in range(0, len(people), PEOPLE_A_JOB)
    ]
    if jobs:
        wait = 0 if undone else int(PATIENCE.total_seconds())
        app.configure_task(MAIL_TASK, schedule_in={"seconds": wait}).batch_defer(*jobs)
