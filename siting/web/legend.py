"""What the colours of the workbench's map mean: the same for the map and for its legend."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from participation.models import Project
from siting.models import Candidate
from siting.selectors.heat import heat_picture
from siting.web.asked import Asked
from siting.web.drawn import DOTS_AT_MOST, DRAWN_DIGITS

# As many hues as people tell apart, also those who see few colours (Okabe and Ito, 2008); without the town's own.
LAYER_COLOURS = ("#0072b2", "#d55e00", "#cc79a7", "#56b4e9", "#806000", "#444444")


class Step(NamedTuple):
    """One class of a layer: its name in the data, how it is painted (Leaflet's path options), what it means."""

    name: str
    style: dict[str, Any]
    label: Promise | str


def _fill(colour: str, share: float, **more: Any) -> dict[str, Any]:
    return {"fillColor": colour, "fillOpacity": share, "color": colour, "opacity": 0.9, "weight": 1} | more


SPOT_STEPS = (
    Step("hot99", _fill("#98000f", 0.65), _("Clearly more than chance, sure to 99 %")),
    Step("hot95", _fill("#e0703f", 0.5), _("Clearly more than chance, sure to 95 %")),
    Step("cold95", _fill("#4a90c9", 0.4), _("Clearly less than chance, sure to 95 %")),
    Step("cold99", _fill("#114f8f", 0.5), _("Clearly less than chance, sure to 99 %")),
    Step("even", _fill("#7a8a81", 0.04, opacity=0.35), _("Pins, but no more or less than chance can give")),
)
AREA_STEPS = (
    Step("silent", _fill("#6a51a3", 0.0, dashArray="4 4", weight=2), _("No pin yet")),
    Step("less", _fill("#cbc9e2", 0.55), _("Less than half the average")),
    Step("like", _fill("#9e9ac8", 0.55), _("About the average")),
    Step("more", _fill("#6a51a3", 0.6), _("More than one and a half times the average")),
    Step("unknown", _fill("#7a8a81", 0.1), _("Number of inhabitants not known")),
)
CANDIDATE_STEPS = tuple(Step(value, {}, label) for value, label in Candidate.State.choices)


def heat_key(project: Project, view: Asked) -> dict[str, Any]:
    """Where the heat map's picture is, where it lies, and what its colours mean; no steps where nothing is."""
    picture = heat_picture(project, view.heat, view.sieve)
    settings = {"bandwidth_m": int(view.heat.bandwidth_m), "weigh": view.heat.weigh.value}
    if view.heat.per_inhabitant:
        settings["per"] = "inhabitant"
    query = urlencode({**settings, **view.sieve.told(), "v": project.revision})
    return {
        "src": f"{reverse('desk_heat', args=(project.slug,))}?{query}",
        "bounds": [round(edge, DRAWN_DIGITS) for edge in picture.box[:4]],
        "steps": picture.legend,
    }


def pins_key(project: Project, view: Asked, n_pins: int, dots: str) -> dict[str, Any]:
    """Where the map finds the pins: each as a dot while they are few, else as tiles; those of everyone unfiltered."""
    if n_pins <= DOTS_AT_MOST:
        return {"url": dots, "dots": True}
    filters = view.sieve.told()
    if not filters:
        tiles = reverse("tile", args=(f"{project.slug}-proposals", "WebMercatorQuad", 0, 1, 2))
        return {"tiles": tiles.replace("/0/1/2", "/{z}/{y}/{x}")}
    tiles = reverse("desk_pins_tile", args=(project.slug, 0, 1, 2)).replace("/0/1/2", "/{z}/{y}/{x}")
    return {"tiles": f"{tiles}?{urlencode({**filters, 'v': project.revision})}"}
