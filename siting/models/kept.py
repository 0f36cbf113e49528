"""Groupings that planners ask for and keep."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models import Person, Project
from siting.rules.settings import Method

M2_PER_HA = 10_000


class ClusterRun(models.Model):
    """One grouping that takes longer than a page may: HDBSCAN, done by a worker.

    ``sieve`` holds the filters as they stand in an address; ``result`` the groups and which pins they hold, once done:
    {"numbers", "n_supports", "labels", "groups": [fields of siting.selectors.clusters.Cluster, the hull as WKT]}.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for its turn")
        RUNNING = "running", _("being worked out")
        DONE = "done", _("done")
        FAILED = "failed", _("did not work out")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cluster_runs")
    min_count = models.PositiveIntegerField()
    weigh = models.CharField(max_length=10)
    sieve = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    share_done = models.FloatField(default=0, help_text=_("How much of the work is behind, 0 to 1"))
    n_pins = models.PositiveIntegerField(null=True, blank=True)
    n_clusters = models.PositiveIntegerField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    asked_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="cluster_runs")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(state="done") | Q(result__isnull=False), name="run_done_has_a_result"),
            models.CheckConstraint(condition=Q(share_done__gte=0, share_done__lte=1), name="run_share_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.state}"


class SavedCluster(models.Model):
    """A cluster as it was when a planner gave it a name; what comes in later does not change it.

    ``settings`` holds the query of the workbench's view it was found in; ``numbers`` its proposals.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="saved_clusters")
    name = models.CharField(max_length=120)
    method = models.CharField(max_length=10, choices=[(method.value, method.name) for method in Method])
    settings = models.TextField()
    numbers = ArrayField(models.PositiveIntegerField())
    centre = models.PointField(srid=4326)
    hull = models.PolygonField(srid=4326)
    area_m2 = models.FloatField()
    n_supports = models.PositiveIntegerField()
    n_people = models.PositiveIntegerField()
    weight = models.FloatField()
    words = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    kept_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="saved_clusters")
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="saved_cluster_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_cluster_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def area_ha(self) -> float:
        """Its size in hectares."""
        return self.area_m2 / M2_PER_HA
