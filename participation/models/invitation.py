"""Links that are good once: a role in a town or one of its projects, and making what was written one's own."""

from django.db import models
from django.db.models import F, Q

from participation.models.comment import Comment
from participation.models.form import AnswerSheet
from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.models.project import Project
from participation.models.proposal import Proposal
from participation.rules.roles import STAFF, Role


class Invitation(models.Model):
    """A role offered by mail; of the link in it nothing but a SHA-256 of its secret is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations"
    )  # none for a role in the whole town
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="invitations_sent")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitations_used"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-invited_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=[role.value for role in STAFF]), name="invitation_to_staff"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("invited_at")), name="invitation_expires_later"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, used_by__isnull=True)
                | Q(used_at__isnull=False, withdrawn_at__isnull=True),
                name="invitation_used_or_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.role}"


class Claim(models.Model):
    """The link with which whoever wrote something without an account can make it theirs; a SHA-256 of it is kept."""

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, null=True, blank=True, related_name="claim")
    sheet = models.OneToOneField(AnswerSheet, on_delete=models.CASCADE, null=True, blank=True, related_name="claim")
    comment = models.OneToOneField(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="claim")
    digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(proposal__isnull=False, sheet__isnull=True, comment__isnull=True)
                | Q(proposal__isnull=True, sheet__isnull=False, comment__isnull=True)
                | Q(proposal__isnull=True, sheet__isnull=True, comment__isnull=False),
                name="claim_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id or self.sheet_id or self.comment_id}"
