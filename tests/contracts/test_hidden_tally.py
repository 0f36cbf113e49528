"""While a vote hides its counts, no address tells how it stands: not in words, order, size, ETag or anything else.

The same people vote in two opposite ways, and every address of the table answers every role the same bytes, apart
from what is drawn anew for every answer. The control: once the votes were counted, the two differ.
"""

import io
import random
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from geo.catalog import AnyLayer, Asker, FeatureSource, layer, layers_for
from geo.export import FORMATS, formats_of
from participation.models import Person, Support
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks
from tests.contracts.pages import CAST, POST_ONLY, ROLES, ROWS, Row
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
TILES = [("0", "0", "0"), ("9", "171", "259"), ("12", "1372", "2077"), ("14", "5489", "8311")]
# A layer read live.
LIVE = ("ogc_items", "ogc_collection")
ZIPPED = b"PK\x03\x04"

# Drawn anew for every answer: form tokens, nonces of scripts and of ballots, the time of answering.
DRAWN = [
    rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    rb'name="csrfmiddlewaretoken" value="[^"]+"',
    rb"[\"']?X-CSRFToken[\"']?:\s*[\"'][^\"']+[\"']",
    rb'nonce="[^"]+"',
    rb'value="[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"',
]
OK = 200
HEADERS = ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Cache-Control", "Location", "Link")
N_TOOK_PART = re.compile(rb"\d+ (people|person) (took part|voted so far)")

Answers = dict[tuple[str, str], tuple[int, tuple[str | None, ...], bytes]]


# These show a key drawn anew for each answer, as text and as a picture, and know of no project.
KEYS = {"mfa_activate_totp", "mfa_add_webauthn"}

# Who asks for all that can be asked; the others read every address as the table has it.
ASK_MORE = ("nobody", "manager")
Asked = dict[str, list[str]]


def readers(row: Row, at: int, *, everybody: bool) -> set[str]:
    """Who reads an address: those three, of a page somebody else who gets one as well, the next in turn (everybody
    at full length); of those who are turned away one of each kind, for they all read the same sentence."""
    allowed = [role for role in ROLES if row.expected[role] == OK]
    away = {row.expected[role]: role for role in ROLES if row.expected[role] != OK}
    some = {"nobody", "resident", "manager"} & set(allowed)
    others = [role for role in allowed if role not in some]
    if others and (row.page or not some):
        some |= set(others) if everybody else {others[at % len(others)]}
    return some | set(away.values())


def pages(*, everybody: bool = False) -> Asked:
    """Every address that can be read on the small stage by role, for some with all that can be asked of it."""
    found: Asked = {role: [] for role in ROLES}
    for at, (name, row) in enumerate(ROWS.items()):
        if row.expected is POST_ONLY or name in KEYS:
            continue
        plain = address(name, row).partition("?")[0]
        for role in readers(row, at, everybody=everybody):
            found[role] += [plain + query for query in (row.query, *(MORE.get(name, []) if role in ASK_MORE else []))]
    assert all(found.values())
    return found


def layers(cast: Cast) -> Asked:
    """Every layer in every form: as everybody gets it, and as the manager does where that is another one."""
    found: Asked = {}
    known: set[tuple[str, str]] = set()
    for role in ASK_MORE:
        asked = found.setdefault(role, [])
        for each in layers_for(Asker(cast.town.slug, cast[CAST[role]] if role in CAST else AnonymousUser())):
            if (each.id, each.fingerprint) not in known:
                known.add((each.id, each.fingerprint))
                asked += [*files(each), *(address(name, ROWS[name], layer=each.id) for name in LIVE)]
                if isinstance(each, FeatureSource) and each.has_pins:
                    asked += [address("tile", ROWS["tile"], layer=each.id, z=z, y=y, x=x) for z, y, x in TILES]
    assert {path.rpartition(".")[2] for asked in found.values() for path in asked} >= set(FORMATS)
    return found


def files(layer: AnyLayer) -> list[str]:
    """A layer in every format that it comes in."""
    return [reverse("export", args=(f"{layer.id}.{ending}",)) for ending in formats_of(layer)]


def constant(body: bytes) -> bytes:
    """An answer without what is drawn anew for each; of what is packed, its parts."""
    if body.startswith(ZIPPED):
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            return b"".join(name.encode() + constant(parts.read(name)) for name in parts.namelist())
    for pattern in DRAWN:
        body = re.sub(pattern, b"", body)
    return body


def look(clients: dict[str, Client], *several: Asked) -> Answers:
    """Read all this as each of these; nothing comes from a cache that knew the vote otherwise."""
    found: Answers = {}
    cache.clear()
    for role, client in clients.items():
        for path in (path for asked in several for path in asked.get(role, [])):
            response = client.get(path, headers={"accept-language": "en"})
            body = read(response)
            # A page that holds a form token has no ETag of its own; where there is one, it belongs to the bytes. How
            # small a file was packed depends on the second in which that was done.
            names = HEADERS[1:] if body.startswith(ZIPPED) else HEADERS
            heads = tuple(response.headers.get(name) for name in names)
            found[role, path] = (response.status_code, heads, constant(body))
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
def clients(staged: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, Client]:
    """A browser for everybody, each with its order of the options drawn and its first page seen.

    That these take data along leaves no line: the list of acts would tell when each was asked.
    """
    monkeypatch.setattr("participation.services.taken.record_act", lambda **line: None)
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


def test_no_address_tells_how_a_running_vote_stands(staged: Cast, clients: dict[str, Client], long: bool) -> None:
    people = Person.objects.bulk_create([Person(email=f"voter-{n}@example.org") for n in range(N_VOTERS)])
    # Somebody has voted already: that the rules are frozen may show at the desk.
    cast_ballot(phase=staged.vote, person=staged.attacker, choices=picks([4]), nonce=uuid4())
    everything, catalogue = pages(everybody=long), layers(staged)
    before = look({"manager": clients["manager"]}, everything)
    # The control: what shows how it ended, once that is counted.
    outcome = ["/projects/laden/results/", "/ogc/collections/laden-proposals/items?f=json"]
    outcome += files(layer(Asker(staged.town.slug, AnonymousUser()), "laden-proposals"))
    seen: dict[str, list[Answers]] = {"running": [], "counted": []}
    for favourites in ([1, 2, 3], [8, 7, 6]):
        with another_world():
            votes_for(staged, favourites, people)
            seen["running"].append(look(clients, everything, catalogue))
            end(staged.vote)
            assert close_phase(staged.vote)
            seen["counted"].append(look({"nobody": clients["nobody"]}, {"nobody": outcome}))
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
    assert differing(*seen["counted"]) == set(outcome), "the comparison does not see in each of these how it ended"


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
