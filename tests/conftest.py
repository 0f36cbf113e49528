"""Fixtures every storey shares."""

import fcntl
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from config.embedded import ROOT
from tests.cast import Cast, assemble

# scikit-learn, our oracle for clusters, counts cores by asking the machine, and warns where it cannot be asked.
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "2")


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
