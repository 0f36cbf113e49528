"""Makes synthetic pins with supports, to see and measure a project with many of them."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from participation.models import Project
from participation.queries.voting import database_now
from participation.services.synthetic import NoAreaError, scatter_pins

DEFAULT_SEED = 2023
REPORT_EVERY = 5_000


def _project(named: str) -> Project:
    organisation, _slash, slug = named.rpartition("/")
    found = Project.objects.select_related("organisation").filter(slug=slug)
    if organisation:
        found = found.filter(organisation__slug=organisation)
    rows = list(found[:2])
    if not rows:
        raise CommandError(f"There is no project '{named}'.")
    if len(rows) > 1:
        raise CommandError(f"Several towns have a project '{named}': name it organisation/{named}.")
    return rows[0]


class Command(BaseCommand):
    """Make synthetic pins."""

    help = "Make synthetic pins with supports in a project, clumped around the places of its area."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--count", required=True, type=int, metavar="N", help="how many pins")
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="S", help="same seed, same pins")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the pins, all or none."""
        if options["count"] < 1:
            raise CommandError("--count must be at least 1.")
        if options["seed"] < 0:
            raise CommandError("--seed must not be negative.")
        project, n = _project(options["project"]), options["count"]
        began = time.monotonic()

        def report(n_done: int) -> None:
            if n_done % REPORT_EVERY == 0 or n_done == n:
                self.stderr.write(f"{n_done} of {n} pins", style_func=str)

        try:
            n_supports = scatter_pins(project=project, n=n, seed=options["seed"], now=database_now(), report=report)
        except NoAreaError:
            raise CommandError(f"Project '{options['project']}' has no area to put pins in.") from None
        made = {"pins": n, "supports": n_supports, "seconds": round(time.monotonic() - began, 1)}
        if options["json"]:
            self.stdout.write(json.dumps(made))
        else:
            self.stdout.write("{pins} pins and {supports} supports in {seconds} s".format(**made))
