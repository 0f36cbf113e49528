"""What a planner set in the workbench, read from the address; everything has a value when nothing is said."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from participation.models import Proposal
from siting.rules.settings import (
    BANDWIDTH_M,
    CELL_M,
    LEAST_MIN_COUNT,
    MAX_BANDWIDTH_M,
    MAX_CELL_M,
    MAX_RADIUS_M,
    MIN_BANDWIDTH_M,
    MIN_CELL_M,
    MIN_COUNT,
    MIN_RADIUS_M,
    MOST_MIN_COUNT,
    RADIUS_M,
    Ballot,
    Grouping,
    Heat,
    Sieve,
    Spots,
    Weigh,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PINS, CLUSTERS, HEAT, SPOTS, AREAS, CANDIDATES = "pins", "clusters", "heat", "hotspots", "areas", "candidates"
# In the order of the page; the town's own layers follow, by their slug behind this.
OWN_LAYERS = (PINS, CLUSTERS, HEAT, SPOTS, AREAS, CANDIDATES)
LAYER = "layer-"
# Said along with the ticked layers, so that "none ticked" differs from "nothing said".
NO_LAYER = "none"
SHOWN_AT_FIRST = (PINS, CLUSTERS)
# A number above this is in no project; the database's own limit is 2^31.
HIGHEST_NUMBER = 2_000_000_000
MOST_LETTERS = 100

# What can be looked at, and how it is named in the address.
SEEN = re.compile(
    r"(?P<kind>pin|cluster|candidate|hex):(?P<number>\d{1,9})|area:(?P<area>[^:]{1,40})"
    r"|layer:(?P<layer>[-\w]{1,60}):(?P<feature>\d{1,9})"
)


@dataclass(frozen=True, slots=True)
class There:
    """What there is to choose from in a project: (name in the address, name for people)."""

    themes: tuple[tuple[str, str], ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
    has_votes: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at: a thing of some kind by its number, a neighbourhood by its code, a feature of a layer."""

    kind: str
    name: str = ""
    number: int = 0

    PATTERN: ClassVar[re.Pattern[str]] = SEEN

    def __str__(self) -> str:
        return ":".join([self.kind, *([self.name] if self.name else []), *([str(self.number)] if self.number else [])])


def seen(text: str) -> Seen | None:
    """Read what is looked at from its name."""
    found = SEEN.fullmatch(text)
    if found is None:
        return None
    if found["area"]:
        return Seen("area", found["area"])
    if found["layer"]:
        return Seen("layer", found["layer"], int(found["feature"]))
    return Seen(found["kind"], "", int(found["number"]))


def _whole_number(least: int, most: int, sentence: "_StrPromise") -> forms.IntegerField:
    said = dict.fromkeys(("invalid", "min_value", "max_value"), sentence)
    return forms.IntegerField(min_value=least, max_value=most, required=False, error_messages=said)


def _day(sentence: "_StrPromise") -> forms.DateField:
    return forms.DateField(required=False, input_formats=["%Y-%m-%d"], error_messages={"invalid": sentence})


class SettingsForm(forms.Form):
    """The sliders, boxes and filters of the workbench."""

    show = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": _("There is no layer “%(value)s” here.")}
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
    cell_m = _whole_number(
        MIN_CELL_M, MAX_CELL_M, _("The width of a hexagon is a whole number from 100 to 2000 metres.")
    )
    per = forms.ChoiceField(choices=[("inhabitant", "inhabitant")], required=False)
    weigh = forms.ChoiceField(
        choices=[(weigh.value, weigh.value) for weigh in Weigh],
        required=False,
        error_messages={"invalid_choice": _("Count pins, supporters or votes, not “%(value)s”.")},
    )
    theme = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("There is no theme “%(value)s” in this project.")}
    )
    area = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("There is no neighbourhood “%(value)s” in this town.")}
    )
    origin = forms.ChoiceField(
        choices=Proposal.Origin.choices,
        required=False,
        error_messages={"invalid_choice": _("Nobody called “%(value)s” proposes anything.")},
    )
    ballot = forms.ChoiceField(
        choices=[(ballot.value, ballot.value) for ballot in Ballot],
        required=False,
        error_messages={"invalid_choice": _("A proposal is on the ballot or off it, not “%(value)s”.")},
    )
    since = _day(_("The first day is a date, such as 2026-01-31."))
    until = _day(_("The last day is a date, such as 2026-01-31."))
    text = forms.CharField(
        required=False,
        max_length=MOST_LETTERS,
        error_messages={
            "max_length": _("Search with at most 100 letters."),
            "null_characters_not_allowed": _("This text cannot be searched for."),
        },
    )
    see = forms.RegexField(
        SEEN.pattern, required=False, error_messages={"invalid": _("What should be shown is not known here.")}
    )
    run = _whole_number(0, HIGHEST_NUMBER, _("A run is named by its number."))
    page = _whole_number(1, HIGHEST_NUMBER, _("A page is named by its number."))

    def __init__(self, query: QueryDict, there: There) -> None:
        super().__init__(query)
        self.there = there
        names = [NO_LAYER, *OWN_LAYERS, *(LAYER + name for name, _label in there.layers)]
        fields: dict[str, Any] = self.fields
        fields["show"].choices = [(name, name) for name in names]
        fields["theme"].choices, fields["area"].choices = there.themes, there.areas

    def clean_weigh(self) -> str:
        """Refuse votes that are not counted: a running vote's tally is hidden."""
        weigh: str = self.cleaned_data["weigh"]
        if weigh == Weigh.VOTES and not self.there.has_votes:
            raise forms.ValidationError(_("Votes can be used here once they are counted. Count supporters until then."))
        return weigh

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        clean = self.cleaned_data
        since, until = clean.get("since"), clean.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first day."))
        return clean


@dataclass(frozen=True, slots=True)
class Asked:
    """One view of the workbench. ``see`` is what is looked at; ``run`` a kept grouping shown instead of DBSCAN's."""

    grouping: Grouping
    heat: Heat
    spots: Spots
    show: tuple[str, ...]
    sieve: Sieve = field(default_factory=Sieve)
    see: Seen | None = None
    run: int | None = None
    page: int = 1

    def query(self, **changes: Any) -> str:
        """The address of this view, or of the same with some changes, as a query.

        The settings are said even where they are the usual ones: a link shows the same when those change.
        """
        view = replace(self, **({"page": 1} | changes))
        told: list[tuple[str, object]] = [("show", NO_LAYER), *(("show", name) for name in view.show)]
        told += [
            ("radius_m", int(view.grouping.radius_m)),
            ("min_count", view.grouping.min_count),
            ("bandwidth_m", int(view.heat.bandwidth_m)),
            ("cell_m", int(view.spots.cell_m)),
            ("weigh", view.grouping.weigh.value),
        ]
        maybe: list[tuple[str, object]] = [
            ("per", "inhabitant" if view.heat.per_inhabitant else ""),
            *view.sieve.told().items(),
            ("run", view.run),
            ("see", view.see),
            ("page", view.page if view.page > 1 else None),
        ]
        return urlencode(told + [(name, value) for name, value in maybe if value not in (None, "")])


def asked(query: QueryDict, there: There | None = None) -> tuple[Asked, SettingsForm]:
    """Read what was set; for what cannot be, the usual value, and the form says why (``form.errors``)."""
    there = there or There()
    form = SettingsForm(query, there)
    form.full_clean()
    clean = form.cleaned_data

    def number(name: str, usual: int) -> int:
        given = clean.get(name)
        return usual if given is None else given

    def day(name: str) -> date | None:
        given: date | None = clean.get(name)
        return given

    weigh = Weigh(clean.get("weigh") or Weigh.SUPPORTERS)
    # In the order of the page, each once.
    ticked = [
        name
        for name in (*OWN_LAYERS, *(LAYER + slug for slug, _label in there.layers))
        if name in clean.get("show", ())
    ]
    sieve = Sieve(
        theme=clean.get("theme", ""),
        area=clean.get("area", ""),
        origin=clean.get("origin", ""),
        ballot=Ballot(clean["ballot"]) if clean.get("ballot") else None,
        since=day("since"),
        until=day("until"),
        text=" ".join(clean.get("text", "").split()),
    )
    view = Asked(
        Grouping(number("radius_m", RADIUS_M), number("min_count", MIN_COUNT), weigh),
        Heat(number("bandwidth_m", BANDWIDTH_M), weigh, clean.get("per") == "inhabitant"),
        Spots(number("cell_m", CELL_M), weigh),
        tuple(ticked) if "show" in query and "show" not in form.errors else SHOWN_AT_FIRST,
        sieve,
        seen(clean.get("see", "")),
        clean.get("run"),
        number("page", 1),
    )
    return view, form
