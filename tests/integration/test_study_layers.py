"""What planners kept and studies found is a layer like any other: in every format, live, and for whom it is meant."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from geo.catalog import Asker, Layer, Raster, UnknownLayer, layer, layers_for
from geo.export import FEATURE_FORMATS, is_possible
from geo.plane.crs import LAMBERT_72
from siting.models import SavedCluster
from siting.rules.scenarios import Ingredient, Model, Source
from siting.rules.settings import Grouping, Method
from siting.selectors.clusters import clusters_of
from siting.selectors.studies import scored
from siting.services.kept import forget_cluster, keep_cluster
from siting.services.studies import publish_study
from tests.cast import Cast
from tests.integration import studies as stage
from tests.integration.studies import NOW
from tests.integration.test_siting import address, signed_in, two_groups

pytestmark = pytest.mark.django_db

SCORES, SCENARIO, WAY = "laden-study-1-scores", "laden-study-1-scenario-1", "laden-study-1-scenario-2"
STAFF_ONLY = {
    "laden-kept-clusters",
    "laden-kept-hulls",
    SCENARIO,
    f"{SCENARIO}-areas",
    WAY,
    f"{WAY}-areas",
}


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """No answer of another test."""
    cache.clear()


@pytest.fixture
def found(cast: Cast) -> Cast:
    """Two kept clusters, and a study with two scenarios that nobody but staff may read yet."""
    stage.candidates_at_pins(cast)
    stage.supports(cast, [9, 8, 7, 6, 5, 4, 3, 2])
    two_groups(cast)
    study = stage.run(stage.study(cast))
    mix = (Ingredient(Source.SUPPORTS),)
    stage.scenario(cast, study, mix=mix, k=3, radius_m=1500)
    stage.scenario(cast, study, Model.MEDIAN, "Shortest way", mix=mix, k=3)
    clusters = clusters_of(cast.project, Grouping(100, 3))
    for name, cluster in zip(["Oost", "West"], clusters.groups, strict=True):
        keep_cluster(
            project=cast.project, found=clusters, cluster=cluster, name=name, method=Method.DBSCAN,
            settings="radius_m=100", by=cast["Piet"], now=NOW,
        )  # fmt: skip
    return cast


def of(cast: Cast, name: str, who: str = "Piet") -> Layer:
    """A layer as this person gets it."""
    answer = layer(Asker(cast.town.slug, cast[who]), name)
    assert not isinstance(answer, Raster)
    return answer


def names_for(cast: Cast, someone: object) -> set[str]:
    return {each.id for each in layers_for(Asker(cast.town.slug, someone))}


# --- who sees what ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Mo", "Piet", "Gis", "Marc"])
def test_staff_has_all_of_them(found: Cast, name: str) -> None:
    assert STAFF_ONLY | {SCORES} <= names_for(found, found[name])


@pytest.mark.parametrize("name", ["", "An", "stranger"])
def test_others_have_none_until_the_study_is_published(found: Cast, name: str) -> None:
    someone = found[name] if name == "An" else found.stranger if name else None
    assert not names_for(found, someone) & (STAFF_ONLY | {SCORES})
    publish_study(study=found.project.studies.get(), is_public=True, by=found["Piet"])
    assert names_for(found, someone) & (STAFF_ONLY | {SCORES}) == {SCORES}
    publish_study(study=found.project.studies.get(), is_public=False, by=found["Piet"])
    with pytest.raises(UnknownLayer):
        layer(Asker(found.town.slug, someone), SCORES)


def test_a_draft_shows_nothing_to_anybody(found: Cast) -> None:
    found.project.state = "draft"
    found.project.save()
    assert not names_for(found, found["Piet"]) & (STAFF_ONLY | {SCORES})


def test_listing_them_reads_no_result(found: Cast, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(24) as seen:
        list(layers_for(Asker(found.town.slug, found["Piet"])))
    assert not [each for each in seen.captured_queries if '"result"' in each["sql"] or '"stamp"' in each["sql"]]


# --- what is in them --------------------------------------------------------------------------------------


def test_kept_clusters_say_what_they_were_and_hide_few_people(found: Cast) -> None:
    SavedCluster.objects.filter(name="West").update(n_people=4)
    rows = {each.attributes["name"]: each for each in of(found, "laden-kept-clusters").features()}
    kept = SavedCluster.objects.get(name="Oost")
    oost = rows["Oost"]
    assert oost.geometry is not None
    assert (oost.geometry.x, oost.geometry.y) == pytest.approx((kept.centre.x, kept.centre.y))
    facts = {name: oost.attributes[name] for name in ("method", "n", "weight", "n_supports", "n_people")}
    assert facts == {"method": "dbscan", "n": 3, "weight": 5.0, "n_supports": 5, "n_people": 5}
    assert rows["West"].attributes["n_people"] is None
    hulls = list(of(found, "laden-kept-hulls").features())
    assert {each.geometry.geom_type for each in hulls if each.geometry is not None} == {"Polygon"}


def test_a_cluster_that_is_forgotten_is_another_answer(found: Cast) -> None:
    before = of(found, "laden-kept-clusters").fingerprint
    forget_cluster(project=found.project, number=SavedCluster.objects.get(name="West").pk, by=found["Piet"])
    after = of(found, "laden-kept-clusters")
    assert after.fingerprint != before
    assert [each.attributes["name"] for each in after.features()] == ["Oost"]


def test_scores_are_those_of_the_study_and_open_into_parts(found: Cast) -> None:
    scores = of(found, SCORES)
    study = scored(found.project.studies.get())
    rows = list(scores.features())
    assert [each.attributes["number"] for each in rows] == [site.number for site in study.sites]
    best = study.sites[study.order[0]].number
    first = next(each for each in rows if each.attributes["rank"] == 1)
    assert (first.key, first.attributes["is_first"]) == (best, True)
    parts = [column.name for column in scores.columns if column.name.startswith("part_")]
    assert parts
    for each in rows:
        assert sum(each.attributes[name] or 0 for name in parts) == pytest.approx(each.attributes["score"], abs=1e-5)


def test_a_scenario_is_in_the_order_of_building_with_what_each_place_adds(found: Cast) -> None:
    rows = [each.attributes for each in of(found, SCENARIO).features()]
    result = found.project.studies.get().scenarios.get(number=1).result
    assert result is not None
    assert [row["number"] for row in rows] == [site["number"] for site in result["chosen"]]
    assert [row["step"] for row in rows] == [1, 2, 3]
    gains = [row["gain_share"] for row in rows]
    assert gains == sorted(gains, reverse=True)
    whole = result["demand"][0]["total"]
    assert rows[-1]["weight_covered"] == pytest.approx(result["demand"][0]["after"], rel=1e-4)
    assert rows[0]["gain_weight"] == pytest.approx(gains[0] * whole, rel=1e-4)


def test_a_scenario_of_shorter_ways_says_metres(found: Cast) -> None:
    way = of(found, WAY)
    assert {"gain_m", "saved_m"} <= {column.name for column in way.columns}
    assert "gain_share" not in {column.name for column in way.columns}
    rows = [each.attributes for each in way.features()]
    assert rows[-1]["saved_m"] == pytest.approx(sum(row["gain_m"] for row in rows), rel=1e-4)


def test_each_neighbourhood_has_its_coverage_before_and_after(found: Cast) -> None:
    rows = list(of(found, f"{SCENARIO}-areas").features())
    result = found.project.studies.get().scenarios.get(number=1).result
    assert result is not None
    assert [each.attributes["name"] for each in rows] == [area["name"] for area in result["areas"]]
    for each, area in zip(rows, result["areas"], strict=True):
        assert each.geometry is not None
        assert each.attributes["weight_after"] == area["after"]
        if area["weight"]:
            assert each.attributes["share_after"] == pytest.approx(area["after"] / area["weight"], abs=1e-5)


def test_hot_spots_carry_the_corrected_probability_and_words(found: Cast) -> None:
    rows = [each.attributes for each in of(found, "laden-hotspots").features()]
    assert rows
    assert all(row["p"] <= row["p_corrected"] <= 1 for row in rows)
    assert all(row["words"] for row in rows)


# --- through every door -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["laden-hotspots", SCORES, *sorted(STAFF_ONLY)])
def test_every_format_and_the_live_layer_tell_the_same(found: Cast, name: str) -> None:
    client = signed_in(found["Gis"])
    whole = client.get(f"/ogc/collections/{name}/items?f=json&limit=1000").json()
    rows = list(of(found, name).features())
    assert len(whole["features"]) == len(rows) > 0
    for ending in FEATURE_FORMATS:
        plane = "EPSG:31370" if is_possible(ending, LAMBERT_72) else "EPSG:4326"
        answer = client.get(f"/export/{name}.{ending}?crs={plane}")
        assert answer.status_code == 200, (ending, answer.getvalue()[:300])
        assert answer.getvalue()
    x, y = rows[0].geometry.representative_point().coords[0]  # type: ignore[union-attr]
    box = f"{x - 1e-6},{y - 1e-6},{x + 1e-6},{y + 1e-6}"
    inside = client.get(f"/ogc/collections/{name}/items?f=json&bbox={box}").json()["features"]
    assert 0 < len(inside) <= len(rows)
    assert client.get(f"/ogc/collections/{name}/items?f=json&bbox=0,0,1,1").json()["features"] == []


@pytest.mark.parametrize("name", [SCORES, *sorted(STAFF_ONLY)])
def test_who_may_not_see_a_layer_finds_it_at_no_door(found: Cast, name: str) -> None:
    client = signed_in(found["An"])
    for path in (f"/ogc/collections/{name}", f"/ogc/collections/{name}/items", f"/export/{name}.geojson"):
        assert client.get(path).status_code == 404
    assert name not in client.get("/ogc/collections?f=json").content.decode()


def test_the_downloads_page_lists_what_it_is_and_for_whom(found: Cast) -> None:
    client = signed_in(found["Gis"])
    page = client.get(address("desk_export", found.project))
    rows = {row[-1]: row for row in page.context["rows"]}
    assert {SCORES, *STAFF_ONLY} <= set(rows)
    assert all(row[1] for row in rows.values())
    assert rows[SCENARIO][2] == "medewerkers"
    assert rows["laden-clusters"][2] == "iedereen"
    answer = client.get(
        address("desk_export", found.project, "?layer=study-1-scenario-1&format=gpkg&crs=EPSG:31370"), follow=True
    )
    assert answer.redirect_chain == [(f"/export/{SCENARIO}.gpkg?crs=EPSG%3A31370", 302)]
    assert answer.getvalue()


def test_the_command_writes_what_the_reader_may_see(found: Cast, tmp_path: Path) -> None:
    file = tmp_path / "scenario.geojson"
    wanted = ("export", "study-1-scenario-1", "--project", "laden", "--format", "geojson", "--output", str(file))
    with pytest.raises(CommandError, match="study-1-scenario-1"):
        call_command(*wanted)
    with pytest.raises(CommandError, match="nobody@example"):
        call_command(*wanted, "--as", "nobody@example.org")
    call_command(*wanted, "--as", str(found["Gis"].email), "--json", stdout=StringIO())
    assert len(json.loads(file.read_text())["features"]) == 3
