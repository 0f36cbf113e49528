"""Files of layers that somebody asked for and a worker makes."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models.organisation import Organisation
from participation.models.person import Person


class Export(models.Model):
    """One file of one layer, made for one person and gone after a day.

    ``asked`` holds the parameters of the address under which the same file could be had at once. ``stored`` is the
    name of the file in the folder of exports, one that nobody can guess; empty while there is none. ``columns`` are
    those that the file holds: who may not see one of them any more does not get it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for its turn")
        RUNNING = "running", _("being made")
        DONE = "done", _("ready")
        FAILED = "failed", _("did not work out")
        CANCELLED = "cancelled", _("stopped")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="exports")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="exports")
    layer = models.CharField(max_length=200)
    title = models.CharField(max_length=300, help_text=_("What the layer was called"))
    format = models.CharField(max_length=12)
    crs = models.CharField(max_length=20)
    asked = models.JSONField(default=dict)
    language = models.CharField(max_length=7)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    n_rows = models.PositiveIntegerField(default=0, help_text=_("How many rows there were when it was asked for"))
    n_done = models.PositiveIntegerField(default=0)
    n_bytes = models.PositiveBigIntegerField(default=0)
    why = models.TextField(blank=True, help_text=_("Why there is no file"))
    file_name = models.CharField(max_length=250, blank=True)
    stored = models.CharField(max_length=40, blank=True)
    columns = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField(help_text=_("When the worker was last heard of"))
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(state="done") | ~Q(stored=""), name="export_done_has_a_file"),
        ]

    def __str__(self) -> str:
        return f"{self.layer}.{self.format}"

    @property
    def is_under_way(self) -> bool:
        """Will there be a file, as far as is known?"""
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def percent(self) -> int:
        """How much of the work is behind."""
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.n_done // self.n_rows) if self.n_rows else 0
