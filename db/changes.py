"""The order of changes: number them after commit, listen for them, read what happened since.

`pos` is the only layer version, SSE id and resume point. NOTIFY is a hint and is never
replayed: a listener that was away reads `changes_since` its last position.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from db.derived import AnyConnection

log = logging.getLogger(__name__)

AsyncConnection = psycopg.AsyncConnection[tuple[object, ...]]

POLL_SECONDS = 1.0
"""The sequencer also looks without being woken: a lost notification costs a second at most."""


@dataclass(frozen=True)
class Change:
    """One numbered change: `bbox` is west, south, east, north in EPSG:4326, None without geometry.

    It covers where the rows were and where they are now.
    """

    pos: int
    layer: str
    op: str
    row_count: int
    bbox: tuple[float, float, float, float] | None
    at: datetime


def number_changes(conn: AnyConnection) -> int:
    """Number every committed change that has no position yet; returns how many there were."""
    with conn.transaction():
        row = conn.execute("SELECT muang.number_changes()").fetchone()
    return int(str(row[0])) if row else 0


def current_pos(conn: AnyConnection) -> int:
    """The last position given."""
    row = conn.execute("SELECT muang.current_pos()").fetchone()
    return int(str(row[0])) if row else 0


_SINCE = """
SELECT
    c.pos, c.layer, c.op, c.row_count, c.committed_at AS at,
    CASE WHEN b.box IS NOT NULL THEN ARRAY[
        gis.ST_XMin(b.box), gis.ST_YMin(b.box), gis.ST_XMax(b.box), gis.ST_YMax(b.box)
    ] END AS bbox
FROM muang.layer_change AS c
CROSS JOIN LATERAL (
    SELECT gis.ST_Transform(
        gis.ST_Envelope(gis.ST_Collect(c.old_box, c.new_box)), 4326
    ) AS box
) AS b
WHERE c.pos > %s
ORDER BY c.pos
LIMIT %s
"""


async def changes_since(conn: AsyncConnection, pos: int, limit: int = 1000) -> list[Change]:
    """Changes after a position, oldest first, at most `limit`; needs the `service` login."""
    async with conn.cursor(row_factory=class_row(Change)) as cursor:
        await cursor.execute(_SINCE, [pos, limit])
        return await cursor.fetchall()


class Sequencer:
    """Numbers changes in the server: wakes on NOTIFY and once a second, survives the database.

    `beat` is the monotonic time of its last successful look, for `/readyz`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.beat: float | None = None

    async def run(self) -> None:
        """Run until cancelled; reconnects with a growing pause when the database goes away."""
        pause = 0.2
        while True:
            try:
                async with await _listening(self._url, "muang_wake") as conn:
                    pause = 0.2
                    await self._serve(conn)
            except psycopg.Error as error:
                log.warning("sequencer lost the database: %s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _serve(self, conn: AsyncConnection) -> None:
        while True:
            await conn.execute("SELECT muang.number_changes()")
            self.beat = time.monotonic()
            async for _ in conn.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass

    @property
    def alive(self) -> bool:
        """Whether it has looked at the database within the last five seconds."""
        return self.beat is not None and time.monotonic() - self.beat < 5  # noqa: PLR2004


async def listen(url: str, *, idle_seconds: float = 1.0) -> AsyncIterator[AsyncConnection]:
    """Yield a connection whenever numbered changes may be waiting, and every `idle_seconds`.

    The same connection may be used to read them. Reconnects; runs until cancelled.
    """
    pause = 0.2
    while True:
        try:
            async with await _listening(url, "muang_change") as conn:
                pause = 0.2
                while True:
                    yield conn
                    async for _ in conn.notifies(timeout=idle_seconds, stop_after=1):
                        pass
        except psycopg.Error as error:
            log.warning("listener lost the database: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


async def _listening(url: str, channel: str) -> AsyncConnection:
    conn = await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=10, application_name="muang"
    )
    try:
        await conn.execute(
            b"LISTEN muang_wake" if channel == "muang_wake" else b"LISTEN muang_change"
        )
    except BaseException:
        with contextlib.suppress(psycopg.Error):
            await conn.close()
        raise
    return conn
