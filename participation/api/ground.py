"""Where proposals may lie: the area of a project, its zones, and the objects of its inventory."""

import json
import math
from typing import Annotated, Any, Literal

import shapely
import shapely.geometry
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from participation.api import shapes
from participation.api.asking import REPEATABLE, desk_project_called, doing_once, knowing, require_languages, someone
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.setup import Line, SetupShape, Text, setup_of, setup_told
from participation.api.told import Told
from participation.models import InventoryObject, Project, Zone
from participation.rules.places import PlaceSettings, Shape
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.rules.zones import ZoneKind
from participation.selectors.zones import inventory_of, zones_of
from participation.services.importing.areas import surface
from participation.services.setup import area_of_neighbourhoods
from participation.services.zones import (
    ObjectRow,
    ZoneRow,
    add_zones,
    change_zone,
    load_inventory,
    remove_object,
    remove_zone,
    set_ground,
    set_permission,
)

router = Router(tags=["ground"])
DESK = "/desk/projects/{slug:slug}"
ZONES, INVENTORY = f"{DESK}/zones", f"{DESK}/inventory"
Words = Annotated[shapes.Words, Field(max_length=120)]


class Geometry(Schema):
    """A place as GeoJSON, in lon and lat."""

    type: Literal["Point", "LineString", "Polygon", "MultiPolygon"]
    coordinates: list[Any] = Field(max_length=10_000)


class AreaSet(Schema):
    """Where proposals may lie (the town, neighbourhoods by code, a surface, nowhere) and what is asked of a place.

    “blur_m”: how far a public place lies from the exact one; none for exactly there.
    """

    kind: Literal["town", "areas", "drawn", "none"]
    codes: Annotated[list[Words], Field(max_length=500)] = []
    surface: Geometry | None = None
    shapes: Annotated[list[Shape], Field(max_length=4)] = [Shape.POINT]
    place_optional: bool = False
    blur_m: Annotated[int | None, Field(ge=0, le=100_000)] = None
    from_inventory: bool = False
    per_object: Annotated[int | None, Field(ge=1, le=10_000)] = 1


class ZoneShape(Schema):
    """A part of the area with a rule of its own."""

    id: int
    kind: str
    name: dict[str, str]
    why: dict[str, str]
    surface: dict[str, Any]


class ZonePage(Schema):
    """A page of zones; “next” is the cursor of the page behind it."""

    items: list[ZoneShape]
    next: str | None


class ZoneSet(Schema):
    """The rule of a zone (free, barred, reason, look), its name and why it holds."""

    kind: ZoneKind
    name: Line
    why: Text = {}


class NewZone(ZoneSet):
    """A zone to add."""

    surface: Geometry


class ObjectSet(Schema):
    """An object as the desk knows it: its key in its owner's file, what the owner says, how many proposals it has."""

    number: int
    key: str
    name: str
    owner: str
    permission: str
    n_proposals: int


class ObjectSetPage(Schema):
    """A page of objects; “next” is the cursor of the page behind it."""

    items: list[ObjectSet]
    next: str | None


class NewObject(Schema):
    """One object: what its owner knows it by, its name, whose it is, where it stands."""

    key: Annotated[shapes.Words, Field(min_length=1, max_length=100)]
    name: Annotated[shapes.Words, Field(min_length=1, max_length=120)]
    owner: Words = ""
    place: Geometry


class NewObjects(Schema):
    """Objects to take in, known again by their key; what is not among them stays."""

    objects: list[NewObject] = Field(min_length=1, max_length=2000)


class Loaded(Schema):
    """How many objects came in or changed, and how many lie outside the area."""

    n: int
    n_outside: int


class PermissionSet(Schema):
    """What the owner of an object says."""

    permission: Literal["unknown", "asked", "given", "refused"]


def read_geometry(given: Geometry) -> BaseGeometry:
    """The shape of a GeoJSON geometry.

    Refuses  place.unreadable, pin.outside_world.
    """
    try:
        found = shapely.force_2d(shapely.geometry.shape(given.model_dump()))
    except (
        ShapelyError,
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise Refused(Code.PLACE_UNREADABLE) from error
    west, south, east, north = found.bounds if not found.is_empty else (math.nan,) * 4
    if not all(map(math.isfinite, (west, south, east, north))):
        raise Refused(Code.PLACE_UNREADABLE)
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise Refused(Code.PIN_OUTSIDE_WORLD, {"lon": west, "lat": south})
    return found


@router.put(f"{DESK}/setup/area", response=SetupShape, auth=knowing(Scope.SET_UP), url_name="api_desk_setup_area")
def set_area(request: HttpRequest, slug: str, asked: AreaSet) -> Told:
    """Set where proposals may lie, and what is asked of a place there."""
    project = setup_of(request, slug, DeskAct.SETUP)
    town, source = project.organisation, {"kind": asked.kind}
    found = None
    match asked.kind:
        case "town":
            found = town.outline
        case "areas":
            found = area_of_neighbourhoods(town, asked.codes)
            source |= {"codes": asked.codes}  # type: ignore[dict-item]
        case "drawn" if asked.surface is not None:
            found = surface(read_geometry(asked.surface))[0]
    if found is None and asked.kind != "none":
        raise Refused(Code.SETUP_AREA_MISSING)
    places = PlaceSettings(
        shapes=tuple(dict.fromkeys(asked.shapes)),
        optional=asked.place_optional,
        blur_m=asked.blur_m,
        from_inventory=asked.from_inventory,
        per_object=asked.per_object,
    )
    set_ground(project=project, area=found, source=source, places=places, by=someone(request))
    return setup_told(request, slug, DeskAct.SETUP)


# --- zones ------------------------------------------------------------------------------------------------------------


def _zone_told(row: Zone) -> Told:
    return {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "why": row.why,
        "surface": json.loads(row.outline.geojson),
    }


@router.get(ZONES, response=ZonePage, auth=knowing(Scope.READ), url_name="api_desk_zones")
def list_zones(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the zones of a project in their order."""
    rows = zones_of(desk_project_called(request, slug, DeskAct.SETUP))
    found, behind = page(rows, ("position", "id"), cursor=cursor, limit=limit)
    return {"items": [_zone_told(each) for each in found], "next": behind}


@router.post(
    ZONES, response={201: ZoneShape}, auth=knowing(Scope.SET_UP), openapi_extra=REPEATABLE, url_name="api_desk_zones"
)
def add_zone(request: HttpRequest, slug: str, asked: NewZone) -> Status[Told]:
    """Add a zone behind the others."""
    project = desk_project_called(request, slug, DeskAct.SETUP)

    def act() -> Told:
        require_languages(project.organisation, asked.name, asked.why)
        row = (ZoneRow(asked.kind, asked.name, asked.why), read_geometry(asked.surface))
        add_zones(project=project, zones=[row], by=someone(request))
        return _zone_told(zones_of(project).order_by("-pk")[0])

    return Status(201, doing_once(request, asked.model_dump_json(), act))


def _zone(project: Project, key: int) -> Zone:
    found = zones_of(project).filter(pk=key).first()
    if found is None:
        raise Refused(Code.ZONE_UNKNOWN)
    return found


@router.put(f"{ZONES}/{{int:zone}}", response=ZoneShape, auth=knowing(Scope.SET_UP), url_name="api_desk_zone")
def set_zone(request: HttpRequest, slug: str, zone: shapes.Number, asked: ZoneSet) -> Told:
    """Set the rule and the words of a zone; what was proposed before stays."""
    project = desk_project_called(request, slug, DeskAct.SETUP)
    require_languages(project.organisation, asked.name, asked.why)
    row = ZoneRow(asked.kind, asked.name, asked.why)
    change_zone(project=project, key=zone, row=row, by=someone(request))
    return _zone_told(_zone(project, zone))


@router.delete(f"{ZONES}/{{int:zone}}", response={204: None}, auth=knowing(Scope.SET_UP), url_name="api_desk_zone")
def take_zone_away(request: HttpRequest, slug: str, zone: shapes.Number) -> Status[None]:
    """Take a zone away."""
    remove_zone(project=desk_project_called(request, slug, DeskAct.SETUP), key=zone, by=someone(request))
    return Status(204, None)


# --- inventory --------------------------------------------------------------------------------------------------------


def _object_told(row: InventoryObject) -> Told:
    return {
        "number": row.number,
        "key": row.key,
        "name": row.name,
        "owner": row.owner,
        "permission": row.permission,
        "n_proposals": row.n_proposals,  # type: ignore[attr-defined]
    }


@router.get(INVENTORY, response=ObjectSetPage, auth=knowing(Scope.READ), url_name="api_desk_inventory")
def list_objects(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the objects of a project by number."""
    rows = inventory_of(desk_project_called(request, slug, DeskAct.SEE))
    found, behind = page(rows, ("number",), cursor=cursor, limit=limit)
    return {"items": [_object_told(each) for each in found], "next": behind}


@router.post(
    INVENTORY,
    response=Loaded,
    auth=knowing(Scope.SET_UP),
    openapi_extra=REPEATABLE,
    url_name="api_desk_inventory",
)
def load_objects(request: HttpRequest, slug: str, asked: NewObjects) -> Told:
    """Take objects in, or change those that are there; what their owners said stays."""
    project = desk_project_called(request, slug, DeskAct.SETUP)

    def act() -> Told:
        rows = [ObjectRow(row.key, row.name, row.owner, read_geometry(row.place)) for row in asked.objects]
        n, n_outside = load_inventory(project=project, rows=rows, by=someone(request))
        return {"n": n, "n_outside": n_outside}

    return doing_once(request, asked.model_dump_json(), act)


@router.put(
    f"{INVENTORY}/{{int:number}}/permission",
    response=ObjectSet,
    auth=knowing(Scope.MODERATE),
    url_name="api_desk_inventory_permission",
)
def note_permission(request: HttpRequest, slug: str, number: shapes.Number, asked: PermissionSet) -> Told:
    """Note what the owner of an object says; residents see it."""
    project = desk_project_called(request, slug, DeskAct.MODERATE)
    set_permission(project=project, number=number, permission=asked.permission, by=someone(request))
    return _object_told(inventory_of(project).get(number=number))


@router.delete(
    f"{INVENTORY}/{{int:number}}", response={204: None}, auth=knowing(Scope.SET_UP), url_name="api_desk_object"
)
def take_object_away(request: HttpRequest, slug: str, number: shapes.Number) -> Status[None]:
    """Take an object off the list, unless something was proposed with it."""
    project = desk_project_called(request, slug, DeskAct.SETUP)
    remove_object(project=project, number=number, by=someone(request))
    return Status(204, None)
