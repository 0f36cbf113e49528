"""Bounds how long the database works for somebody, and does again what two acts got in each other's way at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, QueryCanceled

Given = ParamSpec("Given")
Made = TypeVar("Made")
SET = "set_config('statement_timeout', %s, true)"


class PatienceError(Exception):
    """The database was stopped: it needed longer than it had."""


@contextmanager
def at_most(milliseconds: int) -> Iterator[None]:
    """Stop each statement that works longer; what was set before holds again afterwards.

    Raises PatienceError.
    """
    try:
        within = connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT current_setting('statement_timeout'), {SET}", [f"{milliseconds}ms"])
            before, _now = cursor.fetchone() or ("0", "")
            yield
            if within:  # otherwise the transaction ends here, and the setting with it
                cursor.execute(f"SELECT {SET}", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise PatienceError from error
        raise


def again_after_deadlock(act: Callable[Given, Made]) -> Callable[Given, Made]:
    """Do an act in a transaction; when the database ended it because two waited for each other, once more."""

    @wraps(act)
    def done(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            with transaction.atomic():
                return act(*args, **kwargs)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
        # Inside somebody else's transaction a deadlock ended that one too, and this raises again.
        with transaction.atomic():
            return act(*args, **kwargs)

    return done
