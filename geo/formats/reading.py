"""Opens a file of places, whatever of the known formats it is in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from geo.formats import csv, fgb, geojson, gpkg, kml, ocpi, parquet, shp, xlsx
from geo.formats.rows import Row, RowFault, UnreadableFile
from geo.plane.crs import CRS84, Crs, UnknownCrs, parse

__all__ = ["MAX_BYTES", "About", "Row", "RowFault", "UnreadableFile", "about", "read"]

MAX_BYTES = 100 * 1024 * 1024
_MB = 1024 * 1024
_JSON_SUFFIXES = {".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".geojsonseq"}
# Formats that have layers, and say themselves in which plane each is.
_LAYERED = (gpkg, fgb, shp, kml)
# Formats that are tables: which columns say where a row lies can be named.
_TABLES = (csv, parquet)
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: its layers (none where the format knows none), and the plane of the one asked for.

    ``crs`` is ``EPSG:n``, or the file's own words for a plane without a number; None where the file does not say.
    """

    layers: tuple[str, ...]
    crs: str | None


def about(path: Path, *, layer: str | None = None, lon_field: str | None = None, lat_field: str | None = None) -> About:
    """What does a file say of itself?

    Raises   UnreadableFile.
    """
    path, reader = _opened(path, MAX_BYTES)
    named = {"lon_field": lon_field, "lat_field": lat_field}
    if reader in _LAYERED:
        names = reader.layers(path)
        return About(tuple(names), reader.crs_of(path, _among(names, layer)))
    if reader is xlsx:
        names = xlsx.layers(path)
        # Which sheet is meant is asked first.
        crs = xlsx.crs_of(path, _among(names, layer), **named) if layer or len(names) == 1 else None
        return About(tuple(names), crs)
    if reader in _TABLES:
        return About((), reader.crs_of(path, **named))
    return About((), CRS84.name if reader is ocpi else reader.crs_of(path))


def read(
    path: Path | str,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    lon_field: str | None = None,
    lat_field: str | None = None,
    crs: Crs | str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Row]:
    """The rows of a file, one by one; what it is, its content says. Of several layers the one named, or the first.

    CRS      places come in lon, lat (EPSG:4326). ``crs`` says the plane of a file that does not, or overrules it.
    Raises   UnreadableFile, also when reading has begun: keep nothing of a file before its last row has come.
    """
    path, reader = _opened(Path(path), max_bytes)
    try:
        plane = parse(crs) if isinstance(crs, str) else crs
    except UnknownCrs as error:
        raise UnreadableFile("file.crs_unknown", crs=crs) from error
    if reader is ocpi:
        return ocpi.read(path)
    if reader is geojson:
        return geojson.read(path, encoding=encoding, crs=plane)
    if reader is csv:
        return csv.read(path, encoding=encoding, lon_field=lon_field, lat_field=lat_field, crs=plane)
    if reader is parquet:
        return parquet.read(path, lon_field=lon_field, lat_field=lat_field, crs=plane)
    if reader is xlsx:
        return xlsx.read(path, layer=layer, lon_field=lon_field, lat_field=lat_field, crs=plane)
    found: Iterator[Row] = reader.read(path, layer=_among(reader.layers(path), layer) if layer else None, crs=plane)
    return found


def _among(names: list[str], layer: str | None) -> str:
    if layer and layer not in names:
        raise UnreadableFile("file.layer_unknown", layer=layer, known=", ".join(names[:30]))
    return layer or names[0]


def _opened(path: Path, max_bytes: int) -> tuple[Path, ModuleType]:
    """The file, and which of the formats reads it."""
    # Only a plain file on this machine: no address, no device, no pipe.
    if not path.is_file():
        raise UnreadableFile("file.missing", name=path.name)
    size = path.stat().st_size
    if size > max_bytes:
        raise UnreadableFile("file.too_big", mb=-(-size // _MB), most=max_bytes // _MB)
    if size == 0:
        raise UnreadableFile("file.empty")
    with path.open("rb") as file:
        start = file.read(512)
    for module, says_so in (
        (gpkg, gpkg.is_geopackage),
        (fgb, fgb.is_flatgeobuf),
        (shp, shp.is_shapefile),
        (kml, kml.is_kml),
        (parquet, parquet.is_parquet),
    ):
        if says_so(start):
            return path.resolve(), module
    if start.startswith(_ZIP) and xlsx.is_workbook(path):
        return path.resolve(), xlsx
    if start.startswith((b"SQLite format 3", _ZIP, b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        raise UnreadableFile("file.format_unknown", name=path.name)
    bare = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\x1e \t\r\n")
    if path.suffix.lower() in _JSON_SUFFIXES or bare.startswith((b'{"', b"{ ", b"{\n", b"{\r", b"{\t", b"{}")):
        return path, ocpi if ocpi.is_ocpi(path) else geojson
    if bare.startswith((b"[{", b"[\n", b"[ ", b"[\r")) and ocpi.is_ocpi(path):
        return path, ocpi
    suffix = path.suffix.lower()
    if suffix in {".gpkg", ".shp", ".fgb", ".kml", ".parquet", ".xlsx"}:
        raise UnreadableFile(f"file.not_{suffix[1:]}")
    return path, csv
