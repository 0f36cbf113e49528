"""A worker is killed outright in the middle of a study: the page says so, nothing is half done, and it begins again.

The worker is a process of its own on the tests' database. A lock on the candidates holds it in the middle of its
work for as long as it takes to kill it.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from config.embedded import ROOT
from config.run import MANAGE
from participation.rules.refusals import Code, Refused
from participation.tasks import take_up_jobs
from siting.models import Study
from siting.selectors import runs
from siting.selectors.runs import SILENT, is_lost
from siting.services.running import queue_run
from siting.services.studies import start_study
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.roles import connected
from tests.integration import studies as stage

PATIENCE_SECONDS = 60


@contextlib.contextmanager
def worker(*options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker on the tests' database."""
    facts = connection.settings_dict
    where = {"host": facts["HOST"]} | ({"port": facts["PORT"]} if facts["PORT"] else {})
    url = f"postgresql://{quote(facts['USER'])}:{quote(facts['PASSWORD'])}@/{facts['NAME']}?{urlencode(where)}"
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *MANAGE, "procrastinate", "worker", "--concurrency", "1", *options],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "KIESPLEK_DEMO": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(PATIENCE_SECONDS * 20):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it does not come to that")


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_a_run_that_says_so_and_begins_again(
    cast: Cast, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.candidates_at_pins(cast)
    study = stage.study(cast)
    planner = Client()
    planner.force_login(cast["Piet"])
    page = reverse("desk_study", args=("laden", study.number))

    def state() -> str:
        study.refresh_from_db()
        return str(study.state)

    start_study(study=study, by=None, now=datetime.now(UTC))
    with connected(as_owner=True) as held:
        held.execute("LOCK TABLE siting_candidate IN ACCESS EXCLUSIVE MODE")
        with worker() as process:
            until(lambda: state() == Study.State.RUNNING)
            alive = datetime.now(UTC)
            # While its worker lives nobody takes it away, however long it says nothing.
            assert not is_lost(study, now=alive + SILENT / 2)
            with pytest.raises(Refused) as refused:
                queue_run(study, runs.RUN_STUDY, now=alive)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        held.rollback()
    later = datetime.now(UTC) + SILENT
    assert (state(), study.result) == (Study.State.RUNNING, None)
    assert is_lost(study, now=later)
    assert ProcrastinateJob.objects.get(task_name=runs.RUN_STUDY).status == "doing"

    monkeypatch.setattr("siting.web.studies.now", lambda: later)
    shown = planner.get(page)
    assert shown.context["is_lost"]
    assert 'value="start"' in shown.content.decode()
    assert planner.get(reverse("desk_study_progress", args=("laden", study.number)))["HX-Refresh"] == "true"
    answer = planner.post(reverse("desk_study_act", args=("laden", study.number)), {"act": "start"})
    assert (answer.status_code, state()) == (302, Study.State.QUEUED)
    # It waits for a worker now: that there is none yet loses nothing.
    assert not is_lost(study, now=later + 2 * SILENT)
    with worker("--one-shot"):
        until(lambda: state() == Study.State.DONE)
    tell(
        "lost_run",
        attempts=1,
        violations=int(study.result is None),
        control_violations=int(refused.value.code is Code.STUDY_RUNNING),
    )


@pytest.mark.django_db(transaction=True)
def test_the_job_of_a_killed_worker_is_taken_up(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        (worker,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, lock, worker_id)"
            " VALUES ('default', 'none', 'doing', 'a lock', %s) RETURNING id",
            [worker],
        )
        (job,) = cursor.fetchone()

        def stands() -> str:
            async_to_sync(take_up_jobs.func)(0)
            cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
            return str(cursor.fetchone()[0])

        assert stands() == "doing", "its worker lives"
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        assert stands() == "todo"
