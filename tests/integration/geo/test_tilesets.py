"""The documents beside the tiles, and tiles of some of the pins: what OGC API Tiles and TileJSON promise."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import mapbox_vector_tile
import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.test import Client

from geo.plane.tiles import tile_at
from participation.models import Area, Proposal, Theme
from tests.cast import Cast

pytestmark = pytest.mark.django_db

AT = "/ogc/collections/laden-proposals/tiles"
WORLD = f"{AT}/WebMercatorQuad/0/0/0"


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "geo.middleware.warm_tiles"]
    cache.clear()


def counted(client: Client, query: str = "", tile: str = "0/0/0") -> int:
    """How many pins the tile says there are."""
    answer = client.get(f"{AT}/WebMercatorQuad/{tile}{query}")
    assert answer.status_code in {200, 204}, answer.content
    features = mapbox_vector_tile.decode(answer.content)["pins"]["features"] if answer.content else []
    return sum(feature["properties"]["n"] for feature in features)


def test_the_documents_lead_from_the_door_to_the_tiles(cast: Cast, client: Client) -> None:
    links = {link["rel"]: link["href"] for link in client.get("/ogc/?f=json").json()["links"]}
    sets = client.get(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"]).json()
    assert [one["id"] for one in sets["tileMatrixSets"]] == ["WebMercatorQuad"]
    matrix = client.get(sets["tileMatrixSets"][0]["links"][0]["href"]).json()
    assert [level["id"] for level in matrix["tileMatrices"]] == [str(z) for z in range(23)]
    assert matrix["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.028717)
    assert matrix["tileMatrices"][1]["cellSize"] == pytest.approx(78271.51696402048)

    layer = client.get("/ogc/collections/laden-proposals?f=json").json()
    (tiles,) = [link["href"] for link in layer["links"] if link["rel"].endswith("tilesets-vector")]
    (tileset,) = client.get(tiles).json()["tilesets"]
    assert tileset["tileMatrixSetURI"].endswith("/WebMercatorQuad")
    (here,) = [link["href"] for link in tileset["links"] if link["rel"] == "self"]
    told = client.get(here).json()
    (item,) = [link["href"] for link in told["links"] if link["rel"] == "item"]
    tile = client.get(item.format(tileMatrix=0, tileRow=0, tileCol=0))
    assert tile["Content-Type"] == "application/vnd.mapbox-vector-tile"
    known = set(told["layers"][0]["propertiesSchema"]["properties"])
    carried = {name for f in mapbox_vector_tile.decode(tile.content)["pins"]["features"] for name in f["properties"]}
    assert carried <= known


def test_tilejson_says_where_and_what(cast: Cast, client: Client) -> None:
    answer = client.get(f"{AT}/WebMercatorQuad?f=tilejson")
    told = answer.json()
    assert told["tilejson"] == "3.0.0"
    assert told["tiles"] == [f"http://testserver{AT}/WebMercatorQuad/{{z}}/{{y}}/{{x}}"]
    (layer,) = told["vector_layers"]
    assert layer["id"] == "pins"
    assert {"n", "w", "title", *(f"theme:{theme.slug}" for theme in cast.project.themes.all())} <= set(layer["fields"])
    assert client.get(f"{AT}/WebMercatorQuad", headers={"If-None-Match": answer["ETag"]}).status_code == 200
    assert answer["Cache-Control"] == "public, max-age=10"


@pytest.mark.parametrize(
    "path", [f"{AT}/Other", f"{AT}/Other/0/0/0", "/ogc/tileMatrixSets/Other", "/ogc/collections/areas/tiles"]
)
def test_what_there_is_not_is_not_found(cast: Cast, client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["?colour=red", "?theme=a&theme=b", "?on_ballot=maybe", "?datetime=yesterday", "?author=Piet"]
)
def test_a_filter_that_is_none_is_refused(cast: Cast, client: Client, query: str) -> None:
    assert client.get(WORLD + query).status_code == 400
    assert client.get(f"{AT}/WebMercatorQuad?f=xml").status_code == 406


def test_filters_by_theme_neighbourhood_ballot_and_days(cast: Cast, client: Client) -> None:
    rows = Proposal.objects.filter(project=cast.project, point__isnull=False)
    n = rows.count()
    assert counted(client) == n
    theme = Theme.objects.create(project=cast.project, slug="nieuw")
    area = Area.objects.filter(organisation=cast.town).first()
    assert area is not None
    first, second, third = rows.order_by("number")[:3]
    kept: dict[str, Callable[[], Any]] = {
        "?theme=nieuw": lambda: Proposal.objects.filter(pk=first.pk).update(theme=theme),
        "?n_supports=7": lambda: Proposal.objects.filter(pk=second.pk).update(n_supports=7),
        "?datetime=2019-03-01/2019-03-31": lambda: Proposal.objects.filter(pk=third.pk).update(
            created_at=datetime(2019, 3, 31, 12, tzinfo=UTC)
        ),
    }
    for query, change in kept.items():
        assert counted(client, query) == 0
        change()
        assert counted(client, query) == 1, query
    assert counted(client, "?datetime=2019-03-31") == 1
    assert counted(client, "?datetime=../2019-03-30") == 0
    assert counted(client, "?datetime=2019-04-01/..") == n - 1
    assert counted(client, f"?area={area.name}") == rows.filter(area=area).count()
    assert counted(client, "?on_ballot=true") == rows.filter(on_ballot=True).count()
    assert counted(client, "?theme=nieuw&on_ballot=false") == rows.filter(theme=theme, on_ballot=False).count()


def test_every_act_is_another_tag(cast: Cast, client: Client) -> None:
    tags = [client.get(WORLD)["ETag"]]
    for change in (
        {"state": "hidden", "on_ballot": False},
        {"state": "published"},
        {"n_supports": 5},
        {"theme": None},
        {"title": "Another title"},
    ):
        Proposal.objects.filter(project=cast.project, number=1).update(**change)
        tags.append(client.get(WORLD)["ETag"])
    assert len(set(tags)) == len(tags)
    assert client.get(WORLD, headers={"If-None-Match": tags[-1]}).status_code == 304


def test_gzip_carries_the_same_tile(cast: Cast, client: Client) -> None:
    assert cast.project.area is not None
    centre = cast.project.area.centroid
    Proposal.objects.bulk_create(
        Proposal(
            project=cast.project,
            number=n,
            title=f"A pin with a title of its own: {n}",
            point=Point(centre.x + n * 5e-6, centre.y + n % 2 * 1e-4, srid=4326),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for n in range(1000, 1200)
    )
    tile = tile_at(centre.x + 0.0055, centre.y, 18)
    path = f"{AT}/WebMercatorQuad/{tile.z}/{tile.y}/{tile.x}"
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert len(plain.content) > 1000, "too small to be packed"
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert plain["ETag"] == packed["ETag"]
    assert {"Accept-Encoding", "Cookie"} <= {part.strip() for part in packed["Vary"].split(",")}
