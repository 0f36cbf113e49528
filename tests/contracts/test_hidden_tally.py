"""While a vote hides its counts, no address tells how it stands: not in words, order, size, ETag or anything else.

The same people vote in two opposite ways, and every address of the table answers every role the same bytes, apart
from what is drawn anew for every answer. The control: once the votes were counted, the two differ.
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from participation.models import Person, Support
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks
from tests.contracts.pages import POST_ONLY, ROLES, ROWS
from tests.contracts.test_pages import address, client_of, read, staged
from tests.past import end

__all__ = ["staged"]

N_VOTERS = 40
# Beside each address as the table has it: what else can be asked of it.
MORE = {
    "project": ["?sort=most", "?sort=new", "?sort=name", "?sort=drawn", "?area=W1", "?theme=plein", "?q=Plek"],
    "results": ["?rule=equal-shares", "?rule=plurality&spread=1"],
    "desk_shortlist": ["?q=Plek"],
    "desk_queue": ["?state=published", "?state=hidden"],
    "desk_town_queue": ["?state=published&q=Plek"],
    "desk_map": ["?radius_m=2000&min_count=2"],
    "desk_clusters": ["?radius_m=5000&min_count=2"],
    "desk_heat": ["?radius_m=500"],
    "api_proposals": ["?sort=most", "?sort=new&limit=3", "?q=Plek"],
    "ogc_items": [
        "?f=json&filter=n_supports>0",
        "?f=json&filter=n_votes>0",
        "?f=json&sortby=-n_votes",
        "?f=json&sortby=-title&limit=3&properties=title",
        "?f=json",
        "?f=csv",
        "?f=json&limit=3",
        "?f=json&sortby=-n_supports",
        "?f=json&crs=EPSG:31370",
    ],
    "ogc_collection": ["?f=json"],
    "ogc_collections": ["?f=json"],
    "ogc_item": ["?f=json"],
    "tile_set": ["?f=json", "?f=tilejson"],
    "tile": ["?theme=plein", "?on_ballot=true", "?n_supports=0", "?datetime=2020-01-01/.."],
}
LAYERS = (
    "laden-proposals",
    "laden-clusters",
    "laden-cluster-hulls",
    "laden-heat",
    "laden-hotspots",
    "laden-candidates",
    "laden-kept-clusters",
    "laden-kept-hulls",
    "laden-study-1-scores",
    "laden-study-1-scenario-1",
    "laden-study-1-scenario-1-areas",
    "areas",
)
FORMATS = ("csv", "geojson", "gpkg", "tif")
TILES = [("0", "0", "0"), ("9", "171", "259"), ("12", "1372", "2077"), ("14", "5489", "8311")]

# Drawn anew for every answer: form tokens, nonces of scripts and of ballots, the time of answering.
DRAWN = [
    rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    rb'name="csrfmiddlewaretoken" value="[^"]+"',
    rb"[\"']?X-CSRFToken[\"']?:\s*[\"'][^\"']+[\"']",
    rb'nonce="[^"]+"',
    rb'value="[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"',
]
HEADERS = ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control", "Location", "Link")
N_TOOK_PART = re.compile(rb"\d+ (people|person) (took part|voted so far)")

Answers = dict[tuple[str, str], tuple[int, tuple[str | None, ...], bytes]]


# These show a key drawn anew for each answer, as text and as a picture, and know of no project.
KEYS = {"mfa_activate_totp", "mfa_add_webauthn"}

# Who asks for all that can be asked; the others read every address as the table has it.
ASK_MORE = ("nobody", "manager")


def addresses(role: str) -> Iterator[str]:
    """Every address that can be read on the small stage, for some with all that can be asked of it."""
    for name, row in ROWS.items():
        if row.expected is POST_ONLY or name in KEYS:
            continue
        plain = address(name, row).partition("?")[0]
        yield plain + row.query
        if role in ASK_MORE:
            yield from (plain + query for query in MORE.get(name, []))
    if role not in ASK_MORE:
        return
    for layer in LAYERS:
        yield from (reverse("export", args=(f"{layer}.{ending}",)) for ending in FORMATS)
        yield from (address("tile", ROWS["tile"], layer=layer, z=z, y=y, x=x) for z, y, x in TILES)
        yield from (address(name, ROWS[name], layer=layer) for name in ("ogc_items", "ogc_collection"))


def constant(body: bytes) -> bytes:
    """An answer without what is drawn anew for each."""
    for pattern in DRAWN:
        body = re.sub(pattern, b"", body)
    return body


def look(clients: dict[str, Client]) -> Answers:
    """Read everything as everybody; nothing comes from a cache that knew the vote otherwise."""
    found: Answers = {}
    for role, client in clients.items():
        cache.clear()
        for path in addresses(role):
            response = client.get(path, headers={"accept-language": "en"})
            body = constant(read(response))
            # A page that holds a form token has no ETag of its own; where there is one, it belongs to the bytes.
            heads = tuple(response.headers.get(name) for name in HEADERS)
            found[role, path] = (response.status_code, heads, body)
    return found


def differing(one: Answers, other: Answers) -> set[str]:
    """Which addresses answered anybody otherwise?"""
    assert one.keys() == other.keys()
    return {path for role, path in one if one[role, path] != other[role, path]}


@contextmanager
def another_world() -> Iterator[None]:
    """Undo what is done within."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def clients(staged: Cast) -> dict[str, Client]:
    """A browser for everybody, each with its order of the options drawn and its first page seen."""
    Support.objects.create(proposal=staged.options[3], person=staged["Vera"])
    found = {role: client_of(staged, role) for role in ROLES}
    for client in found.values():
        client.get("/projects/laden/ballot/")
    return found


def votes_for(cast: Cast, favourites: list[int], people: list[Person]) -> None:
    """Let nearly everybody vote for the same."""
    for number, person in enumerate(people):
        chosen = favourites if number else favourites[:1]
        cast_ballot(phase=cast.vote, person=person, choices=picks(chosen), nonce=uuid4())


def test_no_address_tells_how_a_running_vote_stands(staged: Cast, clients: dict[str, Client]) -> None:
    people = Person.objects.bulk_create([Person(email=f"voter-{n}@example.org") for n in range(N_VOTERS)])
    # Somebody has voted already: that the rules are frozen may show at the desk.
    cast_ballot(phase=staged.vote, person=staged.attacker, choices=picks([4]), nonce=uuid4())
    before = look({role: clients[role] for role in ASK_MORE})
    seen: dict[str, list[Answers]] = {"running": [], "counted": []}
    for favourites in ([1, 2, 3], [8, 7, 6]):
        with another_world():
            votes_for(staged, favourites, people)
            seen["running"].append(look(clients))
            end(staged.vote)
            assert close_phase(staged.vote)
            seen["counted"].append(look(clients))
    staged.vote.refresh_from_db()
    assert differing(*seen["running"]) == set()
    # Of the ballots themselves only their number shows: how many took part is no tally (docs/background/voting.md).
    more = {
        path
        for role, path in before
        if before[role, path][::2] != seen["running"][0][role, path][::2]
        and N_TOOK_PART.sub(b"", before[role, path][2]) != N_TOOK_PART.sub(b"", seen["running"][0][role, path][2])
    }
    assert more == set()
    told = differing(*seen["counted"])
    assert {"/projects/laden/results/", "/export/laden-proposals.csv"} & told, told
    assert len(told) > len(TILES), "once counted nothing tells how it ended: the comparison sees nothing"


def test_the_order_of_the_options_is_each_readers_own_and_stays(staged: Cast) -> None:
    orders = []
    for role in ("nobody", "resident", "manager"):
        client = client_of(staged, role)
        twice = []
        for path in ("/projects/laden/ballot/", "/projects/laden/?sort=drawn", "/projects/laden/ballot/"):
            cards = re.findall(rb'id="[op](\d+)"', read(client.get(path)))
            assert sorted(map(int, cards)) == list(range(1, 9)), path
            twice.append(cards)
        assert twice[0] == twice[2]
        orders.append(tuple(twice[0]))
    assert len(set(orders)) == len(orders), "three readers see one order (once in 10^9 by chance)"


def test_a_drawn_order_favours_nobody() -> None:
    """Over many readers each option stands first about as often."""
    from participation.rules.voting import in_drawn_order

    seeds = (f"1:{random.Random(n).getrandbits(64):016x}" for n in range(8_000))
    first = [in_drawn_order(range(1, 9), seed)[0] for seed in seeds]
    counts = [first.count(number) for number in range(1, 9)]
    expected = len(first) / 8
    chi2 = sum((count - expected) ** 2 / expected for count in counts)
    # 7 degrees of freedom: above 29.9 once in 10,000; the seeds are fixed, so this is no matter of luck.
    assert chi2 < 29.9, counts
