"""Reads one file of a stranger, in a process of its own: ``python -m geo.intake.child FOLDER``.

In: FOLDER/ask.json {"file", "layer", "crs", "lon", "lat", "encoding", "every_row", "needs_places", "as_it_stands"}.
Out: FOLDER/rows.ndjson, a feature a line {"k", "l" (its line in the file), "g" (WKB, hex), "p"}, with ``every_row``
also those that cannot be taken, {"l", "p", "f" (code), "facts"}; FOLDER/refused.ndjson, those alone, {"l", "f",
"facts"}; and FOLDER/said.json, what was found or why nothing was taken. Nothing is said on stdout.

``as_it_stands`` is how an operator's command reads: of several layers the first, without a plane as the columns say,
as many rows as there are, outlines as they are drawn.
"""

import sys

from geo.intake import walls

if __name__ == "__main__":
    # Before anything starts a thread.
    HAS_NO_NETWORK = walls.leave_network()
    # Pyogrio loads these where it finds them, which takes as long as all the rest; nothing here asks for a data frame.
    # Pyarrow looks for the second when a file holds times, and finds it then.
    _FRAMES = ("geopandas", "pandas")
    sys.modules.update(dict.fromkeys(_FRAMES))  # type: ignore[arg-type]
    import pyogrio

    for _name in _FRAMES:
        del sys.modules[_name]

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

import geo
from geo.formats import reading, xlsx
from geo.formats.rows import Row, RowFault, UnreadableFile
from geo.intake.attributes import TEXT_LENGTH, Attributes
from geo.intake.unpack import is_zip, unpack
from geo.plane.crs import CRS84, Crs, UnknownCrs, parse

DRIVERS = {"GeoJSON", "GPKG", "ESRI Shapefile", "FlatGeobuf", "LIBKML", "XLSX"}
MOST_FEATURES = 200_000
MOST_VERTICES = 2_000_000
MOST_LAYERS = 500
EXAMPLES = 20
# Longer than any text that a proposal may have: that it is too long is for the domain to say.
ROW_TEXT = 20_000
MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 60
# An operator waits for what was asked on the command line.
OPERATOR_CPU_SECONDS = 600
WRITTEN_BYTES = 1536 * 1024 * 1024
_BATCH = 5000


def main(folder: Path) -> None:
    """Read what is asked for, and say what was found."""
    if set(pyogrio.list_drivers()) - DRIVERS:
        raise SystemExit("GDAL holds more formats than are read here")
    ask = json.loads((folder / "ask.json").read_text())
    seconds = OPERATOR_CPU_SECONDS if ask["as_it_stands"] else CPU_SECONDS
    walls.limit(more_memory_bytes=MEMORY_BYTES, cpu_seconds=seconds, file_bytes=WRITTEN_BYTES)
    packages = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve(), Path(np.__file__).parents[1]}
    own = Path(geo.__file__).parent
    files, connections = walls.only_these([*packages, own, Path("/usr/lib"), Path("/lib"), Path("/lib64")], folder)
    try:
        said = _read(folder, ask)
    except UnreadableFile as refused:
        said = {"code": refused.code, "facts": refused.facts}
    except MemoryError:
        said = {"code": "file.too_heavy", "facts": {}}
    said["walls"] = {"network": HAS_NO_NETWORK, "files": files, "connections": connections}
    (folder / "said.json").write_text(json.dumps(said))


def _read(folder: Path, ask: dict[str, Any]) -> dict[str, Any]:
    path = folder / ask["file"]
    found = [path]
    if is_zip(path) and not xlsx.is_workbook(path):
        inside = folder / "inside"
        inside.mkdir()
        found = unpack(path, inside)
    names = [each.stem for each in found] if len(found) > 1 else []
    layer = ask["layer"] or None
    if names:
        if layer and layer not in names:
            raise UnreadableFile("file.layer_unknown", layer=layer, known=", ".join(names[:30]))
        if ask["as_it_stands"] and not layer:
            raise UnreadableFile("file.zip_several", names=", ".join(each.name for each in found))
        path = found[names.index(layer)] if layer else found[0]
    else:
        path = found[0]
    own, lon, lat = None if names else layer, ask["lon"] or None, ask["lat"] or None
    try:
        if ask["as_it_stands"]:
            about = reading.About((), None)
        else:
            about = reading.about(path, layer=own, lon_field=lon, lat_field=lat)
    except UnreadableFile as refused:
        if refused.code != "file.no_places" or ask["needs_places"]:
            raise
        # Rows without places are asked for; what the layers are called is known by then.
        about = reading.About((), CRS84.name)
    layers = names or list(about.layers)
    if len(layers) > MOST_LAYERS:
        raise UnreadableFile("file.too_many_layers", n=len(layers), most=MOST_LAYERS)
    said: dict[str, Any] = {"layers": layers, "crs_in_file": _short(about.crs), "needs": ""}
    if len(layers) > 1 and not layer:
        return said | {"needs": "layer"}
    said["layer"] = layer or (layers[0] if layers else "")
    if about.crs is None and not ask["crs"] and not ask["as_it_stands"]:
        return said | {"needs": "crs"}
    try:
        crs = parse(ask["crs"]) if ask["crs"] else None
    except UnknownCrs as error:
        raise UnreadableFile("file.crs_unknown", crs=ask["crs"]) from error
    said["crs"] = crs.name if crs else _short(about.crs)
    rows = reading.read(path, layer=own, crs=crs, lon_field=lon, lat_field=lat, encoding=ask["encoding"] or None)
    return said | _kept(rows, crs, folder, every_row=ask["every_row"], as_it_stands=ask["as_it_stands"])


def _short(crs: str | None) -> str | None:
    """The plane as people name it: a file may write it out over forty lines."""
    if crs is None or crs.startswith("EPSG:"):
        return crs
    from pyproj import CRS

    return str(CRS.from_user_input(crs).name)[:60]


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    several = iter(rows)
    while batch := list(islice(several, _BATCH)):
        yield batch


def _kept(rows: Iterable[Row], crs: Crs | None, folder: Path, *, every_row: bool, as_it_stands: bool) -> dict[str, Any]:
    """Write the rows that can be taken, mended where their outline crosses itself, and count everything."""
    attributes = Attributes(ROW_TEXT if every_row else TEXT_LENGTH)
    faults: Counter[str] = Counter()
    types: Counter[str] = Counter()
    examples: list[dict[str, object]] = []
    n_read = n_kept = n_vertices = n_mended = n_without = 0
    with (
        (folder / "rows.ndjson").open("w", encoding="utf-8") as file,
        (folder / "refused.ndjson").open("w", encoding="utf-8") as refused,
    ):
        for batch in _batches(rows):
            places, mended = _mended([row.geometry for row in batch], mends=not as_it_stands)
            n_mended += mended
            n_vertices += int(shapely.get_num_coordinates(places).sum())
            if n_vertices > MOST_VERTICES and not as_it_stands:
                raise UnreadableFile("file.too_many_vertices", most=MOST_VERTICES)
            wkb = shapely.to_wkb(places, hex=True)
            for row, place, text in zip(batch, places, wkb, strict=True):
                n_read += 1
                fault = row.fault
                if fault is None and row.geometry is not None and place is None:
                    fault = RowFault("row.geometry_bad")
                if fault is not None:
                    if not as_it_stands:
                        _stop_at_wrong_plane(fault, crs)
                    faults[fault.code] += 1
                    facts = {name: str(value)[:100] for name, value in fault.facts.items()}
                    if len(examples) < EXAMPLES:
                        examples.append({"line": row.line, "code": fault.code, "facts": facts})
                    bad: dict[str, object] = {"l": row.line, "f": fault.code, "facts": facts}
                    refused.write(json.dumps(bad, ensure_ascii=False) + "\n")
                    if every_row:
                        bad["p"] = attributes.take(row.attributes)
                        file.write(json.dumps(bad, ensure_ascii=False, allow_nan=False) + "\n")
                    continue
                if n_kept >= MOST_FEATURES and not as_it_stands:
                    raise UnreadableFile("file.too_many_features", most=MOST_FEATURES)
                n_kept += 1
                n_without += place is None
                if place is not None:
                    types[place.geom_type] += 1
                line = {"k": n_kept, "l": row.line, "g": text, "p": attributes.take(row.attributes)}
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
    if not n_read and not as_it_stands:
        raise UnreadableFile("file.no_rows")
    return {
        "n_read": n_read,
        "n_features": n_kept,
        "n_vertices": n_vertices,
        "n_mended": n_mended,
        "n_without_place": n_without,
        "n_emptied": attributes.n_emptied,
        "faults": dict(faults),
        "examples": examples,
        "types": dict(types),
        "attributes": attributes.listed(n_kept),
    }


def _stop_at_wrong_plane(fault: RowFault, crs: Crs | None) -> None:
    """A row that lies in the other Lambert says that all of them do."""
    if fault.code == "pin.looks_like_lambert":
        chosen = crs.title if crs else "WGS 84"
        raise UnreadableFile("file.crs_looks_like", chosen=chosen, name=fault.facts["name"], crs=fault.facts["crs"])


def _mended(geometries: list[Any], *, mends: bool) -> tuple[Any, int]:
    """The places, surfaces whose outline crosses itself made sound; None where nothing of a surface is left."""
    places = np.array(geometries, dtype=object)
    if not mends:
        return places, 0
    broken = np.flatnonzero(~shapely.is_valid(places) & (shapely.get_dimensions(places) == 2))
    for at in broken:
        whole = shapely.make_valid(places[at])
        parts = [part for part in shapely.get_parts(shapely.get_parts(whole)) if part.geom_type == "Polygon"]
        places[at] = None
        if parts:
            places[at] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return places, len(broken)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
