"""Maps and files take only so many threads: who comes when all slots are taken is refused, and ballots go on."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.http import FileResponse
from django.test import Client
from django.urls import reverse

from config.run import THREADS
from geo import problems
from geo.slots import EXPORTS, FEATURES, TILES, Slots
from participation.models import BallotCast
from tests.cast import Cast
from tests.contracts.test_pages import client_of, staged

__all__ = ["staged"]

SIZES = {"TILES": (TILES, 6), "FEATURES": (FEATURES, 2), "EXPORTS": (EXPORTS, 1)}
LAYER = "laden-proposals"
READS = {
    f"/ogc/collections/{LAYER}/tiles/WebMercatorQuad/12/1374/2080": TILES,
    "/ogc/collections": FEATURES,
    f"/ogc/collections/{LAYER}": FEATURES,
    f"/ogc/collections/{LAYER}/items": FEATURES,
    f"/export/{LAYER}.csv": EXPORTS,
    f"/export/{LAYER}.gpkg": EXPORTS,
}


@pytest.fixture(autouse=True)
def _cold() -> None:
    cache.clear()


def free(slots: Slots) -> int:
    """How many can be taken now."""
    with ExitStack() as held:
        n = 0
        while True:
            try:
                held.enter_context(slots)
            except problems.ServerBusy:
                return n
            n += 1


def status_of(client: Client, address: str) -> int:
    """What is answered, with the file of an export closed again."""
    with closing(client.get(address)) as answer:
        return int(answer.status_code)


@pytest.fixture
def full() -> Iterator[None]:
    """All slots are taken."""
    with ExitStack() as held:
        for slots, n in SIZES.values():
            for _ in range(n):
                held.enter_context(slots)
        yield


@pytest.mark.parametrize(("slots", "n"), SIZES.values(), ids=SIZES)
def test_there_are_as_many_slots_as_said(slots: Slots, n: int) -> None:
    assert free(slots) == n
    assert free(slots) == n  # counting gave them back


def test_heavy_reads_leave_threads_for_ballots() -> None:
    assert sum(n for _, n in SIZES.values()) < THREADS


@pytest.mark.parametrize("address", READS)
def test_with_all_slots_taken_a_heavy_read_is_refused_and_a_ballot_is_cast(
    staged: Cast, full: None, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client_of(staged, "resident").get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert not caplog.records  # a flood does not fill the log
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert (answer.json()["code"], answer.json()["status"]) == ("server.busy", 503)
    cast = client_of(staged, "resident").post(
        reverse("ballot_cast", args=("laden",)), {"nonce": uuid4(), "choice": ["1"]}
    )
    assert cast.status_code == 302
    assert BallotCast.objects.count() == 1


def test_a_file_of_the_desk_is_refused_in_the_same_way(staged: Cast, full: None) -> None:
    answer = client_of(staged, "planner").get(reverse("desk_view_file", args=("laden",)))
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "1", "server.busy")


DESK_READS = {
    reverse("desk_heat", args=("laden",)): FEATURES,
    reverse("desk_pins_tile", args=("laden", 0, 0, 0)): TILES,
}


@pytest.mark.parametrize("address", DESK_READS)
def test_what_the_desk_draws_takes_a_slot_and_gives_it_back(
    staged: Cast, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, slots = client_of(staged, "planner"), DESK_READS[address]
    assert client.get(address).status_code == 200
    with ExitStack() as held:
        for _ in range(free(slots)):
            held.enter_context(slots)
        answer = client.get(address)
        assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "1", "server.busy")
    monkeypatch.setattr("siting.web.drawn.view_of", None)
    client.raise_request_exception = False
    for _ in range(10):  # more often than there are slots
        assert client.get(address).status_code == 500
    assert free(slots) == dict(SIZES.values())[slots]


@pytest.mark.parametrize("address", READS)
def test_without_the_limit_the_same_read_is_answered(
    staged: Cast, full: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(Slots, "__enter__", lambda _: None)
    monkeypatch.setattr(Slots, "__exit__", lambda *_: None)
    assert status_of(client_of(staged, "resident"), address) in {200, 204}


def test_a_tile_from_memory_needs_no_slot(staged: Cast) -> None:
    address = next(iter(READS))
    client = client_of(staged, "resident")
    first = client.get(address)
    with ExitStack() as held:
        for _ in range(free(TILES)):
            held.enter_context(TILES)
        assert client.get(address).status_code == first.status_code in {200, 204}


# --- every slot is given back ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writer", "address", "status"),
    [
        ("geo.ogc.downloads.write", f"/export/{LAYER}.csv", 507),
        ("geo.ogc.tiles.vector_tile", next(iter(READS)), 500),
        ("geo.ogc.features.json_answer", f"/ogc/collections/{LAYER}/items", 500),
    ],
)
def test_a_read_that_fails_gives_its_slot_back(
    staged: Cast, monkeypatch: pytest.MonkeyPatch, writer: str, address: str, status: int
) -> None:
    client = client_of(staged, "resident")
    client.raise_request_exception = False
    with monkeypatch.context() as broken:

        def fails(*_given: object, **_named: object) -> None:
            raise OSError("no space left")

        broken.setattr(writer, fails)
        for _ in range(10):  # more often than there are slots
            assert client.get(address).status_code == status
    assert status_of(client, address) in {200, 204}


def test_a_refused_export_gives_its_slot_back(staged: Cast) -> None:
    for _ in range(3):
        assert client_of(staged, "resident").get(f"/export/{LAYER}.tif").json()["code"] == "format.unfit"
    assert free(EXPORTS) == 1


def test_a_file_holds_its_slot_until_it_is_sent_or_the_line_breaks(staged: Cast) -> None:
    client = client_of(staged, "resident")
    answer = client.get(f"/export/{LAYER}.csv")
    assert (answer.status_code, free(EXPORTS)) == (200, 0)
    assert client.get(f"/export/{LAYER}.csv").status_code == 503
    answer.close()
    assert free(EXPORTS) == 1
    answer.close()  # closed twice, given back once
    assert free(EXPORTS) == 1


def test_an_answer_that_is_forgotten_gives_its_slot_back() -> None:
    slots = Slots(1)
    forgotten = [slots.until_sent(lambda: FileResponse(BytesIO(b"rows")))()]
    assert free(slots) == 0
    forgotten.clear()
    gc.collect()
    assert free(slots) == 1


def _in_threads(n: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_never_hold_more_slots_than_there_are() -> None:
    slots, lock = Slots(2), threading.Lock()
    now = most = refused = 0
    start = threading.Barrier(8)

    def read() -> None:
        nonlocal now, most, refused
        start.wait()
        for _ in range(200):
            try:
                with slots:
                    with lock:
                        now += 1
                        most = max(most, now)
                    threading.Event().wait(0.0005)
                    with lock:
                        now -= 1
            except problems.ServerBusy:
                with lock:
                    refused += 1

    _in_threads(8, read)
    assert most == 2
    assert refused > 0
    assert free(slots) == 2
