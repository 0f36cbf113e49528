"""Opens a file of places, whatever of the known formats it is in."""

from collections.abc import Iterator
from pathlib import Path

from geo.formats import csv, geojson, gpkg
from geo.formats.rows import Row, RowFault, UnreadableFile
from geo.plane.crs import Crs, UnknownCrs, parse

__all__ = ["MAX_BYTES", "Row", "RowFault", "UnreadableFile", "read"]

MAX_BYTES = 100 * 1024 * 1024
_MB = 1024 * 1024
_JSON_SUFFIXES = {".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".geojsonseq"}


def read(
    path: Path | str,
    *,
    encoding: str | None = None,
    lon_field: str | None = None,
    lat_field: str | None = None,
    crs: Crs | str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Row]:
    """The rows of a CSV, TSV, GeoJSON or GeoPackage file, one by one; what it is, its content says.

    CRS      places come in lon, lat (EPSG:4326). ``crs`` says the plane of a file that does not, or overrules it.
    Raises   UnreadableFile, also when reading has begun: keep nothing of a file before its last row has come.
    """
    path = Path(path)
    # Only a plain file on this machine: no address, no device, no pipe.
    if not path.is_file():
        raise UnreadableFile("file.missing", name=path.name)
    size = path.stat().st_size
    if size > max_bytes:
        raise UnreadableFile("file.too_big", mb=-(-size // _MB), most=max_bytes // _MB)
    if size == 0:
        raise UnreadableFile("file.empty")
    try:
        plane = parse(crs) if isinstance(crs, str) else crs
    except UnknownCrs as error:
        raise UnreadableFile("file.crs_unknown", crs=crs) from error
    with path.open("rb") as file:
        start = file.read(512)
    if gpkg.is_geopackage(start):
        return gpkg.read(path.resolve(), crs=plane)
    if start.startswith((b"SQLite format 3", b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        raise UnreadableFile("file.format_unknown", name=path.name)
    bare = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\x1e \t\r\n")
    if path.suffix.lower() in _JSON_SUFFIXES or bare.startswith((b'{"', b"{ ", b"{\n", b"{\r", b"{\t", b"{}")):
        return geojson.read(path, encoding=encoding, crs=plane)
    if path.suffix.lower() == ".gpkg":
        raise UnreadableFile("file.not_gpkg")
    return csv.read(path, encoding=encoding, lon_field=lon_field, lat_field=lat_field, crs=plane)
