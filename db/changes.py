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
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from db.derived import AnyConnection

log = logging.getLogger(__name__)

AsyncConnection = psycopg.AsyncConnection[tuple[object, ...]]

POLL_SECONDS = 1.0
"""The sequencer also looks without being woken: a lost notification costs a second at most."""


Box = tuple[float, float, float, float]
"""West, south, east, north in EPSG:4326."""


@dataclass(frozen=True)
class Change:
    """One numbered change: `bbox` is in EPSG:4326, None without geometry.

    It covers where the rows were and where they are now; `boxes` are these two places, one when
    nothing moved.
    """

    pos: int
    layer: str
    op: str
    row_count: int
    bbox: Box | None
    at: datetime
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Look:
    """What the database says of its changes at one moment.

    `pos` is the last position given. `waiting_from` and `waiting_to` are the least and greatest
    id of committed changes without one. `known_at` is when the position asked about was given.
    `rules` is another text after anything that decides what is read where was made anew: views,
    functions, tables and what is granted on them.
    """

    pos: int
    waiting_from: int | None
    waiting_to: int | None
    known_at: datetime | None
    rules: str


def number_changes(conn: AnyConnection) -> int:
    """Number every committed change that has no position yet; returns how many there were."""
    with conn.transaction():
        row = conn.execute("SELECT muang.number_changes()").fetchone()
    return int(str(row[0])) if row else 0


def current_pos(conn: AnyConnection) -> int:
    """The last position given."""
    row = conn.execute("SELECT muang.current_pos()").fetchone()
    return int(str(row[0])) if row else 0


# A side of a box in metres is no straight line in degrees: it is cut in four before it is
# moved, and what still bulges (under 1/10,000 of the side for 100 km) is added all around.
_SINCE = """
SELECT
    c.pos, c.layer, c.op, c.row_count, c.committed_at AS at,
    CASE WHEN o.box IS NOT NULL THEN ARRAY[
        gis.ST_XMin(o.box), gis.ST_YMin(o.box), gis.ST_XMax(o.box), gis.ST_YMax(o.box)
    ] END AS old_box,
    CASE WHEN n.box IS NOT NULL THEN ARRAY[
        gis.ST_XMin(n.box), gis.ST_YMin(n.box), gis.ST_XMax(n.box), gis.ST_YMax(n.box)
    ] END AS new_box
FROM muang.layer_change AS c
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN c.new_box IS NULL OR NOT c.old_box OPERATOR(gis.~=) c.new_box
            THEN c.old_box END AS old_box,
        c.new_box
) AS u
CROSS JOIN LATERAL (SELECT {old} AS box) AS o
CROSS JOIN LATERAL (SELECT {new} AS box) AS n
WHERE c.pos > %s
ORDER BY c.pos
LIMIT %s
"""
_MOVED = """gis.ST_Transform(gis.ST_Segmentize(gis.ST_Expand(
    {box}, 0.0001 * (gis.ST_XMax({box}) - gis.ST_XMin({box})) + 0.01,
    0.0001 * (gis.ST_YMax({box}) - gis.ST_YMin({box})) + 0.01
), 0.25 * greatest(1, gis.ST_XMax({box}) - gis.ST_XMin({box}),
    gis.ST_YMax({box}) - gis.ST_YMin({box}))), 4326)"""
_CHANGES_SINCE = _SINCE.format(
    old=_MOVED.format(box="u.old_box"), new=_MOVED.format(box="u.new_box")
).encode()


async def changes_since(conn: AsyncConnection, pos: int, limit: int = 1000) -> list[Change]:
    """Changes after a position, oldest first, at most `limit`; needs the `service` login."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_CHANGES_SINCE, [pos, limit])
        return [_change(**row) for row in await cursor.fetchall()]


def _change(*, old_box: list[float] | None, new_box: list[float] | None, **facts: Any) -> Change:
    boxes = tuple((box[0], box[1], box[2], box[3]) for box in (old_box, new_box) if box is not None)
    return Change(**facts, bbox=_around(boxes), boxes=boxes)


def _around(boxes: tuple[Box, ...]) -> Box | None:
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


# xmin of a catalog's row is another one after every change of it, and after no VACUUM or ANALYZE
_LOOK = """
SELECT
    (SELECT coalesce(max(c.pos), 0) FROM muang.layer_change AS c) AS pos,
    (SELECT min(c.id) FROM muang.layer_change AS c WHERE c.pos IS NULL) AS waiting_from,
    (SELECT max(c.id) FROM muang.layer_change AS c WHERE c.pos IS NULL) AS waiting_to,
    (SELECT c.committed_at FROM muang.layer_change AS c WHERE c.pos = %s) AS known_at,
    (
        SELECT md5(string_agg(m.mark, ' ' ORDER BY m.mark))
        FROM (
            SELECT concat(c.oid, ':', c.xmin, ':', r.xmin) AS mark
            FROM pg_catalog.pg_namespace AS s
            INNER JOIN pg_catalog.pg_class AS c ON c.relnamespace = s.oid
            LEFT JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid
            WHERE
                (s.nspname IN ('town', 'render') OR s.nspname LIKE 'as\\_%%')
                AND s.nspname NOT LIKE '%%\\_past' AND c.relkind IN ('r', 'p', 'v')
            UNION ALL
            SELECT concat(p.oid, ':', p.xmin)
            FROM pg_catalog.pg_namespace AS s
            INNER JOIN pg_catalog.pg_proc AS p ON p.pronamespace = s.oid
            WHERE s.nspname = 'muang' OR s.nspname LIKE 'as\\_%%'
        ) AS m
    ) AS rules
"""


async def look(conn: AsyncConnection, known: int) -> Look:
    """One look at the changes and at the rules they are read by; needs the `service` login.

    `known` is a position whose time is wanted: another one than was heard with it tells that this
    is another past, of a restored database or of a replica that lost its last transactions.
    """
    async with conn.cursor(row_factory=class_row(Look)) as cursor:
        await cursor.execute(_LOOK, [known])
        found = await cursor.fetchone()
    if found is None:
        raise psycopg.DataError("a look at the changes gave no row")
    return found


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
    wakes = channel == "muang_wake"
    conn = await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=10,
        application_name="muang sequencer" if wakes else "muang listener",
    )
    try:
        await conn.execute(b"LISTEN muang_wake" if wakes else b"LISTEN muang_change")
    except BaseException:
        with contextlib.suppress(psycopg.Error):
            await conn.close()
        raise
    return conn
