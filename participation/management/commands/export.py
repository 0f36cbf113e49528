"""Writes a layer of a project into a file."""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from geo import catalog, export
from geo.plane import boxes
from geo.plane.crs import CRS84, UnknownCrs, parse
from participation.management.operating import OperatorCommand, project_called
from participation.selectors.electorate import person_by_mail


class Command(OperatorCommand):
    """Export a layer."""

    help = "Write a layer into a file: the same rows and columns as the live layer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("layer", help="such as proposals; a wrong name shows which there are")
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--format", required=True, choices=list(export.TYPES))
        parser.add_argument("--crs", default="EPSG:4326", metavar="EPSG:n")
        parser.add_argument("--bbox", metavar="w,s,e,n", help="only what touches this box, in degrees")
        parser.add_argument("--as", dest="reader", metavar="MAIL", help="as this member of staff sees it")
        parser.add_argument("--output", required=True, metavar="FILE")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the file, whole or not at all."""
        project = project_called(options["project"])
        asker = catalog.Asker(project.organisation.slug, _reader(options["reader"]))
        layers = {layer.id: layer for layer in catalog.layers_for(asker)}
        prefix = f"{project.slug}-"
        layer = layers.get(options["layer"]) or layers.get(prefix + options["layer"])
        if layer is None:
            known = [name.removeprefix(prefix) for name in layers if name.startswith(prefix) or name == "areas"]
            raise CommandError(
                _("There is no layer “%(layer)s”. There are: %(known)s.")
                % {"layer": options["layer"][:60], "known": ", ".join(known) or "-"}
            )
        try:
            crs = parse(options["crs"])
            box = boxes.parse(options["bbox"], CRS84) if options["bbox"] else None
        except UnknownCrs as error:
            raise CommandError(_("The coordinate system “%(crs)s” is not known.") % {"crs": options["crs"]}) from error
        except boxes.BadBox as error:
            raise CommandError(
                _("“%(bbox)s” is not a box. Give west,south,east,north in degrees.") % {"bbox": options["bbox"][:100]}
            ) from error
        output = Path(options["output"]).absolute()
        companion = output.with_name(f"{output.name}.about.txt")
        try:
            # Written beside its place and moved there, so that nobody ever reads half a file; under its own name,
            # because a GeoPackage calls its layer so.
            with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
                unfinished = Path(folder) / output.name
                asked = export.Asked(box=box, words=options["bbox"] or "")
                export.write(layer, options["format"], crs, asked, unfinished, told=self.tell)
                text = export.about(layer, options["format"], crs, asked)
                os.replace(unfinished, output)
                companion.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(
                _("“%(path)s” cannot be written: %(reason)s.") % {"path": output, "reason": error.strerror}
            ) from error
        result: dict[str, object] = {
            "layer": layer.id,
            "format": options["format"],
            "crs": crs.name,
            "output": str(output),
            "about": str(companion),
            "bytes": output.stat().st_size,
        }
        self.answer(result, _("%(layer)s: %(bytes)s bytes in %(output)s") % result, as_json=options["json"])

    def tell(self, n: int) -> None:
        """Say how far it is, to who sits there to see it."""
        if self.stderr.isatty():
            self.stderr.write(_("%(n)s rows") % {"n": n}, ending="\r")


def _reader(mail: str | None) -> object:
    """Who reads: nobody in particular, or the person of this address."""
    if mail is None:
        return AnonymousUser()
    found = person_by_mail(mail.strip().lower())
    if found is None:
        raise CommandError(_("Nobody here has the address “%(mail)s”.") % {"mail": mail[:100]})
    return found
