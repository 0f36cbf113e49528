"""The text that goes with a file: where its rows come from, what its columns mean, what its format cannot keep."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from geo.catalog import AnyLayer, Raster
from geo.plane.crs import Crs

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

KINDS = {
    "text": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "date": _("day"),
    "boolean": _("yes or no"),
}


def about(layer: AnyLayer, *, format: str, losses: "Sequence[_StrPromise]", crs: Crs, asked: str) -> str:  # noqa: A002
    """Say it in the language in force, a line a thought."""
    lines = [str(layer.title), str(layer.description), ""]
    lines.append(gettext("Format: %(format)s") % {"format": format})
    lines.append(gettext("Coordinate system: %(name)s (%(crs)s)") % {"name": crs.title, "crs": crs.name})
    everything = gettext("all of this layer")
    if isinstance(layer, Raster):
        lines.append(gettext("Part: %(part)s") % {"part": asked or everything})
    else:
        lines.append(gettext("Rows: %(rows)s") % {"rows": asked or everything})
        lines += ["", gettext("Columns:")]
        for column in layer.columns:
            lines.append(f"- {column.name} ({KINDS[column.kind]}): {column.title}")
            lines += [f"  - {code} = {meaning}" for code, meaning in column.codes]
        # Of columns that somebody brought along, nothing is known but who chose them.
        own = gettext("In no file stands anybody's name, or a vote that was not counted yet.")
        lines += ["", str(layer.chosen_by) or own]
    lines += ["", gettext("What this format does not keep:"), *(f"- {loss}" for loss in losses)]
    return "\n".join(lines) + "\n"
