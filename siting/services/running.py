"""Begins, stops and ends what is computed in the background, so that nothing is ever half done.

A run is claimed by one worker with one statement, says how far it is with one statement that also learns whether it
should stop, and is done with one statement that writes the whole result.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from participation.rules.refusals import Code, Refused
from siting.models import Scenario, Study
from siting.rules.stamps import digest
from siting.selectors.runs import is_lost

Clock = Callable[[], datetime]
AnyRun = Study | Scenario
WHOLE = 100


class Stopped(Exception):  # noqa: N818 -- somebody asked for it
    """The run was stopped, or taken over, while it was computed."""


class Impossible(Exception):  # noqa: N818 -- an answer about what was asked
    """There is no outcome, because of ``code``; ``facts`` fill its sentence (siting/web/words.py)."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def queue_run(run: AnyRun, task: str, *, now: datetime) -> None:
    """Put a run in the queue, in the transaction of whoever asks.

    Locks    the run's row.
    Refuses  study.running while it waits, or is computed by a worker that lives.
    """
    model = type(run)
    with transaction.atomic():
        held = model._base_manager.select_for_update().get(pk=run.pk)
        if held.is_under_way and not is_lost(held, now=now):
            raise Refused(Code.STUDY_RUNNING)
        held.state, held.progress, held.told_at = model.State.QUEUED, 0, now
        held.result, held.result_hash, held.failure = None, "", None
        held.started_at = held.finished_at = None
        held.save()
        app.configure_task(task).defer(pk=run.pk)
    run.refresh_from_db()


def stop_run(run: AnyRun, *, now: datetime) -> bool:
    """Stop a run that waits or is being computed; its worker notices with the next step and writes nothing."""
    rows = type(run)._base_manager.filter(pk=run.pk, state__in=[run.State.QUEUED, run.State.RUNNING])
    return bool(rows.update(state=run.State.STOPPED, told_at=now, finished_at=now))


def claim(model: type[AnyRun], pk: int, *, now: datetime) -> bool:
    """Take a run out of the queue; False when somebody else has, or it was stopped."""
    rows = model._base_manager.filter(pk=pk, state=model.State.QUEUED)
    return bool(rows.update(state=model.State.RUNNING, started_at=now, told_at=now, progress=0))


def teller(model: type[AnyRun], pk: int, *, clock: Clock) -> Callable[[float], None]:
    """Make what a computation calls to say how far it is, 0..1.

    Raises   Stopped, when the run is not this worker's any more.
    """
    began = _began(model, pk)

    def tell(share: float) -> None:
        rows = model._base_manager.filter(pk=pk, state=model.State.RUNNING, started_at=began)
        if not rows.update(progress=min(int(share * WHOLE), WHOLE - 1), told_at=clock()):
            raise Stopped

    return tell


def compute(
    model: type[AnyRun],
    pk: int,
    *,
    clock: Clock,
    work: Callable[[Callable[[float], None]], tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    """Compute a claimed run to its end: its stamp and result from ``work``, a reason why not, or nothing at all."""
    if not claim(model, pk, now=clock()):
        return
    tell = teller(model, pk, clock=clock)
    mine = model._base_manager.filter(pk=pk, state=model.State.RUNNING, started_at=_began(model, pk))
    try:
        stamp, result = work(tell)
    except Stopped:
        return
    except Impossible as why:
        failure = {"code": why.code, "facts": why.facts}
        mine.update(state=model.State.FAILED, failure=failure, finished_at=clock())
        return
    except Exception:
        mine.update(state=model.State.FAILED, failure={"code": "broken", "facts": {}}, finished_at=clock())
        raise
    mine.update(
        state=model.State.DONE,
        progress=WHOLE,
        stamp=stamp,
        stamp_hash=digest(stamp),
        result=result,
        result_hash=digest(result),
        finished_at=clock(),
    )


def _began(model: type[AnyRun], pk: int) -> datetime | None:
    return model._base_manager.values_list("started_at", flat=True).get(pk=pk)
