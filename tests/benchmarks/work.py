"""What is done on the stage: pins, tiles, ballots and a page. Imported once the environment names the database."""

import re
from collections import Counter
from dataclasses import dataclass
from importlib import import_module

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from geo.catalog import FeatureSource  # noqa: E402
from geo.plane.tiles import Tile, tile_at  # noqa: E402
from geo.tiles import vector_tile  # noqa: E402
from participation.models import Person, Phase, Project, Proposal  # noqa: E402
from participation.queries.voting import CAST  # noqa: E402
from participation.selectors.layers import proposals_layer  # noqa: E402
from participation.services.synthetic import make_people, scatter_pins  # noqa: E402
from tests.benchmarks.load import NONCE, Connection, request  # noqa: E402
from tests.cast import Cast, assemble  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Where the peer of a cast keeps its sessions.
PLAIN = "tests.benchmarks.peer_sessions"
# A pin with all its columns takes less in a tile, so a tile of fewer pins cannot be the largest.
PIN_BYTES = 200


@dataclass(frozen=True, slots=True)
class Town:
    """The fixed cast's town with a project full of pins, one with a page to show, and people who are signed in."""

    cast: Cast
    pins: Project
    page: Project
    voters: list[Person]
    sessions: list[str]
    plain_sessions: list[str]


def _project(cast: Cast, slug: str, n: int) -> Project:
    """Make another project of the town that votes, with so many pins."""
    project = Project.objects.create(
        organisation=cast.town,
        slug=slug,
        title=cast.project.title,
        question=cast.project.question,
        area=cast.town.outline,
    )
    Phase.objects.create(
        project=project,
        position=1,
        kind="vote",
        name=cast.vote.name,
        opens_at=cast.vote.opens_at,
        cap=5,
        write_ins=True,
    )
    scatter_pins(project=project, n=n, seed=1, now=timezone.now(), report=lambda _n: None)
    return project


def _signed_in(person: Person, engine: str) -> str:
    """Make the session that signing in by code would have made."""
    session = import_module(engine).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def prepare(*, n_pins: int, n_proposals: int, n_voters: int) -> Town:
    """Fill the empty database."""
    cast = assemble()
    pins = _project(cast, "pins", n_pins)
    page = _project(cast, "page", n_proposals)
    Proposal.objects.filter(project=page, number__lte=32).update(on_ballot=True)
    voters = make_people([(f"voter-{n}@example.org", f"Voter {n}", "nl") for n in range(n_voters)])
    look_again()
    ours, plain = ([_signed_in(person, name) for person in voters] for name in (settings.SESSION_ENGINE, PLAIN))
    return Town(cast, pins, page, voters, ours, plain)


def look_again() -> None:
    """Let PostgreSQL look at what there is, as it does by itself within a minute: plans are made by it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _source(project: Project) -> FeatureSource:
    return proposals_layer(project, has_map=True)


def _places(project: Project) -> list[tuple[float, float]]:
    return [(point.x, point.y) for point in project.proposals.values_list("point", flat=True) if point]


def largest_tile(project: Project, *, max_zoom: int) -> tuple[int, Tile]:
    """Find the largest tile of all zooms: its bytes before compression, and which it is."""
    source, places = _source(project), _places(project)
    counted = Counter(tile_at(lon, lat, z) for z in range(max_zoom + 1) for lon, lat in places)
    largest, found = 0, Tile(0, 0, 0)
    for tile, n in counted.most_common():
        if n * PIN_BYTES < largest:
            break
        size = len(vector_tile(source, *tile))
        if size > largest:
            largest, found = size, tile
    return largest, found


def tile_path(project: Project) -> str:
    """The address of the fullest tile of the zoom at which a phone shows the whole town."""
    tile, _n = Counter(tile_at(lon, lat, 12) for lon, lat in _places(project)).most_common(1)[0]
    return reverse("tile", args=(f"{project.slug}-proposals", "WebMercatorQuad", tile.z, tile.y, tile.x))


def export_path(project: Project) -> str:
    """The address of a file of all pins."""
    return reverse("export", args=(f"{project.slug}-proposals.csv",))


def cast_request(port: int, session: str, *, plain: tuple[int, str] | None = None) -> bytes:
    """Open the page on which a ballot is checked, as this person, and write the request that casts from it.

    Cast it on the ``plain`` peer (port, session): the token is known there too.
    """
    at, signed_in = plain or (port, session)
    path = reverse("ballot_check", args=("laden",))
    status, head, _body = Connection(port).send(
        request("GET", path, port, headers=[("Cookie", f"sessionid={session}")], compressed=False)
    )
    page = _body.decode()
    token = re.search(r'X-CSRFToken": "([^"]+)"', page)
    cookie = re.search(r"csrftoken=([^;]+)", head.decode())
    if status != 200 or not token or not cookie:
        raise SystemExit(f"The page to check a ballot on answered {status} without a token.")
    body = f"csrfmiddlewaretoken={token[1]}&nonce={NONCE.decode()}&choice=3:1&choice=1:1&choice=7:1"
    return request(
        "POST",
        reverse("ballot_cast", args=("laden",)),
        at,
        headers=[
            ("Cookie", f"sessionid={signed_in}; csrftoken={cookie[1]}"),
            ("Origin", f"http://127.0.0.1:{at}"),
        ],
        body=body.encode(),
    )


def cast_script(town: Town) -> str:
    """The statement of a cast, as pgbench runs it."""
    values = {
        "phase": str(town.cast.vote.pk),
        "person": ":person",
        "nonce": "gen_random_uuid()",
        "numbers": "'{3,1,7}'",
        "values": "'{1,1,1}'",
        "channel": "'web'",
        "clerk": "NULL",
        "of_age": "false",
        "zone": "'UTC'",
    }
    first = town.voters[0].pk
    return f"\\set person random({first}, {first + len(town.voters) - 1})\n{' '.join((CAST % values).split())};\n"


def page_queries(town: Town) -> int:
    """The most queries that the page of a project takes, of a visitor and of somebody signed in, at first sight.

    BEGIN and COMMIT ask nothing and are not counted.
    """
    most = 0
    for person in (None, town.voters[0]):
        client = Client()
        if person is not None:
            client.force_login(person)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(reverse("project", args=(town.page.slug,)))
        if answer.status_code != 200:
            raise SystemExit(f"The page of a project answered {answer.status_code}.")
        most = max(most, sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in captured))
    return most


def page_bytes(port: int, slug: str) -> int:
    """What a browser that was never here loads for a project's page, heads and pins included: bytes on the wire."""
    most = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for width, height in ((390, 844), (1280, 900)):
            page = browser.new_context(viewport={"width": width, "height": height}).new_page()
            loaded: list[float] = []
            devtools = page.context.new_cdp_session(page)
            devtools.on(
                "Network.loadingFinished", lambda event, loaded=loaded: loaded.append(event["encodedDataLength"])
            )
            devtools.send("Network.enable")
            page.goto(f"http://127.0.0.1:{port}{reverse('project', args=(slug,))}", wait_until="networkidle")
            most = max(most, round(sum(loaded)))
        browser.close()
    return most
