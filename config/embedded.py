"""The private PostgreSQL of a checkout: made, started, shared and stopped. Knows no Django."""

import argparse
import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn, TextIO

ROOT = Path(__file__).resolve().parent.parent

Purpose = Literal["main", "test"]

# Where Debian and Ubuntu keep a server's programs and the control files of its extensions.
PROGRAMS = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")

# PostgreSQL refuses to run as root, so root lends it this account.
ACCOUNT = "postgres"

# Who owns the databases of a cluster, and as whom the server connects (manage.py web_role).
OWNER = "postgres"
WEB_ROLE = "kiesplek_web"

# Where the socket folders stand; anybody may write here, so owner and kind of a folder are checked first.
SHARED = Path("/tmp")  # noqa: S108

# Recovery after a crash may replay a lot; the processes of a killed server are gone within seconds.
START_SECONDS = 300
STOP_SECONDS = 30

# Given on the command line, where neither a configuration file nor ALTER SYSTEM can weaken them.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
FLEETING = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Off on the server too (config/settings.py): compiling takes longer than any question of the tests.
    "jit": "off",
    # Two processes test at once, and each may let fifty threads and a server of its own at the database.
    "max_connections": "300",
}


class EmbeddedError(Exception):
    """The private database cannot do what was asked; the text is one sentence with its remedy."""


class Cluster:
    """One private PostgreSQL cluster of one checkout and one account.

    Its files lie in ``var/`` of the checkout, or, where the account that runs it cannot use that folder (a
    closed parent folder, a file system without owners), below ``/var/lib/kiesplek`` for root and
    ``~/.local/state/kiesplek`` for anybody else.
    """

    def __init__(self, checkout: Path = ROOT, *, purpose: Purpose = "main") -> None:
        self.checkout = checkout.resolve()
        self.purpose = purpose
        # The account is part of the key: root and a user each have their own cluster of one checkout.
        mark = os.fsencode(f"{os.getuid()}:") + os.fsencode(self.checkout)
        self.key = hashlib.sha256(mark).hexdigest()[:8]
        self.name = f"kiesplek-{purpose}-{self.key}"
        # Short, because a socket's path may hold 107 bytes, and the checkout's path alone may be longer.
        self.sockets = SHARED / f"kiesplek-{os.getuid()}-{self.key}{'-test' if purpose == 'test' else ''}"

    def url(self, database: str = "kiesplek", *, user: str = OWNER) -> str:
        """Where the database is found once the cluster runs; starts nothing. Its socket lets any role in."""
        return f"postgresql://{user}@/{database}?host={self.sockets}"

    def is_running(self) -> bool:
        """Is the server of this cluster alive and ready?"""
        home = self._existing_home()
        return home is not None and self._is_ready(home / "data")

    def start(self) -> None:
        """Start the server, and keep it until ``stop``.

        Locks    the cluster's start lock, so that two starts at once make one server.
        Raises   EmbeddedError.
        """
        home = self._home()
        with _lock(home / "start.lock"):
            self._start(home)
            (home / "kept").touch()

    def stop(self) -> None:
        """Stop the server and wait until none of its processes is left."""
        home = self._existing_home()
        if home is not None:
            with _lock(home / "start.lock"):
                (home / "kept").unlink(missing_ok=True)
                self._stop(home)

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Use the cluster: started when needed; the last user out stops it, unless ``start`` keeps it.

        Locks    a shared lock for the time of use: the kernel drops it also when the user is killed.
        Raises   EmbeddedError.
        """
        home = self._home()
        with _end_on_signals(), (home / "users.lock").open("a") as users:
            try:
                with _lock(home / "start.lock"):
                    fcntl.flock(users, fcntl.LOCK_SH)
                    self._start(home)
                yield self.url()
            finally:
                with _lock(home / "start.lock"):
                    if _is_last(users) and not (home / "kept").exists():
                        self._stop(home)

    def remove(self) -> None:
        """Forget the cluster and all that is in it.

        Raises   EmbeddedError when somebody uses it.
        """
        home = self._existing_home()
        if home is None:
            return
        with _lock(home / "start.lock"):
            with (home / "users.lock").open("a") as users:
                if not _is_last(users):
                    raise EmbeddedError("The database is in use: end the demo (Ctrl-C) and try again.")
            self._stop(home)
            shutil.rmtree(home)
        with contextlib.suppress(OSError):
            home.parent.rmdir()  # outside the checkout it held nothing else

    # Where the files lie

    def _places(self) -> list[Path]:
        own = Path("/var/lib") if os.getuid() == 0 else Path.home() / ".local/state"
        folder = "postgres" if self.purpose == "main" else "postgres-test"
        return [self.checkout / "var" / folder, own / "kiesplek" / self.key / folder]

    def _existing_home(self) -> Path | None:
        return next((place for place in self._places() if (place / "data").is_dir() and _usable(place)), None)

    def _home(self) -> Path:
        for place in self._places():
            # Root's mask may be closed, and PostgreSQL's account has to pass through to its folder.
            for parent in (place.parent.parent, place.parent):
                with contextlib.suppress(OSError):
                    parent.mkdir(parents=True)
                    parent.chmod(0o755)
            with contextlib.suppress(OSError, EmbeddedError):
                _own(place)
                if _usable(place):
                    return place
                place.rmdir()
        raise EmbeddedError(
            f"No place for the database: account {_account().pw_name} can use none of"
            f" {' and '.join(map(str, self._places()))}; give it one of them, or set DATABASE_URL."
        )

    # Everything below runs under the start lock

    def _start(self, home: Path) -> None:
        data = home / "data"
        if self._is_ready(data):
            return
        # A killed server's children end by themselves; a server on its way up or down needs its time.
        _wait_until(lambda: self._is_ready(data) or not self._processes(), START_SECONDS)
        if self._is_ready(data):
            return
        if _answers(self.sockets):
            raise EmbeddedError(f"Another PostgreSQL answers in {self.sockets}: end it and try again.")
        # No process of this cluster lives, so what is left in these two places is stale. PostgreSQL itself
        # would refuse to start when the old process number belongs to some other program by now.
        shutil.rmtree(self.sockets, ignore_errors=True)
        (data / "postmaster.pid").unlink(missing_ok=True)
        _own(self.sockets)
        programs = _programs(data)
        if not data.is_dir():
            self._make(home, programs)
        log = home / "log"
        if log.exists():
            log.replace(home / "log.old")
        done = _run(
            [
                *(programs / "pg_ctl", "start", "--wait", f"--timeout={START_SECONDS}", "--silent"),
                # Relative paths, because pg_ctl hands them to a shell.
                *("--pgdata=data", "--log=log", f"--options={self._options()}"),
            ],
            folder=home,
        )
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL did not start: {_last_line(log, done.stderr)} (see {log})")

    def _options(self) -> str:
        settings = {
            "cluster_name": self.name,
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            **(DURABLE if self.purpose == "main" else FLEETING),
        }
        return " ".join(f"-c {name}='{value}'" for name, value in settings.items())

    def _make(self, home: Path, programs: Path) -> None:
        """Make the cluster beside its place and move it there whole, so that a kill leaves no half of one."""
        new = home / "new"
        shutil.rmtree(new, ignore_errors=True)
        quick = ["--no-sync"] if self.purpose == "test" else []
        initdb: list[Path | str] = [
            *(programs / "initdb", "--pgdata=new", f"--username={OWNER}", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", *quick),
        ]
        single: list[Path | str] = [programs / "postgres", "--single", "-D", "new", "postgres"]
        for arguments, text in ((initdb, ""), (single, "CREATE DATABASE kiesplek\n")):
            done = _run(arguments, folder=home, text=text)
            if done.returncode:
                shutil.rmtree(new, ignore_errors=True)
                raise EmbeddedError(f"No database could be made in {home}: {_last_line(None, done.stderr)}")
        new.rename(home / "data")

    def _stop(self, home: Path) -> None:
        data = home / "data"
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, by force
            postmaster = _postmaster(data)
            processes = self._processes()
            for process in [postmaster] if postmaster in processes else processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, how)
            if _wait_until(lambda: not self._processes(), STOP_SECONDS):
                break
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _is_ready(self, data: Path) -> bool:
        return _postmaster(data) in self._processes() and _status(data) == "ready"

    def _processes(self) -> set[int]:
        """Which processes belong to this cluster? Its name stands in the title of each, for all to read."""
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if (
                        self.name.encode() in (entry / "cmdline").read_bytes()
                        and (entry / "comm").read_text() == "postgres\n"
                    ):
                        found.add(int(entry.name))
        return found


def main() -> Cluster:
    """The cluster of this checkout, durable."""
    return Cluster()


def testing() -> Cluster:
    """The cluster for this checkout's tests: quick, and nothing in it survives a crash."""
    return Cluster(purpose="test")


def url(database: str = "kiesplek") -> str:
    """Where this checkout's database is found once it runs; starts nothing."""
    return main().url(database)


def is_running() -> bool:
    """Is this checkout's database alive and ready?"""
    return main().is_running()


def start() -> None:
    """Start this checkout's database, and keep it until ``stop``."""
    main().start()


def stop() -> None:
    """Stop this checkout's database."""
    main().stop()


def running() -> contextlib.AbstractContextManager[str]:
    """Use this checkout's database, and leave it as it was found."""
    return main().running()


def _lock(path: Path) -> TextIO:
    file = path.open("a")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _is_last(users: TextIO) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _end_on_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal pass through ``finally``, which Python's default skips."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    changed = []
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            with contextlib.suppress(ValueError):  # not the main thread: the signals are somebody else's
                signal.signal(number, end)
                changed.append(number)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _account() -> pwd.struct_passwd:
    """The account that runs the database: oneself, or for root the one that PostgreSQL's packages make."""
    try:
        return pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL needs an account with a name: add {os.getuid() or ACCOUNT} with useradd."
        ) from None


def _run(arguments: Sequence[Path | str], *, folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL under its own account, away from the terminal's Ctrl-C."""
    account = _account()
    lend = os.getuid() == 0
    return subprocess.run(  # noqa: S603 (programs of the distribution, by full path)
        arguments,
        cwd=folder,
        input=text,
        text=True,
        errors="replace",
        capture_output=True,
        start_new_session=True,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": account.pw_dir},
        user=account.pw_uid if lend else None,
        group=account.pw_gid if lend else None,
        extra_groups=[] if lend else None,
        umask=0o077,
    )


def _own(folder: Path) -> None:
    """Make a folder that only the database's account can enter.

    Raises   EmbeddedError when somebody else made it: in a shared place that may be a trap.
    """
    account = _account()
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), account.pw_uid}:
        raise EmbeddedError(f"{folder} belongs to another account: remove it and try again.")
    folder.chmod(0o700)
    if found.st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)


def _usable(folder: Path) -> bool:
    """Can the database's account work in this folder, and does the file system keep owner and mode?"""
    try:
        done = _run(["/bin/sh", "-c", 'test -O "$0" && test -r "$0" && test -w "$0"', folder], folder=Path("/"))
        return not done.returncode and stat.S_IMODE(folder.stat().st_mode) == 0o700
    except OSError:
        return False


def _programs(data: Path) -> Path:
    """The server's programs: of the version that made the data, else of the newest that has PostGIS."""
    versions = installed()
    with contextlib.suppress(FileNotFoundError):
        version = int((data / "PG_VERSION").read_text())
        if version not in versions:
            raise EmbeddedError(
                f"The data in {data} was made by PostgreSQL {version}: install postgresql-{version} and"
                f" postgresql-{version}-postgis-3, or forget the data with 'make reset'."
            )
        return PROGRAMS / str(version) / "bin"
    if not versions:
        raise EmbeddedError(
            "PostgreSQL with PostGIS is missing: run 'make setup' as root or with sudo, or set DATABASE_URL."
        )
    return PROGRAMS / str(max(versions)) / "bin"


def installed() -> set[int]:
    """Which versions of PostgreSQL are installed together with PostGIS?"""
    return {
        int(folder.name)
        for folder in PROGRAMS.glob("[0-9]*")
        if (folder / "bin/initdb").exists() and (EXTENSIONS / folder.name / "extension/postgis.control").exists()
    }


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _postmaster(data: Path) -> int | None:
    lines = _pid_file(data)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def _status(data: Path) -> str:
    lines = _pid_file(data)
    return lines[7].strip() if len(lines) > 7 else ""  # the eighth line


def _answers(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(sockets / ".s.PGSQL.5432"))
        except OSError:
            return False
    return True


def _wait_until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _last_line(log: Path | None, otherwise: str) -> str:
    lines = log.read_text(errors="replace").splitlines() if log and log.exists() else otherwise.splitlines()
    told = [line for line in lines if re.search(r"FATAL|error", line)] or lines
    return told[-1].strip() if told else "it gave no reason"


def _command_line() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("act", choices=["start", "stop", "status", "url"])
    parser.add_argument("--test", action="store_true", help="the cluster of the tests")
    given = parser.parse_args()
    cluster = testing() if given.test else main()
    try:
        match given.act:
            case "start":
                cluster.start()
            case "stop":
                cluster.stop()
            case "status":
                print("running" if cluster.is_running() else "not running")
            case _:
                print(cluster.url())
    except EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _command_line()
