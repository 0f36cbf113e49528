"""What was joined with what."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet

from participation.models import Merge, MergedProposal, Proposal


def joined_with(proposal: Proposal) -> QuerySet[Proposal]:
    """Which proposals were joined with this one, by number?"""
    return Proposal.objects.filter(merged_into=proposal).order_by("number")


def merge_of(proposal: Proposal) -> Merge | None:
    """The act by which this proposal was joined with another one, until it is undone."""
    part = MergedProposal.objects.filter(proposal=proposal, is_active=True).select_related("merge__target").first()
    return part.merge if part else None


def was_public() -> Q:
    """Was this row public before it was joined with another one? What nobody saw stays unseen."""
    public = MergedProposal.objects.filter(
        proposal=OuterRef("pk"), is_active=True, state_before=Proposal.State.PUBLISHED
    )
    return Q(Exists(public), state=Proposal.State.MERGED)


def told_of(merge: Merge) -> list[int]:
    """Whose proposals were joined: the ids of the originals."""
    return list(merge.parts.order_by("proposal__number").values_list("proposal_id", flat=True))


@dataclass(frozen=True, slots=True)
class Joining:
    """One act of joining that was not undone: what it joined with what, by number."""

    merge: Merge
    originals: Sequence[Proposal]


def joinings_of(piece: Proposal) -> list[Joining]:
    """By which acts were others joined with this proposal, or this one with another? Those that can be undone.

    Order    first to last.
    Cost     one query.
    """
    of_piece = Q(proposal__merged_into=piece) | Q(proposal=piece)
    acts = MergedProposal.objects.filter(of_piece, is_active=True).values("merge")
    rows = (
        MergedProposal.objects.filter(merge__in=acts, is_active=True)
        .select_related("merge__target", "merge__by", "proposal")
        .defer("merge__target__shape", "proposal__shape")
        .order_by("merge__at", "merge_id", "proposal__number")
    )
    return [
        Joining(parts[0].merge, [part.proposal for part in parts])
        for parts in (list(group) for _merge, group in groupby(rows, key=lambda row: row.merge_id))
    ]
