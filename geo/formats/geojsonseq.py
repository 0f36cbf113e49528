"""GeoJSON sequence: one feature after another, to be read without holding the whole (RFC 8142); out."""

from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from geo.formats.frames import Frame, Heading
from geo.formats.geojson_text import feature_texts
from geo.plane.crs import CRS84

TYPE = "application/geo+json-seq"
# A sequence has no head that could name another plane.
PLANES = (CRS84.code,)
LOSSES = (
    _("Places are rounded to a millimetre."),
    _("The file is always in longitude and latitude."),
    _("A number that is infinite, or none at all (NaN), becomes empty."),
)
# Before each feature, so that a reader finds the next one when one is broken.
_SEPARATOR = "\x1e"


def write(frames: Iterable[Frame], heading: Heading, path: Path) -> None:
    """Write a feature a line, each behind a record separator."""
    with path.open("w", encoding="utf-8") as file:
        for frame in frames:
            file.writelines(
                f"{_SEPARATOR}{told}\n" for told in feature_texts(frame, heading.columns, heading.crs.digits)
            )
