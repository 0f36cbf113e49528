"""What the private database promises before anything runs."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from config import embedded
from config.embedded import ROOT, Cluster, EmbeddedError

# The kernel's limit for the path of a unix socket (sun_path holds 108 bytes with its final zero).
SOCKET_PATH_BYTES = 107


def test_the_address_is_known_without_starting_anything(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    parts = urlsplit(cluster.url("other"))
    assert (parts.scheme, parts.username, parts.path) == ("postgresql", "postgres", "/other")
    assert parse_qs(parts.query) == {"host": [str(cluster.sockets)]}
    assert list(tmp_path.iterdir()) == []
    assert not cluster.is_running()


def test_the_socket_path_is_short_wherever_the_checkout_lies() -> None:
    for checkout in (Path("/"), Path("/" + "long/" * 500), ROOT):
        for cluster in (Cluster(checkout), Cluster(checkout, purpose="test")):
            assert len(os.fsencode(cluster.sockets / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES


def test_no_two_clusters_share_a_name_or_a_socket(tmp_path: Path) -> None:
    clusters = [
        Cluster(checkout, purpose=purpose)
        for checkout in (tmp_path / "a", tmp_path / "b", tmp_path)
        for purpose in ("main", "test")
    ]
    assert len({cluster.sockets for cluster in clusters}) == len(clusters)
    names = [cluster.name for cluster in clusters]
    # Processes are found by the name they carry, so none may be part of another.
    assert not [(one, two) for one in names for two in names if one != two and one in two]


def test_it_knows_no_django() -> None:
    code = "import config.embedded, config.run, sys; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_missing_postgresql_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PROGRAMS", tmp_path / "nothing")
    with pytest.raises(EmbeddedError, match="PostgreSQL with PostGIS is missing: run 'make setup'"):
        embedded._programs(tmp_path / "data")


def test_data_of_a_version_that_is_gone_are_told_with_the_remedy(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="install postgresql-9 and postgresql-9-postgis-3"):
        embedded._programs(data)


def test_the_newest_version_with_postgis_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PROGRAMS", tmp_path / "lib")
    monkeypatch.setattr(embedded, "EXTENSIONS", tmp_path / "share")
    for version, has_postgis in (("9", True), ("15", True), ("17", True), ("18", False)):
        (tmp_path / "lib" / version / "bin").mkdir(parents=True)
        (tmp_path / "lib" / version / "bin/initdb").touch()
        (tmp_path / "share" / version / "extension").mkdir(parents=True)
        if has_postgis:
            (tmp_path / "share" / version / "extension/postgis.control").touch()
    assert embedded._programs(tmp_path / "data") == tmp_path / "lib/17/bin"
