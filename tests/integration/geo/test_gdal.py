"""GDAL's own client for OGC API Features reads the live layers, in degrees and in Lambert."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geo.plane.crs import CRS84, LAMBERT_72, LAMBERT_2008, Crs, transform
from tests.integration.geo.conftest import source_of

PLACES = [(2.72659, 50.85386), *((2.6 + n / 1000, 50.8 + n / 2000) for n in range(30))]

# In a process of its own, as QGIS is: GDAL keeps Python's lock while it reads, and the server here could not answer.
CLIENT = """
import json, pyogrio, sys
address, how = sys.argv[1], json.loads(sys.argv[2])
how |= {"bbox": tuple(how["bbox"])} if "bbox" in how else {}
layers = [str(name) for name, _ in pyogrio.list_layers(address)]
frame = pyogrio.read_dataframe(address, layer="pins", **how)
told = {"layers": layers, "titles": list(frame.title), "crs": frame.crs.to_epsg(),
        "places": [[place.x, place.y] for place in frame.geometry]}
print(json.dumps(told))
"""


@pytest.fixture
def gdal(
    transactional_db: None, put: Callable[..., Any], registered: Callable[..., None], live_server: Any
) -> Callable[..., Any]:
    """Read the layer "pins" with GDAL."""
    registered(source_of(put(PLACES)))

    def read(**how: Any) -> Any:
        command = [sys.executable, "-c", CLIENT, f"OAPIF:{live_server.url}/ogc/", json.dumps(how)]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return read


@pytest.mark.parametrize("plane", [CRS84, LAMBERT_72, LAMBERT_2008], ids=lambda plane: plane.name)
def test_gdal_reads_every_feature_where_it_lies(gdal: Callable[..., Any], plane: Crs) -> None:
    # Small pages, so that the links to the next page are followed.
    told = gdal(PAGE_SIZE=10, **({} if plane is CRS84 else {"CRS": plane.name}))
    assert told["layers"] == ["pins"]
    assert told["titles"] == [f"Pin {n}" for n in range(1, len(PLACES) + 1)]
    expected = transform(np.array(PLACES), CRS84, plane)
    assert np.abs(np.array(told["places"]) - expected).max() < (0.05 if plane.is_metric else 5e-7)
    if plane.is_metric:
        assert told["crs"] == plane.code


def test_gdal_asks_for_a_box(gdal: Callable[..., Any]) -> None:
    assert gdal(bbox=[2.72, 50.85, 2.73, 50.86])["titles"] == ["Pin 1"]
    assert gdal(CRS="EPSG:31370", bbox=[34_300, 172_700, 34_400, 172_800])["titles"] == ["Pin 1"]
