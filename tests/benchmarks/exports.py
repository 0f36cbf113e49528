"""How long a file of a million rows takes and how much memory, against geopandas; both sides in processes of their own.

After the tiles: the project with a million pins is there already.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from config import embedded

PROJECT = "million"
FORMATS = ("csv", "geojson", "gpkg", "parquet")
ROUNDS = 5
WALL, MEMORY_MB = 0.7, 400
_KB = 1024


class Figures(NamedTuple):
    """One promise: ours, the peer or the limit, and their ratio, in the order a row of the benchmarks has."""

    name: str
    ours: float
    peer: float
    ratio: float
    goal: float
    sense: Literal[">=", "<="]


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def cost(side: str, format_name: str, folder: Path, project: str) -> Cost:
    """Write one file in a process that measures itself."""
    path = folder / f"{side}.{format_name}"
    path.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.export_side", side, project, format_name, str(path)],
        cwd=embedded.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not path.stat().st_size:
        raise SystemExit(f"{side} wrote no {format_name}: {done.stderr[-1000:]}")
    seconds, cpu_seconds, peak_kb = map(float, done.stdout.split()[-3:])
    return Cost(seconds, cpu_seconds, peak_kb / _KB)


def rows(*, project: str = PROJECT, rounds: int = ROUNDS, note: Callable[[str], None]) -> Iterator[Figures]:
    """Measure all of it; seconds and megabytes."""
    with tempfile.TemporaryDirectory(prefix="bench-export-") as folder:
        for format_name in FORMATS:
            pairs = []
            for number in range(rounds):
                both = [cost(side, format_name, Path(folder), project) for side in ("ours", "peer")]
                pairs.append(both)
                told = "; ".join(
                    f"{each.seconds:.1f} s, {each.cpu_seconds:.1f} s cpu, {each.peak_mb:.0f} MB" for each in both
                )
                note(f"  export {format_name} round {number + 1}: {told}")
            mine, others = (list(side) for side in zip(*pairs, strict=True))
            yield Figures(
                f"export-{format_name}",
                statistics.median(each.seconds for each in mine),
                statistics.median(each.seconds for each in others),
                statistics.median(one.seconds / other.seconds for one, other in pairs),
                WALL,
                "<=",
            )
            peak = max(each.peak_mb for each in mine)
            yield Figures(f"export-{format_name}-MB", peak, MEMORY_MB, peak / MEMORY_MB, 1.0, "<=")
