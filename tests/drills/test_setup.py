"""The private database and the demo's runner under the accidents that machines and people have."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import ROOT, Cluster, EmbeddedError

IS_ROOT = os.getuid() == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may enter, as a checkout usually is (pytest's own is closed)."""
    path = Path(tempfile.mkdtemp(prefix="checkout-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster that does not exist yet."""
    made = Cluster(folder)
    yield made
    made.remove()


def value(cluster: Cluster, statement: str) -> object:
    """The first value that a statement gives."""
    with psycopg.connect(cluster.url()) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]


def keep_row(cluster: Cluster, text: str) -> None:
    """Commit one row, which has to be found again."""
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT %s::text AS text", [text])


def processes(cluster: Cluster) -> list[int]:
    """The processes that carry the cluster's name, found in another way than the cluster's own."""
    listed = subprocess.run(["ps", "-wweo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=1) for line in listed.splitlines()]
    return [int(pid) for pid, arguments in lines if cluster.name in arguments]


def parent_of(pid: int) -> int:
    """Which process made this one?"""
    return int(subprocess.run(["ps", "-o", "ppid=", str(pid)], capture_output=True, text=True, check=True).stdout)


def kill_9(pids: list[int]) -> None:
    """Kill outright, and wait until the kernel has done it."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        # A killed process that nobody has buried yet has no command line any more.
        with contextlib.suppress(OSError):
            while Path(f"/proc/{pid}/cmdline").read_bytes():
                time.sleep(0.01)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process with the same code at hand."""
    command = [sys.executable, "-c", "from config.embedded import *; import sys; " + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def wait_for(text: str, process: subprocess.Popen[str]) -> list[str]:
    """Read a child's lines up to the one that holds the text."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError("".join(lines))


# --- the database --------------------------------------------------------------------------------------


def test_it_is_durable_with_checksums(cluster: Cluster) -> None:
    # When it fails, one of these says "off": a vote that was acknowledged could be lost.
    with cluster.running():
        settings = ("data_checksums", "fsync", "full_page_writes", "synchronous_commit")
        assert {name: value(cluster, f"SHOW {name}") for name in settings} == dict.fromkeys(settings, "on")
        assert value(cluster, "SHOW listen_addresses") == ""
        assert value(cluster, "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'") == 1


@pytest.mark.long
def test_the_configuration_file_cannot_weaken_it(cluster: Cluster) -> None:
    # The control shows that ALTER SYSTEM works at all: a setting we do not hold does change.
    with cluster.running(), psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET work_mem = '7MB'")
    with cluster.running():
        assert value(cluster, "SHOW fsync") == "on"
        assert value(cluster, "SHOW work_mem") == "7MB"


def test_the_tests_have_a_quick_one_of_their_own(folder: Path, cluster: Cluster) -> None:
    quick = Cluster(folder, purpose="test")
    try:
        with cluster.running(), quick.running():
            assert value(quick, "SHOW fsync") == "off"
            assert value(cluster, "SHOW fsync") == "on"
    finally:
        quick.remove()


@pytest.mark.long
def test_two_checkouts_stand_side_by_side(folder: Path) -> None:
    # When it fails, the second does not start, or both rows are the same.
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    one, two = Cluster(folder / "one"), Cluster(folder / "two")
    try:
        with one.running(), two.running():
            keep_row(one, "one")
            keep_row(two, "two")
            assert value(one, "SELECT text FROM kept") == "one"
            assert value(two, "SELECT text FROM kept") == "two"
    finally:
        one.remove()
        two.remove()


def test_two_starts_at_once_make_one_server(cluster: Cluster) -> None:
    # When it fails, one start ends with "lock file already exists" or half a cluster is found.
    starts = [python("Cluster(Path(sys.argv[1])).start()", cluster.checkout) for _ in range(4)]
    assert [start.wait() for start in starts] == [0, 0, 0, 0]
    found = set(processes(cluster))
    heads = [pid for pid in found if parent_of(pid) not in found]
    assert len(heads) == 1
    assert value(cluster, "SELECT 1") == 1
    for start in starts:
        assert start.stdout is not None
        start.stdout.close()


def test_it_starts_again_after_kill_9(cluster: Cluster) -> None:
    # When it fails, start() says that a lock file exists, or the row is gone.
    cluster.start()
    keep_row(cluster, "acknowledged")
    kill_9(processes(cluster))
    cluster.start()
    assert value(cluster, "SELECT text FROM kept") == "acknowledged"


@pytest.mark.long
def test_it_waits_for_the_children_of_a_killed_server(cluster: Cluster) -> None:
    # When it fails, start() says that a shared memory block is still in use.
    cluster.start()
    found = processes(cluster)
    kill_9([pid for pid in found if parent_of(pid) not in found])
    cluster.start()
    assert value(cluster, "SELECT 1") == 1


@pytest.mark.long
def test_a_stale_lock_file_with_the_number_of_another_program_does_not_stop_it(folder: Path, cluster: Cluster) -> None:
    # After a crash the number in postmaster.pid may belong to anybody: PostgreSQL by itself refuses to start.
    with cluster.running():
        lines = (folder / "var/postgres/data/postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getpid())
    (folder / "var/postgres/data/postmaster.pid").write_text("\n".join(lines) + "\n")
    with cluster.running():
        assert value(cluster, "SELECT 1") == 1


def test_a_killed_first_start_leaves_nothing_half_made(cluster: Cluster) -> None:
    # When it fails, the second start finds a data folder without a database in it.
    first = python("Cluster(Path(sys.argv[1])).start()", cluster.checkout)
    time.sleep(0.3)  # in the middle of initdb
    first.kill()
    first.communicate()
    cluster.start()
    assert value(cluster, "SELECT current_database()") == "kiesplek"


@pytest.mark.skipif(not IS_ROOT, reason="only root lends another account, which a closed folder shuts out")
@pytest.mark.long
def test_below_a_closed_folder_the_data_lie_elsewhere(folder: Path) -> None:
    # When it fails, initdb says "Permission denied". The control: with the folder open they lie inside.
    closed = folder / "closed/checkout"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    cluster = Cluster(closed)
    try:
        with cluster.running():
            assert str(value(cluster, "SHOW data_directory")).startswith("/var/lib/kiesplek/")
        cluster.remove()
        closed.parent.chmod(0o755)
        with cluster.running():
            assert value(cluster, "SHOW data_directory") == f"{closed}/var/postgres/data"
    finally:
        cluster.remove()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("long/" * 60 + "path", id="long"),
        pytest.param("a space, 'quotes\" and $HOME `id`", id="odd"),
        pytest.param("Raadhuis-é-東", id="letters", marks=pytest.mark.long),
    ],
)
def test_no_path_is_too_long_or_too_odd(folder: Path, name: str) -> None:
    # When it fails, PostgreSQL says that the socket's path is too long, or the shell that a word is unknown.
    checkout = folder / name
    checkout.mkdir(parents=True)
    cluster = Cluster(checkout)
    try:
        with cluster.running():
            assert value(cluster, "SELECT 1") == 1
            assert value(cluster, "SHOW data_directory") == f"{checkout}/var/postgres/data"
    finally:
        cluster.remove()


def test_stopping_leaves_no_process_and_no_socket(cluster: Cluster) -> None:
    # The control: before the stop there are some.
    cluster.start()
    with psycopg.connect(cluster.url()):
        assert processes(cluster)
        assert cluster.sockets.is_dir()
        cluster.stop()
    assert processes(cluster) == []
    assert not cluster.sockets.exists()
    assert not cluster.is_running()


def test_the_last_user_out_stops_it(cluster: Cluster) -> None:
    # When it fails, a management command beside the demo would pull the database from under it.
    other = python(
        "with_ = Cluster(Path(sys.argv[1])).running(); with_.__enter__(); print('in', flush=True);"
        "sys.stdin.readline(); with_.__exit__(None, None, None); print('out', flush=True)",
        cluster.checkout,
    )
    wait_for("in", other)
    with cluster.running():
        other.communicate()
        assert cluster.is_running()
    assert not cluster.is_running()


@pytest.mark.long
def test_it_is_left_as_it_was_found(cluster: Cluster) -> None:
    cluster.start()
    with cluster.running():
        pass
    assert cluster.is_running()
    cluster.stop()
    with cluster.running():
        pass
    assert not cluster.is_running()


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, *(pytest.param(other, marks=pytest.mark.long) for other in (signal.SIGTERM, signal.SIGHUP))],
)
def test_a_user_that_is_ended_stops_it(cluster: Cluster, number: signal.Signals) -> None:
    # When it fails, each management command that is broken off leaves a server behind.
    user = python(
        "import time\nwith Cluster(Path(sys.argv[1])).running(): print('in', flush=True); time.sleep(60)",
        cluster.checkout,
    )
    wait_for("in", user)
    user.send_signal(number)
    user.communicate()
    assert processes(cluster) == []


def test_a_user_that_is_killed_does_not_keep_it_for_ever(cluster: Cluster) -> None:
    user = python(
        "import time\nwith Cluster(Path(sys.argv[1])).running(): print('in', flush=True); time.sleep(60)",
        cluster.checkout,
    )
    wait_for("in", user)
    user.kill()
    user.communicate()
    with cluster.running():
        assert value(cluster, "SELECT 1") == 1
    assert processes(cluster) == []


@pytest.mark.long
def test_it_is_not_removed_from_under_a_user(cluster: Cluster) -> None:
    with cluster.running():
        with pytest.raises(EmbeddedError, match="in use"):
            Cluster(cluster.checkout).remove()
        assert value(cluster, "SELECT 1") == 1


@pytest.mark.long
def test_a_planted_socket_folder_is_refused(cluster: Cluster, folder: Path) -> None:
    # Anybody may write in the shared folder: who makes ours first could read what goes through it.
    (folder / "trap").mkdir()
    cluster.sockets.symlink_to(folder / "trap")
    try:
        with pytest.raises(EmbeddedError, match="belongs to another account"):
            cluster.start()
    finally:
        cluster.sockets.unlink()


# --- the demo ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """A checkout of its own, so that nobody's demo is disturbed; what is installed is shared."""
    path = Path(tempfile.mkdtemp(prefix="checkout-"))
    path.chmod(0o755)
    for name in ("config", "geo", "participation", "siting", "templates", "data", "manage.py"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, path / name)
    (path / "var").mkdir()
    for name in (".venv", "var/vendor", "var/static"):
        (path / name).symlink_to(ROOT / name)
    yield path
    Cluster(path).remove()
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def demo(copy: Path, port: int, *before: str) -> subprocess.Popen[str]:
    """Start the demo as `make demo` does."""
    environment = {name: text for name, text in os.environ.items() if name not in {"DATABASE_URL", "MAKELEVEL"}}
    return subprocess.Popen(
        [*before, str(copy / ".venv/bin/python"), "-m", "config.run", "demo"],
        cwd=copy,
        env={**environment, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def is_free(port: int) -> bool:
    """Does nobody listen on the port any more?"""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def status_of(port: int, path: str) -> int:
    """The status of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def body_of(port: int, path: str) -> str:
    """What one answer says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read().decode()


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(other, marks=pytest.mark.long) for other in (signal.SIGINT, signal.SIGHUP))],
)
def test_the_demo_ends_cleanly(copy: Path, port: int, number: signal.Signals) -> None:
    # When it fails, the port stays taken or a postgres stays behind; the control is the answer before the end.
    running = demo(copy, port)
    try:
        wait_for("Ctrl-C ends it", running)
        # The second line would say that the server could change votes, or lose confirmed ones.
        assert body_of(port, "/readyz") == "ready\n"
        assert status_of(port, "/") == http.HTTPStatus.OK
        running.send_signal(number)
        assert running.wait(30) == 0
    finally:
        running.kill()
        running.communicate()
    assert is_free(port)
    assert processes(Cluster(copy)) == []


@pytest.mark.long
@pytest.mark.alone
def test_a_second_start_takes_less_than_ten_seconds(copy: Path, port: int) -> None:
    # The first start makes the database; of the later ones the quickest counts, as others use the machine too.
    seconds: list[float] = []
    while len(seconds) < 4 and min(seconds[1:], default=10.0) >= 10:
        began = time.monotonic()
        running = demo(copy, port)
        wait_for("Ctrl-C ends it", running)
        seconds.append(time.monotonic() - began)
        running.terminate()
        running.communicate()
    assert min(seconds[1:]) < 10


def test_a_dead_server_is_told_and_cleared_away(copy: Path, port: int) -> None:
    running = demo(copy, port)
    wait_for("Ctrl-C ends it", running)
    listed = subprocess.run(["ps", "-wweo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    servers = [int(line.split()[0]) for line in listed.splitlines() if f"--port {port} " in line]
    assert servers
    kill_9(servers)
    told, _ = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "Kiesplek: The server ended by itself" in told
    assert is_free(port)
    assert processes(Cluster(copy)) == []


def test_a_taken_port_is_told_before_anything_starts(copy: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = demo(copy, taken.getsockname()[1])
        told, _ = running.communicate(timeout=30)
    assert running.returncode == 1
    assert told.count("\n") == 1
    assert "choose another" in told
