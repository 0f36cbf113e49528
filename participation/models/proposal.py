"""What people ask for, and who stands behind it."""

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db.models import F, Func, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from participation.models.organisation import Area
from participation.models.person import Person
from participation.models.project import Project, Theme
from participation.models.zone import InventoryObject

LON = Func(F("point"), function="ST_X", output_field=models.FloatField())
LAT = Func(F("point"), function="ST_Y", output_field=models.FloatField())
TILE_X = Func(LON, function="geo_tile_x", output_field=models.IntegerField())
TILE_Y = Func(LAT, function="geo_tile_y", output_field=models.IntegerField())
# What everyone may see.
PUBLIC = Q(state="published")


class Proposal(models.Model):
    """One suggested place or idea; the only thing that can be voted on.

    ``n_supports`` is kept by triggers, so it is true under any race: the different people who support this one or
    one that was joined with it. ``merged_into`` is the root of its tree, never a proposal that was itself joined
    with another (trigger ``merged_into_a_root``); what was joined with what is in models.merge. ``folded`` is the
    title in small letters without accents, for finding what is alike. Where the pin lies in the tiles of the map
    is computed once, when it is written. ``point`` and ``shape`` are what everybody may see; where a project
    blurs places the exact one is in ExactPlace and nowhere else. ``shape`` is the whole of it, a point as well, in
    projects that ask for more than a spot; ``point`` is then its mark on the map.
    """

    class Origin(models.TextChoices):
        RESIDENT = "resident", _("proposed by a resident")
        CITY = "city", _("proposed by the city")
        PAPER = "paper", _("received on paper")

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("being checked")
        PUBLISHED = "published", _("public")
        HIDDEN = "hidden", _("not shown")
        MERGED = "merged", _("joined with another one")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="proposals")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.RESIDENT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PUBLISHED)
    hidden_because = models.TextField(blank=True)
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True, max_length=4000)
    language = models.CharField(max_length=7, default="nl")
    theme = models.ForeignKey(Theme, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals")
    point = models.PointField(srid=4326, null=True, blank=True)
    shape = models.GeometryField(srid=4326, null=True, blank=True, spatial_index=False)
    inventory_object = models.ForeignKey(
        InventoryObject, on_delete=models.RESTRICT, null=True, blank=True, related_name="proposals"
    )
    tile_x = models.GeneratedField(expression=TILE_X, output_field=models.IntegerField(null=True), db_persist=True)
    tile_y = models.GeneratedField(expression=TILE_Y, output_field=models.IntegerField(null=True), db_persist=True)
    morton = models.GeneratedField(
        expression=Func(TILE_X, TILE_Y, function="geo_morton", output_field=models.BigIntegerField()),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )
    area = models.ForeignKey(Area, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals")
    author = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals")
    cost_cents = models.PositiveBigIntegerField(null=True, blank=True)
    on_ballot = models.BooleanField(default=False)
    n_supports = models.PositiveIntegerField(default=0, editable=False)
    # What was answered last (Response.Outcome, or "none" yet), written with the answer: files and lists ask each row.
    last_outcome = models.CharField(max_length=10, default="none", db_default="none", editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, blank=True, related_name="merged")
    comments_locked = models.BooleanField(default=False)
    folded = models.GeneratedField(
        expression=Func(F("title"), function="participation_folded"), output_field=models.TextField(), db_persist=True
    )
    # The row of a pabulib file it came from, cell by cell.
    source = models.JSONField(null=True, blank=True, editable=False)
    import_key = models.CharField(max_length=200, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="proposal_number_once"),
            models.UniqueConstraint(fields=["project", "import_key"], name="proposal_import_key_once"),
            models.CheckConstraint(
                condition=~Q(on_ballot=True) | Q(state="published"), name="proposal_on_ballot_is_public"
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | ~Q(state="merged") & Q(merged_into__isnull=True),
                name="proposal_merged_says_where",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")), name="proposal_not_merged_into_itself"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "state", "-created_at", "-number"], name="proposal_queue"),
            # The orders of the list of a project, each with all that tells which numbers stand on a page.
            models.Index(fields=["project", "-n_supports", "number"], condition=PUBLIC, name="proposal_most_supported"),
            models.Index(fields=["project", "title", "number"], condition=PUBLIC, name="proposal_by_name"),
            models.Index(
                fields=["project", "last_outcome"], condition=~Q(last_outcome="none"), name="proposal_answered"
            ),
            models.Index(fields=["project", "number"], condition=PUBLIC & Q(on_ballot=False), name="proposal_rest"),
            models.Index(fields=["project", "number"], condition=Q(on_ballot=True), name="proposal_options"),
            # What waits over all projects, the longest first.
            models.Index(fields=["state", "created_at"], name="proposal_waiting"),
            # Holds whatever tiles group and lists count by, so that for these no row is read.
            models.Index(
                fields=["project", "morton"],
                include=["number", "tile_x", "tile_y", "n_supports", "theme", "area", "created_at", "on_ballot"],
                condition=PUBLIC,
                name="proposal_tiles",
            ),
            GistIndex(fields=["shape"], condition=Q(shape__isnull=False), name="proposal_shape"),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="proposal_title_trigram"),
            GinIndex(OpClass(Upper("body"), name="gin_trgm_ops"), name="proposal_body_trigram"),
            GinIndex(OpClass("folded", name="gin_trgm_ops"), name="proposal_alike"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_read_by_all(self) -> bool:
        """Can everybody read it, be it that it was joined with another one?"""
        return self.state in {self.State.PUBLISHED, self.State.MERGED}


class ExactPlace(models.Model):
    """Where a proposal really is, in a project that shows places only roughly: for staff, and for nobody else.

    A table of its own, so that no query about proposals carries it along (docs/decisions/0011).
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.CASCADE, primary_key=True, related_name="exact")
    place = models.GeometryField(srid=4326, spatial_index=False)

    def __str__(self) -> str:
        return str(self.proposal_id)


class Support(models.Model):
    """One person's heart on one proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="supports")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="supports")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "person"], name="support_once")]

    def __str__(self) -> str:
        return f"{self.person_id} -> {self.proposal_id}"
