"""The demo town on a stage that is set anew for every test: its database, its server and its post office."""

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import StringIO

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from tests import databases
from tests.past import triggers_off

# Playwright's synchronous calls keep an event loop in the tests' thread, and Django then suspects every query there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CODE_LINE = re.compile(r"^(\d{6})\s*$", re.MULTILINE)
MAIL_WAIT_S = 5


class PostOffice:
    """A real mail server on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        mail = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 kept"

    def code_for(self, address: str) -> str:
        """Wait for the latest mail to this address and read its code, as its owner would."""
        until = time.monotonic() + MAIL_WAIT_S
        while time.monotonic() < until:
            for mail in reversed(self.mails):
                body = mail.get_body(("plain",))
                found = CODE_LINE.search(body.get_content()) if body and address in str(mail["To"]) else None
                if found:
                    return found[1]
            time.sleep(0.05)
        raise AssertionError(f"no code came by mail for {address}")


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """Run the mail server, and have the site send its mails there."""
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    try:
        with override_settings(EMAIL_BACKEND=smtp, EMAIL_HOST="127.0.0.1", EMAIL_PORT=office.port):
            yield office
    finally:
        controller.stop()


@contextmanager
def on_database(name: str) -> Iterator[None]:
    """Have this process and its server use another database, and remember nothing of the one before."""
    with databases.on_database(name):
        cache.clear()
        yield


@contextmanager
def seeded_database(migrated: str) -> Iterator[str]:
    """Make the demo town once, in a database that is only ever copied."""
    name = f"{connection.settings_dict['NAME']}_town"
    databases.copy(migrated, name)
    try:
        with on_database(name):
            call_command("seed_demo", stdout=StringIO())
        yield name
    finally:
        databases.drop(name)


@contextmanager
def own_town(seeded: str) -> Iterator[None]:
    """Have this process and its server use a copy of the demo town."""
    copy = f"{seeded}_now"
    databases.copy(seeded, copy)
    try:
        with on_database(copy):
            yield
    finally:
        databases.drop(copy)


def close_vote_a_second_ago(slug: str) -> None:
    """Let the vote of a project have ended just now; the database keeps anyone else from moving its dates."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE participation_phase DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE participation_phase SET closes_at = clock_timestamp() - interval '1 second'"
            " FROM participation_project project"
            " WHERE project.id = project_id AND project.slug = %s AND kind = 'vote'",
            [slug],
        )
        cursor.execute("ALTER TABLE participation_phase ENABLE TRIGGER USER")


def vote_by_letter(slug: str) -> None:
    """Let the vote of a project be for whoever has a code and is 16; its ballots are from before."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE participation_phase DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE participation_phase SET eligibility = 'code', min_age = 16 FROM participation_project project"
            " WHERE project.id = project_id AND project.slug = %s AND kind = 'vote'",
            [slug],
        )
        cursor.execute("ALTER TABLE participation_phase ENABLE TRIGGER USER")


def reopen_vote(slug: str) -> None:
    """Let the vote of a project run until tomorrow, whether it was counted or not."""
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE participation_phase SET closes_at = clock_timestamp() + interval '1 day', closed_at = NULL"
            " FROM participation_project project"
            " WHERE project.id = project_id AND project.slug = %s AND kind = 'vote' RETURNING participation_phase.id",
            [slug],
        )
        cursor.execute("DELETE FROM participation_tallyrow WHERE phase_id = %s", cursor.fetchone())


@contextmanager
def live_site() -> Iterator[str]:
    """Serve the site with its present static files; gives its address."""
    plain = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(DEFAULT_ORGANISATION="poperinge", STORAGES=plain):
        server = LiveServer("127.0.0.1")
        try:
            yield server.url
        finally:
            server.stop()
