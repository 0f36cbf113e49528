"""Makes somebody manager of a town: the first one, who invites all others at the desk."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand
from participation.services.staff import appoint_manager


class Command(OperatorCommand):
    """Make somebody manager of a town."""

    help = "Make the person with this mail address manager of a town; they invite the others at the desk."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("email", metavar="MAIL", help="the address they sign in with")
        parser.add_argument("--organisation", required=True, metavar="SLUG", help="the town")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make them manager."""
        town, person = appoint_manager(organisation=options["organisation"], email=options["email"])
        result: dict[str, object] = {"organisation": town.slug, "email": person.email}
        words = _("%(email)s is manager of %(organisation)s. They sign in with a code by mail.") % result
        self.answer(result, words, as_json=options["json"])
