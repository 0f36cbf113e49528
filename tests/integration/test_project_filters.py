"""Whatever the list of a project is filtered by, the pins on its map, the rows of its files and the API are as well."""

import csv
import io
import json
import math
import re
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import mapbox_vector_tile
import pytest
from django.core.cache import cache
from django.test import Client

from participation.models import Proposal, Theme
from participation.services.responses import Answer, publish_answers
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks, text
from tests.past import end

pytestmark = pytest.mark.django_db
ZOOM = 15


@pytest.fixture
def answered(cast: Cast) -> Cast:
    """Two of eight options are answered, one of them chosen; some are older, two have odd words in their titles."""
    cache.clear()
    other = Theme.objects.create(project=cast.project, slug="straat", name=text("Straat"), position=1)
    rows = Proposal.objects.filter(project=cast.project)
    rows.filter(number__in=[7, 8]).update(theme=other, on_ballot=False)
    rows.filter(number__lte=2).update(created_at=datetime(2025, 5, 1, 23, 30, tzinfo=UTC))
    rows.filter(number=3).update(title="100% 'Oma's' plein_tje")
    rows.filter(number=4).update(body="Bij het Plein\\Park")
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2]), nonce=uuid4())
    end(cast.vote)
    assert close_phase(cast.vote)
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    for moment, (number, outcome) in zip(moments, [(1, "later"), (1, "build")], strict=True):
        answers = [Answer(number, outcome, {"nl": "Zo."})]
        publish_answers(project=cast.project, answers=answers, by=cast["Piet"], base_url="http://x", now=moment)
    return cast


def listed(page: str) -> set[int]:
    """The numbers on the list."""
    return {int(number) for number in re.findall(r'data-pin="(\d+)"', page)}


def pinned(client: Client, page: str, rows: list[Proposal]) -> set[int]:
    """The numbers of the pins that the map of this page would draw, tile by tile."""
    config = next(
        json.loads(unescape(found)) for found in re.findall(r'json">(.*?)</script>', page) if '"tiles"' in found
    )
    found, size = set(), 2**ZOOM
    for row in rows:
        assert row.point is not None
        x = int((row.point.x + 180) / 360 * size)
        y = int((1 - math.asinh(math.tan(math.radians(row.point.y))) / math.pi) / 2 * size)
        address = config["tiles"].replace("{z}", str(ZOOM)).replace("{x}", str(x)).replace("{y}", str(y))
        response = client.get(address)
        assert response.status_code in {200, 204}, (address, response.content)
        if response.content:
            features = mapbox_vector_tile.decode(response.content)["pins"]["features"]
            found |= {feature["properties"]["number"] for feature in features}
    return found


def taken(client: Client, page: str) -> set[int]:
    """The numbers in the file that this page links to; there is none of an empty list."""
    found = set()
    for address in re.findall(r'href="(/export/laden-proposals\.csv[^"]*)"', page):
        rows = csv.DictReader(io.StringIO(b"".join(client.get(unescape(address))).decode("utf-8-sig")))
        found |= {int(row["number"]) for row in rows}
    return found


def listed_for_programs(client: Client, query: str) -> set[int]:
    """The numbers that the API gives, a page of three at a time."""
    found: list[int] = []
    following = ""
    while True:
        told = client.get(f"{API}?{query}&limit=3{following}").json()
        found += [each["number"] for each in told["items"]]
        if told["next"] is None:
            break
        following = f"&cursor={told['next']}"
    assert len(found) == len(set(found))
    return set(found)


def assert_the_api_gives(client: Client, query: str, numbers: set[int]) -> None:
    if query in NONSENSE:
        refused = client.get(f"{API}?{query}")
        assert (refused.status_code, refused.json()["code"]) == (400, NONSENSE[query])
        assert refused["Content-Type"] == "application/problem+json"
    else:
        assert listed_for_programs(client, query) == numbers


API = "/api/v1/projects/laden/proposals"
# What says nothing is passed over on the page, where nobody sees what became of it; a program is told.
NONSENSE = {
    "state=nonsense": "request.bad",
    "since=nonsense&until=2025-13-45": "request.bad",
    "since=1746144000": "request.bad",
    "bbox=2.62,50.84,2.64": "bbox.bad",
    "bbox=170,50,-170,51": "bbox.bad",
}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("theme=straat", {7, 8}),
        ("area=W1", {1, 2, 3, 4}),
        ("area=nergens", set()),
        ("state=ballot", {1, 2, 3, 4, 5, 6}),
        ("state=chosen", {1, 2}),
        ("state=build", {1}),
        ("state=later", set()),
        ("state=open", {2, 3, 4, 5, 6, 7, 8}),
        ("state=nonsense", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("until=2025-05-02", {1, 2}),
        ("until=2025-05-01", set()),
        ("since=2025-05-03", {3, 4, 5, 6, 7, 8}),
        ("since=2025-05-02&until=2025-05-02", {1, 2}),
        ("since=0001-01-01&until=9999-12-31", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("since=nonsense&until=2025-13-45", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("since=1746144000", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("theme=&area=&state=&since=&until=&q=", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("q=PLEK", {1, 2, 4, 5, 6, 7, 8}),
        ("q=100%25+oma%27s", {3}),
        ("q=_", {3}),
        ("q=plein%5Cpark", {4}),
        ("q=westkant&theme=plein&state=open&until=2025-12-31", {2}),
    ],
)
def test_the_map_and_the_file_hold_what_the_list_shows(answered: Cast, query: str, numbers: set[int]) -> None:
    client = Client()
    page = client.get(f"/projects/laden/?{query}").content.decode()
    assert listed(page) == numbers
    assert pinned(client, page, answered.options) == numbers
    assert taken(client, page) == numbers
    assert_the_api_gives(client, query, numbers)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("bbox=0,50,2.66,51", {1, 2}),
        ("bbox=0,50,2.66,51&state=open", {2}),
        ("bbox=2.62,50.84,2.64", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("bbox=170,50,-170,51", {1, 2, 3, 4, 5, 6, 7, 8}),
    ],
)
def test_a_part_of_the_map_is_the_same_for_the_file_and_the_api(answered: Cast, query: str, numbers: set[int]) -> None:
    """The map itself goes on showing what lies around."""
    client = Client()
    page = client.get(f"/projects/laden/?{query}").content.decode()
    assert listed(page) == numbers
    assert taken(client, page) == numbers
    assert_the_api_gives(client, query, numbers)


def test_the_states_that_are_offered_say_something(cast: Cast, answered: Cast) -> None:
    page = Client().get("/projects/laden/", headers={"accept-language": "en"}).content.decode()
    (choices,) = re.findall(r'<select[^>]*id="state".*?</select>', page, re.DOTALL)
    offered = re.findall(r'value="(\w*)"', choices)
    assert offered == ["", "ballot", "chosen", "build", "later", "not", "open"]


def test_tiles_refuse_a_filter_that_asks_for_more_than_is_shown(answered: Cast) -> None:
    tile = "/ogc/collections/laden-proposals/tiles/WebMercatorQuad/0/0/0"
    for asked, code in (
        ("author=1", "filter.unknown_column"),
        ("n_supports >", "filter.bad"),
        ("(" * 30 + "number=1" + ")" * 30, "filter.too_deep"),
    ):
        response = Client().get(tile, {"filter": asked})
        assert (response.status_code, response.json()["code"]) == (400, code)
