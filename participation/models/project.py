"""A question to the public, and the phases it goes through."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from participation.models.organisation import Organisation
from participation.rules.electorate import Eligibility
from participation.rules.phases import PhaseKind
from participation.rules.places import NEAR_LEAST_M, NEAR_MOST_M, NEAR_USUAL_M, Shape
from participation.rules.voting import NO_CAP, Method, Rule


def _a_spot() -> list[str]:
    return [Shape.POINT.value]


class Project(models.Model):
    """One question to the public. Texts of the town are {language: text}; ``area`` is null when no place is asked.

    ``revision`` grows with every change of its proposals (trigger ``touch_project``): what is cached of a
    project's layers carries it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="projects")
    slug = models.SlugField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    title = models.JSONField(default=dict)
    question = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    rules = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    area = models.MultiPolygonField(srid=4326, null=True, blank=True)
    # How the area was chosen: {"kind": "town"}, {"kind": "areas", "codes": [...]}, {"kind": "drawn"}, {"kind": "file",
    # "name": ...} or {"kind": "none"}; empty where it was not chosen at the desk.
    area_source = models.JSONField(default=dict, blank=True)
    # What is asked of a place (rules.places.PlaceSettings); where ``area`` is null nothing of it holds.
    shapes = ArrayField(
        models.CharField(max_length=10, choices=[(shape.value, shape.value) for shape in Shape]), default=_a_spot
    )
    place_optional = models.BooleanField(default=False, help_text=_("A proposal may come without a place"))
    blur_m = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("How far a public place may lie from the exact one, in metres")
    )
    from_inventory = models.BooleanField(default=False, help_text=_("Only objects of the inventory may be proposed"))
    per_object = models.PositiveSmallIntegerField(
        null=True, blank=True, default=1, help_text=_("How often one object may be proposed")
    )
    moderated_first = models.BooleanField(default=False, help_text=_("Staff look before a proposal is public"))
    # {act: level}, what is said otherwise than participation/rules/access.py; migration 0006 holds which there are.
    access = models.JSONField(default=dict, blank=True)
    # {question: answer}, what the planner answered to the questions of participation/rules/templates.py.
    considered = models.JSONField(default=dict, blank=True)
    nearby_radius_m = models.PositiveIntegerField(default=NEAR_USUAL_M)
    # What a pabulib file said of the vote: {"meta": [cells], "fields": {section: names of columns}}. Options are then
    # numbered, and equals counted, in the order of the file.
    source = models.JSONField(null=True, blank=True, editable=False)
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "slug"], name="project_slug_once"),
            # Everybody knows where the objects of an inventory stand.
            models.CheckConstraint(
                condition=Q(from_inventory=False) | Q(blur_m__isnull=True), name="project_blurs_no_objects"
            ),
            models.CheckConstraint(
                condition=Q(nearby_radius_m__gte=NEAR_LEAST_M, nearby_radius_m__lte=NEAR_MOST_M),
                name="project_near_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class Theme(models.Model):
    """A kind of proposal within one project, shown by name and colour."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="themes")
    slug = models.SlugField(max_length=60)
    name = models.JSONField(default=dict)
    colour = models.CharField(max_length=7, default="#1f5c3a")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="theme_slug_once")]

    def __str__(self) -> str:
        return self.slug


class Phase(models.Model):
    """A dated step of a project. The rules of a vote freeze with its first ballot (trigger ``phase_rules_frozen``)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in PhaseKind])
    name = models.JSONField(default=dict)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text=_("When the votes were counted"))

    method = models.CharField(max_length=10, choices=[(m.value, m.value) for m in Method], default=Method.CHOICES)
    rule = models.CharField(max_length=12, choices=[(r.value, r.value) for r in Rule], default=Rule.PLURALITY)
    cap = models.PositiveSmallIntegerField(default=5, help_text=_("How many choices at most"))
    floor = models.PositiveSmallIntegerField(default=1, help_text=_("How many choices at least"))
    points = models.PositiveIntegerField(default=10, help_text=_("How many points to divide"))
    points_max = models.PositiveIntegerField(default=10, help_text=_("How many points at most on one option"))
    budget_cents = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("The sum to spend"))
    cap_per_area = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Choices in one neighbourhood"))
    cap_per_theme = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Choices of one theme"))
    n_winners = models.PositiveSmallIntegerField(default=12)
    one_per_area = models.BooleanField(default=False, help_text=_("Each neighbourhood gets at least one place"))
    eligibility = models.CharField(
        max_length=10, choices=[(e.value, e.value) for e in Eligibility], default=Eligibility.MAIL
    )
    min_age = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("How old one must be to vote"))
    takes_paper = models.BooleanField(default=False, help_text=_("Staff may type in ballots on paper"))
    n_eligible = models.PositiveIntegerField(null=True, blank=True, help_text=_("How many people may vote"))
    # {act: level} in this phase, where it is otherwise than in the project.
    access = models.JSONField(default=dict, blank=True)
    write_ins = models.BooleanField(default=False, help_text=_("New proposals may come in while the vote runs"))
    write_ins_join = models.BooleanField(default=False, help_text=_("Staff may add them to the running ballot"))
    hides_tally = models.BooleanField(default=True, help_text=_("Nobody sees counts before the vote closes"))

    class Meta:
        ordering = ["position"]
        constraints = [
            # Looked at when the transaction ends, so that phases can change places.
            models.UniqueConstraint(
                fields=["project", "position"], name="phase_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            # The target of ballot_cast's composite foreign key: no cap can change under a cast ballot.
            models.UniqueConstraint(fields=["id", "cap"], name="phase_id_cap"),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="phase_closes_after_opening",
            ),
            models.CheckConstraint(condition=Q(cap__gte=F("floor")) & Q(floor__gte=1), name="phase_cap_above_floor"),
            models.CheckConstraint(
                condition=Q(points__gte=1) & Q(points_max__gte=1) & Q(points_max__lte=F("points")),
                name="phase_points_make_sense",
            ),
            models.CheckConstraint(
                condition=~Q(method="budget") | Q(budget_cents__isnull=False), name="phase_budget_has_a_sum"
            ),
            # Whoever supports may support all, also what joins later: the largest number the column holds.
            models.CheckConstraint(condition=~Q(method="support") | Q(cap=NO_CAP), name="phase_support_has_no_cap"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.kind}"
