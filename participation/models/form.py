"""The questions of a project as they were asked, and what people answered."""

import uuid

from django.db import models
from django.db.models import Q

from participation.models.draft import Draft
from participation.models.person import Person
from participation.models.project import Project
from participation.models.proposal import Proposal
from participation.rules.questions import Asked


class FormVersion(models.Model):
    """The questions of a project as they stood from one change to the next; the highest number is what is asked now.

    ``questions`` is what ``rules.questions.written`` writes. Of a project that is public it stays as it was asked
    (trigger ``form_version_kept``).
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="form_versions")
    asked = models.CharField(max_length=10, choices=[(asked.value, asked.value) for asked in Asked])
    number = models.PositiveIntegerField()
    questions = models.JSONField(default=list)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "asked", "number"], name="form_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.asked}/{self.number}"


class AnswerSheet(models.Model):
    """What one person answered in one go: in a form of its own, or with a proposal.

    ``answers`` is {key of the question: answer} as ``rules.questions`` keeps it. Who is signed in has one sheet in a
    form; sending it again changes it. One that staff left out, with the reason in ``left_out_because``, counts nowhere.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="answer_sheets")
    version = models.ForeignKey(FormVersion, on_delete=models.RESTRICT, related_name="sheets")
    proposal = models.OneToOneField(
        Proposal, on_delete=models.CASCADE, null=True, blank=True, related_name="answer_sheet"
    )
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="answer_sheets")
    answers = models.JSONField(default=dict)
    language = models.CharField(max_length=7, default="nl")
    sent_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    left_out_because = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(proposal__isnull=True), name="answer_sheet_one_a_person"
            ),
        ]
        indexes = [models.Index(fields=["project", "-sent_at"], name="answer_sheet_latest")]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.pk}"


class AnswerFile(models.Model):
    """A picture or a document somebody answered with: of a draft until that is sent, then of its sheet.

    Units    width and height in pixels, of a picture; 0 for a document. Its bytes lie under ``key`` in MEDIA_ROOT.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, null=True, blank=True, related_name="answer_files")
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, null=True, blank=True, related_name="files")
    question = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    alt = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=False, sheet__isnull=True) | Q(draft__isnull=True, sheet__isnull=False),
                name="answer_file_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.name
