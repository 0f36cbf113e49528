"""Has a stranger's PDF copied in a process apart, and hands over the copy."""

import json
import tempfile
from pathlib import Path
from threading import BoundedSemaphore

from geo.intake.documents.refused import Locked, Unreadable
from geo.intake.process import TookTooLong, run_apart

# Longer than its computing time (child.CPU_SECONDS): the machine may have others to serve.
WALL_SECONDS = 40
# So many are copied at a time for one process here, for the sake of the machine's memory.
_AT_ONCE = BoundedSemaphore(2)


def plain_pdf(content: bytes) -> bytes:
    """What is drawn on the pages of a PDF, as a PDF that holds nothing else (documents.copying).

    Raises   Locked, Unreadable.
    Cost     a process of its own, half a second before it begins; at most 1 GB and WALL_SECONDS.
    """
    with _AT_ONCE, tempfile.TemporaryDirectory(prefix="kiesplek-intake-") as job:
        folder = Path(job)
        (folder / "given.pdf").write_bytes(content)
        try:
            has_said = run_apart("geo.intake.documents.child", folder, wall_seconds=WALL_SECONDS)
        except TookTooLong as error:
            raise Unreadable from error
        why = json.loads((folder / "said.json").read_text())["why"] if has_said else "broken"
        if why:
            raise Locked if why == "locked" else Unreadable
        return (folder / "plain.pdf").read_bytes()
