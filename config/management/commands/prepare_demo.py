"""Brings the tables and the demo town up to date, in one process because each start of Python costs seconds."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Do what the demo needs before it is served."""

    help = "Bring the tables up to date and make the demo town when it is not there yet."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Migrate and seed."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("seed_demo", stdout=self.stdout)
