"""Many readers of `/live` at once, as plain connections: each loses its line and comes back."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

from bench.soak.verdict import StreamRecord

RETRY_S = 2.0
"""What the server tells browsers to wait before they come back."""
_OK = 200
_HEAD_S = 60.0


class Client:
    """One reader; `record` is what it heard. It comes back with the last id, as a browser does."""

    def __init__(self, url: str, role: str, token: str | None) -> None:
        where = urlsplit(url)
        self._host, self._port = where.hostname or "", where.port or 80
        self._netloc = where.netloc
        self._token = token
        self.record = StreamRecord(role)
        self.last: int | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._lost_at: float | None = None
        self._closing = False
        self._wait_s = RETRY_S
        self.here = asyncio.Event()
        self._wanted: int | None = None
        self._reached = asyncio.Event()

    def lose(self, wait_s: float = RETRY_S) -> None:
        """Lose the connection, in the middle of whatever comes, and come back after so long."""
        self._wait_s = wait_s
        self._lost_at = time.monotonic()
        self.here.clear()
        if self._writer:
            self._writer.transport.abort()

    async def heard_of(self, pos: int, seconds: float) -> None:
        """Return once it has heard of a position; TimeoutError after so many seconds."""
        self._wanted, self._reached = pos, asyncio.Event()
        if (self.last or 0) < pos:
            async with asyncio.timeout(seconds):
                await self._reached.wait()

    def close(self) -> None:
        """Go for good."""
        self._closing = True
        if self._writer:
            self._writer.transport.abort()

    async def run(self) -> None:
        """Read until closed; a connection that ends is opened again."""
        while not self._closing:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self._read()
            self.here.clear()
            if self._lost_at is None:
                self._lost_at = time.monotonic()
            if not self._closing:
                wait, self._wait_s = self._wait_s, RETRY_S
                await asyncio.sleep(wait)

    async def _read(self) -> None:
        reader, self._writer = await asyncio.open_connection(self._host, self._port)
        try:
            self._writer.write(self._request())
            async with asyncio.timeout(_HEAD_S):
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
            status = int(head.split(b" ", 2)[1])
            if status != _OK:
                self.record.refused.append(status)
                return
            pending = b""
            async for piece in _pieces(reader, chunked=b"chunked" in head):
                *events, pending = (pending + piece).split(b"\n\n")
                for event in events:
                    self._hear(event)
        finally:
            self._writer.close()

    def _request(self) -> bytes:
        told = {"Host": self._netloc, "Accept": "text/event-stream"}
        if self._token:
            told["Authorization"] = f"Bearer {self._token}"
        if self.last is not None:
            told["Last-Event-ID"] = str(self.last)
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"GET /live HTTP/1.1\r\n{lines}\r\n".encode()

    def _hear(self, event: bytes) -> None:
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
        kind = fields.get(b"event", b"").decode()
        if not kind:
            return
        pos = int(fields[b"id"])
        if kind in ("hello", "reset"):
            self._arrived(kind, pos)
        elif kind == "change":
            self.record.heard.append(json.loads(fields[b"data"])["pos"])
        self.last = pos
        if self._wanted is not None and pos >= self._wanted:
            self._reached.set()

    def _arrived(self, kind: str, pos: int) -> None:
        if self.last is None:
            self.record.base = pos
        elif kind == "reset":
            self.record.resets += 1
        if self._lost_at is not None and self.last is not None:
            self.record.back_s.append(time.monotonic() - self._lost_at)
        self._lost_at = None
        self.here.set()


async def _pieces(reader: asyncio.StreamReader, *, chunked: bool) -> AsyncIterator[bytes]:
    """The body as it comes, without the sizes of its chunks."""
    while not chunked and (piece := await reader.read(1 << 16)):
        yield piece
    while chunked:
        size = int(await reader.readuntil(b"\r\n"), 16)
        if not size:
            return
        yield (await reader.readexactly(size + 2))[:-2]


async def arrived(clients: Iterable[Client], seconds: float = _HEAD_S) -> None:
    """Return once every client has a stream; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        for client in clients:
            await client.here.wait()
