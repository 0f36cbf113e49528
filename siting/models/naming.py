"""What the criteria of the sets are called, and what they say of a place: in pages and in layers alike."""

from django.utils.translation import gettext_lazy as _

from siting.models.study import Criterion
from siting.rules.criteria import Verdict

VERDICTS = {
    Verdict.PASS: _("fits"),
    Verdict.FAIL: _("excluded"),
    Verdict.UNKNOWN: _("to be checked"),
}
NAMES = {
    "ev.demand": _("Supporters within reach"),
    "ev.walk_home": _("Inhabitants within reach"),
    "ev.existing": _("Distance to the nearest charging point"),
    "ev.no_private": _("Homes without a parking place of their own"),
    "hub": _("Near a stop, a sports hall or shops"),
    "grid.lv": _("Distance to the low-voltage cable"),
    "ev.bay_type": _("Kind of parking place"),
    "ev.two_bays": _("Serves two parking places"),
    "dwl.front": _("Not right before a door or window"),
    "vis.social": _("In sight of people who pass"),
    "tree.roots": _("Spares the roots of trees"),
    "acc.disabled": _("Can be used from a wheelchair"),
    "own.public": _("Ground of the town, open day and night"),
    "grid.free": _("The grid can take it"),
    "her.view": _("Heritage allows it"),
    "pav.width": _("Free width of the pavement"),
    "ev.kerb": _("Distance from the pole to the kerb"),
    "ev.free_around": _("Free space around the pole"),
    "park.rules": _("Fits the parking rules"),
    "traffic.safe": _("Safe for traffic"),
    "demand": _("Supporters within reach"),
    "existing": _("Distance to what is there already"),
}


def criterion_name(row: Criterion) -> str:
    """What a criterion is called: its own name, else the one of its code."""
    return row.name or str(NAMES.get(row.code, row.code))
