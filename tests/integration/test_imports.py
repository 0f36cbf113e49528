"""Files of other people come in row by row; what does not is named; a second time adds nothing."""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from django.core.management import CommandError, call_command

from participation.management.commands import create_project, tally
from participation.models import Area, Organisation, Person, Phase, Project, Proposal, Record, Support
from participation.rules.phases import Act
from participation.rules.places import LonLat
from participation.selectors.places import ground_of
from participation.selectors.projects import standing
from participation.selectors.proposals import place_verdict
from participation.services.importing.proposals import THEMES_MAX
from participation.services.importing.rows import PSEUDONYM_DOMAIN
from participation.services.voting import cast_ballot, close_phase
from tests.cast import TOWN, Cast, picks
from tests.past import end

pytestmark = pytest.mark.django_db
INSIDE = (2.65, 50.85)


def run(*args: str, **options: Any) -> dict[str, Any]:
    """Run a command and give back its JSON."""
    out = StringIO()
    call_command(*args, stdout=out, stderr=options.pop("stderr", StringIO()), json=True, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def table(path: Path, rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ",") -> str:
    """Write a table."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return str(path)


def geojson(path: Path, features: Sequence[tuple[shapely.Geometry | None, dict[str, object]]]) -> str:
    """Write a feature collection."""
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": shape and json.loads(shapely.to_geojson(shape)), "properties": properties}
            for shape, properties in features
        ],
    }
    path.write_text(json.dumps(collection))
    return str(path)


def imported(project: Project) -> list[Proposal]:
    """What came in, in the order of its numbers."""
    return list(Proposal.objects.filter(project=project, import_key__isnull=False).order_by("number"))


HEAD = ["id", "lon", "lat", "title", "body", "theme", "who", "at"]


def row(key: object, **cells: object) -> list[object]:
    """A good row, but for what is said."""
    good = {
        "id": key,
        "lon": INSIDE[0],
        "lat": INSIDE[1],
        "title": f"Plek {key}",
        "body": "",
        "theme": "",
        "who": "",
        "at": "",
    }
    return [(good | cells)[name] for name in HEAD]


def test_rows_come_in_with_their_words_theme_person_date_and_neighbourhood(cast: Cast, tmp_path: Path) -> None:
    file = table(
        tmp_path / "in.csv",
        [
            HEAD,
            row(
                7,
                title="20th &amp; <b>Bell</b>",
                body="one<br>two",
                theme="Bij 't plein",
                who="u1",
                at="02/2012/03 13:52",
            ),
            row(8, lon=2.75, theme="plein", who="u1", at="03/14/2012 15:01"),
            row(9, theme="Bij 't plein", who="u2", at="no idea"),
        ],
    )
    answer = run(
        "import_proposals", file, project="laden", key_field="id", title_field="title", body_field="body",
        theme_field="theme", person_field="who", date_field="at",
    )  # fmt: skip
    assert answer | {"read": 3, "imported": 3, "repeats": 0, "refused": {}, "undated": 1} == answer
    first, second, third = imported(cast.project)
    assert (first.number, first.title, first.body) == (9, "20th & Bell", "one\ntwo")
    assert first.created_at == datetime(2012, 3, 2, 12, 52, tzinfo=UTC)
    assert second.created_at == datetime(2012, 3, 14, 14, 1, tzinfo=UTC)
    assert first.area
    assert second.area
    assert (first.area.code, second.area.code) == ("W1", "W2")
    assert first.theme
    assert second.theme
    assert third.theme == first.theme
    assert (first.theme.name, second.theme.slug) == ({"nl": "Bij 't plein"}, "plein")
    assert cast.project.themes.count() == 2
    assert first.author
    assert third.author
    assert first.author == second.author != third.author
    assert str(first.author.email).endswith(f"@{PSEUDONYM_DOMAIN}")
    assert "u1" not in str(first.author.email)
    assert not first.author.is_active
    assert not first.author.has_usable_password()
    assert first.state == Proposal.State.PUBLISHED
    assert Record.objects.filter(act="proposals.imported", subject="in.csv").count() == 1


def test_every_refused_row_is_named_and_stops_no_other(cast: Cast, tmp_path: Path) -> None:
    west = TOWN[0]
    file = table(
        tmp_path / "in.csv",
        [
            HEAD,
            row(1),
            row(2, lon=0, lat=0),
            row(3, lon=INSIDE[1], lat=INSIDE[0]),
            row(4, lon=west - 0.01),
            row(5, lon="nan"),
            row(6, lon="", lat=""),
            ["", "", "", "", "", "", "", ""],
            row(1, title="again"),
            row(9, title="x" * 121),
            row(10, title="", body=""),
            row(11, body="y" * 4001),
            row(12, lon="2,65", lat="50,85"),
            row(13, lon=400),
            row("=1+1", lon=10),
        ],
    )
    report, err = tmp_path / "refused.csv", StringIO()
    answer = run(
        "import_proposals", file, project="laden", key_field="id", title_field="title", body_field="body",
        report=str(report), stderr=err,
    )  # fmt: skip
    refused = {
        "pin.at_zero": 1, "pin.swapped": 1, "pin.outside_area": 2, "pin.not_a_number": 1, "pin.missing": 1,
        "row.empty": 1, "row.repeated": 1, "title.too_long": 1, "title.missing": 1, "body.too_long": 1,
        "pin.outside_world": 1,
    }  # fmt: skip
    assert answer["refused"] == refused
    assert (answer["read"], answer["imported"], answer["repeats"]) == (14, 2, 0)
    assert [proposal.import_key for proposal in imported(cast.project)] == ["1", "12"]
    named = list(csv.DictReader(StringIO(report.read_text("utf-8-sig"))))
    assert len(named) == 12
    by_key = {line["key"]: line for line in named}
    assert by_key["4"]["line"] == "5"
    assert by_key["4"]["code"] == "pin.outside_area"
    assert " m " in by_key["4"]["sentence"]
    assert "'=1+1" in by_key, "a spreadsheet would compute it"
    assert len(err.getvalue().splitlines()) == 12
    again = run("import_proposals", file, project="laden", key_field="id", title_field="title", body_field="body")
    assert (again["imported"], again["repeats"], again["refused"]) == (0, 2, refused)


def test_without_a_key_rows_are_known_by_their_content(cast: Cast, tmp_path: Path) -> None:
    file = table(tmp_path / "in.csv", [["lon", "lat", "text"], [*INSIDE, "Hier"], [*INSIDE, "Daar"], [*INSIDE, "Hier"]])
    first = run("import_proposals", file, project="laden")
    assert (first["imported"], first["refused"]) == (2, {"row.repeated": 1})
    again = run("import_proposals", file, project="laden", theme_field="text")
    assert (again["imported"], again["repeats"]) == (0, 2)
    assert [proposal.title for proposal in imported(cast.project)] == ["Hier", "Daar"]


def test_swapped_coordinates_are_turned_round_only_when_asked(cast: Cast, tmp_path: Path) -> None:
    file = table(tmp_path / "in.csv", [HEAD, row(1, lon=INSIDE[1], lat=INSIDE[0])])
    assert run("import_proposals", file, project="laden")["refused"] == {"pin.swapped": 1}
    answer = run("import_proposals", file, project="laden", fix_swapped=True)
    assert (answer["imported"], answer["swapped"]) == (1, 1)
    point = imported(cast.project)[0].point
    assert point is not None
    assert (point.x, point.y) == INSIDE


def test_swapped_is_also_seen_where_it_makes_a_latitude_that_does_not_exist(cast: Cast, tmp_path: Path) -> None:
    run(
        "create_project", "west", organisation="toonstad", title="West", bbox="-123,49,-122,50",
    )  # fmt: skip
    file = table(tmp_path / "in.csv", [HEAD, row(1, lon=49.5, lat=-122.5), row(2, lon=10, lat=-122.5)])
    answer = run("import_proposals", file, project="west")
    assert answer["refused"] == {"pin.swapped": 1, "pin.outside_world": 1}
    assert run("import_proposals", file, project="west", fix_swapped=True)["imported"] == 1


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ","), ("cp1252", "\t"), ("utf-16", ";")])
def test_encodings_and_delimiters_are_found_out(cast: Cast, tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = table(tmp_path / "in.csv", [HEAD, row(1, title="Café ’t Hoekje")], encoding=encoding, delimiter=delimiter)
    assert run("import_proposals", file, project="laden", key_field="id")["imported"] == 1
    assert imported(cast.project)[0].title == "Café ’t Hoekje"


def test_lambert_columns_come_in_where_they_lie(cast: Cast, tmp_path: Path) -> None:
    file = table(
        tmp_path / "in.csv", [["x", "y", "title"], ["34376,39", "172773,60", "Centrum"], [0, 0, "Nergens"]]
    )  # fmt: skip
    answer = run("import_proposals", file, project="laden", crs="EPSG:31370")
    assert (answer["imported"], answer["refused"]) == (1, {"pin.at_zero": 1})
    point = imported(cast.project)[0].point
    assert point is not None
    assert (point.x, point.y) == pytest.approx((2.72659, 50.85386), abs=1e-6)


def test_geojson_and_geopackage_come_in_and_are_known_again(cast: Cast, tmp_path: Path) -> None:
    line = shapely.LineString([INSIDE, (2.7, 50.86)])
    file = geojson(
        tmp_path / "in.geojson",
        [
            (shapely.Point(*INSIDE), {"id": 1, "title": "Een"}),
            (line, {"id": 2, "title": "Lijn"}),
            (None, {"id": 3, "title": "Geen"}),
        ],
    )  # fmt: skip
    answer = run("import_proposals", file, project="laden", key_field="id")
    assert answer["imported"] == 1
    assert answer["refused"] == {"pin.not_a_point": 1, "pin.missing": 1}
    package = tmp_path / "in.gpkg"
    pyogrio.write_dataframe(
        geopandas.GeoDataFrame(
            {"id": [1, 4], "title": ["Een", "Vier"]},
            geometry=[shapely.Point(*INSIDE), shapely.Point(2.7, 50.9)],
            crs=4326,
        ).to_crs(31370),
        package,
    )
    answer = run("import_proposals", str(package), project="laden", key_field="id")
    assert (answer["imported"], answer["repeats"]) == (1, 1)


def test_our_own_export_comes_in_again(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    run("export", "proposals", project="laden", format="csv", output=str(file), crs="EPSG:31370")
    run("create_project", "kopie", organisation="toonstad", title="Kopie", bbox=",".join(map(str, TOWN)))
    answer = run("import_proposals", str(file), project="kopie", key_field="number")
    assert (answer["read"], answer["imported"]) == (8, 8)
    copies = imported(Project.objects.get(slug="kopie"))
    for copy, original in zip(copies, cast.options, strict=True):
        assert (copy.title, copy.body) == (original.title, original.body)
        assert copy.point
        assert original.point
        assert (copy.point.x, copy.point.y) == pytest.approx((original.point.x, original.point.y), abs=1e-7)


def test_a_project_without_a_map_asks_no_place(cast: Cast, tmp_path: Path) -> None:
    run("create_project", "muziek", organisation="toonstad", title="Muziek", no_map=True, template="line-up")
    file = table(tmp_path / "in.csv", [["lon", "lat", "title"], ["x", "y", "Groep A"], ["", "", "Groep B"]])
    assert run("import_proposals", file, project="muziek")["imported"] == 2
    assert {proposal.point for proposal in imported(Project.objects.get(slug="muziek"))} == {None}


def test_a_file_that_breaks_off_leaves_nothing_behind(cast: Cast, tmp_path: Path) -> None:
    good = "\n".join(f"{n},{INSIDE[0]},{INSIDE[1]},Plek {n}" for n in range(3000))
    (tmp_path / "in.csv").write_bytes(f"id,lon,lat,title\n{good}\n".encode() + b"\xff\xfe\xfa\n")
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError):
        run("import_proposals", str(tmp_path / "in.csv"), project="laden", encoding="utf-8", report=str(report))
    assert imported(cast.project) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "in.csv"], "no report, no leftovers"


def test_a_column_of_texts_makes_no_themes(cast: Cast, tmp_path: Path) -> None:
    rows = [row(n, theme=f"tekst {n}") for n in range(THEMES_MAX + 1)]
    file = table(tmp_path / "in.csv", [HEAD, *rows])
    with pytest.raises(CommandError):
        run("import_proposals", file, project="laden", theme_field="theme")
    assert imported(cast.project) == []
    assert cast.project.themes.count() == 1


def test_a_dry_run_says_all_and_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    n_people = Person.objects.count()
    file = table(tmp_path / "in.csv", [HEAD, row(1, theme="nieuw", who="u1"), row(2, lon=9)])
    answer = run(
        "import_proposals", file, project="laden", theme_field="theme", person_field="who", dry_run=True
    )  # fmt: skip
    assert (answer["imported"], answer["refused"], answer["dry_run"]) == (1, {"pin.outside_area": 1}, True)
    assert imported(cast.project) == []
    assert (cast.project.themes.count(), Person.objects.count()) == (1, n_people)


def test_a_number_of_supports_is_told_and_left_out(cast: Cast, tmp_path: Path) -> None:
    file = table(tmp_path / "in.csv", [["lon", "lat", "title", "likes"], [*INSIDE, "Hier", 12]])
    err = StringIO()
    answer = run("import_proposals", file, project="laden", supports_field="likes", stderr=err)
    assert (answer["imported"], answer["supports_left_out"]) == (1, 12)
    assert "12" in err.getvalue()
    assert Support.objects.count() == 0


def test_many_places_are_measured_as_one_is(cast: Cast) -> None:
    west, south, _east, _north = TOWN
    places = [
        LonLat(*INSIDE), LonLat(west, 50.85), LonLat(west - 0.000005, 50.85), LonLat(west - 0.00001, 50.85),
        LonLat(west - 0.01, south - 0.01), LonLat(-71.0, 42.0), LonLat(2.7, 50.85),
    ]  # fmt: skip
    ground = ground_of(cast.project)
    lons, lats = (np.array([getattr(place, name) for place in places]) for name in ("lon", "lat"))
    away, ids = ground.outside_by_m(lons, lats), ground.neighbourhood_ids(lons, lats)
    for at, place in enumerate(places):
        verdict = place_verdict(cast.project, place)
        assert away[at] == pytest.approx(verdict.outside_by_m, abs=0.001)
        if verdict.inside:
            assert ids[at] == (verdict.area.pk if verdict.area else None)


def supports_file(tmp_path: Path) -> str:
    return table(
        tmp_path / "likes.csv",
        [
            ["place", "user", "vote"],
            ["1", "u1", "likes"],
            ["1", "u1", "likes"],
            ["1", "u2", "likes"],
            ["2", "u1", "dislikes"],
            ["2", "", "likes"],
            ["99", "u1", "likes"],
            ["", "", ""],
        ],
    )


def test_supports_come_in_once_a_person_and_proposal(cast: Cast, tmp_path: Path) -> None:
    file = table(tmp_path / "in.csv", [HEAD, row(1, who="u1"), row(2)])
    run("import_proposals", file, project="laden", key_field="id", person_field="who")
    options = {
        "project": "laden", "proposal_field": "place", "person_field": "user", "value_field": "vote",
        "support_value": "likes",
    }  # fmt: skip
    expected = {
        "read": 7, "imported": 2, "repeats": 1, "other_values": 1, "dry_run": False,
        "refused": {"person.missing": 1, "proposal.not_found": 1, "row.empty": 1},
    }  # fmt: skip
    assert run("import_supports", supports_file(tmp_path), **options) == expected
    again = run("import_supports", supports_file(tmp_path), **options)
    assert again == expected | {"imported": 0, "repeats": 3}
    first, second = imported(cast.project)
    assert (first.n_supports, second.n_supports) == (2, 0)
    assert Support.objects.filter(proposal=first, person=first.author).exists(), "the same name is the same person"


def test_areas_are_loaded_repaired_and_given_to_proposals(cast: Cast, tmp_path: Path) -> None:
    west, south, east, north = TOWN
    bow_tie = shapely.Polygon([(2.6, 50.8), (2.7, 50.9), (2.7, 50.8), (2.6, 50.9)])
    file = geojson(
        tmp_path / "areas.geojson",
        [
            (shapely.box(west, south, east, north), {"naam": "Overal", "inw": 12}),
            (bow_tie, {"naam": "Strik", "inw": "9" * 20}),
            (shapely.Point(*INSIDE), {"naam": "Punt"}),
            (shapely.box(0, 0, 1, 1), {"naam": ""}),
            (shapely.box(0, 0, 1, 1), {"naam": "Overal"}),
        ],
    )
    Area.objects.filter(organisation=cast.town).delete()
    dry = run("load_areas", file, organisation="toonstad", population_field="inw", dry_run=True)
    assert (dry["added"], Area.objects.count()) == (2, 0)
    err = StringIO()
    answer = run("load_areas", file, organisation="toonstad", population_field="inw", stderr=err)
    assert (answer["read"], answer["added"], answer["updated"], answer["repaired"]) == (5, 2, 0, ["Strik"])
    assert answer["refused"] == {"area.not_a_surface": 1, "area.name_missing": 1, "row.repeated": 1}
    assert "Strik" in err.getvalue()
    assert Area.objects.get(code="overal").population == 12
    assert Area.objects.get(code="strik").outline.valid
    assert set(Proposal.objects.values_list("area__name", flat=True)) == {"Overal"}
    again = run("load_areas", file, organisation="toonstad")
    assert (again["added"], again["updated"], Area.objects.count()) == (0, 2, 2)


def test_areas_in_lambert(cast: Cast, tmp_path: Path) -> None:
    file = geojson(tmp_path / "areas.geojson", [(shapely.box(34000, 172000, 35000, 173000), {"name": "Vierkant"})])
    assert run("load_areas", file, organisation="toonstad", crs="EPSG:31370")["added"] == 1
    west, south, east, north = Area.objects.get(code="vierkant").outline.extent
    assert 2.71 < west < 2.73 < east < 2.74
    assert 50.84 < south < 50.85 < north < 50.86


def test_a_project_is_open_at_once_in_its_phase(cast: Cast, tmp_path: Path) -> None:
    area = geojson(tmp_path / "area.geojson", [(shapely.box(2, 50, 3, 51), {}), (shapely.box(3, 50, 4, 51), {})])
    answer = run(
        "create_project", "banken", organisation="nieuwstad", new_organisation="Nieuwstad", title="Banken", area=area
    )
    assert answer == {"organisation": "nieuwstad", "project": "banken", "phase": "propose", "has_map": True}
    project = Project.objects.get(slug="banken")
    assert project.area is not None
    assert list(project.area.extent) == [2, 50, 4, 51]
    assert Act.PROPOSE in standing(project, datetime.now(UTC)).acts
    run(
        "create_project",
        "palen",
        organisation="nieuwstad",
        title="Palen",
        no_map=True,
        phase="vote",
        template="charging-points",
    )
    vote = Phase.objects.get(project__slug="palen")
    assert (vote.kind, vote.cap, vote.write_ins) == ("vote", 5, True)
    assert Organisation.objects.filter(slug="nieuwstad").count() == 1


@pytest.mark.parametrize(
    "args",
    [
        ["create_project", "p", "--organisation", "nergens", "--title", "T", "--no-map"],
        ["create_project", "Geen Slug", "--organisation", "toonstad", "--title", "T", "--no-map"],
        ["create_project", "laden", "--organisation", "toonstad", "--title", "T", "--no-map"],
        ["create_project", "p", "--organisation", "toonstad", "--title", "", "--no-map"],
        ["create_project", "p", "--organisation", "toonstad", "--title", "T"],
        ["create_project", "p", "--organisation", "toonstad", "--title", "T", "--bbox=1,2,3"],
        ["create_project", "p", "--organisation", "toonstad", "--title", "T", "--bbox=1,2,1,3"],
        ["create_project", "p", "--organisation", "toonstad", "--title", "T", "--area", "/no/such/file"],
        ["create_project", "p", "--organisation", "toonstad", "--title", "T", "--no-map", "--phase", "dance"],
        ["import_proposals", "/no/such/file", "--project", "laden"],
        ["import_proposals", __file__, "--project", "geen"],
        ["import_proposals", __file__, "--project", "laden", "--title-field", "nope"],
        ["import_supports", __file__, "--project", "laden", "--proposal-field", "a", "--person-field", "b"],
        ["load_areas", __file__, "--organisation", "nergens"],
        ["export", "nope", "--project", "laden", "--format", "csv", "--output", "/tmp/x"],
        ["tally", "--project", "laden", "--rule", "borda"],
        ["tally", "--project", "laden", "--rule", "plurality"],
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(cast: Cast, args: list[str]) -> None:
    before = (Project.objects.count(), Organisation.objects.count(), Proposal.objects.count())
    with pytest.raises(CommandError) as refused:
        call_command(*args, stdout=StringIO(), stderr=StringIO())
    assert str(refused.value)
    assert "\n" not in str(refused.value)
    assert "%(" not in str(refused.value)
    assert (Project.objects.count(), Organisation.objects.count(), Proposal.objects.count()) == before


def test_wrong_arguments_end_with_1_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tally.Command().run_from_argv(["manage.py", "tally", "--rule", "plurality"])
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "--project" in said.err


def test_a_box_may_begin_west_of_greenwich() -> None:
    parser = create_project.Command().create_parser("manage.py", "create_project")
    words = ["p", "--organisation", "o", "--title", "T", "--bbox", "-77.4,38.7,-76.8,39.2"]
    assert parser.parse_args(words).bbox == "-77.4,38.7,-76.8,39.2"


def test_two_towns_may_use_the_same_slug(cast: Cast, tmp_path: Path) -> None:
    run("create_project", "laden", organisation="elders", title="Ook", no_map=True)
    file = table(tmp_path / "in.csv", [["title"], ["Hier"]])
    with pytest.raises(CommandError, match="elders/laden, toonstad/laden"):
        run("import_proposals", file, project="laden")
    assert run("import_proposals", file, project="elders/laden")["imported"] == 1


def test_the_tally_is_told_once_the_vote_is_over(cast: Cast) -> None:
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([2, 3]), nonce=uuid4())
    cast_ballot(phase=cast.vote, person=cast["Vera"], choices=picks([3]), nonce=uuid4())
    with pytest.raises(CommandError):
        run("tally", project="laden", rule="plurality")
    end(cast.vote)
    assert close_phase(cast.vote)
    scores = {str(option.number): 0 for option in cast.options} | {"3": 2, "2": 1}
    assert run("tally", project="laden", rule="plurality") == {
        "rule": "plurality", "n_ballots": 2, "scores": scores, "winners": [3, 2],
    }  # fmt: skip
    with pytest.raises(CommandError):
        run("tally", project="laden", rule="borda")
