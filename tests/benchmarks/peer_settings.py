"""The site's settings for the peer of tests/benchmarks/peer.py: Django's own sessions and way to find people."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.peer"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
AUTHENTICATION_BACKENDS = ["participation.web.sign_in.Backend", "django.contrib.auth.backends.ModelBackend"]
