"""The demo town is what its paper says, is made once, and comes out the same each time."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import shapely
from django.apps import apps
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

from config import demo
from participation.models import (
    AnswerSheet,
    Ballot,
    BallotCast,
    Comment,
    InventoryObject,
    Membership,
    Organisation,
    Person,
    Phase,
    Place,
    Project,
    Proposal,
    Support,
    TallyRow,
    Vote,
)
from participation.queries.voting import database_now
from participation.rules.roles import Role
from participation.rules.templates import TEMPLATES
from participation.selectors.layers import proposals_layer
from participation.selectors.projects import n_voters, options
from participation.selectors.setup import n_outside
from participation.selectors.zones import from_geos, inventory_of, objects_to_choose, shapes_in_use, zones_met, zones_of
from participation.services.voting import close_phase
from tests.cast import TOWN, Cast, box


def said(command: str, *arguments: str) -> str:
    """Run a command and give back what it said."""
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[datetime]:
    """The demo town stands for the whole module, in a transaction that every test nests in."""
    with django_db_blocker.unblock(), transaction.atomic():
        before = database_now()
        assert "was made" in said("seed_demo")
        yield before
        transaction.set_rollback(True)


@pytest.fixture
def made_at(made_once: datetime, db: None) -> datetime:
    """The demo town stands; gives back when it was made."""
    return made_once


def project(slug: str) -> Project:
    return Project.objects.get(organisation__slug="poperinge", slug=slug)


def vote_of(slug: str) -> Phase:
    return Phase.objects.get(project=project(slug), kind="vote")


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the app's tables."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_app_config("participation").get_models()
    }


def cast_votes() -> list[tuple[str, str | None, int, int, str]]:
    """Who cast what, by names that do not depend on the database's keys."""
    rows = Vote.objects.filter(cast__phase__project__organisation__slug="poperinge").order_by(
        "cast__phase__project__slug", "cast__ballot__person__email", "cast__seq", "position"
    )
    return list(
        rows.values_list(
            "cast__phase__project__slug", "cast__ballot__person__email", "cast__seq", "position", "proposal__title"
        )
    )


def test_the_town_is_there_with_its_people(made_at: datetime) -> None:
    town = Organisation.objects.get(slug="poperinge")
    assert town.is_fictitious
    assert (town.population, town.languages, town.hosts) == (19_965, ["nl", "fr", "en", "de"], [])
    assert town.areas.count() == 9
    assert town.places.count() == 49 + 5
    assert Place.objects.filter(kind="laadpaal").count() == 5
    assert Membership.objects.filter(organisation=town, role=Role.RESIDENT).count() == 800 + 1
    for role, email in demo.PEOPLE.items():
        person = Person.objects.get(email=email)
        assert Membership.objects.get(organisation=town, person=person).role == role
    assert not any(person.has_usable_password() for person in Person.objects.all())
    assert {str(email).rpartition(".")[2] for email in Person.objects.values_list("email", flat=True)} == {
        "invalid",
        "example",
    }


def test_charging_points_can_be_voted_on_and_show_no_count(made_at: datetime) -> None:
    laadpunten, vote = project("laadpunten"), vote_of("laadpunten")
    on_ballot = Counter(row.origin for row in options(laadpunten))
    assert on_ballot == {"city": 32, "resident": 6}
    assert laadpunten.proposals.filter(state="submitted").count() == 8
    assert vote.closes_at is not None
    assert abs(vote.closes_at - (made_at + timedelta(days=12))) < timedelta(minutes=1)
    assert (vote.cap, vote.write_ins, vote.write_ins_join, vote.hides_tally) == (5, True, True, True)
    assert n_voters(vote) == Ballot.objects.filter(phase=vote).count() == 412
    assert BallotCast.objects.filter(phase=vote, seq=2).exists(), "nobody changed their mind"
    # Nothing tells how the votes stand.
    assert not TallyRow.objects.filter(phase=vote).exists()
    assert close_phase(vote) is False
    assert not {"n_votes", "rank"} & {column.name for column in proposals_layer(laadpunten, has_map=True).columns}


@pytest.mark.parametrize(
    ("slug", "n_proposals", "n_options", "n_ballots", "n_winners"),
    [("parkconcerten", 70, 50, 1_100, 12), ("zitbanken", 24, 24, 367, 6)],
)
def test_closed_votes_have_a_result(
    made_at: datetime, slug: str, n_proposals: int, n_options: int, n_ballots: int, n_winners: int
) -> None:
    vote = vote_of(slug)
    assert project(slug).proposals.count() == n_proposals
    assert Ballot.objects.filter(phase=vote).count() == n_voters(vote) == n_ballots
    assert vote.closed_at is not None
    tally = list(TallyRow.objects.filter(phase=vote))
    assert [row.rank for row in tally] == list(range(1, n_options + 1))
    assert sum(row.is_winner for row in tally) == n_winners
    votes = [row.n_votes for row in tally]
    assert votes == sorted(votes, reverse=True)
    last = BallotCast.objects.filter(phase=vote).order_by("ballot", "-seq").distinct("ballot")
    assert sum(votes) == Vote.objects.filter(cast__in=list(last)).count()


def test_nothing_happened_before_its_time(made_at: datetime) -> None:
    now = database_now()
    for cast in BallotCast.objects.select_related("phase"):
        assert cast.phase.opens_at <= cast.recorded_at < min(cast.phase.closes_at or now, now)
    for vote in Vote.objects.select_related("cast", "proposal"):
        assert vote.proposal.created_at < vote.cast.recorded_at
    for support in Support.objects.select_related("proposal"):
        assert support.proposal.created_at <= support.created_at <= now
        assert support.proposal.state == Proposal.State.PUBLISHED


def test_every_place_lies_in_the_town(made_at: datetime) -> None:
    placed = Proposal.objects.filter(point__isnull=False).select_related("project", "area")
    assert placed.filter(project__slug="laadpunten", origin="city").count() == 32
    for proposal in placed:
        assert proposal.project.area is not None
        assert proposal.area is not None
        assert proposal.point is not None
        assert proposal.project.area.contains(proposal.point)
        assert proposal.area.outline.intersects(proposal.point)
    assert not Proposal.objects.filter(project__slug="parkconcerten", point__isnull=False).exists()
    assert project("parkconcerten").area is None


def test_utility_boxes_come_from_the_inventory(made_at: datetime) -> None:
    boxes = project("nutskasten")
    template = TEMPLATES["utility-boxes"]
    assert (boxes.from_inventory, boxes.per_object, boxes.nearby_radius_m) == (True, 1, template.nearby_radius_m)
    assert Counter(inventory_of(boxes).values_list("n_proposals", flat=True)) == {1: 12, 0: 8}
    # Two owners refused, and twelve boxes were proposed already.
    assert objects_to_choose(boxes).filter(is_free=True).count() == 6
    assert set(boxes.inventory.values_list("permission", flat=True)) == set(InventoryObject.Permission.values)
    for proposal in boxes.proposals.select_related("inventory_object"):
        assert proposal.inventory_object is not None
        assert proposal.point == proposal.inventory_object.place
        assert proposal.shape is None
    assert AnswerSheet.objects.filter(project=boxes).count() == 12


def test_the_village_centre_has_shapes_zones_and_comments(made_at: datetime) -> None:
    village, template = project("dorpskern-abele"), TEMPLATES["village-centre"]
    assert (village.shapes, village.nearby_radius_m) == ([*template.shapes], template.nearby_radius_m)
    assert village.area_source == {"kind": "areas", "codes": ["W01"]}
    assert shapes_in_use(village) == {"line", "area"}
    # In a project with shapes every place has one.
    assert not village.proposals.filter(shape=None).exists()
    assert n_outside(village) == 0
    assert [zone.kind for zone in zones_of(village)] == ["barred", "reason"]
    assert not any(zones_met(village, from_geos(row.shape)).barred for row in village.proposals.all() if row.shape)
    said = list(Comment.objects.filter(proposal__project=village).select_related("proposal", "author"))
    assert Counter(one.by_city for one in said) == {False: 6, True: 1}
    now = database_now()
    assert all(one.author and one.proposal.created_at <= one.created_at <= now for one in said)


def test_a_second_time_changes_nothing(made_at: datetime) -> None:
    before = everything()
    assert "nothing was changed" in said("seed_demo")
    assert "nothing was changed" in said("seed_demo", "--if-empty")
    assert everything() == before


def test_made_beside_another_town_it_has_the_same_votes(made_at: datetime) -> None:
    first = cast_votes()
    Organisation.objects.filter(slug="poperinge").update(slug="another")
    assert "nothing was changed" in said("seed_demo", "--if-empty")
    assert not Organisation.objects.filter(slug="poperinge").exists()
    assert "was made" in said("seed_demo")
    assert cast_votes() == first


def test_another_seed_gives_other_votes() -> None:
    now = datetime.now(UTC)
    options = [demo.Option(number, number, "", now - timedelta(days=2)) for number in range(1, 10)]
    drawn = [
        demo.draw_ballots(
            random.Random(seed),
            n_ballots=5,
            homes=[""] * 9,
            options=options,
            cap=5,
            opens_at=now - timedelta(days=1),
            until=now,
        )
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


# ---------------------------------------------------------------- make_pins


def pins(of: Project) -> list[tuple[float, float, int]]:
    """The pins that were made up: longitude, latitude, supports."""
    rows = Proposal.objects.filter(project=of, author__email__startswith="pin-").order_by("number")
    return [(row.point.x, row.point.y, row.n_supports) for row in rows if row.point]


@pytest.mark.parametrize("has_places", [True, False])
def test_pins_are_put_in_the_area_with_numbers_and_supports(cast: Cast, has_places: bool) -> None:
    if has_places:
        Place.objects.create(organisation=cast.town, name="P" * 200, point=Point(2.65, 50.85, srid=4326))
    answer = json.loads(said("make_pins", "--project", "toonstad/laden", "--count", "1000", "--json"))
    made = pins(cast.project)
    assert answer["pins"] == len(made) == 1_000
    west, south, east, north = TOWN
    area = shapely.box(*TOWN)
    assert all(area.contains(shapely.Point(lon, lat)) for lon, lat, _supports in made)
    numbers = Proposal.objects.filter(project=cast.project).order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 1_009))
    supports = sorted(n for _lon, _lat, n in made)
    assert sum(supports) == answer["supports"] == Support.objects.filter(proposal__project=cast.project).count()
    assert supports[500] <= 1 < 20 < supports[-1], "no long tail"
    assert not Proposal.objects.filter(project=cast.project, area=None).exists()
    # Clumped: the fullest of a hundred equal boxes holds far more than its share.
    boxes = Counter(
        (int(10 * (lon - west) / (east - west)), int(10 * (lat - south) / (north - south))) for lon, lat, _n in made
    )
    assert max(boxes.values()) > 5 * 10


def test_the_same_seed_gives_the_same_pins(cast: Cast) -> None:
    made = []
    for seed in ("7", "7", "8"):
        with transaction.atomic():
            said("make_pins", "--project", "laden", "--count", "50", "--seed", seed)
            made.append(pins(cast.project))
            transaction.set_rollback(True)
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_a_sliver_of_an_area_gets_its_pins(cast: Cast) -> None:
    cast.project.area = box(2.6, 50.8, 2.6 + 1e-9, 50.9)
    cast.project.save()
    said("make_pins", "--project", "laden", "--count", "20")
    assert len(pins(cast.project)) == 20


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--project", "nowhere", "--count", "5"], "no project 'nowhere'"),
        (["--project", "elders/laden", "--count", "5"], "no project 'elders/laden'"),
        (["--project", "twice", "--count", "5"], "organisation/twice"),
        (["--project", "laden", "--count", "0"], "at least 1"),
        (["--project", "laden", "--count", "5", "--seed", "-1"], "negative"),
        (["--project", "toonstad/twice", "--count", "5"], "no area"),
    ],
)
def test_pins_are_refused_in_one_sentence(cast: Cast, arguments: list[str], reason: str) -> None:
    for organisation in (cast.town, cast.other_town):
        Project.objects.create(organisation=organisation, slug="twice")
    with pytest.raises(CommandError, match=reason):
        said("make_pins", *arguments)
    assert not Person.objects.filter(email__startswith="pin-").exists()
