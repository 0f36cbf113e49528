"""Takes the supports of a file into a project."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from geo.formats.rows import Row
from participation.management.columns import chosen, peeked
from participation.management.operating import OperatorCommand, Report, counted, project_called, rows_of_file
from participation.models import Project
from participation.services.importing.supports import SupportColumns, import_supports


class Command(OperatorCommand):
    """Import supports."""

    help = (
        "Import who supports which imported proposal: one support a person and proposal."
        " Cannot be taken back as a whole; what the desk takes in can."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("file", help="CSV, TSV, GeoJSON or GeoPackage")
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--proposal-field", required=True, metavar="F", help="the proposal's key in its own import")
        parser.add_argument("--person-field", required=True, metavar="F", help="who; kept as a pseudonym")
        parser.add_argument("--value-field", default="", metavar="F", help="which column says whether it is support")
        parser.add_argument("--support-value", default="", metavar="V", help="what stands there when it is")
        parser.add_argument("--encoding", metavar="E", help="where it is not found out rightly")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
        parser.add_argument("--report", metavar="FILE.csv", help="name every refused row there")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import them: each row or its refusal; nothing at all from a file that cannot be read to its end."""
        if bool(options["value_field"]) != bool(options["support_value"]):
            raise CommandError(_("--value-field and --support-value belong together: give both or none."))
        project = project_called(options["project"])
        with rows_of_file(Path(options["file"]), encoding=options["encoding"]) as rows:
            self.take(project, rows, options)

    def take(self, project: Project, found: Iterator[Row], options: dict[str, Any]) -> None:
        """Import the rows of a file."""
        names, rows = peeked(found)
        columns = SupportColumns(
            proposal=chosen(options["proposal_field"], names),
            person=chosen(options["person_field"], names),
            value=chosen(options["value_field"], names),
            support_value=options["support_value"],
        )
        with Report(options["report"], self.stderr.write) as report, counted(rows, _("rows")) as watched:
            counts = import_supports(
                project=project,
                rows=watched,
                columns=columns,
                source=Path(options["file"]).name,
                on_refused=report.add,
                dry_run=options["dry_run"],
            )
        result: dict[str, object] = {
            "read": counts.read,
            "imported": counts.imported,
            "repeats": counts.repeats,
            "other_values": counts.passed_over,
            "refused": dict(counts.refused),
            "dry_run": options["dry_run"],
        }
        words = _("Read %(read)s, imported %(imported)s, known already %(repeats)s, refused %(n_refused)s.") % (
            result | {"n_refused": counts.refused.total()}
        )
        self.answer(result, words, as_json=options["json"])
