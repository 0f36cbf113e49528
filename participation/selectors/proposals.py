"""Which proposals a reader sees, what lies near, and whether a place lies inside a project's area."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.db import models as gis
from django.contrib.gis.geos import Point, Polygon
from django.db.models import BooleanField, Exists, F, FloatField, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast

from geo.catalog import in_days
from geo.plane.boxes import LEAST_DEGREE_M, Box, around
from geo.plane.tiles import tile_around, whole
from geo.queries import pyramid
from participation.models import (
    Area,
    Organisation,
    Person,
    Phase,
    Project,
    Proposal,
    Support,
    TallyRow,
    Theme,
)
from participation.rules.places import BORDER_TOLERANCE_M, LonLat
from participation.rules.roles import DeskAct
from participation.selectors.merging import was_public
from participation.selectors.organisations import area_at
from participation.selectors.roles import may_in

# Border lines are straight in longitude and latitude; a geography draws them as great circles, which over a
# kilometre-long edge lies centimetres to decimetres beside. Cut into pieces of 0.001 degree it is below a millimetre.
_STRAIGHT_PIECE_DEGREES = 0.001


def visible_proposals(project: Project, person: Person | AnonymousUser) -> QuerySet[Proposal]:
    """Which proposals may this reader see: public ones, also when they were joined, one's own, and all for staff."""
    rows = Proposal.objects.filter(project=project).select_related("area", "theme", "inventory_object")
    if may_in(project, person, DeskAct.SEE):
        return rows
    public = Q(state=Proposal.State.PUBLISHED) | was_public()
    return rows.filter(public | Q(author=person) if isinstance(person, Person) else public)


def public_proposals(project: Project) -> QuerySet[Proposal]:
    """Which proposals may everyone see?"""
    return Proposal.objects.filter(project=project, state=Proposal.State.PUBLISHED).select_related(
        "area", "theme", "inventory_object"
    )


def last_proposal_of(person: Person | AnonymousUser, project: Project) -> Proposal | None:
    """What did this person propose last in this project?"""
    if not isinstance(person, Person):
        return None
    return Proposal.objects.filter(project=project, author=person).order_by("-number").first()


def proposals_of(person: Person, organisation: Organisation) -> QuerySet[Proposal]:
    """What did this person propose in this town?"""
    rows = Proposal.objects.filter(author=person, project__organisation=organisation)
    return (
        supported_by(rows, person)
        .select_related("project", "area", "theme", "inventory_object")
        .defer("area__outline", "project__area")
    )


def supports_of(person: Person, organisation: Organisation) -> QuerySet[Support]:
    """What does this person support in this town, the latest first?"""
    return (
        Support.objects.filter(person=person, proposal__project__organisation=organisation)
        .select_related("proposal__project")
        .defer("proposal__project__area")
        .order_by("-created_at")[:50]
    )


def supported_by(rows: QuerySet[Proposal], person: Person | AnonymousUser) -> QuerySet[Proposal]:
    """Mark on each proposal (``is_mine``) whether this reader supports it, or one that was joined with it."""
    if not isinstance(person, Person):
        return rows.annotate(is_mine=Value(False, output_field=BooleanField()))
    return rows.annotate(is_mine=Exists(hearts_on(OuterRef("pk"), person)))


def hearts_on(proposal: Proposal | OuterRef, person: Person) -> QuerySet[Support]:
    """This person's hearts on a proposal and on those that were joined with it."""
    return Support.objects.filter(Q(proposal=proposal) | Q(proposal__merged_into=proposal), person=person)


def hidden_stub(project: Project, number: int) -> Proposal | None:
    """What everyone may know of a hidden proposal: its number and why, nothing it said."""
    return (
        Proposal.objects.filter(project=project, number=number)
        .filter(Q(state=Proposal.State.HIDDEN) | Q(state=Proposal.State.MERGED) & ~Q(hidden_because=""))
        .only("number", "hidden_because", "state", "project")
        .first()
    )


SORTS = {"most": ("-n_supports", "number"), "new": ("-created_at", "-number"), "name": ("title", "number")}


# The shares of a radius within which the nearest are looked for, one after another.
NEARER = (1 / 16, 1 / 4, 1)
# So many words are looked for; more narrow nothing down and cost the same again.
WORDS = 8


def counted_as(vote: Phase, *, is_winner: bool) -> Q:
    """Which proposals were chosen in this vote, or were on its ballot and were not?"""
    return Q(pk__in=TallyRow.objects.filter(phase=vote, is_winner=is_winner).values("proposal"))


def filtered(
    rows: QuerySet[Proposal],
    *,
    text: str = "",
    area: str = "",
    theme: str = "",
    state: str = "",
    since: date | None = None,
    until: date | None = None,
    box: Box | None = None,
) -> QuerySet[Proposal]:
    """Keep the proposals that hold these words, in this area (code), of this theme (slug), proposed in these days, with
    their mark in this box.

    ``state``: "ballot", "chosen" (in a counted vote), an outcome of an answer, or "open" for not answered yet.
    """
    if state == "ballot":
        rows = rows.filter(on_ballot=True)
    elif state == "chosen":
        rows = rows.filter(
            Exists(TallyRow.objects.filter(proposal=OuterRef("pk"), phase=_last_count(), is_winner=True))
        )
    elif state:
        rows = rows.filter(last_outcome="none" if state == "open" else state)
    if since is not None or until is not None:
        rows = rows.filter(in_days("created_at", (since, until)))
    # Themes and neighbourhoods are few and looked up first: a million rows are not joined with them to be counted.
    for word in text.split()[:WORDS]:
        named = list(Area.objects.filter(name__icontains=word).values_list("pk"))
        rows = rows.filter(Q(title__icontains=word) | Q(body__icontains=word) | Q(area__in=named))
    if area:
        rows = rows.filter(area__in=list(Area.objects.filter(code=area).values_list("pk")))
    if theme:
        rows = rows.filter(theme__in=list(Theme.objects.filter(slug=theme).values_list("pk")))
    return rows if box is None else rows.filter(within(box))


def within(box: Box) -> Q:
    """Which proposals have their mark in this box, as exactly as places are kept in tiles (2 cm)?

    Cost     the smallest tile around the box, by an index that holds all that is asked here: one range of it, for of
             several PostgreSQL would read the rows.
    """
    (left, top), (right, bottom) = whole(box.min_x, box.max_y), whole(box.max_x, box.min_y)
    cells = tile_around((left, top), (right, bottom)).morton_range()
    return Q(morton__range=cells, tile_x__range=(left, right), tile_y__range=(top, bottom))


def n_public(project: Project, *, theme: str = "") -> int:
    """How many proposals may everyone see, of this theme (slug) where one is given?

    Cost     the topmost cells of the pyramid, for those that have a place.
    """
    found = Theme.objects.filter(project=project, slug=theme).first() if theme else None
    if theme and found is None:
        return 0
    placeless = Proposal.objects.filter(project=project, state=Proposal.State.PUBLISHED, morton=None)
    if found is not None:
        placeless = placeless.filter(theme=found)
    return pyramid.total(project.pk, slot=found.pk if found else None) + placeless.count()


def _last_count() -> Subquery:
    """The latest vote that was counted of the project of the proposal whose row of a tally is looked at."""
    votes = Phase.objects.filter(project=OuterRef("proposal__project"), kind="vote", closed_at__isnull=False)
    return Subquery(votes.order_by("-position").values("pk")[:1])


def geos_point(place: LonLat) -> Point:
    """Make the database's point of a place."""
    return Point(place.lon, place.lat, srid=4326)


def _geography(value: Any, field: "type[gis.PointField[Any, Any]] | type[gis.MultiPolygonField[Any, Any]]") -> Cast:
    return Cast(value, field(geography=True, srid=4326))


def nearest(project: Project, place: LonLat, *, n: int, but: Proposal) -> list[Proposal]:
    """The public proposals nearest to a place within the project's radius, without this one, each with ``away_m``.

    Cost     where many stand close, those close by: the few nearest of ten thousand within the radius need no order.
    """
    found: list[Proposal] = []
    for share in NEARER:
        rows = nearby(project, place, radius_m=project.nearby_radius_m * share).exclude(pk=but.pk)
        found = list(rows.defer("area__outline")[:n])
        if len(found) == n:
            break
    return found


@dataclass(frozen=True, slots=True)
class PlaceVerdict:
    """Whether a place lies in a project's area, how far outside if not (metres), and in which neighbourhood."""

    inside: bool
    outside_by_m: float
    area: Area | None


def place_verdict(project: Project, place: LonLat) -> PlaceVerdict:
    """Does this place lie in the project's area, half a metre beside the border included?

    Units    metres on the ellipsoid; an area-less project takes any place.
    """
    point = geos_point(place)
    outside_by_m = 0.0
    if project.area is not None:
        outside_by_m = float(
            Project.objects.filter(pk=project.pk)
            .annotate(
                away=Func(
                    _geography(
                        Func(
                            F("area"),
                            Value(_STRAIGHT_PIECE_DEGREES),
                            function="ST_Segmentize",
                            output_field=gis.MultiPolygonField(srid=4326),
                        ),
                        gis.MultiPolygonField,
                    ),
                    _geography(Value(point, output_field=gis.PointField(srid=4326)), gis.PointField),
                    function="ST_Distance",
                    output_field=FloatField(),
                )
            )
            .values_list("away", flat=True)[0]
        )
    inside = outside_by_m <= BORDER_TOLERANCE_M
    return PlaceVerdict(inside, outside_by_m, nearest_area(project.organisation, point) if inside else None)


def nearest_area(organisation: Organisation, point: Point) -> Area | None:
    """Which neighbourhood holds this point, or lies within a metre where it is on the town's very border?"""
    found = area_at(organisation, point)
    if found is None:
        found = area_at(organisation, point.buffer(1 / LEAST_DEGREE_M))
    return found


def nearby(project: Project, place: LonLat, *, radius_m: float | None = None) -> QuerySet[Proposal]:
    """Which public proposals lie within the project's radius, nearest first, each with ``away_m``?"""
    radius = project.nearby_radius_m if radius_m is None else radius_m
    point = geos_point(place)
    box = Polygon.from_bbox(around(place.lon, place.lat, radius)[:4])
    box.srid = 4326
    return (
        public_proposals(project)
        .filter(point__bboverlaps=box)
        .annotate(
            away_m=Func(
                _geography(F("point"), gis.PointField),
                _geography(Value(point, output_field=gis.PointField(srid=4326)), gis.PointField),
                function="ST_Distance",
                output_field=FloatField(),
            )
        )
        .filter(away_m__lte=radius)
        .order_by("away_m", "number")
    )
