"""Makes a project of an election that a pabulib file tells of."""

from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand, pabulib_text
from participation.queries.voting import database_now
from participation.rules import pabulib
from participation.rules.refusals import Code, Refused
from participation.selectors.operating import projects_called, towns
from participation.services.importing.pabulib import import_pabulib
from participation.services.project_setup import organisation_or_refused


class Command(OperatorCommand):
    """Import an election."""

    help = "Make a project of a pabulib file: options, vote, every ballot, tally. The project must be new or empty."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("file", metavar="FILE.pb", help="an election as pabulib keeps them")
        parser.add_argument(
            "--project", required=True, metavar="SLUG", help="slug, or organisation/slug; made if needed"
        )
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import it whole, and name what its ballots contradict."""
        began = monotonic()
        file = pabulib.read(pabulib_text(Path(options["file"])))
        town, slug = _where(options["project"])
        organisation = organisation_or_refused(town)
        phase, told = import_pabulib(organisation=organisation, slug=slug, file=file, now=database_now())
        for note in told.notes:
            where = _(" (%(n)s ballots, the first on line %(line)s)") % asdict(note) if note.n else ""
            self.stderr.write(
                _("%(field)s: the file says “%(declared)s”, the vote goes by “%(used)s”%(where)s.")
                % {**asdict(note), "used": note.used or "-", "where": where}
            )
        result: dict[str, object] = {
            "organisation": organisation.slug,
            "project": slug,
            "method": phase.method,
            "rule": phase.rule,
            "n_options": len(told.costs_cents),
            "n_ballots": len(told.ballots),
            "notes": [asdict(note) for note in told.notes],
            "seconds": round(monotonic() - began, 1),
        }
        words = _("%(organisation)s/%(project)s: %(n_options)s options, %(n_ballots)s ballots, counted by “%(rule)s”.")
        self.answer(result, words % result, as_json=options["json"])


def _where(name: str) -> tuple[str, str]:
    """The town and the slug that a name means: a project that is there, else one to make in the only town.

    Refuses  organisation.unknown where no town can be meant.
    """
    town, _slash, slug = name.rpartition("/")
    known = towns()
    there = [project.organisation.slug for project in projects_called(name)] if not town else []
    if not town:
        town = settings.DEFAULT_ORGANISATION or (known[0] if len(known) == 1 else "")
        town = there[0] if len(there) == 1 else town
    if not town:
        raise Refused(Code.ORGANISATION_UNKNOWN, {"slug": "", "known": known or ["-"]})
    return town, slug
