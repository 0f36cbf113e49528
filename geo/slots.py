"""Bounds how much heavy reading one process does at a time, so that threads and processor stay free for ballots."""

import weakref
from collections.abc import Callable
from contextlib import ContextDecorator
from functools import wraps
from threading import BoundedSemaphore
from typing import ParamSpec

from django.http import FileResponse

from geo.problems import ServerBusy

P = ParamSpec("P")


class Slots(ContextDecorator):
    """So many readers at a time; ``with SLOTS:`` or ``@SLOTS`` takes one and gives it back, whatever happens.

    Nobody waits for a slot: who waited would hold the thread that a ballot needs.

    Raises   ServerBusy when all are taken.
    """

    def __init__(self, n: int) -> None:
        self._free = BoundedSemaphore(n)

    def __enter__(self) -> None:
        if not self._free.acquire(blocking=False):
            raise ServerBusy

    def __exit__(self, *_raised: object) -> None:
        self._free.release()

    def until_sent(self, answer: Callable[P, FileResponse]) -> Callable[P, FileResponse]:
        """Keep the slot until the file is sent or the line breaks: a slow reader too holds a thread of the server."""

        @wraps(answer)
        def within(*args: P.args, **kwargs: P.kwargs) -> FileResponse:
            self.__enter__()
            try:
                response = answer(*args, **kwargs)
                # Runs once: at the closing of the answer, or when a server forgets it without closing it.
                response._resource_closers.append(weakref.finalize(response, self.__exit__))  # type: ignore[attr-defined]
            except BaseException:
                self.__exit__()
                raise
            return response

        return within


# Together fewer than the threads of a process (config/run.py). A tile is the database's work, and a browser asks for
# six things of one host at once; features and files are written by Python, where each writer delays everyone else.
TILES = Slots(6)
FEATURES = Slots(2)
EXPORTS = Slots(1)
