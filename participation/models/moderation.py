"""What staff keep about a proposal among themselves, what they answer its author, and what residents report."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models.comment import Comment
from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.models.proposal import Proposal


class Handling(models.Model):
    """Who of the staff looks after a proposal, and the staff's own words for it; never public."""

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, primary_key=True, related_name="handling")
    assignee = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="handlings")
    tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)

    class Meta:
        indexes = [GinIndex(fields=["tags"], name="handling_tags")]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {', '.join(self.tags)}"


class Note(models.Model):
    """What one colleague tells the others about a proposal; never public."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.TextField(max_length=2000)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]


class AnswerTemplate(models.Model):
    """Words of the town for what it often writes to authors, text as {language: text}."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="answer_templates")
    name = models.CharField(max_length=60)
    text = models.JSONField(default=dict)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="answer_template_once")]

    def __str__(self) -> str:
        return self.name


class AuthorMail(models.Model):
    """A mail from staff to the author of a proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="author_mails")
    by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.TextField(max_length=4000)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]


class Report(models.Model):
    """Somebody, known or not, tells staff that something is wrong with a proposal, or with one comment on it."""

    class Reason(models.TextChoices):
        INSULT = "insult", _("It insults or threatens somebody")
        PRIVATE = "private", _("It tells who somebody is or where they live")
        SPAM = "spam", _("It is advertising, or has nothing to do with this")
        OTHER = "other", _("Something else")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="reports")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="reports")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="reports")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    text = models.TextField(max_length=1000, blank=True)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "comment", "person"],
                condition=Q(person__isnull=False),
                nulls_distinct=False,
                name="report_once_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["proposal"], condition=Q(settled_at__isnull=True), name="report_open"),
            models.Index(fields=["person", "-at"], name="report_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.reason}"
