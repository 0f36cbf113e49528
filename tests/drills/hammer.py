"""Many threads that do the same at the same moment, and a database with chosen constraints taken away for a control."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")

N_THREADS = 50
# A thread that comes this late never comes: better to fail than to hang.
PATIENCE_SECONDS = 120


def hammer(n_rounds: int, act: Callable[[int, int], T], *, n_threads: int = N_THREADS) -> list[list[T | Exception]]:
    """Let every thread do ``act(round, thread)`` at the same moment, round after round; each has its own connection.

    Order    answers by round, then by thread; what was raised stands where the answer would.
    """
    barrier = threading.Barrier(n_threads)
    answers: list[list[T | Exception]] = [[RuntimeError("never came to it")] * n_threads for _ in range(n_rounds)]

    def run(thread: int) -> None:
        try:
            connection.ensure_connection()
            for at in range(n_rounds):
                barrier.wait(PATIENCE_SECONDS)
                try:
                    answers[at][thread] = act(at, thread)
                except Exception as error:
                    answers[at][thread] = error
        except BaseException:
            barrier.abort()  # the others must not wait for one that is gone
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def rows(statement: str, *values: int | str) -> list[tuple[Any, ...]]:
    """Ask the database directly, past all code that is being tested."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def number(statement: str, *values: int | str) -> int:
    """The one whole number that a statement gives."""
    ((found,),) = rows(statement, *values)
    assert isinstance(found, int)
    return found


def execute(statement: str) -> None:
    """Do something to the database directly."""
    with connection.cursor() as cursor:
        cursor.execute(statement, None)


def constraints(table: str) -> dict[str, str]:
    """The constraints of a table and what they say."""
    found = rows(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY conname",
        table,
    )
    return {str(name): str(definition) for name, definition in found}


@contextmanager
def without_trigger(table: str, *names: str) -> Iterator[None]:
    """Switch triggers off, for everybody, to see what holds without them."""
    for name in names:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    try:
        yield
    finally:
        for name in names:
            execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


@contextmanager
def without(table: str, *names: str) -> Iterator[None]:
    """Take constraints away for a control; what was written without them is thrown away before they come back."""
    before = constraints(table)
    for name in names:
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        execute(f"TRUNCATE {table} CASCADE")
        for name in names:
            execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {before[name]}")
        assert constraints(table) == before


@contextmanager
def casting_otherwise(*changes: tuple[str, str]) -> Iterator[None]:
    """Change, for everybody, how the database casts a ballot, to see what would go wrong."""
    ((real,),) = rows("SELECT pg_get_functiondef('participation_cast'::regproc)")
    text = str(real)
    for old, new in changes:
        assert old in text, "the function is no longer the one this control was written for"
        text = text.replace(old, new)
    execute(text)
    try:
        yield
    finally:
        execute(str(real))
