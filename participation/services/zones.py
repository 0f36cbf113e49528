"""Sets what a project asks of places: which shapes, how exactly they are shown, its zones and its inventory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import shapely
from django.contrib.gis.geos import MultiPolygon
from django.db import transaction
from django.db.models import F, Max, RestrictedError
from shapely.geometry.base import BaseGeometry

from participation.models import InventoryObject, Person, Project, Proposal, Zone
from participation.rules.places import PlaceSettings, Shape, checked_settings, mark_of
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import BODY_MAX, TITLE_MAX, bounded, cleaned, line
from participation.rules.zones import ZONES_MAX, ZoneKind
from participation.selectors.places import fence_of
from participation.selectors.zones import asks_for_shapes, has_places, settings_of, shapes_in_use, to_geos
from participation.services.importing.areas import surface
from participation.services.proposals import require_desk
from participation.services.records import record_act
from participation.services.setup import note_change, set_area

OBJECTS_MAX = 20_000
KEY_MAX, NAME_MAX = 100, 120


@transaction.atomic
def set_ground(
    *, project: Project, area: MultiPolygon | None, source: Mapping[str, object], places: PlaceSettings, by: Person
) -> None:
    """Set where proposals may lie, and what is asked of a place there: both or neither.

    Refuses  what set_area and set_places refuse.
    """
    set_area(project=project, area=area, source=source, by=by)
    if area is not None:
        set_places(project=project, settings=places, by=by)


@transaction.atomic
def set_places(*, project: Project, settings: PlaceSettings, by: Person) -> None:
    """Set what a project asks of a place.

    What was promised holds: once there are places they stay as exact or as rough as they are, and a shape that is in
    use can still be proposed.

    Refuses  person.not_staff, what rules.places.checked_settings refuses, place.setting_holds.
    """
    require_desk(project, by, DeskAct.SETUP)
    given, was = checked_settings(settings), settings_of(project)
    without_object = Proposal.objects.filter(project=project, point__isnull=False, inventory_object__isnull=True)
    if (
        (given.blur_m != was.blur_m and has_places(project))
        or not shapes_in_use(project) <= set(given.shapes)
        or (given.from_inventory and without_object.exists())
    ):
        raise Refused(Code.PLACE_SETTING_HOLDS)
    if given == was:
        return
    project.shapes = [shape.value for shape in Shape if shape in given.shapes]
    project.place_optional, project.blur_m = given.optional, given.blur_m
    project.from_inventory, project.per_object = given.from_inventory, given.per_object
    project.nearby_radius_m = given.near_m
    settings_fields = ("shapes", "place_optional", "blur_m", "from_inventory", "per_object", "nearby_radius_m")
    project.save(update_fields=settings_fields)
    if asks_for_shapes(project):
        # In a project with shapes every place has one, so that its layer is of one column.
        Proposal.objects.filter(project=project, shape__isnull=True).update(shape=F("point"))
    _layer_changed(project)
    note_change(project, by, "places")


def _layer_changed(project: Project) -> None:
    """What was cached of the project's layer is stale, though none of its proposals changed."""
    Project.objects.filter(pk=project.pk).update(revision=F("revision") + 1)


# --- zones ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """What is set of a zone: its rule, its name and why it holds, by language."""

    kind: ZoneKind
    name: Mapping[str, str]
    why: Mapping[str, str]


@transaction.atomic
def add_zones(*, project: Project, zones: Iterable[tuple[ZoneRow, BaseGeometry]], by: Person) -> int:
    """Add zones behind the others; gives back how many.

    Refuses  person.not_staff, setup.too_many, zone.name_missing, zone.why_missing, body.too_long,
             area.not_a_surface.
    """
    require_desk(project, by, DeskAct.SETUP)
    position = Zone.objects.filter(project=project).aggregate(top=Max("position"))["top"] or 0
    rows = []
    for row, shape in zones:
        name, why = _words(row)
        outline: MultiPolygon = surface(shape)[0]
        position += 1
        rows.append(Zone(project=project, position=position, kind=row.kind, name=name, why=why, outline=outline))
    if Zone.objects.filter(project=project).count() + len(rows) > ZONES_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": ZONES_MAX})
    Zone.objects.bulk_create(rows)
    note_change(project, by, "zones", added=len(rows))
    return len(rows)


def _words(row: ZoneRow) -> tuple[dict[str, str], dict[str, str]]:
    name = {code: text for code, given in row.name.items() if (text := " ".join(cleaned(given).split()))}
    why = {code: text for code, given in row.why.items() if (text := bounded(given, BODY_MAX))}
    if not name or any(len(text) > TITLE_MAX for text in name.values()):
        raise Refused(Code.ZONE_NAME_MISSING, {"max": TITLE_MAX})
    if row.kind is ZoneKind.BARRED and not why:
        raise Refused(Code.ZONE_WHY_MISSING)
    return name, why


@transaction.atomic
def change_zone(*, project: Project, key: int, row: ZoneRow, by: Person) -> None:
    """Set the rule and the words of a zone; what was proposed before stays.

    Refuses  person.not_staff, zone.unknown, zone.name_missing, zone.why_missing, body.too_long.
    """
    require_desk(project, by, DeskAct.SETUP)
    name, why = _words(row)
    if not Zone.objects.filter(project=project, pk=key).update(kind=row.kind, name=name, why=why):
        raise Refused(Code.ZONE_UNKNOWN)
    note_change(project, by, "zones")


@transaction.atomic
def remove_zone(*, project: Project, key: int, by: Person) -> None:
    """Take a zone away.

    Refuses  person.not_staff, zone.unknown.
    """
    require_desk(project, by, DeskAct.SETUP)
    n, _by_table = Zone.objects.filter(project=project, pk=key).delete()
    if not n:
        raise Refused(Code.ZONE_UNKNOWN)
    note_change(project, by, "zones", removed=1)


# --- inventory ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object of a file: what its owner knows it by, its name, whose it is, where it stands."""

    key: str
    name: str
    owner: str
    place: BaseGeometry


@transaction.atomic
def load_inventory(*, project: Project, rows: Iterable[ObjectRow], by: Person) -> tuple[int, int]:
    """Take objects in, known again by their key: how many came in or changed, how many lie outside the area.

    What the owner said stays; an object that is not in the file stays as well.

    Refuses  person.not_staff, setup.too_many, body.too_long, object.none_in_file.
    """
    require_desk(project, by, DeskAct.SETUP)
    ground = fence_of(project)
    known = {row.key: row for row in InventoryObject.objects.select_for_update().filter(project=project)}
    number = max((row.number for row in known.values()), default=0)
    new: dict[str, InventoryObject] = {}
    changed_rows: dict[str, InventoryObject] = {}
    n_outside = 0
    for row in rows:
        if ground.area is not None and not ground.area.intersects(row.place):
            n_outside += 1
            continue
        key = bounded(row.key, KEY_MAX)
        found = known.get(key) or new.get(key)
        if found is None:
            number += 1
            found = new[key] = InventoryObject(project=project, number=number, key=key)
        elif key in known:
            changed_rows[key] = found
        found.name = line(row.name, NAME_MAX) or f"{found.number}"
        found.owner = line(row.owner, NAME_MAX)
        found.place = to_geos(_simple(row.place))
    if not new and not changed_rows:
        raise Refused(Code.OBJECT_NONE_IN_FILE)
    if len(known) + len(new) > OBJECTS_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": OBJECTS_MAX})
    InventoryObject.objects.bulk_create(new.values(), batch_size=1000)
    InventoryObject.objects.bulk_update(changed_rows.values(), ["name", "owner", "place"], batch_size=1000)
    note_change(project, by, "inventory", added=len(new), updated=len(changed_rows))
    return len(new) + len(changed_rows), n_outside


def _simple(place: BaseGeometry) -> BaseGeometry:
    """One part of what is of several, flat: an object stands in one place."""
    flat = shapely.force_2d(place)
    parts = list(getattr(flat, "geoms", ()))
    if not parts:
        return flat
    mark = mark_of(flat)
    return parts[0] if len(parts) == 1 else shapely.Point(mark.lon, mark.lat)


@transaction.atomic
def set_permission(*, project: Project, number: int, permission: str, by: Person) -> InventoryObject:
    """Note what the owner of an object says; residents see it.

    Refuses  person.not_staff, object.unknown.
    """
    require_desk(project, by, DeskAct.MODERATE)
    found = InventoryObject.objects.select_for_update().filter(project=project, number=number).first()
    if found is None or permission not in InventoryObject.Permission.values:
        raise Refused(Code.OBJECT_UNKNOWN, {"number": number})
    was, found.permission = found.permission, permission
    found.save(update_fields=["permission"])
    _layer_changed(project)
    record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act="object.permission",
        subject=f"object {number}",
        detail={"was": was, "now": permission},
    )
    return found


@transaction.atomic
def remove_object(*, project: Project, number: int, by: Person) -> None:
    """Take an object off the list, unless something was proposed with it.

    Refuses  person.not_staff, object.unknown, object.in_use.
    """
    require_desk(project, by, DeskAct.SETUP)
    found = InventoryObject.objects.filter(project=project, number=number).first()
    if found is None:
        raise Refused(Code.OBJECT_UNKNOWN, {"number": number})
    try:
        with transaction.atomic():
            found.delete()
    except RestrictedError as error:
        raise Refused(Code.OBJECT_IN_USE, {"name": found.name}) from error
    note_change(project, by, "inventory", removed=1)


# --- the exact place ------------------------------------------------------------------------------------------------


def note_exact_place_seen(*, proposal: Proposal, by: Person) -> None:
    """Write down that somebody of the staff looked where a proposal really is.

    Refuses  person.not_staff.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    record_act(
        organisation=proposal.project.organisation,
        project=proposal.project,
        by=by,
        act="place.seen",
        subject=f"proposal {proposal.number}",
    )
