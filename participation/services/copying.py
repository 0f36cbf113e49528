"""Takes the zones and the inventory of a project over into another."""

from participation.models import InventoryObject, Project, Zone


def copy_ground(source: Project, target: Project) -> None:
    """Copy zones and objects; of these what their owners said as well, for it is about the same things."""
    zones = list(Zone.objects.filter(project=source).order_by("position", "pk"))
    objects = list(InventoryObject.objects.filter(project=source).order_by("number"))
    for zone in zones:
        zone.pk, zone.project = None, target
    for row in objects:
        row.pk, row.project = None, target
    Zone.objects.bulk_create(zones)
    InventoryObject.objects.bulk_create(objects, batch_size=1000)
