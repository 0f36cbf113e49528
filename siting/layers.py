"""The layers of the deciding side: what is computed from what residents ask for, the town's own layers, candidates,
clusters that were kept; what studies found stands in ``siting/study_layers.py``.

Of each public project everyone may see clusters, outlines, hot spots and a heat map, made with the settings that hold
when nothing is set, from public proposals and their supports alone; the desk makes them with settings and filters of
its own. Clusters that a planner kept are for staff. Listing costs a query or two a project; each layer is computed
when it is first read.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Literal, cast

import shapely
from django.db.models import BigIntegerField, BooleanField, FloatField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from geo.catalog import AnyLayer, Asker, DerivedSource, FeatureSource, Raster
from geo.columns import Column, Feature, GeometryType
from geo.plane.grids import Grid
from participation import public
from participation.models import Project
from participation.rules.text import in_language
from siting.models import Decision, Layer, LayerFeature, RollOut
from siting.rules.settings import LEAST_PEOPLE_SHOWN, Grouping, Heat, Sieve, Spots
from siting.selectors.attributes import text_of
from siting.selectors.candidates import candidates_revision, catalogued_candidates
from siting.selectors.clusters import clusters_of, people_in
from siting.selectors.demand import EVERYTHING
from siting.selectors.heard import turnout
from siting.selectors.heat import density_of
from siting.selectors.hotspots import Verdict, hot_spots
from siting.selectors.kept import catalogued_clusters, kept_revision
from siting.selectors.layers import catalogued
from siting.study_layers import layers_of_studies

# What holds where nothing is set.
GROUPED, SPOTTED, HEATED = Grouping(), Spots(), Heat()

# As what the database compares an attribute of this kind; everything else as text.
_STORED = {"integer": BigIntegerField, "number": FloatField, "boolean": BooleanField}

IN_WORDS = {
    Verdict.HOT: gettext_lazy("Clearly more than chance"),
    Verdict.COLD: gettext_lazy("Clearly less than chance"),
    Verdict.EVEN: gettext_lazy("No more or less than chance can give"),
}
METHODS = (
    ("dbscan", gettext_lazy("Pins within a distance of each other (DBSCAN)")),
    ("hdbscan", gettext_lazy("Pins that lie more densely than those around them (HDBSCAN)")),
)

CANDIDATE_COLUMNS = (
    Column("number", "number", "integer", gettext_lazy("Number")),
    Column("title", "title", "text", gettext_lazy("Title")),
    Column("outcome", "outcome", "text", gettext_lazy("Decision"), codes=tuple(Decision.Outcome.choices)),
    Column("decided_on", "decided_on", "date", gettext_lazy("Decided on")),
    Column("roll_out", "roll_out", "text", gettext_lazy("How far it is"), codes=tuple(RollOut.State.choices)),
)

COLUMNS = (
    Column("number", "", "integer", gettext_lazy("Number")),
    Column("n", "", "integer", gettext_lazy("Pins")),
    Column("weight", "", "number", gettext_lazy("What counts, added up")),
    Column("n_people", "", "integer", gettext_lazy("Different people (empty below 5)")),
    Column("radius_m", "", "number", gettext_lazy("Distance between pins, in metres")),
    Column("min_count", "", "integer", gettext_lazy("Least number of pins")),
)
SPOT_COLUMNS = (
    Column("number", "", "integer", gettext_lazy("Number")),
    Column("n", "", "integer", gettext_lazy("Pins")),
    Column("weight", "", "number", gettext_lazy("What counts, added up")),
    Column("z", "", "number", gettext_lazy("Gi* (standard deviations from what chance gives)")),
    Column("p", "", "number", gettext_lazy("Probability of this much by chance, one hexagon by itself")),
    Column("p_corrected", "", "number", gettext_lazy("The same, corrected for all hexagons together")),
    Column(
        "verdict",
        "",
        "text",
        gettext_lazy("What it is, over all hexagons together (sure to at least 95 %)"),
        codes=tuple(IN_WORDS.items()),
    ),
    Column("sure", "", "integer", gettext_lazy("How sure that is, in per cent (0 where it is even)")),
    Column("words", "", "text", gettext_lazy("In words")),
    Column("cell_m", "", "number", gettext_lazy("Width of a hexagon, in metres")),
)
KEPT_COLUMNS = (
    Column("name", "name", "text", gettext_lazy("Name")),
    Column("method", "method", "text", gettext_lazy("How it was found"), codes=METHODS),
    Column("n", "n", "integer", gettext_lazy("Pins")),
    Column("weight", "weight", "number", gettext_lazy("What counts, added up")),
    Column("n_supports", "n_supports", "integer", gettext_lazy("Supporters")),
    Column("n_people", "told", "integer", gettext_lazy("Different people (empty below 5)")),
    Column("area_m2", "area_m2", "number", gettext_lazy("Surface of the outline, in square metres")),
    Column("words", "said", "text", gettext_lazy("Words that stand out")),
    Column("kept_on", "kept_at", "date", gettext_lazy("Kept on")),
)
AREA_COLUMNS = (
    Column("code", "", "text", gettext_lazy("Code")),
    Column("name", "", "text", gettext_lazy("Neighbourhood")),
    Column("population", "", "integer", gettext_lazy("Inhabitants")),
    Column("n_pins", "", "integer", gettext_lazy("Pins")),
    Column("n_supports", "", "integer", gettext_lazy("Supports")),
    Column("n_people", "", "integer", gettext_lazy("Different people (empty below 5)")),
    Column("n_votes", "", "integer", gettext_lazy("Votes")),
)
Shape = Literal["points", "hulls"]


def demand_layers(asker: Asker) -> Iterator[DerivedSource | Raster]:
    """Clusters, outlines, hot spots and heat map of every public project with a map."""
    for project in public.public_maps(asker.organisation):
        yield cluster_layer(project, "points")
        yield cluster_layer(project, "hulls")
        yield spots_layer(project)
        yield heat_layer(project)


def town_layers(asker: Asker) -> Iterator[FeatureSource]:
    """The town's own layers that are in use: the public ones for everybody, all of them for staff."""
    staff = public.projects_of_staff(asker.organisation, asker.person) is None
    for layer in catalogued(asker.organisation, staff=staff):
        yield town_layer(layer, staff=staff)


def town_layer(layer: Layer, *, staff: bool) -> FeatureSource:
    """One of the town's own layers: for everybody with the attributes that staff chose, for staff with all of them."""
    has_places = bool(layer.geometry_type)
    shown = [each for each in layer.attributes if staff or each["name"] in layer.shown]
    return FeatureSource(
        id=f"layer-{layer.slug}",
        title=layer.name,
        description=_("Source: %(source)s. Licence: %(licence)s.")
        % {"source": layer.source.rstrip("."), "licence": layer.licence.rstrip(".")},
        rows=LayerFeature.objects.filter(layer=layer),
        geometry="geometry" if has_places else None,
        geometry_type=cast(GeometryType, layer.geometry_type) if has_places else None,
        key="key",
        columns=tuple(_column(each) for each in shown),
        updated=f"layer.{layer.pk}",
        chosen_by=_chosen_by(layer) if staff else _("The staff of the town chose which columns everybody gets."),
    )


def _chosen_by(layer: Layer) -> str:
    if not layer.shown:
        return _("These are all columns of the layer, for staff. Everybody gets none of them.")
    return _("These are all columns of the layer, for staff. Everybody gets only: %(names)s.") % {
        "names": ", ".join(layer.shown)
    }


def candidate_layers(asker: Asker) -> Iterator[FeatureSource]:
    """The candidates of each public project: for staff all of them, for everybody those decided about in public."""
    mine = public.projects_of_staff(asker.organisation, asker.person)
    for project in public.public_maps(asker.organisation):
        yield candidate_layer(project, staff=mine is None or project.pk in mine)


def candidate_layer(project: Project, *, staff: bool) -> FeatureSource:
    """The candidates of a project, with what was decided and how far it has come."""
    return FeatureSource(
        id=f"{project.slug}-candidates",
        title=_("%(project)s: candidates") % {"project": in_language(project.title, get_language() or "nl")},
        description=_("Sites the town looks into, with its decision where it was published."),
        rows=catalogued_candidates(project, staff=staff),
        geometry="point",
        geometry_type="Point",
        key="number",
        columns=CANDIDATE_COLUMNS,
        updated=candidates_revision(project),
        pin=("number", "title"),
        dataset=project.slug,
    )


def kept_layers(asker: Asker) -> Iterator[FeatureSource]:
    """The clusters that planners kept by name, for the staff of each project."""
    mine = public.projects_of_staff(asker.organisation, asker.person)
    if mine is None or mine:
        projects = public.public_maps(asker.organisation)
        for project in projects if mine is None else projects.filter(pk__in=mine):
            yield kept_layer(project, "points")
            yield kept_layer(project, "hulls")


def kept_layer(project: Project, shape: Shape) -> FeatureSource:
    """The kept clusters of a project as they were when they were kept: their middles, or their outlines."""
    is_points = shape == "points"
    return FeatureSource(
        id=f"{project.slug}-kept-clusters" if is_points else f"{project.slug}-kept-hulls",
        title=(_("%(project)s: kept clusters") if is_points else _("%(project)s: outlines of kept clusters"))
        % {"project": _name(project)},
        description=_("Clusters as they were when a planner gave them a name; what came in later is not in them."),
        rows=catalogued_clusters(project),
        geometry="centre" if is_points else "hull",
        geometry_type="Point" if is_points else "Polygon",
        key="pk",
        columns=KEPT_COLUMNS,
        updated=kept_revision(project),
        pin=("name",) if is_points else (),
        dataset=project.slug,
    )


def layers_of(organisation: str, project: Project, *, staff: bool) -> Iterator[AnyLayer]:
    """All layers of one project of a town (by slug) that is public, for staff or for everybody."""
    maps = public.public_maps(organisation).filter(pk=project.pk)
    for found in maps:
        yield cluster_layer(found, "points")
        yield cluster_layer(found, "hulls")
        yield spots_layer(found)
        yield heat_layer(found)
        yield candidate_layer(found, staff=staff)
        if staff:
            yield kept_layer(found, "points")
            yield kept_layer(found, "hulls")
    yield from layers_of_studies(maps, staff=staff)


def _column(attribute: dict[str, Any]) -> Column:
    name, kind = attribute["name"], attribute["kind"]
    value: Combinable = text_of(name)
    if kind in _STORED:
        value = Cast(value, _STORED[kind]())
    return Column(name, value, kind, name)


def cluster_layer(project: Project, shape: Shape, how: Grouping = GROUPED, sieve: Sieve = EVERYTHING) -> DerivedSource:
    """The clusters of a project as a layer: their middles, or their outlines."""
    facts = {"project": _name(project), "radius": int(how.radius_m), "n": how.min_count}
    is_points = shape == "points"
    return DerivedSource(
        id=f"{project.slug}-clusters" if is_points else f"{project.slug}-cluster-hulls",
        title=(_("%(project)s: clusters") if is_points else _("%(project)s: outlines of clusters")) % facts,
        description=_("Groups of at least %(n)s pins within %(radius)s m of each other (DBSCAN), heaviest first.")
        % facts,
        geometry_type="Point" if is_points else "Polygon",
        columns=COLUMNS,
        updated=f"{project.pk}.{project.revision}",
        compute=partial(_clusters, project, shape, how, sieve),
        fingerprint=_fingerprint(project, shape, how, sieve),
        dataset=project.slug,
        around=partial(public.box_of, project),
    )


def spots_layer(project: Project, how: Spots = SPOTTED, sieve: Sieve = EVERYTHING) -> DerivedSource:
    """The hot spots of a project as a layer of hexagons."""
    facts = {"project": _name(project), "width": int(how.cell_m)}
    return DerivedSource(
        id=f"{project.slug}-hotspots",
        title=_("%(project)s: hot spots") % facts,
        description=_("Hexagons of %(width)s m in which more is asked for than chance gives (Getis-Ord Gi*).") % facts,
        geometry_type="Polygon",
        columns=SPOT_COLUMNS,
        updated=f"{project.pk}.{project.revision}",
        compute=partial(_spots, project, how, sieve),
        fingerprint=_fingerprint(project, "hotspots", how, sieve, get_language()),
        dataset=project.slug,
        around=partial(public.box_of, project),
    )


def heat_layer(project: Project, how: Heat = HEATED, sieve: Sieve = EVERYTHING) -> Raster:
    """The heat map of a project as a layer."""
    facts = {"project": _name(project), "bandwidth": int(how.bandwidth_m)}
    return Raster(
        id=f"{project.slug}-heat",
        title=_("%(project)s: heat map") % facts,
        description=_("Supports per square kilometre, spread over %(bandwidth)s m (Gaussian kernel).") % facts,
        updated=f"{project.pk}.{project.revision}",
        compute=partial(_grid, project, how, sieve),
        fingerprint=_fingerprint(project, "heat", how, sieve),
        dataset=project.slug,
    )


def areas_layer(project: Project, sieve: Sieve) -> DerivedSource:
    """The neighbourhoods with what was heard in each; for the desk."""
    return DerivedSource(
        id=f"{project.slug}-areas",
        title=_("%(project)s: neighbourhoods") % {"project": _name(project)},
        description=_("Who was heard in each neighbourhood. People are counted where their places are."),
        geometry_type="MultiPolygon",
        columns=AREA_COLUMNS,
        updated=f"{project.pk}.{project.revision}",
        compute=partial(_areas, project, sieve),
        fingerprint=_fingerprint(project, "areas", sieve),
        dataset=project.slug,
        around=partial(public.box_of_neighbourhoods, project),
    )


def _name(project: Project) -> str:
    return in_language(project.title, get_language() or "nl")


def _clusters(project: Project, shape: Shape, how: Grouping, sieve: Sieve) -> Sequence[Feature]:
    found = clusters_of(project, how, sieve)
    return [
        Feature(
            cluster.number,
            shapely.Point(cluster.lon, cluster.lat) if shape == "points" else cluster.hull,
            {
                "number": cluster.number,
                "n": cluster.n,
                "weight": cluster.weight,
                "n_people": n_people if n_people >= LEAST_PEOPLE_SHOWN else None,
                "radius_m": float(how.radius_m),
                "min_count": how.min_count,
            },
        )
        for cluster, n_people in zip(found.groups, people_in(project, found), strict=True)
    ]


def _spots(project: Project, how: Spots, sieve: Sieve) -> Sequence[Feature]:
    return [
        Feature(
            spot.number,
            spot.outline,
            {
                "number": spot.number,
                "n": spot.n_pins,
                "weight": spot.weight,
                "z": spot.z,
                "p": spot.p,
                "p_corrected": spot.p_corrected,
                "verdict": spot.verdict.value,
                "sure": spot.sure,
                "words": str(IN_WORDS[spot.verdict]),
                "cell_m": float(how.cell_m),
            },
        )
        for spot in hot_spots(project, how, sieve).spots
    ]


def _areas(project: Project, sieve: Sieve) -> Sequence[Feature]:
    return [
        Feature(
            number,
            row.part.outline,
            {
                "code": row.part.code,
                "name": row.part.name,
                "population": row.part.population,
                "n_pins": row.n_pins,
                "n_supports": row.n_supports,
                "n_people": row.n_people,
                "n_votes": row.n_votes,
            },
        )
        for number, row in enumerate(turnout(project, sieve).rows, start=1)
    ]


def _grid(project: Project, how: Heat, sieve: Sieve) -> Grid:
    return density_of(project, how, sieve).grid


def _fingerprint(project: Project, *how: object) -> str:
    return sha256(repr((project.pk, project.revision, how)).encode()).hexdigest()[:24]
