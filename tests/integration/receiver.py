"""A real HTTP server on loopback that keeps what it is sent and answers as it is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What came, and what is answered: a status, and a body for GET."""

    port: int = 0
    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    # Called while a request is under way.
    meanwhile: Any = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run one."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if found.meanwhile:
                found.meanwhile()
            self.send_response(found.status)
            if found.status in {301, 302, 307}:
                self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_POST = do_GET  # noqa: N815 -- as http.server calls it

        def log_message(self, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
