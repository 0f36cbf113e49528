"""Files that staff take in at the desk: looked at, carried out, taken back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.models.project import Project
from participation.models.proposal import Proposal


class Import(models.Model):
    """One file: of proposals or supports for one project, or of neighbourhoods for a town.

    ``columns`` says which column of the file holds what; ``report`` what reading found: needs, layers, attributes,
    n_read, n_without_place, first rows. ``counts`` are the rows by what becomes of them.
    """

    class Kind(models.TextChoices):
        PROPOSALS = "proposals", _("proposals")
        SUPPORTS = "supports", _("supports")
        AREAS = "areas", _("neighbourhoods")

    class State(models.TextChoices):
        DRAFT = "draft", _("being checked")
        DONE = "done", _("taken in")
        UNDONE = "undone", _("taken back")

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PROPOSALS)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="imports")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="imports"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    file = models.FileField(upload_to="imports/", blank=True)
    file_name = models.CharField(max_length=200)
    file_layer = models.CharField(max_length=200, blank=True, help_text=_("Which layer of the file"))
    crs = models.CharField(max_length=20, blank=True)
    lon = models.CharField(max_length=200, blank=True)
    lat = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="imports")
    uploaded_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="areas", organisation__isnull=False, project__isnull=True)
                | ~Q(kind="areas") & Q(organisation__isnull=True, project__isnull=False),
                name="import_is_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def town(self) -> Organisation:
        """Whose it is, directly or by its project."""
        if self.project is not None:
            return self.project.organisation
        assert self.organisation is not None
        return self.organisation


class ImportedRow(models.Model):
    """What becomes of one row: of a draft what would, of an import what did.

    ``before`` and ``after`` hold the fields that the row changes; of something new ``after`` alone. Of a proposal:
    title, body, theme (its slug), place ([lon, lat], or GeoJSON of a line or an area); of a neighbourhood: name,
    population, outline (WKB, hex). ``made`` is the key of the support or the neighbourhood. ``note`` says what came in
    otherwise than it stands in the file; ``left`` why taking it back left something as it is.
    """

    class Act(models.TextChoices):
        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        SAME = "same", _("the same")
        REFUSED = "refused", _("refused")

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    key = models.CharField(max_length=200, blank=True)
    act = models.CharField(max_length=10, choices=Act.choices)
    proposal = models.ForeignKey(Proposal, on_delete=models.SET_NULL, null=True, related_name="imported_rows")
    number = models.PositiveIntegerField(null=True, blank=True)
    # No foreign key: whoever takes a support back must not wait for a look into all imports.
    made = models.BigIntegerField(null=True, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    code = models.CharField(max_length=60, blank=True)
    facts = models.JSONField(default=dict)
    note = models.CharField(max_length=20, blank=True)
    left = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["line", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(act="refused") | ~Q(code=""), name="refused_row_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.act}"
