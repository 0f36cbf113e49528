"""Runs the demo, the tests and the checks, and leaves no process behind."""

import argparse
import contextlib
import ctypes
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from config import embedded
from config.demo import PEOPLE
from config.embedded import ROOT, EmbeddedError

VAR = ROOT / "var"
PYTHON = str(ROOT / ".venv/bin/python")
MANAGE = (PYTHON, str(ROOT / "manage.py"))

# A cold start on a slow disk takes some ten seconds; a server that is not ready by then never will be.
READY_SECONDS = 60
# Requests under way may finish; after that the server's processes are ended by force.
END_SECONDS = 10
WORKERS = 2
# Tasks of the background worker at a time.
TASKS = 2
# More than the heavy reads that a worker does at a time (geo/slots.py), so that some are always free for ballots.
THREADS = 12

# Where each role begins in the demo.
FIRST_PAGES = {
    "resident": "/projects/laadpunten/",
    "planner": "/desk/",
    "moderator": "/desk/projects/laadpunten/queue/",
    "gis": "/ogc/",
}

CHECKS = {
    "Format": (PYTHON, "-m", "ruff", "format", "--check", "."),
    "Lint": (PYTHON, "-m", "ruff", "check", "--output-format", "concise", "."),
    "Templates": (PYTHON, "-m", "djlint", "templates", "--lint"),
    "Types": (PYTHON, "-m", "mypy"),
    "Import contracts": (str(ROOT / ".venv/bin/lint-imports"), "--no-logo"),
    "Migrations": (*MANAGE, "makemigrations", "--check", "--dry-run"),
    "Django": (*MANAGE, "check", "--fail-level", "WARNING"),
}

LANGUAGES = ("nl", "fr", "de")


class RunError(Exception):
    """The act cannot go on; the text is one sentence with its remedy."""


def demo(port: int) -> int:
    """Serve the demo until Ctrl-C, SIGTERM or the closing of the terminal.

    Raises   RunError when the port is taken, a step fails or the server dies.
    """
    _refuse_taken(port)
    log = VAR / "demo.log"
    with _database(embedded.main()) as environment:
        environment["KIESPLEK_DEMO"] = "1"
        own = environment["DATABASE_URL"] == embedded.main().url()
        _step("Tables and demo town", [*MANAGE, "prepare_demo", *(["--web-role"] if own else [])], environment)
        if own:
            # The owner makes the tables; what is served can add to them and change no vote.
            environment["DATABASE_URL"] = embedded.main().url(user=embedded.WEB_ROLE)
        # The kernel ends the server when this process is killed outright.
        server = ["setpriv", "--pdeathsig", "TERM", PYTHON, "-m", "granian"]
        server += ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
        server += ["--workers", str(WORKERS), "--blocking-threads", str(THREADS)]
        server += ["--respawn-failed-workers", "--no-ws"]
        server += ["config.wsgi:application"]
        worker = ["setpriv", "--pdeathsig", "TERM", *MANAGE, "procrastinate", "worker", "--concurrency", str(TASKS)]
        with (
            log.open("w") as output,
            (VAR / "worker.log").open("w") as worker_output,
            _process(worker, environment, worker_output),
            _process(server, environment, output) as process,
        ):
            _wait_until_ready(process, port, log)
            _say(_how_to_enter(f"http://127.0.0.1:{port}"))
            process.wait()
    raise RunError(f"The server ended by itself ({_last_line(log)}); see {log}, then run 'make demo' again.")


def test(arguments: Sequence[str]) -> int:
    """Check everything, then run the tests on a database of their own; pytest's closing line comes last."""
    with _database(embedded.testing()) as environment:
        # A file of tests stays together: what its tests share is then made once.
        shared = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
        command = [PYTHON, "-m", "pytest", *shared, *arguments]
        return _check(environment) or _watch(command, environment)


def check() -> int:
    """Run the quick checks, all of them, and show what the failed ones say."""
    with _database(embedded.testing()) as environment:
        return _check(environment)


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks on a durable database: what is measured has to hold on one."""
    with _database(embedded.main()) as environment:
        return _watch([PYTHON, "-m", "tests.benchmarks", *arguments], environment)


def drills(arguments: Sequence[str]) -> int:
    """Run the drills at full length, every walk in the browser, and the tables whole: every pair of eyes."""
    with _database(embedded.testing()) as environment:
        tests = ["tests/drills", "tests/journeys", "tests/contracts"]
        command = [PYTHON, "-m", "pytest", "-s", "--long", *tests, *arguments]
        return _watch(command, environment)


def reset() -> int:
    """Forget the demo's database and files; what was installed stays."""
    embedded.main().remove()
    embedded.testing().remove()
    for name in ("media", "outbox"):
        shutil.rmtree(VAR / name, ignore_errors=True)
    _say("The demo's database and files are gone; 'make demo' makes them anew.")
    return 0


def messages() -> int:
    """Collect the texts to translate."""
    languages = [word for language in LANGUAGES for word in ("--locale", language)]
    ignored = [word for folder in ("var", "node_modules", ".venv", "tests") for word in ("--ignore", folder)]
    done = subprocess.run(  # noqa: S603 (our own command)
        [*MANAGE, "makemessages", *languages, *ignored, "--no-location", "--no-wrap"],
        env={**os.environ, "KIESPLEK_DEMO": "1"},
        check=False,
    )
    for catalogue in ROOT.glob("config/locale/*/LC_MESSAGES/*.po"):
        # The date changes at every run and says nothing that the history does not.
        catalogue.write_text(re.sub(r'"POT-Creation-Date:.*\n', "", catalogue.read_text()))
    return done.returncode


@contextlib.contextmanager
def _database(cluster: embedded.Cluster) -> Iterator[dict[str, str]]:
    """The environment in which children find their database: the one given, or a private one."""
    environment = dict(os.environ)
    if environment.get("DATABASE_URL"):
        yield environment
        return
    began = time.monotonic()
    with cluster.running() as url:
        _report("Database", began)
        environment["DATABASE_URL"] = url
        yield environment


def _check(environment: dict[str, str]) -> int:
    environment = {**environment, "KIESPLEK_DEMO": "1"}
    failed = []
    for name, command in CHECKS.items():
        began = time.monotonic()
        done = _run(command, environment)
        _report(name, began, "ok" if done.returncode == 0 else "FAILED")
        if done.returncode:
            failed.append(name)
            _say(done.stdout)
    if failed:
        _say(f"Not in order: {', '.join(failed)}.")
    return 1 if failed else 0


def _run(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a child to its end, out of reach of the terminal's Ctrl-C: this process ends it then."""
    return subprocess.run(  # noqa: S603 (our own commands)
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
    )


def _step(name: str, command: Sequence[str], environment: dict[str, str]) -> None:
    began = time.monotonic()
    done = _run(command, environment)
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        raise RunError(f"{name} failed: {lines[-1] if lines else 'no reason given'}")
    _report(name, began)


def _how_to_enter(address: str) -> str:
    """What the terminal shows when the demo runs; the tests wait for its last line."""
    people = "".join(f"  {role:10} {PEOPLE[role]:32} {address}{path}\n" for role, path in FIRST_PAGES.items())
    return (
        f"\nKiesplek runs on {address}/\n\n"
        f"Sign in at {address}/account/login/code/ with a mail address; the code is shown at {address}/outbox/\n\n"
        f"{people}\nCtrl-C ends it."
    )


@contextlib.contextmanager
def _process(
    command: Sequence[str], environment: dict[str, str], output: IO[str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a group of its own; at the end the whole group is gone."""
    process = subprocess.Popen(  # noqa: S603 (our own commands)
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _watch(command: Sequence[str], environment: dict[str, str]) -> int:
    with _process(command, environment) as process:
        return process.wait()


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise RunError(
                f"Port {port} cannot be used ({error}): choose another, for instance 'make demo PORT=8080'."
            ) from None


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() < began + READY_SECONDS:
        if process.poll() is not None:
            raise RunError(f"The server did not start ({_last_line(log)}); see {log}.")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.client.OK:
                _report("Server", began)
                return
        time.sleep(0.1)
    raise RunError(f"The server was not ready within {READY_SECONDS} s ({_last_line(log)}); see {log}.")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it gave no reason"


def _report(name: str, began: float, result: str = "") -> None:
    _say(f"{name:34}{time.monotonic() - began:4.0f} s  {result}".rstrip())


def _say(text: str) -> None:
    # The terminal may be closed; that must not keep the rest from being cleared away.
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _end_on_signals() -> None:
    """End by way of ``finally`` on Ctrl-C, SIGTERM and a closed terminal; a second signal changes nothing."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(0)

    for number in signals:
        signal.signal(number, end)
    if os.environ.get("MAKELEVEL"):
        # Make cannot tell its child when it is killed outright; the kernel can (PR_SET_PDEATHSIG is 1).
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def main() -> int:
    """Run the act named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m config.run", description=__doc__)
    acts = ("demo", "test", "check", "bench", "drills", "reset", "messages")
    parser.add_argument("act", choices=acts)
    given, rest = parser.parse_known_args()
    _end_on_signals()
    try:
        match given.act:
            case "demo":
                port = os.environ.get("PORT", "8000")
                if not port.isascii() or not port.isdigit():
                    raise RunError(f"PORT is a number, and '{port}' is none.")
                return demo(int(port))
            case "test":
                return test(rest)
            case "check":
                return check()
            case "bench":
                return bench(rest)
            case "drills":
                return drills(rest)
            case "reset":
                return reset()
            case _:
                return messages()
    except (RunError, EmbeddedError) as error:
        sys.stdout.flush()
        print(f"Kiesplek: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
