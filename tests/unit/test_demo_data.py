"""Holds the demo data to what its paper says of it."""

import csv
import importlib.util
import json
import random
from collections import Counter
from itertools import combinations, pairwise
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

import pytest
from shapely import Point, Polygon, union_all
from shapely.geometry import shape

from config.demo import draw_pass_answers, place_of
from participation.models import InventoryObject
from participation.rules.places import Shape, drawn_from, lies_in
from participation.rules.questions import Asked, as_typed, checked_answers
from participation.rules.templates import TEMPLATES
from participation.rules.zones import ZoneFacts, ZoneKind, verdict

ROOT = Path(__file__).parents[2]
TOWN = ROOT / "data" / "poperinge"
OFFICIAL = ROOT.parent / "shared" / "data" / "poperinge"
# What runs now in each.
RUNS = {
    "laadpunten": "vote",
    "zitbanken": "decide",
    "parkconcerten": "decide",
    "dorpskern-abele": "propose",
    "nutskasten": "propose",
    "uitpas": "discuss",
}
PROJECTS = list(RUNS)
LANGUAGES = {"nl", "fr", "en", "de"}

# kw.be, February 2022: inhabitants on 31 December 2021.
PUBLISHED_POPULATION = {
    "Poperinge": 13_844,
    "Watou": 1_667,
    "Reningelst": 1_396,
    "Proven": 1_195,
    "Roesbrugge-Haringe": 1_010,
    "Krombeke": 665,
}
METRES_PER_DEGREE = 111_250  # of latitude, at 51 degrees north
MIN_APART_M = 40  # nearer candidates cannot be told apart on a phone
MIN_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: a theme's colour also carries white text


def read(name: str) -> Any:
    return json.loads((TOWN / name).read_text(encoding="utf-8"))


def features(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return found


def polygons() -> dict[str, Polygon]:
    return {one["properties"]["name"]: shape(one["geometry"]) for one in features(TOWN / "areas.geojson")}


def outline() -> Polygon:
    (town,) = features(TOWN / "outline.geojson")
    return shape(town["geometry"])


def areas_at(lon: float, lat: float) -> list[str]:
    return [name for name, polygon in polygons().items() if polygon.covers(Point(lon, lat))]


def places() -> list[dict[str, str]]:
    with (TOWN / "places.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def iou(ours: Polygon, theirs: Polygon) -> float:
    return float(ours.intersection(theirs).area / ours.union(theirs).area)


def metres_between(one: dict[str, Any], other: dict[str, Any]) -> float:
    d_lon = (one["lon"] - other["lon"]) * cos(radians(one["lat"]))
    return hypot(d_lon, one["lat"] - other["lat"]) * METRES_PER_DEGREE


def texts_of_the_city(project: dict[str, Any]) -> list[dict[str, str]]:
    texts = [project[key] for key in ("title", "question", "summary", "rules", "outcome")]
    return texts + [one["name"] for key in ("phases", "themes") for one in project[key]]


# ---------------------------------------------------------------- the town


def test_nine_valid_neighbourhoods() -> None:
    found = polygons()
    assert len(found) == 9
    assert all(polygon.is_valid and polygon.geom_type == "Polygon" for polygon in found.values())
    codes = [one["properties"]["code"] for one in features(TOWN / "areas.geojson")]
    assert codes == [f"W{number:02}" for number in range(1, 10)]


def test_no_gap_and_no_overlap() -> None:
    found = polygons()
    town = union_all(list(found.values()))
    assert town.geom_type == "Polygon"
    assert not town.interiors
    assert sum(polygon.area for polygon in found.values()) == pytest.approx(town.area, rel=1e-9)
    for one, other in combinations(found.values(), 2):
        # Shared lines have the same points, so they meet in lines and never in a sliver.
        assert one.relate_pattern(other, "F********")


def test_outline_is_the_union() -> None:
    assert outline().equals(union_all(list(polygons().values())))


def test_files_are_built_from_the_borders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("build_areas", ROOT / "data" / "build_areas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "borders.json").write_bytes((TOWN / "borders.json").read_bytes())
    monkeypatch.setattr(module, "TOWN", tmp_path)
    module.build()
    for name in ("areas.geojson", "outline.geojson"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (TOWN / name).read_text(encoding="utf-8")


def test_populations_add_up_to_the_published_six() -> None:
    sums: Counter[str] = Counter()
    for one in features(TOWN / "areas.geojson"):
        sums[one["properties"]["part"]] += one["properties"]["population"]
    assert sums == PUBLISHED_POPULATION
    assert features(TOWN / "outline.geojson")[0]["properties"]["population"] == sum(sums.values()) == 19_777


def test_places_lie_in_their_area_and_have_one_name_each() -> None:
    rows = places()
    assert len(rows) == 49
    assert len({row["name"] for row in rows}) == len(rows)
    assert {row["area"] for row in rows} == set(polygons())
    for row in rows:
        assert areas_at(float(row["lon"]), float(row["lat"])) == [row["area"]], row["name"]


# ---------------------------------------------------------------- the projects


@pytest.mark.parametrize("slug", PROJECTS)
def test_the_city_speaks_four_languages(slug: str) -> None:
    for text in texts_of_the_city(read(f"{slug}.json")):
        assert set(text) == LANGUAGES
        assert all(part.strip() for part in text.values())
        assert len({part.count("\n") for part in text.values()}) == 1, "a rule is missing in one language"


@pytest.mark.parametrize("slug", PROJECTS)
def test_every_entry_is_whole(slug: str) -> None:
    project = read(f"{slug}.json")
    assert project["slug"] == slug
    themes = {theme["slug"] for theme in project["themes"]}
    entries = project["candidates"] + project["proposals"]
    titles = [entry["title"] for entry in entries]
    assert len(set(titles)) == len(titles)
    for entry in entries:
        assert 0 < len(entry["title"]) <= 120
        assert entry["body"].strip()
        assert entry["theme"] in themes
        assert 1 <= entry["appeal"] <= 10
    for proposal in project["proposals"]:
        assert proposal["language"] in LANGUAGES
        assert proposal["state"] in {"submitted", "published"}
        assert proposal["state"] == "published" or not proposal["on_ballot"]


@pytest.mark.parametrize("slug", PROJECTS)
def test_places_only_where_there_is_a_map(slug: str) -> None:
    project = read(f"{slug}.json")
    for entry in project["candidates"] + project["existing"] + project["proposals"]:
        if project["map"]:
            assert sum(polygon.covers(place_of(entry, project)) for polygon in polygons().values()) == 1, entry["title"]
            assert len({"shape", "object", "lon"} & set(entry)) == 1, entry["title"]
        else:
            assert not {"shape", "object", "lon", "lat"} & set(entry)


@pytest.mark.parametrize("slug", PROJECTS)
def test_phases_follow_one_another(slug: str) -> None:
    phases = read(f"{slug}.json")["phases"]
    assert all(phase["opens_in_days"] < phase["closes_in_days"] for phase in phases)
    for before, after in pairwise(phases):
        assert before["closes_in_days"] <= after["opens_in_days"]
    (now,) = [phase for phase in phases if phase["opens_in_days"] <= 0 < phase["closes_in_days"]]
    assert now["kind"] == RUNS[slug]


@pytest.mark.parametrize("slug", PROJECTS)
def test_theme_colours_carry_white_text(slug: str) -> None:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    themes = read(f"{slug}.json")["themes"]
    assert len({theme["colour"] for theme in themes}) == len(themes)
    for theme in themes:
        red, green, blue = (linear(channel) for channel in bytes.fromhex(theme["colour"][1:]))
        luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        assert 1.05 / (luminance + 0.05) >= MIN_CONTRAST, theme["slug"]


def test_charging_points() -> None:
    project = read("laadpunten.json")
    candidates, write_ins = project["candidates"], project["proposals"]
    assert (len(candidates), len(project["existing"]), len(write_ins)) == (32, 5, 42)
    assert sum(one["state"] == "submitted" for one in write_ins) == 8
    assert sum(one["on_ballot"] for one in write_ins) == 6
    assert {one["language"] for one in write_ins} == {"nl", "fr"}
    per_area = Counter(one["area"] for one in candidates)
    assert per_area.pop("Poperinge Centrum") == 14
    assert len(per_area) == 8
    for one in candidates + project["existing"]:
        assert areas_at(one["lon"], one["lat"]) == [one["area"]], one["title"]
    for one, other in combinations(candidates, 2):
        assert metres_between(one, other) >= MIN_APART_M, (one["title"], other["title"])
    (vote,) = [phase for phase in project["phases"] if phase["kind"] == "vote"]
    assert (vote["opens_in_days"], vote["closes_in_days"]) == (-18, 12)
    assert (vote["cap"], vote["write_ins"], vote["write_ins_join"]) == (5, True, True)


def test_benches() -> None:
    project = read("zitbanken.json")
    assert len(project["proposals"]) == sum(one["on_ballot"] for one in project["proposals"]) == 24
    assert {name for one in project["proposals"] for name in areas_at(one["lon"], one["lat"])} == set(polygons())
    (vote,) = [phase for phase in project["phases"] if phase["kind"] == "vote"]
    assert (vote["cap"], vote["n_winners"]) == (3, 6)


def test_park_concerts() -> None:
    project = read("parkconcerten.json")
    assert [phase["kind"] for phase in project["phases"]] == ["propose", "shortlist", "vote", "decide"]
    assert len(project["proposals"]) == 70
    assert sum(one["on_ballot"] for one in project["proposals"]) == 50
    vote = project["phases"][2]
    assert (vote["cap"], vote["n_winners"]) == (5, 12)


def test_answers_fit_the_questions_of_their_project() -> None:
    for slug, n in (("dorpskern-abele", 10), ("nutskasten", 12)):
        project = read(f"{slug}.json")
        questions = TEMPLATES[project["template"]].questions[Asked.PROPOSAL]
        assert len(project["proposals"]) == n
        for one in project["proposals"]:
            found = checked_answers(questions, one["answers"])
            assert (found.answers, found.refusals) == (one["answers"], {})


def test_the_village_centre_is_drawn_in_abele_by_the_rules_of_its_zones() -> None:
    project = read("dorpskern-abele.json")
    ground = polygons()[project["area"]]
    zones = [ZoneFacts(n, ZoneKind(zone["kind"]), Polygon(zone["corners"])) for n, zone in enumerate(project["zones"])]
    assert {zone.kind for zone in zones} == {ZoneKind.BARRED, ZoneKind.REASON}
    for zone, entry in zip(zones, project["zones"], strict=True):
        assert ground.covers(zone.outline)
        assert set(entry["name"]) == set(entry["why"]) == LANGUAGES
    said = [verdict(place_of(one, project), zones) for one in project["proposals"]]
    assert [found for found in said if found.barred] == []
    assert [found for found in said if found.reason], "nothing shows what a zone asks"
    drawn = Counter(drawn_from(one["shape"]).shape for one in project["proposals"] if "shape" in one)
    assert drawn == {Shape.LINE: 2, Shape.AREA: 2}
    assert set(drawn) <= set(TEMPLATES["village-centre"].shapes)
    assert all(lies_in(place_of(one, project), ground) for one in project["proposals"])
    titles = {one["title"] for one in project["proposals"]}
    assert len(project["comments"]) == 7
    assert all(one["on"] in titles and one["language"] in LANGUAGES for one in project["comments"])


def test_utility_boxes_are_chosen_from_an_inventory_with_owners() -> None:
    project = read("nutskasten.json")
    assert TEMPLATES["utility-boxes"].from_inventory
    boxes = {one["key"]: one for one in project["inventory"]}
    assert len(boxes) == len(project["inventory"]) == 20
    assert {one["owner"] for one in boxes.values()} == {"Fluvius", "Proximus", "Telenet", "bpost"}
    assert {one["permission"] for one in boxes.values()} == set(InventoryObject.Permission.values)
    assert all(len(areas_at(one["lon"], one["lat"])) == 1 for one in boxes.values())
    chosen = [one["object"] for one in project["proposals"]]
    assert len(set(chosen)) == len(chosen), "one proposal for each box"
    assert all(boxes[key]["permission"] != "refused" for key in chosen)


def test_the_drawn_answers_to_the_leisure_pass_fit_its_questions() -> None:
    rng = random.Random(1)
    questions = TEMPLATES["leisure-pass"].questions[Asked.ALONE]
    for _n in range(200):
        answers = draw_pass_answers(rng, ["Zwemmen op zondag"])
        found = checked_answers(questions, {key: as_typed(value) for key, value in answers.items()})
        assert (found.answers, found.refusals) == (answers, {})


# ---------------------------------------------------------------- against the real borders


@pytest.fixture
def official() -> Path:
    if not OFFICIAL.is_dir():
        pytest.skip("the official borders do not lie beside this checkout (../shared/data/poperinge)")
    return OFFICIAL


def test_outline_covers_the_real_town(official: Path) -> None:
    (town,) = features(official / "poperinge_gemeente.geojson")
    assert iou(outline(), shape(town["geometry"])) >= 0.9


def test_neighbourhoods_cover_the_real_ones(official: Path) -> None:
    ours = polygons()
    for one in features(official / "poperinge_wijk.geojson"):
        name = one["properties"]["naam"].removesuffix(" (Poperinge)")
        assert iou(ours[name], shape(one["geometry"])) >= 0.9, name


def test_known_places_lie_where_they_should(official: Path) -> None:
    with (official / "demo_places.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(row["neighbourhood"], areas_at(float(row["lon"]), float(row["lat"]))) for row in rows]
    inside = [(expected, got) for expected, got in found if not expected.startswith("OUTSIDE")]
    assert len(found) == 27
    assert len(inside) == 26
    assert all(got == [expected] for expected, got in inside)
    assert [got for expected, got in found if expected.startswith("OUTSIDE")] == [[]]
