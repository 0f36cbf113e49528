"""What someone began and did not send yet, kept through signing in and a lost line."""

import uuid

from django.db import models

from participation.models.person import Person
from participation.models.project import Project


class Draft(models.Model):
    """The unfinished proposal, ballot, form or comment of one browser, known by an unguessable token in its session."""

    class Kind(models.TextChoices):
        PROPOSAL = "proposal"
        BALLOT = "ballot"
        FORM = "form"
        COMMENT = "comment"

    token = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    content = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.token)
