"""The role of the server, made for real in the tests' database, and connections as it."""

import contextlib
from collections.abc import Iterator
from io import StringIO

import psycopg
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from participation.queries.web_role import WEB_ROLE

# Where the server of the tests asks for one; a private cluster lets its own account in as any role.
PASSWORD = "only-for-the-tests"


def make_role() -> None:
    """Make and grant, as an operator does after ``migrate``."""
    with override_settings(WEB_PASSWORD=PASSWORD):
        call_command("web_role", stdout=StringIO())


@contextlib.contextmanager
def connected(*, as_owner: bool = False) -> Iterator[psycopg.Connection]:
    """A connection of its own to the database of the tests."""
    facts = connection.settings_dict
    user, password = (facts["USER"], facts["PASSWORD"]) if as_owner else (WEB_ROLE, PASSWORD)
    with psycopg.connect(
        dbname=facts["NAME"], host=facts["HOST"], port=facts["PORT"] or None, user=user, password=password or None
    ) as found:
        yield found


@contextlib.contextmanager
def served_as_web() -> Iterator[None]:
    """Let this process work as the server does: its own connection is the role's."""
    facts = connection.settings_dict
    before = facts["USER"], facts["PASSWORD"]
    connection.close()
    facts["USER"], facts["PASSWORD"] = WEB_ROLE, PASSWORD
    try:
        yield
    finally:
        connection.close()
        facts["USER"], facts["PASSWORD"] = before
