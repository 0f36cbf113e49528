"""Files as strangers send them: sound ones in every format, and some forty made to do harm."""

import io
import json
import sqlite3
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely

POPERINGE = (2.72659, 50.85386)


def written(path: Path, driver: str, places: list[Any], *, crs: str | None = "EPSG:4326", **fields: list[Any]) -> Path:
    """Write places and fields with GDAL."""
    kinds = {place.geom_type for place in places if place is not None}
    with warnings.catch_warnings():
        # That the plane is left out is the point of some of these files.
        warnings.simplefilter("ignore")
        pyogrio.raw.write(
            path,
            geometry=np.array([None if place is None else shapely.to_wkb(place) for place in places], dtype=object),
            field_data=[np.array(values) for values in fields.values()],
            fields=np.array(list(fields), dtype=object),
            driver=driver,
            layer=path.stem,
            geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown",
            crs=crs,
        )
    return path


def zipped(path: Path, files: dict[str, bytes], **how: Any) -> Path:
    """Pack these files."""
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, **how)
    return path


def shapefile(
    folder: Path, called: str, places: list[Any], *, crs: str | None = "EPSG:31370", **fields: list[Any]
) -> Path:
    """Pack a Shapefile as people send it."""
    inside = folder / f"{called}_parts"
    inside.mkdir()
    written(inside / f"{called}.shp", "ESRI Shapefile", places, crs=crs, **fields)
    return zipped(folder / f"{called}.zip", {part.name: part.read_bytes() for part in inside.iterdir()})


def collection(*geometries: Any, **properties: Any) -> bytes:
    """A GeoJSON collection of these geometries."""
    rows = [{"type": "Feature", "geometry": geometry, "properties": properties} for geometry in geometries]
    return json.dumps({"type": "FeatureCollection", "features": rows}).encode()


def point(x: float = POPERINGE[0], y: float = POPERINGE[1]) -> dict[str, Any]:
    """A GeoJSON point."""
    return {"type": "Point", "coordinates": [x, y]}


# --- made to do harm ---------------------------------------------------------------------------------------


def _vrt(source: str) -> bytes:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource>'
        "<SrcLayer>x</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


def _gpkg(path: Path, *statements: str) -> bytes:
    written(path, "GPKG", [shapely.Point(*POPERINGE)], name=["a"])
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    return path.read_bytes()


def _zip(*members: tuple[Any, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x.shp")
    info.external_attr = 0o120777 << 16
    return info


def _lying_zip() -> bytes:
    """A zip that says it holds ten bytes and holds many megabytes."""
    content = bytearray(_zip(("x.csv", b"lon,lat\n" + b"2.7,50.8\n" * 2_000_000)))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(content)


def hostile(folder: Path, port: int, secret: Path) -> dict[str, tuple[str, bytes]]:
    """By what each does: the name and the content of files that try to reach the net, other files, or much memory."""
    net = f"http://127.0.0.1:{port}/x.gpkg"
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">{entities}]><kml>&a9;</kml>'.encode()
    xxe = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><kml><name>&e;</name></kml>'.encode()
    )
    deep = b'{"type":"FeatureCollection","features":[' + b"[" * 100_000
    shp = struct.pack(">i", 9994) + b"\0" * 20 + struct.pack(">i", 2**30) + struct.pack("<ii", 1000, 5) + b"\xff" * 4000
    ring = ",".join(f"[{n % 180},{n % 90}]" for n in range(50_000))
    many = json.dumps({"type": "GeometryCollection", "geometries": [point()] * 100_000})
    return {
        "a VRT as .shp": ("x.shp", _vrt(str(secret))),
        "a VRT as .geojson": ("x.geojson", _vrt(net)),
        "a VRT as .gpkg": ("x.gpkg", _vrt(f"/vsicurl/{net}")),
        "a VRT as .csv": ("x.csv", _vrt(f"/vsicurl/{net}")),
        "a VRT in a zip": ("x.zip", _zip(("x.shp", _vrt(net)))),
        "a pipe's name": ("|touch pwned.csv", b"lon,lat\n2.7,50.8\n"),
        "an address for a name": ("/vsicurl/" + net, b"lon,lat\n2.7,50.8\n"),
        "a name that leads out": (f"../../../..{secret}", b"lon,lat\n2.7,50.8\n"),
        "a KML with an entity of a file": ("x.kml", xxe),
        "a billion laughs": ("x.kml", laughs),
        "a GML with an entity of the net": ("x.gml", xxe.replace(b"file://", net.encode())),
        "a WFS service": ("x.xml", f"<OGRWFSDataSource><URL>{net}</URL></OGRWFSDataSource>".encode()),
        "a GeoJSON with a plane from the net": (
            "x.geojson",
            collection(point()).replace(
                b'{"type": "FeatureCollection",',
                f'{{"type":"FeatureCollection","crs":{{"type":"link","properties":{{"href":"{net}"}}}},'.encode(),
            ),
        ),
        "a GeoJSON with a plane that is a file": (
            "x.geojson",
            collection(point()).replace(
                b'{"type": "FeatureCollection",',
                f'{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"{secret}"}}}},'.encode(),
            ),
        ),
        "an ESRI service in JSON": (
            "x.json",
            json.dumps({"esriGeometryType": "x", "url": net}).encode(),
        ),
        "a TopoJSON": ("x.json", b'{"type":"Topology","objects":{},"arcs":[]}'),
        "brackets without end": ("x.geojson", deep),
        "a number of many digits": ("x.geojson", collection(point()).replace(b"2.72659", b"9" * 5000)),
        "a polygon of infinities": (
            "x.geojson",
            b'{"type":"Polygon","coordinates":[[[1e999,0],[0,1e999],[1,1],[1e999,0]]]}',
        ),
        "a knot of a polygon": ("x.geojson", f'{{"type":"Polygon","coordinates":[[{ring},[0,0]]]}}'.encode()),
        "a hundred thousand points in one": ("x.geojson", many.encode()),
        "half a GeoPackage": ("x.gpkg", _gpkg(folder / "half.gpkg")[:5000]),
        "a GeoPackage of garbage": ("x.gpkg", b"SQLite format 3\0" + b"\0" * 52 + b"GPKG" + b"\xff" * 4000),
        "a GeoPackage whose layer is a view of itself": (
            "x.gpkg",
            _gpkg(
                folder / "view.gpkg",
                "ALTER TABLE view RENAME TO real",
                "CREATE VIEW view AS SELECT a.fid, a.geom, a.name FROM real a, (WITH RECURSIVE c(n) AS (SELECT 1 UNION "
                "ALL SELECT n + 1 FROM c) SELECT n FROM c) b",
            ),
        ),
        "a GeoPackage that attaches": (
            "x.gpkg",
            _gpkg(
                folder / "attach.gpkg",
                f"CREATE TRIGGER t AFTER INSERT ON attach BEGIN SELECT load_extension('{secret}'); END",
            ),
        ),
        "a GeoPackage that reads a file": (
            "x.gpkg",
            _gpkg(
                folder / "readfile.gpkg",
                "ALTER TABLE readfile RENAME TO real",
                f"CREATE VIEW readfile AS SELECT fid, geom, CAST(readfile('{secret}') AS TEXT) AS name FROM real",
            ),
        ),
        "a Shapefile with lengths that lie": ("x.zip", _zip(("x.shp", shp))),
        "a Shapefile without its parts": ("x.shp", shp[:100]),
        "a FlatGeobuf of garbage": ("x.fgb", b"fgb\x03fgb\0" + struct.pack("<I", 2**31 - 1) + b"\xff" * 2000),
        "a zip that leads out": ("x.zip", _zip(("../../evil.csv", b"lon,lat\n"))),
        "a zip with a whole path": ("x.zip", _zip((f"{secret}.csv", b"lon,lat\n"))),
        "a zip with a Windows path": ("x.zip", _zip(("C:\\evil.csv", b"lon,lat\n"))),
        "a zip with a link": ("x.zip", _zip((_link(), str(secret).encode()))),
        "a zip in a zip": ("x.zip", _zip(("y.zip", _zip(("x.csv", b"lon,lat\n"))))),
        "a zip that lies about its size": ("x.zip", _lying_zip()),
        "a zip of very many files": ("x.zip", _zip(*((f"{n}.csv", b"") for n in range(3000)))),
        "half a zip": ("x.zip", _zip(("x.csv", b"lon,lat\n2.7,50.8\n"))[:60]),
        "a table of one endless quote": ("x.csv", b'lon,lat,a\n2.7,50.8,"' + b"a" * 3_000_000),
        "a table of very many columns": ("x.csv", ",".join(f"c{n}" for n in range(5000)).encode() + b",lon,lat\n"),
        "nothing but zeros": ("x.csv", b"\0" * 100_000),
    }
