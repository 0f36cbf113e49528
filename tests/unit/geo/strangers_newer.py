"""More files made to do harm: workbooks, KML, GML, Parquet, and tables; made here, like those of strangers.py."""

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
import xlsxwriter

from tests.unit.geo.strangers import POPERINGE, collection, point, written

_KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
_MARK = "<Placemark><name>a</name><Point><coordinates>2.7,50.8</coordinates></Point></Placemark>"


def kml(inside: str) -> bytes:
    """A KML document."""
    return _KML.format(inside).encode()


def _pointing(element: str, inside: str, href: str) -> bytes:
    return kml(f"<{element}><{inside}><href>{href}</href></{inside}></{element}>{_MARK}")


def workbook(rows: list[list[Any]], **parts: bytes) -> bytes:
    """A workbook with these rows; ``parts`` replace or add files in its zip (``xl__sharedStrings`` for xl/...)."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("rows")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    if not parts:
        return made.getvalue()
    added = {f"{name.replace('__', '/')}.xml": content for name, content in parts.items()}
    changed = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in added:
                target.writestr(name, source.read(name))
        for name, content in added.items():
            target.writestr(name, content)
    return changed.getvalue()


def parquet(about: dict[str, Any] | None, n: int = 1, **columns: Any) -> bytes:
    """A GeoParquet file with this metadata of its places."""
    wkb = [shapely.to_wkb(shapely.Point(*POPERINGE))] * n
    table = pa.table({"name": ["a"] * n, "geometry": wkb} | columns)
    if about is not None:
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"} | about}}
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    made = io.BytesIO()
    pq.write_table(table, made, compression="zstd")
    return made.getvalue()


def _repeated(text: str, n: int) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), pa.array([text]))


def newer(folder: Path, port: int, secret: Path, *, bombs: bool = True) -> dict[str, tuple[str, bytes]]:
    """By what each does: the name and the content of files that try to reach the net, other files, or much memory.

    ``bombs``: with one that takes some seconds to make.
    """
    net, local = f"http://127.0.0.1:{port}/x.kml", f"file://{secret}"
    rows: list[list[Any]] = [["name", "lon", "lat"], ["a", 2.7, 50.8]]
    book, good = workbook(rows), parquet({})
    fgb = written(folder / "newer.fgb", "FlatGeobuf", [shapely.Point(*POPERINGE)] * 50, name=["a"] * 50).read_bytes()
    outside = (
        f'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><ddeLink ddeService="cmd" '
        f'ddeTopic="{net}"/></externalLink>'
    ).encode()
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="x" Target="{net}" TargetMode="External"/></Relationships>'
    ).encode()
    entity = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{local}">]><sst><si><t>&e;</t></si></sst>'.encode()
    gml = (
        '<?xml version="1.0"?><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="x {net}"><gml:featureMember xlink:href="{net}"/></gml:FeatureCollection>'
    ).encode()
    many_rings = "((" + ",".join(f"{n % 180} {n % 90}" for n in range(200_000)) + ",0 0))"
    return {
        "a KML that links to the net": ("x.kml", _pointing("NetworkLink", "Link", net)),
        "a KML that links to a file": ("x.kml", _pointing("NetworkLink", "Link", local)),
        "a KML with a style from the net": ("x.kml", kml(f"<styleUrl>{net}#a</styleUrl>{_MARK}")),
        "a KML with a picture over the ground": ("x.kml", _pointing("GroundOverlay", "Icon", net)),
        "a KML with a schema of the net": ("x.kml", kml(f'<SchemaData schemaUrl="{net}"/>{_MARK}')),
        "a KML of very deep folders": ("x.kml", kml("<Folder>" * 20_000 + _MARK + "</Folder>" * 20_000)),
        "half a KML": ("x.kml", kml(_MARK * 50)[:400]),
        "a KML with no numbers for places": ("x.kml", kml(_MARK.replace("2.7,50.8", "NaN,inf,x"))),
        "a KML of very many marks": ("x.kml", kml(_MARK * 60_000)),
        "a GML that points to the net": ("x.gml", gml),
        "a GML called .kml": ("x.kml", gml),
        "a workbook that unfolds": ("x.xlsx", workbook(rows, xl__big=b"\0" * (600_000_000 if bombs else 1))),
        "a workbook with a link outside": ("x.xlsx", workbook(rows, xl__externalLinks__externalLink1=outside)),
        "a workbook with an entity of a file": ("x.xlsx", workbook(rows, xl__sharedStrings=entity)),
        "a workbook with a part from the net": ("x.xlsx", workbook(rows, **{"xl___rels__workbook.xml.rels": relation})),
        "a workbook whose sheet leads out": ("x.xlsx", _led_out(book, secret)),
        "a workbook of numbers that are none": ("x.xlsx", workbook([*rows, ["b", "NaN", "1e999"]])),
        "half a workbook": ("x.xlsx", book[: len(book) // 2]),
        "a workbook without a sheet": ("x.xlsx", _without(book, "xl/worksheets/sheet1.xml")),
        "half a Parquet": ("x.parquet", good[: len(good) // 2]),
        "a Parquet of garbage": ("x.parquet", b"PAR1" + b"\xff" * 4000 + struct.pack("<i", 2**31 - 1) + b"PAR1"),
        "a Parquet with a plane of the net": ("x.parquet", parquet({"crs": net})),
        "a Parquet with a plane that is a file": ("x.parquet", parquet({"crs": local})),
        "a Parquet whose places are none": ("x.parquet", parquet({}, geometry=[b"\x01\xff\xff\xff\xff" * 20])),
        "a Parquet that unfolds": ("x.parquet", parquet({}, 400, big=_repeated("a" * 2_000_000, 400))),
        "a Parquet with words for its places": ("x.parquet", parquet({"encoding": "WKT"})),
        "half a FlatGeobuf": ("x.fgb", fgb[: len(fgb) // 2]),
        "a FlatGeobuf with lengths that lie": ("x.fgb", fgb[:200] + b"\xff" * 200 + fgb[400:]),
        "a table with an endless ring": ("x.csv", f'name,wkt\na,"POLYGON {many_rings}"\n'.encode()),
        "a table of numbers that are none": ("x.csv", b"name,lon,lat\na,NaN,50.8\nb,inf,-inf\nc,1e400,0\nd,0x10,1\n"),
        "a GeoJSON with NaN": ("x.geojson", collection(point()).replace(b"2.72659", b"NaN")),
        "a sequence that breaks off": ("x.geojsonl", b'\x1e{"type":"Point","coordinates":[2.7,50.8]}\n\x1e{"type"'),
        "a zip locked with a password": ("x.zip", _locked(folder)),
        "a KMZ in a zip": ("x.zip", _packed({"x.kmz": _packed({"doc.kml": kml(_MARK)})})),
    }  # fmt: skip


def _packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _locked(folder: Path) -> bytes:
    """A zip whose member says that it is encrypted."""
    content = bytearray(_packed({"x.csv": b"lon,lat\n2.7,50.8\n"}))
    content[6] |= 1
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def _without(book: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        return _packed({name: source.read(name) for name in source.namelist() if name != part})


def _led_out(book: bytes, secret: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace(b"worksheets/sheet1.xml", f"../../../../../..{secret}".encode())
    return _packed(parts)
