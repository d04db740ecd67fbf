"""The live hub: one listener in the process, a bounded queue for each open stream.

NOTIFY is only a hint; what is sent is read from the numbered changes, so a stream that joins
late, or comes back with `Last-Event-ID`, gets exactly what it missed.

What this process keeps of the town (the tile cache) hears of every change before any stream
does, and asks `fresh` whether the hub would have heard of one.
"""

import asyncio
import contextlib
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol

from db.changes import AsyncConnection, Change, Look, changes_since, listen, look
from layers.errors import TooManyRequestsError, UnavailableError
from layers.text import Text

BEAT_SECONDS = 0.25
"""How often the database is looked at when nothing happens."""
SILENCE_SECONDS = 1.0
"""Without a proof for so long that every change was heard, nothing kept is believed."""
_PATIENCE_SECONDS = 30.0
"""A connection that says nothing for so long is given up."""
_GAP_SECONDS = 0.02
"""Least time between two looks: a burst of edits is heard in few batches."""
BATCH = 1000
"""Changes read at once."""
KEPT = 5000
"""Changes kept in memory for streams that come back: when the line or the server fails they all do
at once, and each for itself would read the same from the database."""
BACKLOG = 2000
"""Changes a slow stream may fall behind before it is closed (and comes back with its position)."""
MOST_STREAMS = 2000
"""Open streams of this server: each costs a wake-up and a look at its caller's rights a second."""
MOST_OF_A_PERSON = 20
MOST_OF_AN_ADDRESS = 100
"""Callers without a sign-in are told apart by address, which a school or a carrier shares."""
COME_BACK_SECONDS = 30


class Subscription:
    """What one stream has yet to send. `lost` when it fell too far behind or the server stops."""

    def __init__(self, backlog: int = BACKLOG) -> None:
        self._waiting: deque[Change] = deque()
        self._backlog = backlog
        self._news = asyncio.Event()
        self.lost = False

    def put(self, changes: list[Change]) -> None:
        """Add changes in order; never waits."""
        if len(self._waiting) + len(changes) > self._backlog:
            self.end()
            return
        self._waiting.extend(changes)
        self._news.set()

    def end(self) -> None:
        """Close the stream."""
        self.lost = True
        self._waiting.clear()
        self._news.set()

    async def take(self, seconds: float) -> list[Change]:
        """Everything waiting, in order; empty after so many seconds of silence or at the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


class Keeper(Protocol):
    """Something that keeps what it read of the town for as long as nothing changes it."""

    def heard(self, changes: list[Change]) -> None:
        """These changes were committed before now."""

    def forget(self) -> None:
        """Nobody can tell what changed: anything may have."""


Connections = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Lends a connection of the service's for a block."""


class LiveHub:
    """Reads numbered changes once and hands them to every open stream of this process.

    A look at the database proves that all is heard that was committed before it when no
    committed change waits for its number, or when those do not that waited at the look before:
    then all is heard up to that one. So a sequencer that stands still ends the proofs as well as
    a listener that does.
    """

    def __init__(self, url: str, keeper: Keeper | None = None) -> None:
        self._url = url
        self._keeper = keeper
        self._of: Counter[str] = Counter()
        self._streams: dict[Subscription, str] = {}
        self._closed = False
        self._last: Look | None = None
        self._looked_at = 0.0
        self._proven_at: float | None = None
        self._moved = asyncio.Event()
        self._known_at: datetime | None = None
        self._past: list[Change] = []
        self._past_from: int | None = None
        self._recalling = asyncio.Lock()
        self.pos: int | None = None
        self.heard_at: datetime | None = None

    @property
    def fresh(self) -> bool:
        """Whether every change was heard that is older than `SILENCE_SECONDS`."""
        proven = self._proven_at
        return proven is not None and time.monotonic() - proven < SILENCE_SECONDS

    async def run(self) -> None:
        """Listen until cancelled. `heard_at` is when the database was last looked at."""
        async for conn in listen(self._url, idle_seconds=BEAT_SECONDS):
            await asyncio.sleep(_GAP_SECONDS - (time.monotonic() - self._looked_at))
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._hear(conn)
            self.heard_at = datetime.now(UTC)

    async def _hear(self, conn: AsyncConnection) -> None:
        began = time.monotonic()
        seen = await look(conn, self.pos or 0)
        if self.pos is None or seen.pos < self.pos or seen.known_at != self._known_at:
            self._begin_at(seen, await look(conn, seen.pos))
        elif self._last is None or seen.rules != self._last.rules:
            self._forget()
        while self.pos is not None and self.pos < seen.pos:
            self._tell(await changes_since(conn, self.pos, BATCH), seen.pos)
        self._prove(seen, began)

    def _begin_at(self, seen: Look, there: Look) -> None:
        """Go on from a position without knowing what came before it."""
        first = self.pos is None
        self.pos, self._known_at, self._last = seen.pos, there.known_at, None
        self._past, self._past_from = [], seen.pos
        self._forget()
        if not first:
            # their positions are of another past: they come back and are told to read all anew
            for stream in tuple(self._streams):
                stream.end()
        self._wake()

    def _tell(self, changes: list[Change], wanted: int) -> None:
        """Hand on what comes after our position."""
        before = self.pos or 0
        last = changes[-1].pos if changes else wanted
        # the keeper comes first: a stream that hears of a change asks for its tiles at once
        if last - before != len(changes):
            self._forget()  # some are gone from the log
        elif self._keeper:
            self._keeper.heard(changes)
        self.pos, self._known_at = last, changes[-1].at if changes else None
        self._past += changes
        if len(self._past) > KEPT:
            self._past_from = self._past[-KEPT - 1].pos
            del self._past[:-KEPT]
        for stream in tuple(self._streams):
            stream.put(changes)
        self._wake()

    def _prove(self, seen: Look, began: float) -> None:
        before, self._last = self._last, seen
        since, self._looked_at = self._looked_at, began
        if seen.waiting_from is None:
            self._proven_at = began
        elif before and (before.waiting_to is None or seen.waiting_from > before.waiting_to):
            self._proven_at = since

    def _forget(self) -> None:
        if self._keeper:
            self._keeper.forget()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def reached(self, pos: int) -> None:
        """Return once the changes up to a position are heard, or nothing kept is believed.

        Whoever is told of a position asks for tiles next: those must not be older.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_SECONDS):
                while self.pos is None or self.pos < pos:
                    await self._moved.wait()

    async def missed(self, pos: int, service: Connections) -> list[Change]:
        """Changes after a position, oldest first, at most `BATCH`; fewer: those were all.

        To be asked by who has subscribed already: what is heard from now on comes that way.
        """
        if self._recalls(pos):
            return self._recalled(pos)
        async with self._recalling:
            if self._recalls(pos):
                return self._recalled(pos)
            before = self._past
            async with service() as conn:
                found = await changes_since(conn, pos, KEPT)
            if self._past is before:  # it is still the same past
                self._recall(pos, found)
        return found[:BATCH]

    def _recalls(self, pos: int) -> bool:
        return self._past_from is not None and pos >= self._past_from

    def _recalled(self, pos: int) -> list[Change]:
        at = bisect_right(self._past, pos, key=lambda change: change.pos)
        return self._past[at : at + BATCH]

    def _recall(self, pos: int, found: list[Change]) -> None:
        """Remember what came before all we remember, where nothing is missing in between."""
        first = self._past_from
        if first is None or not found or found[-1].pos < first:
            return
        earlier = [change for change in found if change.pos <= first]
        if len(earlier) + len(self._past) <= KEPT:
            self._past, self._past_from = earlier + self._past, pos

    @contextlib.contextmanager
    def subscribe(self, subject: str, most: int = MOST_OF_A_PERSON) -> Iterator[Subscription]:
        """A stream's place in the hub, from now until the block is left.

        TooManyRequestsError when the caller has `most` streams open, UnavailableError when the
        server has as many as it bears.
        """
        self._make_sure_of_room(subject, most)
        stream = Subscription()
        if self._closed:
            stream.end()
        self._streams[stream] = subject
        self._of[subject] += 1
        try:
            yield stream
        finally:
            del self._streams[stream]
            self._of[subject] -= 1
            if not self._of[subject]:
                del self._of[subject]

    def _make_sure_of_room(self, subject: str, most: int) -> None:
        if self._of[subject] >= most:
            raise TooManyRequestsError(
                Text(
                    th=f"เปิดรับข้อมูลสดไว้ {most} ช่องแล้ว ปิดหน้าต่างที่ไม่ใช้ แล้วลองใหม่",
                    en=f"You have {most} live streams open. Close some pages and try again.",
                ),
                seconds=COME_BACK_SECONDS,
            )
        if self.streams >= MOST_STREAMS:
            raise UnavailableError(
                Text(
                    th="มีผู้รับข้อมูลสดเต็มจำนวนแล้ว แผนที่ยังใช้ได้ตามปกติ ลองรับข้อมูลสดใหม่ภายหลัง",
                    en="As many live streams are open as this server bears. The map still works; "
                    "try live news again later.",
                ),
                seconds=COME_BACK_SECONDS,
            )

    def close(self) -> None:
        """End every stream, now and for good: the server is stopping."""
        self._closed = True
        for stream in self._streams:
            stream.end()

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)
