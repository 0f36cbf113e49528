"""The layers everyone may see: proposals of each public project, and the town's neighbourhoods.

What stands in ``columns`` is all that leaves the house: nobody's name, no time finer than a day, and votes only
after the vote was counted.
"""

from collections.abc import Iterator
from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from geo.catalog import AnyLayer, Asker, FeatureSource, Slots, Stored, UnknownLayer, layer
from geo.columns import Column, Look
from participation.models import Area, InventoryObject, Organisation, Phase, Project, Proposal, Response, TallyRow
from participation.rules.text import in_language
from participation.selectors.answer_layers import public_columns
from participation.selectors.proposals import counted_as
from participation.selectors.zones import asks_for_shapes

# What stands in Proposal.last_outcome, and what it means.
ANSWERS = (*Response.Outcome.choices, ("none", _("Not answered yet")))


def counted_vote(project: Project) -> Phase | None:
    """The latest vote of a project whose votes were counted; its tally is public."""
    counted = [phase for phase in project.phases.all() if phase.kind == "vote" and phase.closed_at is not None]
    return counted[-1] if counted else None


def proposals_layer(project: Project, *, has_map: bool) -> FeatureSource:
    """The public proposals of a project, with the votes once they are counted."""
    language = get_language() or "nl"
    rows = Proposal.objects.filter(project=project, state=Proposal.State.PUBLISHED)
    themes = tuple((theme.slug, in_language(theme.name, language)) for theme in project.themes.all())
    columns = [
        Column("number", "number", "integer", _("Number")),
        Column("title", "title", "text", _("Title")),
        Column("body", "body", "text", _("Why here")),
        Column("origin", "origin", "text", _("Proposed by"), codes=tuple(Proposal.Origin.choices)),
        Column("theme", Coalesce("theme__slug", Value("")), "text", _("Theme"), codes=themes),
        Column("area", Coalesce("area__name", Value("")), "text", _("Neighbourhood"), found=partial(_in_area, project)),
        Column("on_ballot", "on_ballot", "boolean", _("On the ballot")),
        Column("n_supports", "n_supports", "integer", _("Supporters")),
        Column("created_on", "created_at", "date", _("Proposed on")),
        Column("answer", "last_outcome", "text", _("Answer of the town"), codes=ANSWERS),
    ]
    if project.from_inventory:
        columns += [
            Column("object", "inventory_object__number", "integer", _("Object")),
            Column(
                "permission",
                Coalesce("inventory_object__permission", Value("")),
                "text",
                _("The owner says"),
                codes=tuple(InventoryObject.Permission.choices),
            ),
        ]
    vote = counted_vote(project)
    if vote is not None:
        tally = TallyRow.objects.filter(phase=vote, proposal=OuterRef("pk"))
        columns += [
            Column("n_votes", Subquery(tally.values("n_votes")), "integer", _("Votes")),
            Column("rank", Subquery(tally.values("rank")), "integer", _("Rank")),
            Column(
                "chosen",
                Subquery(tally.values("is_winner")),
                "boolean",
                _("Chosen"),
                found=lambda chosen: counted_as(vote, is_winner=chosen),
            ),
        ]
    columns += public_columns(project)
    return FeatureSource(
        id=f"{project.slug}-proposals",
        title=in_language(project.title, language),
        description=in_language(project.summary, language),
        rows=rows,
        geometry=("shape" if asks_for_shapes(project) else "point") if has_map else None,
        geometry_type=("Geometry" if asks_for_shapes(project) else "Point") if has_map else None,
        key="number",
        columns=tuple(columns),
        updated=f"{project.pk}.{project.revision}",
        weight="n_supports",
        pin=("number", "title", "theme", "area", "on_ballot"),
        time="created_on",
        stored=Stored(x="tile_x", y="tile_y", morton="morton"),
        slots=Slots(
            "theme_id",
            {theme.pk: f"theme:{theme.slug}" for theme in project.themes.all()},
            of="theme",
            values={"": 0} | {theme.slug: theme.pk for theme in project.themes.all()},
        ),
        # The triggers count_pins_* count what is public, under the project's number.
        counted=project.pk,
        dataset=project.slug,
        look=Look(
            column="theme",
            values=tuple(
                (theme.slug, in_language(theme.name, language), theme.colour) for theme in project.themes.all()
            ),
        ),
    )


def _in_area(project: Project, name: str) -> Q:
    """The neighbourhood is looked up first: so the database knows which one, and how many it holds."""
    if not name:
        return Q(area=None)
    return Q(area__in=list(Area.objects.filter(organisation=project.organisation_id, name=name).values_list("pk")))


def areas_layer(organisation: Organisation) -> FeatureSource:
    """The neighbourhoods of a town."""
    return FeatureSource(
        id="areas",
        title=_("Neighbourhoods"),
        description=organisation.name,
        rows=Area.objects.filter(organisation=organisation),
        geometry="outline",
        geometry_type="MultiPolygon",
        key="pk",
        columns=(
            Column("code", "code", "text", _("Code")),
            Column("name", "name", "text", _("Name")),
            Column("part", "part", "text", _("Former municipality")),
            Column("population", "population", "integer", _("Inhabitants")),
            Column("population_is_estimate", "population_is_estimate", "boolean", _("Inhabitants estimated")),
        ),
        updated=f"areas.{organisation.pk}.{organisation.revision}",
    )


def public_projects(organisation: str) -> Iterator[Project]:
    """The public projects of a town, without their outlines: layers do not need them and they are large."""
    return iter(
        Project.objects.filter(organisation__slug=organisation)
        .exclude(state=Project.State.DRAFT)
        .select_related("organisation")
        .defer("area", "organisation__outline")
        .prefetch_related("phases", "themes", "form_versions")
        .order_by("slug")
    )


def public_layers(asker: Asker) -> Iterator[FeatureSource]:
    """Everything this app shows to everyone of one town."""
    with_map = set(
        Project.objects.filter(organisation__slug=asker.organisation, area__isnull=False).values_list("pk", flat=True)
    )
    first = True
    for project in public_projects(asker.organisation):
        if first:
            first = False
            yield areas_layer(project.organisation)
        yield proposals_layer(project, has_map=project.pk in with_map)


def is_everybodys(organisation: Organisation, shown: AnyLayer) -> bool:
    """Would somebody who is not signed in get the same rows of this layer?"""
    try:
        found = layer(Asker(organisation.slug, AnonymousUser()), shown.id)
    except UnknownLayer:
        return False
    return found.fingerprint == shown.fingerprint


def project_of_layer(organisation: Organisation, shown: AnyLayer) -> Project | None:
    """Which project is a layer of? Those of the town itself are of none."""
    return Project.objects.filter(organisation=organisation, slug=shown.dataset).defer("area").first()
