"""How studies and scenarios are said to people: values with their unit, reasons and notes."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from participation.web.sentences import distance, money
from siting.models import Criterion
from siting.rules.criteria import Kind, Value
from siting.rules.measures import Measure, Unit
from siting.rules.scenarios import Model, Source
from siting.rules.sensitivity import Firmness

TEMPLATE_NAMES = {
    "charging": _("Charging points: twenty criteria with their sources"),
    "plain": _("Two criteria to begin with: what residents ask for, and what is there already"),
}
LEVELS = {
    "car park": _("car park"),
    "perpendicular": _("square to the road"),
    "parallel": _("along the road"),
}
MEASURES = {
    Measure.NEAREST: _("distance to the nearest thing of a layer (straight line)"),
    Measure.COUNT: _("number of things of a layer within a distance"),
    Measure.SUM: _("sum of a column of a layer within a distance"),
    Measure.INSIDE: _("inside an area of a layer or not"),
    Measure.BELOW: _("value of a column of the area it lies in"),
    Measure.EXISTING: _("distance to what is there already (straight line)"),
    Measure.SUPPORTS: _("supporters of proposals within a distance"),
    Measure.PINS: _("proposals within a distance"),
    Measure.CHECK: _("outcome of a check at the candidate"),
    Measure.HAND: _("typed in by hand"),
}
MODELS = {
    Model.COVER: _("reach as much demand as possible"),
    Model.MEDIAN: _("make the way as short as possible for all"),
    Model.FEWEST: _("reach everybody with as few places as possible"),
    Model.VOTED: _("as voted"),
    Model.HAND: _("made by hand"),
}
SOURCES = {
    Source.PINS: _("proposals"),
    Source.SUPPORTS: _("supporters"),
    Source.VOTES: _("votes that were counted"),
    Source.LAYER: _("people of a layer"),
}
GONE = {
    "no_layer": _("No layer was chosen for this, so it is not known of any candidate."),
    "layer_gone": _("The layer for this was deleted, so it is not known of any candidate."),
    "attribute_gone": _("The layer for this has no such column any more, so it is not known of any candidate."),
    "not_said": _("It was not said within which distance, so this is not known of any candidate."),
}
CONDITIONS = {
    "number": _("the number of places"),
    "budget": _("the budget"),
    "must": _("the places that must be in"),
    "must_not": _("the places that may not be in"),
    "area": _("the least number per neighbourhood"),
    "spacing": _("the distance between places"),
    "cover": _("that everybody must be reached"),
}
FAILURES = {
    "broken": _("Something broke while it was computed. Try again; if it happens twice, tell us."),
    "data_moves": _("The data kept changing while they were read. Try again in a moment."),
    "no_demand": _("Nobody asked for anything yet by this measure, so there is no demand to choose places for."),
    "no_counted_vote": _("No vote was counted yet. How a vote stands that still runs is nobody's to know."),
    "no_candidate_was_voted_on": _("No candidate site comes from a proposal that was voted on."),
    "no_sites": _("There is no place in this scenario any more."),
    "all_excluded": _("Every candidate site fails a criterion that excludes, so there is nothing to choose from."),
    "must_is_excluded": _("These must be in, but fail a criterion that excludes: %(sites)s."),
    "existing_layer_gone": _("The layer “%(layer)s” of what is there already was deleted."),
    "demand_layer_gone": _("The layer “%(layer)s” of people was deleted."),
    "demand_column_gone": _("The layer “%(layer)s” has no column “%(column)s” any more."),
    "out_of_time": _("In %(seconds)s seconds no choice was found that keeps to all conditions. Loosen one of them."),
    "too_large": _("This is too much at once. Take a smaller distance or fewer candidates."),
    "contradiction": _("These conditions cannot hold together: %(kinds)s. Loosen one of them."),
}
NOTES = {
    "excluded": _("Candidates that fail a criterion that excludes were left out: %(n)s."),
    "k_more_than_candidates": _("You asked for %(k)s places. There are %(n)s candidates, so no more than these."),
    "areas_without_candidates": _("There is no candidate in: %(areas)s."),
    "put_together": _(
        "To choose, demand was put together in squares of %(cell_m)s m. The figures tell of the demand itself."
    ),
    "winners_without_candidate": _("Of the places voted first, this many have no candidate site: %(n)s."),
}
STAMPS = {
    "revision": _("proposals or supporters"),
    "candidates": _("the candidate sites"),
    "checks": _("the checks"),
    "hand": _("what was typed in"),
    "settings": _("the criteria or settings"),
    "study": _("the study"),
    "vote": _("the counted vote"),
    "built": _("what was built"),
}


def level_name(level: str) -> str:
    """What a level is called to the reader."""
    return str(LEVELS.get(level, level))


def level_of(text: str) -> str:
    """The level that is meant by what somebody typed."""
    return next((level for level in LEVELS if text.strip().lower() in {level, level_name(level).lower()}), text.strip())


def number(value: float) -> str:
    """Write a number in the reader's way: whole where it is, else as many digits as tell something."""
    digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    # Django cuts digits off, so round first.
    return str(number_format(round(value, digits), digits, force_grouping=True))


def exact(value: float) -> str:
    """Write a number with three digits, so that parts add up to their sum for the eye too."""
    return str(number_format(round(value, 3), 3))


def gain(model: str, value: float) -> str:
    """Say what a place adds: metres that the average way grows shorter by a p-median, else a share of the demand."""
    return metres(value) if model == Model.MEDIAN else percent(value)


def percent(share: float) -> str:
    """Write a share as people do: 30 %; one digit more below ten."""
    value = 100 * share
    digits = 0 if abs(value) >= 10 or abs(value - round(value)) < 0.05 else 1
    return f"{number_format(round(value, digits), digits)}\N{NO-BREAK SPACE}%"


def metres(value: float) -> str:
    """Say a distance; short ones to the centimetre, for kerbs and pavements."""
    if abs(value) < 10 and value:
        return f"{number_format(round(value, 2), 2)}\N{NO-BREAK SPACE}m"
    return distance(value) if value else "0 m"


def value(found: Value, unit: str) -> str:
    """Say what was measured, with its unit."""
    if found is None:
        return gettext("not known")
    if isinstance(found, str):
        return level_name(found)
    if unit == Unit.METRES:
        return metres(found)
    if unit == Unit.YES_NO:
        return gettext("yes") if found else gettext("no")
    return number(found)


def limits(row: Criterion) -> str:
    """Say what a hard criterion asks."""
    if row.unit == Unit.YES_NO and row.least:
        return gettext("must be so")
    parts = []
    if row.least is not None:
        parts.append(gettext("at least %(value)s") % {"value": value(row.least, row.unit)})
    if row.most is not None:
        parts.append(gettext("at most %(value)s") % {"value": value(row.most, row.unit)})
    return ", ".join(parts)


def worth_words(row: Criterion) -> str:
    """Say what values are worth: "0 m: 0; 250 m: 1"."""
    points = row.worth.get("curve")
    if points:
        return "; ".join(f"{value(x, row.unit)}: {number(y)}" for x, y in points)
    return "; ".join(f"{level_name(name)}: {number(y)}" for name, y in row.worth.get("levels", []))


def asks(row: Criterion) -> str:
    """Say what a criterion asks: its limits where it excludes, else what values are worth."""
    return limits(row) if row.kind == Kind.HARD and not row.worth.get("levels") else worth_words(row)


def how_measured(row: Criterion, layer_names: Mapping[str, str], existing: str = "") -> str:
    """Say in one line how a criterion gets its values."""
    said = str(MEASURES[Measure(row.measure)])
    layer = existing if row.measure == Measure.EXISTING else row.layer
    if layer:
        said += f" · {layer_names.get(layer, layer)}"
    if row.measure in {Measure.SUM, Measure.BELOW} and row.attribute:
        said += f" · {row.attribute}"
    if row.radius_m and row.measure in {Measure.COUNT, Measure.SUM, Measure.SUPPORTS, Measure.PINS}:
        said += f" · {distance(row.radius_m)}"
    return said


def firmness_sentence(firm: Firmness, name: str, titles: Sequence[str]) -> str:
    """Say at which weights of one criterion the order of the first changes, and who passes whom there."""
    said = [gettext("%(name)s counts for %(share)s of the score.") % {"name": name, "share": percent(firm.share)}]
    for swap, sentence in (
        (firm.below, _("If it counted for less than %(share)s, %(overtaker)s would come before %(overtaken)s.")),
        (firm.above, _("If it counted for more than %(share)s, %(overtaker)s would come before %(overtaken)s.")),
    ):
        if swap:
            who = {"overtaker": titles[swap.overtaker], "overtaken": titles[swap.overtaken]}
            said.append(str(sentence) % ({"share": percent(swap.share)} | who))
    return " ".join(said)


def failure(kept: Mapping[str, Any] | None) -> str:
    """Say why there is no outcome."""
    if not kept:
        return ""
    facts = {name: ", ".join(fact) if isinstance(fact, list) else fact for name, fact in kept["facts"].items()}
    if kept["code"] == "contradiction":
        facts["kinds"] = "; ".join(str(CONDITIONS[kind]) for kind in kept["facts"]["kinds"])
    said = str(FAILURES.get(kept["code"], FAILURES["broken"])) % facts
    if facts.get("sites") and kept["code"] == "contradiction":
        said += " " + gettext("It is about these places: %(sites)s.") % facts
    if facts.get("areas"):
        said += " " + gettext("It is about these neighbourhoods: %(areas)s.") % facts
    return said


def note(kept: Mapping[str, Any]) -> str:
    """Say something that belongs beside an outcome."""
    facts = {
        name: ", ".join(map(str, fact)) if isinstance(fact, list) else fact for name, fact in kept["facts"].items()
    }
    return str(NOTES[kept["code"]]) % facts


def changed(names: Sequence[str], layer_names: Mapping[str, str]) -> list[str]:
    """Say which data are not the same any more."""
    found = []
    for name in names:
        head, _dot, rest = name.partition(".")
        if head == "layers":
            found.append(gettext("the layer “%(layer)s”") % {"layer": layer_names.get(rest, rest)})
        elif head != "settings" or str(STAMPS[head]) not in found:
            found.append(str(STAMPS.get(head, head)))
    return found


def scenario_sentence(title: str, asked: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Say one scenario in plain words, ready for the college."""
    figures = result["figures"]
    facts = {
        "title": title,
        "n": figures["n_sites"],
        "after": percent(figures["covered_after"]),
        "before": percent(figures["covered_before"]),
        "radius": distance(asked["radius_m"]),
        "with": figures["n_areas_with"],
        "areas": figures["n_areas"],
    }
    said = [
        ngettext(
            "%(title)s: with %(n)s new place, %(after)s of the demand lies within %(radius)s of one.",
            "%(title)s: with %(n)s new places, %(after)s of the demand lies within %(radius)s of one.",
            figures["n_sites"],
        )
        % facts
    ]
    if figures["n_existing"]:
        said.append(gettext("Now that is %(before)s.") % facts)
    if figures["mean_m"] is not None:
        said.append(gettext("The nearest place is %(mean)s away on average.") % {"mean": metres(figures["mean_m"])})
    if figures["n_areas"]:
        said.append(gettext("Neighbourhoods with a place: %(with)s of %(areas)s.") % facts)
    said.append(proof_sentence(asked["model"], figures))
    return " ".join(said)


def proof_sentence(model: str, figures: Mapping[str, Any]) -> str:
    """Say how far from the best a choice can be."""
    gap = figures["gap"]
    if gap is None:
        return (
            gettext("This choice follows the vote; it was not computed.")
            if model == Model.VOTED
            else gettext("This choice was made by hand; it was not computed.")
        )
    if gap == 0 or not isfinite(gap):
        return gettext("No other choice under these conditions does better; that is proven.")
    return gettext("The best possible choice does at most %(gap)s better.") % {"gap": percent(gap)}


def cost(cents: int | None) -> str:
    """Say what places cost, if that is known."""
    return "" if cents is None else money(cents)
