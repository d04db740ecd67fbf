"""The live hub: one listener in the process, a bounded queue for each open stream.

NOTIFY is only a hint; what is sent is read from the numbered changes, so a stream that joins
late, or comes back with `Last-Event-ID`, gets exactly what it missed.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime

from db.changes import Change, changes_since, listen
from db.queries.town import position
from layers.errors import TooManyRequestsError, UnavailableError
from layers.text import Text

BATCH = 1000
"""Changes read at once."""
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


class LiveHub:
    """Reads numbered changes once and hands them to every open stream of this process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._of: Counter[str] = Counter()
        self._streams: dict[Subscription, str] = {}
        self._closed = False
        self.pos: int | None = None
        self.heard_at: datetime | None = None

    async def run(self) -> None:
        """Listen until cancelled. `heard_at` is when the database was last looked at."""
        async for conn in listen(self._url):
            if self.pos is None:
                self.pos = await position(conn)
            while changes := await changes_since(conn, self.pos, BATCH):
                self.pos = changes[-1].pos
                for stream in tuple(self._streams):
                    stream.put(changes)
            self.heard_at = datetime.now(UTC)

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
