"""Takes a GIS layer in: zones, criteria, overlays."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import now
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand
from participation.public import organisation_or_refused
from participation.rules.rows import short_slug
from siting.models import Layer
from siting.selectors.layers import current_layers
from siting.services.layers import accept_layer, draft_layer


class Command(OperatorCommand):
    """Import a layer."""

    help = "Take any GIS layer in, for zones, criteria and overlays; one of the same name becomes a new version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument(
            "file",
            help="GeoPackage, Shapefile (zip), GeoJSON, FlatGeobuf, GeoParquet, KML, XLSX, CSV or OCPI locations",
        )
        parser.add_argument("--organisation", required=True, metavar="SLUG", help="the town")
        parser.add_argument("--name", required=True, metavar="N", help="what the layer is called")
        parser.add_argument("--layer", default="", metavar="L", help="which layer, where the file holds several")
        parser.add_argument("--crs", default="", metavar="EPSG:n", help="the plane, where the file does not say it")
        parser.add_argument("--lon-field", default="", metavar="F", help="the column with the longitude, or x")
        parser.add_argument("--lat-field", default="", metavar="F", help="the column with the latitude, or y")
        parser.add_argument("--kind", default=Layer.Kind.CONTEXT.value, choices=Layer.Kind.values, help="what it holds")
        parser.add_argument("--source", default="", help="who made it and when (else the name of the file)")
        parser.add_argument("--licence", default="", help="under which terms it may be used (else: not known)")
        parser.add_argument("--public", action="store_true", help="everybody may see it and take it along")
        parser.add_argument(
            "--show",
            action="append",
            metavar="COLUMN",
            help="a column that everybody sees where the layer is public, once for each; staff see all (else: those "
            "that were public in the version it replaces)",
        )
        self.add_json(parser)

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Take it in, all or nothing."""
        town = organisation_or_refused(options["organisation"])
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(_("There is no file “%(name)s”.") % {"name": path.name})
        slug = short_slug(slugify(options["name"]), options["name"])
        layer = draft_layer(
            organisation=town,
            file=path,
            file_name=path.name,
            name=options["name"],
            kind=options["kind"],
            source=options["source"] or path.name,
            licence=options["licence"] or _("not known"),
            is_public=options["public"],
            by=None,
            now=now(),
            file_layer=options["layer"],
            crs=options["crs"],
            lon=options["lon_field"],
            lat=options["lat_field"],
            replaces=current_layers(town).filter(slug=slug).first(),
        )
        self.require_answers(layer)
        accept_layer(layer=layer, shown=self.shown(layer, options["show"]), by=None)
        report = layer.report
        result: dict[str, object] = {
            "layer": f"layer-{layer.slug}",
            "version": layer.version,
            "read": report["n_read"],
            "imported": layer.n_features,
            "refused": report["faults"],
            "mended": report["n_mended"],
            "without_place": report["n_without_place"],
            "crs": layer.crs,
            "geometry_type": layer.geometry_type,
            "shown": layer.shown,
        }
        words = _("“%(name)s”, version %(version)s: %(n)s of %(read)s rows, %(mended)s outlines mended.") % {
            "name": layer.name,
            "version": layer.version,
            "n": layer.n_features,
            "read": report["n_read"],
            "mended": report["n_mended"],
        }
        self.answer(result, words, as_json=options["json"])

    def shown(self, layer: Layer, asked: list[str] | None) -> list[str]:
        """The columns that everybody sees.

        Raises   CommandError where one is not there.
        """
        if unknown := set(asked or ()) - set(layer.names):
            layer.file.delete(save=False)
            facts = {"names": ", ".join(sorted(unknown)), "known": ", ".join(layer.names[:30])}
            raise CommandError(_("The layer has no column %(names)s. It has: %(known)s.") % facts)
        return layer.shown if asked is None else asked

    def require_answers(self, layer: Layer) -> None:
        """End with a sentence where the file leaves something open; what was kept of it is forgotten.

        Raises   CommandError.
        """
        needs = layer.report["needs"]
        if not needs:
            return
        layer.file.delete(save=False)
        if needs == "layer":
            names = ", ".join(layer.report["layers"][:30])
            raise CommandError(
                _("The file holds several layers. Say which with --layer: %(names)s.") % {"names": names}
            )
        if needs == "places":
            names = ", ".join(layer.names[:30])
            raise CommandError(
                _("No row says where it lies. Say the columns with --lon-field and --lat-field: %(names)s.")
                % {"names": names}
            )
        raise CommandError(_("The file does not say its coordinate system. Say it with --crs, such as EPSG:31370."))
