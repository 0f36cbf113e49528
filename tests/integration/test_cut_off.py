"""An upload that is cut off half-way: a sentence, and nothing half done, whether the file or the line broke."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from config.wsgi import whole_forms
from participation.models import InventoryObject, Project, Proposal, Zone
from tests.cast import Cast

DESK = "/desk/projects/laden/"
ZONE = {"act": "add", "kind": "barred", "name_nl": "Noord", "why_nl": "Natuur"}
OBJECTS = {"name_field": "naam", "owner_field": ""}
AREA = {"kind": "file", "shapes": ["point"], "shown": "exact"}
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "zones": (f"{DESK}zones/", ZONE),
    "inventory": (f"{DESK}inventory/change/", OBJECTS),
    "area": (f"{DESK}setup/area/", AREA),
}


@pytest.fixture
def piet(cast: Cast) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["Piet"])
    return client


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """The same forty squares in three formats."""
    squares = [shapely.box(2.62 + n / 500, 50.82, 2.621 + n / 500, 50.86) for n in range(40)]
    rows = geopandas.GeoDataFrame({"naam": [f"Kast {n}" for n in range(40)]}, geometry=squares, crs="EPSG:4326")
    rows.to_file(tmp_path / "x.geojson", driver="GeoJSON")
    rows.to_file(tmp_path / "x.gpkg", driver="GPKG")
    rows.to_file(tmp_path / "x.shp.zip", driver="ESRI Shapefile")
    named = {"x.geojson": "x.geojson", "x.gpkg": "x.gpkg", "x.zip": "x.shp.zip"}
    return {name: (tmp_path / stored).read_bytes() for name, stored in named.items()}


def state() -> tuple[object, ...]:
    project = Project.objects.get(slug="laden")
    assert project.area is not None
    return (Zone.objects.count(), InventoryObject.objects.count(), project.area.wkt, project.area_source)


@pytest.mark.parametrize("name", PAGES)
def test_a_file_cut_off_is_refused_whole(cast: Cast, piet: Client, files: dict[str, bytes], name: str) -> None:
    address, form = PAGES[name]
    before = state()
    for file, content in files.items():
        half = SimpleUploadedFile(file, content[: len(content) // 2])
        answer = piet.post(address, form | {"file": half})
        assert answer.status_code == 422, file
        assert 'data-code="file.unreadable"' in answer.content.decode(), file
        assert state() == before, file
    # The control: the whole file comes in; nothing that was proposed holds the area.
    Proposal.objects.all().delete()
    whole = SimpleUploadedFile("x.gpkg", files["x.gpkg"])
    assert piet.post(address, form | {"file": whole}).status_code == 302
    assert state() != before


def send(client: Client, address: str, body: bytes, length: int) -> tuple[int, str]:
    """Send a form as a server hands it on, announced as so long; its status and page."""
    environ = client._base_environ()  # type: ignore[attr-defined]
    environ |= {
        "REQUEST_METHOD": "POST", "PATH_INFO": address, "CONTENT_TYPE": MULTIPART_CONTENT,
        "CONTENT_LENGTH": str(length), "wsgi.input": BytesIO(body),
    }  # fmt: skip

    def handed_on(environ: dict[str, Any], _start: object) -> Any:
        return [client.handler(environ)]

    (answer,) = whole_forms(handed_on)(environ, None)
    return answer.status_code, answer.content.decode()  # type: ignore[attr-defined]


def test_a_line_that_breaks_in_a_file_changes_nothing(cast: Cast, piet: Client) -> None:
    rows = "naam,lon,lat\n" + "".join(f"Kast {n},{2.62 + n / 500},50.85\n" for n in range(40))
    file = SimpleUploadedFile("x.csv", rows.encode())
    body = encode_multipart(BOUNDARY, OBJECTS | {"file": file, "crs": ""})
    before = state()
    status, page = send(piet, f"{DESK}inventory/change/", body[: body.index(b"Kast 20")], len(body))
    assert (status, re.findall(r"upload\.cut_off", page)[:1]) == (400, ["upload.cut_off"])
    assert state() == before
    status, _page = send(piet, f"{DESK}inventory/change/", body, len(body))
    assert (status, InventoryObject.objects.count()) == (302, 40)


def test_half_a_form_is_no_form(cast: Cast, piet: Client) -> None:
    """A box that did not arrive is not a box that was emptied."""
    Project.objects.filter(pk=cast.project.pk).update(place_optional=True)
    form = {"kind": "town", "shapes": "point", "shown": "exact", "near_m": "300", "optional": "on"}
    body = encode_multipart(BOUNDARY, form)
    half = body[: body.index(b"optional") - 80]
    address = f"{DESK}setup/area/"

    def kept() -> tuple[bool, int]:
        project = Project.objects.get(pk=cast.project.pk)
        return project.place_optional, project.nearby_radius_m

    status, page = send(piet, address, half, len(body))
    assert (status, "upload.cut_off" in page, kept()) == (400, True, (True, 250))
    # The control: announced as short as it is, it is a form, and changes what was not sent.
    assert (send(piet, address, half, len(half))[0], kept()) == (302, (False, 250))
    assert (send(piet, address, body, len(body))[0], kept()) == (302, (True, 300))


def test_a_draft_is_not_emptied_by_a_line_that_breaks(cast: Cast) -> None:
    client = Client()
    client.post("/projects/laden/suggest/", {"lon": "2.7", "lat": "50.85", "next": "1"})
    what = "/projects/laden/suggest/what/"
    client.post(what, {"title": "Aan de kerk", "body": "Een lang verhaal"}, headers={"hx-request": "true"})
    body = encode_multipart(BOUNDARY, {"title": "Aan de kerk", "body": "Een langer verhaal"})
    status, _page = send(client, what, body[:-60], len(body))
    assert status == 400
    assert "Een lang verhaal" in client.get(what).content.decode()
