"""Printed run lists: each copy has a number, so that one knows which paper somebody holds."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from layers.errors import NotFoundError
from layers.text import Text

Connection = AsyncConnection[Any]


@dataclass(frozen=True)
class Copy:
    """One copy: of which answer, for which team (None: all), made when and by whom.

    `exercise` is the name of the exercise that was open.
    """

    number: int
    answer: uuid.UUID
    team: str | None
    made_at: datetime
    made_by: str
    exercise: str | None


async def make(
    conn: Connection, answer: uuid.UUID, team: str | None, made_by: str, exercise: str | None
) -> Copy:
    """Give out the next number; needs the `service` login."""
    async with conn.cursor(row_factory=class_row(Copy)) as cursor:
        await cursor.execute(
            "INSERT INTO muang.run_list (answer, team, made_by, exercise)"
            " VALUES (%s, %s, %s, %s)"
            " RETURNING number, answer, team, made_at, made_by, exercise",
            [answer, team, made_by, exercise],
        )
        made = await cursor.fetchone()
    if made is None:
        raise RuntimeError("the database gave no number")
    return made


async def find(conn: Connection, number: int) -> Copy:
    """The copy of that number; NotFoundError when there is none. Needs the `service` login."""
    async with conn.cursor(row_factory=class_row(Copy)) as cursor:
        await cursor.execute(
            "SELECT number, answer, team, made_at, made_by, exercise"
            " FROM muang.run_list WHERE number = %s",
            [number],
        )
        found = await cursor.fetchone()
    if found is None:
        raise missing(number)
    return found


def missing(number: int) -> NotFoundError:
    """No such copy, or none for this caller."""
    return NotFoundError(
        Text(th=f"ไม่มีใบรายการเที่ยวเลขที่ {number}", en=f"There is no run list {number}.")
    )
