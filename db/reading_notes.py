"""What is said of a reading afterwards: marks by name, and photographs of the staff gauge.

Both are added, never changed: the last mark counts, and what was said before stays readable.
Written as the `service` login; who may is decided before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

from layers.errors import ConflictError, NotFoundError
from layers.series import Series
from layers.text import Text

Connection = AsyncConnection[Any]

MOST_PHOTOS = 5
"""Photographs of one reading: more tell nothing new and fill the disk."""


@dataclass(frozen=True)
class One:
    """One reading as its reader may know it."""

    id: int
    station: str
    at: datetime
    value: float | None
    wrong: bool


@dataclass(frozen=True)
class Mark:
    """What somebody said of a reading."""

    wrong: bool
    reason: str
    marked_by: str
    marked_at: datetime


@dataclass(frozen=True)
class Photo:
    """A photograph, cleaned: no place, no camera, no time but the reading's."""

    media_type: str
    content: bytes


_ONE = sql.SQL(
    "SELECT r.id, r.station, r.at, r.value, r.wrong FROM {} AS r"
    " WHERE r.station = %s AND r.id = %s LIMIT 1"
)


async def one(conn: Connection, series: Series, station: str, reading: int) -> One:
    """A reading of a station by its number; NotFoundError when the station has none such."""
    async with conn.cursor(row_factory=class_row(One)) as cursor:
        await cursor.execute(_ONE.format(sql.Identifier(series.id)), [station, reading])
        found = await cursor.fetchone()
    if found is None:
        raise NotFoundError(
            Text(
                th=f"สถานี “{station}” ไม่มีค่าเลขที่ {reading}",
                en=f"Station “{station}” has no reading no. {reading}.",
            )
        )
    return found


async def mark(
    conn: Connection, series: Series, reading: One, *, wrong: bool, reason: str, actor: str
) -> None:
    """Say that a reading is wrong, or is right after all, inside the caller's transaction."""
    await conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
    await conn.execute(
        "INSERT INTO series.reading_mark (series, reading, station, at, wrong, reason, marked_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [series.id, reading.id, reading.station, reading.at, wrong, reason, actor],
    )


async def marks(conn: Connection, reading: int) -> list[Mark]:
    """Everything said of a reading, the first first; as the `service` login."""
    async with conn.cursor(row_factory=class_row(Mark)) as cursor:
        await cursor.execute(
            "SELECT wrong, reason, marked_by, marked_at FROM series.reading_mark"
            " WHERE reading = %s ORDER BY id",
            [reading],
        )
        return await cursor.fetchall()


async def add_photo(
    conn: Connection, series: Series, reading: One, photo: Photo, *, actor: str
) -> int:
    """Store a photograph of a reading; ConflictError when it has as many as are kept."""
    await conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"photos of {reading.id}"]
    )
    cursor = await conn.execute(
        "SELECT count(*) FROM series.reading_photo WHERE reading = %s", [reading.id]
    )
    row = await cursor.fetchone()
    if row is not None and row[0] >= MOST_PHOTOS:
        raise ConflictError(
            Text(
                th=f"ค่านี้มีภาพครบ {MOST_PHOTOS} ภาพแล้ว",
                en=f"This reading has {MOST_PHOTOS} photographs already.",
            )
        )
    cursor = await conn.execute(
        "INSERT INTO series.reading_photo (series, reading, media_type, content, taken_by)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        [series.id, reading.id, photo.media_type, photo.content, actor],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def photo_of(conn: Connection, reading: One) -> Photo:
    """The newest photograph of a reading, as the asking role; NotFoundError when it has none."""
    async with conn.cursor(row_factory=class_row(Photo)) as cursor:
        await cursor.execute(
            "SELECT p.media_type, p.content FROM reading_photos AS p"
            " WHERE p.reading = %s ORDER BY p.id DESC LIMIT 1",
            [reading.id],
        )
        found = await cursor.fetchone()
    if found is None:
        raise NotFoundError(Text(th="ค่านี้ไม่มีภาพถ่าย", en="There is no photograph of this reading."))
    return found
