"""Keeps a server busy over connections that stay open, from processes of their own. Knows no Django.

Bytes are made before the clock starts and answers are read by their length, so that a request costs the client some
tens of microseconds; ``Measured.client_share`` says how much of a core that came to in all.
"""

import multiprocessing
import os
import random
import socket
import time
from collections.abc import Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from uuid import UUID

# Stands in a request where each sending puts a nonce of its own; as long as one.
NONCE = b"00000000-0000-4000-8000-000000000000"
CHUNK = 1 << 16
# Between two casts of one client while others flood the server, in seconds.
BREATH = 0.02
N_TIMED = 2

Counts = tuple[int, float, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a number of clients got out of a server."""

    per_second: float
    client_share: float
    body_bytes: int


class Connection:
    """One HTTP/1.1 connection that stays open."""

    def __init__(self, port: int, *, patience: float = 60) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send one request and read its answer: (status, head, body)."""
        self.socket.sendall(request)
        data = self.socket.recv(CHUNK)
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at >= 0:
            length = int(lower[at + 15 :].split(b"\r\n", 1)[0])
            parts, n = [body], len(body)
            while n < length:
                parts.append(self._more())
                n += len(parts[-1])
            body = b"".join(parts)
        elif b"transfer-encoding: chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        return int(head[9:12]), head, body

    def _more(self) -> bytes:
        data = self.socket.recv(CHUNK)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


def request(
    method: str,
    path: str,
    port: int,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
    compressed: bool = True,
) -> bytes:
    """Write a request as a browser would send it."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if compressed:
        lines += ["Accept-Encoding: gzip, deflate, br"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _client(
    port: int, requests: Sequence[bytes], statuses: Set[int], begins_at: float, seconds: float, seed: int
) -> Counts:
    """Send requests, drawn at random, until the time is over: (answers, seconds of processor, bytes of one body)."""
    chance = random.Random(seed)
    connection = Connection(port)
    marks = [one.find(NONCE) for one in requests]
    n = length = 0
    time.sleep(max(0.0, begins_at - time.time()))
    cpu = time.process_time()
    ends_at = begins_at + seconds
    while time.time() < ends_at:
        at = chance.randrange(len(requests))
        one = requests[at]
        if marks[at] >= 0:
            nonce = str(UUID(int=chance.getrandbits(128), version=4)).encode()
            one = one[: marks[at]] + nonce + one[marks[at] + len(NONCE) :]
        found, head, body = connection.send(one)
        if found not in statuses:
            raise RuntimeError(f"expected {statuses}, got {head.decode(errors='replace')}")
        n += 1
        length = len(body)
    return n, time.process_time() - cpu, length


def _timed(
    port: int, requests: Sequence[bytes], status: int, begins_at: float, seconds: float, seed: int
) -> list[float]:
    """Send requests like somebody at a page, with a breath between them: how long each answer took, in seconds."""
    chance = random.Random(seed)
    connection = Connection(port)
    took = []
    time.sleep(max(0.0, begins_at - time.time()))
    ends_at = begins_at + seconds
    while time.time() < ends_at:
        one = chance.choice(requests)
        nonce = str(UUID(int=chance.getrandbits(128), version=4)).encode()
        began = time.perf_counter()
        found, head, _body = connection.send(one.replace(NONCE, nonce))
        took.append(time.perf_counter() - began)
        if found != status:
            raise RuntimeError(f"expected {status}, got {head.decode(errors='replace')}")
        time.sleep(BREATH)
    return took


class Clients:
    """Processes that wait to be told whom to keep busy; made once, because making them takes longer than a round."""

    def __init__(self, n: int) -> None:
        self.n = n
        # Spawned, not forked: the parent has threads (a pool of connections) that would not be there in a copy.
        self.processes = ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("spawn"))

    def keep_busy(self, port: int, requests: Sequence[bytes], *, seconds: float, status: int) -> Measured:
        """Let every client send these requests for a while; every answer must have this status."""
        begins_at = time.time() + 0.3
        running = [
            self.processes.submit(_client, port, requests, {status}, begins_at, seconds, int.from_bytes(os.urandom(8)))
            for _ in range(self.n)
        ]
        counts = [client.result() for client in running]
        return Measured(
            per_second=sum(n for n, _cpu, _length in counts) / seconds,
            client_share=sum(cpu for _n, cpu, _length in counts) / seconds,
            body_bytes=max(length for _n, _cpu, length in counts),
        )

    def timed_in_flood(
        self, port: int, requests: Sequence[bytes], flood: Sequence[bytes], *, seconds: float, status: int
    ) -> list[float]:
        """Let two clients send these requests while all others keep the server busy: how long each answer took.

        Who floods is rude: refused for now (503), it asks again at once.
        """
        begins_at = time.time() + 0.3
        flooding = [
            self.processes.submit(_client, port, flood, {200, 503}, begins_at, seconds, int.from_bytes(os.urandom(8)))
            for _ in range(self.n - N_TIMED)
        ]
        timed = [
            self.processes.submit(_timed, port, requests, status, begins_at, seconds, int.from_bytes(os.urandom(8)))
            for _ in range(N_TIMED)
        ]
        took = [one for client in timed for one in client.result()]
        for client in flooding:
            client.result()
        return took
