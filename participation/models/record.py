"""The audit trail: which act, by whom, on what, when."""

from django.db import models
from django.db.models import Q

from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.models.project import Project

# Acts after which a proposal is news to everybody.
NEWS = ("proposal.published", "answers.published")


class Record(models.Model):
    """One act of staff, or a public event of a project; append-only (trigger in migration 0002)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="records")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="records")
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="records")
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=100)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["organisation", "-at"], name="record_latest"),
            # What was done with one thing, and what of that was undone.
            models.Index(fields=["project", "subject", "-at"], name="record_about"),
            models.Index(fields=["project", "-at", "-id"], condition=Q(act__in=NEWS), name="record_news"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"
