"""The site's settings for the peer of tests/benchmarks/peer.py: Django's own sessions and way to find people."""

from config.settings import *  # noqa: F403
from config.settings import MIDDLEWARE

ROOT_URLCONF = "tests.benchmarks.peer"
SESSION_ENGINE = "tests.benchmarks.peer_sessions"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
]
MIDDLEWARE = [
    name.replace("participation.web.sessions.SignedIn", "django.contrib.auth.middleware.Authentication")
    for name in MIDDLEWARE
]
