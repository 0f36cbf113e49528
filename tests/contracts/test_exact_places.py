"""In a project that shows places roughly, the exact place is at no address: in no page, tile, layer, file or feed.

The same places are proposed in two projects, one that shows them roughly and one that shows them exactly, and every
address of the table is searched for them, as text, as numbers of eight bytes and in tiles. The control is the exact
project: there the search finds them at each of the addresses where places are shown.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from geo.export import FEATURE_FORMATS
from geo.plane.crs import ALL, CRS84, transform
from geo.plane.tiles import lon_lat, tile_at
from participation.models import ExactPlace, ImportedRow, Phase, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.places import Drawn, LonLat, Shape
from participation.services.claims import linked
from participation.services.importing.desk import carry_out_import, plan_import, upload_import
from participation.services.proposals import submit_proposal
from siting.services.candidates import make_candidates_of_ballot
from tests.cast import Cast, text
from tests.contracts.pages import POST_ONLY, ROWS
from tests.contracts.test_pages import client_of, read, staged
from tests.unpacking import parts

__all__ = ["staged"]

HOME, ROAD = LonLat(2.6437, 50.8713), (LonLat(2.7419, 50.9027), LonLat(2.7773, 50.9161))
MIDDLE = LonLat((ROAD[0].lon + ROAD[1].lon) / 2, (ROAD[0].lat + ROAD[1].lat) / 2)
BLUR_M = 300
# Less than a third of BLUR_M: nothing that was drawn comes so near by chance.
NEAR_M = 60
DEGREE_M = 111_320


def project_with_places(cast: Cast, slug: str, blur_m: int | None) -> Project:
    """A public project that takes spots and lines, with a place at home and a road, both on the ballot."""
    project = Project.objects.create(
        organisation=cast.town, slug=slug, title=text(slug), question=text("Waar?"), area=cast.project.area,
        shapes=[Shape.POINT, Shape.LINE], blur_m=blur_m,
    )  # fmt: skip
    now = database_now()
    Phase.objects.create(
        project=project, position=1, kind="vote", name=text("Stemmen"), opens_at=cast.vote.opens_at,
        closes_at=cast.vote.closes_at, write_ins=True,
    )  # fmt: skip
    for title, place in (("Thuis", HOME), ("Weg", Drawn(Shape.LINE, ROAD))):
        submit_proposal(
            project=project, person=cast["An"], title=title, body="", place=place, theme="", language="nl", now=now
        )
    project.proposals.update(on_ballot=True)
    make_candidates_of_ballot(project=project, by=cast["Piet"], now=now)
    return project


# --- the search -------------------------------------------------------------


def planes() -> list[tuple[float, float, float, float]]:
    """Where the places lie in each plane that layers come in: x, y, and how near is near each way."""
    found = []
    for spot in (HOME, MIDDLE, *ROAD):
        near = NEAR_M / DEGREE_M
        near_lon = near / math.cos(math.radians(spot.lat))
        corners = np.array([[spot.lon, spot.lat], [spot.lon + near_lon, spot.lat], [spot.lon, spot.lat + near]])
        for crs in ALL:
            (x, y), (east, _), (_, north) = corners if crs is CRS84 else transform(corners, CRS84, crs)
            found.append((x, y, abs(east - x), abs(north - y)))
    return found


def told_by_numbers(numbers: np.ndarray) -> bool:
    """Do these numbers hold both coordinates of one of the places?"""
    if not len(numbers):
        return False
    numbers = np.unique(numbers)
    return any(
        bool(np.any(np.abs(numbers - x) < near_x)) and bool(np.any(np.abs(numbers - y) < near_y))
        for x, y, near_x, near_y in PLANES
    )


def told(body: bytes) -> bool:
    """Does an answer tell one of the places: in words, or in numbers of eight bytes at whatever offset?"""
    return any(_told(part) for part in parts(body))


def _told(body: bytes) -> bool:
    words = np.array([float(n) for n in re.findall(rb"(?<![\w.])\d{1,7}\.\d{3,}", body)])
    if told_by_numbers(words):
        return True
    for order in "<>":
        for offset in range(8):
            end = offset + (len(body) - offset) // 8 * 8
            found = np.frombuffer(body[offset:end], dtype=f"{order}f8")
            with np.errstate(invalid="ignore"):
                found = found[(np.abs(found) > 1) & (np.abs(found) < 1e8)]
            if told_by_numbers(found):
                return True
    return False


def told_by_tile(body: bytes, z: int, x: int, y: int) -> bool:
    """Does a pin of a tile stand near one of the places?"""
    layers = mapbox_vector_tile.decode(body) if body else {}
    for layer in layers.values():
        for feature in layer["features"]:
            px, py = feature["geometry"]["coordinates"][:2]
            size = layer["extent"]
            lon, lat = lon_lat(x + px / size, y + 1 - py / size, z)
            if told_by_numbers(np.array([lon, lat])):
                return True
    return False


PLANES = planes()
TILES = [tile_at(spot.lon, spot.lat, z) for spot in (HOME, MIDDLE) for z in (9, 13, 16, 18)]


def addresses(slug: str) -> Iterable[tuple[str, str]]:
    """Every address that is about a project, in every form it comes in."""
    fills = {"slug": slug, "layer": f"{slug}-proposals", "name": f"{slug}-proposals.csv"}
    for name, row in ROWS.items():
        if row.expected is POST_ONLY or name == "tile":
            continue
        other = {key: value for key, value in fills.items() if key in row.cast and (key != "name" or name == "export")}
        yield name, reverse(name, kwargs=dict(row.cast) | other) + row.query
    yield "api_proposal", reverse("api_proposal", kwargs={"slug": slug, "number": 2})
    yield "proposal", reverse("proposal", kwargs={"slug": slug, "number": 2})
    for kind in ("proposals", "candidates", "clusters", "cluster-hulls"):
        for form in FEATURE_FORMATS:
            for crs in ("EPSG:4326", "EPSG:31370"):
                yield f"export.{form}", reverse("export", kwargs={"name": f"{slug}-{kind}.{form}"}) + f"?crs={crs}"
        items = reverse("ogc_items", kwargs={"layer": f"{slug}-{kind}"})
        for query in ("f=json", "f=csv", "f=json&crs=http://www.opengis.net/def/crs/EPSG/0/31370"):
            yield "ogc_items", f"{items}?{query}"
    box = f"{HOME.lon - 0.0004},{HOME.lat - 0.0003},{HOME.lon + 0.0004},{HOME.lat + 0.0003}"
    yield "api_proposals", reverse("api_proposals", kwargs={"slug": slug}) + "?limit=50"
    yield "suggest_place", reverse("suggest_place", kwargs={"slug": slug}) + "?lon=2.6431&lat=50.8711"
    yield "bbox", reverse("ogc_items", kwargs={"layer": f"{slug}-proposals"}) + f"?f=json&bbox={box}"


def telling(cast: Cast, slug: str, role: str) -> set[str]:
    """Which addresses tell one of the places to this role?"""
    client, found = client_of(cast, role), set()
    for name, path in addresses(slug):
        cache.clear()
        body = read(client.get(path))
        # What was asked for comes back in the answer's own links: that tells nothing.
        if name == "bbox":
            if b'"numberReturned":0' not in body.replace(b" ", b""):
                found.add(name)
        elif told(body):
            found.add(name)
    for z, x, y in TILES:
        path = reverse(
            "tile", kwargs={"layer": f"{slug}-proposals", "matrix": "WebMercatorQuad", "z": z, "y": y, "x": x}
        )
        if told_by_tile(read(client.get(path)), z, x, y):
            found.add("tile")
    return found


# Where a place is shown, to everybody: the search must find it there when it is not hidden.
SHOWN = {
    "project", "proposal", "feed", "ogc_items", "ogc_item", "api_proposals", "api_proposal", "tile", "bbox",
    "export", "desk_candidates", *(f"export.{form}" for form in FEATURE_FORMATS),
}  # fmt: skip


@pytest.mark.parametrize("role", ["resident", "planner"])
def test_the_exact_place_is_at_no_address(staged: Cast, role: str) -> None:
    project = project_with_places(staged, "thuis", BLUR_M)
    assert ExactPlace.objects.filter(proposal__project=project).count() == 2
    assert telling(staged, "thuis", role) == set()


def test_the_search_finds_a_place_that_is_shown_exactly(staged: Cast) -> None:
    """The control."""
    project_with_places(staged, "buiten", None)
    found = telling(staged, "buiten", "planner")
    assert found >= SHOWN, SHOWN - found


def test_staff_see_it_on_one_page_that_writes_down_who_looked(staged: Cast) -> None:
    project_with_places(staged, "thuis", BLUR_M)
    page = reverse("desk_exact_place", kwargs={"slug": "thuis", "number": 1})
    assert client_of(staged, "resident").post(page).status_code == 404
    assert not staged.town.records.filter(act="place.seen").exists()
    answer = client_of(staged, "moderator").post(page)
    assert told(answer.content)
    assert "no-store" in answer["Cache-Control"]
    assert staged.town.records.get(act="place.seen").person == staged["Mo"]


def test_what_was_drawn_by_chance_is_kept(staged: Cast) -> None:
    """Hiding and showing, joining and undoing it, the same file with other words, a claim: no public place moves."""
    project = project_with_places(staged, "thuis", BLUR_M)
    project.access = {"propose": "anyone"}
    project.save(update_fields=["access"])
    project.proposals.update(on_ballot=False)
    now = database_now()
    unclaimed = submit_proposal(
        project=project, person=None, title="Van niemand", body="", place=HOME, theme="", language="nl", now=now
    )
    secret = linked(now=now, proposal=unclaimed)
    assert [row.act for row in taken_in(staged, project, "Uit een bestand")] == ["new"]

    def drawn() -> list[tuple[Any, ...]]:
        rows = Proposal.objects.filter(project=project).order_by("number")
        return list(rows.values_list("point", "shape", "exact__place"))

    def state(number: int) -> str:
        return Proposal.objects.get(project=project, number=number).state

    places, moderator = drawn(), client_of(staged, "moderator")
    # The control: three of the four are at home; each was drawn anew, and lies elsewhere.
    assert [exact.coords for _point, _shape, exact in places].count((HOME.lon, HOME.lat)) == 3
    assert len({point.coords for point, _shape, _exact in places}) == 4
    address = reverse("desk_moderate", kwargs={"slug": "thuis", "number": 1})
    for act, becomes in (("hide", "hidden"), ("publish", "published")):
        assert moderator.post(address, {"act": act, "reason": "Daarom"}).status_code == 302
        assert (state(1), drawn()) == (becomes, places)
    assert moderator.post(address, {"act": "merge", "direction": "here", "number": "2"}).status_code == 302
    assert (state(2), drawn()) == ("merged", places)
    done = staged.town.records.get(act="proposals.merged")
    assert moderator.post(reverse("desk_undo", args=(done.pk,))).status_code == 302
    assert (state(2), drawn()) == ("published", places)
    assert [row.act for row in taken_in(staged, project, "Andere woorden")] == ["changed"]
    assert project.proposals.filter(title="Andere woorden").count() == 1
    assert drawn() == places
    assert client_of(staged, "resident").post(reverse("claim", args=(secret,))).status_code == 302
    assert Proposal.objects.get(pk=unclaimed.pk).author == staged["An"]
    assert drawn() == places
    assert {shape.geom_type for _point, shape, _exact in places if shape} == {"Point"}, (
        "the form of a road would tell where it is"
    )


def taken_in(cast: Cast, project: Project, title: str) -> list[ImportedRow]:
    """Take a file in with one place, known by its key; what became of it."""
    file = SimpleUploadedFile("a.csv", f"code,title,lon,lat\nA1,{title},{HOME.lon},{HOME.lat}\n".encode())
    by, now = cast["Piet"], database_now()
    draft = upload_import(of=project, file=file, file_name="a.csv", by=by, now=now)
    plan_import(draft=draft, columns={"title": "title", "key": "code"}, by=by, now=now)
    carry_out_import(draft=draft, by=by, now=now)
    return list(draft.rows.all())


def test_whoever_writes_proposals_asks_what_everybody_may_see() -> None:
    """Every module that puts a proposal into the database settles its place first, or makes a project of its own."""
    makers = {
        path.name
        for path in (Path("participation"), Path("siting"), Path("config"))
        for path in path.rglob("*.py")
        if "migrations" not in path.parts
        and re.search(r"(?<!\w)Proposal(\.objects\.create)?\($", path.read_text(), re.M)
    }
    # A file of pabulib and the demo make their own projects, which show places exactly.
    own = {"pabulib.py", "seed_demo.py"}
    assert makers == {"proposals.py", "synthetic.py"} | own
    for maker in ("services/proposals.py", "services/importing/proposals.py", "services/synthetic.py"):
        source = (Path("participation") / maker).read_text()
        assert "keep_exact(" in source, maker


def test_what_is_computed_of_places_knows_nothing_of_the_exact_ones(staged: Cast) -> None:
    """Were the exact places elsewhere, heat, hot spots and clusters would be the same; were the public ones, not."""
    project = project_with_places(staged, "thuis", BLUR_M)
    names = [f"thuis-{name}" for name in ("heat.tif", "hotspots.geojson", "clusters.geojson", "cluster-hulls.geojson")]
    now = database_now()
    for number in range(8):
        submit_proposal(
            project=project, person=staged["An"], title=f"Buur {number}", body="", place=HOME, theme="",
            language="nl", now=now,
        )  # fmt: skip
    project.proposals.update(state=Proposal.State.PUBLISHED)
    client = client_of(staged, "planner")

    def files() -> list[bytes]:
        cache.clear()
        found = []
        for name in names:
            answer = client.get(reverse("export", args=(name,)) + "?crs=EPSG:4326")
            assert answer.status_code == 200, name
            found.append(read(answer))
        return found

    before = files()
    ExactPlace.objects.filter(proposal__project=project).update(place=Point(2.8, 50.8, srid=4326))
    assert files() == before
    # The control: they are made of places at all.
    project.proposals.update(point=Point(2.8, 50.8, srid=4326))
    assert files()[0] != before[0]
