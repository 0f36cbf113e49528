"""A project in the page of another site: shown in a real frame where the town allows that site, and nowhere else."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from participation.models import Organisation

# Chromium looks for every name below localhost on the machine itself.
HOST = "krant.localhost"


@pytest.fixture
def paper(tmp_path: Path, site: str) -> Iterator[str]:
    """Another site, a newspaper's, with https as sites have it: its page frames the embed of a project."""

    class Paper(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!DOCTYPE html><title>Krant</title><iframe src="{site}/projects/laadpunten/embed/" width="700"'
            body += ' height="900" title="Kiesplek"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Paper) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(tmp_path / "krant.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{HOST}:{server.server_port}"
        server.shutdown()


def _certificate(path: Path) -> Path:
    """A certificate that nobody signed but itself, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + signed.public_bytes(pem))
    return path


@pytest.fixture
def reader(browser: Browser, town: None) -> Iterator[Page]:
    """Somebody who reads the newspaper."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 800, "height": 1000}, locale="nl")
    yield context.new_page()
    context.close()


def test_a_site_frames_a_project_only_where_the_town_allows_it(
    reader: Page, paper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("participation.middleware.KNOWN_SECONDS", 0)
    refused: list[str] = []
    reader.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    framed = reader.frame_locator("iframe")
    for allowed, is_shown in (([], False), (["elders.example"], False), ([paper], True)):
        Organisation.objects.filter(slug="poperinge").update(embed_hosts=allowed)
        cache.clear()
        refused.clear()
        reader.goto(f"https://{paper}/")
        if is_shown:
            expect(framed.locator("h1 a.utrecht-link")).to_be_visible()
            expect(framed.locator("kp-map .kp-mark, kp-map .kp-ring").first).to_be_visible()
            assert refused == []
        else:
            expect(framed.locator("h1 a.utrecht-link")).to_have_count(0)
            assert any("frame-ancestors" in text for text in refused), refused
        assert reader.context.cookies() == []
