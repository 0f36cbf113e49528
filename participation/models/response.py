"""What the town answers on a proposal."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models.person import Person
from participation.models.proposal import Proposal


class Response(models.Model):
    """One official answer on a proposal, text as {language: text}; a later one counts instead and the first stays."""

    class Outcome(models.TextChoices):
        BUILD = "build", _("It will come")
        LATER = "later", _("Not now")
        NOT = "not", _("It will not come")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="responses")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    text = models.JSONField(default=dict)
    link = models.URLField(blank=True, max_length=500)
    published_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="responses")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-published_at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(text={}), name="response_has_a_text")]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.outcome}"
