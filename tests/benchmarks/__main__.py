"""Measures what was promised of speed, each against a peer in the same run: one line a row, all in var/bench.json.

Ratios are medians of interleaved rounds: what else the machine does hits both sides alike.
"""

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import django

from config.embedded import ROOT
from tests.benchmarks import stage
from tests.benchmarks.load import Clients, Connection, request

N_PINS = 50_000
N_PROPOSALS = 1000
N_VOTERS = 200
N_CLIENTS = 8
ROUNDS = 5
SECONDS = 3
TILE_KB = 500
PAGE_KB = 250
PAGE_QUERIES = 20
RATIO = 0.25
# How many times as many ballots as plain Django takes, and how long one may take while others flood the server.
TIMES_ORM = 4.0
FLOODED_MS = 500
FLOOD_SECONDS = 10
MAX_ZOOM = 19


@dataclass(frozen=True, slots=True)
class Row:
    """One promise, and whether it was kept."""

    name: str
    ours: float
    peer: float
    ratio: float
    goal: float
    sense: Literal[">=", "<="]

    @property
    def ok(self) -> bool:
        """Was it kept?"""
        return self.ratio >= self.goal if self.sense == ">=" else self.ratio <= self.goal

    def line(self) -> str:
        """The row as people read it."""
        said = "ok" if self.ok else "MISSED"
        return (
            f"{self.name:28} {_figure(self.ours)} {_figure(self.peer)} {self.ratio:8.3f} {self.sense}{self.goal} {said}"
        )


def _figure(value: float) -> str:
    """Thousands without digits nobody needs, shares with those they need."""
    return f"{value:>12,.1f}" if abs(value) >= 10 else f"{value:>12.4g}"


def at_most(name: str, ours: float, limit: float) -> Row:
    """A row that must not be more than a limit."""
    return Row(name, ours, limit, ours / limit, 1.0, "<=")


def at_least(name: str, rounds: list[tuple[float, float]], goal: float = RATIO) -> Row:
    """A row of rounds (ours, peer): medians, and the median of the rounds' ratios."""
    ours, peer = (statistics.median(side) for side in zip(*rounds, strict=True))
    return Row(name, ours, peer, statistics.median(mine / other for mine, other in rounds), goal, ">=")


def note(text: str) -> None:
    """Say what is going on, beside the rows."""
    print(text, file=sys.stderr, flush=True)


def interleaved(name: str, ours: Callable[[], float], peer: Callable[[], float], goal: float = RATIO) -> Row:
    """Measure both sides in turn, once to warm up and then round after round."""
    ours()
    rounds = []
    for number in range(ROUNDS):
        rounds.append((ours(), peer()))
        note(f"  {name} round {number + 1}: {rounds[-1][0]:,.0f} against {rounds[-1][1]:,.0f} a second")
    return at_least(name, rounds, goal)


def busy(clients: Clients, port: int, requests: list[bytes], status: int) -> float:
    """Requests a second; says how much of a core the clients took, for they must not be what is measured."""
    found = clients.keep_busy(port, requests, seconds=SECONDS, status=status)
    note(f"    the clients took {found.client_share:.2f} of a core; {found.body_bytes:,} bytes each")
    return found.per_second


def flooded(clients: Clients, port: int, casts: list[bytes], flood: list[bytes]) -> float:
    """How many milliseconds the slowest cast in a hundred takes while tiles and exports saturate the server."""
    p99s = []
    for number in range(ROUNDS):
        took = clients.timed_in_flood(port, casts, flood, seconds=FLOOD_SECONDS, status=302)
        p99s.append(1000 * statistics.quantiles(took, n=100)[-1])
        note(f"  flooded round {number + 1}: {len(took)} casts, p99 {p99s[-1]:,.0f} ms")
    return statistics.median(p99s)


def served(url: str, folder: Path) -> Iterator[Row]:
    """Set the stage, and measure what the server does on it."""
    # Django may be asked only once the environment says which database and which files.
    from tests.benchmarks import work

    town = work.prepare(n_pins=N_PINS, n_proposals=N_PROPOSALS, n_voters=N_VOTERS)
    note("the stage is set")
    size, where = work.largest_tile(town.pins, max_zoom=MAX_ZOOM)
    note(f"  the largest tile is {where}")
    yield at_most("largest-tile-kB", size / 1000, TILE_KB)
    path = work.tile_path(town.pins)
    clients = Clients(N_CLIENTS)
    with stage.server() as port:
        static = folder / "static/bench.bin"
        _status, _head, body = Connection(port).send(request("GET", path, port))
        static.parent.mkdir(exist_ok=True)
        static.write_bytes(os.urandom(len(body)))
    # A vote that is under way: a statement prepared on empty tables would be planned for empty tables.
    script = work.cast_script(town)
    stage.pgbench(url, script, n_clients=N_CLIENTS, seconds=SECONDS)
    work.look_again()
    # A second start, also because the server looks at its static files once.
    with stage.server() as port:
        tile, still = [request("GET", path, port)], [request("GET", "/static/bench.bin", port)]
        yield interleaved(
            "tile-against-static", lambda: busy(clients, port, tile, 200), lambda: busy(clients, port, still, 200)
        )
        casts = [work.cast_request(port, session) for session in town.sessions]
        yield interleaved(
            "ballot-against-pgbench",
            lambda: busy(clients, port, casts, 302),
            lambda: stage.pgbench(url, script, n_clients=N_CLIENTS, seconds=SECONDS),
        )
        with stage.server("tests.benchmarks.peer_settings") as plain:
            both = zip(town.sessions, town.plain_sessions, strict=True)
            peers = [work.cast_request(port, session, plain=(plain, theirs)) for session, theirs in both]
            yield interleaved(
                "ballot-against-orm",
                lambda: busy(clients, port, casts, 302),
                lambda: busy(clients, plain, peers, 302),
                TIMES_ORM,
            )
        flood = [*tile, request("GET", work.export_path(town.pins), port)]
        yield at_most("ballot-p99-flooded-ms", flooded(clients, port, casts, flood), FLOODED_MS)
        clients.processes.shutdown()
        yield at_most("page-queries", work.page_queries(town), PAGE_QUERIES)
        yield at_most("page-kB", work.page_bytes(port, town.page.slug) / 1000, PAGE_KB)


def groups(url: str, folder: Path) -> dict[str, Callable[[], Iterator[Row]]]:
    """What can be measured, in parts that do not need one another."""
    from participation.models import Organisation
    from tests.benchmarks import counting, doubles, exports, siting, tiles

    def read(rows: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        return (Row(*figures) for figures in rows)

    def town() -> Organisation:
        return Organisation.objects.get_or_create(slug="million", defaults={"name": "M", "site_name": "M"})[0]

    return {
        "served": lambda: served(url, folder),
        "doubles": lambda: read(doubles.rows()),
        "tiles": lambda: read(tiles.rows(url, town(), note=note)),
        "exports": lambda: read(exports.rows(note=note)),
        "siting": lambda: read(siting.rows(url)),
        "counting": lambda: read(counting.rows()),
    }


def main(wanted: Sequence[str]) -> int:
    """Measure all or some groups, say it line by line, and keep it; 1 when a promise was not kept."""
    rows: list[Row] = []
    with stage.database() as url, stage.files() as folder:
        os.environ |= {
            "DATABASE_URL": url,
            "KIESPLEK_VAR": str(folder),
            "KIESPLEK_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        for command in ("migrate", "collectstatic"):
            stage.manage(command, "--no-input", "--verbosity", "0")
        django.setup()
        found = groups(url, folder)
        unknown = set(wanted) - set(found)
        if unknown:
            raise SystemExit(f"There are no such rows: {', '.join(sorted(unknown))}. There are: {', '.join(found)}.")
        for name in found if not wanted else [name for name in found if name in wanted]:
            for row in found[name]():
                rows.append(row)
                note(f"  {row.line()}")
    print(f"{'name':28} {'ours':>12} {'peer':>12} {'ratio':>8} goal ok")
    for row in rows:
        print(row.line())
    kept = ROOT / "var/bench.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps([asdict(row) | {"ok": row.ok} for row in rows], indent=1) + "\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
