"""What differs between a draft of a layer and the version in use, in words."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.web.differences import SHOWN, Line, Part, Told, held, place_words, table
from siting.models import Layer
from siting.selectors.differences import Difference, Fate, differing_rows

PARTS = {
    Fate.CHANGED: _("Changed"),
    Fate.NEW: _("New"),
    Fate.GONE: _("Gone"),
    Fate.NO_KEY: _("Without a key: what becomes of these cannot be told"),
    Fate.TWICE: _("The same key more than once: what becomes of these cannot be told"),
}
HEADING = ("row", "version", "key", "what", "before", "after")


def context(layer: Layer) -> dict[str, Any] | None:
    """How many rows are new, changed, gone and the same, and the first of each; none where nothing was compared."""
    told: dict[str, Any] | None = layer.report.get("compared")
    if told is None or layer.state != Layer.State.DRAFT:
        return None
    counts = told["counts"]
    parts = [
        Part(
            title,
            [_told(each) for each in islice(differing_rows(layer, fate), SHOWN)],
            counts[fate],
            is_change=fate is Fate.CHANGED,
        )
        for fate, title in PARTS.items()
        if counts.get(fate)
    ]
    counted = {fate.value: counts.get(fate, 0) for fate in Fate}
    return told | counted | {"parts": parts, "n_untold": counted["no_key"] + counted["twice"]}


def lines(layer: Layer) -> Iterator[str]:
    """All that differs, as CSV."""
    former = layer.report.get("compared", {}).get("with", "")
    rows = (
        (
            each.number,
            former if each.was else layer.version,
            each.key,
            fate.value,
            held(each.before | _place(each.place_before)),
            held(each.after | _place(each.place_after)),
        )
        for fate in PARTS
        for each in differing_rows(layer, fate)
    )
    return table(HEADING, rows)


def _told(each: Difference) -> Told:
    where = gettext("row %(n)s of the version in use") if each.was else gettext("row %(n)s")
    where = where % {"n": each.number}
    names = each.after or each.before
    said = [Line(name, each.before.get(name, ""), each.after.get(name, "")) for name in names]
    if each.place_before or each.place_after:
        before, after = (_place(place).get("place", "") for place in (each.place_before, each.place_after))
        said.append(Line(_("Place"), before, after))
    return Told(f"{where} ({each.key})" if each.key else where, said)


def _place(place: list[float] | None) -> dict[str, str]:
    return {"place": place_words(int(place[0]), place[1], place[2])} if place else {}
