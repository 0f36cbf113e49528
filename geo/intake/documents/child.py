"""Copies one PDF of a stranger, in a process of its own: ``python -m geo.intake.documents.child FOLDER``.

In: FOLDER/given.pdf. Out: FOLDER/plain.pdf; and FOLDER/said.json {"why": "" | "locked" | "broken", "walls"}. Nothing
is said on stdout.
"""

import sys

from geo.intake import walls

if __name__ == "__main__":
    # Before anything starts a thread.
    HAS_NO_NETWORK = walls.leave_network()

import json
import logging
from pathlib import Path

import pypdf

import geo
from geo.intake.documents.copying import copied
from geo.intake.documents.refused import Locked

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 20
WRITTEN_BYTES = 256 * 1024 * 1024


def main(folder: Path) -> None:
    """Copy what was given, and say how it went."""
    logging.disable()
    walls.limit(more_memory_bytes=MEMORY_BYTES, cpu_seconds=CPU_SECONDS, file_bytes=WRITTEN_BYTES)
    packages = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.base_prefix).resolve(),
        Path(pypdf.__file__).parents[1],
    }
    own = Path(geo.__file__).parent
    files, connections = walls.only_these([*packages, own, Path("/usr/lib"), Path("/lib"), Path("/lib64")], folder)
    try:
        (folder / "plain.pdf").write_bytes(copied((folder / "given.pdf").read_bytes()))
        why = ""
    except Locked:
        why = "locked"
    except Exception:  # a stranger's file may raise anything in its reader; all of it says the same
        why = "broken"
    stand = {"network": HAS_NO_NETWORK, "files": files, "connections": connections}
    (folder / "said.json").write_text(json.dumps({"why": why, "walls": stand}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
