"""Studies: a question about candidates, the criteria they are held against, and what was found, with its inputs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models import Area, Person, Project
from siting.models.candidate import Candidate
from siting.rules.criteria import Kind
from siting.rules.measures import Measure, Unit


class Run(models.Model):
    """Something computed in the background: how far it is, from what it was computed, what came out.

    ``stamp`` says with which data and settings (versions of layers, revision of the project, ...), ``stamp_hash`` is
    the same for the same question on the same data, ``result_hash`` for the same outcome. ``failure`` is a code and
    its facts. ``told_at`` is when it last said how far it is: a run whose worker died is known by it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being prepared")
        QUEUED = "queued", _("waiting for its turn")
        RUNNING = "running", _("being computed")
        DONE = "done", _("done")
        FAILED = "failed", _("not possible")
        STOPPED = "stopped", _("stopped")

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    progress = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True)
    stamp = models.JSONField(default=dict)
    stamp_hash = models.CharField(max_length=64, blank=True)
    result = models.JSONField(null=True, blank=True)
    result_hash = models.CharField(max_length=64, blank=True)
    failure = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_under_way(self) -> bool:
        """Is it waiting or being computed?"""
        return self.state in {self.State.QUEUED, self.State.RUNNING}


def done_has_a_result(name: str) -> models.CheckConstraint:
    """Nothing is half done: what is done has its result, and nothing else has one."""
    return models.CheckConstraint(
        condition=Q(state="done", result__isnull=False) | ~Q(state="done") & Q(result__isnull=True), name=name
    )


class Study(Run):
    """One question about the candidates of a project. Once it ran it stays as it is: a change is a copy.

    ``result``: {"candidates": [{"number", "title", "lon", "lat", "area"}], "values": {code: [value or null]},
    "gone": {code: why}}; scores are made from it by the rules, so every part can be shown.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="studies")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    question = models.TextField(blank=True, max_length=1000)
    template = models.CharField(max_length=20, blank=True)
    area = models.ForeignKey(
        Area,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="studies",
        help_text=_("Only candidates in this neighbourhood"),
    )
    existing_layer = models.SlugField(max_length=60, blank=True, help_text=_("The layer of what is there already"))
    n_first = models.PositiveSmallIntegerField(default=12, help_text=_("How many places at the top matter"))
    is_public = models.BooleanField(default=False, help_text=_("Everybody may read criteria and scores"))
    cloned_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="clones")
    created_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="studies")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="study_number_once"),
            models.CheckConstraint(condition=~Q(title="") & Q(n_first__gte=1), name="study_has_a_title"),
            models.CheckConstraint(condition=Q(is_public=False) | Q(state="done"), name="study_public_is_done"),
            done_has_a_result("study_done_has_a_result"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Criterion(models.Model):
    """One criterion of a study. ``worth`` is {"curve": [[x, y], ...]} or {"levels": [[name, y], ...]} or empty;
    ``layer`` the slug of a layer: which version was read stands in the stamp of the study.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True, help_text=_("Empty: the name its code has in the set"))
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    weight = models.FloatField(default=0)
    worth = models.JSONField(default=dict, blank=True)
    least = models.FloatField(null=True, blank=True)
    most = models.FloatField(null=True, blank=True)
    measure = models.CharField(max_length=10, choices=[(m.value, m.value) for m in Measure])
    layer = models.SlugField(max_length=60, blank=True)
    attribute = models.CharField(max_length=100, blank=True)
    radius_m = models.PositiveIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=10, choices=[(unit.value, unit.value) for unit in Unit])
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="criterion_code_once"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="criterion_weight_not_negative"),
            models.CheckConstraint(
                condition=Q(radius_m__isnull=True) | Q(radius_m__gte=1, radius_m__lte=50_000),
                name="criterion_radius_in_reach",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_id}: {self.code}"


class HandValue(models.Model):
    """What somebody typed in for one candidate and criterion: a number or the name of a level."""

    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="hand_values")
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="hand_values")
    value = models.JSONField()
    typed_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="hand_values")
    typed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["criterion", "candidate"], name="hand_value_once")]

    def __str__(self) -> str:
        return f"{self.criterion_id}/{self.candidate_id}"


class Scenario(Run):
    """One choice among the candidates of a study, computed or made by hand, with the same figures for each.

    ``asked`` is what siting/rules/scenarios.py reads; ``result`` is described in siting/selectors/scenarios.py.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="scenarios")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    asked = models.JSONField(default=dict)
    created_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="scenarios")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="scenario_number_once"),
            done_has_a_result("scenario_done_has_a_result"),
        ]

    def __str__(self) -> str:
        return f"{self.study_id}/{self.number}"
