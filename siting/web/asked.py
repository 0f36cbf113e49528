"""What a planner set in the workbench, read from the address; everything has a value when nothing is said."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from siting.rules.settings import (
    BANDWIDTH_M,
    LEAST_MIN_COUNT,
    MAX_BANDWIDTH_M,
    MAX_RADIUS_M,
    MIN_BANDWIDTH_M,
    MIN_COUNT,
    MIN_RADIUS_M,
    MOST_MIN_COUNT,
    RADIUS_M,
    Grouping,
    Heat,
    Weigh,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PINS, CLUSTERS, HEAT = "pins", "clusters", "heat"
# Said along with the ticked layers, so that "none ticked" differs from "nothing said".
NO_LAYER = "none"
SHOWN_AT_FIRST = (PINS, CLUSTERS)
# A number above this is in no project; the database's own limit is 2^31.
HIGHEST_NUMBER = 2_000_000_000


def _whole_number(least: int, most: int, sentence: "_StrPromise") -> forms.IntegerField:
    said = dict.fromkeys(("invalid", "min_value", "max_value"), sentence)
    return forms.IntegerField(min_value=least, max_value=most, required=False, error_messages=said)


class SettingsForm(forms.Form):
    """The sliders and boxes of the workbench."""

    show = forms.MultipleChoiceField(
        choices=[(name, name) for name in (NO_LAYER, PINS, CLUSTERS, HEAT)],
        required=False,
        error_messages={"invalid_choice": _("There is no layer “%(value)s” here.")},
    )
    radius_m = _whole_number(
        MIN_RADIUS_M, MAX_RADIUS_M, _("The distance between pins is a whole number from 25 to 1000 metres.")
    )
    min_count = _whole_number(
        LEAST_MIN_COUNT, MOST_MIN_COUNT, _("The least number of pins is a whole number from 2 to 50.")
    )
    bandwidth_m = _whole_number(
        MIN_BANDWIDTH_M, MAX_BANDWIDTH_M, _("The reach of the heat map is a whole number from 50 to 1000 metres.")
    )
    weigh = forms.ChoiceField(
        choices=[(Weigh.SUPPORTERS, _("Supporters")), (Weigh.PINS, _("Pins"))],
        required=False,
        error_messages={"invalid_choice": _("Count either pins or supporters, not “%(value)s”.")},
    )
    pin = _whole_number(0, HIGHEST_NUMBER, _("A proposal is named by its number."))


@dataclass(frozen=True, slots=True)
class Asked:
    """One view of the workbench; ``pin`` is a proposal whose cluster is looked at."""

    grouping: Grouping
    heat: Heat
    show: tuple[str, ...]
    pin: int | None

    def query(self, *, pin: int | None = None) -> str:
        """The address of this view, or of the same with another cluster, as a query."""
        chosen = self.pin if pin is None else pin
        told = [("show", NO_LAYER), *(("show", name) for name in self.show)]
        numbers = {
            "radius_m": int(self.grouping.radius_m),
            "min_count": self.grouping.min_count,
            "bandwidth_m": int(self.heat.bandwidth_m),
            "weigh": self.heat.weigh.value,
        }
        return urlencode([*told, *numbers.items(), *([] if chosen is None else [("pin", chosen)])])


def asked(query: QueryDict) -> tuple[Asked, SettingsForm]:
    """Read what was set; for what cannot be, the usual value, and the form says why (``form.errors``)."""
    form = SettingsForm(query)
    form.full_clean()
    clean = form.cleaned_data

    def number(name: str, usual: int) -> int:
        given = clean.get(name)
        return usual if given is None else given

    weigh = Weigh(clean.get("weigh") or Weigh.SUPPORTERS)
    # In the order of the page, each once.
    ticked = [name for name in (PINS, CLUSTERS, HEAT) if name in clean.get("show", ())]
    return (
        Asked(
            Grouping(number("radius_m", RADIUS_M), number("min_count", MIN_COUNT), weigh),
            Heat(number("bandwidth_m", BANDWIDTH_M), weigh),
            tuple(ticked) if "show" in query and "show" not in form.errors else SHOWN_AT_FIRST,
            clean.get("pin"),
        ),
        form,
    )
