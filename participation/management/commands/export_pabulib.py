"""Writes a counted vote into a pabulib file."""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand, counted_vote_of, project_called
from participation.rules.pabulib import written
from participation.services.pabulib import pabulib_of


class Command(OperatorCommand):
    """Export a vote."""

    help = "Write a project's last counted vote into a pabulib file; what came from one goes out with the same content."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--output", required=True, metavar="FILE.pb")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the file, whole or not at all."""
        began = monotonic()
        vote = counted_vote_of(project_called(options["project"]))
        file = pabulib_of(vote)
        output = Path(options["output"]).absolute()
        try:
            # Written beside its place and moved there, so that nobody ever reads half a file.
            with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
                unfinished = Path(folder) / output.name
                unfinished.write_text(written(file), encoding="utf-8", newline="")
                os.replace(unfinished, output)
        except OSError as error:
            raise CommandError(
                _("“%(path)s” cannot be written: %(reason)s.") % {"path": output, "reason": error.strerror}
            ) from error
        result: dict[str, object] = {
            "n_options": len(file.projects.rows),
            "n_ballots": len(file.votes.rows),
            "output": str(output),
            "seconds": round(monotonic() - began, 1),
        }
        words = _("%(n_options)s options and %(n_ballots)s ballots in %(output)s") % result
        self.answer(result, words, as_json=options["json"])
