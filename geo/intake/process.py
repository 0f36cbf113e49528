"""Starts a process apart for a stranger's file, and waits for it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
# How a killed process ends where its computing time was over: SIGXCPU, or SIGKILL after it.
_OUT_OF_TIME = {-24, -9}


class TookTooLong(Exception):  # noqa: N818 -- an answer about what was asked
    """The process took more time than it may have."""


def run_apart(module: str, folder: Path, *, wall_seconds: float, environment: Mapping[str, str] | None = None) -> bool:
    """Run a module of ours on a folder, knowing nothing of this process; has it said anything (``said.json``)?

    Raises   TookTooLong.
    """
    quiet = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen(  # noqa: S603 -- our own module, the folder is ours
        [sys.executable, "-m", module, str(folder)],
        cwd=ROOT,
        env=quiet | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            ended = process.wait(timeout=wall_seconds)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise TookTooLong from error
    if ended in _OUT_OF_TIME:
        raise TookTooLong
    return (folder / "said.json").is_file()
