"""Why a request for map data is refused: one class a reason, with its code and sentence; which HTTP status it gets
stands in ``geo/ogc/answers.py``."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Problem(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """A request that is refused; ``facts`` fill the sentence."""

    code: str
    sentence: "_StrPromise"

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        # What came in is shown back in the sentence: as text, and not all five megabytes of it.
        self.facts = {name: str(value)[:100] for name, value in facts.items()}

    def __str__(self) -> str:
        return str(self.sentence) % self.facts


class LayerNotFound(Problem):
    code = "layer.not_found"
    sentence = _("There is no public layer named “%(layer)s”.")


class FeatureNotFound(Problem):
    code = "feature.not_found"
    sentence = _("There is no feature %(feature)s in this layer.")


class NotAFeatureLayer(Problem):
    code = "layer.no_features"
    sentence = _("The layer “%(layer)s” is a picture, it has no features. Download it as GeoTIFF.")


class NotAPinLayer(Problem):
    code = "layer.no_tiles"
    sentence = _("The layer “%(layer)s” has no map tiles: only layers of points do.")


class TileOutsideWorld(Problem):
    code = "tile.outside_world"
    sentence = _(
        "Tile %(tile)s does not exist: zoom runs from 0 to %(max_zoom)s, row and column below 2 to that power."
    )


class TileMatrixUnknown(Problem):
    code = "tile.matrix_unknown"
    sentence = _("Tiles are made in WebMercatorQuad only, not in “%(matrix)s”.")


class ParameterUnknown(Problem):
    code = "parameter.unknown"
    sentence = _("“%(name)s” is not a parameter here. Known are: %(known)s.")


class ParameterRepeated(Problem):
    code = "parameter.repeated"
    sentence = _("“%(name)s” is given more than once.")


class ParameterBad(Problem):
    code = "parameter.bad"
    sentence = _("“%(value)s” is not a value for “%(name)s”: %(wanted)s.")


class CrsUnknown(Problem):
    code = "crs.unknown"
    sentence = _("The coordinate system “%(crs)s” is not offered. Offered are: %(known)s.")


class BoxBad(Problem):
    code = "bbox.bad"
    sentence = _("“%(bbox)s” is not a box: give west,south,east,north as four numbers, in the order of its system.")


class FormatUnknown(Problem):
    code = "format.unknown"
    sentence = _("“%(format)s” is not offered here. Offered are: %(known)s.")


class FormatUnfit(Problem):
    code = "format.unfit"
    sentence = _("The layer “%(layer)s” cannot be written as %(format)s. Possible are: %(known)s.")


class PlaneUnfit(Problem):
    code = "format.plane_fixed"
    sentence = _(
        "A file of the format %(format)s is always in longitude and latitude, so it cannot be written in %(crs)s. "
        "Choose EPSG:4326, or another format."
    )


class MethodNotAllowed(Problem):
    code = "method.not_allowed"
    sentence = _("This address can only be read (GET).")


class ServerBusy(Problem):
    code = "server.busy"
    sentence = _("The server is busy with other maps and files. Try again in a moment.")


class NothingToDraw(Problem):
    code = "export.nothing_there"
    sentence = _("The layer “%(layer)s” has nothing here, so there is no picture to make of it.")


class DiskFull(Problem):
    code = "export.disk_full"
    sentence = _("The disk of the server is full, so the file was not written to its end. Nothing of it was kept.")


class FilterBad(Problem):
    code = "filter.bad"
    sentence = _("The filter is no CQL2 text that is understood here. It goes wrong at: “%(why)s”.")


class FilterUnknownColumn(Problem):
    code = "filter.unknown_column"
    sentence = _("The filter asks about “%(name)s”, which this layer does not have. It has: %(known)s.")


class FilterTooLong(Problem):
    code = "filter.too_long"
    sentence = _("The filter is too long. At most %(max)s characters are read.")


class FilterTooDeep(Problem):
    code = "filter.too_deep"
    sentence = _("The filter is too deep or has too many conditions. At most %(max)s are read.")


class FilterLanguageUnknown(Problem):
    code = "filter.language_unknown"
    sentence = _("Filters are read in “cql2-text” only, not in “%(lang)s”.")
