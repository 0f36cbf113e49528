"""Which pictures lie under the maps of a town: its own list, else what the installation has."""

from django.conf import settings

from participation.models import Organisation
from participation.rules.base_maps import BaseMap, Entry, base_map_of


def entries_of(organisation: Organisation) -> list[Entry]:
    """The entries that hold in this town, the first shown first."""
    return list(organisation.base_maps or settings.BASE_MAPS)


def base_maps_of(organisation: Organisation) -> list[tuple[Entry, BaseMap]]:
    """The same with the service of each."""
    found = ((entry, base_map_of(entry)) for entry in entries_of(organisation))
    return [(entry, each) for entry, each in found if each is not None]


def picture_origins(organisation: Organisation) -> list[str]:
    """Whence browsers may load pictures on pages of this town."""
    return sorted({each.origin for _entry, each in base_maps_of(organisation)})
