"""Photos of proposals: pixels that were drawn anew here, and nothing else of what came in."""

import uuid

from django.db import models
from django.db.models import Q

from participation.models.draft import Draft
from participation.models.proposal import Proposal

ALT_MAX = 200


class Photo(models.Model):
    """One picture, of a draft until that is sent, then of its proposal; ``key`` names its files under MEDIA_ROOT.

    Units    width and height in pixels, of the larger of the two files.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, null=True, blank=True, related_name="photos")
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, null=True, blank=True, related_name="photos")
    alt = models.CharField(max_length=ALT_MAX)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=False, proposal__isnull=True) | Q(draft__isnull=True, proposal__isnull=False),
                name="photo_of_one_thing",
            ),
            models.CheckConstraint(condition=~Q(alt=""), name="photo_says_what_is_on_it"),
        ]

    def __str__(self) -> str:
        return self.alt
