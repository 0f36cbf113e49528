"""Takes the proposals of a file into a project."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from geo.formats.rows import Row
from geo.plane.crs import CRS84, UnknownCrs, parse, transform
from participation.management.columns import BODIES, TITLES, chosen, peeked
from participation.management.operating import OperatorCommand, Report, counted, project_called, rows_of_file
from participation.models import Project, Proposal
from participation.queries.voting import database_now
from participation.rules.places import LonLat
from participation.services.importing.proposals import Columns, Reading, import_proposals

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class Command(OperatorCommand):
    """Import proposals."""

    help = (
        "Import proposals from a file. A second import of a file adds nothing."
        " Cannot be taken back as a whole; what the desk takes in can."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument(
            "file", help="CSV, TSV, XLSX, GeoJSON, GeoPackage, Shapefile (zip), FlatGeobuf, GeoParquet or KML"
        )
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--title-field", default="", metavar="F")
        parser.add_argument("--body-field", default="", metavar="F", help="also gives the title where there is none")
        parser.add_argument("--lon-field", metavar="F", help="or x, in the plane of --crs")
        parser.add_argument("--lat-field", metavar="F", help="or y")
        parser.add_argument("--crs", metavar="EPSG:n", help="the plane of the file, where it does not say so itself")
        parser.add_argument("--encoding", metavar="E", help="where it is not found out rightly")
        parser.add_argument(
            "--key-field", default="", metavar="F", help="by which a row is known again; else its content"
        )
        parser.add_argument("--theme-field", default="", metavar="F", help="themes that are new are made")
        parser.add_argument("--person-field", default="", metavar="F", help="who wrote it; kept as a pseudonym")
        parser.add_argument("--date-field", default="", metavar="F")
        parser.add_argument(
            "--object-field", default="", metavar="F", help="the object's number or key, where there is an inventory"
        )
        parser.add_argument("--day-first", action="store_true", help="03/04/2023 is the third of April")
        parser.add_argument(
            "--supports-field", default="", metavar="F", help="read, told and left out; see import_supports"
        )
        parser.add_argument("--language", choices=LANGUAGES, help="in which the texts are; else the town's first")
        parser.add_argument("--origin", choices=Proposal.Origin.values, default=Proposal.Origin.RESIDENT.value)
        parser.add_argument(
            "--fix-swapped", action="store_true", help="turn longitude and latitude round where that helps"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
        parser.add_argument("--report", metavar="FILE.csv", help="name every refused row there")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import them: each row or its refusal; nothing at all from a file that cannot be read to its end."""
        project = project_called(options["project"])
        how = {"lon": options["lon_field"], "lat": options["lat_field"], "crs": options["crs"]}
        with rows_of_file(Path(options["file"]), encoding=options["encoding"], **how) as rows:
            self.take(project, rows, options)

    def take(self, project: Project, found: Iterator[Row], options: dict[str, Any]) -> None:
        """Import the rows of a file."""
        names, rows = peeked(found)
        named = {
            name: chosen(options[f"{name}_field"], names)
            for name in ("title", "body", "key", "theme", "person", "date", "supports", "object")
        }
        if not named["title"] and not named["body"]:
            named["title"], named["body"] = chosen("", names, guesses=TITLES), chosen("", names, guesses=BODIES)
        if names and not (named["title"] or named["body"] or named["theme"]):
            raise CommandError(
                _("Say with --title-field or --body-field which column holds the words. The file has: %(fields)s.")
                % {"fields": ", ".join(names[:30])}
            )
        reading = Reading(
            zone=get_current_timezone(),
            zero=self.zero(options["crs"]),
            day_first=options["day_first"],
            fix_swapped=options["fix_swapped"],
            language=options["language"] or (project.organisation.languages or ["nl"])[0],
            origin=options["origin"],
        )
        with Report(options["report"], self.stderr.write) as report, counted(rows, _("rows")) as watched:
            counts = import_proposals(
                project=project,
                rows=watched,
                columns=Columns(**named),
                reading=reading,
                now=database_now(),
                source=Path(options["file"]).name,
                on_refused=report.add,
                dry_run=options["dry_run"],
            )
        result: dict[str, object] = {
            "read": counts.read,
            "imported": counts.imported,
            "repeats": counts.repeats,
            "refused": dict(counts.refused),
            "undated": counts.undated,
            "swapped": counts.swapped,
            "supports_left_out": counts.supports_left_out,
            "dry_run": options["dry_run"],
        }
        if counts.supports_left_out:
            self.stderr.write(
                _(
                    "%(n)s supports were left out: a number does not say whose they are, so they cannot be counted as "
                    "different people. Import them with import_supports from a file that says who."
                )
                % {"n": counts.supports_left_out}
            )
        words = _("Read %(read)s, imported %(imported)s, known already %(repeats)s, refused %(n_refused)s.") % (
            result | {"n_refused": counts.refused.total()}
        )
        self.answer(result, words, as_json=options["json"])

    def zero(self, crs: str | None) -> LonLat:
        """Where (0, 0) of the file's plane lies: no more meant in Lambert than in degrees."""
        try:
            plane = parse(crs) if crs else CRS84
        except UnknownCrs as error:
            raise CommandError(_("The coordinate system “%(crs)s” is not known.") % {"crs": crs}) from error
        lon, lat = transform(np.zeros((1, 2)), plane, CRS84)[0]
        return LonLat(float(lon), float(lat))
