"""What a project asks of a place: shapes, zones, an inventory, no place; set at the desk, held by the services."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import pytest
import shapely
from django.contrib.gis.geos import MultiPolygon
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from participation.models import ExactPlace, InventoryObject, Project, Proposal, Zone
from participation.rules.places import Chosen, Drawn, Given, LonLat, PlaceSettings, Shape
from participation.rules.refusals import Code, Refused
from participation.rules.zones import ZoneKind
from participation.services.proposals import hide_proposal, publish_proposal, submit_proposal
from participation.services.setup import begin_project
from participation.services.zones import (
    ObjectRow,
    ZoneRow,
    add_zones,
    load_inventory,
    remove_object,
    set_permission,
    set_places,
)
from tests.cast import TOWN, Cast, box

SUGGEST = "/projects/laden/suggest/"
DESK = "/desk/projects/laden/"
WEST, SOUTH, EAST, NORTH = TOWN
HERE = LonLat(2.65, 50.85)
LINE = (LonLat(2.65, 50.85), LonLat(2.66, 50.86), LonLat(2.67, 50.85))


def ask(cast: Cast, **settings: object) -> None:
    """Set what the project asks of a place."""
    set_places(project=cast.project, settings=PlaceSettings(**settings), by=cast["Piet"])  # type: ignore[arg-type]


def submitted(cast: Cast, place: Given | None, body: str = "") -> Proposal:
    """Submit a proposal there as An."""
    return submit_proposal(
        project=Project.objects.get(pk=cast.project.pk), person=cast["An"], title="Hier", body=body, place=place,
        theme="", language="nl", now=datetime.now(UTC),
    )  # fmt: skip


def refused(cast: Cast, place: Given | None, body: str = "") -> Code:
    """Why can nothing be proposed there?"""
    with pytest.raises(Refused) as why, transaction.atomic():
        submitted(cast, place, body)
    return why.value.code


def zone(cast: Cast, kind: ZoneKind, west: float, south: float, east: float, north: float, name: str = "Zone") -> None:
    """Add a zone."""
    row = ZoneRow(kind, {"nl": name}, {"nl": "Daarom."})
    add_zones(project=cast.project, zones=[(row, shapely.box(west, south, east, north))], by=cast["Piet"])


def boxes(cast: Cast, names: Iterable[str], *, outside: int = 0) -> None:
    """Put utility boxes on the list, in a row."""
    rows = [ObjectRow(f"k{n}", name, "Fluvius", shapely.Point(2.61 + n / 1000, 50.85)) for n, name in enumerate(names)]
    rows += [ObjectRow(f"out{n}", "Ver", "Fluvius", shapely.Point(4, 51)) for n in range(outside)]
    load_inventory(project=cast.project, rows=rows, by=cast["Piet"])


@pytest.fixture
def piet(cast: Cast) -> Client:
    """The planner's browser, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["Piet"])
    return client


@pytest.fixture
def an(cast: Cast) -> Client:
    """A resident's browser, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["An"])
    return client


def code_in(answer: object) -> str:
    """The refusal on a page."""
    found = re.search(r'data-code="([\w.]+)"', answer.content.decode())  # type: ignore[attr-defined]
    return found[1] if found else ""


# --- shapes -------------------------------------------------------------------


def test_only_what_the_project_asks_for_can_be_put_down(cast: Cast) -> None:
    assert refused(cast, Drawn(Shape.LINE, LINE)) is Code.PLACE_SHAPE_NOT_ASKED
    ask(cast, shapes=(Shape.LINE, Shape.AREA))
    assert refused(cast, HERE) is Code.PLACE_SHAPE_NOT_ASKED
    assert refused(cast, None) is Code.PIN_MISSING
    line = submitted(cast, Drawn(Shape.LINE, LINE))
    area = submitted(cast, Drawn(Shape.AREA, LINE))
    assert line.shape is not None
    assert area.shape is not None
    assert (line.shape.geom_type, area.shape.geom_type) == ("LineString", "Polygon")
    assert area.point is not None
    assert area.shape.contains(area.point)
    assert line.area is not None
    assert line.area.name == "Westkant"


def test_all_of_a_shape_lies_inside_the_fence(cast: Cast) -> None:
    ask(cast, shapes=tuple(Shape))
    outside = LonLat(EAST + 0.001, 50.84)
    for shape in (Shape.POINTS, Shape.LINE, Shape.AREA):
        assert refused(cast, Drawn(shape, (*LINE, outside))) is Code.PIN_OUTSIDE_AREA
    # The ends lie inside, the middle does not.
    ring = box(*TOWN).difference(box(2.655, 50.80, 2.665, 50.90))
    Project.objects.filter(pk=cast.project.pk).update(area=MultiPolygon(ring))
    assert refused(cast, Drawn(Shape.LINE, (LonLat(2.65, 50.85), LonLat(2.67, 50.85)))) is Code.PLACE_PART_OUTSIDE
    assert submitted(cast, Drawn(Shape.POINTS, (LonLat(2.65, 50.85), LonLat(2.67, 50.85)))).shape is not None


def test_a_place_need_not_be_said_where_it_is_optional(cast: Cast, an: Client) -> None:
    ask(cast, optional=True)
    assert submitted(cast, None).point is None
    assert b"Go on without a place" in an.get(SUGGEST).content
    assert an.post(SUGGEST, {"nowhere": "1"})["Location"] == f"{SUGGEST}what/"
    an.post(f"{SUGGEST}what/", {"title": "Zonder plek"})
    assert an.post(f"{SUGGEST}check/").status_code == 302
    found = Proposal.objects.get(title="Zonder plek")
    assert found.point is None
    Proposal.objects.filter(project=cast.project).update(state="published")
    items = an.get("/ogc/collections/laden-proposals/items?f=json&limit=100").json()["features"]
    assert [item["geometry"] for item in items if item["properties"]["title"] == "Zonder plek"] == [None]
    assert an.get("/projects/laden/").status_code == an.get(f"/projects/laden/proposals/{found.number}/").status_code


def test_a_line_is_drawn_spot_by_spot_without_a_script(cast: Cast, an: Client) -> None:
    ask(cast, shapes=(Shape.POINT, Shape.LINE))
    assert an.post(SUGGEST, {"shape": "line"}).status_code == 200
    for spot in ("50.85, 2.65", "50.86, 2.66", "50.9, 2.68"):
        an.post(SUGGEST, {"where": spot, "add": "1"})
    assert code_in(an.post(SUGGEST, {"where": "52, 2.6", "add": "1"})) == "pin.outside_area"
    page = an.post(SUGGEST, {"take_away": "2"}).content.decode()
    config = json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page)[1])  # type: ignore[index]
    assert [f["geometry"]["type"] for f in config["drawn"]["features"]] == ["MultiPoint", "LineString"]
    assert an.post(SUGGEST, {"next": "1", "lon": "2.7", "lat": "50.9"})["Location"] == f"{SUGGEST}what/"
    an.post(f"{SUGGEST}what/", {"title": "Een pad", "body": "Voor de school."})
    assert b"Een pad" in an.get(f"{SUGGEST}check/").content
    an.post(f"{SUGGEST}check/")
    found = Proposal.objects.get(title="Een pad")
    assert found.shape is not None
    assert found.shape.coords == ((2.65, 50.85), (2.66, 50.86))
    page = an.get(f"/projects/laden/proposals/{found.number}/").content.decode()
    assert '"LineString"' in page
    publish_proposal(project=cast.project, number=found.number, by=cast["Mo"])
    item = an.get(f"/ogc/collections/laden-proposals/items/{found.number}?f=json").json()
    assert item["geometry"]["type"] == "LineString"
    others = an.get("/ogc/collections/laden-proposals/items?f=json").json()["features"]
    assert {each["geometry"]["type"] for each in others} == {"Point", "LineString"}, "old spots are in it as well"
    assert an.get("/ogc/collections/laden-proposals/tiles/WebMercatorQuad/9/171/259").status_code == 200
    told = an.get(f"/api/v1/projects/laden/proposals/{found.number}").json()
    assert told["shape"]["type"] == "LineString"
    assert told["place"]["lat"] == pytest.approx(50.855)


# --- zones ----------------------------------------------------------------------


def test_each_zone_holds_its_rule_and_free_ground_takes_it_away(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project.pk).update(moderated_first=False)
    zone(cast, ZoneKind.BARRED, 2.60, 50.80, 2.65, 50.85, "Natuurgebied")
    zone(cast, ZoneKind.REASON, 2.70, 50.80, 2.75, 50.85)
    zone(cast, ZoneKind.LOOK, 2.70, 50.86, 2.75, 50.90)
    zone(cast, ZoneKind.FREE, 2.63, 50.83, 2.64, 50.84)
    with pytest.raises(Refused) as why:
        submitted(cast, LonLat(2.62, 50.81))
    assert (why.value.code, why.value.facts) == (
        Code.ZONE_BARRED, {"name": {"nl": "Natuurgebied"}, "why": {"nl": "Daarom."}},
    )  # fmt: skip
    assert submitted(cast, LonLat(2.635, 50.835)).state == "published", "the control: free ground within the barred"
    assert refused(cast, LonLat(2.72, 50.82)) is Code.ZONE_REASON_MISSING
    assert submitted(cast, LonLat(2.72, 50.82), "Omdat het moet.").state == "published"
    assert submitted(cast, LonLat(2.72, 50.88)).state == "submitted"
    assert submitted(cast, LonLat(2.78, 50.93)).state == "published"
    ask(cast, shapes=(Shape.POINT, Shape.LINE))
    crossing = Drawn(Shape.LINE, (LonLat(2.66, 50.82), LonLat(2.62, 50.82)))
    assert refused(cast, crossing) is Code.ZONE_BARRED


def test_a_resident_reads_which_rule_holds_and_why(cast: Cast, an: Client) -> None:
    zone(cast, ZoneKind.BARRED, 2.60, 50.80, 2.65, 50.85, "Natuurgebied")
    zone(cast, ZoneKind.REASON, 2.70, 50.80, 2.75, 50.85, "Marktplein")
    answer = an.get(f"{SUGGEST}place/?lon=2.62&lat=50.82").content.decode()
    assert "zone.barred" in answer
    assert "Natuurgebied" in answer
    assert "Daarom." in answer
    answer = an.get(f"{SUGGEST}place/?lon=2.72&lat=50.82").content.decode()
    assert "Here you must say why" in answer
    page = an.get(SUGGEST).content.decode()
    assert "Nothing can come here" in page
    assert '"kind": "barred"' in page
    assert code_in(an.post(SUGGEST, {"where": "50.82, 2.62", "next": "1"})) == "zone.barred"
    assert an.post(SUGGEST, {"where": "50.82, 2.72", "next": "1"}).status_code == 302
    assert code_in(an.post(f"{SUGGEST}what/", {"title": "Bank"})) == "zone.reason_missing"
    assert an.post(f"{SUGGEST}what/", {"title": "Bank", "body": "Veel volk."}).status_code == 302


def test_a_barred_zone_always_says_why(cast: Cast) -> None:
    """In the database too: a row written past the services is refused."""
    zone(cast, ZoneKind.LOOK, 2.60, 50.80, 2.65, 50.85)
    with pytest.raises(IntegrityError), transaction.atomic():
        Zone.objects.update(kind="barred", why={})


def test_zones_are_drawn_uploaded_changed_and_taken_away(cast: Cast, piet: Client, tmp_path: Path) -> None:
    form = {"act": "add", "kind": "barred", "name_nl": "Kerkhof", "why_nl": "Rust."}
    drawn = form | {"corners": "50.82, 2.62\n50.82, 2.64\n50.84, 2.64"}
    assert piet.post(f"{DESK}zones/", drawn).status_code == 302
    assert (
        code_in(piet.post(f"{DESK}zones/", form | {"why_nl": ""} | {"corners": drawn["corners"]})) == "zone.why_missing"
    )
    assert code_in(piet.post(f"{DESK}zones/", form)) == "area.not_a_surface"
    rows = geopandas.GeoDataFrame(
        {"naam": ["Noord", "Zuid", "Zuid"]},
        geometry=[
            shapely.box(2.7, 50.9, 2.71, 50.91),
            shapely.box(2.7, 50.81, 2.71, 50.82),
            shapely.box(2.72, 50.81, 2.73, 50.82),
        ],
        crs="EPSG:4326",
    )  # fmt: skip
    rows.to_file(tmp_path / "zones.geojson", driver="GeoJSON")
    rows.to_crs("EPSG:31370").to_file(tmp_path / "zones.gpkg", driver="GPKG")
    for name, column in (("zones.geojson", "naam"), ("zones.gpkg", "")):
        file = SimpleUploadedFile(name, (tmp_path / name).read_bytes())
        answer = piet.post(f"{DESK}zones/", form | {"kind": "look", "name_field": column, "file": file})
        assert answer.status_code == 302, answer.content.decode()[:3000]
    found = list(Zone.objects.filter(project=cast.project).order_by("position"))
    assert [each.name["nl"] for each in found] == ["Kerkhof", "Noord", "Zuid", "Kerkhof"]
    assert [len(each.outline) for each in found] == [1, 1, 2, 3]
    assert found[3].outline.extent == pytest.approx((2.7, 50.81, 2.73, 50.91), abs=1e-6)
    file = SimpleUploadedFile("zones.geojson", (tmp_path / "zones.geojson").read_bytes())
    assert code_in(piet.post(f"{DESK}zones/", form | {"name_field": "titel", "file": file})) == "file.field_unknown"
    page = piet.get(f"{DESK}zones/").content.decode()
    assert "Noord" in page
    assert '"kind": "look"' in page
    kept = {"act": "keep", "zone": str(found[1].pk), "kind": "reason", "name_nl": "Het noorden", "why_nl": ""}
    assert piet.post(f"{DESK}zones/", kept).status_code == 302
    found[1].refresh_from_db()
    assert (found[1].kind, found[1].name) == ("reason", {"nl": "Het noorden"})
    assert piet.post(f"{DESK}zones/", {"act": "remove", "zone": str(found[0].pk)}).status_code == 302
    assert code_in(piet.post(f"{DESK}zones/", {"act": "remove", "zone": str(found[0].pk)})) == "zone.unknown"


# --- inventory ----------------------------------------------------------------------


def test_only_objects_of_the_inventory_and_each_once(cast: Cast) -> None:
    Proposal.objects.filter(project=cast.project).update(on_ballot=False)
    cast.project.proposals.all().delete()
    boxes(cast, ["Markt 1", "Kerkstraat 5", "Stationsplein 2"], outside=2)
    assert InventoryObject.objects.filter(project=cast.project).count() == 3
    ask(cast, from_inventory=True)
    assert refused(cast, HERE) is Code.OBJECT_NOT_CHOSEN
    assert refused(cast, None) is Code.OBJECT_NOT_CHOSEN
    assert refused(cast, Chosen(9)) is Code.OBJECT_UNKNOWN
    first = submitted(cast, Chosen(1))
    assert first.point is not None
    assert first.point.x == pytest.approx(2.61)
    assert refused(cast, Chosen(1)) is Code.OBJECT_TAKEN
    set_permission(project=cast.project, number=2, permission="refused", by=cast["Mo"])
    assert refused(cast, Chosen(2)) is Code.OBJECT_NO_PERMISSION
    # What staff hid leaves its object to somebody else, and cannot come back then.
    hide_proposal(project=cast.project, number=first.number, reason="Dubbel", by=cast["Mo"])
    second = submitted(cast, Chosen(1))
    with pytest.raises(Refused) as why:
        publish_proposal(project=Project.objects.get(pk=cast.project.pk), number=first.number, by=cast["Mo"])
    assert why.value.code is Code.OBJECT_TAKEN
    hide_proposal(project=cast.project, number=second.number, reason="Dubbel", by=cast["Mo"])
    publish_proposal(project=Project.objects.get(pk=cast.project.pk), number=first.number, by=cast["Mo"])
    ask(cast, from_inventory=True, per_object=None)
    assert submitted(cast, Chosen(1)).inventory_object == first.inventory_object
    with pytest.raises(Refused) as why:
        remove_object(project=cast.project, number=1, by=cast["Piet"])
    assert why.value.code is Code.OBJECT_IN_USE
    remove_object(project=cast.project, number=3, by=cast["Piet"])


def test_an_object_is_chosen_from_a_list_and_its_owners_word_is_seen(cast: Cast, an: Client, piet: Client) -> None:
    cast.project.proposals.all().delete()
    boxes(cast, [f"Straat {n}" for n in range(40)])
    ask(cast, from_inventory=True)
    page = an.get(SUGGEST).content.decode()
    assert "40 objects can be proposed" in page
    assert "Straat 29" in page
    assert "</h3>" in page
    assert "Straat 30</h3>" not in page
    assert "Straat 31" in an.get(f"{SUGGEST}?q=31").content.decode()
    assert code_in(an.post(SUGGEST, {"object": "99"})) == "object.unknown"
    assert an.post(SUGGEST, {"object": "32"})["Location"] == f"{SUGGEST}what/"
    an.post(f"{SUGGEST}what/", {"title": "Een vogel", "body": "Op de kast."})
    assert b"Straat 31" in an.get(f"{SUGGEST}check/").content
    assert an.post(f"{SUGGEST}check/").status_code == 302
    found = Proposal.objects.get(title="Een vogel")
    answer = piet.post(f"{DESK}inventory/permission/", {"number": "32", "permission": "given"})
    assert answer["Location"] == f"{DESK}inventory/"
    publish_proposal(project=cast.project, number=found.number, by=cast["Mo"])
    page = an.get(f"/projects/laden/proposals/{found.number}/").content.decode()
    assert "the owner agrees" in page
    assert "Fluvius" in page
    item = an.get(f"/ogc/collections/laden-proposals/items/{found.number}?f=json").json()["properties"]
    assert (item["object"], item["permission"]) == (32, "given")
    set_permission(project=cast.project, number=1, permission="refused", by=cast["Mo"])
    page = an.get(SUGGEST).content.decode()
    assert "38 objects can be proposed" in page
    # What cannot be chosen stands last, and says why.
    assert 'name="object" value="1"' not in page
    last = an.get(f"{SUGGEST}?page=2").content.decode()
    assert last.index("Straat 39</h3>") < last.index("Straat 0</h3>") < last.index("Straat 31</h3>")
    assert re.search(r"Straat 0</h3>.{0,200}the owner does not agree.{0,200}cannot be chosen", last, re.DOTALL)
    assert f'/projects/laden/proposals/{found.number}/">proposed already' in last
    assert last.count('name="object"') == 8
    assert "proposed once" in piet.get(f"{DESK}inventory/?q=31").content.decode()
    told = an.get(f"/api/v1/projects/laden/proposals/{found.number}").json()
    assert told["inventory_object"] == 32


def test_what_its_owner_does_not_agree_to_joins_no_ballot(cast: Cast, piet: Client) -> None:
    cast.project.proposals.all().delete()
    boxes(cast, ["Markt 1", "Kerkstraat 5"])
    ask(cast, from_inventory=True)
    numbers = [submitted(cast, Chosen(1)).number, submitted(cast, Chosen(2)).number]
    for number in numbers:
        publish_proposal(project=Project.objects.get(pk=cast.project.pk), number=number, by=cast["Mo"])
    set_permission(project=cast.project, number=2, permission="refused", by=cast["Mo"])
    listed = Proposal.objects.filter(project=cast.project, on_ballot=True)
    ticked = {"number": [str(number) for number in numbers], "act": "on"}
    answer = piet.post(f"{DESK}ballot/change/", ticked)
    assert (answer.status_code, code_in(answer)) == (422, "object.no_permission")
    assert not listed.exists()
    page = answer.content.decode()
    assert page.count(" checked>") == 2, "what was ticked stands as it was sent"
    assert "the owner does not agree" in page
    set_permission(project=cast.project, number=2, permission="given", by=cast["Mo"])
    assert piet.post(f"{DESK}ballot/change/", ticked).status_code == 302
    assert listed.count() == 2
    # What is listed already is no news: a word of the owner that comes later takes nothing off by itself.
    set_permission(project=cast.project, number=2, permission="refused", by=cast["Mo"])
    assert piet.post(f"{DESK}ballot/change/", ticked).status_code == 302
    assert piet.post(f"{DESK}ballot/change/", ticked | {"act": "off"}).status_code == 302
    assert not listed.exists()


def test_an_inventory_is_uploaded_and_a_newer_file_knows_it_again(cast: Cast, piet: Client) -> None:
    def upload(rows: list[tuple[str, str, str, float]], **more: str) -> object:
        text = "nr;straat;eigenaar;lon;lat\n" + "".join(f"{k};{n};{o};{x};50.85\n" for k, n, o, x in rows)
        file = SimpleUploadedFile("kasten.csv", text.encode())
        form = {"file": file, "name_field": "straat", "owner_field": "eigenaar", "key_field": "nr"} | more
        return piet.post(f"{DESK}inventory/change/", form, follow=True)

    answer = upload([("A1", "Markt", "Fluvius", 2.62), ("A2", "Kerk", "Proximus", 2.63), ("A3", "Ver", "bpost", 4.0)])
    said = answer.content.decode()  # type: ignore[attr-defined]
    assert "2 objects are there." in said, code_in(answer)
    assert "1 lies outside the area." in said
    set_permission(project=cast.project, number=2, permission="given", by=cast["Mo"])
    upload([("A2", "Kerkplein", "Proximus", 2.64), ("A4", "School", "", 2.65)])
    found = InventoryObject.objects.filter(project=cast.project).values_list("number", "key", "name", "permission")
    assert list(found) == [
        (1, "A1", "Markt", "unknown"), (2, "A2", "Kerkplein", "given"), (3, "A4", "School", "unknown"),
    ]  # fmt: skip
    assert code_in(upload([("A9", "X", "Y", 2.62)], name_field="naam")) == "file.field_unknown"
    assert code_in(upload([("A9", "X", "Y", 4.0)])) == "object.none_in_file"


# --- what was promised holds -----------------------------------------------------------


def test_a_setting_that_proposals_rest_on_stays(cast: Cast, piet: Client) -> None:
    with pytest.raises(Refused) as why:
        ask(cast, blur_m=200)
    assert why.value.code is Code.PLACE_SETTING_HOLDS
    with pytest.raises(Refused) as why:
        ask(cast, from_inventory=True)
    assert why.value.code is Code.PLACE_SETTING_HOLDS
    ask(cast, shapes=(Shape.POINT, Shape.LINE))
    assert not Proposal.objects.filter(project=cast.project, shape__isnull=True).exists()
    submitted(cast, Drawn(Shape.LINE, LINE))
    form = {"kind": "town", "shapes": ["point"], "shown": "exact"}
    assert code_in(piet.post(f"{DESK}setup/area/", form)) == "place.setting_holds"
    assert piet.post(f"{DESK}setup/area/", form | {"shapes": ["line", "area"], "optional": "1"}).status_code == 302
    cast.project.refresh_from_db()
    assert (cast.project.shapes, cast.project.place_optional) == (["line", "area"], True)
    assert code_in(piet.post(f"{DESK}setup/area/", form | {"shapes": []})) == "place.no_shape"


def test_a_smaller_area_must_still_hold_all_of_each_shape(cast: Cast, piet: Client) -> None:
    """The control: the middle of the line lies in the neighbourhood, its end does not."""
    cast.project.proposals.all().delete()
    ask(cast, shapes=(Shape.POINT, Shape.LINE))
    line = submitted(cast, Drawn(Shape.LINE, (LonLat(2.60, 50.85), LonLat(2.72, 50.85))))
    assert line.area is not None
    assert line.area.code == "W1"
    form = {"kind": "areas", "areas": ["W1"], "shapes": ["point", "line"], "shown": "exact"}
    assert code_in(piet.post(f"{DESK}setup/area/", form)) == "setup.area_holds"
    line.delete()
    submitted(cast, Drawn(Shape.LINE, (LonLat(2.60, 50.85), LonLat(2.69, 50.85))))
    assert piet.post(f"{DESK}setup/area/", form).status_code == 302


def test_a_project_with_an_empty_inventory_cannot_go_public(cast: Cast, piet: Client) -> None:
    cast.project.proposals.all().delete()
    ask(cast, from_inventory=True)
    assert "Upload the objects of the inventory" in piet.get(f"{DESK}setup/check/").content.decode()
    boxes(cast, ["Markt"])
    assert "Upload the objects of the inventory" not in piet.get(f"{DESK}setup/check/").content.decode()


def test_a_copy_takes_zones_inventory_and_settings_along(cast: Cast) -> None:
    zone(cast, ZoneKind.BARRED, 2.60, 50.80, 2.65, 50.85)
    boxes(cast, ["Markt"])
    cast.project.proposals.all().delete()
    ask(cast, blur_m=300, optional=True)
    made = begin_project(
        organisation=cast.town, title="Nog eens", template=None, copy_of=cast.project,
        starts_at=datetime.now(UTC), by=cast["Piet"],
    )  # fmt: skip
    assert (made.blur_m, made.place_optional) == (300, True)
    assert (made.zones.count(), made.inventory.count(), made.proposals.count()) == (1, 1, 0)


def test_a_blurred_place_of_a_file_is_kept_apart_too(cast: Cast, tmp_path: Path) -> None:
    cast.project.proposals.all().delete()
    ask(cast, blur_m=500)
    file = tmp_path / "pins.csv"
    file.write_text("title,lon,lat\nThuis,2.65,50.85\n")
    call_command("import_proposals", str(file), project="toonstad/laden")
    call_command("make_pins", project="toonstad/laden", count=20, seed=1)
    found = Proposal.objects.get(project=cast.project, title="Thuis")
    assert ExactPlace.objects.get(proposal=found).place.coords == (2.65, 50.85)
    assert found.point is not None
    assert 0.0012 < found.point.distance(ExactPlace.objects.get(proposal=found).place) < 0.0075
    assert ExactPlace.objects.count() == Proposal.objects.filter(project=cast.project).count() == 21
