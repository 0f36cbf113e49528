"""Run as a program: makes the tables, sets the cast of the tests on them, with signed-in voters, prints their needs."""

import json
import os
import sys
from importlib import import_module

import django


def main(n_voters: int) -> None:
    """Make the town and its voters; one JSON object on stdout."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.core.management import call_command

    from tests.cast import assemble

    call_command("migrate", verbosity=0)
    call_command("web_role", stdout=sys.stderr)
    cast = assemble()
    people = get_user_model().objects
    sessions = import_module(settings.SESSION_ENGINE).SessionStore
    keys = {}
    for number in range(n_voters):
        person = people.create_user(email=f"voter-{number}@example.org")
        session = sessions()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        keys[person.pk] = session.session_key
    print(json.dumps({"slug": cast.project.slug, "phase": cast.vote.pk, "sessions": keys}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
