"""Has a stranger's file read in a process apart, and hands over what it found."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from geo.formats.rows import Row, RowFault, UnreadableFile
from geo.intake.attributes import as_kind
from geo.intake.process import TookTooLong, run_apart

MAX_BYTES = 100 * 1024 * 1024
# Longer than its computing time (child.CPU_SECONDS): the machine may have others to serve.
WALL_SECONDS = 120
OPERATOR_WALL_SECONDS = 1200
# The formats whose readers are in GDAL; all others of GDAL's are not even there in the process apart.
DRIVERS = ("GeoJSON", "GPKG", "ESRI Shapefile", "FlatGeobuf", "LIBKML", "XLSX")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,10}", re.ASCII)
_MB = 1024 * 1024


class Taken(NamedTuple):
    """One feature: its number, its place in lon, lat or none, its attributes."""

    key: int
    geometry: BaseGeometry | None
    attributes: dict[str, object]


@dataclass(frozen=True)
class Reading:
    """What a file holds. ``needs`` is "layer" or "crs" when one must be chosen first; then there are no features."""

    needs: str
    layers: tuple[str, ...]
    layer: str
    crs_in_file: str | None
    crs: str
    counts: dict[str, int]
    faults: dict[str, int]
    examples: tuple[tuple[int, RowFault], ...]
    types: dict[str, int]
    attributes: tuple[dict[str, Any], ...]
    walls: dict[str, bool]
    rows: Path
    refused: Path

    def features(self) -> Iterator[Taken]:
        """The features in the order of the file; only while the reading is open."""
        kinds = {attribute["name"]: attribute["kind"] for attribute in self.attributes}
        with self.rows.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if "f" in row:
                    continue
                place = shapely.from_wkb(row["g"]) if row["g"] else None
                yield Taken(row["k"], place, {name: as_kind(value, kinds[name]) for name, value in row["p"].items()})

    def every_row(self) -> Iterator[Row]:
        """All rows as the file has them, also those that cannot be taken; only of a reading ``every_row``."""
        return rows_in(self.rows)


def refused_in(path: Path) -> Iterator[tuple[int, RowFault]]:
    """The rows of a reading that could not be taken, by their line, whose ``refused`` was kept."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield row["l"], RowFault(row["f"], row["facts"])


def rows_in(path: Path) -> Iterator[Row]:
    """The rows of a reading ``every_row`` whose ``rows`` were kept."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            fault = RowFault(row["f"], row["facts"]) if "f" in row else None
            place = shapely.from_wkb(row["g"]) if row.get("g") else None
            yield Row(row["l"], row["p"], place, fault)


@contextmanager
def reading_of(
    path: Path,
    *,
    name: str,
    layer: str = "",
    crs: str = "",
    lon: str = "",
    lat: str = "",
    encoding: str = "",
    every_row: bool = False,
    needs_places: bool = True,
    as_it_stands: bool = False,
) -> Iterator[Reading]:
    """Read a file of this name: its layer, or the only one; in this plane, or the one it names itself; where a table
    does not say it in a usual way, its places by these columns.

    ``as_it_stands`` is for an operator who says on the command line what the file is: nothing is asked back, of several
    layers the first counts, there is no limit to the rows, and outlines are left as they are drawn.

    Raises   UnreadableFile.
    Cost     a process of its own, about a second before it begins; at most 1 GB and WALL_SECONDS.
    """
    # Only a plain file on this machine: no address, no device, no pipe.
    if not path.is_file():
        raise UnreadableFile("file.missing", name=path.name)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableFile("file.too_big", mb=-(-size // _MB), most=MAX_BYTES // _MB)
    ask = {"layer": layer, "crs": crs, "lon": lon, "lat": lat, "every_row": every_row, "needs_places": needs_places}
    ask |= {"encoding": encoding, "as_it_stands": as_it_stands}
    with tempfile.TemporaryDirectory(prefix="kiesplek-intake-") as job:
        folder = Path(job)
        file = _plain_name(name)
        shutil.copyfile(path, folder / file)
        (folder / "ask.json").write_text(json.dumps(ask | {"file": file}))
        _run(folder, OPERATOR_WALL_SECONDS if as_it_stands else WALL_SECONDS)
        yield _said(folder)


def _plain_name(name: str) -> str:
    """The name with nothing in it that a path, GDAL or a shell could take for something else."""
    bare = Path(name.replace("\\", "/")).name
    suffix = Path(bare).suffix.lower()
    stem = re.sub(r"[^\w-]", "_", Path(bare).stem)[:60] or "file"
    # Names of the process's own files.
    stem = f"{stem}_" if stem in {"ask", "said", "rows", "refused", "inside"} else stem
    return stem + (suffix if _SUFFIX.fullmatch(suffix) else "")


@lru_cache
def _skipped() -> str:
    return ",".join(sorted(set(pyogrio.list_drivers()) - set(DRIVERS)))


def _run(folder: Path, seconds: float) -> None:
    environment = {
        "GDAL_SKIP": _skipped(),
        "GDAL_DRIVER_PATH": "disable",
        "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
        "GDAL_HTTP_MAX_RETRY": "0",
        "PROJ_NETWORK": "OFF",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
    }
    try:
        has_said = run_apart("geo.intake.child", folder, wall_seconds=seconds, environment=environment)
    except TookTooLong as error:
        raise UnreadableFile("file.too_slow") from error
    if not has_said:
        raise UnreadableFile("file.crashed")


def _said(folder: Path) -> Reading:
    said = json.loads((folder / "said.json").read_text())
    if "code" in said:
        raise UnreadableFile(said["code"], **said["facts"])
    counts = {name: value for name, value in said.items() if name.startswith("n_")}
    return Reading(
        needs=said["needs"],
        layers=tuple(said["layers"]),
        layer=said.get("layer", ""),
        crs_in_file=said["crs_in_file"],
        crs=said.get("crs") or "",
        counts=counts,
        faults=said.get("faults", {}),
        examples=tuple((each["line"], RowFault(each["code"], each["facts"])) for each in said.get("examples", ())),
        types=said.get("types", {}),
        attributes=tuple(said.get("attributes", ())),
        walls=said["walls"],
        rows=folder / "rows.ndjson",
        refused=folder / "refused.ndjson",
    )
