"""Brings the tables and the demo town up to date, in one process because each start of Python costs seconds."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Do what the demo needs before it is served."""

    help = "Bring the tables up to date and make the demo town when it is not there yet."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Only a private server gets a role without having been asked."""
        parser.add_argument("--web-role", action="store_true", help="also make the role the server connects as")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Migrate, grant and seed."""
        call_command("migrate", interactive=False, verbosity=0)
        if options["web_role"]:
            call_command("web_role", stdout=self.stdout)
        call_command("seed_demo", stdout=self.stdout)
