"""Files of places are read, whoever made them; what is wrong with a row or a file is said, never thrown."""

import json
import sqlite3
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.formats.formulas import inert
from geo.formats.places import number
from geo.formats.reading import MAX_BYTES, Row, UnreadableFile, read
from geo.formats.rows import FILE_SENTENCES, MAX_TEXT, SENTENCES


def rows_of(path: Path, content: str | bytes, **how: Any) -> list[Row]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read(path, **how))


def fault(row: Row) -> str | None:
    if row.fault is not None:
        assert row.fault.sentence
        assert row.geometry is None
    return row.fault.code if row.fault else None


def point(row: Row) -> tuple[float, float]:
    assert row.geometry is not None
    return row.geometry.x, row.geometry.y


def refusal(path: Path, content: str | bytes, **how: Any) -> str:
    with pytest.raises(UnreadableFile) as refused:
        rows_of(path, content, **how)
    assert str(refused.value)
    return refused.value.code


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
def test_tables_in_every_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = ["lon,lat,titel", "2.72,50.85,Café «de Reisduif», überall", "2.73,50.86,zwei"]
    content = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line.split(",", 2)) for line in lines).encode(encoding)
    found = rows_of(tmp_path / "x.csv", content)
    assert [fault(row) for row in found] == [None, None]
    assert found[0].attributes["titel"] == "Café «de Reisduif», überall"
    assert point(found[1]) == (2.73, 50.86)
    assert [row.line for row in found] == [2, 3]


@pytest.mark.parametrize(
    "header",
    [
        "lon,lat",
        "LNG,LAT",
        "Longitude,Latitude",
        "X,Y",
        "x_coord,y_coord",
        "LONGITUDE VZ,LATITUDE VZ",
        "point_x,point_y",
    ],
)
def test_coordinates_are_found_under_their_usual_names(tmp_path: Path, header: str) -> None:
    (row,) = rows_of(tmp_path / "x.csv", f"{header},t\n2.5,50.5,a\n")
    assert point(row) == (2.5, 50.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.72659", 2.72659), ("2,72659", 2.72659), ("-2,5", -2.5), ("172773.60", 172773.60), ("172.773,60", 172773.60),
        ("172 773,60", 172773.60), ("172,773.60", 172773.60), ("1,172,773", 1172773), ("+5", 5), (".5", 0.5),
        ("1e3", 1000), ("−2.5", -2.5), ("nan", None), ("inf", None), ("-Infinity", None), ("1_000", None),
        ("٢", None), ("0x10", None), ("", None), ("2°43'", None), ("1e999", None), ("9" * 100, None), ("--1", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, expected: float | None) -> None:
    assert number(text) == expected


def test_named_columns_and_a_named_plane(tmp_path: Path) -> None:
    content = "easting;northing;t\n34376,39;172773,60;markt\n"
    (row,) = rows_of(tmp_path / "x.csv", content, lon_field="easting", lat_field="northing", crs="EPSG:31370")
    assert point(row) == pytest.approx((2.72659, 50.85386), abs=1e-6)
    assert refusal(tmp_path / "x.csv", content, lon_field="east", lat_field="northing") == "file.field_unknown"
    assert refusal(tmp_path / "x.csv", content, lon_field="easting") == "file.field_unknown"
    assert refusal(tmp_path / "x.csv", content, crs="EPSG:1") == "file.crs_unknown"


def test_lambert_is_not_guessed_but_named(tmp_path: Path) -> None:
    content = "x,y\n34376.39,172773.60\n534376.66,672760.21\n"
    found = rows_of(tmp_path / "x.csv", content)
    assert [fault(row) for row in found] == ["pin.looks_like_lambert"] * 2
    assert [row.fault.facts["crs"] for row in found if row.fault] == ["EPSG:31370", "EPSG:3812"]
    # One taken for the other would put a pin 700 km away.
    found = rows_of(tmp_path / "x.csv", content, crs="EPSG:31370")
    assert [fault(row) for row in found] == [None, "pin.looks_like_lambert"]


def test_what_is_wrong_with_a_row_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    content = (
        "lon,lat,t\n2.7,50.8,good\n,,no place\n2.7,,half\nnan,50.8,nan\n1e400,50.8,inf\n200,50.8,far\n2.7,91,far\n"
        "\n , ,\n2.7,50.8,a,b\n2.7,50.8,nul\0\n2.7,50.8," + "x" * (MAX_TEXT + 1) + "\n2.7\n2.7,50.8,last"
    )
    found = rows_of(tmp_path / "x.csv", content)
    assert [fault(row) for row in found] == [
        None, None, "pin.not_a_number", "pin.not_a_number", "pin.not_a_number", "pin.outside_world",
        "pin.outside_world", "row.empty", "row.empty", "row.too_many_cells", "row.text_bad", "row.text_too_long",
        "pin.not_a_number", None,
    ]  # fmt: skip
    assert [row.geometry is None for row in found[:2]] == [False, True]
    assert found[-1].attributes["t"] == "last"
    assert [row.line for row in found] == list(range(2, 16))


def test_a_five_megabyte_title_is_a_fault_of_its_row(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "x.csv", f'lon,lat,t\n1,2,"{"x" * 5_000_000}"\n1,2,b\n')
    assert [fault(row) for row in found] == ["row.text_too_long", None]
    assert len(str(found[0].attributes["t"])) == 200


def test_columns_without_or_with_the_same_name(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "x.csv", "a,a,,lon,lat\n1,2,3,4,5\n")
    assert row.attributes == {"a": "1", "a_2": "2", "column_3": "3", "lon": "4", "lat": "5"}


def test_a_quote_that_never_closes_is_one_long_row_and_no_crash(tmp_path: Path) -> None:
    found = rows_of(tmp_path / "x.csv", 'lon,lat,t\n2.7,50.8,"never\n' + "2.7,50.8,x\n" * 1000)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("content", "how", "code"),
    [
        (b"", {}, "file.empty"),
        (b"\n \n", {}, "file.empty"),
        (b"lon,lat\n\xff\xfe\xe9", {"encoding": "utf-8"}, "file.encoding_wrong"),
        (b"lon,lat\n1,2\n", {"encoding": "utf-16"}, "file.encoding_wrong"),
        (b"lon,lat\n1,2\n", {"encoding": "klingon"}, "file.encoding_unknown"),
        (b"lon,lat\n1,2\n", {"encoding": "rot13"}, "file.encoding_unknown"),
        (b"lon,lat\n1,2\n", {"encoding": "unicode_escape"}, "file.encoding_unknown"),
        (b"PK\x03\x04" + b"\0" * 100, {}, "file.format_unknown"),
        (b"SQLite format 3\0" + b"\0" * 100, {}, "file.format_unknown"),
        (b"\x89PNG\r\n", {}, "file.format_unknown"),
        (b"%PDF-1.4", {}, "file.format_unknown"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: bytes, how: dict[str, str], code: str) -> None:
    assert refusal(tmp_path / "x.csv", content, **how) == code


def test_bytes_that_windows_1252_does_not_know_are_read_as_latin_1(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path / "x.csv", b"lon,lat,t\n1,2,\x81\xe9\n")
    assert str(row.attributes["t"]).endswith("é")


def test_only_plain_files_of_a_sensible_size_are_opened(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv", Path("/dev/zero"), "/vsicurl/http://127.0.0.1/x.gpkg"):
        with pytest.raises(UnreadableFile, match=r"none\.csv|zero|x\.gpkg|test_only"):
            read(path)
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UnreadableFile) as refused:
        read(huge)
    assert refused.value.code == "file.too_big"
    assert "101" in str(refused.value)


# --- GeoJSON -------------------------------------------------------------------------------------------

GOOD = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.7, 50.8]}, "properties": {"t": "é", "n": 1}}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(GOOD),
        json.dumps({"type": "FeatureCollection", "features": [GOOD]}),
        json.dumps({"features": [GOOD], "type": "FeatureCollection", "name": "x"}, indent=1),
        "\x1e" + json.dumps(GOOD) + "\n",
        "\ufeff" + json.dumps(GOOD),
    ],
)
def test_every_form_of_geojson(tmp_path: Path, content: str) -> None:
    (row,) = rows_of(tmp_path / "x.geojson", content)
    assert row.attributes == {"t": "é", "n": 1}
    assert point(row) == (2.7, 50.8)


def test_one_feature_a_line(tmp_path: Path) -> None:
    for separator in ("\n", "\n\x1e"):
        found = rows_of(tmp_path / "x.geojsonl", separator.join([json.dumps(GOOD)] * 3))
        assert [row.line for row in found] == [1, 2, 3]


def test_the_old_crs_member_counts_wherever_it_stands(tmp_path: Path) -> None:
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}
    feature = GOOD | {"geometry": {"type": "Point", "coordinates": [34376.39, 172773.60]}}
    for collection in (
        {"type": "FeatureCollection", "crs": member, "features": [feature]},
        {"type": "FeatureCollection", "features": [feature], "crs": member},
    ):
        (row,) = rows_of(tmp_path / "x.geojson", json.dumps(collection))
        assert point(row) == pytest.approx((2.72659, 50.85386), abs=1e-6)
    (row,) = rows_of(tmp_path / "x.geojson", json.dumps(feature))
    assert fault(row) == "pin.looks_like_lambert"
    unknown = {"type": "name", "properties": {"name": "http://evil.example/crs"}}
    content = json.dumps({"type": "FeatureCollection", "crs": unknown, "features": [GOOD]})
    assert refusal(tmp_path / "x.geojson", content) == "file.crs_unknown"


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ('{"type":"Point","coordinates":[NaN,50]}', "pin.not_a_number"),
        ('{"type":"Point","coordinates":[Infinity,-Infinity]}', "pin.not_a_number"),
        ('{"type":"Point","coordinates":[1e999,50]}', "pin.not_a_number"),
        ('{"type":"Point","coordinates":[200,50]}', "pin.outside_world"),
        ('{"type":"Point","coordinates":["2","50"]}', "row.geometry_bad"),
        ('{"type":"Point","coordinates":[[2,50],[3,50]]}', "row.geometry_bad"),
        ('{"type":"Point","coordinates":[2]}', "row.geometry_bad"),
        ('{"type":"Point","coordinates":{"x":1}}', "row.geometry_bad"),
        ('{"type":"Point"}', "row.geometry_bad"),
        ('{"type":"Blob","coordinates":[2,50]}', "row.geometry_bad"),
        ('{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}', "row.geometry_bad"),
        ('{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":"x"}]}', "row.geometry_bad"),
        ('"POINT(1 2)"', "row.geometry_bad"),
        ("[]", "row.geometry_bad"),
        ('{"type":"Point","coordinates":[]}', None),
        ('{"type":"Point","coordinates":' + "[" * 400 + "1,2" + "]" * 400 + "}", "row.geometry_bad"),
        ("null", None),
    ],
)  # fmt: skip
def test_a_geometry_that_is_none_is_a_fault_of_its_feature(tmp_path: Path, geometry: str, code: str | None) -> None:
    content = (
        f'{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{geometry}}},{json.dumps(GOOD)}]}}'
    )
    found = rows_of(tmp_path / "x.geojson", content)
    assert [fault(row) for row in found] == [code, None]
    assert found[0].geometry is None


def test_texts_that_no_database_keeps_are_a_fault_of_their_feature(tmp_path: Path) -> None:
    for text, code in (("\0", "row.text_bad"), ("\ud800", "row.text_bad"), ("x" * 5_000_000, "row.text_too_long")):
        (row,) = rows_of(tmp_path / "x.geojson", json.dumps(GOOD | {"properties": {"t": text}}))
        assert fault(row) == code
    (row,) = rows_of(tmp_path / "x.geojson", json.dumps(GOOD | {"properties": {"t": "😀", "deep": [1, {"a": 2}]}}))
    assert row.attributes == {"t": "😀", "deep": '[1, {"a": 2}]'}
    assert fault(row) is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "file.not_json"),
        ('{"type":"FeatureCollection","features":[', "file.not_json"),
        ('{"type":"FeatureCollection","features":[{]}', "file.not_json"),
        (json.dumps(GOOD) + ",", "file.not_json"),
        ("[1,2]", "file.not_geojson"),
        ("42", "file.not_geojson"),
        ('{"a":1}', "file.not_geojson"),
        ("{1:2}", "file.not_json"),
        ("[" * 100_000, "file.too_deep"),
        ('{"type":"Feature","geometry":' + '{"a":' * 100_000, "file.too_deep"),
        ('{"type":"FeatureCollection","features":' + "[" * 100_000, "file.too_deep"),
        ('{"type":"Feature","geometry":null,"properties":{"n":' + "9" * 10_000 + "}}", "file.not_geojson"),
        (b'{"type":"\xff"}', "file.encoding_wrong"),
        ("   ", "file.empty"),
    ],
)
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, content: str | bytes, code: str) -> None:
    found = refusal(tmp_path / "x.geojson", content)
    assert found in {code, "file.not_geojson" if code == "file.not_json" else code}


def test_things_that_are_no_features_are_named(tmp_path: Path) -> None:
    found = rows_of(
        tmp_path / "x.geojson", '{"type":"FeatureCollection","features":[1,null,"x",[],{"type":"Topology"}]}'
    )
    assert [fault(row) for row in found] == ["row.not_a_feature"] * 5


# --- GeoPackage ----------------------------------------------------------------------------------------


def hostile_gpkg(path: Path, sql: str = "") -> Path:
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        database.executescript("PRAGMA application_id = 0x47504B47; CREATE TABLE t (x);" + sql)
    database.close()
    return path


def test_a_file_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    assert refusal(path, b"hello") == "file.not_gpkg"
    assert refusal(path, b"SQLite format 3\0" + b"\0" * 52 + b"GPKG" + b"\0" * 28 + b"garbage" * 100) == "file.not_gpkg"
    assert refusal(path, struct.pack("<100s", b"SQLite format 3\0")) == "file.format_unknown"
    with pytest.raises(UnreadableFile) as refused:
        list(read(hostile_gpkg(path)))
    assert refused.value.code in {"file.no_layer", "file.not_gpkg"}


def test_a_vrt_in_disguise_never_reaches_gdal(tmp_path: Path) -> None:
    """GDAL goes by content: under any name this would read another file of the machine."""
    layer = f'<OGRVRTLayer name="a"><SrcDataSource>{tmp_path}/s.csv</SrcDataSource></OGRVRTLayer>'
    vrt = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    (tmp_path / "s.csv").write_text("secret\n1\n")
    for name in ("x.gpkg", "x.geojson"):
        assert refusal(tmp_path / name, vrt).startswith("file.")
    assert all("secret" not in str(row) for row in rows_of(tmp_path / "x.csv", vrt))


# --- every sentence, every cell ------------------------------------------------------------------------


def test_every_sentence_can_be_said() -> None:
    for sentence in (*SENTENCES.values(), *FILE_SENTENCES.values()):
        assert str(sentence).endswith(".")


@given(st.text(max_size=40))
def test_no_text_can_be_a_formula(text: str) -> None:
    shown = inert(text).lstrip(' \n\v\f\x00"\u200b\u200c\u200d\u2060\ufeff\u00ad')
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    "text", ["=1+1", " =1", '"=1"', "\u200b=1", "+32 57", "-3.2", "@x", "\tx", "\rx", "＝1", "－1", "\n=1", "'=1"]
)
def test_formulas_are_made_inert(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plein", "3-2", "a=b", "'s avonds", "(=)", "é"])
def test_control_plain_texts_stay_as_they_are(text: str) -> None:
    assert inert(text) == text
