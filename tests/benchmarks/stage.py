"""What is measured stands here: a durable database of its own, files of its own, and the server as people run it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from config import embedded
from config.run import END_SECONDS, READY_SECONDS, THREADS, WORKERS
from tests.benchmarks.load import Connection, request

NAME = "kiesplek_bench"
# What must hold of the database for a measured cast to be worth anything.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Make an empty database on the server given by DATABASE_URL, or on the durable private one; gone afterwards."""
    with contextlib.ExitStack() as stack:
        url = os.environ.get("DATABASE_URL") or stack.enter_context(embedded.main().running())
        own = urlsplit(url)._replace(path=f"/{NAME}").geturl()
        drop = f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"
        with psycopg.connect(url, autocommit=True) as connection:
            for name in DURABLE:
                row = connection.execute(f"SHOW {name}".encode()).fetchone()
                if row != ("on",):
                    raise SystemExit(f"{name} is {row and row[0]}: what is measured has to survive a crash.")
            connection.execute(drop.encode())
            connection.execute(f"CREATE DATABASE {NAME}".encode())
        try:
            yield own
        finally:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(drop.encode())


@contextlib.contextmanager
def files() -> Iterator[Path]:
    """Make a folder for static files, so that the checkout's own are left alone."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        (Path(folder) / "vendor").symlink_to(embedded.ROOT / "var/vendor")
        yield Path(folder)


def manage(*arguments: str) -> None:
    """Run a management command in this process's environment."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=embedded.ROOT, check=True)


@contextlib.contextmanager
def server(settings: str = "config.settings") -> Iterator[int]:
    """Serve as ``make demo`` does, on a free port, with this process's environment and these settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "granian", "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--no-ws"]
    command += ["--blocking-threads", str(THREADS)]
    command += ["config.wsgi:application"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings}
    process = subprocess.Popen(
        command, cwd=embedded.ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_until_ready(process, port)
        yield port
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            # A connection made before the workers listen is never answered.
            if Connection(port, patience=1).send(request("GET", "/readyz", port))[0] == 200:
                return
        time.sleep(0.1)
    raise SystemExit("The server did not start.")


def pgbench(url: str, script: str, *, n_clients: int, seconds: int) -> float:
    """Let pgbench run these statements on connections of its own, prepared: transactions per second."""
    parts = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [
                *("pgbench", "--no-vacuum", "--protocol=prepared", f"--file={file.name}"),
                *(f"--client={n_clients}", f"--jobs={os.cpu_count()}", f"--time={seconds}", url),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    line = next((line for line in done.stdout.splitlines() if line.startswith("tps")), "")
    if done.returncode or not line:
        raise SystemExit(f"pgbench failed on {parts.path}: {done.stderr[-500:]}")
    return float(line.split()[2])
