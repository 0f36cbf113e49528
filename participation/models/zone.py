"""Where in a project which rule holds, and the objects that alone may be proposed in some."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models.project import Project
from participation.rules.zones import ZoneKind


class Zone(models.Model):
    """A part of a project's ground with a rule of its own (rules.zones); name and reason are {language: text}."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="zones")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in ZoneKind])
    name = models.JSONField(default=dict)
    why = models.JSONField(default=dict, blank=True)
    outline = models.MultiPolygonField(srid=4326)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(kind="barred") | ~Q(why={}), name="zone_barred_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.kind} {self.pk}"


class InventoryObject(models.Model):
    """One thing that may be proposed, such as a utility box: where it stands, whose it is and what the owner says."""

    class Permission(models.TextChoices):
        UNKNOWN = "unknown", _("the owner was not asked yet")
        ASKED = "asked", _("the owner was asked")
        GIVEN = "given", _("the owner agrees")
        REFUSED = "refused", _("the owner does not agree")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="inventory")
    number = models.PositiveIntegerField()
    # What the owner of the file knows it by; a file that is uploaded again finds it by this.
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=120)
    owner = models.CharField(max_length=120, blank=True)
    permission = models.CharField(max_length=10, choices=Permission.choices, default=Permission.UNKNOWN)
    place = models.GeometryField(srid=4326)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="inventory_number_once"),
            models.UniqueConstraint(fields=["project", "key"], name="inventory_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
