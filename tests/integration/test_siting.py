"""The workbench: clusters of public demand, the same everywhere, for staff only, and nobody's name in it."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now

from geo.catalog import Asker, DerivedSource, Raster, layer, layers_for
from participation import public
from participation.models import Person, Phase, Project, Proposal, Support
from siting.rules.settings import Grouping, Sieve, Weigh
from siting.selectors.clusters import clusters_of, people_in
from siting.selectors.heard import turnout
from tests.cast import Cast, person

pytestmark = pytest.mark.django_db

# Metres a degree of longitude and latitude at 50.85°.
LON_M, LAT_M = 70_300.0, 111_200.0


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """No answer of another test."""
    cache.clear()


def pin(cast: Cast, number: int, east_m: float, north_m: float, **fields: Any) -> Proposal:
    """Put a public pin so far from the middle of the west side."""
    place = Point(2.65 + east_m / LON_M, 50.87 + north_m / LAT_M, srid=4326)
    given = {
        "origin": Proposal.Origin.RESIDENT, "title": f"Plek {number}", "author": cast["An"], "created_at": now(),
    } | fields  # fmt: skip
    return Proposal.objects.create(project=cast.project, number=number, point=place, **given)


def two_groups(cast: Cast) -> None:
    """Four pins close together in the west, three a kilometre further, one alone; some supported."""
    for at, (east, north) in enumerate([(0, 0), (60, 0), (0, 60), (60, 60)]):
        pin(cast, 21 + at, east, north)
    for at, (east, north) in enumerate([(1000, 0), (1060, 0), (1000, 60)]):
        pin(cast, 31 + at, east, north, author=cast["Vera"], title=f"Laadpaal station {at}")
    pin(cast, 41, 3000, 3000)
    for number, names in {21: ["Vera", "Mo"], 22: ["Vera"], 31: ["An", "Mo", "Gis", "Piet"], 32: ["An"]}.items():
        for name in names:
            Support.objects.create(proposal=Proposal.objects.get(number=number), person=cast[name])
    cast.project.refresh_from_db()


def signed_in(someone: Person) -> Client:
    """Enter as this person."""
    client = Client()
    client.force_login(someone)
    return client


def address(name: str, project: Project, query: str = "") -> str:
    """The address of a page of a project's desk; what fills its other holes stands behind its name."""
    name, *more = name.split(":")
    return reverse(name, args=(project.slug, *more)) + query


def commanded(*options: str) -> dict[str, Any]:
    """What the command says."""
    out = StringIO()
    call_command("clusters", "--project", "laden", "--json", *options, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


# --- clusters ---------------------------------------------------------------------------------------------


def test_pins_are_grouped_in_metres_heaviest_first(cast: Cast) -> None:
    two_groups(cast)

    found = clusters_of(cast.project, Grouping(radius_m=100, min_count=3))

    assert [(c.n, c.weight, found.members(c)) for c in found.groups] == [
        (3, 5, [31, 32, 33]),
        (4, 3, [21, 22, 23, 24]),
    ]
    # Nine stand alone: the city's eight and number 41.
    assert found.n_noise == 9


def test_counting_pins_puts_the_larger_group_first(cast: Cast) -> None:
    two_groups(cast)

    found = clusters_of(cast.project, Grouping(100, 3, Weigh.PINS))

    assert [c.pin for c in found.groups] == [21, 31]


def test_every_pin_is_in_one_cluster_or_in_none(cast: Cast) -> None:
    two_groups(cast)

    for radius_m in (25, 100, 1000):
        found = clusters_of(cast.project, Grouping(radius_m, 2))
        inside = [number for c in found.groups for number in found.members(c)]
        alone = [int(number) for number in found.numbers if found.holding(int(number)) is None]
        assert sorted(inside + alone) == found.numbers.tolist()
        assert [len(found.members(c)) for c in found.groups] == [c.n for c in found.groups]


def test_the_same_places_have_the_same_numbers_in_whatever_order_they_came(cast: Cast) -> None:
    two_groups(cast)
    before = clusters_of(cast.project, Grouping(100, 3))

    places = list(Proposal.objects.filter(number__gt=20).order_by("number"))
    for proposal in places:
        proposal.number += 1000
        proposal.save()
    for proposal, number in zip(reversed(places), range(50, 60), strict=False):
        proposal.number = number
        proposal.save()
    cast.project.refresh_from_db()
    after = clusters_of(cast.project, Grouping(100, 3))

    assert [(c.number, c.n, c.weight, c.lon, c.lat) for c in after.groups] == [
        (c.number, c.n, c.weight, c.lon, c.lat) for c in before.groups
    ]


def test_people_are_counted_once_a_cluster_and_staff_not_for_what_they_entered(cast: Cast) -> None:
    two_groups(cast)
    pin(cast, 34, 1060, 60, origin=Proposal.Origin.PAPER, author=cast["Marc"])
    cast.project.refresh_from_db()

    found = clusters_of(cast.project, Grouping(100, 3))

    # In the east Vera proposed; An (twice), Mo, Gis and Piet support. In the west An proposed; Vera (twice), Mo.
    assert people_in(cast.project, found) == [5, 3]


def test_only_public_proposals_count(cast: Cast) -> None:
    two_groups(cast)
    before = clusters_of(cast.project, Grouping(100, 3))
    Proposal.objects.filter(number__in=[21, 22]).update(state=Proposal.State.HIDDEN, hidden_because="dubbel")
    pin(cast, 51, 3030, 3000, state=Proposal.State.SUBMITTED)
    pin(cast, 52, 3000, 3030, state=Proposal.State.SUBMITTED)
    cast.project.refresh_from_db()

    after = clusters_of(cast.project, Grouping(100, 3))

    assert [c.pin for c in before.groups] == [31, 21]
    assert [c.pin for c in after.groups] == [31]
    assert not {21, 22, 51, 52} & set(after.numbers.tolist())


def test_a_new_support_is_counted_at_once(cast: Cast) -> None:
    two_groups(cast)
    clusters_of(cast.project, Grouping(100, 3))
    Support.objects.create(proposal=Proposal.objects.get(number=33), person=cast["Marc"])
    cast.project.refresh_from_db()

    assert clusters_of(cast.project, Grouping(100, 3)).groups[0].weight == 6


def test_a_place_without_a_point_is_left_out(cast: Cast) -> None:
    Proposal.objects.create(project=cast.project, number=61, title="Overal", created_at=now())
    cast.project.refresh_from_db()

    assert 61 not in clusters_of(cast.project, Grouping()).numbers


# --- the same everywhere ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("radius_m", "min_count"), [(25, 2), (100, 3), (1000, 2)])
def test_the_slider_says_what_the_command_says(cast: Cast, radius_m: int, min_count: int) -> None:
    two_groups(cast)

    by_command = commanded("--radius-m", str(radius_m), "--min-count", str(min_count))
    response = signed_in(cast["Piet"]).get(
        address("desk_drawn:clusters", cast.project, f"?radius_m={radius_m}&min_count={min_count}")
    )

    by_slider = response.json()
    middles = [f for f in by_slider["features"] if f["geometry"]["type"] == "Point"]
    outlines = [f for f in by_slider["features"] if f["geometry"]["type"] == "Polygon"]
    assert [
        {k: f["properties"][k] for k in ("number", "n", "weight")}
        | dict(zip(("lon", "lat"), f["geometry"]["coordinates"], strict=True))
        for f in middles
    ] == by_command["clusters"]
    assert [f["properties"] for f in outlines] == [f["properties"] for f in middles]
    assert {k: by_slider[k] for k in ("n_points", "n_clusters", "n_noise")} == {
        k: by_command[k] for k in ("n_points", "n_clusters", "n_noise")
    }


def test_the_layers_say_what_the_command_says(cast: Cast) -> None:
    two_groups(cast)

    by_command = commanded("--radius-m", "250", "--min-count", "3")["clusters"]
    points = layer(Asker("toonstad", None), "laden-clusters")
    hulls = layer(Asker("toonstad", None), "laden-cluster-hulls")

    assert isinstance(points, DerivedSource)
    assert isinstance(hulls, DerivedSource)
    assert [
        {k: f.attributes[k] for k in ("number", "n", "weight")} | {"lon": f.geometry.x, "lat": f.geometry.y}
        for f in points.features()
        if f.geometry is not None
    ] == by_command
    assert [f.attributes for f in hulls.features()] == [f.attributes for f in points.features()]
    assert {(f.attributes["radius_m"], f.attributes["min_count"]) for f in points.features()} == {(250.0, 3)}


def test_a_few_people_are_not_counted_out_in_a_layer_for_everyone(cast: Cast) -> None:
    two_groups(cast)

    points = layer(Asker("toonstad", None), "laden-clusters")

    assert isinstance(points, DerivedSource)
    assert [f.attributes["n_people"] for f in points.features()] == [5, None]


def test_listing_the_layers_computes_nothing(
    cast: Cast, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siting.layers import demand_layers

    monkeypatch.setattr("siting.selectors.demand._measure", None)
    with django_assert_num_queries(1):
        found = list(demand_layers(Asker("toonstad", None)))

    assert [found_layer.id for found_layer in found] == [
        "laden-clusters",
        "laden-cluster-hulls",
        "laden-hotspots",
        "laden-heat",
    ]


def test_a_draft_and_a_project_without_a_map_have_no_layers(cast: Cast) -> None:
    Project.objects.create(organisation=cast.town, slug="vrij", title={"nl": "Vrij"})
    cast.project.state = Project.State.DRAFT
    cast.project.save()

    names = {found.id for found in layers_for(Asker("toonstad", None))}

    assert not [name for name in names if name.endswith(("-clusters", "-hulls", "-hotspots", "-heat"))]


def test_the_heat_map_weighs_supporters(cast: Cast) -> None:
    two_groups(cast)

    heat = layer(Asker("toonstad", None), "laden-heat")

    assert isinstance(heat, Raster)
    width, height = heat.grid.cell
    total = float(heat.grid.values.sum()) * width * height / 1e6
    assert total == pytest.approx(Support.objects.count(), rel=0.01)


def test_the_command_refuses_in_one_sentence(cast: Cast) -> None:
    for options, words in [
        (["--radius-m", "0", "--min-count", "3"], "radius"),
        (["--radius-m", "nan", "--min-count", "3"], "radius"),
        (["--radius-m", "5001", "--min-count", "3"], "radius"),
        (["--radius-m", "250", "--min-count", "0"], "min-count"),
        (["--min-count", "3"], "radius"),
        (["--min-count", "1", "--method", "hdbscan"], "min-count must be at least 2"),
    ]:
        with pytest.raises(CommandError, match=words), translation.override("en"):
            commanded(*options)
    with pytest.raises(CommandError):
        call_command("clusters", "--project", "elders/laden", "--radius-m", "250", "--min-count", "3")


def test_the_command_groups_by_density_too(cast: Cast) -> None:
    two_groups(cast)

    found = commanded("--min-count", "3", "--method", "hdbscan")

    assert (found["n_points"], found["n_noise"]) == (16, 3)
    assert [(group["n"], group["weight"]) for group in found["clusters"]] == [(3, 5), (4, 3), (6, 0)]


def test_the_command_knows_a_project_by_its_town_too(cast: Cast) -> None:
    Project.objects.create(organisation=cast.other_town, slug="laden", title={"nl": "Laden"})

    with pytest.raises(CommandError):
        commanded("--radius-m", "250", "--min-count", "3")
    out = StringIO()
    call_command(
        "clusters", "--project", "toonstad/laden", "--radius-m", "250", "--min-count", "3", "--json", stdout=out
    )
    assert json.loads(out.getvalue())["n_points"] == 8


# --- who may look, and what they see --------------------------------------------------------------------------

PAGES = [
    "desk_map", "desk_drawn:clusters", "desk_drawn:pins", "desk_drawn:hotspots", "desk_drawn:areas",
    "desk_drawn:candidates", "desk_heat", "desk_pins_tile:0:0:0", "desk_view_file", "desk_kept", "desk_export",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_staff_only(cast: Cast, page: str) -> None:
    for name in ("Mo", "Piet", "Gis", "Marc"):
        answer = signed_in(cast[name]).get(address(page, cast.project))
        assert answer.status_code == 200
        b"".join(answer)  # a file is closed when it was read
    for someone in (cast["An"], cast.attacker, cast.stranger):
        assert signed_in(someone).get(address(page, cast.project)).status_code == 404
    anonymous = Client().get(address(page, cast.project))
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith(reverse("account_request_login_code"))


@pytest.mark.parametrize("page", PAGES)
def test_another_town_s_project_is_not_there(cast: Cast, page: str) -> None:
    project = Project.objects.create(organisation=cast.other_town, slug="elders-laden", title={"nl": "Laden"})

    assert signed_in(cast["Piet"]).get(address(page, project)).status_code == 404


def test_nothing_tells_who(cast: Cast) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])
    query = "?show=heat&show=clusters&show=hotspots&show=areas&show=pins"
    seen = [b"".join(client.get(address(page, cast.project, query))) for page in PAGES]
    seen.append(json.dumps(commanded("--radius-m", "250", "--min-count", "3")).encode())
    for found in layers_for(Asker("toonstad", None)):
        if isinstance(found, DerivedSource):
            assert {column.name for column in found.columns} <= {
                "number", "n", "weight", "n_people", "radius_m", "min_count", "z", "p", "p_corrected",
                "verdict", "sure", "words", "cell_m",
            }  # fmt: skip
            seen.append(repr([feature.attributes for feature in found.features()]).encode())

    for content in seen:
        for someone in cast.people.values():
            if someone != cast["Piet"]:
                assert str(someone.email).encode() not in content


def test_no_person_s_own_number_is_kept(cast: Cast) -> None:
    for _ in range(50):
        person(f"Vreemde{_}")
    late = person("Laat")
    two_groups(cast)
    Support.objects.create(proposal=Proposal.objects.get(number=24), person=late)
    cast.project.refresh_from_db()

    _numbers, someone = public._backers(cast.project)

    assert set(someone.tolist()) == set(range(len(set(someone.tolist()))))
    assert late.pk not in someone


def test_votes_of_a_running_vote_change_nothing(cast: Cast) -> None:
    from participation.models import Ballot, BallotCast, Vote

    two_groups(cast)
    client = signed_in(cast["Piet"])
    pages = [address(page, cast.project) for page in PAGES if page.startswith(("desk_drawn", "desk_heat"))]
    before = [client.get(page).content for page in pages], people(cast)

    ballot = Ballot.objects.create(phase=cast.vote, person=cast["Marc"])
    ballot_cast = BallotCast.objects.create(
        ballot=ballot, phase=cast.vote, cap=3, seq=1, nonce=ballot.tag, recorded_at=now()
    )
    Vote.objects.create(cast=ballot_cast, cap=3, position=1, proposal=cast.options[0])
    cache.clear()

    assert Phase.objects.get(pk=cast.vote.pk).hides_tally
    assert ([client.get(page).content for page in pages], people(cast)) == before


def people(cast: Cast) -> list[tuple[str, int, int | None]]:
    """What is said of each neighbourhood."""
    return [(row.part.name, row.n_pins, row.n_people) for row in turnout(cast.project, Sieve()).rows]


# --- the page ---------------------------------------------------------------------------------------------


def test_the_page_says_everything_in_words_and_tables(cast: Cast) -> None:
    two_groups(cast)

    response = signed_in(cast["Piet"]).get(
        address("desk_map", cast.project, "?radius_m=100&min_count=3&see=cluster:22")
    )

    page = response.content.decode()
    assert response.status_code == 200
    assert [row["cluster"].number for row in response.context["rows"]] == [1, 2]
    assert {row["part"] for row in response.context["rows"]} == {"Westkant"}
    chosen = response.context["inspected"]
    assert (chosen["cluster"].number, chosen["n_people"]) == (2, 3)
    assert all(f'data-see="pin:{number}"' in page for number in (21, 22, 23, 24))
    assert 'value="100"' in page
    assert "data-chosen" in page


def test_words_that_stand_out_in_the_chosen_cluster(cast: Cast) -> None:
    two_groups(cast)

    response = signed_in(cast["Piet"]).get(address("desk_map", cast.project, "?radius_m=100&see=cluster:31"))

    assert response.context["inspected"]["words"] == ["laadpaal", "station"]


def test_the_quietest_neighbourhood_comes_first(cast: Cast) -> None:
    two_groups(cast)
    Proposal.objects.filter(number__gte=20).update(area=cast.options[0].area)
    cast.project.refresh_from_db()

    page = signed_in(cast["Piet"]).get(address("desk_map", cast.project))
    heard = [line["row"] for line in page.context["turnout"]["rows"]]

    # The city's own eight are pins, but nobody asked for them.
    assert [(row.part.name, row.n_people) for row in heard] == [("Oostkant", 0), ("Westkant", 5)]
    assert heard[1].people_per_thousand == pytest.approx(5 / 4)


def test_a_moving_slider_gets_only_what_changes(cast: Cast) -> None:
    two_groups(cast)

    response = signed_in(cast["Piet"]).get(address("desk_map", cast.project), headers={"HX-Request": "true"})

    assert "HX-Request" in response["Vary"]
    for part in ("said", "heat", "spots", "clusters", "pins", "figures", "heard", "inspector", "drawn"):
        assert f'id="bench-{part}"' in response.content.decode()
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize("query", ["?radius_m=x", "?min_count=0", "?bandwidth_m=-5", "?weigh=votes", "?see=pin:x"])
def test_a_bad_setting_is_a_sentence_and_422(cast: Cast, query: str) -> None:
    client = signed_in(cast["Piet"])

    page = client.get(address("desk_map", cast.project, query))
    assert page.status_code == 422
    assert page.context["sentence"]
    assert "parameter.bad" in page.content.decode()
    for name in ("desk_drawn:clusters", "desk_heat"):
        answer = client.get(address(name, cast.project, query))
        assert answer.status_code == 422
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "parameter.bad"
        assert answer.json()["detail"]


def test_an_empty_project_says_so(cast: Cast) -> None:
    Proposal.objects.all().delete()
    client = signed_in(cast["Piet"])

    page = client.get(address("desk_map", cast.project, "?show=heat&show=clusters&see=cluster:3"))
    assert page.status_code == 200
    assert 'class="kp-empty"' in page.content.decode()
    assert client.get(address("desk_drawn:clusters", cast.project)).json()["n_points"] == 0
    assert client.get(address("desk_heat", cast.project)).content.startswith(b"\x89PNG")


def test_a_project_without_a_map_says_so(cast: Cast) -> None:
    project = Project.objects.create(organisation=cast.town, slug="vrij", title={"nl": "Vrij"})
    client = signed_in(cast["Piet"])

    assert 'class="kp-empty"' in client.get(address("desk_map", project)).content.decode()
    assert list(client.get(address("desk_export", project)).context["layers"]) == ["proposals"]


def test_the_page_asks_the_database_little(cast: Cast, django_assert_max_num_queries: Any) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])

    with django_assert_max_num_queries(28):
        client.get(address("desk_map", cast.project, "?show=heat&show=pins&show=clusters"))


# --- taking it along ---------------------------------------------------------------------------------------


def test_the_form_sends_to_the_file(cast: Cast) -> None:
    two_groups(cast)
    client = signed_in(cast["Gis"])

    for name, form in [("proposals", "gpkg"), ("clusters", "geojson"), ("cluster-hulls", "csv"), ("heat", "tif")]:
        answer = client.get(
            address("desk_export", cast.project, f"?layer={name}&format={form}&crs=EPSG:31370"), follow=True
        )
        assert answer.redirect_chain == [(f"/export/laden-{name}.{form}?crs=EPSG%3A31370", 302)]
        assert answer.status_code == 200
        assert answer.getvalue()


@pytest.mark.parametrize(
    "query",
    ["?layer=heat&format=csv&crs=EPSG:4326", "?layer=x&format=csv&crs=EPSG:4326", "?layer=clusters&format=tif&crs=1"],
)
def test_what_cannot_be_written_is_a_sentence_at_its_field(cast: Cast, query: str) -> None:
    response = signed_in(cast["Gis"]).get(address("desk_export", cast.project, query))

    assert response.status_code == 422
    assert response.context["form"].errors
    assert "aria-invalid" in response.content.decode()
