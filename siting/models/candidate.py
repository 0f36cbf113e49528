"""The planner's file about one site: what it came from, what was checked."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models import Person, Project, Proposal
from siting.models.layer import LayerFeature


class Candidate(models.Model):
    """One site that is looked into. Its point is its own: it lies where a planner put it, not on a resident's pin."""

    class State(models.TextChoices):
        OPEN = "open", _("looked into")
        SHORTLISTED = "shortlist", _("on the shortlist")
        DROPPED = "dropped", _("dropped")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="candidates")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    point = models.PointField(srid=4326)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    notes = models.TextField(blank=True, max_length=4000)
    created_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="candidates")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="candidate_number_once"),
            models.CheckConstraint(condition=~Q(title=""), name="candidate_has_a_title"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Origin(models.Model):
    """What a candidate came from. A candidate made from a cluster names the cluster once, and each of its proposals.

    ``cluster`` describes it as it was: {"number", "pin", "n", "weight", "radius_m", "min_count", "weigh"}.
    """

    class Kind(models.TextChoices):
        PROPOSAL = "proposal", _("a proposal")
        CLUSTER = "cluster", _("a cluster")
        FEATURE = "feature", _("a layer")
        HAND = "hand", _("put in by hand")

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="origins")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    proposal = models.ForeignKey(
        Proposal, on_delete=models.CASCADE, null=True, blank=True, related_name="candidate_origins"
    )
    feature = models.ForeignKey(
        LayerFeature, on_delete=models.RESTRICT, null=True, blank=True, related_name="candidate_origins"
    )
    cluster = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["candidate", "proposal"], name="origin_proposal_once"),
            models.CheckConstraint(
                condition=Q(kind="proposal", proposal__isnull=False, feature__isnull=True, cluster__isnull=True)
                | Q(kind="feature", proposal__isnull=True, feature__isnull=False, cluster__isnull=True)
                | Q(kind="cluster", proposal__isnull=True, feature__isnull=True, cluster__isnull=False)
                | Q(kind="hand", proposal__isnull=True, feature__isnull=True, cluster__isnull=True),
                name="origin_is_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id}: {self.kind}"


class Check(models.Model):
    """One thing that was looked into about a candidate: by whom, when, with what outcome, where it is written down."""

    class Kind(models.TextChoices):
        GRID = "grid", _("electricity grid")
        OWNERSHIP = "ownership", _("who owns the ground")
        HERITAGE = "heritage", _("heritage")
        OTHER = "other", _("something else")

    class Outcome(models.TextChoices):
        ASKED = "asked", _("asked, no answer yet")
        FINE = "fine", _("fine")
        CONDITIONS = "conditions", _("fine under conditions")
        AGAINST = "against", _("speaks against it")

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="checks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    checked_by = models.CharField(max_length=120, help_text=_("A colleague, a service or a company"))
    checked_on = models.DateField()
    note = models.TextField(blank=True, max_length=2000)
    document = models.URLField(blank=True, max_length=500)
    recorded_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="checks")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-checked_on", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(checked_by=""), name="check_says_by_whom")]

    def __str__(self) -> str:
        return f"{self.candidate_id}: {self.kind} {self.outcome}"
