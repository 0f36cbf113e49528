"""Sets what lies under a town's maps, which address search it asks, and the licence of its open data."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from participation.models import Organisation, Person
from participation.rules.address_search import FIRST_SERVICE
from participation.rules.base_maps import PRESETS, Entry, added
from participation.rules.licences import LICENCES
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.roles import may_in_town
from participation.services.records import record_act


def _locked(organisation: Organisation, by: Person) -> Organisation:
    if not may_in_town(organisation, by, DeskAct.LAYERS):
        raise Refused(Code.NOT_STAFF)
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


@transaction.atomic
def add_base_map(*, organisation: Organisation, entry: Entry, by: Person) -> list[Entry]:
    """Put one more background at the end of the town's list.

    Locks    the organisation's row.
    Refuses  person.not_staff, base_map.unknown, base_map.twice, base_map.too_many.
    """
    town = _locked(organisation, by)
    if "preset" in entry and entry["preset"] not in PRESETS:
        raise Refused(Code.BASE_MAP_UNKNOWN)
    return _keep(town, added(town.base_maps, entry), by)


@transaction.atomic
def move_base_map(*, organisation: Organisation, at: int, act: str, by: Person) -> list[Entry]:
    """Show the background at this place of the list first (``first``), or take it off (``remove``).

    Locks    the organisation's row.
    Refuses  person.not_staff, base_map.unknown.
    """
    town = _locked(organisation, by)
    entries: list[Entry] = list(town.base_maps)
    if not 0 <= at < len(entries) or act not in {"first", "remove"}:
        raise Refused(Code.BASE_MAP_UNKNOWN)
    entry = entries.pop(at)
    return _keep(town, [entry, *entries] if act == "first" else entries, by)


def _keep(town: Organisation, entries: Sequence[Entry], by: Person) -> list[Entry]:
    town.base_maps = list(entries)
    town.save(update_fields=["base_maps"])
    names = [str(entry.get("preset") or entry.get("name")) for entry in entries]
    record_act(
        organisation=town, by=by, act="base_maps.set", subject=", ".join(names) or "-", detail={"maps": list(entries)}
    )
    return list(entries)


@transaction.atomic
def set_data(*, organisation: Organisation, licence: str, address_search: str, by: Person) -> None:
    """Set the licence of the open data, and which of the operator's address searches is asked ("" for none).

    Locks    the organisation's row.
    Refuses  person.not_staff; what is none of the choices changes nothing.
    """
    town = _locked(organisation, by)
    if licence in LICENCES and licence != town.licence:
        town.licence = licence
        record_act(organisation=town, by=by, act="licence.set", subject=licence)
    if address_search in {"", FIRST_SERVICE, *settings.ADDRESS_SEARCH} and address_search != town.address_search:
        town.address_search = address_search
        record_act(organisation=town, by=by, act="address_search.set", subject=address_search or "-")
    town.save(update_fields=["licence", "address_search"])
