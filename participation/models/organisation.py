"""A municipality and its parts; every other row belongs to one, directly or by its project."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.utils.translation import gettext_lazy as _

from participation.rules.address_search import FIRST_SERVICE
from participation.rules.licences import LICENCES, USUAL


class Organisation(models.Model):
    """A municipality that uses the installation; others cannot see its people, drafts or queues.

    ``revision`` grows with every change of its areas (trigger ``touch_organisation``).
    """

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    site_name = models.CharField(max_length=100, help_text=_("The name in the page head, such as “Poperinge decides”"))
    hosts = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    embed_hosts = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, help_text=_("Sites that may show a project")
    )
    languages = ArrayField(models.CharField(max_length=7), default=list)
    outline = models.MultiPolygonField(srid=4326, null=True, blank=True)
    population = models.PositiveIntegerField(null=True, blank=True)
    theme = models.JSONField(default=dict, blank=True, help_text=_("Colour tokens, such as {“accent”: “#1f5c3a”}"))
    contact_email = models.EmailField(blank=True)
    is_fictitious = models.BooleanField(default=False, help_text=_("Every page says that people and votes are made up"))
    resident_codes = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text=_("Postcodes or codes of municipalities by which an identity is that of a resident"),
    )
    staff_second_factor = models.BooleanField(
        default=True, help_text=_("Staff need a second factor beside the code by mail")
    )

    # The backgrounds of its maps, the first to begin with: entries of participation/rules/base_maps.py; none for the
    # one of the installation.
    base_maps = models.JSONField(default=list, blank=True)
    # Which of the operator's address searches is asked; empty for none but the town's own places.
    address_search = models.CharField(max_length=20, blank=True, default=FIRST_SERVICE)
    licence = models.CharField(
        max_length=20, choices=[(licence.code, licence.name) for licence in LICENCES.values()], default=USUAL
    )
    revision = models.PositiveBigIntegerField(default=0, editable=False)

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """A village or neighbourhood, the unit in which spread over the town is told."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="areas")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    part = models.CharField(max_length=100, blank=True, help_text=_("The former municipality it lies in"))
    outline = models.MultiPolygonField(srid=4326)
    population = models.PositiveIntegerField(null=True, blank=True)
    population_is_estimate = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="area_code_once")]

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """A named spot of the town, so that a place can be found by name without any outside service."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="places")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, blank=True)
    area_name = models.CharField(max_length=100, blank=True)
    point = models.PointField(srid=4326)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="place_name_once")]

    def __str__(self) -> str:
        return self.name
