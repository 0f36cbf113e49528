"""Takes the one file of places, or the parts of Shapefiles, out of a zip file; nothing else comes out of it."""

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from geo.formats.rows import UnreadableFile

MOST_MEMBERS = 200
# Counted while it is written: what a zip says about itself is a stranger's word.
MOST_BYTES = 500 * 1024 * 1024
_PIECE = 1 << 20
_MB = 1024 * 1024

BESIDE = "columns.csv"
_SHAPE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_WHOLE = {".gpkg", ".fgb", ".geojson", ".json", ".csv", ".tsv", ".kml", ".parquet"}
_NESTED = {".zip", ".gz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".tgz", ".kmz"}


def is_zip(path: Path) -> bool:
    """Does this file begin as a zip file does?"""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def unpack(path: Path, folder: Path) -> list[Path]:
    """The files of places in a zip: the .shp of each Shapefile, or the one other file; put into ``folder``, flat.

    Raises   UnreadableFile: file.zip_unsafe (a name that leads out, a link, a zip in the zip), file.zip_too_big,
             file.zip_nothing, file.zip_broken.
    """
    try:
        with ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MOST_MEMBERS:
                raise UnreadableFile("file.zip_too_many", n=len(members), most=MOST_MEMBERS)
            for member in members:
                _look(member)
            return _taken(archive, members, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError) as error:
        raise UnreadableFile("file.zip_broken") from error
    except OSError as error:
        raise UnreadableFile("file.zip_broken") from error


def _look(member: ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    leads_out = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if is_link or leads_out or "\0" in name or path.suffix.lower() in _NESTED:
        raise UnreadableFile("file.zip_unsafe", name=name[:100])


def _taken(archive: ZipFile, members: list[ZipInfo], folder: Path) -> list[Path]:
    left = MOST_BYTES
    shapes: list[Path] = []
    others: list[Path] = []
    names: set[str] = set()
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        suffix = path.suffix.lower()
        if suffix not in _SHAPE_PARTS | _WHOLE or path.name.startswith(".") or "__MACOSX" in path.parts:
            continue
        # What lies beside the Shapefiles that are written here.
        if path.name == BESIDE:
            continue
        name = re.sub(r"[^\w-]", "_", path.stem)[:60] + suffix
        if name in names:
            raise UnreadableFile("file.zip_unsafe", name=name)
        names.add(name)
        left = _write(archive, member, folder / name, left)
        if suffix in _WHOLE:
            others.append(folder / name)
        elif suffix == ".shp":
            shapes.append(folder / name)
    if (shapes and others) or len(others) > 1:
        raise UnreadableFile("file.zip_several", names=", ".join(sorted(names))[:200])
    if not shapes and not others:
        raise UnreadableFile("file.zip_nothing")
    return sorted(shapes) or others


def _write(archive: ZipFile, member: ZipInfo, path: Path, left: int) -> int:
    with archive.open(member) as source, path.open("xb") as target:
        while piece := source.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise UnreadableFile("file.zip_too_big", most=MOST_BYTES // _MB)
            target.write(piece)
    return left
