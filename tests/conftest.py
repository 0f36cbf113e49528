"""Fixtures every storey shares."""

import fcntl
import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from config.embedded import ROOT
from tests import databases
from tests.cast import Cast, assemble

# scikit-learn, our oracle for clusters, counts cores by asking the machine, and warns where it cannot be asked.
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "2")

# Between two tests that commit: Django's own truncates every table and writes every permission anew.
TransactionTestCase._fixture_teardown = databases.empty  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def migrated(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of an empty database in which every migration ran, to be copied."""
    with django_db_blocker.unblock(), databases.migrated() as name:
        yield name


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, migrated: str) -> None:
    """Let the database of this process begin as a copy: the migrations take longer than most files of tests."""
    databases.begin_as(migrated)


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast, on an empty stage."""
    return assemble()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``make drills`` ask for the full length."""
    parser.addoption("--long", action="store_true", help="run drills at their full length")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked as long to ``make drills``, and walk through the site when all else is done.

    A browser that was opened keeps an event loop in its process, and a walk settings of its own.
    """
    items.sort(key=lambda item: "journeys" in item.path.parts)
    if not config.getoption("--long"):
        left = [item for item in items if item.get_closest_marker("long")]
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if item not in set(left)]


def pytest_collection_finish() -> None:
    """Look for cycles less often, and no more among what was loaded by now: that took a tenth of all the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test that takes the time (mark ``alone``) have the machine to itself: the other processes wait for it.

    Locks    the room, shared with others or not; whoever waits for it holds the door, so that nobody slips past.
    """
    way = fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH
    with Path(ROOT, "var/tests-room.lock").open("w") as room:
        with Path(ROOT, "var/tests-door.lock").open("w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(room, way)
        return (yield)


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Is the full length asked for?"""
    return bool(request.config.getoption("--long"))
