"""Web process, worker and database are killed outright while people cast: every ballot that was confirmed is there.

The database is a durable cluster of its own. A kill of its processes is a crash of PostgreSQL, not of the machine:
what the disk does with a flush it confirmed, no test on a running machine can show.
"""

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID, uuid4

import psycopg
import pytest

from config.embedded import ROOT, WEB_ROLE, Cluster
from config.run import MANAGE, PYTHON, THREADS, WORKERS
from tests.drills.conftest import Tell
from tests.drills.test_setup import kill_9, processes

N_VOTERS, N_CLIENTS = 400, 8
# Somebody has to cast again within so many seconds of every kill.
BACK_SECONDS = 5
# Between two kills; the moment in it is drawn.
CALM_SECONDS = (0.5, 1.5)
LONG_CALM_SECONDS = (3.0, 10.0)
PATIENCE_SECONDS = 60
# Any token will do, as long as cookie and form agree: what is tested here is not who may send the form.
TOKEN = "a" * 32
TARGETS = ("database", "web", "web process", "worker")


@dataclass
class Town:
    """A served town: its cluster, its server and worker, and everything that was confirmed to its voters."""

    cluster: Cluster
    environment: dict[str, str]
    port: int
    log: Path
    slug: str = ""
    phase: int = 0
    sessions: dict[str, str] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    # (nonce, person, choices, when it was sent)
    confirmed: list[tuple[UUID, int, tuple[int, ...], float]] = field(default_factory=list)
    n_unknown: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str) -> None:
        """Start the server or the worker, as ``make demo`` does."""
        server = [PYTHON, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        server += ["--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--respawn-failed-workers", "--no-ws"]
        command = {
            "web": [*server, "config.wsgi:application"],
            "worker": [*MANAGE, "procrastinate", "worker", "--concurrency", "1"],
        }[name]
        with self.log.open("ab") as output:
            self.running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self, target: str, chance: random.Random) -> tuple[float, float]:
        """Kill outright, and start again what does not start itself: when it was killed, when it was up again."""
        if target == "database":
            kill_9(processes(self.cluster))
        elif target == "web process":
            kill_9([chance.choice(children_of(self.running["web"].pid))])
        else:
            self.end(target, signal.SIGKILL)
        killed = time.monotonic()
        if target == "database":
            self.cluster.start()
        elif target != "web process":
            self.start(target)
        while target.startswith("web") and not self.answers():
            time.sleep(0.05)
        return killed, time.monotonic()

    def answers(self) -> bool:
        """Does the server answer?"""
        session = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        with contextlib.closing(session), contextlib.suppress(OSError, http.client.HTTPException):
            session.request("GET", "/healthz")
            return session.getresponse().status == http.HTTPStatus.OK
        return False

    def end(self, name: str, how: signal.Signals) -> None:
        """End the server or the worker with its children."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children_of(pid: int) -> list[int]:
    """The processes that a process made, and theirs."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [one for child in found for one in children_of(child)]


@contextlib.contextmanager
def served(tmp: Path) -> Iterator[Town]:
    """Serve the cast's town as the server's role, from a new durable cluster."""
    cluster = Cluster(tmp)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": cluster.url(), "KIESPLEK_DEMO": "1", "PYTHONPATH": str(ROOT)}
    cluster.start()
    town = Town(cluster, environment, port, tmp / "log")
    try:
        command = [sys.executable, "-m", "tests.drills.crash_town", str(N_VOTERS)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        town.__dict__.update(json.loads(done.stdout.splitlines()[-1]))
        environment["DATABASE_URL"] = cluster.url(user=WEB_ROLE)
        town.start("web")
        town.start("worker")
        yield town
    finally:
        for name in list(town.running):
            town.end(name, signal.SIGTERM)
        cluster.stop()
        cluster.remove()


def keep_casting(town: Town, client: int) -> None:
    """Cast for one voter after the other; what was not confirmed is sent again with its nonce until it is."""
    chance = random.Random(client)
    voters = list(town.sessions.items())[client::N_CLIENTS]
    connection: http.client.HTTPConnection | None = None
    path = f"/projects/{town.slug}/ballot/cast/"
    while not town.over.is_set():
        person, session = chance.choice(voters)
        nonce, choices = uuid4(), tuple(chance.sample(range(1, 9), chance.randint(1, 3)))
        body = urlencode([("nonce", str(nonce)), *(("choice", str(choice)) for choice in choices)])
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
        }
        tries = 0
        while not town.over.is_set():
            tries, sent_at = tries + 1, time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", town.port, timeout=5)
                connection.request("POST", path, body, headers)
                with connection.getresponse() as answer:
                    answer.read()
                if answer.status == http.HTTPStatus.FOUND and answer.headers["Location"].endswith("/ballot/done/"):
                    town.confirmed.append((nonce, int(person), choices, sent_at))
                    town.n_unknown += tries > 1
                    break
                assert answer.status >= 500, f"{answer.status} {answer.headers['Location']}"
            except (OSError, http.client.HTTPException):
                if connection:
                    connection.close()
                connection = None
            time.sleep(0.02)
    if connection:
        connection.close()


def wait_for_ballots(town: Town, since: float) -> float:
    """How long it takes until a ballot that was sent after this moment is confirmed."""
    while time.monotonic() < since + PATIENCE_SECONDS:
        if any(sent_at > since for _nonce, _person, _choices, sent_at in town.confirmed[-N_CLIENTS:]):
            return time.monotonic() - since
        time.sleep(0.01)
    raise AssertionError(f"no ballot is confirmed any more:\n{town.log.read_text()[-3000:]}")


def missing(town: Town) -> tuple[int, int]:
    """Of what was confirmed, how much is not in the tables as it was confirmed; and how much is there twice."""
    with psycopg.connect(town.cluster.url()) as session:
        rows = session.execute(
            "SELECT c.nonce, b.person_id, ARRAY(SELECT p.number FROM participation_vote v"
            "   JOIN participation_proposal p ON p.id = v.proposal_id WHERE v.cast_id = c.id ORDER BY v.position)"
            " FROM participation_ballotcast c JOIN participation_ballot b ON b.id = c.ballot_id"
        ).fetchall()
    there = {(nonce, person, tuple(numbers)) for nonce, person, numbers in rows}
    lost = sum((nonce, person, choices) not in there for nonce, person, choices, _at in town.confirmed)
    return lost, len(rows) - len({nonce for nonce, _person, _numbers in rows})


def crash(town: Town, targets: list[str], calm: tuple[float, float]) -> tuple[dict[str, float], float]:
    """Kill these one after the other under load.

    Gives how long it took at most, for each, from the kill until ballots were confirmed again; and at most from the
    moment at which what was killed was up again: how quickly a database or a server starts is the machine's matter.
    """
    chance = random.Random(len(targets))
    clients = [threading.Thread(target=keep_casting, args=(town, number)) for number in range(N_CLIENTS)]
    town.over.clear()
    for client in clients:
        client.start()
    back, ours = dict.fromkeys(targets, 0.0), 0.0
    try:
        wait_for_ballots(town, time.monotonic())
        for target in targets:
            time.sleep(chance.uniform(*calm))
            killed, up = town.kill(target, chance)
            took = wait_for_ballots(town, killed)
            back[target] = max(back[target], took)
            ours = max(ours, killed + took - up)
        time.sleep(chance.uniform(*calm))
    finally:
        town.over.set()
        for client in clients:
            client.join()
    return back, ours


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's account may enter."""
    path = Path(tempfile.mkdtemp(prefix="crash-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_what_was_confirmed_survives_every_kill(folder: Path, tell: Tell, rounds: Callable[[int, int], int]) -> None:
    targets = ["database", "web process", "worker", "web"] * rounds(1, 6)
    with served(folder) as town:
        back, ours = crash(town, targets, CALM_SECONDS if len(targets) < 10 else LONG_CALM_SECONDS)
        lost, twice = missing(town)
        n, n_again = len(town.confirmed), town.n_unknown
        # The control. The first kill makes the server connect anew: what is set for its role holds from then on.
        with psycopg.connect(town.cluster.url(), autocommit=True) as session:
            session.execute(f"ALTER ROLE {WEB_ROLE} SET synchronous_commit = off".encode())
        crash(town, ["database"] * rounds(3, 7), CALM_SECONDS)
        shown, _twice = missing(town)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", town.port, timeout=10)) as ready:
            ready.request("GET", "/readyz")
            warned = ready.getresponse().read().decode()
    tell(
        "crash",
        attempts=n,
        violations=lost + twice,
        control_violations=shown,
        kills=len(targets),
        sent_again=n_again,
        after_restart_s=round(ours, 2),
        **{f"{name.replace(' ', '_')}_back_s": round(seconds, 2) for name, seconds in back.items()},
    )
    assert (lost, twice) == (0, 0)
    # At full length nobody else uses the machine.
    assert ours <= rounds(3 * BACK_SECONDS, BACK_SECONDS)
    assert shown, "with synchronous_commit off nothing was lost either"
    assert "synchronous_commit is off" in warned
