"""Address search asks only the service the operator named, and goes on without it when it fails."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from participation.web.addresses import addresses_called
from tests.cast import Cast

ROW = {"FormattedAddress": "Kerkstraat 1, 8970 Toonstad", "Location": {"Lat_WGS84": 50.851, "Lon_WGS84": 2.651}}


class Service(BaseHTTPRequestHandler):
    """A service on loopback that answers in the form of geolocation version 4, or badly."""

    asked: list[str] = []

    def do_GET(self) -> None:
        """Answer by what is in the path."""
        self.asked.append(self.path)
        if "stuk" in self.path:
            return self.answer(500, b"")
        if "elders" in self.path:
            return self.answer(302, b"")
        if "onzin" in self.path:
            return self.answer(200, b"<html>")
        if "vreemd" in self.path:
            return self.answer(200, json.dumps({"LocationResult": [{"Location": None}]}).encode())
        rows = [] if "niets" in self.path else [ROW, ROW | {"FormattedAddress": "Kerkstraat 2, 8970 Toonstad"}]
        return self.answer(200, json.dumps({"LocationResult": rows}).encode())

    def answer(self, status: int, body: bytes) -> None:
        """Send a status and a body; a redirect leads to this very machine's secrets."""
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/secret")  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def service(settings: Any) -> Iterator[type[Service]]:
    """Run the service and name it in the settings."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.ADDRESS_SEARCH = f"http://127.0.0.1:{server.server_port}/Location"
    Service.asked = []
    yield Service
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_address_is_found_and_can_be_chosen(cast: Cast, client: Client, service: type[Service]) -> None:
    page = client.post("/projects/laden/suggest/", {"where": "Kerkstraat", "search": "1"})
    assert page.status_code == 200
    assert "Kerkstraat 2, 8970 Toonstad" in page.content.decode()
    chosen = client.post(
        "/projects/laden/suggest/", {"where": "Kerkstraat", "where_was": "Kerkstraat", "choice": "50.851000, 2.651000"}
    )
    assert "Westkant" in chosen.content.decode()
    assert service.asked == ["/Location?q=Kerkstraat&c=5"]


@pytest.mark.parametrize("words", ["stuk", "elders", "onzin", "vreemd", "niets"])
def test_a_service_that_fails_is_no_error_of_ours(
    cast: Cast, client: Client, service: type[Service], words: str
) -> None:
    page = client.post("/projects/laden/suggest/", {"where": words})
    assert page.status_code == 422
    assert 'data-code="pin.place_unknown"' in page.content.decode()
    assert not [path for path in service.asked if "secret" in path], "redirects are not followed"


def test_without_a_service_nobody_is_asked(cast: Cast, settings: Any) -> None:
    settings.ADDRESS_SEARCH = ""
    assert addresses_called("Kerkstraat") == []
