"""What the town decided about a candidate or a proposal, and what was built since."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models import Person, Project, Proposal
from siting.models.candidate import Candidate


class Decision(models.Model):
    """One decision with its reason, as {language: text}. Once published it stays as it is (trigger
    ``decision_published_is_final``); a later decision about the same place is a row of its own, and counts instead.
    """

    class Outcome(models.TextChoices):
        BUILD = "build", _("yes")
        LATER = "later", _("later")
        NOT = "not", _("no")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="decisions")
    candidate = models.ForeignKey(Candidate, on_delete=models.RESTRICT, null=True, blank=True, related_name="decisions")
    proposal = models.ForeignKey(Proposal, on_delete=models.RESTRICT, null=True, blank=True, related_name="decisions")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.JSONField(default=dict)
    council_link = models.URLField(blank=True, max_length=500)
    decided_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="decisions")
    decided_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(candidate__isnull=True, proposal__isnull=False)
                | Q(candidate__isnull=False, proposal__isnull=True),
                name="decision_is_about_one",
            ),
            models.CheckConstraint(condition=~Q(reason={}), name="decision_has_a_reason"),
            models.UniqueConstraint(
                fields=["candidate"], condition=Q(published_at__isnull=True), name="decision_of_candidate_once"
            ),
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(published_at__isnull=True), name="decision_of_proposal_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id or self.proposal_id}: {self.outcome}"


class RollOut(models.Model):
    """How far a place that was decided on has come; each change is a row, the latest counts."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        BUILDING = "building", _("being built")
        BUILT = "built", _("built")
        GONE = "gone", _("not any more")

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="roll_outs")
    state = models.CharField(max_length=10, choices=State.choices)
    on = models.DateField()
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="roll_outs")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-on", "-pk"]

    def __str__(self) -> str:
        return f"{self.decision_id}: {self.state}"
