"""What was joined with what."""

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
