"""A slow line in front of a server: all bytes of all connections share one pipe of a given width.

Unlike the browser's own emulation it also slows what a page's workers ask for, and what several
connections ask for at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PIECE = 1460
"""Bytes of a packet: as fine as connections share the line."""


class _Pipe:
    """One direction: bytes leave one after the other, at `bits` a second, `delay_s` later."""

    def __init__(self, bits: float, delay_s: float) -> None:
        self._seconds_each = 8 / bits
        self._delay_s = delay_s
        self._free_at = 0.0
        self.bytes = 0

    async def through(self, size: int) -> None:
        """Return when so many bytes have arrived at the other end."""
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + size * self._seconds_each
        self.bytes += size
        await asyncio.sleep(self._free_at - now + self._delay_s)


class SlowLine:
    """A line to a server at `port` of this machine; `bits` down a second, half of it up."""

    def __init__(self, port: int, bits: float, round_trip_s: float) -> None:
        self._port = port
        self._down = _Pipe(bits, round_trip_s / 2)
        self._up = _Pipe(bits / 2, round_trip_s / 2)

    @property
    def bytes_down(self) -> int:
        """Bytes that came down so far, with their headers."""
        return self._down.bytes

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(
                _carried(reader, back, self._up), _carried(there, writer, self._down)
            )

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[int]:
        """Listen for the block; yields the port of the slow side."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        async with server:
            found: int = server.sockets[0].getsockname()[1]
            yield found


async def _carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pipe: _Pipe) -> None:
    """Carry bytes until the sender has no more, pieces on their way at the same time."""
    way: asyncio.Queue[tuple[bytes, asyncio.Task[None]] | None] = asyncio.Queue(maxsize=64)

    async def leave() -> None:
        while (sent := await way.get()) is not None:
            piece, arriving = sent
            await arriving
            writer.write(piece)
            await writer.drain()

    leaving = asyncio.create_task(leave())
    try:
        while piece := await reader.read(_PIECE):
            await way.put((piece, asyncio.create_task(pipe.through(len(piece)))))
    finally:
        await way.put(None)
        with suppress(OSError):
            await leaving
        with suppress(OSError):
            writer.close()
