"""Readers that are not ours find in every file what stands in the database, row by row, in every plane; what a format
cannot keep is said, and a file that is not whole is not there."""

import json
import re
import resource
import signal
import sqlite3
import xml.etree.ElementTree as Xml
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pyogrio.raw
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import problems
from geo.catalog import DerivedSource, FeatureSource
from geo.columns import Column, Feature, Look
from geo.export import EVERYTHING, FEATURE_FORMATS, FORMATS, Asked, about, check, formats_of, frames, is_possible, write
from geo.formats import geojson_text, shp, xlsx
from geo.formats.formulas import inert
from geo.plane.crs import ALL, CRS84, LAMBERT_72, LAMBERT_2008, WGS84, Crs, transform
from participation.models import Organisation, Proposal
from siting.layers import town_layer
from siting.models import Layer, LayerFeature
from tests.integration.geo.conftest import source_of

pytestmark = pytest.mark.django_db
Put = Callable[..., Any]
PLANES = [plane for plane in ALL if plane is not WGS84]
NAMES = {"integer": "whole", "number": "broken", "text": "a rather long name of a column", "boolean": "yes"}
TEXTS = ["=1+1", "", "een\r\ntwee", "é" * 200, "NULL", 'quote " and, comma', None, "plein"]

KINDS: dict[str, Callable[[float, float], Any]] = {
    "Point": shapely.Point,
    "LineString": lambda x, y: shapely.LineString([(x, y), (x + 0.01, y + 0.01), (x + 0.02, y)]),
    "MultiPolygon": lambda x, y: shapely.MultiPolygon([shapely.box(x, y, x + 0.01, y + 0.01)]),
}


@pytest.fixture
def town(db: None) -> Organisation:
    return Organisation.objects.create(slug="testdam", name="Testdam", site_name="Testdam", hosts=["testserver"])


def stored(town: Organisation, kind: str) -> FeatureSource:
    """A layer in the database with every kind of value, and rows without a place."""
    attributes = [{"name": name, "kind": kind_of, "n_empty": 0} for kind_of, name in NAMES.items()]
    layer = Layer.objects.create(
        organisation=town, slug="proef", name="Proef", source="Dienst", licence="Open", geometry_type=kind,
        attributes=attributes, uploaded_at="2026-01-01T00:00:00Z", state="current", file_name="x", n_features=8,
    )  # fmt: skip
    rows = []
    for at, text in enumerate(TEXTS):
        place = KINDS[kind](2.7 + at / 97, 50.8 + at / 89) if at % 4 != 2 else None
        values = {"text": text, "integer": at * 10**7 - 3, "number": at / 7 - 0.1, "boolean": at % 2 == 0}
        rows.append(
            LayerFeature(
                layer=layer,
                key=at + 1,
                geometry=place and GEOSGeometry(memoryview(shapely.to_wkb(place)), srid=4326),
                properties={NAMES[name]: value for name, value in values.items() if value is not None},
            )
        )
    LayerFeature.objects.bulk_create(rows)
    return town_layer(layer, staff=True)


def from_database(plane: Crs, kind: str) -> list[tuple[Any, ...]]:
    """The rows by plain SQL; their places brought to the plane by this test."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, properties, ST_AsBinary(geometry) FROM siting_layerfeature ORDER BY key")
        found = cursor.fetchall()
    rows = []
    for key, properties, wkb in found:
        held = json.loads(properties) if isinstance(properties, str) else properties
        place = shapely.from_wkb(bytes(wkb)) if wkb is not None else None
        if place is not None and plane.code != 4326:
            place = shapely.transform(place, lambda points: transform(points, CRS84, plane))
        rows.append((key, *(held.get(name) for name in NAMES.values()), place))
    return rows


def of_table(path: Path, format_name: str) -> tuple[int, list[tuple[Any, ...]]]:
    """The rows of a table as GDAL reads them: (values, place); the plane stands in the names of the columns alone."""
    how = {"csv": {"AUTODETECT_TYPE": "YES"}, "xlsx": {}}[format_name]
    table = pyogrio.raw.read_arrow(path, layer=0, **how)[1]
    columns = table.to_pydict()
    (last,) = [name for name in columns if re.fullmatch(r"(lat|y|wkt)(_\d+)?", name)]
    if last.startswith("wkt"):
        places = [shapely.from_wkt(text) if text else None for text in columns[last]]
    else:
        x = "lon" if last == "lat" else last.replace("y", "x")
        places = [
            None if east in {None, ""} else shapely.Point(east, north)
            for east, north in zip(columns[x], columns[last], strict=True)
        ]
    rows = [(*(columns[name][at] for name in NAMES.values()), place) for at, place in enumerate(places)]
    return int(last.partition("_")[2] or CRS84.code), rows


def by_others(path: Path, format_name: str, kind: str) -> tuple[int | None, list[tuple[Any, ...]]]:
    """The rows as GDAL, or geopandas for GeoParquet, reads them: EPSG code, (values, place)."""
    names = [*NAMES.values()]
    if format_name in {"csv", "xlsx"}:
        return of_table(path, format_name)
    if format_name == "parquet":
        frame = geopandas.read_parquet(path)
        table = pq.read_table(path).to_pydict()
        return frame.crs.to_epsg(), [
            (*(table[name][at] for name in names), place) for at, place in enumerate(frame.geometry)
        ]
    read_from = f"/vsizip/{{{path}}}/layer-proef.shp" if format_name == "shp" else str(path)
    if format_name == "shp":
        names = shp.short_names(names)
    meta, table = pyogrio.raw.read_arrow(read_from, layer=0)
    columns = table.to_pydict()
    places = columns[meta["geometry_name"] or "wkb_geometry"]
    crs = re.search(r"(\d+)", str(meta["crs"]))
    return int(crs[1]) if crs else None, [
        (*(columns[name][at] for name in names), shapely.from_wkb(wkb) if wkb else None)
        for at, wkb in enumerate(places)
    ]


# What each format does to a value, as docs/reference/formats.md says; everything else has to be the same.
EXACT = {"gpkg", "parquet"}
# How near a broken number comes back where it is not kept whole.
CLOSE = {"shp": 1e-6, "kml": 1e-6, "xlsx": 1e-15}


def expected(value: Any, format_name: str) -> Any:
    if isinstance(value, bool):
        return int(value) if format_name in {"shp", "kml"} else value
    if isinstance(value, str):
        if format_name == "shp":
            return value.encode()[:254].decode(errors="ignore") or None
        if format_name == "kml":
            return re.sub(r"[\r\n]", " ", value)
        if format_name in {"csv", "xlsx"}:
            return inert(value.replace("\r\n", "\n")) if format_name == "csv" else value.replace("\r\n", "\n") or None
    if value is None and format_name == "csv":
        return ""
    if isinstance(value, int) and format_name == "kml":
        return str(value)
    return value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
def test_readers_of_others_find_the_rows_of_the_database(
    town: Organisation, tmp_path: Path, plane: Crs, kind: str
) -> None:
    layer = stored(town, kind)
    wanted = from_database(plane, kind)
    for format_name in FEATURE_FORMATS:
        if not is_possible(format_name, plane):
            with pytest.raises(problems.PlaneUnfit):
                write(layer, format_name, plane, EVERYTHING, tmp_path / "x")
            continue
        path = tmp_path / f"{kind}.{format_name}"
        write(layer, format_name, plane, EVERYTHING, path)
        code, found = by_others(path, format_name, kind)
        assert code == plane.code, format_name
        if format_name == "fgb":  # ordered by place
            found.sort(key=lambda row: row[0])
        assert len(found) == len(wanted)
        for row, (_key, *values, place) in zip(found, wanted, strict=True):
            *told, there = row
            assert told == [
                pytest.approx(v, rel=CLOSE[format_name])
                if isinstance(v, float) and format_name in CLOSE
                else expected(v, format_name)
                for v in values
            ], format_name
            if place is None:
                assert there is None or there.is_empty, format_name
                continue
            apart = shapely.get_coordinates(there) - shapely.get_coordinates(place)
            if format_name in EXACT | {"fgb"}:
                assert not apart.any(), format_name
            elif shapely.get_num_coordinates(there) == shapely.get_num_coordinates(place) and kind != "MultiPolygon":
                assert np.abs(apart).max() <= 10.0**-plane.digits, format_name
            else:  # rings may begin and turn otherwise
                assert (
                    there.normalize().equals_exact(place.normalize(), 10.0**-plane.digits)
                    or there.symmetric_difference(place).area < 1e-4 * place.area
                )


ODD = ["\r", "\n", '"', '""', "\\N", "\\.", ",", "NULL", "NaN", "t", "\u2028", "a\tb", "", " ", "'", "é", "𝔘", None]


def test_columns_and_rows_say_the_same(put: Put) -> None:
    rows = put([(2.7 + n / 100, 50.8) if n % 3 else None for n in range(len(ODD))])
    for proposal, text in zip(rows.order_by("number"), ODD, strict=True):
        rows.filter(pk=proposal.pk).update(title=text or "", import_key=text)
    columns = (
        Column("title", "title", "text", "title"),
        Column("key", "import_key", "text", "key"),
        Column("supports", "n_supports", "integer", "supports"),
        Column("created", "created_at", "date", "created"),
        Column("on_ballot", "on_ballot", "boolean", "on ballot"),
    )
    source = source_of(rows, columns=columns, pin=())
    (frame,) = frames(source, CRS84)
    features = list(source.features())
    assert frame.keys.tolist() == [feature.key for feature in features]
    assert frame.values.to_pylist() == [feature.attributes for feature in features]
    assert shapely.from_wkb(frame.places.wkb().to_pylist()).tolist() == [feature.geometry for feature in features]
    told = geojson_text.feature_texts(frame, columns, 8)
    assert told == [geojson_text.feature_text(feature, 8) for feature in features]
    assert list(frames(source_of(rows.none()), LAMBERT_72)) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.fixed_dictionaries(
        {
            "t": st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
            | st.none(),
            "i": st.integers(-(2**63), 2**63 - 1) | st.none(),
            "f": st.floats(allow_nan=False) | st.none(),
            "d": st.dates(date(1, 1, 1)) | st.none(),
            "b": st.booleans() | st.none(),
        }
    ),
    place=st.builds(shapely.Point, st.floats(-180, 180), st.floats(-80, 80)) | st.none(),
    plane=st.sampled_from(PLANES),
)
def test_geopackage_and_geoparquet_lose_nothing(tmp_path: Path, values: Any, place: Any, plane: Crs) -> None:
    kinds = {"t": "text", "i": "integer", "f": "number", "d": "date", "b": "boolean"}
    columns = tuple(Column(name, "", kind, name) for name, kind in kinds.items())  # type: ignore[arg-type]
    layer = DerivedSource("some", "Some", "", "Point", columns, "1", lambda: [Feature(1, place, values)])
    (frame,) = frames(layer, plane)
    for format_name in sorted(EXACT):
        path = tmp_path / f"some.{format_name}"
        path.unlink(missing_ok=True)
        write(layer, format_name, plane, EVERYTHING, path)
        is_gpkg = format_name == "gpkg"
        back = (pyogrio.raw.read_arrow(path, layer="some")[1] if is_gpkg else pq.read_table(path)).to_pydict()
        assert {name: back[name][0] for name in kinds} == values
        wkb = back.get("geom", back.get("geometry"))[0]
        assert wkb == frame.places.wkb()[0].as_py()


# --- what stands in a file beside its rows -------------------------------------------------------------------


def small(**changes: Any) -> FeatureSource:
    columns = (
        Column("title", "title", "text", "Titel van het voorstel"),
        Column("a_very_long_name", "body", "text", "Waarom"),
        Column("a_very_long_name_too", "origin", "text", "Van wie"),
    )
    look = Look(column="title", values=(("Pin 1", "Eerste & <beste>", "#aa0000"),))
    return source_of(Proposal.objects.all(), columns=columns, pin=(), look=look, description="Een proef", **changes)


def test_a_geopackage_says_what_it_is_and_how_it_is_drawn(put: Put, tmp_path: Path) -> None:
    put([(2.7, 50.8), None])
    path = tmp_path / "pins.gpkg"
    write(small(), "gpkg", LAMBERT_2008, EVERYTHING, path)
    about_layer = pyogrio.read_info(path, layer="pins")
    assert about_layer["layer_metadata"]["IDENTIFIER"] == "Pins"
    assert about_layer["layer_metadata"]["DESCRIPTION"] == "Een proef"
    assert "Titel van het voorstel" in about_layer["layer_metadata"]["ABOUT"]
    styles = pyogrio.read_dataframe(path, layer="layer_styles").iloc[0]
    assert (styles.f_table_name, styles.f_geometry_column, bool(styles.useAsDefault)) == ("pins", "geom", True)
    assert 'label="Eerste &amp; &lt;beste&gt;"' in styles.styleQML
    assert Xml.fromstring(styles.styleQML.partition("'SYSTEM'>")[2]).find(".//category") is not None
    assert len(Xml.fromstring(styles.styleSLD).findall(".//{http://www.opengis.net/sld}Rule")) == 2
    with closing(sqlite3.connect(path)) as file:
        titles = dict(file.execute("SELECT column_name, title FROM gpkg_data_columns"))
        assert titles["a_very_long_name"] == "Waarom"
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_shapefile_has_short_names_and_says_which_is_which(put: Put, tmp_path: Path) -> None:
    put([(2.7, 50.8)])
    path = tmp_path / "pins.zip"
    write(small(), "shp", LAMBERT_72, EVERYTHING, path)
    with zipfile.ZipFile(path) as archive:
        assert {Path(name).suffix for name in archive.namelist()} >= {".shp", ".shx", ".dbf", ".prj", ".cpg", ".csv"}
        assert archive.read("pins.cpg").strip() == b"UTF-8"
        rows = archive.read("columns.csv").decode("utf-8-sig").splitlines()
        assert rows[1:] == [
            "title,title,text,Titel van het voorstel",
            "a_very_lon,a_very_long_name,text,Waarom",
            "a_very_lo2,a_very_long_name_too,text,Van wie",
        ]
        assert "a_very_long_name" in archive.read("about.txt").decode()
    mixed = DerivedSource("m", "M", "", "Geometry", (), "1", list)
    assert "shp" not in formats_of(mixed)
    with pytest.raises(problems.FormatUnfit):
        check(mixed, "shp", CRS84)


def test_a_spreadsheet_computes_nothing_and_goes_on_on_the_next_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", " =1", "https://x.be", "5", "plein"]
    columns = (Column("t", "", "text", "t"), Column("n", "", "number", "n"), Column("d", "", "date", "d"))
    rows = [
        Feature(n, shapely.Point(-3.5, 50), {"t": text, "n": -3.2, "d": date(2023, 1, 31)})
        for n, text in enumerate(texts)
    ]
    monkeypatch.setattr(xlsx, "MOST_ROWS", 5)
    path = tmp_path / "some.xlsx"
    write(DerivedSource("some", "Some", "", "Point", columns, "1", lambda: rows), "xlsx", CRS84, EVERYTHING, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheets = [text for name, text in parts.items() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 4
    assert not any(re.search(r"<f[ >]|<hyperlink", text) for text in sheets)
    assert "hidden" not in parts["xl/workbook.xml"]
    assert not any("external" in name or "vba" in name for name in parts)
    told = [value for text in sheets for value in re.findall(r"<t[^>]*>([^<]*)</t>", text)]
    assert {text.strip() for text in texts} <= {text.strip() for text in told}
    assert sum(text.count("<v>-3.2</v>") for text in sheets) == len(texts)


def test_each_format_says_what_it_does_not_keep(put: Put, client: Client, registered: Any) -> None:
    put([(2.7, 50.8)])
    layer = small()
    registered(layer)
    for format_name in formats_of(layer):
        with translation.override("en"):
            text = about(layer, format_name, CRS84, Asked(words="title=Pin 1"))
            assert all(str(loss) in text for loss in FORMATS[format_name].LOSSES)
        assert "a_very_long_name (text): Waarom" in text
        assert "title=Pin 1" in text
        file = client.get(f"/export/pins.{format_name}?title=Pin 1")
        assert file.status_code == 200, format_name
        b"".join(file)
        told = client.get(re.search(r"<([^>]+)>", file["Link"])[1])  # type: ignore[index]
        assert "title=Pin 1" in told.content.decode()
    refused = client.get("/export/pins.kml?crs=EPSG:31370")
    assert (refused.status_code, refused.json()["code"]) == (400, "format.plane_fixed")
    refused = client.get("/export/pins.geojsonseq?crs=EPSG:3812")
    assert refused.json()["code"] == "format.plane_fixed"


def test_filters_choose_the_rows_of_a_file(put: Put, client: Client, registered: Any) -> None:
    put([(2.7, 50.8), (2.8, 50.9), None])
    registered(small(time=""))
    for query, n in (
        ("", 3),
        ("title=Pin 2", 1),
        ("filter=title LIKE 'Pin %25'", 3),
        ("filter=title = 'Pin 3'", 1),
        ("bbox=2.65,50.7,2.75,50.85", 1),
        ("filter=title <> 'Pin 1'&bbox=2,50,3,51", 1),
    ):
        answer = client.get(f"/export/pins.geojson?{query}")
        assert len(json.loads(b"".join(answer))["features"]) == n, query
    assert client.get("/export/pins.geojson?body=x").json()["code"] == "parameter.unknown"
    assert client.get("/export/pins.geojson?filter=body = 'x'").json()["code"] == "filter.unknown_column"


# --- a file is whole, or it is not there ---------------------------------------------------------------------


def large() -> DerivedSource:
    rng = np.random.default_rng(1)
    rows = [
        Feature(n, shapely.Point(*rng.uniform(2, 3, 2)), {"t": rng.bytes(60).hex(), "n": float(n)}) for n in range(6000)
    ]
    columns = (Column("t", "", "text", "t"), Column("n", "", "number", "n"))
    return DerivedSource("large", "Large", "", "Point", columns, "1", lambda: rows)


@contextmanager
def small_disk(most_bytes: int) -> Iterator[None]:
    """No file gets larger than this; to whoever writes it is as if the disk were full."""
    held = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, held[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("format_name", FEATURE_FORMATS)
def test_a_full_disk_is_told_and_never_looks_like_a_file(tmp_path: Path, format_name: str) -> None:
    layer = large()
    with small_disk(200_000), pytest.raises(problems.DiskFull):
        write(layer, format_name, CRS84, EVERYTHING, tmp_path / f"x.{format_name}")
    # The control: with room enough it is written.
    write(layer, format_name, CRS84, EVERYTHING, tmp_path / f"y.{format_name}")
    assert (tmp_path / f"y.{format_name}").stat().st_size > 200_000


class Enough(Exception):  # noqa: N818
    """Somebody stopped it."""


@pytest.mark.parametrize("format_name", FEATURE_FORMATS)
def test_whoever_stops_a_file_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_name: str) -> None:
    monkeypatch.setattr("geo.export.BATCH", 1000)
    heard: list[int] = []

    def told(n: int) -> None:
        heard.append(n)
        if n >= 2000:
            raise Enough

    with pytest.raises(Enough):
        write(large(), format_name, CRS84, EVERYTHING, tmp_path / f"x.{format_name}", told=told)
    assert heard == [1000, 2000]


def test_an_export_that_fails_leaves_no_file_and_says_so(
    put: Put, client: Client, registered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(large())
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put([])
    with small_disk(200_000):
        answer = client.get("/export/large.gpkg")
    assert (answer.status_code, answer.json()["code"]) == (507, "export.disk_full")
    assert list(tmp_path.iterdir()) == []
