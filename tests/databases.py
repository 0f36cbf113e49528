"""Databases for the tests: made once and copied, and emptied quickly."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from config.embedded import ROOT
from tests.past import triggers_off

# What Django writes by itself when the migrations have run.
KEPT = {"django_content_type", "auth_permission"}


@contextmanager
def on_database(name: str) -> Iterator[None]:
    """Have this process, and a server in it, use another database of the same PostgreSQL."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def copy(source: str, target: str) -> None:
    """Make a database that is like another one, in place of what had its name."""
    drop(target)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def drop(name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def migrated() -> Iterator[str]:
    """Make a database and run every migration in it, unless another process of these tests has done so.

    Locks    a file: the others wait for whoever makes it.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    name = f"kiesplek_migrated_{run[:12]}"
    with Path(ROOT, "var/tests-migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            is_there = cursor.fetchone() is not None
        if not is_there:
            copy("template1", f"{name}_new")
            with on_database(f"{name}_new"):
                call_command("migrate", verbosity=0)
            # Whole or not at all, also when the process is ended halfway.
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"')
    try:
        yield name
    finally:
        drop(name)


def begin_as(name: str) -> None:
    """Have Django make the database of the tests as a copy of this one."""
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def empty(_test: object = None) -> None:
    """Delete every row that a test wrote, as far as there are any, past all triggers."""
    tables = sorted(set(connection.introspection.django_table_names(include_views=False)) - KEPT)
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables))
        for (name,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{name}"')
