"""First answers kept for a day under the key a sender gave, so that one sending counts once."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from layers.errors import ConflictError
from layers.text import Text

Connection = AsyncConnection[Any]

_KEEP_HOURS = 24


@dataclass(frozen=True)
class Repeat:
    """Key by which a sender marks an edit, and what tells it from another edit with that key."""

    subject: str
    key: str
    request: bytes


async def find(conn: Connection, repeat: Repeat | None) -> tuple[int, dict[str, Any]] | None:
    """Status and answer of the same request before, inside its transaction; keys wait in line.

    ConflictError when the key belongs to another request.
    """
    if repeat is None:
        return None
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
        [f"edit {repeat.subject} {repeat.key}"],
    )
    await conn.execute(
        "DELETE FROM muang.edit_reply WHERE at < now() - make_interval(hours => %s)", [_KEEP_HOURS]
    )
    cursor = await conn.execute(
        "SELECT request, status, response FROM muang.edit_reply WHERE subject = %s AND key = %s",
        [repeat.subject, repeat.key],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    request, status, response = row
    if bytes(request) != repeat.request:
        raise ConflictError(
            Text(
                th="Idempotency-Key นี้ใช้กับการแก้ไขอื่นไปแล้ว ใช้รหัสใหม่",
                en="This Idempotency-Key belongs to another edit. Use a new one.",
            )
        )
    return status, response


async def keep(
    conn: Connection, repeat: Repeat | None, status: int, response: dict[str, Any]
) -> None:
    """Remember what a request answered, inside its transaction."""
    if repeat is not None:
        await conn.execute(
            "INSERT INTO muang.edit_reply (subject, key, request, status, response)"
            " VALUES (%s, %s, %s, %s, %s)",
            [repeat.subject, repeat.key, repeat.request, status, Jsonb(response)],
        )
