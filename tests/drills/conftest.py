"""How a drill says what it tried and found."""

import sys
from collections.abc import Callable
from typing import Protocol

import pytest


class Tell(Protocol):
    """Says the outcome of one drill in one line."""

    def __call__(self, drill: str, *, attempts: int, violations: int, control_violations: int, **more: object) -> None:
        """Write ``drill=limit attempts=100000 violations=0 control_violations=101`` and what else is worth saying."""


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Write to the terminal itself, past pytest's capturing: the figures of a drill are its result."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None

    def say(drill: str, *, attempts: int, violations: int, control_violations: int, **more: object) -> None:
        facts = {"attempts": attempts, "violations": violations, "control_violations": control_violations, **more}
        line = " ".join(f"{name}={value}" for name, value in facts.items())
        with capture.global_and_fixture_disabled():
            if reporter is None:
                # One of several processes that share the tests: only this way out is its own.
                print(f"drill={drill} {line}", file=sys.stderr, flush=True)
            else:
                reporter.ensure_newline()
                reporter.write_line(f"drill={drill} {line}")

    return say


@pytest.fixture
def rounds(long: bool) -> Callable[[int, int], int]:
    """Choose between the short and the full length of a drill."""
    return lambda short, full: full if long else short
