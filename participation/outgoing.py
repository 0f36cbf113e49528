"""The one door through which the server calls somebody else: listed hosts, checked addresses, no redirects, in time.

Nothing else here opens a connection to the outside; ruff holds it (banned-api in pyproject.toml).
"""

import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from participation.rules.outgoing import Network, Origin, check_address, check_listed

# No honest answer to what we ask is larger.
LARGEST_ANSWER = 200_000


class CallFailed(Exception):  # noqa: N818 -- what came of a call, not a fault of ours
    """Nothing was answered, or not in time; the text says what happened, in a few words of the machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes


class _Pinned(HTTPConnection):
    """A connection to one address that was looked at, whatever its name leads to a moment later."""

    def __init__(self, origin: Origin, address: str, timeout_s: float) -> None:
        super().__init__(origin.host, origin.port, timeout=timeout_s)
        self.origin, self.address = origin, address

    def connect(self) -> None:
        """Connect to the address; a certificate has to be one of the name."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.origin.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.origin.host)


def call(
    url: str,
    *,
    listed: Iterable[Origin],
    networks: Iterable[Network],
    timeout_s: float,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Call an address once and give back what it answers; a redirect is an answer like any other.

    Refuses  call.bad_url, call.not_listed, call.private_address.
    Raises   CallFailed.
    Cost     at most ``timeout_s`` once the name is known, however slowly the other side speaks.
    """
    origin = check_listed(url, listed)
    address = _looked_up(origin, tuple(networks))
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Pinned(origin, address, timeout_s)
    # A time-out of the socket begins anew with every byte; this one does not.
    watch = threading.Timer(timeout_s, _hang_up, (connection,))
    watch.daemon = True
    watch.start()
    try:
        connection.request(method, path, body=body, headers={"Accept": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(LARGEST_ANSWER))
    except (OSError, HTTPException, ValueError) as error:
        raise CallFailed(f"{type(error).__name__}: {error}"[:200]) from error
    finally:
        watch.cancel()
        connection.close()


def _hang_up(connection: HTTPConnection) -> None:
    held = connection.sock
    if held is not None:
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            held.close()


def _looked_up(origin: Origin, networks: tuple[Network, ...]) -> str:
    """The first address of a host, all of which have to be fit: a name that leads to two places is not half trusted."""
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise CallFailed(f"{type(error).__name__}: {error}"[:200]) from error
    for address in found:
        check_address(address, networks)
    return found[0]
