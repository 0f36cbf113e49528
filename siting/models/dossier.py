"""The decision dossier as the town published it."""

from django.db import models

from participation.models import Person, Project


class Dossier(models.Model):
    """One published version of the file behind a decision. It stays as it is (trigger ``dossier_is_final``); a later
    publication is a version of its own, and the older ones stay readable.

    ``content`` is plain facts in no language, described in siting/selectors/dossier.py; ``content_hash`` is its
    fingerprint, the same for the same facts.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dossiers")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    published_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="dossiers")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="dossier_version_once")]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.version}"
