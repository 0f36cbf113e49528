"""Prepares the database role that the server and the worker connect as."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand
from participation.queries.web_role import WEB_ROLE
from participation.services.web_role import prepare_web_role


class Command(OperatorCommand):
    """Run by the owner of the tables, after every ``migrate``."""

    help = "Make the role of the server, which can add votes and never change them; run it after every migrate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the role."""
        parser.add_argument(
            "--name", default=WEB_ROLE, metavar="ROLE", help=f"how it is called, {WEB_ROLE} if not said"
        )
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make and grant."""
        name = options["name"]
        n_tables = prepare_web_role(name, password=settings.WEB_PASSWORD)
        result: dict[str, object] = {"role": name, "tables": n_tables}
        words = _("The role %(role)s may now do what the server needs on %(tables)s tables, and change no vote.")
        self.answer(result, words % result, as_json=options["json"])
