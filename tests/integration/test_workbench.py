"""The workbench: one filter for everything, everything explained, who takes part, and what is kept."""

import csv
import gzip
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.contrib.gis.geos import GEOSGeometry, Point
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from geo.catalog import Asker, DerivedSource, layer
from participation import public
from participation.models import Area, Ballot, BallotCast, Phase, Project, Proposal, Support, TallyRow, Vote
from siting import tasks
from siting.models import Candidate, ClusterRun, Layer, LayerFeature, SavedCluster
from siting.rules.settings import Grouping, Heat, Sieve, Spots, Weigh
from siting.selectors.clusters import clusters_of
from siting.selectors.demand import VotesNotCounted, measured_demand, weights
from siting.selectors.figures import Step, figures
from siting.selectors.heard import turnout
from siting.selectors.heat import LEAST_PER_KM2, PER, density_of
from siting.selectors.hotspots import Verdict, hot_spots
from siting.selectors.kept import packed, unpacked
from siting.services import kept as service
from tests.cast import Cast, box, person
from tests.integration.test_siting import LON_M, address, fresh_cache, pin, signed_in, two_groups
from tests.past import triggers_off

pytestmark = pytest.mark.django_db
__all__ = ["fresh_cache"]

EVERY_LAYER = ("pins", "clusters", "hotspots", "areas")


def seen(cast: Cast, query: str = "", name: str = "Piet") -> Any:
    """The page as this person sees it."""
    return signed_in(cast[name]).get(address("desk_map", cast.project, query))


def drawn(cast: Cast, name: str, query: str = "") -> list[dict[str, Any]]:
    """What the map draws of one layer."""
    answer = signed_in(cast["Piet"]).get(address(f"desk_drawn:{name}", cast.project, query))
    features: list[dict[str, Any]] = answer.json()["features"]
    return features


def downloaded(cast: Cast, query: str) -> list[dict[str, str]]:
    """The rows of a file of this view."""
    answer = signed_in(cast["Piet"]).get(address("desk_view_file", cast.project, query))
    return list(csv.DictReader(StringIO(b"".join(answer).decode("utf-8-sig"))))


def crowd(cast: Cast) -> None:
    """Sixty pins in one street and one here and there, for hot spots."""
    rng = np.random.default_rng(1)
    for at in range(60):
        pin(cast, 100 + at, *(float(metres) for metres in rng.uniform(0, 200, 2)))
    for at in range(8):
        pin(cast, 200 + at, *(float(metres) for metres in rng.uniform(-3000, 5000, 2)))
    cast.project.refresh_from_db()


def counted(cast: Cast, n_votes: dict[int, int]) -> None:
    """Close the vote and write its tally."""
    with triggers_off():
        Phase.objects.filter(pk=cast.vote.pk).update(closed_at=now())
        for rank, (number, n) in enumerate(n_votes.items(), start=1):
            proposal = Proposal.objects.get(project=cast.project, number=number)
            TallyRow.objects.create(phase=cast.vote, proposal=proposal, n_votes=n, rank=rank, is_winner=rank == 1)


def town_layer(cast: Cast) -> Layer:
    """Chargers that stand already: one 100 m east of the middle of the west side, one far off."""
    found = Layer.objects.create(
        organisation=cast.town, slug="palen", state=Layer.State.CURRENT, name="Laadpalen", kind=Layer.Kind.EXISTING,
        source="OpenStreetMap, 2026", licence="ODbL", geometry_type="Point", n_features=2, file_name="palen.csv",
        attributes=[{"name": "straat", "kind": "text", "n_empty": 0}], uploaded_at=now(),
    )  # fmt: skip
    for key, east in ((1, 100), (2, 9000)):
        place = Point(2.65 + east / LON_M, 50.87, srid=4326)
        LayerFeature.objects.create(layer=found, key=key, geometry=place, properties={"straat": f"Straat {key}"})
    return found


# --- one filter for everything ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("theme=plein", range(1, 9)),
        ("origin=city", range(1, 9)),
        ("ballot=off", [21, 22, 23, 24, 31, 32, 33, 41]),
        ("text=station", [31, 32, 33]),
        ("area=W2", [5, 6, 7, 8]),
        ("since=2020-01-01&until=2020-01-31", [41]),
    ],
)
def test_a_filter_acts_on_everything(cast: Cast, query: str, numbers: list[int]) -> None:
    two_groups(cast)
    old = now().replace(year=2020, month=1, day=15)
    Proposal.objects.filter(number=41).update(created_at=old)
    wanted = list(numbers)

    page = seen(cast, f"?{query}")
    assert page.context["figures"]["shown"].n_pins == len(wanted)
    assert sorted(row["place"].number for row in page.context["pin_rows"]) == wanted
    assert sum(row["bar"].n_pins for row in page.context["figures"]["themes"]) == len(wanted)
    assert sum(row["bar"].n_pins for row in page.context["figures"]["areas"]) == len(wanted)
    assert sum(row["bar"].n_pins for row in page.context["figures"]["times"]) == len(wanted)
    assert sorted(page.context["found"].numbers.tolist()) == wanted
    assert sorted(feature["properties"]["number"] for feature in drawn(cast, "pins", f"?{query}")) == wanted
    assert sorted(int(row["number"]) for row in downloaded(cast, f"?{query}&layer=pins&format=csv")) == wanted
    sieve = page.context["asked"].sieve
    grid = density_of(cast.project, Heat(weigh=Weigh.PINS), sieve).grid
    width, height = grid.cell
    assert float(grid.values.sum()) * width * height / 1e6 == pytest.approx(len(wanted), rel=0.02)
    assert sum(spot.n_pins for spot in hot_spots(cast.project, Spots(), sieve).spots) == len(wanted)
    # Tiles too, from the same rows.
    assert public.numbers_of(public.chosen(cast.project, **_told(sieve))).tolist() == wanted


def _told(sieve: Sieve) -> dict[str, Any]:
    named = {name: getattr(sieve, name) for name in ("theme", "area", "origin", "since", "until", "text")}
    return named | {"on_ballot": None if sieve.ballot is None else sieve.ballot == "on"}


def test_tiles_hold_only_what_passes(cast: Cast) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])
    tile = address("desk_pins_tile:0:0:0", cast.project)

    one, none = (gzip.decompress(client.get(f"{tile}?text={word}").content) for word in ("station", "nergens"))
    assert b"pins" in one
    assert none == b""
    assert client.get(f"{tile}?text=%00").status_code == 422
    assert client.get(address("desk_pins_tile:1:9:9", cast.project)).status_code == 404


def test_many_pins_come_as_tiles_and_few_as_dots(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    two_groups(cast)
    assert "geojson" in json.loads(seen(cast).context["drawn"])["pins"]["url"]

    monkeypatch.setattr("siting.web.legend.DOTS_AT_MOST", 3)
    everyone = json.loads(seen(cast).context["drawn"])["pins"]["tiles"]
    filtered = json.loads(seen(cast, "?ballot=off").context["drawn"])["pins"]["tiles"]
    assert "/ogc/" in everyone
    assert "/desk/" in filtered
    assert "ballot=off" in filtered


def test_votes_weigh_only_once_they_are_counted(cast: Cast) -> None:
    two_groups(cast)
    pins = measured_demand(cast.project)
    with pytest.raises(VotesNotCounted):
        weights(cast.project, pins, Weigh.VOTES)
    # The control: a vote that runs, with votes in it, is not a counted one.
    ballot = Ballot.objects.create(phase=cast.vote, person=cast["Marc"])
    one = BallotCast.objects.create(ballot=ballot, phase=cast.vote, cap=3, seq=1, nonce=ballot.tag, recorded_at=now())
    Vote.objects.create(cast=one, cap=3, position=1, proposal=cast.options[0])
    assert seen(cast, "?weigh=votes").status_code == 422

    counted(cast, {1: 7, 2: 3})
    project = Project.objects.get(pk=cast.project.pk)
    assert weights(project, pins, Weigh.VOTES)[:3].tolist() == [7, 3, 0]
    assert seen(cast, "?weigh=votes&show=heat&show=hotspots").status_code == 200
    assert [group.weight for group in clusters_of(project, Grouping(1000, 2, Weigh.VOTES)).groups] == [0]
    assert [row.n_votes for row in turnout(project, Sieve()).rows] == [0, 10]


# --- heat and hot spots -------------------------------------------------------------------------------------


def test_heat_for_each_inhabitant_is_the_share_of_them(cast: Cast) -> None:
    """Twice as many people, half as much each; where hardly anybody lives nothing is shown."""
    two_groups(cast)
    once = density_of(cast.project, Heat(weigh=Weigh.PINS, per_inhabitant=True)).grid.values
    Area.objects.filter(code="W1").update(population=8000)
    cast.town.refresh_from_db()
    project = Project.objects.get(pk=cast.project.pk)
    twice = density_of(project, Heat(weigh=Weigh.PINS, per_inhabitant=True)).grid.values

    west = once.argmax()
    assert twice.ravel()[west] == pytest.approx(once.ravel()[west] / 2, rel=0.01)
    # 4,000 people on 7 x 15.6 km.
    plain = density_of(cast.project, Heat(weigh=Weigh.PINS)).grid.values
    assert once.ravel()[west] == pytest.approx(PER * plain.ravel()[west] / (4000 / (7.03 * 15.57)), rel=0.02)
    Area.objects.update(population=int(LEAST_PER_KM2))
    cast.town.refresh_from_db()
    assert not density_of(
        Project.objects.get(pk=cast.project.pk), Heat(weigh=Weigh.PINS, per_inhabitant=True)
    ).grid.values.any()


def test_a_crowd_is_a_hot_spot_and_a_lone_pin_is_none(cast: Cast) -> None:
    crowd(cast)
    found = hot_spots(cast.project, Spots(400, Weigh.PINS))

    hot = [spot for spot in found.spots if spot.verdict is Verdict.HOT]
    held = {number for spot in hot for number in found.members(spot.number - 1, 100)}
    assert set(range(100, 160)) <= held
    # The city's own options lie alone, 1.4 km from each other.
    assert not held & {1, 5, 6, 7, 8}
    assert {spot.sure for spot in hot} <= {95, 99}
    assert found.n_tested > 500
    assert sum(spot.n_pins for spot in found.spots) == len(found.numbers)


def test_every_hexagon_holds_the_pins_that_lie_in_it(cast: Cast) -> None:
    crowd(cast)
    found = hot_spots(cast.project, Spots(400, Weigh.PINS))

    for spot in found.spots:
        for number in found.members(spot.number - 1, 100):
            place = Proposal.objects.get(project=cast.project, number=number).point
            assert place is not None
            outline = GEOSGeometry(spot.outline.wkt, srid=4326)
            assert outline.buffer(1e-7).contains(place)


def test_few_pins_make_no_hot_spot(cast: Cast) -> None:
    two_groups(cast)
    found = hot_spots(cast.project, Spots(400, Weigh.PINS))
    assert (found.is_enough, found.n_hot) == (False, 0)
    assert "30" in seen(cast, "?show=hotspots&weigh=pins").content.decode()


def test_hot_spots_are_a_layer_for_everyone(cast: Cast) -> None:
    crowd(cast)
    found = layer(Asker("toonstad", None), "laden-hotspots")

    assert isinstance(found, DerivedSource)
    told = {feature.attributes["verdict"] for feature in found.features()}
    assert told <= {"hot", "cold", "even"}
    assert {feature.attributes["cell_m"] for feature in found.features()} == {400.0}


# --- whatever is clicked is explained ------------------------------------------------------------------------


def test_a_hexagon_says_in_words_what_it_is(cast: Cast) -> None:
    crowd(cast)
    hot = next(f for f in drawn(cast, "hotspots", "?weigh=pins") if f["properties"]["step"].startswith("hot"))
    page = seen(cast, f"?show=hotspots&weigh=pins&see={hot['properties']['see']}")

    text = page.content.decode()
    assert page.context["inspected"]["is_hot"]
    assert f"{page.context['inspected']['spots'].n_tested:,}".replace(",", ".") in text
    assert f"{page.context['inspected']['spot'].sure} %" in text


def test_everything_drawn_can_be_explained(cast: Cast) -> None:
    crowd(cast)
    town_layer(cast)
    Candidate.objects.create(
        project=cast.project, number=1, title="Markt", point=Point(2.65, 50.87, srid=4326), created_at=now()
    )
    for name in (*EVERY_LAYER, "candidates", "layer-palen"):
        features = drawn(cast, name, "?weigh=pins")
        assert features, name
        for feature in features[:3]:
            page = seen(cast, f"?weigh=pins&see={feature['properties']['see']}")
            assert page.context["inspected"]["kind"] not in {"gone", "alone"}, feature
            assert "data-chosen" in page.content.decode()


def test_what_is_gone_says_so(cast: Cast) -> None:
    for see in ("pin:99", "hex:99", "area:W9", "layer:palen:1", "candidate:4"):
        assert seen(cast, f"?see={see}").context["inspected"]["kind"] == "gone"
    assert seen(cast, "?see=cluster:1").context["inspected"] == {"kind": "alone", "number": 1}


def test_a_layer_feature_says_where_it_comes_from_and_what_is_asked_around_it(cast: Cast) -> None:
    two_groups(cast)
    town_layer(cast)
    page = seen(cast, "?show=layer-palen&see=layer:palen:1")

    text = page.content.decode()
    assert all(words in text for words in ("OpenStreetMap, 2026", "ODbL", "Straat 1"))
    around = page.context["inspected"]["around"]
    assert (around.radius_m, around.n_pins, around.n_supports) == (250, 4, 3)
    # Three people: too few to be told.
    assert around.n_people is None


def test_a_pin_says_how_far_the_next_charger_is(cast: Cast) -> None:
    two_groups(cast)
    town_layer(cast)
    [(name, metres)] = seen(cast, "?see=pin:21").context["inspected"]["distances"]
    assert name == "Laadpalen"
    assert metres == pytest.approx(100, abs=1)


def test_another_town_s_layers_are_not_there(cast: Cast) -> None:
    found = town_layer(cast)
    Layer.objects.filter(pk=found.pk).update(organisation=cast.other_town)

    assert seen(cast, "?show=layer-palen").status_code == 422
    assert signed_in(cast["Piet"]).get(address("desk_drawn:layer-palen", cast.project)).status_code == 404


# --- who takes part -----------------------------------------------------------------------------------------


def test_small_counts_of_people_are_not_told(cast: Cast) -> None:
    two_groups(cast)
    Proposal.objects.filter(number__gte=30).update(area=Area.objects.get(code="W2"))
    Proposal.objects.filter(number__range=(21, 24)).update(area=Area.objects.get(code="W1"))
    Support.objects.create(proposal=Proposal.objects.get(number=24), person=cast["Piet"])
    cast.project.refresh_from_db()

    rows = {row.part.code: row for row in turnout(cast.project, Sieve()).rows}

    # Four in the west (An, Vera, Mo, Piet), five in the east.
    assert (rows["W1"].n_people, rows["W1"].people_per_thousand) == (None, None)
    assert rows["W2"].n_people == 5
    assert rows["W2"].people_per_thousand == pytest.approx(5 / 6)
    assert 'data-see="area:W1"' in seen(cast).content.decode()
    told = {row["code"]: row["n_people"] for row in downloaded(cast, "?layer=areas&format=csv")}
    assert (told["W1"], told["W2"]) == ("", "5")


def test_who_was_not_heard_comes_first(cast: Cast) -> None:
    two_groups(cast)
    Area.objects.create(
        organisation=cast.town, code="W3", name="Zuidkant", population=900,
        outline=box(2.6, 50.7, 2.7, 50.8),
    )  # fmt: skip
    page = seen(cast)

    assert page.context["turnout"]["rows"][0]["row"].part.code == "W3"
    assert page.context["turnout"]["silent"] == ["Zuidkant"]
    assert page.context["turnout"]["phase"] == cast.vote
    assert page.context["turnout"]["n_voters"] == 0


def test_times_are_told_in_steps_that_fit(cast: Cast) -> None:
    first = now() - timedelta(days=400)
    for at, days in enumerate((0, 1, 1, 399)):
        pin(cast, 50 + at, 0, 0, created_at=first + timedelta(days=days))
    cast.project.refresh_from_db()
    year = figures(cast.project, Sieve(origin="resident"))
    assert year.step is Step.MONTH
    assert sum(bar.n_pins for bar in year.times) == 4
    few = figures(cast.project, Sieve(origin="resident", until=(first + timedelta(days=20)).date()))
    assert (few.step, [bar.n_pins for bar in few.times]) == (Step.DAY, [1, 2])


# --- what is kept ---------------------------------------------------------------------------------------------


def keep(cast: Cast, client: Client, name: str, number: int = 21, query: str = "radius_m=100") -> Any:
    """Keep the cluster around a proposal."""
    given = {"name": name, "pin": number, "query": query}
    return client.post(reverse("desk_keep", args=("laden",)), given, follow=True)


def test_a_cluster_is_kept_as_it_was(cast: Cast) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])
    assert keep(cast, client, "  Rond het  plein ").status_code == 200
    pin(cast, 25, 30, 30)

    saved = SavedCluster.objects.get()
    assert (saved.name, saved.numbers, saved.n_supports, saved.n_people) == ("Rond het plein", [21, 22, 23, 24], 3, 3)
    assert saved.kept_by == cast["Piet"]
    assert saved.hull.contains(saved.centre)
    # Its link opens the view it was found in.
    assert seen(cast, f"?{saved.settings}").context["asked"].grouping.radius_m == 100


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [("", 21, "cluster.name_missing"), ("x" * 121, 21, "cluster.name_missing"), ("Plein", 41, "cluster.not_found"),
     ("Al daar", 21, "cluster.name_taken"), ("Plein", "x", "cluster.not_found")],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(cast: Cast, name: str, number: Any, code: str) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])
    keep(cast, client, "Al daar")

    assert code in keep(cast, client, name, number).content.decode()
    assert SavedCluster.objects.count() == 1


def test_two_kept_clusters_stand_side_by_side(cast: Cast) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])
    keep(cast, client, "Plein")
    keep(cast, client, "Station", 31)
    keys = SavedCluster.objects.order_by("name").values_list("pk", flat=True)
    page = client.get(address("desk_kept", cast.project, "?" + "&".join(f"cluster={key}" for key in keys)))

    compared = page.context["compared"]
    assert [cluster.name for cluster in compared["clusters"]] == ["Plein", "Station"]
    assert compared["n_shared"] == 0
    # Weighed by supporters, so the middles are those of the most wanted pins.
    assert compared["metres"] == pytest.approx(990, abs=20)
    assert client.get(address("desk_kept", cast.project, "?cluster=x")).context["compared"] is None


def test_a_kept_cluster_can_be_forgotten_in_its_own_project_alone(cast: Cast) -> None:
    two_groups(cast)
    client = signed_in(cast["Piet"])
    keep(cast, client, "Plein")
    key = SavedCluster.objects.get().pk
    other = Project.objects.create(organisation=cast.town, slug="ander", title={"nl": "Ander"})

    client.post(reverse("desk_forget", args=(other.slug, key)))
    assert SavedCluster.objects.count() == 1
    client.post(reverse("desk_forget", args=("laden", key)))
    assert SavedCluster.objects.count() == 0


@pytest.mark.parametrize("name", ["An", "Mo", "Gis"])
def test_only_planners_keep(cast: Cast, name: str) -> None:
    two_groups(cast)
    assert keep(cast, signed_in(cast[name]), "Plein").status_code == 404
    assert SavedCluster.objects.count() == 0


# --- grouping by density, in the background -------------------------------------------------------------------


def ask(cast: Cast, name: str = "Piet", query: str = "weigh=pins&ballot=off") -> Any:
    """Ask for a grouping."""
    given = {"group_pins": "3", "query": query}
    return signed_in(cast[name]).post(reverse("desk_cluster_run", args=("laden",)), given)


def test_a_grouping_is_asked_for_done_by_a_worker_and_kept(cast: Cast) -> None:
    two_groups(cast)
    answer = ask(cast)

    run = ClusterRun.objects.get()
    assert f"run={run.pk}" in answer["Location"]
    job = ProcrastinateJob.objects.get(task_name="siting.tasks.group_by_density")
    assert job.args == {"run_id": run.pk}
    waiting = seen(cast, f"?run={run.pk}&ballot=off")
    assert "data-running" in waiting.content.decode()
    assert waiting.context["found"].groups == ()

    tasks.group_by_density(**job.args)

    run.refresh_from_db()
    assert (run.state, run.share_done, run.n_pins, run.n_clusters) == ("done", 1.0, 8, 2)
    page = seen(cast, f"?run={run.pk}&ballot=off")
    assert [(row["cluster"].n, row["n_people"]) for row in page.context["rows"]] == [(4, 3), (3, 5)]
    assert "data-running" not in page.content.decode()
    assert len(drawn(cast, "clusters", f"?run={run.pk}")) == 4
    # Made with a filter; without it the page says so.
    assert (
        "other filters" in seen(cast, f"?run={run.pk}", "Piet").content.decode()
        or seen(cast, f"?run={run.pk}").context["asked"].sieve.told() != run.sieve
    )


def test_a_grouping_that_waits_is_not_asked_for_twice(cast: Cast) -> None:
    two_groups(cast)
    ask(cast)
    ask(cast)
    assert ClusterRun.objects.count() == ProcrastinateJob.objects.count() == 1
    ask(cast, query="weigh=pins")
    assert ClusterRun.objects.count() == 2


def test_a_grouping_that_fails_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    two_groups(cast)
    ask(cast)

    def broken(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(service, "clusters_of", broken)
    run = ClusterRun.objects.get()
    with pytest.raises(MemoryError):
        service.carry_out(run_id=run.pk)
    assert ClusterRun.objects.get().state == "failed"


def test_a_grouping_of_another_project_is_not_shown(cast: Cast) -> None:
    two_groups(cast)
    other = Project.objects.create(organisation=cast.town, slug="ander", title={"nl": "Ander"})
    run = ClusterRun.objects.create(project=other, min_count=3, weigh="pins", asked_at=now())
    assert seen(cast, f"?run={run.pk}").context["run"] is None


def test_a_grouping_is_kept_exactly(cast: Cast) -> None:
    two_groups(cast)
    found = clusters_of(cast.project, Grouping(100, 3))
    again = unpacked(json.loads(json.dumps(packed(found))))

    assert again.labels.tolist() == found.labels.tolist()
    assert [(g.pin, g.n, g.weight, g.lon) for g in again.groups] == [
        (g.pin, g.n, g.weight, g.lon) for g in found.groups
    ]
    assert all(a.hull.equals_exact(b.hull, 1e-6) for a, b in zip(again.groups, found.groups, strict=True))


def test_a_moderator_cannot_ask_for_a_grouping(cast: Cast) -> None:
    assert ask(cast, "Mo").status_code == 404
    assert not ClusterRun.objects.exists()


# --- files of a view -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["layer=x", "layer=pins&format=tif", "layer=pins&crs=EPSG:1", "layer=heat&format=csv"]
)
def test_a_file_that_cannot_be_is_not_there(cast: Cast, query: str) -> None:
    answer = signed_in(cast["Piet"]).get(address("desk_view_file", cast.project, f"?{query}"))
    assert answer.status_code == 404


def test_the_file_of_clusters_has_the_settings_of_the_view(cast: Cast) -> None:
    two_groups(cast)
    person("Iemand")
    rows = downloaded(cast, "?layer=clusters&format=csv&radius_m=100&min_count=4&crs=EPSG:31370")
    assert [(row["n"], row["radius_m"], row["min_count"]) for row in rows] == [("4", "100", "4")]
    cache.clear()
