#!/usr/bin/env python
"""The key in the door: runs a management command, with the embedded database started when it is needed."""

import os
import sys
from contextlib import nullcontext

from config import embedded

# Commands that touch no database.
WITHOUT_DATABASE = {"help", "version", "--version", "collectstatic", "compilemessages", "makemessages", "allocate"}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    given = bool(os.environ.get("DATABASE_URL"))
    if not given and not os.environ.get("KIESPLEK_SECRET_KEY"):
        # The private database is the demo's.
        os.environ.setdefault("KIESPLEK_DEMO", "1")
    from django.core.management import execute_from_command_line

    asks_help = not sys.argv[1:] or not {"-h", "--help"}.isdisjoint(sys.argv)
    needs = not given and not asks_help and sys.argv[1] not in WITHOUT_DATABASE
    try:
        with embedded.running() if needs else nullcontext():
            execute_from_command_line(sys.argv)
    except embedded.EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
