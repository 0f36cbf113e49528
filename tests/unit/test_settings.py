"""Safe by default: what a real installation gets when it sets nothing but what it must."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL = {
    "KIESPLEK_SECRET_KEY": "j3k2h4j23h4kj23h4kjh23k4jh23k4jh23k4jh2k3j4h2k3j4hk23",
    "KIESPLEK_HOSTS": "beslist.example.org",
    "DATABASE_URL": "postgresql://nobody@/nowhere",
}


def run(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python under exactly these settings."""
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"} | settings
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def asked(name: str, **settings: str) -> object:
    """Ask what one setting is under these settings."""
    done = run(
        f"import json; from config import settings; print(json.dumps(settings.{name}, default=repr))", **settings
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_without_a_secret_only_the_demo_starts() -> None:
    bare = {name: value for name, value in REAL.items() if name != "KIESPLEK_SECRET_KEY"}
    refused = run("import config.settings", **bare)
    assert refused.returncode != 0
    assert "KIESPLEK_SECRET_KEY is not set" in refused.stderr
    assert run("import config.settings", KIESPLEK_DEMO="1", **bare).returncode == 0


@pytest.mark.parametrize(
    ("name", "safe", "in_the_demo"),
    [
        ("DEBUG", False, False),
        ("SESSION_COOKIE_SECURE", True, False),
        ("CSRF_COOKIE_SECURE", True, False),
        ("SECURE_SSL_REDIRECT", True, False),
        ("ALLOWED_HOSTS", ["beslist.example.org"], ["beslist.example.org"]),
    ],
)
def test_what_is_safe_is_the_default(name: str, safe: object, in_the_demo: object) -> None:
    assert asked(name, **REAL) == safe
    assert asked(name, KIESPLEK_DEMO="1", **REAL) == in_the_demo


def test_no_script_runs_without_a_nonce() -> None:
    policy = asked("CONTENT_SECURITY_POLICY['DIRECTIVES']['script-src']", **REAL)
    assert isinstance(policy, list)
    assert not [source for source in policy if "unsafe" in source or "*" in source]


def test_django_finds_nothing_unsafe_to_deploy() -> None:
    done = run(
        "from django.core.management import execute_from_command_line as run; "
        "run(['manage.py', 'check', '--deploy', '--fail-level', 'WARNING'])",
        **REAL,
    )
    # HSTS for subdomains and preload lists are the town's to decide: its other sites live there.
    complaints = [line for line in done.stderr.splitlines() if "security.W" in line]
    assert not [line for line in complaints if "W005" not in line and "W021" not in line], done.stderr


def test_a_log_line_is_one_json_object() -> None:
    done = run(
        "import django, logging; django.setup(); "
        "logging.getLogger('x').error('a \"quoted\"\\nline'); "
        "import structlog; structlog.get_logger('y').error('cast', phase=3)",
        **REAL,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ['a "quoted"\nline', "cast"]
    assert lines[1]["phase"] == 3
    assert {"level", "logger", "timestamp"} <= set(lines[0])
