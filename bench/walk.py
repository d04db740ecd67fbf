"""A fixed list of tiles asked for over HTTP by several clients at once, each over one connection.

Fixed work and not fixed time: tiles differ in size a hundredfold, and a second holds other ones
each time. Each client walks the whole list from another place, so that no two ask for one tile at
once (which a server may answer with one drawing).
"""

import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from bench.town import Tile

One = TypeVar("One")
CLIENTS = 4
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Served:
    """A server of tiles: its address, what to ask for, and what to send along."""

    name: str
    url: str
    path: Callable[[Tile], str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, tile: Tile) -> bytes:
        """What a client sends for a tile."""
        where = urlsplit(self.url).netloc
        told = {"Host": where, "Accept-Encoding": "identity", **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"GET {self.path(tile)} HTTP/1.1\r\n{lines}\r\n".encode()

    def connection(self) -> socket.socket:
        """A connection to it."""
        where = urlsplit(self.url)
        made = socket.create_connection((where.hostname or "", where.port or 80), timeout=120)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def fetch(self, tile: Tile) -> bytes:
        """One tile's bytes; empty when it has none."""
        with self.connection() as connection:
            return _body(*asked(connection, self.request(tile)))


def asked(connection: socket.socket, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of an answer as they came; RuntimeError unless it is a tile or none.

    As little as there can be: whatever the client does, it does beside the server on one machine.
    """
    connection.sendall(request)
    read = connection.recv(1 << 18)
    while (end := read.find(b"\r\n\r\n")) < 0:
        read += connection.recv(1 << 18)
    head, body = read[:end].lower(), [read[end + 4 :]]
    if not head.startswith((b"http/1.1 200", b"http/1.1 204")):
        raise RuntimeError(f"{read[:400]!r} for {request[:100]!r}")
    at = head.find(b"content-length: ")
    if at >= 0:
        left = int(head[at + 16 :].split(b"\r\n", 1)[0]) - len(body[0])
        while left > 0:
            body.append(connection.recv(1 << 18))
            left -= len(body[-1])
    elif b"chunked" in head:
        while not body[-1].endswith(_LAST_CHUNK):
            # the end may come in two parts
            more = connection.recv(1 << 18)
            if len(more) < len(_LAST_CHUNK):  # the end came in two parts
                more = body.pop() + more
            body.append(more)
    return head, b"".join(body)


def _body(head: bytes, body: bytes) -> bytes:
    """The body without its chunks' sizes."""
    if b"chunked" not in head:
        return body
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)


def turned(tiles: list[One], client: int) -> list[One]:
    """The list as one of the clients walks it."""
    at = client * len(tiles) // CLIENTS
    return tiles[at:] + tiles[:at]


def walked(served: Served, tiles: list[Tile]) -> float:
    """Seconds until every client has asked for every tile."""
    requests = [served.request(tile) for tile in tiles]

    def walk(client: int) -> None:
        with served.connection() as connection:
            for request in turned(requests, client):
                asked(connection, request)

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(walk, range(CLIENTS)))
    return time.perf_counter() - began
