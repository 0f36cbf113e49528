"""What is said about a proposal, as a reader may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from participation.models import Comment, Person, Proposal
from participation.rules.roles import DeskAct
from participation.selectors.roles import may_in

SORTS = {"new": ("-created_at", "-pk"), "old": ("created_at", "pk")}
# More are on a page of their own only for machines; nobody reads on.
MOST_SHOWN = 500


@dataclass(slots=True)
class Thread:
    """A comment with the replies to it, first to last."""

    comment: Comment
    replies: list[Comment] = field(default_factory=list)


def comments_on(proposal: Proposal) -> QuerySet[Comment]:
    """All that was said about a proposal, or about one that was joined with it."""
    return Comment.objects.filter(Q(proposal=proposal) | Q(proposal__merged_into=proposal))


def visible_comments(proposal: Proposal, person: Person | AnonymousUser) -> QuerySet[Comment]:
    """What may this reader know of: public ones, that others were hidden and why, and their own that wait?"""
    rows = comments_on(proposal).select_related("author", "proposal")
    if may_in(proposal.project, person, DeskAct.SEE):
        return rows
    waiting = Q(state=Comment.State.SUBMITTED)
    own = Q(author=person) if isinstance(person, Person) else Q(pk__in=[])
    return rows.filter(~waiting | own)


def threads(proposal: Proposal, person: Person | AnonymousUser, *, sort: str) -> list[Thread]:
    """What may this reader see of it: public ones, stubs of hidden ones, and their own that wait?

    Order    as ``sort`` says, replies always first to last.
    """
    return _threads(list(visible_comments(proposal, person).order_by(*SORTS[sort])[:MOST_SHOWN]))


def _threads(rows: Sequence[Comment]) -> list[Thread]:
    found = {row.pk: Thread(row) for row in rows if row.parent_id is None}
    for row in sorted(rows, key=lambda row: (row.created_at, row.pk)):
        if row.parent_id in found:
            found[row.parent_id].replies.append(row)
    return list(found.values())


def n_comments(proposal: Proposal) -> int:
    """How many public comments are there?"""
    return comments_on(proposal).filter(state=Comment.State.PUBLISHED).count()
