"""Layers of the town's own: inventories, constraints and figures that were uploaded, with where they come from."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models import Organisation, Person


class Layer(models.Model):
    """One version of one layer; versions of the same layer share a slug, and one at most is current.

    ``attributes`` lists what each feature may carry: {"name", "kind" (text, integer, number, boolean), "n_empty"};
    ``shown`` names those that everybody sees where the layer is public, and staff chose each of them. ``lon`` and
    ``lat`` are the columns of a table that say where a row lies, where somebody had to say it; ``key_column`` is the
    one by which a feature is known again in the next version. ``crs`` is the plane the file came in; features are kept
    in EPSG:4326. ``report`` counts what reading did: n_vertices, n_mended, n_without_place, n_refused, n_emptied;
    ``compared`` says what differs from the version in use.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being checked")
        CURRENT = "current", _("in use")
        REPLACED = "replaced", _("replaced by a newer version")

    class Kind(models.TextChoices):
        EXISTING = "existing", _("what is there already")
        PEOPLE = "people", _("people and homes")
        RULES = "rules", _("where something may not come")
        CONTEXT = "context", _("anything else")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="layers")
    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CONTEXT)
    source = models.CharField(max_length=300, help_text=_("Who made it, and when"))
    licence = models.CharField(max_length=200, help_text=_("Under which terms it may be used"))
    is_public = models.BooleanField(default=False, help_text=_("Everybody may see it and take it along"))
    crs = models.CharField(max_length=20, blank=True)
    geometry_type = models.CharField(max_length=20, blank=True)
    n_features = models.PositiveIntegerField(default=0)
    attributes = models.JSONField(default=list)
    shown = models.JSONField(default=list, blank=True)
    key_column = models.CharField(max_length=200, blank=True)
    report = models.JSONField(default=dict)
    file = models.FileField(upload_to="layers/", blank=True)
    file_name = models.CharField(max_length=200)
    file_layer = models.CharField(max_length=200, blank=True, help_text=_("Which layer of the file"))
    lon = models.CharField(max_length=200, blank=True)
    lat = models.CharField(max_length=200, blank=True)
    uploaded_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="layers")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "slug", "version"], name="layer_version_once"),
            models.UniqueConstraint(
                fields=["organisation", "slug"], condition=Q(state="current"), name="layer_current_once"
            ),
            models.CheckConstraint(condition=~Q(source="") & ~Q(licence=""), name="layer_has_source_and_licence"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.version}"

    @property
    def names(self) -> list[str]:
        """What its attributes are called, in the order of the file."""
        return [each["name"] for each in self.attributes]


class LayerFeature(models.Model):
    """One thing of a layer. ``key`` is its number in the file, from 1; a feature without a place keeps its row."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="features", db_index=False)
    key = models.PositiveIntegerField()
    geometry = models.GeometryField(srid=4326, null=True, blank=True)
    properties = models.JSONField(default=dict)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["layer", "key"], name="layer_feature_key_once")]

    def __str__(self) -> str:
        return f"{self.layer_id}/{self.key}"
