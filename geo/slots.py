"""Bounds how much heavy reading one process does at a time, so that threads and processor stay free for ballots."""

from contextlib import ContextDecorator
from threading import BoundedSemaphore

from geo.problems import ServerBusy


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


# Together fewer than the threads of a process (config/run.py). A tile is the database's work, and a browser asks for
# six things of one host at once; features and files are written by Python, where each writer delays everyone else.
TILES = Slots(6)
FEATURES = Slots(2)
EXPORTS = Slots(1)
