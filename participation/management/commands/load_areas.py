"""Loads the villages and neighbourhoods of a town."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from geo.formats.rows import Row
from participation.management.columns import NAMES, chosen, peeked
from participation.management.operating import OperatorCommand, Report, counted, rows_of_file
from participation.models import Organisation
from participation.services.importing.areas import AreaColumns, load_areas
from participation.services.project_setup import organisation_or_refused


class Command(OperatorCommand):
    """Load neighbourhoods."""

    help = (
        "Load villages or neighbourhoods (polygons); one with the same code is replaced."
        " Cannot be taken back as a whole; what the desk takes in can."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("file", help="GeoJSON, GeoPackage, Shapefile (zip), FlatGeobuf, GeoParquet or KML")
        parser.add_argument("--organisation", required=True, metavar="SLUG", help="the town")
        parser.add_argument("--name-field", default="", metavar="F")
        parser.add_argument("--code-field", default="", metavar="F", help="else the code is made of the name")
        parser.add_argument("--population-field", default="", metavar="F")
        parser.add_argument("--crs", metavar="EPSG:n", help="the plane of the file, where it does not say so itself")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
        parser.add_argument("--report", metavar="FILE.csv", help="name every refused area there")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load them, all or none."""
        organisation = organisation_or_refused(options["organisation"])
        with rows_of_file(Path(options["file"]), crs=options["crs"]) as rows:
            self.take(organisation, rows, options)

    def take(self, organisation: Organisation, found: Iterator[Row], options: dict[str, Any]) -> None:
        """Load the areas of a file."""
        names, rows = peeked(found)
        columns = AreaColumns(
            name=chosen(options["name_field"], names) or self.guessed(names),
            code=chosen(options["code_field"], names),
            population=chosen(options["population_field"], names),
        )
        with Report(options["report"], self.stderr.write) as report, counted(rows, _("areas")) as watched:
            counts = load_areas(
                organisation=organisation,
                rows=watched,
                columns=columns,
                source=Path(options["file"]).name,
                on_refused=report.add,
                dry_run=options["dry_run"],
            )
        for name in counts.repaired:
            self.stderr.write(_("The outline of %(name)s crossed itself and was repaired.") % {"name": name})
        result: dict[str, object] = {
            "read": counts.read,
            "added": counts.added,
            "updated": counts.updated,
            "repaired": counts.repaired,
            "refused": dict(counts.refused),
            "dry_run": options["dry_run"],
        }
        words = _("Read %(read)s, added %(added)s, updated %(updated)s, refused %(n_refused)s.") % (
            result | {"n_refused": counts.refused.total()}
        )
        self.answer(result, words, as_json=options["json"])

    def guessed(self, names: list[str]) -> str:
        """The column that is called as names are called."""
        return chosen("", names, guesses=NAMES, wanted="--name-field")
