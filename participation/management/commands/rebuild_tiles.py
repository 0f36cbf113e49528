"""Counts the pins of the map's tiles anew."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand, project_called
from participation.services.pins import rebuild_tiles


class Command(OperatorCommand):
    """Put right what the tiles of a project count."""

    help = "Count the public pins of a project anew for the tiles of its map: after a restore of single tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Count and say how many."""
        result: dict[str, object] = {"n_pins": rebuild_tiles(project_called(options["project"]))}
        self.answer(result, _("%(n_pins)s pins counted") % result, as_json=options["json"])
