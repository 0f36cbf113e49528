"""Map data over HTTP: every answer is right for who asks, every refusal has its code."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client

from geo import problems
from geo.catalog import FeatureSource
from geo.ogc.answers import STATUS
from geo.plane.crs import CRS84, LAMBERT_72, transform
from geo.plane.tiles import lon_lat
from participation.models import Person
from tests.integration.geo.conftest import heat_of, hulls_of, source_of

pytestmark = pytest.mark.django_db
Put = Callable[..., Any]
Registered = Callable[..., None]

MACHINE = {"application/json", "application/geo+json"}
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
TILE = "/ogc/collections/pins/tiles/WebMercatorQuad/"


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any) -> None:
    """Answer anew: what is kept for strangers for a moment is tested in test_warm_tiles.py."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "geo.middleware.warm_tiles"]
    cache.clear()


@pytest.fixture
def pins(put: Put, registered: Registered) -> Any:
    """Five pins and one without a place, as the layer "pins"; their clusters; their heat map."""
    source = source_of(put([(2.70 + n / 100, 50.85) for n in range(5)] + [None]))
    registered(
        source,
        hulls_of(source, radius_m=800, min_count=2),
        heat_of(source, bandwidth_m=500),
    )
    return source


def items(client: Client, query: str = "", layer: str = "pins") -> Any:
    return client.get(f"/ogc/collections/{layer}/items{query}").json()


def keys(answer: Any) -> list[int]:
    return [feature["id"] for feature in answer["features"]]


# --- tiles ------------------------------------------------------------------------------------------


def test_a_tile_holds_the_pins_and_may_be_kept_by_its_tag(pins: Any, client: Client) -> None:
    answer = client.get(TILE + "0/0/0")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert sum(f["properties"]["n"] for f in mapbox_vector_tile.decode(answer.content)["pins"]["features"]) == 5
    assert answer["Cache-Control"] == "public, max-age=10"
    assert {"Cookie", "Accept-Encoding"} <= {part.strip() for part in answer["Vary"].split(",")}
    again = client.get(TILE + "0/0/0", headers={"If-None-Match": f'"other", {answer["ETag"]}'})
    assert again.status_code == 304
    assert not again.content


def test_a_kept_tile_costs_no_query_of_pins(
    pins: Any, client: Client, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(TILE + "5/10/16")
    monkeypatch.setattr("geo.ogc.tiles.vector_tile", lambda *_: pytest.fail("asked the database again"))
    with django_assert_max_num_queries(1):  # which town lives at this host, unless that is known still
        assert client.get(TILE + "5/10/16").content == first.content


def test_other_rows_or_content_another_tag_and_another_tile(put: Put, registered: Registered, client: Client) -> None:
    rows = put([(2.7, 50.8), (2.8, 50.8)])
    tags = set()
    for source in (source_of(rows), source_of(rows, updated="2"), source_of(rows.filter(number=1))):
        registered(source)
        answer = client.get(TILE + "0/0/0")
        tags.add(answer["ETag"])
        (feature,) = mapbox_vector_tile.decode(answer.content)["pins"]["features"]
        assert feature["properties"]["n"] == source.count()
    assert len(tags) == 3


def test_an_empty_tile_is_no_content(pins: Any, client: Client) -> None:
    answer = client.get(TILE + "10/0/0")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(TILE + "10/0/0").status_code == 204  # from memory too


def test_a_large_tile_is_packed_for_who_unpacks(put: Put, registered: Registered, client: Client) -> None:
    pins = [lon_lat(88000 + (a + 0.5) / 16, 133000 + (b + 0.5) / 16, 18) for a in range(16) for b in range(16)]
    registered(source_of(put(pins)))
    address = TILE + "18/133000/88000"
    plain, packed = (client.get(address, headers={"Accept-Encoding": way}) for way in ("identity", "gzip, br"))
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) == int(packed["Content-Length"]) < len(plain.content) == int(plain["Content-Length"])
    assert gzip.decompress(packed.content) == plain.content
    assert len(mapbox_vector_tile.decode(plain.content)["pins"]["features"]) == 256
    assert plain["ETag"] == packed["ETag"]


def test_no_shared_cache_keeps_what_somebody_signed_in_sees(pins: Any, client: Client) -> None:
    client.force_login(Person.objects.create_user("a@example.org"))
    assert client.get(TILE + "0/0/0")["Cache-Control"] == "private, max-age=10"
    assert client.get("/ogc/collections/pins/items")["Cache-Control"] == "private, max-age=10"


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (TILE + "0/0/0?theme=1", 400, "parameter.unknown"),
        (TILE + "23/0/0", 404, "tile.outside_world"),
        (TILE + "1/2/0", 404, "tile.outside_world"),
        (TILE + "1/0/2", 404, "tile.outside_world"),
        (TILE + "-1/0/0", 404, "tile.outside_world"),
        (TILE + "a/b/c", 404, "tile.outside_world"),
        (TILE + "1/1/" + "9" * 5000, 404, "tile.outside_world"),
        (TILE + "٢/0/0", 404, "tile.outside_world"),
        ("/ogc/collections/pins/tiles/WorldCRS84Quad/0/0/0", 404, "tile.matrix_unknown"),
        ("/ogc/collections/none/tiles/WebMercatorQuad/0/0/0", 404, "layer.not_found"),
        ("/ogc/collections/hulls/tiles/WebMercatorQuad/0/0/0", 404, "layer.no_tiles"),
        ("/ogc/collections/heat/tiles/WebMercatorQuad/0/0/0", 404, "layer.no_tiles"),
        ("/ogc/collections/none", 404, "layer.not_found"),
        ("/ogc/collections/heat", 404, "layer.no_features"),
        ("/ogc/collections/pins?x=1", 400, "parameter.unknown"),
        ("/ogc/?f=xml", 406, "format.unknown"),
        ("/ogc/api?f=html", 406, "format.unknown"),
        ("/ogc/collections/pins/items?author=1", 400, "parameter.unknown"),
        ("/ogc/collections/pins/items?BBOX=1,2,3,4", 400, "parameter.unknown"),
        ("/ogc/collections/pins/items?limit=1&limit=2", 400, "parameter.repeated"),
        ("/ogc/collections/pins/items?limit=0", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?limit=-1", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?limit=x", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?limit=", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?after=x", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?bbox=1,2,3", 400, "bbox.bad"),
        ("/ogc/collections/pins/items?bbox=nan,2,3,4", 400, "bbox.bad"),
        ("/ogc/collections/pins/items?bbox=0,0,9e99,9e99&bbox-crs=EPSG:31370", 400, "bbox.bad"),
        ("/ogc/collections/pins/items?bbox=1,2,3,4&bbox-crs=EPSG:9", 400, "crs.unknown"),
        ("/ogc/collections/pins/items?crs=EPSG:9", 400, "crs.unknown"),
        ("/ogc/collections/pins/items?crs=EPSG:3035", 400, "crs.unknown"),
        ("/ogc/collections/pins/items?supports=many", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?supports=" + "9" * 30, 400, "parameter.bad"),
        ("/ogc/collections/pins/items?on_ballot=1", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?created=yesterday", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?title=%00", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?datetime=soon", 400, "parameter.bad"),
        ("/ogc/collections/pins/items?datetime=2023-01-02/2023-01-01", 400, "parameter.bad"),
        ("/ogc/collections/pins/items/99", 404, "feature.not_found"),
        ("/ogc/collections/pins/items/x", 404, "feature.not_found"),
        ("/ogc/collections/pins/items/" + "9" * 100, 404, "feature.not_found"),
        ("/export/none.csv", 404, "layer.not_found"),
        ("/export/pins", 404, "layer.not_found"),
        ("/export/pins.exe", 406, "format.unknown"),
        ("/export/pins.tif", 400, "format.unfit"),
        ("/export/heat.csv", 400, "format.unfit"),
        ("/export/pins.csv?crs=EPSG:1", 400, "crs.unknown"),
        ("/export/pins.csv?bbox=1", 400, "bbox.bad"),
        ("/export/heat.tif?bbox=0,0,1,1", 404, "export.nothing_there"),
    ],
)  # fmt: skip
def test_every_refusal_says_why(pins: Any, client: Client, address: str, status: int, code: str) -> None:
    answer = client.get(address)
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert "%(" not in told["detail"]
    assert len(answer.content) < 2000


def test_every_problem_has_a_status_and_writing_is_refused(pins: Any, client: Client) -> None:
    assert set(STATUS) == set(problems.Problem.__subclasses__())
    for address in (TILE + "0/0/0", "/ogc/collections/pins/items", "/export/pins.csv"):
        answer = Client(enforce_csrf_checks=True).post(address, {})
        assert (answer.status_code, answer.json()["code"], answer["Allow"]) == (
            405, "method.not_allowed", "GET, HEAD, OPTIONS",
        )  # fmt: skip


# --- OGC API Features --------------------------------------------------------------------------------


def test_the_door_leads_everywhere(pins: Any, client: Client) -> None:
    landing = client.get("/ogc/").json()
    links = {link["rel"]: link for link in landing["links"]}
    assert {"self", "alternate", "service-desc", "conformance", "data"} <= set(links)
    for link in landing["links"]:
        if "html" not in link["type"]:
            assert client.get(link["href"]).headers["Content-Type"] == link["type"]
    assert (
        "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
        in client.get("/ogc/conformance").json()["conformsTo"]
    )
    listed = client.get("/ogc/collections").json()["collections"]
    assert [collection["id"] for collection in listed] == ["pins", "hulls"]
    assert client.get("/ogc/collections/pins").json() == listed[0]
    assert listed[0]["extent"]["spatial"]["bbox"] == [[2.7, 50.85, 2.74, 50.85]]
    assert listed[0]["storageCrs"] in listed[0]["crs"]
    described = client.get("/ogc/api").json()
    assert set(described["paths"]) >= {"/", "/collections/pins/items", "/collections/hulls/items/{featureId}"}
    assert "author" not in json.dumps(described)


def test_items_come_in_pages(pins: Any, client: Client) -> None:
    seen: list[int] = []
    address = "/ogc/collections/pins/items?limit=4"
    while address:
        page = client.get(address).json()
        assert page["numberMatched"] == 6
        assert page["numberReturned"] == len(page["features"])
        seen += keys(page)
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert seen == [1, 2, 3, 4, 5, 6]
    assert items(client, "?limit=999999")["numberReturned"] == 6


def test_what_many_pages_say_is_looked_up_once(
    put: Put, registered: Registered, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many match, and where all of it lies; both anew when the rows are others, or others are asked for."""
    rows, asked = put([(2.70 + n / 100, 50.85) for n in range(6)]), []
    for name in ("count", "_extent"):
        real = getattr(FeatureSource, name)

        def noted(*given: Any, real: Any = real, name: str = name, **named: Any) -> Any:
            asked.append(name)
            return real(*given, **named)

        monkeypatch.setattr(FeatureSource, name, noted)
    source = source_of(rows)
    registered(source)
    for query in ("?limit=2", "?limit=2&after=2", f"?limit=1&sortby=-title&crs={EPSG}31370", "?f=html"):
        assert client.get(f"/ogc/collections/pins/items{query}").status_code == 200
    assert asked == ["count"]
    assert items(client, "?supports=0")["numberMatched"] == 2
    assert items(client, "?bbox=2.705,50,2.725,51")["numberMatched"] == 2
    for page in ("/ogc/collections", "/ogc/collections/pins", "/ogc/collections?f=html", "/ogc/collections/pins"):
        assert client.get(page).status_code == 200
    assert asked == ["count", "count", "count", "_extent"]
    rows.filter(number__gt=4).delete()
    registered(source_of(rows, updated="2"))
    assert items(client)["numberMatched"] == 4
    assert client.get("/ogc/collections/pins").json()["extent"]["spatial"]["bbox"][0][2] == pytest.approx(2.73)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?bbox=2.705,50,2.725,51", [2, 3]),
        ("?bbox=2.705,50,0,2.725,51,100", [2, 3]),
        (f"?bbox=50,2.705,51,2.725&bbox-crs={EPSG}4326", [2, 3]),
        (f"?bbox=33000,170000,34300,175000&bbox-crs={EPSG}31370", [2, 3]),
        ("?bbox=170,-80,-170,80", []),
        ("?title=Pin%202", [2]),
        ("?supports=0", [3, 6]),
        ("?on_ballot=true", []),
        ("?supports=0&bbox=0,0,90,90", [3]),
        ("?created=1999-01-01", []),
        ("?after=4", [5, 6]),
        (f"?after={2**62}", []),
        (f"?after=-{2**62}&supports={2**62}", []),
        ("?datetime=2020-01-01T00:00:00Z/..", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_items_are_chosen(pins: Any, client: Client, query: str, expected: list[int]) -> None:
    answer = items(client, query)
    assert keys(answer) == expected
    if "after" not in query:
        assert answer["numberMatched"] == len(expected)


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", (2.70, 50.85)),
        (EPSG + "4326", (50.85, 2.70)),
        (EPSG + "31370", (32494.6, 172370.4)),
        (EPSG + "3812", (532494.9, 672357.0)),
        (EPSG + "3857", (300562.6, 6594803.2)),
    ],
)
def test_coordinates_are_in_the_order_their_system_wants(
    pins: Any, client: Client, crs: str, expected: tuple[float, float]
) -> None:
    for address in ("/ogc/collections/pins/items", "/ogc/collections/pins/items/1"):
        answer = client.get(address, {"crs": crs})
        assert answer["Content-Crs"] == f"<{crs}>"
        told = answer.json()
        first = told["features"][0] if "features" in told else told
        assert first["geometry"]["coordinates"] == pytest.approx(expected, abs=200 if abs(expected[0]) > 180 else 1e-9)
        if crs.endswith("31370"):
            exact = transform(np.array([[2.70, 50.85]]), CRS84, LAMBERT_72)[0]
            assert first["geometry"]["coordinates"] == pytest.approx(exact, abs=0.01)


def test_one_feature_knows_its_layer(pins: Any, client: Client) -> None:
    told = client.get("/ogc/collections/pins/items/6").json()
    assert told["geometry"] is None
    assert list(told["properties"]) == ["number", "title", "supports", "on_ballot", "created"]
    assert {link["rel"] for link in told["links"]} == {"self", "alternate", "collection"}


def test_items_are_tagged(pins: Any, client: Client) -> None:
    answer = client.get("/ogc/collections/pins/items")
    assert client.get("/ogc/collections/pins/items", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert (
        client.get("/ogc/collections/pins/items?limit=1", headers={"If-None-Match": answer["ETag"]}).status_code == 200
    )


PAGES = [
    "/ogc/",
    "/ogc/conformance",
    "/ogc/collections",
    *("/ogc/collections/pins" + more for more in ("", "/items", "/items/6")),
]


@pytest.mark.parametrize("address", PAGES)
def test_browsers_get_pages_and_machines_json(pins: Any, client: Client, plain_files: None, address: str) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for way in ({"headers": {"Accept": browser}}, {"query_params": {"f": "html"}}):
        page = client.get(address, **way)  # type: ignore[arg-type]
        assert page.status_code == 200
        assert page["Content-Type"].startswith("text/html")
        assert b"<h1" in page.content
    for accept in ("*/*", "application/geo+json, application/json", ""):
        assert client.get(address, headers={"Accept": accept})["Content-Type"] in {
            "application/json",
            "application/geo+json",
        }
    assert client.get(address + "?f=json", headers={"Accept": browser})["Content-Type"].endswith("json")


def test_texts_of_people_are_text_in_pages(put: Put, registered: Registered, client: Client, plain_files: None) -> None:
    rows = put([(2.7, 50.8)])
    rows.update(title="<script>alert(1)</script>")
    registered(source_of(rows))
    for address in ("/ogc/collections/pins/items?f=html", "/ogc/collections/pins/items/1?f=html"):
        page = client.get(address).content
        assert b"<script>alert" not in page
        assert b"&lt;script&gt;alert" in page


# --- files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unread", ["filter=supports=1", "filter=((", "datetime=2024", "filter-lang=x", "number=1"])
def test_a_grid_is_not_asked_for_rows(pins: Any, client: Client, unread: str) -> None:
    """A file with all of a heat map is no answer to who asked for a part of its rows, nor is a text that says so."""
    for address in ("/export/heat.tif", "/export/heat.tif/about"):
        answer = client.get(f"{address}?{unread}")
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter.unknown")
        assert "bbox, bbox-crs, crs" in answer.json()["detail"]
    whole = client.get("/export/heat.tif/about", headers={"Accept-Language": "en"}).content.decode()
    assert "Rows" not in whole
    part = client.get("/export/heat.tif/about?bbox=2.7,50.8,2.8,50.9", headers={"Accept-Language": "en"})
    assert "Part: bbox=2.7,50.8,2.8,50.9" in part.content.decode()
    assert client.get("/export/heat.tif?bbox=2.7,50.8,2.8,50.9").getvalue().startswith(b"II*\0")


@pytest.mark.parametrize(
    ("name", "kind", "start"),
    [
        ("pins.geojson", "application/geo+json", b'{"type":"FeatureCollection"'),
        ("pins.csv", "text/csv; charset=utf-8", b"\xef\xbb\xbfnumber,title"),
        ("pins.gpkg", "application/geopackage+sqlite3", b"SQLite format 3"),
        ("hulls.gpkg", "application/geopackage+sqlite3", b"SQLite format 3"),
        ("heat.tif", "image/tiff; application=geotiff", b"II*\0"),
    ],
)
def test_files_come_with_a_name_and_leave_nothing_behind(
    pins: Any, client: Client, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, start: bytes
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = client.get(f"/export/{name}?crs=EPSG:31370")
    content: bytes = answer.getvalue()
    stem, _, suffix = name.partition(".")
    assert answer["Content-Disposition"] == f'attachment; filename="{stem}_epsg31370.{suffix}"'
    assert answer["Content-Type"] == kind
    assert content.startswith(start)
    assert list(tmp_path.iterdir()) == []
