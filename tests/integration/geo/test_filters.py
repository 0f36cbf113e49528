"""Filters, orders and columns of a live layer: the same answer from the database, row by row in Python, and in SQL."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import mapbox_vector_tile
import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db import connection
from django.db.models import Case, FloatField, Value, When
from django.test import Client

from geo.catalog import DerivedSource
from geo.columns import Column
from participation.models.proposal import Proposal
from tests.integration.geo.conftest import COLUMNS, source_of

pytestmark = pytest.mark.django_db
Put = Callable[..., Any]
Registered = Callable[..., None]

N = 24


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def pins(put: Put, registered: Registered) -> Any:
    """Pins with titles, supports and days that repeat, every sixth without a place; the same computed, as "twin"."""
    rows = put([None if n % 6 == 5 else (2.70 + n / 100, 50.85 + (n % 3) / 100) for n in range(N)])
    for row in rows:
        row.title = ["Plein", "plein's rand", "100% hout", "a_b", 'Zeg "ja"'][row.number % 5]
        row.on_ballot = row.number % 2 == 0
        row.created_at = datetime(2024, 1 + row.number % 4, 15, 12, tzinfo=UTC)
    Proposal.objects.bulk_update(rows, ["title", "on_ballot", "created_at"])
    source = source_of(rows, time="created")
    twin = DerivedSource(
        "twin", "Twin", "", "Point", COLUMNS, "1", lambda: list(source.features()), "twin", time="created"
    )
    registered(source, twin)
    return source


def ask(client: Client, layer: str = "pins", **query: str) -> Any:
    return client.get(f"/ogc/collections/{layer}/items", {"limit": "1000", **query})


def keys(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [feature["id"] for feature in answer.json()["features"]]


DAY = "created_at::date"
AROUND = "POLYGON((2.72 50.84, 2.8 50.84, 2.8 50.9, 2.72 50.9, 2.72 50.84))"
# A filter, and the same question in SQL over the table itself (no library of ours in between).
BOX = "ST_MakeEnvelope(2.72, 50.84, 2.8, 50.9, 4326)"
QUESTIONS = [
    ("supports = 1", "n_supports = 1"),
    ("supports <> 1", "n_supports <> 1"),
    ("2 > supports", "n_supports < 2"),
    ("supports = 1 OR supports = 2 AND on_ballot = TRUE", "n_supports = 1 OR n_supports = 2 AND on_ballot"),
    ("(supports = 1 OR supports = 2) AND on_ballot = true", "(n_supports = 1 OR n_supports = 2) AND on_ballot"),
    ("NOT (supports = 1 OR on_ballot = TRUE)", "NOT (n_supports = 1 OR on_ballot)"),
    ("NOT supports IN (0, 2)", "NOT n_supports IN (0, 2)"),
    ("number BETWEEN 5 AND 9", "number BETWEEN 5 AND 9"),
    ("number NOT BETWEEN 5 AND 9", "number NOT BETWEEN 5 AND 9"),
    ("title = 'plein''s rand'", "title = 'plein''s rand'"),
    ("title LIKE 'p%'", "title LIKE 'p%'"),
    ("CASEI(title) LIKE CASEI('P%')", "lower(title) LIKE 'p%'"),
    ("CASEI(title) = CASEI('PLEIN')", "lower(title) = 'plein'"),
    (r"title LIKE '100\% %'", r"title LIKE '100\% %'"),
    (r"title LIKE 'a\_b'", r"title LIKE 'a\_b'"),
    ("title NOT LIKE '%a%'", "title NOT LIKE '%a%'"),
    ("title LIKE '%\"ja\"'", "title LIKE '%\"ja\"'"),
    ("\"supports\" >= 2", "n_supports >= 2"),
    ("geometry IS NULL", "point IS NULL"),
    ("title IS NOT NULL", "true"),
    ("created >= DATE('2024-03-01')", "created_at::date >= '2024-03-01'"),
    ("T_AFTER(created, DATE('2024-02-20'))", "created_at::date > '2024-02-20'"),
    ("T_DURING(created, INTERVAL('2024-02-01','2024-03-01'))", f"{DAY} BETWEEN '2024-02-01' AND '2024-03-01'"),
    ("NOT T_DURING(created, INTERVAL('2024-02-01','..'))", "created_at::date < '2024-02-01'"),
    ("S_INTERSECTS(geometry, BBOX(2.72, 50.84, 2.8, 50.9))", f"ST_Intersects(point, {BOX})"),
    (f"S_WITHIN(geometry, {AROUND})", f"ST_Within(point, {BOX})"),
    ("NOT S_INTERSECTS(geometry, BBOX(2.72, 50.84, 2.8, 50.9))", f"NOT ST_Intersects(point, {BOX})"),
    ("S_DISJOINT(geometry, BBOX(2.72, 50.84, 2.8, 50.9))", f"ST_Disjoint(point, {BOX})"),
    ("S_CONTAINS(BBOX(2.72, 50.84, 2.8, 50.9), geometry)", f"ST_Contains({BOX}, point)"),
    ("TRUE AND NOT FALSE", "true"),
    ("FALSE OR supports = 1", "n_supports = 1"),
    ("supports = 1 OR TRUE", "true"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sql"), QUESTIONS)
def test_a_filter_finds_what_sql_finds(pins: Any, client: Client, text: str, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Europe/Brussels'")
        cursor.execute(f"SELECT number FROM participation_proposal WHERE {sql} ORDER BY number")
        expected = [row[0] for row in cursor.fetchall()]
    answer = ask(client, filter=text)
    assert keys(answer) == expected
    assert answer.json()["numberMatched"] == len(expected)
    assert keys(ask(client, "twin", filter=text)) == expected


def test_the_questions_tell_rows_apart(pins: Any, client: Client) -> None:
    """The control: each but those that ask nothing leaves some out and finds some."""
    found = {text: len(keys(ask(client, filter=text))) for text, _ in QUESTIONS}
    assert [text for text, n in found.items() if n == N] == [
        "title IS NOT NULL",
        "TRUE AND NOT FALSE",
        "supports = 1 OR TRUE",
    ]
    assert [text for text, n in found.items() if n == 0] == []


def test_what_is_not_there_answers_neither_yes_nor_no(pins: Any, client: Client) -> None:
    """A pin without a place lies neither within nor outside."""
    inside = set(keys(ask(client, filter="S_INTERSECTS(geometry, BBOX(2.72, 50.84, 2.8, 50.9))")))
    outside = set(keys(ask(client, filter="NOT S_INTERSECTS(geometry, BBOX(2.72, 50.84, 2.8, 50.9))")))
    nowhere = set(keys(ask(client, filter="geometry IS NULL")))
    assert inside | outside | nowhere == set(range(1, N + 1))
    assert len(inside) + len(outside) + len(nowhere) == N
    assert nowhere


@pytest.mark.parametrize(
    ("plane", "box"),
    [
        ("http://www.opengis.net/def/crs/EPSG/0/31370", (33_800, 171_000, 39_190, 179_000)),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", (50.84, 2.72, 50.9, 2.795)),
    ],
)
def test_places_of_a_filter_are_in_its_own_plane(pins: Any, client: Client, plane: str, box: tuple[float, ...]) -> None:
    text = f"S_INTERSECTS(geometry, BBOX({','.join(map(str, box))}))"
    found = keys(ask(client, **{"filter": text, "filter-crs": plane}))
    assert found == keys(ask(client, filter="S_INTERSECTS(geometry, BBOX(2.72, 50.84, 2.795, 50.9))"))
    # Read as lon, lat it is another place, or none on the globe.
    misread = ask(client, filter=text)
    assert misread.status_code == 400 if max(box) > 180 else keys(misread) == []


LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/31370"
LAT_LON = "http://www.opengis.net/def/crs/EPSG/0/4326"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def taken(client: Client, layer: str, **query: str) -> list[int]:
    """The numbers in the CSV of a layer."""
    lines = b"".join(client.get(f"/export/{layer}.csv", query)).decode("utf-8-sig").splitlines()
    return [int(line.partition(",")[0]) for line in lines[1:]]


def drawn(client: Client, **query: str) -> int:
    """How many pins the one tile of the whole world holds."""
    answer = client.get("/ogc/collections/pins/tiles/WebMercatorQuad/0/0/0", query)
    assert answer.status_code in {200, 204}, answer.content
    if not answer.content:
        return 0
    features = mapbox_vector_tile.decode(answer.content)["pins"]["features"]
    return sum(feature["properties"].get("n", 1) for feature in features)


@pytest.mark.parametrize(
    ("plane", "corners", "n"),
    [
        (CRS84, "170,-80,-170,80", 2),
        (LAT_LON, "-80,170,80,-170", 2),
        (CRS84, "2.72,50.84,2.8,50.9", 7),
        (CRS84, "2.72,50.84,0,2.8,50.9,99", 7),
        (CRS84, "-180,-90,180,90", N - 4),
        (LAMBERT, "33800,171000,39190,179000", 7),
    ],
)
def test_a_box_in_a_filter_is_the_box_beside_it(pins: Any, client: Client, plane: str, corners: str, n: int) -> None:
    """``BBOX`` and ``bbox`` are the same question, for pages, files and tiles, over the 180th meridian too."""
    for number, lon in ((1, 175), (2, -175)):
        Proposal.objects.filter(number=number).update(point=Point(lon, 10, srid=4326))
    said = {"filter": f"S_INTERSECTS(geometry, BBOX({corners}))", "filter-crs": plane}
    for layer in ("pins", "twin"):
        beside = keys(ask(client, layer, **{"bbox": corners, "bbox-crs": plane}))
        assert keys(ask(client, layer, **said)) == beside
        assert taken(client, layer, **said) == beside
        assert len(beside) == n
    assert drawn(client, **said) == n


@pytest.mark.parametrize(
    ("plane", "corners"),
    [
        (CRS84, "2.7,51,2.8,50"),
        (CRS84, "2.7,50,500,51"),
        (CRS84, "-181,50,2.8,51"),
        (CRS84, "2.7,50,2.8,91"),
        (CRS84, "2.7,50,2.8"),
        (CRS84, "2.7,50,2.8,51,52"),
        (CRS84, "2.7,50,1e999,51"),
        (LAT_LON, "2.7,50,2.8,500"),
        (LAMBERT, "39190,171000,33800,179000"),
        (LAMBERT, "0,0,1e12,1e12"),
    ],
)
def test_what_is_no_box_is_none_in_a_filter_either(pins: Any, client: Client, plane: str, corners: str) -> None:
    said = {"filter": f"S_INTERSECTS(geometry, BBOX({corners}))", "filter-crs": plane}
    tile = "/ogc/collections/pins/tiles/WebMercatorQuad/0/0/0"
    for address in ("/ogc/collections/pins/items", "/ogc/collections/twin/items", "/export/pins.csv", tile):
        answer = client.get(address, said)
        assert (answer.status_code, answer.json()["code"]) == (400, "filter.bad"), address
    beside = ask(client, **{"bbox": corners, "bbox-crs": plane})
    assert (beside.status_code, beside.json()["code"]) == (400, "bbox.bad")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"filter": "(" * 1000 + "supports = 1" + ")" * 1000}, "filter.too_deep"),
        ({"filter": "NOT " * 1000 + "supports = 1"}, "filter.too_deep"),
        ({"filter": " OR ".join(["supports = 1"] * 1000)}, "filter.too_long"),
        ({"filter": " OR ".join(["supports=1"] * 101)}, "filter.too_deep"),
        ({"filter": f"supports IN ({','.join('1' * 200)})"}, "filter.too_deep"),
        ({"filter": "author = 1"}, "filter.unknown_column"),
        ({"filter": "project__organisation__name = 'x'"}, "filter.unknown_column"),
        ({"filter": "kp_0 = 1"}, "filter.unknown_column"),
        ({"filter": "supports = 1; DROP TABLE participation_vote"}, "filter.bad"),
        ({"filter": "supports = 'one'"}, "filter.bad"),
        ({"filter": "title LIKE '%%%%%%%%%%'"}, "filter.bad"),
        ({"filter": "title = '\0'"}, "filter.bad"),
        ({"filter": ""}, "filter.bad"),
        ({"filter": "supports = 99999999999999999999999"}, "filter.bad"),
        ({"filter": "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))"}, "filter.bad"),
        ({"filter": "S_INTERSECTS(geometry, POINT(1 2 3 4 5))"}, "filter.bad"),
        ({"filter": "created = DATE('2024-02-31')"}, "filter.bad"),
        ({"filter": "supports = 1", "filter-lang": "cql2-json"}, "filter.language_unknown"),
        ({"filter": "supports = 1", "filter-crs": "EPSG:9999"}, "crs.unknown"),
        ({"sortby": "author"}, "parameter.bad"),
        ({"sortby": "title,title"}, "parameter.bad"),
        ({"sortby": "title", "after": "3"}, "parameter.bad"),
        ({"sortby": "supports", "after": "WyJ4IiwxXQ"}, "parameter.bad"),
        ({"properties": "author"}, "parameter.bad"),
        ({"datetime": "yesterday"}, "parameter.bad"),
        ({"datetime": "2024-01-01T00:00:00"}, "parameter.bad"),
    ],
)
def test_what_cannot_be_asked_is_refused(pins: Any, client: Client, query: dict[str, str], code: str) -> None:
    for layer in ("pins", "twin"):
        answer = ask(client, layer, **query)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == code


def walk(client: Client, layer: str, come_in: Callable[[int], None] = lambda _: None, **query: str) -> list[int]:
    """Follow the links to the next page; ``come_in`` is called between the pages."""
    found: list[int] = []
    answer = ask(client, layer, **{"limit": "5"} | query)
    for page in range(100):
        found += keys(answer)
        following = next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None)
        if following is None:
            return found
        come_in(page)
        answer = client.get(following)
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("order", ["supports", "-supports", "title,-number", "-on_ballot,created,title", "+created"])
def test_orders_hold_over_pages(pins: Any, client: Client, order: str) -> None:
    rows = {feature.key: feature.attributes for feature in pins.features()}
    expected = sorted(rows)
    for part in reversed(order.split(",")):
        name = part.lstrip("+-")
        if name == "title":
            continue  # as the database sorts words, not as Python does: looked at below
        expected.sort(key=lambda key, name=name: rows[key][name], reverse=part.startswith("-"))  # type: ignore[misc]
    found = walk(client, "pins", sortby=order)
    assert sorted(found) == sorted(rows)
    if "title" not in order:
        assert found == expected
    with connection.cursor() as cursor:
        columns = {"supports": "n_supports", "created": "(created_at at time zone 'Europe/Brussels')::date"}
        by = ", ".join(
            f"{columns.get(part.lstrip('+-'), part.lstrip('+-'))} {'DESC' if part.startswith('-') else 'ASC'}"
            for part in order.split(",")
        )
        cursor.execute(f"SELECT number FROM participation_proposal ORDER BY {by}, number")
        assert found == [row[0] for row in cursor.fetchall()]
    if "title" not in order:
        assert walk(client, "twin", sortby=order) == found


@pytest.mark.parametrize("order", [None, "-supports", "title"])
def test_what_comes_in_meanwhile_moves_nothing(pins: Any, client: Client, put: Put, order: str | None) -> None:
    """Between any two pages somebody proposes something, at the front and at the back of every order."""
    project = Proposal.objects.get(number=1).project

    def come_in(page: int) -> None:
        for more, title in ((0, "AAA"), (1, "zzz")):
            Proposal.objects.create(
                project=project, number=1000 + 2 * page + more, title=title, n_supports=9 * more,
                created_at=datetime(2024, 1, 1, tzinfo=UTC),
            )  # fmt: skip

    query = {"sortby": order} if order else {}
    found = walk(client, "pins", come_in, **query)
    old = [key for key in found if key <= N]
    assert sorted(old) == list(range(1, N + 1)), "each that was there is given once"
    assert len(found) == len(set(found))


def test_rows_that_say_nothing_come_last_and_are_paged_too(put: Put, registered: Registered, client: Client) -> None:
    rows = put([(2.7, 50.8)] * 9)
    rows.filter(number__lte=6).update(cost_cents=None)
    for number in (7, 8, 9):
        rows.filter(number=number).update(cost_cents=number)
    registered(source_of(rows, columns=(*COLUMNS, Column("cost", "cost_cents", "integer", "cost"))))
    assert walk(client, "pins", sortby="-cost", limit="2") == [9, 8, 7, 1, 2, 3, 4, 5, 6]
    assert walk(client, "pins", sortby="cost", limit="2") == [7, 8, 9, 1, 2, 3, 4, 5, 6]
    assert keys(ask(client, filter="cost <> 7")) == [8, 9]
    assert keys(ask(client, filter="NOT cost = 7")) == [8, 9]


SHARES = (1e-12, 1e-5, 0.25, None, 3e20, -1e-12, 1e-12)


@pytest.fixture
def shares(put: Put, registered: Registered) -> None:
    """Rows with very small and very large numbers, one with none; the same computed, as "twin"."""
    rows = put([(2.7, 50.8)] * len(SHARES))
    given = [When(number=at, then=Value(share, FloatField())) for at, share in enumerate(SHARES, 1) if share]
    columns = (*COLUMNS, Column("share", Case(*given, output_field=FloatField()), "number", "share"))
    source = source_of(rows, columns=columns)
    registered(source, DerivedSource("twin", "Twin", "", "Point", columns, "1", lambda: list(source.features()), "t"))


@pytest.mark.parametrize("layer", ["pins", "twin"])
def test_very_small_and_very_large_numbers_are_paged_and_asked_for(shares: None, client: Client, layer: str) -> None:
    assert walk(client, layer, sortby="share", limit="1") == [6, 1, 7, 2, 3, 5, 4]
    assert walk(client, layer, sortby="-share", limit="1") == [5, 3, 2, 1, 7, 6, 4]
    for text, found in (
        ("1e-12", [1, 7]), ("0.000000000001", [1, 7]), ("-1E-12", [6]), ("1e-5", [2]), ("3e+20", [5]), ("0.25", [3]),
    ):  # fmt: skip
        assert keys(ask(client, layer, share=text)) == found
    for text in ("1e999", "-1e999", "inf", "nan", "1e", "e5", "1e5.5"):
        refused = ask(client, layer, share=text)
        assert (refused.status_code, refused.json()["code"]) == (400, "parameter.bad"), text


def test_properties_leave_out_the_rest(pins: Any, client: Client, plain_files: None) -> None:
    answer = ask(client, properties="title,supports")
    assert {tuple(feature["properties"]) for feature in answer.json()["features"]} == {("title", "supports")}
    page = client.get("/ogc/collections/pins/items?f=html&properties=title&sortby=-created&limit=2")
    assert page.content.count(b'scope="col"') == 3
    assert keys(ask(client, properties="title", sortby="-supports", limit="3")) == [2, 5, 8]


def test_datetime_asks_for_days(pins: Any, client: Client) -> None:
    assert keys(ask(client, datetime="2024-02-01T00:00:00Z/2024-02-28T00:00:00Z")) == [1, 5, 9, 13, 17, 21]
    assert keys(ask(client, datetime="../2024-01-31T00:00:00Z")) == [4, 8, 12, 16, 20, 24]
    assert keys(ask(client, datetime="2024-03-15")) == [2, 6, 10, 14, 18, 22]
    assert keys(ask(client, datetime="../..")) == list(range(1, N + 1))
    assert keys(ask(client, "twin", datetime="2024-03-15")) == [2, 6, 10, 14, 18, 22]


def test_queryables_are_the_columns(pins: Any, client: Client) -> None:
    answer = client.get("/ogc/collections/pins/queryables")
    assert answer["Content-Type"] == "application/schema+json"
    told = answer.json()
    assert list(told["properties"]) == ["geometry", *(column.name for column in COLUMNS)]
    assert told["additionalProperties"] is False
    links = client.get("/ogc/collections/pins").json()["links"]
    assert any(link["rel"].endswith("/queryables") and link["href"] == told["$id"] for link in links)


def test_the_description_is_valid_openapi(pins: Any, client: Client) -> None:
    import schemathesis

    told = json.loads(client.get("/ogc/api").content)
    schemathesis.openapi.from_dict(told).validate()
    # The control.
    broken = told | {"paths": {"/": {"get": {"responses": {"200": {}}}}}}
    with pytest.raises(Exception, match="responses"):
        schemathesis.openapi.from_dict(broken).validate()
    items = told["paths"]["/collections/pins/items"]["get"]["parameters"]
    assert {"filter", "filter-lang", "filter-crs", "sortby", "properties", "bbox", "limit"} <= {
        parameter["name"] for parameter in items
    }
