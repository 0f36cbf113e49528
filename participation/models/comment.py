"""What people say about a proposal, and who wants to hear of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models.person import Person
from participation.models.proposal import Proposal
from participation.rules.limits import COMMENT_MAX


class Comment(models.Model):
    """One comment, or a reply to one; ``by_city`` is the role of its author when it was written."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("being checked")
        PUBLISHED = "published", _("public")
        HIDDEN = "hidden", _("not shown")

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies")
    author = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="comments")
    by_city = models.BooleanField(default=False)
    text = models.TextField(max_length=COMMENT_MAX)
    language = models.CharField(max_length=7, default="nl")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PUBLISHED)
    hidden_because = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_has_a_text"),
            models.CheckConstraint(
                condition=~Q(state="hidden") | ~Q(hidden_because=""), name="comment_hidden_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["proposal", "created_at"], name="comment_of_proposal"),
            models.Index(fields=["proposal"], condition=Q(state="submitted"), name="comment_waiting"),
            models.Index(fields=["author", "-created_at"], name="comment_of_author"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.text[:40]}"


class Follow(models.Model):
    """A person's own word on hearing of a proposal; without one its author and supporters hear of it."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="follows")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="follows")
    wanted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "person"], name="follow_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {'+' if self.wanted else '-'} {self.proposal_id}"
