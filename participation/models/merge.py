"""Which proposals were joined with which, so that it can be undone.

Nothing is moved: supports, comments and followers stay with the proposal they were given to, and are counted and
shown with the one it was joined with. To undo is to take the link away, whatever came in meanwhile.
"""

from django.db import models
from django.db.models import Q

from participation.models.person import Person
from participation.models.project import Project
from participation.models.proposal import Proposal


class Merge(models.Model):
    """One act of staff: any number of proposals joined with one. ``told_at`` is when those concerned got a mail."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="merges")
    target = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="merges_into")
    by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"-> {self.target_id}"


class MergedProposal(models.Model):
    """One proposal that was joined, with what it was before; ``is_active`` until it is undone.

    ``n_supporters``, ``n_comments`` and ``n_followers`` are what came along with it, for the audit trail.
    """

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="parts")
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="merge_parts")
    state_before = models.CharField(max_length=10, choices=Proposal.State.choices)
    on_ballot_before = models.BooleanField(default=False)
    n_supporters = models.PositiveIntegerField()
    n_comments = models.PositiveIntegerField()
    n_followers = models.PositiveIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "proposal"], name="merge_part_once"),
            models.UniqueConstraint(fields=["proposal"], condition=Q(is_active=True), name="merged_into_one"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} -> {self.merge_id}"
